//! The parts of a measured build that integrations share: Cargo itself, its unit graph, what the
//! observer saw, and the no-op build after it.
//!
//! Each phase is timed apart; their sum is what the user waits. What is only needed to explain a
//! build (a second unit graph, the store's entries) is read outside every phase.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use strategies::explain::EntryIndex;
use strategies::graph::layout::{self, UnitPlace};
use strategies::graph::matching::BuiltUnits;
use strategies::graph::messages::{Messages, ReportedKind};
use strategies::graph::{Graph, UnitIndex};
use strategies::key::Context;
use strategies::units::{PublishOutcome, RestoreOutcome, RestorePlan};

use super::build_env::BuildEnv;
use super::deadline::{BuildError, Deadline};
use super::invocation::{BuildOptions, Site};
use exec::observer::{self, CallKind, Compile, Summary};
use exec::process::{Finished, Stream};

/// Seconds of each phase, where there is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuildPhases {
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

impl BuildPhases {
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
    pub(crate) fn add(&mut self, finished: &Finished) {
        self.user += finished.user;
        self.sys += finished.sys;
        self.max_rss = self.max_rss.max(finished.max_rss_bytes);
    }
}

/// A build and everything known of it.
#[derive(Debug)]
pub struct Build {
    /// Seconds by phase.
    pub phases: BuildPhases,
    /// CPU and memory of its processes.
    pub usage: Usage,
    /// CPU time of this process in plan, restore and publish, if nothing else ran in it.
    pub own: Duration,
    /// What rustc did.
    pub rustc: Summary,
    /// Compiles whose output went elsewhere than below the build directory: of which unit is not known.
    pub astray: u64,
    /// Seconds of each unit that ran.
    pub costs: HashMap<UnitPlace, f64>,
    /// Units for which rustc really compiled something.
    pub ran: HashSet<UnitPlace>,
    /// The units, when the build succeeded.
    pub graph: Graph,
    /// Which of them Cargo ran, and which it called fresh.
    pub built: BuiltUnits,
    /// What the strategy did, for one that restores units.
    pub cached: Option<CacheActions>,
}

/// What a `units` strategy did.
#[derive(Debug)]
pub struct CacheActions {
    /// Its plan.
    pub plan: RestorePlan,
    /// What it restored.
    pub restored: RestoreOutcome,
    /// What it published.
    pub published: PublishOutcome,
    /// The store before this build, if anything is to be explained by it.
    pub before: Option<Arc<EntryIndex>>,
    /// The surroundings of the build, as keys see them.
    pub context: Context,
    /// Keeps collection away until what was handed out has been checked.
    pub(crate) lock: Option<std::fs::File>,
}

impl Build {
    /// Allows collection of the store again.
    pub fn release(&mut self) {
        if let Some(cached) = &mut self.cached {
            cached.lock = None;
        }
    }

    /// Whether Cargo called a unit fresh.
    pub fn is_fresh(&self, index: UnitIndex) -> bool {
        self.built.fresh.binary_search(&index).is_ok()
    }

    /// Whether Cargo ran a unit.
    pub fn is_compiled(&self, index: UnitIndex) -> bool {
        self.built.compiled.binary_search(&index).is_ok()
    }

    /// Seconds of a unit, where it ran.
    pub fn cost(&self, index: UnitIndex) -> Option<f64> {
        let (_, place) = self.built.matched.units.get(&index)?;
        self.costs.get(place).copied()
    }
}

/// The build that a Cargo without restored units made. `opaque` says that a tool may have brought
/// units back instead of compiling them.
pub fn describe_build(
    (env, site, options): (&BuildEnv, &Site, &BuildOptions),
    cargo: CargoRun,
    usage: Usage,
    phases: BuildPhases,
    opaque: bool,
) -> Result<Build, BuildError> {
    // Not part of the strategy: asked for afterwards and not timed.
    let graph = ask_graph(env, site, options, &mut Usage::default(), env.deadline())?.graph;
    let built = BuiltUnits::of(&graph, &site.layout(), &cargo.messages, cargo.started);
    let CompileCosts { rustc, astray, seconds: costs, ran } = CompileCosts::of(site, &built, &cargo.messages, opaque)?;
    let phases = BuildPhases { cargo: cargo.wall, ..phases };
    Ok(Build { phases, usage, own: Duration::ZERO, rustc, astray, costs, ran, graph, built, cached: None })
}

/// The surroundings of a build, as keys see them.
pub fn context(env: &BuildEnv, site: &Site, options: &BuildOptions) -> Context {
    let variables = site.env(env, options).into_iter();
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = variables.filter_map(text).collect();
    Context::new(&site.root, &options.cargo_home, &site.build_dir, &site.target_dir, &env.compiler, variables)
        .on_processor(&env.processor)
        .running_in(&site.dir)
        .with_arguments(&site.dir, &site.cargo_args)
}

