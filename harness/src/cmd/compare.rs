//! `harness compare`: the front door.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args as ClapArgs;
use corpora::Corpus;
use corpora::scenario::{Action, Scenario};
use reports::record::{RunInfo, StepKey, StepRow, UnitRow};
use reports::run_folder::{RunFolder, RunWriter};
use reports::summary;
use strategies::{Strategy, StrategyName, select};

use crate::experiment::arm::{Arm, Memory};
use crate::experiment::invocation::Recipe;
use crate::experiment::lab::{DISK_FLOOR, Lab};
use crate::experiment::options::{DEFAULT_STRATEGIES, Options};
use crate::experiment::prepare::{Prepared, prepare};
use crate::experiment::progress::Progress;
use crate::experiment::rows::Identity;
use crate::experiment::run::{self, Executor, Moment, Plan};
use crate::system::filesystem::{FileSystem, free_bytes};
use crate::system::host::Host;
use crate::system::interrupt::Supervisor;
use crate::system::volume::{self, Volume, VolumeSpec};
use crate::system::workdir::{self, WorkDir};

/// Builds a corpus under several strategies, clean, warm and edited, and prints a table for
/// each step: wall time against `none`, hit rates, compiles, disk. Everything is recorded in
/// a run folder, step by step; a run that is cut off goes on with --resume.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// A shipped corpus, or the path of a .toml manifest
    #[arg(long, value_name = "NAME", default_value = corpora::shipped::DEFAULT)]
    corpus: String,
    /// Only these workspaces of the corpus, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    workspaces: Vec<String>,
    /// Strategies and globs, separated by commas; `harness strategies list` shows all
    #[arg(long, value_name = "LIST", default_value = DEFAULT_STRATEGIES)]
    strategies: String,
    /// A shipped scenario, or the path of one
    #[arg(long, value_name = "NAME", default_value = corpora::scenario::DEFAULT)]
    scenario: String,
    /// How often every strategy runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Cargo profile
    #[arg(long, value_name = "NAME", default_value = "dev")]
    profile: String,
    /// rustup toolchain [default: the default one]
    #[arg(long, value_name = "NAME")]
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
    /// Where the run folder goes [default: runs/ in the work directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of the order of strategies [default: drawn and recorded]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Go on with a run that was cut off, with its own options
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "seed", "dry_run", "volume"])]
    resume: Option<PathBuf>,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
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
            let writer = RunWriter::open_for_append(dir)?;
            let options = stored_options(writer.info())?;
            let asked = Asked::of(&options)?;
            if writer.info().corpus.hash != hash_of(&asked.corpus) {
                bail!("the corpus {} is not the one this run was begun with; begin a new run", options.corpus);
            }
            let work = open_work(&options.work_dir, supervisor)?;
            let volume = open_volume(options.volume, &work)?;
            let lab = open_lab(&options, &work, volume.as_ref(), supervisor)?;
            if writer.info().toolchain.rustc != lab.toolchain.rustc_verbose {
                bail!("the toolchain is not the one this run was begun with; begin a new run");
            }
            let prepared = prepared(&asked, &lab).map_err(|error| resumable(error, &lab, writer.dir()))?;
            execute(&asked, &options, &lab, &prepared, writer)
        }
        None => {
            let options = options(&args)?;
            let asked = Asked::of(&options)?;
            if args.dry_run {
                describe(&asked, &options);
                return Ok(ExitCode::SUCCESS);
            }
            let work = open_work(&options.work_dir, supervisor)?;
            let volume = open_volume(options.volume, &work)?;
            let lab = open_lab(&options, &work, volume.as_ref(), supervisor)?;
            // Before there is a run folder: what cannot be had leaves none behind.
            let prepared = prepared(&asked, &lab)?;
            let name = format!("{}-{}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ"), asked.corpus.name);
            let dir = args.out.unwrap_or_else(|| lab.work.join("runs")).join(&name);
            let writer = RunWriter::create(&dir, info(&name, &asked, &options, &lab))?;
            execute(&asked, &options, &lab, &prepared, writer)
        }
    }
}

/// Everything fetched, and fit for the scenario.
fn prepared(asked: &Asked, lab: &Lab) -> Result<Vec<Prepared>> {
    let prepared = prepare(lab, &asked.corpus)?;
    check_edits(asked, &prepared)?;
    Ok(prepared)
}

/// Says how to go on, if it was a signal that stopped the run.
fn resumable(error: anyhow::Error, lab: &Lab, dir: &Path) -> anyhow::Error {
    if lab.supervisor.is_interrupted() { error.context(Resume(dir.to_owned())) } else { error }
}

/// What the options name, looked up.
struct Asked {
    corpus: Corpus,
    scenario: Scenario,
    strategies: Vec<(StrategyName, Strategy)>,
}

impl Asked {
    fn of(options: &Options) -> Result<Asked> {
        let strategies = select(&options.strategies)?;
        let scenario = Scenario::load(&options.scenario)?;
        let mut corpus = Corpus::load(&options.corpus)?;
        if !options.workspaces.is_empty() {
            let names = corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect::<Vec<_>>().join(", ");
            corpus = match corpus.only(&options.workspaces) {
                Ok(corpus) => corpus,
                Err(unknown) => bail!("the corpus {} has no workspace {unknown}; it has {names}", corpus.name),
            };
        }
        Ok(Asked { corpus, scenario, strategies })
    }

