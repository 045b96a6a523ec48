//! `harness compare`: the front door.

mod describe;
pub mod guards;
mod sandbox;
mod shard;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args as ClapArgs;
use records::run_folder::{RunFolder, RunWriter};
use reports::analysis::Source;
use reports::formats::terminal;
use reports::report::{Format, Report};
use reports::text::WIDTH;

use self::guards::GuardArgs;
use crate::cmd::external::ExternalArgs;
use exec::filesystem::free_bytes;
use exec::host::HostFacts;
use exec::interrupt::Supervisor;
use exec::sandbox::SandboxSpec;
use exec::toolchain::Toolchain;
use exec::volume::{self, Volume, VolumeSpec};
use exec::workdir::{self, WorkDir};
use runner::asked::Asked;
use runner::confinement;
use runner::description;
use runner::guard::guarding::{self, Guards};
use runner::lab::{DISK_FLOOR, Lab};
use runner::options::{DEFAULT_STRATEGIES, Options};
use runner::plan::Order;
use runner::prepare::Prepared;
use runner::progress::Progress;
use runner::quantity::parse_age;
use runner::recorded::Records;
use runner::run;
use runner::shard::Sharding;
use runner::trials::Trials;

/// Builds a corpus under several strategies, clean, warm and edited, and prints a table for
/// each step: wall time against `none`, hit rates, compiles, disk. Everything is recorded in
/// a run folder, step by step; a run that is cut off goes on with --resume.
#[derive(Debug, ClapArgs)]
#[command(after_help = guards::EXIT_CODES)]
pub struct Args {
    /// A shipped corpus, or the path of a .toml manifest
    #[arg(long, value_name = "NAME", default_value = corpora::shipped::DEFAULT)]
    corpus: String,
    /// Only these workspaces of the corpus, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    workspaces: Vec<String>,
    /// Strategies and globs, separated by commas; `harness strategies list` shows all. No glob
    /// finds external ones but `external:*`
    #[arg(long, value_name = "LIST", default_value = DEFAULT_STRATEGIES)]
    strategies: String,
    #[command(flatten)]
    external: ExternalArgs,
    /// A shipped scenario, or the path of one
    #[arg(long, value_name = "NAME", default_value = corpora::scenario::DEFAULT)]
    scenario: String,
    /// How often every strategy runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Instead of a number of rounds: time to spend, e.g. 30m; first on rounds of all
    /// strategies (at least one), then on those whose intervals are widest
    #[arg(long, value_name = "TIME", conflicts_with = "rounds", value_parser = parse_age)]
    budget: Option<Duration>,
    /// The strategy that others are compared with [default: none, or else the first]
    #[arg(long, value_name = "STRATEGY")]
    against: Option<String>,
    /// Run `none` a second time under another name: what it differs by is noise
    #[arg(long)]
    control: bool,
    /// Compile every hit anyway and compare the bytes; one or two more builds a step
    #[arg(long)]
    shadow: bool,
    /// How strategies take turns; `arm-by-arm` needs the disk of one strategy only, and more
    /// rounds for the same certainty
    #[arg(long, value_enum, default_value_t = Order::Interleaved)]
    order: Order,
    /// Cargo profile
    #[arg(long, value_name = "NAME", default_value = "dev", value_parser = plain_name)]
    profile: String,
    /// rustup toolchain [default: the default one]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    toolchain: Option<String>,
    /// Cargo's --jobs [default: Cargo's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Where everything is built [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Build on a file system made for this run and removed afterwards, e.g. btrfs:12G;
    /// also xfs, ext4 and tmpfs (needs root on Linux)
    #[arg(long, value_name = "KIND:SIZE")]
    volume: Option<VolumeSpec>,
    #[command(flatten)]
    sandbox: sandbox::SandboxArgs,
    /// Where the run folder goes [default: runs/ in the work directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of the order of strategies [default: drawn and recorded]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Go on with a run that was cut off, with its own options; only guards may be given anew
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    shard: shard::ShardArgs,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    guards: GuardArgs,
}

/// A name that can be an argument of Cargo and rustup and nothing else.
pub(crate) fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !text.is_empty() && !text.starts_with(['-', '.']) && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("a name is made of letters, digits, '-', '_' and '.'".to_owned()),
    }
}

/// How an interrupted run goes on.
#[derive(Debug)]
pub struct Resume(PathBuf);

