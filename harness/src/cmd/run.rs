//! `harness run`: the reader's own workspace under a strategy, through the same code as a measured step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use corpora::scenario::Task;
use exec::cargo_home::CargoHome;
use exec::interrupt::Supervisor;
use exec::workdir::WorkDir;
use indicatif::ProgressBar;
use records::Outcome;
use reports::text::plain;
use runner::build::Build;
use runner::build_env::BuildEnv;
use runner::integration::{self, Integration, IntegrationDirs, OpenedIntegration, UnitOutcome};
use runner::invocation::{BuildOptions, Site};
use strategies::key::Digest;

use super::common::{ExternalArgs, absolute, work_dir};

/// Build the workspace here under a strategy: what was restored, what was not and why, and how long each part took.
///
/// It builds into a directory of its own and leaves `target` alone. Run it twice with --wipe to see a warm build.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  harness run --strategy hardlink+aggressive                    fills a store
  harness run --strategy hardlink+aggressive --wipe --explain   restores from it
  harness run --strategy copy+non-local -- check --release --workspace")]
pub struct RunArgs {
    /// The strategy
    #[arg(long, value_name = "NAME")]
    strategy: String,
    #[command(flatten)]
    external: ExternalArgs,
    /// Its store [default: one for each strategy in the work directory]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The build directory [default: one for each workspace and strategy in the work directory]
    #[arg(long, value_name = "DIR")]
    build_dir: Option<PathBuf>,
    /// Use the --build-dir although this command did not make it
    #[arg(long, requires = "build_dir", conflicts_with = "wipe")]
    foreign_build_dir: bool,
    /// Empty the build directory first
    #[arg(long)]
    wipe: bool,
    /// Say of each unit that was not restored why
    #[arg(long)]
    explain: bool,
    /// Toolchain, as rustup names it [default: the one in use]
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Work directory [default: a directory of this user's cache]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// `build` (the default), `check` or `test`, which is not run, and Cargo's own arguments
    #[arg(last = true, value_name = "CARGO ARGUMENTS")]
    cargo: Vec<String>,
}

pub fn run(args: &RunArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let chosen = args.external.catalog()?.select(&args.strategy)?;
    let [(name, strategy)] = &chosen[..] else {
        bail!("--strategy {} names {} strategies; `run` takes one", args.strategy, chosen.len());
    };
    let work = WorkDir::acquire(&work_dir(args.work_dir.as_deref())?, 0)?;
    let env = BuildEnv::open(work.path(), args.toolchain.as_deref(), supervisor.clone())?;
    let place = work.path().join("run");
    let here = std::env::current_dir().context("there is no current directory")?;
    let root = workspace_root(&env, &here)?;

    let words = Words::of(&args.cargo)?;
    let dirs = IntegrationDirs {
        store: match &args.store {
            Some(dir) => absolute(dir)?,
            None => place.join("stores").join(name.as_str()),
        },
        ..IntegrationDirs::below(&place.join("arms").join(name.as_str()))
    };
    let build_dir = match &args.build_dir {
        Some(dir) => absolute(dir)?,
        None => {
            let of = Digest::of(root.as_os_str().as_encoded_bytes()).short();
            place.join("builds").join(format!("{of}-{name}"))
        }
    };
    let cold = take_build_dir(&build_dir, &root, args.foreign_build_dir, args.wipe)?;
    for dir in [&dirs.root, &dirs.store] {
        make(dir)?;
    }
    let opened = match integration::open(strategy, &env, &dirs)? {
        OpenedIntegration::Ready(opened) => opened,
        OpenedIntegration::Unsupported(why) => bail!("{name} does not work here: {why}"),
    };
    let site = Site {
        workspace: root.file_name().map_or_else(|| "workspace".into(), |name| name.to_string_lossy().into_owned()),
        tree: root.clone(),
        dir: here,
        root,
        build_dir: opened.shared_build_dir().map_or_else(|| build_dir.clone(), Path::to_path_buf),
        target_dir: build_dir.clone(),
        log: place.join("rustc.log"),
        cargo_args: words.cargo_args,
        test_args: Vec::new(),
        run: None,
        hooks: Arc::<dyn Integration>::clone(&opened),
    };
    // The reader's own home: what they downloaded is not downloaded again.
    let cargo_home = CargoHome::of_user().context("there is no CARGO_HOME")?;
    let options = BuildOptions {
        task: words.task,
        profile: words.profile,
        jobs: None,
        cargo_home,
        rustflags: std::env::var("RUSTFLAGS").ok(),
        env: BTreeMap::new(),
        features: Vec::new(),
    };
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(250));
    spinner.set_message("fetching what the lockfile names");
    let fetch = site.cargo(&env, &options, &["fetch", "--locked"].map(Into::into));
    let (fetched, _) = env.run_captured(&fetch)?;
    if !fetched.status.success() {
        bail!("cargo fetch --locked failed: {}", fetched.stderr_text().trim());
    }
    spinner.set_message(format!("{} under {name}", site.workspace));
    let builds = [(&site, &options)];
    let start = opened.start_step(&env, &builds)?;
    let built = integration::build(&*opened, &env, &site, &options, &start);
    let own_count = opened.end_step(&env, &builds, &start);
    opened.pause();
    spinner.finish_and_clear();
    let mut build = built?;
    build.release();
    let outcomes = opened.outcomes(&build, cold);
    print!("{}", described(&build, &outcomes, args.explain));
    if let Some(count) = own_count {
        let misses = count.misses.map_or_else(String::new, |misses| format!(", {misses} misses"));
        println!("the tool's own count: {} hits{misses}", count.hits);
    }
    println!("build directory: {}", build_dir.display());
    opened.store_dir().iter().for_each(|store| println!("store:           {}", store.display()));
    Ok(ExitCode::SUCCESS)
}

