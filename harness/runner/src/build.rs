//! One measured build: plan, restore, cargo, publish.
//!
//! Each phase is timed apart; their sum is what the user waits. Between Cargo and publishing
//! the store's entries are read to explain misses later: that is outside every phase.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use strategies::Strategy;
use strategies::explain::Index;
use strategies::flaw::Flaw;
use strategies::graph::layout::{Layout, UnitPlace};
use strategies::graph::messages::{Messages, What};
use strategies::graph::{Graph, parse::GraphError};
use strategies::key::Context;
use strategies::store::Store;
use strategies::units::{self, Built, Plan, Published, Restored, Session, Units};

use super::deadline::Deadline;
use super::invocation::{Recipe, Site};
use super::lab::{Lab, Phase};
use super::rival::{self, Rival};
use exec::cpu::own_cpu;
use exec::observer::{self, CallKind, Compile, Summary};
use exec::process::{Finished, ProcessError, Stream};

/// Seconds of each phase, where there is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phases {
    /// Unit graph and keys.
    pub plan: Option<Duration>,
    /// Of which Cargo's own call for the unit graph.
    pub graph_call: Option<Duration>,
    /// Filling the build directory.
    pub restore: Option<Duration>,
    /// Cargo.
    pub cargo: Duration,
    /// Filling the store.
    pub publish: Option<Duration>,
}

impl Phases {
    /// What the user waits.
    pub fn wall(&self) -> Duration {
        [self.plan, self.restore, Some(self.cargo), self.publish].into_iter().flatten().sum()
    }
}

/// What the operating system accounted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// User seconds.
    pub user: Duration,
    /// System seconds.
    pub sys: Duration,
    /// Peak resident set of the largest process, bytes.
    pub max_rss: Option<u64>,
}

impl Usage {
    /// Takes in what a process used.
    pub fn add(&mut self, finished: &Finished) {
        self.user += finished.user;
        self.sys += finished.sys;
        self.max_rss = self.max_rss.max(finished.max_rss_bytes);
    }
}

/// A build and everything known of it.
#[derive(Debug)]
pub struct Build {
    /// Seconds by phase.
    pub phases: Phases,
    /// CPU and memory of its processes.
    pub usage: Usage,
    /// CPU time of this process in plan, restore and publish, if nothing else ran in it.
    pub own: Duration,
    /// What rustc did.
    pub rustc: Summary,
    /// Seconds of each unit that ran.
    pub costs: HashMap<UnitPlace, f64>,
    /// Units for which rustc really compiled something.
    pub ran: HashSet<UnitPlace>,
    /// The units, when the build succeeded.
    pub graph: Graph,
    /// What became of them.
    pub built: Built,
    /// What the strategy did, for one that restores units.
    pub cached: Option<Cached>,
}

/// What a `units` strategy did.
#[derive(Debug)]
pub struct Cached {
    /// Its plan.
    pub plan: Plan,
    /// What it restored.
    pub restored: Restored,
    /// What it published.
    pub published: Published,
    /// The store before this build, if anything is to be explained by it.
    pub before: Option<Arc<Index>>,
    /// The surroundings, for looking again.
    pub context: Context,
    /// Keeps collection away until what was handed out has been checked.
    lock: Option<std::fs::File>,
}