impl fmt::Display for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "go on with: harness compare --resume {}", self.0.display())
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When something asked for cannot be had, or the run is interrupted.
pub fn run(args: Args, supervisor: &Supervisor) -> Result<ExitCode> {
    match &args.resume {
        Some(dir) => {
            let mut writer = RunWriter::open_for_append(dir)?;
            let mut options = description::stored_options(writer.info())?;
            if !writer.info().shards.is_empty() {
                bail!(
                    "{} was merged from shards: go on with the shard that is not complete, and merge again",
                    dir.display()
                );
            }
            options.shard.as_ref().map(Sharding::check_machine).transpose()?;
            options.guards = args.guards.limits().or(options.guards);
            let asked = Asked::of(&options)?;
            if writer.info().corpus.hash != asked.corpus_hash() {
                bail!("the corpus {} is not the one this run was begun with; begin a new run", options.corpus);
            }
            let work = open_work(&options)?;
            let volume = open_volume(options.volume, &work)?;
            let lab = open_lab(&options, &work, volume.as_ref(), supervisor)?;
            if writer.info().toolchain.rustc != lab.toolchain.rustc_verbose {
                bail!("the toolchain is not the one this run was begun with; begin a new run");
            }
            let prepared = asked.prepare(&lab).map_err(|error| resumable(error, &lab, writer.dir()))?;
            let lab = with_sandbox(lab, &asked, &options)?;
            if !args.guards.limits().is_default() {
                let guards = serde_json::to_value(options.guards)?;
                writer.update_info(|info| drop(info.options.insert("guards".to_owned(), guards)))?;
            }
            execute(&asked, &options, &lab, &prepared, writer)
        }
        None => {
            let options = options(&args, args.sandbox.spec(supervisor)?)?;
            let asked = Asked::of(&options)?;
            if options.sandbox.is_some() {
                confinement::refuse_daemons(&asked)?;
            }
            if args.dry_run {
                options.toolchain.as_deref().map(|name| Toolchain::find(Some(name))).transpose()?;
                describe::describe(&asked, &options);
                return Ok(ExitCode::SUCCESS);
            }
            let work = open_work(&options)?;
            let volume = open_volume(options.volume, &work)?;
            let lab = open_lab(&options, &work, volume.as_ref(), supervisor)?;
            // Before there is a run folder: what cannot be had leaves none behind.
            let prepared = asked.prepare(&lab)?;
            let lab = with_sandbox(lab, &asked, &options)?;
            let part = options.shard.as_ref().map(|shard| format!("-shard-{}-of-{}", shard.part.index, shard.part.of));
            let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ");
            let name = format!("{began}-{}{}", asked.corpus.name, part.unwrap_or_default());
            let dir = args.out.unwrap_or_else(|| lab.work.join("runs")).join(&name);
            let writer = RunWriter::create(&dir, description::describe(&name, &asked, &options, &lab)?)?;
            execute(&asked, &options, &lab, &prepared, writer)
        }
    }
}

/// Says how to go on, if it was a signal that stopped the run.
fn resumable(error: anyhow::Error, lab: &Lab, dir: &Path) -> anyhow::Error {
    if lab.supervisor.is_interrupted() { error.context(Resume(dir.to_owned())) } else { error }
}

impl Args {
    /// The first option that was given and that no plan of a run can hold.
    pub(super) fn not_for_a_plan(&self) -> Option<&'static str> {
        let given = [
            ("--resume", self.resume.is_some()),
            ("--dry-run", self.dry_run),
            ("--budget", self.budget.is_some()),
            ("--shard", self.shard.is_given()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// What was asked for, in the sandbox that was found.
pub(super) fn options(args: &Args, sandbox: Option<SandboxSpec>) -> Result<Options> {
    let work_dir = match &args.work_dir {
        Some(dir) => dir.clone(),
        None => {
            let default = workdir::default_dir()?;
            default.note.iter().for_each(|note| eprintln!("note: {note}"));
            default.path
        }
    };
    let absolute =
        |path: &Path| std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()));
    let named = |name: &str| match name.ends_with(".toml") {
        true => absolute(Path::new(name)).map(|path| path.display().to_string()),
        false => Ok(name.to_owned()),
    };
    Ok(Options {
        corpus: named(&args.corpus)?,
        workspaces: args.workspaces.clone(),
        strategies: args.strategies.clone(),
        strategy_files: args.external.files()?,
        set: args.external.set.clone(),
        scenario: named(&args.scenario)?,
        rounds: if args.budget.is_some() { 0 } else { args.rounds },
        budget_s: args.budget.map(|budget| budget.as_secs()),
        order: args.order,
        against: args.against.clone(),
        control: args.control,
        shadow: args.shadow,
        profile: args.profile.clone(),
        toolchain: args.toolchain.clone(),
        jobs: args.jobs,
        seed: args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_nanosecond() as u64 & 0xffff_ffff),
        work_dir: absolute(&work_dir)?,
        volume: args.volume,
        shard: args.shard.sharding(args.seed.is_some(), args.budget.is_some())?,
        guards: args.guards.limits(),
        sandbox,
    })
}