/// What stands behind `--`.
struct Words {
    task: Task,
    profile: String,
    cargo_args: Vec<String>,
}

impl Words {
    fn of(words: &[String]) -> Result<Words> {
        let (task, rest) = match words.split_first() {
            None => (Task::Build, words),
            Some((word, rest)) => match word.as_str() {
                "build" | "b" => (Task::Build, rest),
                "check" | "c" => (Task::Check, rest),
                "test" | "t" => (Task::Test, rest),
                flag if flag.starts_with('-') => (Task::Build, words),
                other => bail!("`{other}` is not built under a strategy; write build, check or test"),
            },
        };
        let mut of = Words { task, profile: "dev".to_owned(), cargo_args: Vec::new() };
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--release" | "-r" => "release".clone_into(&mut of.profile),
                "--profile" => of.profile = rest.next().context("--profile wants a name")?.clone(),
                "--message-format" | "--target-dir" | "--unit-graph" => bail!("{word} is the harness's own"),
                _ => match word.strip_prefix("--profile=") {
                    Some(name) => name.clone_into(&mut of.profile),
                    None => of.cargo_args.push(word.clone()),
                },
            }
        }
        Ok(of)
    }
}

/// The root of the workspace that Cargo finds here. It must have a lockfile.
fn workspace_root(env: &BuildEnv, here: &Path) -> Result<PathBuf> {
    let asked = ["locate-project", "--workspace", "--message-format", "plain"];
    let found = env.cargo().run(here, &asked).context("this is no workspace")?;
    let manifest = PathBuf::from(String::from_utf8(found)?.trim_end());
    let root = manifest.parent().context("Cargo names no workspace")?;
    if !root.join("Cargo.lock").is_file() {
        bail!("no Cargo.lock in {}; run `cargo generate-lockfile` first", root.display());
    }
    Ok(root.to_owned())
}

/// Marks a build directory as one of this command's.
const MARK: &str = ".made-by-harness-run";

