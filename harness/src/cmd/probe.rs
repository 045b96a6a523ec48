//! `harness probe`: which designs can give a wrong build.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use records::quantity::parse_age;
use reports::probes::{ProbeRow, ProbeRun, ProbeVerdict, matrix};
use strategies::Strategy;

use super::common::{ExternalArgs, open_volume, plain_name, progress_bar, work_dir};
use exec::interrupt::Supervisor;
use exec::volume::{Volume, VolumeSpec};
use exec::workdir::WorkDir;
use probes::history::{self, Limit};
use probes::run::{self, ProbeTask, RunOptions};
use probes::script::Script;
use probes::{Attempt, ExtraStrategies, FAMILIES, FamilyProbe, ProbeEnv, RunCache, select};
use runner::build_env::BuildEnv;
use runner::description::surroundings;
use runner::experiment::catalog_of;

/// Every link mode and policy; `in-place` and `@dirs`, under which no other probe failed so far, are for a night.
const DEFAULT_STRATEGIES: &str = "hardlink+aggressive,copy+aggressive,symlink+aggressive,reflink+aggressive,\
                                  hardlink+conservative,hardlink+non-local";

/// Bytes that must be free before anything is begun.
const DISK_FLOOR: u64 = 1 << 30;

/// Runs correctness probes of strategies, on generated workspaces and without a network, and looks for wrong builds,
/// needless ones and harm done: a matrix at the end, probes.csv and probes.json in the run folder. The exit code is 1
/// when a strategy fails a probe that --require names, or the harness could not run a probe.
#[derive(Debug, ClapArgs)]
pub struct ProbeArgs {
    /// Strategies and globs, separated by commas; `harness strategies list` shows all
    #[arg(long, value_name = "LIST", default_value = DEFAULT_STRATEGIES)]
    strategies: String,
    /// Probes, families and globs, separated by commas; --list shows all [default: all, none with --histories]
    #[arg(long, value_name = "LIST")]
    probes: Option<String>,
    /// Probes, families and globs that every strategy must pass; a known failure is one, too
    #[arg(long, value_name = "LIST")]
    require: Option<String>,
    /// List the probes with their families, expectations and origins
    #[arg(long)]
    list: bool,
    /// Random histories, in place of probes or, with --probes, after them: a number for each strategy, or as many as fit into a
    /// time, e.g. 10m. Edits, wipes, switches, kills and builds of two checkouts; a failure that plain
    /// Cargo does not have is shrunk, and its steps are a script in the run folder
    #[arg(long, value_name = "N|TIME", value_parser = limit, conflicts_with_all = ["list", "script"])]
    histories: Option<Limit>,
    /// The seed of the first history; the others have those that follow
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Run a probe and print its steps as a shell script with plain Cargo, to repeat it by hand
    #[arg(long, alias = "story", value_name = "PROBE", conflicts_with = "list")]
    script: Option<String>,
    /// Packages come from a local registry and are unpacked below Cargo's home, in place of a vendored
    /// directory; probes that edit packages are n/a
    #[arg(long)]
    local_registry: bool,
    /// Leave every probe's workspaces, build directories and store as they are at its end
    #[arg(long)]
    keep: bool,
    /// Where the run folder goes [default: runs/ in the work directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where probes are run [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// rustup toolchain [default: the default one]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    toolchain: Option<String>,
    /// Another rustup toolchain, for probes that switch [default: nightly or stable, if installed]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    second_toolchain: Option<String>,
    /// How many probes run at a time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    external: ExternalArgs,
    /// Run probes on a file system made for this run and removed afterwards, e.g. xfs:8G;
    /// also btrfs, ext4 and tmpfs (needs root on Linux)
    #[arg(long, value_name = "KIND:SIZE")]
    volume: Option<VolumeSpec>,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &ProbeArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    if args.list {
        print!("{}", list());
        return Ok(ExitCode::SUCCESS);
    }
    let probes = match args.script.as_ref().or(args.probes.as_ref()) {
        None if args.histories.is_some() => Vec::new(),
        list => select(list.map_or("*", String::as_str))?,
    };
    let required = args.require.as_deref().map(select).transpose()?.unwrap_or_default();
    if let Some((_, missing)) = required.iter().find(|(_, it)| !probes.iter().any(|(_, probe)| probe.name == it.name)) {
        bail!("--require names {}, which --probes leaves out; add it there", missing.name);
    }
    let extra = ExtraStrategies { files: args.external.files()?, set: args.external.set.clone() };
    let named = |(name, strategy): (strategies::StrategyName, Strategy)| (name.to_string(), strategy);
    let strategies: Vec<(String, Strategy)> =
        catalog_of(&extra.files, &extra.set)?.select(&args.strategies)?.into_iter().map(named).collect();
    if args.dry_run {
        if let Some(limit) = args.histories {
            println!("random histories from seed {}, {limit}, for {} strategies", args.seed, strategies.len());
        }
        println!("{} probes for {} strategies, no network, a directory for each:", probes.len(), strategies.len());
        strategies.iter().for_each(|(name, _)| println!("  {name}"));
        probes.iter().for_each(|(family, probe)| println!("  {}: {}", family.name, probe.name));
        return Ok(ExitCode::SUCCESS);
    }
    let bench = Bench::open(args, extra, supervisor)?;
    let name = format!("{}-probes", jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ"));
    let options = bench.options(args, &name);
    if args.script.is_some() {
        return print_script(bench.env(), &probes, &strategies, &options);
    }
    let out = args.out.clone().unwrap_or_else(|| bench.build_env.work.join("runs")).join(&name);
    let histories = args.histories.map(|limit| (limit, args.seed));
    let rows = bench.run(&probes, histories, &strategies, &options, &out)?;
    print!("{}", matrix::render(&rows, reports::text::WIDTH));
    println!("\nrecords: {}", out.display());
    if args.keep {
        println!("probes:  {}", options.dir.display());
    }
    let required: Vec<&str> = required.iter().map(|(_, probe)| probe.name).collect();
    let (complaints, code) = judge(&rows, &required);
    complaints.iter().for_each(|complaint| eprintln!("{complaint}"));
    Ok(ExitCode::from(code))
}

/// Where probes are run. Fields are dropped in this order.
pub(super) struct Bench {
    build_env: BuildEnv,
    second: Option<BuildEnv>,
    extra: ExtraStrategies,
    cache: RunCache,
    dir: PathBuf,
    registry: bool,
    _volume: Option<Volume>,
    _work: WorkDir,
}

impl Bench {
    pub(super) fn open(args: &ProbeArgs, extra: ExtraStrategies, supervisor: &Supervisor) -> Result<Bench> {
        let work = WorkDir::acquire(&work_dir(args.work_dir.as_deref())?, DISK_FLOOR)?;
        let volume = open_volume(args.volume, &work)?;
        let dir = volume.as_ref().map_or_else(|| work.path().to_owned(), Volume::mount_point).join("probes");
        let build_env = BuildEnv::open(work.path(), args.toolchain.as_deref(), supervisor.clone())?;
        let second = build_env.of_second_toolchain(args.second_toolchain.as_deref())?;
        probes::remove_leftover_disks(&build_env.work);
        exec::filesystem::remove_dir(&dir)?;
        let registry = args.local_registry;
        Ok(Bench { build_env, second, extra, cache: RunCache::default(), dir, registry, _volume: volume, _work: work })
    }

