//! A trace in the making: units and edges are known, what they cost is not yet.

use simulation::cost::Features;
use simulation::trace::{About, Amount, Builder, Edge, LeftOut, Task, Text, Trace, UnitId, WorkspaceId};

use super::command::Command;
use super::graphs::{PlanGraph, WorkspaceGraphs};

/// Units and edges of all workspaces so far.
#[derive(Debug, Default)]
pub struct Draft {
    builder: Builder,
    plans: Vec<DraftPlan>,
    /// What could not be had.
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug)]
struct DraftPlan {
    workspace: WorkspaceId,
    command: Command,
    units: Vec<DraftUnit>,
    roots: Vec<usize>,
}

#[derive(Debug)]
struct DraftUnit {
    unit: UnitId,
    features: Features,
    edges: Vec<(Text, usize)>,
}

/// A unit of a plan, as its price is looked up.
#[derive(Debug, Clone, Copy)]
pub struct Priced<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    /// Package name.
    pub package: &'a str,
    /// Package version.
    pub version: &'a str,
    /// Name of the target.
    pub target: &'a str,
    /// Kinds of the target, joined by commas.
    pub kind: &'a str,
    /// What Cargo does with it.
    pub mode: &'a str,
    /// The profile asked for.
    pub profile: &'a str,
    /// What an estimate goes by.
    pub features: &'a Features,
}

impl Draft {
    /// Adds what a workspace has.
    pub fn add(&mut self, graphs: WorkspaceGraphs) {
        self.left_out.extend(graphs.left_out);
        if graphs.plans.is_empty() {
            return;
        }
        let units = graphs.plans.iter().flat_map(|plan| &plan.units);
        let locked = units.map(|unit| unit.published).max().unwrap_or(0);
        let workspace = self.builder.workspace(&graphs.name, locked);
        for plan in graphs.plans {
            self.add_plan(workspace, plan);
        }
    }

    fn add_plan(&mut self, workspace: WorkspaceId, plan: PlanGraph) {
        let builder = &mut self.builder;
        let units = plan.units.into_iter().map(|seen| {
            let mut unit = builder.unit_of(&seen.inputs, &seen.package, seen.source);
            unit.observed = builder.text(&seen.observed);
            unit.published = seen.published;
            unit.watches = builder.text(&seen.watches);
            let edges = seen.edges.iter().map(|(label, at)| (builder.text(label), *at)).collect();
            DraftUnit { unit: builder.unit(unit), features: seen.features, edges }
        });
        let units = units.collect();
        self.plans.push(DraftPlan { workspace, command: plan.command, units, roots: plan.roots });
    }

    /// Whether nothing could be had of any workspace.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// Every unit of every plan.
    pub fn units(&self) -> impl Iterator<Item = Priced<'_>> {
        let trace = self.builder.so_far();
        self.plans.iter().flat_map(move |plan| plan.units.iter().map(move |unit| priced(trace, plan, unit)))
    }

    /// The trace, with what each unit costs: seconds, bytes.
    pub fn finish(mut self, price: impl Fn(Priced<'_>) -> (Amount, Amount), about: About) -> Trace {
        for plan in &self.plans {
            let mut nodes = Vec::with_capacity(plan.units.len());
            for unit in &plan.units {
                let edges = unit.edges.iter().map(|(label, at)| Edge { label: *label, node: nodes[*at] }).collect();
                let (seconds, bytes) = price(priced(self.builder.so_far(), plan, unit));
                nodes.push(self.builder.node(unit.unit, edges, seconds, bytes));
            }
            let roots = plan.roots.iter().map(|at| nodes[*at]).collect();
            let (task, profile): (Task, &str) = (plan.command.task, &plan.command.profile);
            self.builder.plan(plan.workspace, task, profile, nodes, roots);
        }
        self.builder.finish(About { left_out: self.left_out, ..about })
    }
}

fn priced<'a>(trace: &'a Trace, plan: &'a DraftPlan, unit: &'a DraftUnit) -> Priced<'a> {
    let known = &trace.units[unit.unit.at()];
    Priced {
        workspace: trace.text(trace.workspaces[plan.workspace.at()].name),
        package: trace.text(known.package_name),
        version: trace.text(known.version),
        target: trace.text(known.target),
        kind: trace.text(known.kind),
        mode: trace.text(known.mode),
        profile: &plan.command.profile,
        features: &unit.features,
    }
}