    fn plan(&self, options: &Options) -> Plan {
        let family = |(name, strategy): &(StrategyName, Strategy)| match strategy.parts() {
            ["", ..] => name.to_string(),
            [integration, key, ..] => format!("{integration} {key}"),
        };
        Plan {
            seed: options.seed,
            rounds: options.rounds,
            arms: self.strategies.iter().map(|(name, _)| name.to_string()).collect(),
            families: self.strategies.iter().map(family).collect(),
            scenario: self.scenario.clone(),
            workspaces: self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        }
    }
}

fn options(args: &Args) -> Result<Options> {
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
        scenario: named(&args.scenario)?,
        rounds: args.rounds,
        profile: args.profile.clone(),
        toolchain: args.toolchain.clone(),
        jobs: args.jobs,
        seed: args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_nanosecond() as u64 & 0xffff_ffff),
        work_dir: absolute(&work_dir)?,
        volume: args.volume,
    })
}

fn open_work(dir: &Path, supervisor: &Supervisor) -> Result<WorkDir> {
    let work = WorkDir::acquire(dir, DISK_FLOOR)?;
    work.track(supervisor);
    for left in volume::clean_leftovers(work.path()) {
        eprintln!("note: removed {}, which a killed run had left mounted", left.display());
    }
    Ok(work)
}

/// Makes the volume, if one was asked for. To be dropped before the work directory is.
fn open_volume(spec: Option<VolumeSpec>, work: &WorkDir) -> Result<Option<Volume>> {
    let Some(spec) = spec else { return Ok(None) };
    let room = if spec.is_in_memory() { Host::detect().memory_bytes } else { free_bytes(work.path()).ok() };
    if let Some(room) = room.filter(|room| *room < spec.size_bytes) {
        let place = if spec.is_in_memory() { "memory".into() } else { work.path().display().to_string() };
        eprintln!("warning: --volume {spec} may grow beyond the {} MiB there are in {place}", room >> 20);
    }
    Ok(Some(Volume::create(spec, work.path())?))
}

fn open_lab(options: &Options, work: &WorkDir, volume: Option<&Volume>, supervisor: &Supervisor) -> Result<Lab> {
    let lab = Lab::open(work.path(), options.toolchain.as_deref(), supervisor.clone())?;
    Ok(match volume {
        Some(volume) => lab.on(&volume.mount_point()),
        None => lab,
    })
}

fn describe(asked: &Asked, options: &Options) {
    let plan = asked.plan(options);
    println!("corpus     {} ({})", asked.corpus.name, plan.workspaces.join(", "));
    println!("scenario   {}: {}", asked.scenario.name, asked.scenario.about);
    for step in &asked.scenario.steps {
        println!("           {}: {}", step.name, step.about);
    }
    println!("profile    {}, toolchain {}", options.profile, options.toolchain.as_deref().unwrap_or("default"));
    println!("work in    {}", options.work_dir.display());
    if let Some(volume) = &options.volume {
        println!("volume     {volume}, made for the run and removed after it");
    }
    println!("seed       {}", options.seed);
    let moments = plan.moments();
    let arms = moments.chunk_by(|a, b| (a.round, a.arm) == (b.round, b.arm));
    for arm in arms {
        println!("round {} arm {:>2}  {}", arm[0].round, arm[0].position, plan.arms[arm[0].arm]);
    }
    println!("{} measured builds; nothing was run", moments.len());
}

fn hash_of(corpus: &Corpus) -> String {
    strategies::key::Digest::of(format!("{:?}", corpus.workspaces).as_bytes()).short()
}

fn stored_options(info: &RunInfo) -> Result<Options> {
    let value = serde_json::Value::Object(info.options.clone().into_iter().collect());
    serde_json::from_value(value)
        .with_context(|| format!("the run {} does not say how it was begun; begin a new run", info.name))
}

