//! What a trace contains, in numbers.
//!
//! Everything but the table of commands is about one plan of each workspace: its development build, or its first plan
//! where it has none.

mod packages;
mod sample;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::trace::{NodeId, Trace, TracePlan, TraceSource, TraceTask, TraceUnit};

pub use packages::PackageStatistics;
pub use sample::{SortedSample, effective};

/// What a trace contains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceStatistics {
    /// Its title.
    pub title: String,
    /// Workspaces in it.
    pub workspaces: u64,
    /// Plans of all workspaces.
    pub plans: u64,
    /// Units that all plans run together.
    pub unit_builds: u64,
    /// Distinct units, dependencies aside.
    pub units: u64,
    /// Distinct units with their dependencies.
    pub nodes: u64,
    /// Events over time.
    pub events: u64,
    /// Each command, in order of its label.
    pub commands: Vec<CommandStatistics>,
    /// Kinds of units in development builds.
    pub kinds: Vec<KindShare>,
    /// Share of the seconds of all plans that were measured; the rest is estimated.
    pub measured: f64,
    /// Share of units that belong to path packages.
    pub local: f64,
    /// What packages are used, and how.
    pub packages: PackageStatistics,
    /// Share of a workspace's units that one other workspace has, too; over ordered pairs.
    pub reuse_units: SortedSample,
    /// The same by seconds.
    pub reuse_seconds: SortedSample,
    /// Share of all units that any other workspace has, too.
    pub reuse_anywhere: f64,
}

/// A command over all workspaces that have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandStatistics {
    /// `dev build`.
    pub label: String,
    /// Units of a workspace.
    pub units: SortedSample,
    /// Seconds of a workspace, all units one after another.
    pub seconds: SortedSample,
    /// Bytes of a workspace.
    pub bytes: SortedSample,
}

/// A kind of units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KindShare {
    /// `lib`, `proc-macro`, `script compile`, `script run`, `bin and test`.
    pub kind: &'static str,
    /// Share of the units.
    pub units: f64,
    /// Share of the seconds.
    pub seconds: f64,
}

/// Every kind, in the order in which they are listed.
const KINDS: [&str; 5] = ["lib", "proc-macro", "script compile", "script run", "bin and test"];

impl TraceStatistics {
    /// The statistics of a trace.
    pub fn of(trace: &Trace) -> TraceStatistics {
        let mains = main_plans(trace);
        let units = mains.iter().map(|plan| plan.nodes.len()).sum::<usize>();
        let local = mains.iter().flat_map(|plan| &plan.nodes).filter(|node| is_local(trace, **node)).count();
        let mut statistics = TraceStatistics {
            title: trace.about.title.clone(),
            workspaces: trace.workspaces.len() as u64,
            plans: trace.plans.len() as u64,
            unit_builds: trace.unit_builds(),
            units: trace.units.len() as u64,
            nodes: trace.nodes.len() as u64,
            events: trace.events.len() as u64,
            commands: commands(trace),
            kinds: kinds(trace, &mains),
            measured: trace.measured_share().unwrap_or_default(),
            local: share(local as f64, units as f64),
            packages: PackageStatistics::of(trace, &mains),
            ..TraceStatistics::default()
        };
        statistics.count_reuse(trace, &mains);
        statistics
    }