    /// Whether there is a toolchain to switch to.
    pub(super) fn has_second_toolchain(&self) -> bool {
        self.second.is_some()
    }

    pub(super) fn options(&self, args: &ProbeArgs, name: &str) -> RunOptions {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let workers = args.jobs.map_or_else(cores, usize::from);
        RunOptions { run: name.to_owned(), dir: self.dir.clone(), keep: args.keep, workers }
    }

    fn env(&self) -> ProbeEnv<'_> {
        ProbeEnv {
            build_env: &self.build_env,
            second: self.second.as_ref(),
            extra: &self.extra,
            cache: &self.cache,
            registry: self.registry,
        }
    }

    /// Runs probes and histories for strategies, and writes their records; those of what ended, if it is interrupted.
    pub(super) fn run(
        &self,
        probes: &[FamilyProbe],
        histories: Option<(Limit, u64)>,
        strategies: &[(String, Strategy)],
        options: &RunOptions,
        out: &Path,
    ) -> Result<Vec<ProbeRow>> {
        let (mut rows, mut ended) = match probes {
            [] => (Vec::new(), Ok(())),
            probes => run_with_progress(self.env(), probes, strategies, options, out)?,
        };
        if let Some(histories) = histories.filter(|_| ended.is_ok()) {
            let (more, result) = run_histories(self.env(), strategies, histories, options, out);
            rows.extend(more);
            ended = result;
        }
        let mut info = surroundings(&options.run, &self.build_env);
        info.strategies = strategies.iter().map(|(name, _)| name.clone()).collect();
        info.complete = ended.is_ok();
        reports::probes::write(out, &ProbeRun { info, rows: rows.clone() })?;
        if ended.is_err() {
            eprintln!("records of what ended: {}", out.display());
        }
        ended.map(|()| rows)
    }
}

