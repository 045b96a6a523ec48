//! A trace in the making: units and edges are known, their costs are not yet.

use simulation::cost::UnitFeatures;
use simulation::trace::{About, Amount, Edge, LeftOut, Text, Trace, TraceBuilder, UnitId, WorkspaceId};

use strategies::key::Input;

use super::choose::TraceCommand;
use super::graphs::{PlanGraph, WorkspaceGraphs};
use super::measured::UnitName;

#[derive(Debug, Default)]
pub struct TraceDraft {
    builder: TraceBuilder,
    plans: Vec<PlanDraft>,
    pub(super) left_out: Vec<LeftOut>,
}

#[derive(Debug)]
struct PlanDraft {
    workspace: WorkspaceId,
    command: TraceCommand,
    units: Vec<UnitDraft>,
    roots: Vec<usize>,
}

#[derive(Debug)]
struct UnitDraft {
    unit: UnitId,
    features: UnitFeatures,
    edges: Vec<(Text, usize)>,
}

/// A unit of a plan, as far as its costs depend on it.
pub(super) struct CostedUnit<'a> {
    pub workspace: &'a str,
    pub name: UnitName,
    pub features: &'a UnitFeatures,
}

impl TraceDraft {
    pub(super) fn add(&mut self, graphs: WorkspaceGraphs) {
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
        let units = plan.units.into_iter().map(|collected| {
            let mut unit = builder.unit_of(&collected.inputs, collected.source);
            unit.observed = builder.text(&collected.observed);
            unit.published = collected.published;
            unit.watches = builder.text(&collected.watches);
            let edges = collected.edges.iter().map(|(label, at)| (builder.text(label), *at)).collect();
            UnitDraft { unit: builder.unit(unit), features: collected.features, edges }
        });
        let units = units.collect();
        self.plans.push(PlanDraft { workspace, command: plan.command, units, roots: plan.roots });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    pub(super) fn units(&self) -> impl Iterator<Item = CostedUnit<'_>> {
        let builder = &self.builder;
        self.plans.iter().flat_map(move |plan| plan.units.iter().map(move |unit| costed(builder, plan, unit)))
    }

    /// The trace, with the seconds and bytes of each unit.
    pub(super) fn finish(mut self, costs: impl Fn(&CostedUnit<'_>) -> (Amount, Amount), about: About) -> Trace {
        for plan in &self.plans {
            let mut nodes = Vec::with_capacity(plan.units.len());
            for unit in &plan.units {
                let edges = unit.edges.iter().map(|(label, at)| Edge { label: *label, node: nodes[*at] }).collect();
                let (seconds, bytes) = costs(&costed(&self.builder, plan, unit));
                nodes.push(self.builder.node(unit.unit, edges, seconds, bytes));
            }
            let roots = plan.roots.iter().map(|at| nodes[*at]).collect();
            self.builder.plan(plan.workspace, plan.command.task, &plan.command.profile, nodes, roots);
        }
        self.builder.finish(About { left_out: self.left_out, ..about })
    }
}

fn costed<'a>(builder: &'a TraceBuilder, plan: &'a PlanDraft, unit: &'a UnitDraft) -> CostedUnit<'a> {
    let known = builder.unit_at(unit.unit);
    let text = |text: Text| builder.text_at(text).to_owned();
    CostedUnit {
        workspace: builder.workspace_name(plan.workspace),
        name: UnitName {
            package: text(known[Input::PackageName]),
            version: text(known[Input::Version]),
            target: text(known[Input::TargetName]),
            kind: text(known[Input::TargetKind]),
            mode: text(known[Input::Mode]),
            profile: plan.command.profile.clone(),
        },
        features: &unit.features,
    }
}
