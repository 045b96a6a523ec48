//! `harness compare`: builds a corpus under several strategies and compares them.

mod describe;
pub mod flags;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use records::quantity::parse_age;
use records::run_folder::{RunFolder, RunWriter};
use reports::analysis::RunSource;
use reports::formats::terminal;
use reports::report::Report;
use reports::stats::{Question, budget};
use reports::text::WIDTH;

use self::flags::{GuardArgs, SandboxArgs, ShardArgs};
use crate::cmd::common::{ExternalArgs, absolute, choices, open_volume, plain_name, work_dir, write_report};
use crate::shard::PlannedRun;
use exec::filesystem::{EXT4_WITHOUT_JOURNAL, FileSystemFacts, WITHOUT_JOURNAL_REMEDY, WITHOUT_JOURNAL_WHY};
use exec::interrupt::Supervisor;
use exec::sandbox::SandboxSpec;
use exec::toolchain::Toolchain;
use exec::volume::{self, Volume, VolumeSpec};
use exec::workdir::WorkDir;
use records::network::Network;
use runner::build_env::{BuildEnv, DISK_FLOOR};
use runner::confinement;
use runner::delivery::{Delivery, RemoteServerKind};
use runner::description;
use runner::executor::{RealExecutor, Records, RunParts};
use runner::experiment::{DEFAULT_STRATEGIES, Experiment, Options};
use runner::guard::limits::Limits;
use runner::guard::{self, Guards};
use runner::plan::ArmOrder;
use runner::prepare::PreparedWorkspace;
use runner::progress::Progress;
use runner::run;
use runner::shard::Sharding;

/// What the exit code of a run says.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 nothing sound was measured, 2 asked for something impossible,
3 stopped by a guard and resumable, 130 interrupted and resumable";

/// The layout of build directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LayoutChoice {
    New,
    Default,
}

/// Builds a corpus under several strategies, clean, warm and edited, and prints a table for
/// each step: wall time against `none`, hit rates, compiles, disk. Everything is recorded in
/// a run folder, step by step; a run that is cut off goes on with --resume.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
#[group(skip)]
pub struct CompareArgs {
    /// A shipped corpus, or the path of a .toml manifest
    #[arg(long, value_name = "NAME", default_value = corpora::shipped::DEFAULT)]
    pub(super) corpus: String,
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
    pub(super) scenario: String,
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
    #[arg(long, default_value = "interleaved", value_parser = choices(&ORDERS))]
    order: ArmOrder,
    /// Cargo profile
    #[arg(long, value_name = "NAME", default_value = "dev", value_parser = plain_name)]
    profile: String,
    /// rustup toolchain [default: the default one]
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    toolchain: Option<String>,
    /// Layout of build directories: Cargo's new one, a directory for each unit, or whatever its default is.
    /// Units are followed, and hits counted, in the new one only
    #[arg(long, value_enum, default_value = "new")]
    layout: LayoutChoice,
    /// Cargo's --jobs [default: Cargo's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Where everything is built [default: the user's cache directory]
    #[arg(long, value_name = "DIR")]
    pub(super) work_dir: Option<PathBuf>,
    /// Build on a file system made for this run and removed afterwards, e.g. btrfs:12G;
    /// also xfs, ext4 and tmpfs (needs root on Linux)
    #[arg(long, value_name = "KIND:SIZE")]
    volume: Option<VolumeSpec>,
    /// The network between the machines of --scenario ci: round trip and bandwidth (20ms,200mbit; 20ms,200mbit/50mbit
    /// for down and up), or datacenter, github, home, none [default: none, loopback as it is]
    #[arg(long, value_name = "NETWORK")]
    network: Option<Network>,
    /// Ways of delivery between them, separated by commas: archive, build-dir, remote (built with
    /// `--features remote`) [default: the usual one of each strategy]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    delivery: Vec<Delivery>,
    /// The server of `--delivery remote`: in-process, or buildgrid, which `harness strategies install` installs
    #[arg(long, value_name = "SERVER", default_value = "in-process")]
    remote_server: RemoteServerKind,
    #[command(flatten)]
    sandbox: SandboxArgs,
    /// Where the run folder goes [default: runs/ in the work directory]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Seed of the order of strategies [default: drawn and recorded]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Go on with a run that was cut off, with its own options; only guards may be given anew
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Measure what `harness plan` wrote; only --shard, --work-dir, --out and guards may be given beside it
    #[arg(long, value_name = "FILE")]
    pub(super) options: Option<PathBuf>,
    #[command(flatten)]
    shard: ShardArgs,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    guards: GuardArgs,
}