/// Cargo's answer to a call for the unit graph.
#[derive(Debug)]
pub struct GraphCall {
    /// The units.
    pub graph: Graph,
    /// How long the answer took.
    pub wall: Duration,
    /// The sandbox's work after it, which is not the strategy's.
    pub inspection: Duration,
}

/// Asks Cargo for the unit graph.
pub fn ask_graph(
    env: &BuildEnv,
    site: &Site,
    options: &BuildOptions,
    usage: &mut Usage,
    deadline: Deadline,
) -> Result<GraphCall, BuildError> {
    let spec = deadline.on(site.cargo(env, options, &site.graph_args(env, options)));
    let annotate = |error| deadline.annotate("Cargo, asked for the unit graph,", error);
    let (finished, stdout) = env.run_captured(&spec).map_err(annotate)?;
    if !finished.status.success() {
        return Err(BuildError::Failed(last_lines(&finished)));
    }
    usage.add(&finished);
    let graph = Graph::parse(&stdout.join("\n"))?;
    Ok(GraphCall { graph, wall: finished.wall, inspection: finished.inspection })
}

/// A Cargo that ended well.
#[derive(Debug)]
pub struct CargoRun {
    pub(crate) messages: Messages,
    pub(crate) started: SystemTime,
    pub(crate) wall: Duration,
}

/// Runs the build of a site.
pub fn run_cargo(
    env: &BuildEnv,
    site: &Site,
    options: &BuildOptions,
    usage: &mut Usage,
    deadline: Deadline,
) -> Result<CargoRun, BuildError> {
    let layout = site.layout();
    let spec = deadline.on(site.build(env, options));
    let mut messages = Messages::default();
    let started = SystemTime::now();
    let finished = env.run(&spec, &mut |stream, line| {
        if stream == Stream::Stdout {
            messages.line(&layout, line, now_s());
        }
    });
    let finished = finished.map_err(|error| deadline.annotate("Cargo", error))?;
    if !finished.status.success() {
        return Err(BuildError::Failed(last_lines(&finished)));
    }
    usage.add(&finished);
    Ok(CargoRun { messages, started, wall: finished.wall })
}

/// How many units an unmeasured build right after runs, and how long it takes.
pub fn noop(env: &BuildEnv, site: &Site, options: &BuildOptions, graph: &Graph) -> Result<(u64, Duration), BuildError> {
    let cargo = run_cargo(env, site, options, &mut Usage::default(), env.deadline());
    let cargo = cargo.map_err(|error| match error {
        BuildError::TooLong { limit, last, .. } => {
            BuildError::TooLong { what: "the no-op build after it", limit, last }
        }
        error => error,
    })?;
    let built = BuiltUnits::of(graph, &site.layout(), &cargo.messages, cargo.started);
    Ok((built.compiled.len() as u64, cargo.wall))
}

/// What rustc did, and the seconds of each unit.
#[derive(Debug)]
pub(crate) struct CompileCosts {
    pub(crate) rustc: Summary,
    pub(crate) astray: u64,
    pub(crate) seconds: HashMap<UnitPlace, f64>,
    pub(crate) ran: HashSet<UnitPlace>,
}

impl CompileCosts {
    /// Seconds of rustc from the observer, those of a build script from its start to Cargo's message.
    pub(crate) fn of(
        site: &Site,
        built: &BuiltUnits,
        messages: &Messages,
        opaque: bool,
    ) -> Result<CompileCosts, BuildError> {
        let layout = site.layout();
        let log = observer::read_log(&site.log)?;
        let mut seconds: HashMap<UnitPlace, f64> = HashMap::new();
        let mut astray = 0;
        let real_build_dir = site.build_dir.canonicalize().unwrap_or_else(|_| site.build_dir.clone());
        for compile in log.iter().filter(|compile: &&Compile| compile.kind == CallKind::Compile) {
            if let Some(place) = compile.out_dir.as_deref().and_then(|dir| layout.place_of(dir)) {
                *seconds.entry(place).or_default() += compile.wall_s;
            } else if !compile.out_dir.as_deref().is_some_and(|dir| {
                // A build script may build with a Cargo of its own in its OUT_DIR.
                dir.starts_with(&site.build_dir) || dir.starts_with(&real_build_dir)
            }) {
                astray += 1;
            }
        }
        let ran: HashSet<UnitPlace> = seconds.keys().cloned().collect();
        for index in &built.compiled {
            if let Some((message, place)) = built.matched.units.get(index)
                // What a tool brought back instead of compiling it took no time to speak of.
                && (!opaque || matches!(messages.units[*message].what, ReportedKind::ScriptRun))
                && let Some(began) = layout::invoked_at(&layout.unit_dir(place))
            {
                let took = messages.units[*message].arrived - began.as_secs_f64();
                seconds.entry(place.clone()).or_insert(took.max(0.0));
            }
        }
        Ok(CompileCosts { rustc: Summary::of(&log), astray, seconds, ran })
    }
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