fn info(name: &str, asked: &Asked, options: &Options, lab: &Lab) -> RunInfo {
    use reports::record::{
        Corpus as CorpusInfo, FileSystem as FileSystemInfo, Host as HostInfo, Toolchain as ToolchainInfo,
    };
    let host = Host::detect();
    let stored = serde_json::to_value(options).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let arm_dir = lab.arm_dir();
    let places = [("work", Some(lab.work.as_path())), ("arm", arm_dir.parent())];
    let file_systems = places.into_iter().filter_map(|(role, path)| {
        let fs = FileSystem::of(path?).ok()?;
        Some(FileSystemInfo { role: role.into(), kind: fs.kind, device: fs.device })
    });
    RunInfo {
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        seed: options.seed,
        rounds: options.rounds,
        scenario: asked.scenario.name.clone(),
        profile: options.profile.clone(),
        strategies: asked.strategies.iter().map(|(name, _)| name.to_string()).collect(),
        corpus: CorpusInfo {
            name: asked.corpus.name.clone(),
            hash: hash_of(&asked.corpus),
            workspaces: asked.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        },
        toolchain: ToolchainInfo {
            channel: lab.toolchain.channel.to_string(),
            cargo: lab.toolchain.cargo_verbose.clone(),
            rustc: lab.toolchain.rustc_verbose.clone(),
        },
        host: HostInfo {
            cpu_model: host.cpu,
            cores: u32::try_from(host.cores).ok(),
            memory_bytes: host.memory_bytes,
            kernel: host.kernel,
            os: Some(host.os),
        },
        file_systems: file_systems.collect(),
        tools: [("harness".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
        options: stored.into_iter().collect(),
        ..RunInfo::new(name)
    }
}

fn execute(asked: &Asked, options: &Options, lab: &Lab, prepared: &[Prepared], writer: RunWriter) -> Result<ExitCode> {
    let dir = writer.dir().to_owned();
    let plan = asked.plan(options);
    let mut progress = Progress::new(plan.moments().len());
    let recipe = Recipe { profile: options.profile.clone(), jobs: options.jobs };
    let mut trials = Trials {
        asked,
        lab,
        recipe: &recipe,
        prepared,
        plan: &plan,
        writer,
        arm: None,
        arm_number: 0,
        memory: Memory::default(),
        measured: Duration::ZERO,
    };
    let began = Instant::now();
    let outcome = run::run(&plan, &mut trials, &mut progress);
    progress.clear();
    outcome.map_err(|error| resumable(error, lab, &dir))?;
    let Trials { writer, measured, .. } = trials;
    let mut folder = RunFolder::read(&dir)?;
    reports::costs::settle(&mut folder);
    folder.rewrite(&dir)?;
    writer.finish()?;
    lab.clear_arm()?;
    print!("{}", summary::render(&folder, &summary::Options::default()));
    println!("\n{}", time_spent(began.elapsed(), measured));
    println!("records: {}", dir.display());
    Ok(ExitCode::SUCCESS)
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

/// A scenario that edits needs the files it edits.
fn check_edits(asked: &Asked, prepared: &[Prepared]) -> Result<()> {
    let edits = asked
        .scenario
        .steps
        .iter()
        .flat_map(|step| step.once.iter().chain(&step.each))
        .any(|action| matches!(action, Action::Edit(_)));
    let missing = prepared.iter().find(|prepared| !prepared.fetched.dir().join(&prepared.workspace.edit).is_file());
    match missing {
        Some(prepared) if edits => bail!(
            "{} has no file {}; correct `edit` in the manifest",
            prepared.workspace.name,
            prepared.workspace.edit.display()
        ),
        _ => Ok(()),
    }
}

/// Runs moments for real.
struct Trials<'a> {
    asked: &'a Asked,
    lab: &'a Lab,
    recipe: &'a Recipe,
    prepared: &'a [Prepared],
    plan: &'a Plan,
    writer: RunWriter,
    arm: Option<Arm<'a>>,
    arm_number: usize,
    memory: Memory,
    /// Time inside measured builds.
    measured: Duration,
}

impl Trials<'_> {
    fn identity(&self, moment: &Moment) -> Identity {
        let info = self.writer.info();
        Identity {
            run: info.name.clone(),
            round: moment.round,
            position: moment.position,
            corpus: info.corpus.name.clone(),
            workspace: self.plan.workspaces[moment.workspace].clone(),
            scenario: info.scenario.clone(),
            step: self.plan.scenario.steps[moment.step].name.clone(),
            strategy: self.plan.arms[moment.arm].clone(),
            toolchain: self.lab.toolchain.rustc_verbose.lines().next().unwrap_or_default().to_owned(),
            profile: info.profile.clone(),
        }
    }
}

impl Executor for Trials<'_> {
    fn begin(&mut self, arm: usize) -> Result<()> {
        self.lab.supervisor.check()?;
        let (_, strategy) = self.asked.strategies[arm];
        self.arm = None;
        self.arm = Some(Arm::open(self.lab, self.recipe, strategy, self.prepared)?);
        self.arm_number = arm;
        Ok(())
    }

    fn act(&mut self, action: &Action, workspace: Option<usize>) -> Result<()> {
        self.arm.as_mut().map_or(Ok(()), |arm| arm.act(action, workspace))
    }

    fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)> {
        self.lab.supervisor.check()?;
        let identity = self.identity(moment);
        match &mut self.arm {
            Some(arm) => {
                let (row, units) = arm.measure(&identity, moment.workspace, &mut self.memory)?;
                self.measured += Duration::from_secs_f64(row.wall_s.unwrap_or_default());
                Ok((row, units))
            }
            None => bail!("no arm was begun"),
        }
    }

    fn is_recorded(&self, moment: &Moment) -> bool {
        let identity = self.identity(moment);
        self.writer.contains(&StepKey {
            run: identity.run,
            round: identity.round,
            workspace: identity.workspace,
            scenario: identity.scenario,
            step: identity.step,
            strategy: identity.strategy,
        })
    }

    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        Ok(self.writer.append(step, units)?)
    }
}