const INTERLEAVED: &str =
    "At every step of every workspace each arm in turn, in an order drawn anew. All arms are on disk at once";
const ARM_BY_ARM: &str = "Each arm through the whole scenario, then the next. Needs the disk of one arm, and more rounds for the same certainty";
const ORDERS: [(&str, ArmOrder, &str); 2] =
    [("interleaved", ArmOrder::Interleaved, INTERLEAVED), ("arm-by-arm", ArmOrder::ArmByArm, ARM_BY_ARM)];

/// How an interrupted run goes on.
#[derive(Debug)]
pub struct ResumeHint(pub(super) String);

impl ResumeHint {
    fn of(dir: &Path) -> ResumeHint {
        ResumeHint(format!("harness compare --resume {}", dir.display()))
    }
}

impl fmt::Display for ResumeHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "go on with: {}", self.0)
    }
}

pub fn run(args: CompareArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    match &args.resume {
        Some(dir) => Ok(show(&resume(dir, args.guards.limits(), supervisor)?)),
        None => begin(args, supervisor),
    }
}

fn begin(args: CompareArgs, supervisor: &Supervisor) -> Result<ExitCode> {
    let options = match &args.options {
        Some(file) => planned_options(&args, file)?,
        None => options(&args, args.sandbox.spec(supervisor)?)?,
    };
    let experiment = Experiment::of(&options)?;
    if options.sandbox.is_some() {
        confinement::refuse_daemons(&experiment)?;
    }
    if args.dry_run {
        options.toolchain.as_deref().map(|name| Toolchain::find(Some(name))).transpose()?;
        describe::describe(&experiment, &options);
        return Ok(ExitCode::SUCCESS);
    }
    let part = options.shard.as_ref().map(|shard| format!("-shard-{}-of-{}", shard.part.index, shard.part.of));
    let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ");
    let name = format!("{began}-{}{}", experiment.corpus.name, part.unwrap_or_default());
    let out = args.out.unwrap_or_else(|| options.work_dir.join("runs"));
    Ok(show(&measure(&experiment, &options, &out.join(name), supervisor)?))
}

/// Runs an experiment from the beginning, into a new run folder with the name of the run.
pub(super) fn measure(
    experiment: &Experiment,
    options: &Options,
    dir: &Path,
    supervisor: &Supervisor,
) -> Result<MeasuredRun> {
    let (_work, _volume, env) = open(experiment, options, supervisor)?;
    // Before there is a run folder: what cannot be had leaves none behind.
    let prepared = experiment.prepare(&env)?;
    let env = confine(env, experiment, options)?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let writer = RunWriter::create(dir, description::describe(&name, experiment, options, &env)?)?;
    execute(experiment, options, &env, &prepared, writer)
}

/// Goes on with a run that was cut off.
pub(super) fn resume(dir: &Path, guards: Limits, supervisor: &Supervisor) -> Result<MeasuredRun> {
    let mut writer = RunWriter::open_for_append(dir)?;
    let mut options = description::stored_options(writer.info())?;
    if !writer.info().shards.is_empty() {
        bail!("{} was merged from shards: go on with the shard that is not complete, and merge again", dir.display());
    }
    options.shard.as_ref().map(Sharding::check_machine).transpose()?;
    options.guards = guards.or(options.guards);
    let experiment = Experiment::of(&options)?;
    if writer.info().corpus.hash != experiment.corpus_hash() {
        bail!("the corpus {} is not the one this run was begun with; begin a new run", options.corpus);
    }
    let (_work, _volume, env) = open(&experiment, &options, supervisor)?;
    if !description::has_toolchains_of(writer.info(), &env) {
        bail!("the toolchain is not the one this run was begun with; begin a new run");
    }
    let prepared = experiment.prepare(&env).map_err(|error| match supervisor.is_interrupted() {
        true => error.context(ResumeHint::of(dir)),
        false => error,
    })?;
    let env = confine(env, &experiment, &options)?;
    if !guards.is_default() {
        let guards = serde_json::to_value(options.guards)?;
        writer.update_info(|info| drop(info.options.insert("guards".to_owned(), guards)))?;
    }
    execute(&experiment, &options, &env, &prepared, writer)
}

