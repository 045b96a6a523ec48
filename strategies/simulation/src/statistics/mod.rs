//! What a trace looks like, in numbers: goes in a [`Trace`], comes out a [`Statistics`], which is
//! printed as a table or laid beside that of another trace.
//!
//! Everything but the table of commands is about one plan of each workspace: its development
//! build, or the first plan that it has where it has none.
//!
//! - `sample`: values of one quantity: quartiles, effective numbers, distances
//! - `packages`: popularity, versions, features, profiles and ages of packages
//! - `reuse`: how much of a build another workspace would have built, too
//! - `table`: one trace as text
//! - `compare`: two traces side by side

mod compare;
mod packages;
mod reuse;
mod sample;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::trace::{NodeId, Plan, Source, Task, Trace, Unit};

pub use compare::{Comparison, compare};
pub use packages::Packages;
pub(crate) use packages::range;
pub use reuse::Reuse;
pub use sample::{Sample, effective};

/// What a trace looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
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
    /// Distinct units on their dependencies.
    pub nodes: u64,
    /// Events over time.
    pub events: u64,
    /// Each command, in order of its label.
    pub commands: Vec<Command>,
    /// Kinds of units in development builds.
    pub kinds: Vec<Share>,
    /// Share of the seconds of all plans that were measured; the rest is estimated.
    pub measured: f64,
    /// Share of units that belong to path packages.
    pub local: f64,
    /// What packages are used, and how.
    pub packages: Packages,
    /// What workspaces have in common.
    pub reuse: Reuse,
}

/// A command over all workspaces that have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Command {
    /// `dev build`.
    pub label: String,
    /// Units of a workspace.
    pub units: Sample,
    /// Seconds of a workspace, all units one after another.
    pub seconds: Sample,
    /// Bytes of a workspace.
    pub bytes: Sample,
}

/// A kind of units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Share {
    /// `lib`, `proc-macro`, `script compile`, `script run`, `bin and test`.
    pub kind: &'static str,
    /// Share of the units.
    pub units: f64,
    /// Share of the seconds.
    pub seconds: f64,
}

/// Every kind, in the order in which they are listed.
const KINDS: [&str; 5] = ["lib", "proc-macro", "script compile", "script run", "bin and test"];

impl Statistics {
    /// Looks at a trace.
    pub fn of(trace: &Trace) -> Statistics {
        let mains = main_plans(trace);
        let seconds = |measured: bool| -> f64 {
            let nodes = trace.plans.iter().flat_map(|plan| &plan.nodes).map(|node| trace.nodes[node.at()].seconds);
            let wanted = nodes.filter(|amount| amount.measured || !measured);
            wanted.fold(0.0, |sum, amount| sum + f64::from(amount.value))
        };
        let units = mains.iter().map(|plan| plan.nodes.len()).sum::<usize>();
        let local = mains.iter().flat_map(|plan| &plan.nodes).filter(|node| is_local(trace, **node)).count();
        Statistics {
            title: trace.about.title.clone(),
            workspaces: trace.workspaces.len() as u64,
            plans: trace.plans.len() as u64,
            unit_builds: trace.unit_builds(),
            units: trace.units.len() as u64,
            nodes: trace.nodes.len() as u64,
            events: trace.events.len() as u64,
            commands: commands(trace),
            kinds: kinds(trace, &mains),
            measured: share(seconds(true), seconds(false)),
            local: share(local as f64, units as f64),
            packages: Packages::of(trace, &mains),
            reuse: Reuse::of(trace, &mains),
        }
    }
}

/// One plan of each workspace that has any, in the order of workspaces: the first development
/// build, or the first plan of all.
pub(crate) fn main_plans(trace: &Trace) -> Vec<&Plan> {
    let mut found: BTreeMap<u32, &Plan> = BTreeMap::new();
    let is_main = |plan: &Plan| plan.task == Task::Build && trace.text(plan.profile) == "dev";
    for plan in &trace.plans {
        let known = found.entry(plan.workspace.0).or_insert(plan);
        if is_main(plan) && !is_main(known) {
            *known = plan;
        }
    }
    found.into_values().collect()
}

/// Whether a node belongs to a path package.
fn is_local(trace: &Trace, node: NodeId) -> bool {
    trace.unit(node).source == Source::Path
}

fn commands(trace: &Trace) -> Vec<Command> {
    let mut labels: BTreeMap<String, Vec<&Plan>> = BTreeMap::new();
    for plan in &trace.plans {
        labels.entry(trace.command(plan)).or_default().push(plan);
    }
    let of = |(label, plans): (String, Vec<&Plan>)| {
        let sum = |amount: &dyn Fn(NodeId) -> f32| {
            plans.iter().map(|plan| plan.nodes.iter().map(|node| f64::from(amount(*node))).sum()).collect()
        };
        Command {
            label,
            units: plans.iter().map(|plan| plan.nodes.len() as f64).collect(),
            seconds: sum(&|node| trace.nodes[node.at()].seconds.value),
            bytes: sum(&|node| trace.nodes[node.at()].bytes.value),
        }
    };
    labels.into_iter().map(of).collect()
}

fn kinds(trace: &Trace, plans: &[&Plan]) -> Vec<Share> {
    let (mut units, mut seconds) = ([0f64; KINDS.len()], [0f64; KINDS.len()]);
    for node in plans.iter().flat_map(|plan| &plan.nodes) {
        let at = kind(trace, trace.unit(*node));
        units[at] += 1.0;
        seconds[at] += f64::from(trace.nodes[node.at()].seconds.value);
    }
    let (all_units, all_seconds) = (units.iter().sum(), seconds.iter().sum());
    let of = |(at, kind)| Share { kind, units: share(units[at], all_units), seconds: share(seconds[at], all_seconds) };
    KINDS.into_iter().enumerate().map(of).collect()
}

/// Index of a unit's kind in [`KINDS`].
fn kind(trace: &Trace, unit: &Unit) -> usize {
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

/// A share of something; 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}