/// What the rows mean to who asked for them, and the exit code. A probe that could not be run is no success, whether it
/// was required or not; a required one that applies to no strategy at all is worth a warning.
fn judge(rows: &[ProbeRow], required: &[&str]) -> (Vec<String>, u8) {
    let mut complaints = Vec::new();
    for probe in required {
        let mut found = rows.iter().filter(|row| row.probe == *probe).peekable();
        if found.peek().is_some() && found.all(|row| row.verdict == ProbeVerdict::NotApplicable) {
            complaints.push(format!("warning: {probe} is required, but n/a for every strategy"));
        }
    }
    let count = |verdict, counts: &dyn Fn(&ProbeRow) -> bool| {
        rows.iter().filter(|row| row.verdict == verdict && counts(row)).count()
    };
    let broken = count(ProbeVerdict::Fail, &|row| required.contains(&row.probe.as_str()));
    if broken > 0 {
        complaints.push(format!("{broken} required probes failed"));
    }
    let errors = count(ProbeVerdict::Error, &|_| true);
    if errors > 0 {
        complaints.push(format!("{errors} probes could not be run: an error of the harness, or of its surroundings"));
    }
    (complaints, u8::from(broken + errors > 0))
}

/// Runs everything, with a bar and an estimate of the time left; scripts of probes that fail are
/// written into the run folder.
fn run_with_progress(
    env: ProbeEnv<'_>,
    probes: &[FamilyProbe],
    strategies: &[(String, Strategy)],
    options: &RunOptions,
    out: &Path,
) -> Result<(Vec<ProbeRow>, Result<()>)> {
    let tasks = run::tasks(probes, strategies)?;
    let bar = progress_bar(tasks.len() as u64, "{pos}/{len} {elapsed}, about {eta} left: {msg}");
    let on_begin = |task: &ProbeTask| bar.set_message(format!("{} {}", task.probe.name, task.name));
    let on_end = |row: &ProbeRow, script: &Script| {
        bar.inc(1);
        if matches!(row.verdict, ProbeVerdict::Fail | ProbeVerdict::Error) {
            // The matrix has those that are known, with their reasons.
            if !row.is_known_failure() {
                let mark = if row.verdict == ProbeVerdict::Error { "ERR" } else { "FAIL" };
                bar.suspend(|| eprintln!("{mark} {} {}: {}", row.probe, row.strategy, row.detail));
            }
            let title = format!("{} under {}: {}", row.probe, row.strategy, row.detail);
            bar.suspend(|| write_script(out, &format!("{}.sh", row.probe), script, &title));
        }
    };
    let rows = run::run_all(env, &tasks, options, &on_begin, &on_end);
    bar.finish_and_clear();
    if !options.keep {
        let _ = exec::filesystem::remove_dir(&options.dir);
    }
    Ok(rows)
}