/// The options of a shard that was planned, on this machine.
fn planned_options(args: &CompareArgs, file: &Path) -> Result<Options> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let planned = PlannedRun::parse(&text).with_context(|| format!("{} is no plan", file.display()))?;
    let mut options = planned.options(work_dir(args.work_dir.as_deref())?, args.shard.shard)?;
    options.corpus = corpus_or_scenario(&options.corpus)?;
    options.scenario = corpus_or_scenario(&options.scenario)?;
    options.guards = args.guards.limits().or(options.guards);
    Ok(options)
}

/// A shipped name as it is, a path as an absolute one.
fn corpus_or_scenario(name: &str) -> Result<String> {
    match name.ends_with(".toml") {
        true => absolute(Path::new(name)).map(|path| path.display().to_string()),
        false => Ok(name.to_owned()),
    }
}

/// The options that these flags make, with the sandbox that was found.
pub(super) fn options(args: &CompareArgs, sandbox: Option<SandboxSpec>) -> Result<Options> {
    Ok(Options {
        corpus: corpus_or_scenario(&args.corpus)?,
        workspaces: args.workspaces.clone(),
        strategies: args.strategies.clone(),
        strategy_files: args.external.files()?,
        set: args.external.set.clone(),
        scenario: corpus_or_scenario(&args.scenario)?,
        rounds: if args.budget.is_some() { 0 } else { args.rounds },
        budget_s: args.budget.map(|budget| budget.as_secs()),
        order: args.order,
        against: args.against.clone(),
        control: args.control,
        shadow: args.shadow,
        profile: args.profile.clone(),
        toolchain: args.toolchain.clone(),
        default_layout: args.layout == LayoutChoice::Default,
        jobs: args.jobs,
        seed: args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_nanosecond() as u64 & 0xffff_ffff),
        work_dir: work_dir(args.work_dir.as_deref())?,
        volume: args.volume,
        shard: args.shard.sharding(args.seed.is_some(), args.budget.is_some())?,
        guards: args.guards.limits(),
        sandbox,
        network: args.network.clone(),
        delivery: args.delivery.clone(),
        remote_server: args.remote_server,
    })
}

/// What a plan takes from the flags of `compare`.
impl CompareArgs {
    /// The options as a machine that measures a shard will read them: files are named as they were given, and a sandbox is
    /// tried there and not here.
    pub(super) fn for_a_plan(&self) -> Result<Options> {
        let given = [
            ("--resume", self.resume.is_some()),
            ("--dry-run", self.dry_run),
            ("--budget", self.budget.is_some()),
            ("--shard", self.shard.is_given()),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            bail!("{option} is for harness compare alone: a plan splits a new run with a number of --rounds");
        }
        options(self, self.sandbox.untried()?)
    }
}

/// The work directory, the volume in it if there is one, and the environment of builds there, to be dropped in the reverse
/// order.
fn open(
    experiment: &Experiment,
    options: &Options,
    supervisor: &Supervisor,
) -> Result<(WorkDir, Option<Volume>, BuildEnv)> {
    // Whoever names a lower floor has a reason.
    let needed = options.guards.disk_floor_bytes.unwrap_or(DISK_FLOOR).min(DISK_FLOOR);
    let work = WorkDir::acquire(&options.work_dir, needed)?;
    for left in volume::clean_leftovers(work.path()) {
        eprintln!("note: removed {}, which a killed run had left mounted", left.display());
    }
    let volume = open_volume(options.volume, &work)?;
    let env = BuildEnv::open(work.path(), options.toolchain.as_deref(), supervisor.clone())?;
    let env = env.with_build_limit(options.guards.step_timeout());
    let env = if options.default_layout { env.with_default_layout() } else { env };
    let env = if let Some(volume) = &volume { env.with_arms_root(&volume.mount_point()) } else { env };
    let env = if experiment.scenario.needs_second_toolchain() { env.with_second_toolchain()? } else { env };
    Ok((work, volume, env))
}