impl Build {
    /// Lets collection at the store again.
    pub fn release(&mut self) {
        if let Some(cached) = &mut self.cached {
            cached.lock = None;
        }
    }
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo said no; its last lines.
    #[error("{0}")]
    Failed(String),
    /// The daemon of somebody else's tool did not come up, and why: nothing was built.
    #[error("{0}")]
    NoDaemon(String),
    /// It reached its limit.
    #[error("{what} was ended, the step having reached its limit of {} s (--step-timeout); its last line: {last}", limit.as_secs())]
    TooLong {
        /// What ran.
        what: &'static str,
        /// The limit.
        limit: Duration,
        /// Its last line.
        last: String,
    },
    /// Ctrl-C, or Cargo could not be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Cargo's description of the build could not be read.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Store or build directory failed.
    #[error(transparent)]
    File(#[from] strategies::files::FileError),
    /// The observer's log could not be read.
    #[error(transparent)]
    Log(#[from] observer::log::ReadError),
}

/// Builds a site under a strategy. `before` is what the store held when the step began, where
/// others fill it at the same time.
///
/// # Errors
/// When the build fails, is interrupted, or store or build directory fail.
pub fn build(
    lab: &Lab,
    site: &Site,
    recipe: &Recipe,
    strategy: &Strategy,
    store: Option<&dyn Store>,
    before: Option<&Arc<Index>>,
) -> Result<Build, BuildError> {
    let _ = std::fs::remove_file(&site.log);
    let layout = Layout { build_dir: site.build_dir.clone() };
    match (strategy, store) {
        (Strategy::Units(units), Some(store)) => cached(lab, site, recipe, (units, store), before),
        (Strategy::External(external), _) => match &site.rival {
            Some(rival) => by_rival(lab, site, recipe, rival),
            None => Err(BuildError::Failed(format!("{} was not opened for this site", external.name()))),
        },
        _ => {
            let mut usage = Usage::default();
            lab.enter(Phase::Cargo);
            let cargo = run_cargo(lab, site, recipe, &layout, &mut usage, lab.deadline())?;
            plain(lab, site, recipe, cargo, usage, Phases::default())
        }
    }
}

/// What is known of a build whose artifacts are none of our affair.
fn plain(
    lab: &Lab,
    site: &Site,
    recipe: &Recipe,
    cargo: CargoRun,
    usage: Usage,
    phases: Phases,
) -> Result<Build, BuildError> {
    let layout = Layout { build_dir: site.build_dir.clone() };
    // Not part of the strategy: asked for afterwards and not timed.
    let (graph, _) = ask_graph(lab, site, recipe, &mut Usage::default())?;
    let built = Built::of(&graph, &layout, &cargo.messages, cargo.started);
    let Costs { rustc, seconds: costs, ran } = costs(site, &layout, &built, &cargo.messages)?;
    let phases = Phases { cargo: cargo.wall, ..phases };
    Ok(Build { phases, usage, own: Duration::ZERO, rustc, costs, ran, graph, built, cached: None })
}

/// A build by somebody else's tool: its commands before, Cargo or what stands in for it, its
/// commands after. The CPU time of its daemon counts, as far as the daemon waited for it.
fn by_rival(lab: &Lab, site: &Site, recipe: &Recipe, rival: &Rival) -> Result<Build, BuildError> {
    let layout = Layout { build_dir: site.build_dir.clone() };
    let env = rival::Env { lab, recipe };
    rival.serve()?;
    let mut usage = Usage::default();
    let before = rival.used();
    let restore = rival.before(site, &env, &mut usage)?;
    let cargo = run_cargo(lab, site, recipe, &layout, &mut usage, lab.deadline())?;
    let publish = rival.after(site, &env, &mut usage)?;
    let after = rival.used();
    usage.user += after.user.saturating_sub(before.user);
    usage.sys += after.sys.saturating_sub(before.sys);
    plain(lab, site, recipe, cargo, usage, Phases { restore, publish, ..Phases::default() })
}

fn cached(
    lab: &Lab,
    site: &Site,
    recipe: &Recipe,
    (units, store): (&Units, &dyn Store),
    before: Option<&Arc<Index>>,
) -> Result<Build, BuildError> {
    let layout = Layout { build_dir: site.build_dir.clone() };
    let mut usage = Usage::default();
    let own = own_cpu();
    let deadline = lab.deadline();

    lab.enter(Phase::Plan);
    let start = Instant::now();
    let lock = if units.has(Flaw::NoLock) { None } else { Some(store.root().lock_shared()?) };
    let toolchain = strategies::key::Digest::of(lab.toolchain.rustc_verbose.as_bytes());
    store.root().restore_rustc_info(&toolchain, &site.build_dir);
    let asked = ask_graph_within(lab, site, recipe, &mut usage, deadline)?;
    let GraphCall { graph, wall: graph_call, inspection } = asked;
    let context = context(lab, site, recipe);
    let session = Session { units, store, graph: &graph, context: &context };
    let mut plan = units::plan(&session);
    let planned = start.elapsed().saturating_sub(inspection);

    lab.enter(Phase::Restore);
    let start = Instant::now();
    let restored = units::restore(&session, &mut plan)?;
    let restore = start.elapsed();
    let own_before = own_cpu().saturating_sub(own);

    lab.enter(Phase::Cargo);
    let cargo = run_cargo(lab, site, recipe, &layout, &mut usage, deadline)?;
    let missed = plan.units.iter().any(|unit| matches!(unit.verdict, units::Verdict::Miss));
    let before = missed.then(|| before.map_or_else(|| Arc::new(Index::load(store)), Arc::clone));

    let own = own_cpu();
    let start = Instant::now();
    let built = Built::of(&graph, &layout, &cargo.messages, cargo.started);
    let matching = start.elapsed();
    let Costs { rustc, seconds: costs, ran } = costs(site, &layout, &built, &cargo.messages)?;
    lab.enter(Phase::Publish);
    let start = Instant::now();
    let published = units::publish(&session, &mut plan, &built, &costs, &site.workspace)?;
    let publish = start.elapsed() + matching;
    lab.enter(Phase::End);
    let own = own_before + own_cpu().saturating_sub(own);

    let phases = Phases {
        plan: Some(planned),
        graph_call: Some(graph_call),
        restore: Some(restore),
        cargo: cargo.wall,
        publish: Some(publish),
    };
    let cached = Some(Cached { plan, restored, published, before, context, lock });
    Ok(Build { phases, usage, own, rustc, costs, ran, graph, built, cached })
}

/// The surroundings of a build, as keys see them.
pub fn context(lab: &Lab, site: &Site, recipe: &Recipe) -> Context {
    let env = site.env(lab, recipe).into_iter();
    let env = env.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let rustc = &lab.toolchain.rustc_verbose;
    Context::new(&site.root, &recipe.cargo_home, &site.build_dir, &site.target_dir, rustc, env)
        .running_in(&site.dir)
        .with_arguments(&site.dir, &site.cargo_args)
}

/// Asks Cargo what it would run, and how long the answer took.
pub fn ask_graph(lab: &Lab, site: &Site, recipe: &Recipe, usage: &mut Usage) -> Result<(Graph, Duration), BuildError> {
    let GraphCall { graph, wall, .. } = ask_graph_within(lab, site, recipe, usage, lab.deadline())?;
    Ok((graph, wall))
}

/// Cargo's answer to a call for the unit graph.
struct GraphCall {
    graph: Graph,
    wall: Duration,
    /// The sandbox's work after it, which is not the strategy's.
    inspection: Duration,
}

fn ask_graph_within(
    lab: &Lab,
    site: &Site,
    recipe: &Recipe,
    usage: &mut Usage,
    deadline: Deadline,
) -> Result<GraphCall, BuildError> {
    let spec = deadline.on(site.cargo(lab, recipe, &site.graph_args(lab, recipe)));
    let told = |error| deadline.told("Cargo, asked for the unit graph,", error);
    let (finished, stdout) = lab.run_captured(&spec).map_err(told)?;
    if !finished.status.success() {
        return Err(BuildError::Failed(last_lines(&finished)));
    }
    usage.add(&finished);
    let graph = Graph::parse(&stdout.join("\n"))?;
    Ok(GraphCall { graph, wall: finished.wall, inspection: finished.inspection })
}

struct CargoRun {
    messages: Messages,
    started: SystemTime,
    wall: Duration,
}

fn run_cargo(
    lab: &Lab,
    site: &Site,
    recipe: &Recipe,
    layout: &Layout,
    usage: &mut Usage,
    deadline: Deadline,
) -> Result<CargoRun, BuildError> {
    let spec = deadline.on(site.build(lab, recipe));
    let mut messages = Messages::default();
    let started = SystemTime::now();
    let finished = lab.run(&spec, &mut |stream, line| {
        if stream == Stream::Stdout {
            messages.line(layout, line, now_s());
        }
    });
    let finished = finished.map_err(|error| deadline.told("Cargo", error))?;
    if !finished.status.success() {
        return Err(BuildError::Failed(last_lines(&finished)));
    }
    usage.add(&finished);
    Ok(CargoRun { messages, started, wall: finished.wall })
}

/// How many units an unmeasured build right after runs, and how long it takes.
///
/// # Errors
/// When it fails, takes too long or is interrupted.
pub fn noop(lab: &Lab, site: &Site, recipe: &Recipe, graph: &Graph) -> Result<(u64, Duration), BuildError> {
    let layout = Layout { build_dir: site.build_dir.clone() };
    let cargo = run_cargo(lab, site, recipe, &layout, &mut Usage::default(), lab.deadline());
    let cargo = cargo.map_err(|error| match error {
        BuildError::TooLong { limit, last, .. } => {
            BuildError::TooLong { what: "the no-op build after it", limit, last }
        }
        error => error,
    })?;
    let built = Built::of(graph, &layout, &cargo.messages, cargo.started);
    Ok((built.compiled.len() as u64, cargo.wall))
}

struct Costs {
    rustc: Summary,
    seconds: HashMap<UnitPlace, f64>,
    ran: HashSet<UnitPlace>,
}

/// What rustc did, and the seconds of each unit: rustc's own from the observer, a build
/// script's from its start to Cargo's message.
fn costs(site: &Site, layout: &Layout, built: &Built, messages: &Messages) -> Result<Costs, BuildError> {
    let log = observer::read_log(&site.log)?;
    let mut costs: HashMap<UnitPlace, f64> = HashMap::new();
    for compile in log.iter().filter(|compile: &&Compile| compile.kind == CallKind::Compile) {
        if let Some(place) = compile.out_dir.as_deref().and_then(|dir| layout.place_of(dir)) {
            *costs.entry(place).or_default() += compile.wall_s;
        }
    }
    let ran: HashSet<UnitPlace> = costs.keys().cloned().collect();
    for index in &built.compiled {
        if let Some((message, place)) = built.matched.units.get(index)
            // What a tool brought back instead of compiling it took no time to speak of.
            && (site.rival.is_none() || matches!(messages.units[*message].what, What::ScriptRun))
            && let Some(began) = units::tree::mark(&layout.unit_dir(place))
        {
            let took = messages.units[*message].arrived - began.as_secs_f64();
            costs.entry(place.clone()).or_insert(took.max(0.0));
        }
    }
    Ok(Costs { rustc: Summary::of(&log), seconds: costs, ran })
}

/// What went wrong: from the first error on, without what Cargo said before it.
fn last_lines(finished: &Finished) -> String {
    let lines = &finished.stderr_tail;
    let first = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    match lines[first..].join(" | ") {
        nothing if nothing.is_empty() => format!("cargo ended with exit code {}", finished.code()),
        text => text,
    }
}

fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64())
}