    /// What workspaces have in common. A node is a unit with all that it depends on, so two workspaces share one
    /// exactly when no key, however relaxed, could tell their units apart. Units of path packages are never shared.
    fn count_reuse(&mut self, trace: &Trace, plans: &[&TracePlan]) {
        let foreign = |plan: &&TracePlan| -> Vec<NodeId> {
            let mut nodes: Vec<NodeId> = plan.nodes.iter().copied().filter(|node| !is_local(trace, *node)).collect();
            nodes.dedup();
            nodes
        };
        let sets: Vec<Vec<NodeId>> = plans.iter().map(foreign).collect();
        let seconds = |nodes: &[NodeId]| nodes.iter().map(|node| trace.seconds(*node)).sum();
        let totals: Vec<f64> = plans.iter().map(|plan| seconds(&plan.nodes)).collect();
        let (mut by_units, mut by_seconds) = (Vec::new(), Vec::new());
        for left in 0..plans.len() {
            for right in (0..plans.len()).filter(|right| *right != left) {
                let common = common(&sets[left], &sets[right]);
                by_units.push(share(common.len() as f64, plans[left].nodes.len() as f64));
                by_seconds.push(share(seconds(&common), totals[left]));
            }
        }
        let mut owners = vec![0u32; trace.nodes.len()];
        sets.iter().flatten().for_each(|node| owners[node.at()] += 1);
        let shared = sets.iter().flatten().filter(|node| owners[node.at()] > 1).count();
        let all: usize = plans.iter().map(|plan| plan.nodes.len()).sum();
        self.reuse_units = by_units.into_iter().collect();
        self.reuse_seconds = by_seconds.into_iter().collect();
        self.reuse_anywhere = share(shared as f64, all as f64);
    }
}

/// The elements of one ascending list that another has, too.
fn common(left: &[NodeId], right: &[NodeId]) -> Vec<NodeId> {
    let mut others = right.iter().copied().peekable();
    let mut has = |node: NodeId| {
        while others.next_if(|it| *it < node).is_some() {}
        others.peek() == Some(&node)
    };
    left.iter().copied().filter(|node| has(*node)).collect()
}

/// One plan of each workspace that has any, in the order of workspaces: the first development build, or the first plan.
fn main_plans(trace: &Trace) -> Vec<&TracePlan> {
    let mut plans: BTreeMap<u32, &TracePlan> = BTreeMap::new();
    let is_main = |plan: &TracePlan| plan.task == TraceTask::Build && trace.text(plan.profile) == "dev";
    for plan in &trace.plans {
        let first = plans.entry(plan.workspace.0).or_insert(plan);
        if is_main(plan) && !is_main(first) {
            *first = plan;
        }
    }
    plans.into_values().collect()
}

/// Whether a node belongs to a path package.
fn is_local(trace: &Trace, node: NodeId) -> bool {
    trace.unit(node).source == TraceSource::Path
}

fn commands(trace: &Trace) -> Vec<CommandStatistics> {
    let mut labels: BTreeMap<String, Vec<&TracePlan>> = BTreeMap::new();
    for plan in &trace.plans {
        labels.entry(trace.command(plan)).or_default().push(plan);
    }
    let of = |(label, plans): (String, Vec<&TracePlan>)| CommandStatistics {
        label,
        units: plans.iter().map(|plan| plan.nodes.len() as f64).collect(),
        seconds: plans.iter().map(|plan| plan.nodes.iter().map(|node| trace.seconds(*node)).sum()).collect(),
        bytes: plans.iter().map(|plan| plan.nodes.iter().map(|node| trace.bytes(*node)).sum()).collect(),
    };
    labels.into_iter().map(of).collect()
}

fn kinds(trace: &Trace, plans: &[&TracePlan]) -> Vec<KindShare> {
    let (mut units, mut seconds) = ([0f64; KINDS.len()], [0f64; KINDS.len()]);
    for node in plans.iter().flat_map(|plan| &plan.nodes) {
        let at = kind(trace, trace.unit(*node));
        units[at] += 1.0;
        seconds[at] += trace.seconds(*node);
    }
    let (all_units, all_seconds) = (units.iter().sum(), seconds.iter().sum());
    let of =
        |(at, kind)| KindShare { kind, units: share(units[at], all_units), seconds: share(seconds[at], all_seconds) };
    KINDS.into_iter().enumerate().map(of).collect()
}

/// Index of a unit's kind in [`KINDS`].
fn kind(trace: &Trace, unit: &TraceUnit) -> usize {
    let has = |kind: &str| trace.text(unit.kind).split(',').any(|it| it == kind);
    match trace.text(unit.mode) {
        "run-custom-build" => 3,
        "test" => 4,
        _ if has("custom-build") => 2,
        _ if has("proc-macro") => 1,
        _ if ["bin", "test", "bench", "example"].into_iter().any(has) => 4,
        _ => 0,
    }
}

/// A share; 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}