/// Random histories, with a bar; the shrunk steps of those that fail are written into the run folder.
fn run_histories(
    env: ProbeEnv<'_>,
    strategies: &[(String, Strategy)],
    histories: (Limit, u64),
    options: &RunOptions,
    out: &Path,
) -> (Vec<ProbeRow>, Result<()>) {
    let (total, counts) = match histories.0 {
        Limit::Count(count) => {
            (count * strategies.len() as u64, "{pos}/{len} histories {elapsed}, about {eta} left: {msg}".to_owned())
        }
        Limit::Time(time) => (0, format!("{{pos}} histories {{elapsed}} of {} s: {{msg}}", time.as_secs())),
    };
    let bar = progress_bar(total, &counts);
    let on_end = |name: &str, seed: u64, attempt: &Attempt| {
        bar.inc(1);
        bar.set_message(format!("seed {seed} {name}"));
        if matches!(attempt.verdict, ProbeVerdict::Fail | ProbeVerdict::Error) {
            bar.suspend(|| eprintln!("{} seed {seed} {name}: {}", attempt.verdict.as_str(), attempt.detail));
            let title = format!("the history of seed {seed} under {name}: {}", attempt.detail);
            bar.suspend(|| write_script(out, &history::script_name(seed, name), &attempt.script, &title));
        }
    };
    let rows = history::run_all(env, strategies, histories, options, &on_end);
    bar.finish_and_clear();
    rows
}

/// A number of histories, or a time.
fn limit(text: &str) -> Result<Limit, String> {
    if let Ok(count) = text.parse() {
        return Ok(Limit::Count(count));
    }
    parse_age(text).map(Limit::Time)
}

/// Writes a script into the run folder; what was found counts without it, too.
fn write_script(out: &Path, name: &str, script: &Script, title: &str) {
    let folder = out.join("scripts");
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join(name), script.to_shell(title)));
    if let Err(error) = written {
        eprintln!("warning: cannot write {}: {error}", folder.join(name).display());
    }
}

/// `--script`: how a probe is repeated by hand.
fn print_script(
    env: ProbeEnv<'_>,
    probes: &[FamilyProbe],
    strategies: &[(String, Strategy)],
    options: &RunOptions,
) -> Result<ExitCode> {
    let ([(family, probe)], Some((name, strategy))) = (probes, strategies.first()) else {
        bail!("--script wants one probe; `harness probe --list` shows all");
    };
    let attempt = run::attempt(env, probe, (name, strategy), &options.dir_of(probe, name), options.keep)?;
    if attempt.script.is_empty() {
        bail!("the probe cannot be run for {name}: {}; name another one with --strategies", attempt.detail);
    }
    let result = format!("{} {}", attempt.verdict.as_str(), attempt.detail);
    println!("{}", attempt.script.to_shell(&format!("{}, {}: {}", family.name, probe.name, probe.about)).trim_end());
    println!("# expected: {}; origin: {}", probe.expects.as_str(), probe.origin);
    println!("# under {name}: {}", result.trim_end());
    Ok(ExitCode::from(u8::from(attempt.verdict == ProbeVerdict::Error)))
}

fn list() -> String {
    let mut out = String::new();
    for family in FAMILIES {
        out += &format!("{}: {}\n", family.name, family.about);
        for probe in family.probes() {
            out += &format!("  {} [must {}]\n      {}\n", probe.name, probe.expects.as_str(), probe.about);
            probe.origin.split(' ').for_each(|link| out += &format!("      {link}\n"));
        }
    }
    out
}