/// Adds the sandbox, if there is to be one: when everything is fetched, which takes a network.
fn confine(env: BuildEnv, experiment: &Experiment, options: &Options) -> Result<BuildEnv> {
    let Some(spec) = &options.sandbox else { return Ok(env) };
    let sandbox = confinement::open(spec, experiment, &env)?;
    Ok(env.with_sandbox(sandbox))
}

/// A run that is over.
pub(super) struct MeasuredRun {
    pub(super) folder: RunFolder,
    dir: PathBuf,
    baseline: String,
    took: Duration,
    in_builds: Duration,
}

fn execute(
    experiment: &Experiment,
    options: &Options,
    env: &BuildEnv,
    prepared: &[PreparedWorkspace],
    writer: RunWriter,
) -> Result<MeasuredRun> {
    let dir = writer.dir().to_owned();
    for (workspace, why) in &experiment.left_out {
        eprintln!("note: {workspace} takes no part: {why}");
    }
    if FileSystemFacts::of(env.arms_root()).is_ok_and(|fs| fs.kind == EXT4_WITHOUT_JOURNAL) {
        let place = env.arms_root().display();
        eprintln!("warning: {place} is on {EXT4_WITHOUT_JOURNAL}: {WITHOUT_JOURNAL_WHY}; {WITHOUT_JOURNAL_REMEDY}");
    }
    let plan = experiment.plan(options);
    let mut progress = Progress::default();
    env.clear_all()?;
    let disks = guard::disks(&options.guards, env.arms_root(), &env.work, &dir);
    let guards = Guards::new(&options.guards, disks, env.supervisor.clone(), progress.printer());
    let question = Question::of_run(writer.info(), &experiment.baseline);
    let widest = Box::new(move |rows: &[_], arms: &[_]| budget::widest(rows, &question, arms));
    let parts = RunParts { experiment, options, env, prepared, plan: &plan, guards, widest };
    let mut executor = RealExecutor::new(parts, Records::of(writer)?);
    let began = Instant::now();
    let outcome = run::run(&plan, &mut executor, &mut progress);
    progress.clear();
    if let Err(error) = outcome {
        drop(executor);
        // Gigabytes that no later run could use.
        let _ = env.clear_all();
        return Err(error.context(ResumeHint::of(&dir)));
    }
    let (writer, in_builds) = executor.finish();
    writer.finish()?;
    env.clear_all()?;
    let (folder, baseline) = (RunFolder::read(&dir)?, experiment.baseline.clone());
    Ok(MeasuredRun { folder, dir, baseline, took: began.elapsed(), in_builds })
}

/// Prints the tables of a run, and writes its report beside its records.
fn show(run: &MeasuredRun) -> ExitCode {
    let report = Report::of(vec![RunSource::Compare(Box::new(run.folder.clone()))], Some(&run.baseline));
    report.summary().iter().for_each(|document| print!("{}", terminal::render(document, WIDTH)));
    println!("\n{}", time_spent(run.took, run.in_builds));
    if let Some(sandbox) = report.runs.first().and_then(|(folder, _)| folder.info.sandbox.as_ref()) {
        println!("sandbox: {}", sandbox.line());
    }
    println!("records: {}", run.dir.display());
    write_report(&report, &run.dir);
    let nothing_measured = report.runs.iter().all(|(_, analysis)| analysis.ok_rows == 0);
    if nothing_measured { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// How much of the run was measuring, and how much was everything around it: working copies,
/// wiping, no-op builds, checks of the store, disk accounting.
fn time_spent(run: Duration, measured: Duration) -> String {
    let (run, measured) = (run.as_secs_f64(), measured.as_secs_f64());
    let share = 100.0 * (run - measured).max(0.0) / run.max(f64::EPSILON);
    format!("{run:.0} s, of which {measured:.0} s in measured builds; {share:.1} % around them")
}