/// Makes the build directory, or takes one that this command made; whether it is empty.
fn take_build_dir(dir: &Path, root: &Path, foreign: bool, wipe: bool) -> Result<bool> {
    if root.starts_with(dir) {
        bail!("--build-dir {} has the workspace in it; name another directory", dir.display());
    }
    let is_empty = !std::fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some());
    if !is_empty && !dir.join(MARK).exists() && !foreign {
        bail!("{} was not made by `harness run`; name another one, or add --foreign-build-dir", dir.display());
    }
    if wipe {
        exec::filesystem::remove_dir(dir)?;
    }
    make(dir)?;
    // One of somebody else stays theirs, or the next --wipe would empty it.
    if is_empty || wipe {
        std::fs::write(dir.join(MARK), "").with_context(|| format!("cannot write to {}", dir.display()))?;
    }
    Ok(is_empty || wipe)
}

fn make(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))
}

/// Counts, reasons and times.
fn described(build: &Build, outcomes: &[UnitOutcome], explain: bool) -> String {
    let units = &build.graph.units;
    let mut out = format!(
        "{} units, {} compiled or run, {} fresh\n",
        units.len(),
        build.built.compiled.len(),
        build.built.fresh.len()
    );
    let mut reasons: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for outcome in outcomes {
        let Some(what) = outcome.outcome else { continue };
        let because = if outcome.because.is_empty() { String::new() } else { format!(" of {}", outcome.because) };
        reasons.entry((what.as_str(), format!("{}{because}", outcome.reason))).or_default().push(outcome.index);
    }
    for ((what, reason), of) in &reasons {
        let seconds: f64 = outcomes.iter().filter(|it| of.contains(&it.index)).filter_map(|it| it.cost_s).sum();
        let reason = if reason.is_empty() { String::new() } else { format!(" ({})", plain(reason)) };
        out += &format!("{:>6} {what}{reason}, {seconds:.2} s to compile\n", of.len());
        if explain && *what != Outcome::Hit.as_str() {
            of.iter().for_each(|index| out += &format!("         {}\n", plain(&units[*index].label())));
        }
    }
    let phases = &build.phases;
    let parts = [
        ("plan", phases.plan),
        ("restore", phases.restore),
        ("cargo", Some(phases.cargo)),
        ("publish", phases.publish),
    ];
    let parts = parts.into_iter().filter_map(|(name, time)| Some(format!("{name} {:.2} s", time?.as_secs_f64())));
    out + &format!("{:.2} s: {}\n", phases.wall().as_secs_f64(), parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Words> {
        Words::of(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn cargo_s_words_are_a_task_a_profile_and_the_rest() {
        let of = words("check --release -p app --features x").unwrap();
        assert_eq!((of.task, of.profile.as_str()), (Task::Check, "release"));
        assert_eq!(of.cargo_args, ["-p", "app", "--features", "x"]);
        assert_eq!(words("--profile=bench").unwrap().profile, "bench");
        assert_eq!(words("").unwrap().task, Task::Build);
        assert!(words("publish").is_err() && words("build --target-dir x").is_err());
    }

    #[test]
    fn a_build_directory_of_somebody_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let take = |dir: &Path, foreign, wipe| take_build_dir(dir, Path::new("/ws/app"), foreign, wipe);
        assert!(take(&dir.path().join("new"), false, false).unwrap());
        assert!(!take(&dir.path().join("new"), false, false).unwrap());
        std::fs::write(dir.path().join("file"), "").unwrap();
        let why = take(dir.path(), false, true).unwrap_err().to_string();
        assert!(why.contains("was not made by `harness run`"), "{why}");
        assert!(dir.path().join("file").exists());
        assert!(!take(dir.path(), true, false).unwrap());
        assert!(take(dir.path(), false, true).is_err(), "it is still not ours");
        for above in ["/ws/app", "/ws"] {
            assert!(take(Path::new(above), true, false).unwrap_err().to_string().contains("has the workspace in it"));
        }
    }
}