fn open_work(options: &Options) -> Result<WorkDir> {
    // Who asks for a lower floor has a reason.
    let needed = options.guards.disk_floor_bytes.unwrap_or(DISK_FLOOR).min(DISK_FLOOR);
    let work = WorkDir::acquire(&options.work_dir, needed)?;
    for left in volume::clean_leftovers(work.path()) {
        eprintln!("note: removed {}, which a killed run had left mounted", left.display());
    }
    Ok(work)
}

/// Makes the volume, if one was asked for. To be dropped before the work directory is.
pub(super) fn open_volume(spec: Option<VolumeSpec>, work: &WorkDir) -> Result<Option<Volume>> {
    let Some(spec) = spec else { return Ok(None) };
    let room = if spec.is_in_memory() { HostFacts::detect().memory_bytes } else { free_bytes(work.path()).ok() };
    if let Some(room) = room.filter(|room| *room < spec.size_bytes) {
        let place = if spec.is_in_memory() { "memory".into() } else { work.path().display().to_string() };
        eprintln!("warning: --volume {spec} may grow beyond the {} MiB there are in {place}", room >> 20);
    }
    Ok(Some(Volume::create(spec, work.path())?))
}

fn open_lab(options: &Options, work: &WorkDir, volume: Option<&Volume>, supervisor: &Supervisor) -> Result<Lab> {
    let lab = Lab::open(work.path(), options.toolchain.as_deref(), supervisor.clone())?;
    let lab = lab.limiting(options.guards.step_timeout());
    Ok(match volume {
        Some(volume) => lab.on(&volume.mount_point()),
        None => lab,
    })
}

/// The lab with its sandbox, if one was asked for: when everything is fetched, which takes a network.
fn with_sandbox(lab: Lab, asked: &Asked, options: &Options) -> Result<Lab> {
    Ok(match &options.sandbox {
        Some(spec) => {
            let sandbox = confinement::open(spec, asked, &lab)?;
            lab.with_sandbox(sandbox)
        }
        None => lab,
    })
}

fn execute(asked: &Asked, options: &Options, lab: &Lab, prepared: &[Prepared], writer: RunWriter) -> Result<ExitCode> {
    let dir = writer.dir().to_owned();
    for (workspace, why) in &asked.left_out {
        eprintln!("note: {workspace} takes no part: {why}");
    }
    let plan = asked.plan(options);
    let mut progress = Progress::default();
    lab.clear_all()?;
    let places = guarding::places(&options.guards, lab.ground(), &lab.work, &dir);
    let guards = Guards::new(&options.guards, places, lab.supervisor.clone(), progress.voice());
    let mut trials = Trials::new(asked, options, lab, prepared, &plan, Records::of(writer)?, guards);
    let began = Instant::now();
    let outcome = run::run(&plan, &mut trials, &mut progress);
    progress.clear();
    if let Err(error) = outcome {
        drop(trials);
        // Gigabytes that no later run could use.
        let _ = lab.clear_all();
        return Err(error.context(Resume(dir)));
    }
    let (writer, measured) = trials.finish();
    let mut folder = RunFolder::read(&dir)?;
    records::costs::settle(&mut folder);
    folder.rewrite(&dir)?;
    writer.finish()?;
    folder.info.complete = true;
    lab.clear_all()?;
    let report = Report::of(vec![Source::Compare(Box::new(folder))], Some(&asked.baseline));
    report.summary().iter().for_each(|document| print!("{}", terminal::render(document, WIDTH)));
    println!("\n{}", time_spent(began.elapsed(), measured));
    if let Some(sandbox) = report.runs.first().and_then(|(folder, _)| folder.info.sandbox.as_ref()) {
        println!("sandbox: {}", sandbox.line());
    }
    println!("records: {}", dir.display());
    write_report(&report, &dir);
    let nothing_measured = report.runs.iter().all(|(_, analysis)| analysis.ok_rows == 0);
    Ok(if nothing_measured { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Writes the report of a run beside its records. What was measured is safe by then: a
/// report that cannot be written is a warning.
pub(super) fn write_report(report: &Report, dir: &Path) {
    let out = dir.join(crate::cmd::report::FOLDER);
    match report.write(&out, &Format::ALL) {
        Ok(_) => println!("report:  {}", out.join(reports::report::PAGE).display()),
        Err(error) => eprintln!("warning: no report: {error}; try harness report {}", dir.display()),
    }
}

/// How much of the run was measuring, and how much was everything around it: working copies,
/// wiping, no-op builds, checks of the store, disk accounting.
fn time_spent(run: Duration, measured: Duration) -> String {
    let around = run.saturating_sub(measured);
    let share = 100.0 * around.as_secs_f64() / run.as_secs_f64().max(f64::EPSILON);
    format!(
        "{:.0} s, of which {:.0} s in measured builds; {share:.1} % around them",
        run.as_secs_f64(),
        measured.as_secs_f64()
    )
}
