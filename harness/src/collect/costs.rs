//! A trace in the making, and the costs of its units: those that a run has measured, and estimates of the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use simulation::cost::{CostModel, CostSample, Quantity, UnitFeatures};
use simulation::statistics::SortedSample;
use simulation::trace::{About, Amount, Edge, LeftOut, NodeId, Trace, TraceBuilder};
use strategies::key::Input;

use super::graphs::WorkspaceGraphs;
use super::measured::{Amounts, Measurements, UnitName};

/// The graphs of all workspaces so far; the costs of their units are not known yet.
#[derive(Debug, Default)]
pub struct TraceDraft {
    builder: TraceBuilder,
    units: Vec<CostedUnit>,
    pub(super) left_out: Vec<LeftOut>,
}

/// A unit of a plan, as far as its costs depend on it.
#[derive(Debug)]
struct CostedUnit {
    node: NodeId,
    workspace: String,
    name: UnitName,
    features: UnitFeatures,
}

impl TraceDraft {
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    pub(super) fn add(&mut self, graphs: WorkspaceGraphs) {
        self.left_out.extend(graphs.left_out);
        if graphs.plans.is_empty() {
            return;
        }
        let builder = &mut self.builder;
        let workspace = builder.workspace(&graphs.name);
        for plan in graphs.plans {
            let mut nodes = Vec::with_capacity(plan.units.len());
            for collected in plan.units {
                let mut unit = builder.unit_of(&collected.inputs, collected.source);
                unit.observed = builder.text(&collected.observed);
                unit.watches = builder.text(&collected.watches);
                let unit = builder.unit(unit);
                let mut edge = |(label, at): &(String, usize)| Edge { label: builder.text(label), node: nodes[*at] };
                let edges = collected.edges.iter().map(&mut edge).collect();
                let node = builder.node(unit, edges);
                nodes.push(node);
                let text = |input: Input| collected.inputs[input].clone();
                self.units.push(CostedUnit {
                    node,
                    workspace: graphs.name.clone(),
                    name: UnitName {
                        package: text(Input::PackageName),
                        version: text(Input::Version),
                        target: text(Input::TargetName),
                        kind: text(Input::TargetKind),
                        mode: text(Input::Mode),
                        profile: plan.command.profile.clone(),
                    },
                    features: collected.features,
                });
            }
            let roots = plan.roots.iter().map(|at| nodes[*at]).collect();
            builder.plan(workspace, plan.command.task, &plan.command.profile, nodes, roots);
        }
    }
}

#[derive(Debug)]
pub struct UnitCosts {
    measured: HashMap<(UnitName, bool), MeasuredCosts>,
    seconds: CostModel,
    bytes: CostModel,
}

#[derive(Debug, Clone, Copy, Default)]
struct MeasuredCosts {
    seconds: Option<f64>,
    bytes: Option<f64>,
}

impl UnitCosts {
    /// Looks up measured units of the trace and fits models to them.
    ///
    /// A row of a run does not say whether a unit was optimised; of one name and profile, that of the host (for a build
    /// script or a macro) is not and the other is. The workspace of the row decides, if it has only one of the two; else
    /// the row is not used.
    pub fn of(draft: &TraceDraft, measurements: &Measurements) -> UnitCosts {
        let optimisation = Optimisation::of(draft);
        let mut pooled: BTreeMap<(UnitName, bool), Amounts> = BTreeMap::new();
        for ((workspace, name), amounts) in &measurements.amounts {
            let Some(optimised) = optimisation.of_row(workspace, name) else { continue };
            let pool = pooled.entry((name.clone(), optimised)).or_default();
            pool.seconds.extend(&amounts.seconds);
            pool.bytes.extend(&amounts.bytes);
        }
        let median = |values: Vec<f64>| values.into_iter().collect::<SortedSample>().median();
        let costs = |it: Amounts| MeasuredCosts { seconds: median(it.seconds), bytes: median(it.bytes) };
        let measured = pooled.into_iter().map(|(unit, amounts)| (unit, costs(amounts))).collect();
        let fit = |quantity: Quantity, of: fn(&MeasuredCosts) -> Option<f64>| {
            let samples = samples(draft, measurements, &measured, of);
            let runs = if samples.is_empty() { Vec::new() } else { measurements.runs.clone() };
            CostModel::fit(quantity, &samples, runs)
        };
        let seconds = fit(Quantity::Seconds, |costs| costs.seconds);
        let bytes = fit(Quantity::Bytes, |costs| costs.bytes);
        UnitCosts { measured, seconds, bytes }
    }

    /// The trace of a draft, with these costs and how they were estimated.
    pub fn finish(&self, mut draft: TraceDraft, title: String, toolchain: String) -> Trace {
        for unit in &draft.units {
            let (seconds, bytes) = self.amounts(unit);
            draft.builder.cost(unit.node, seconds, bytes);
        }
        let (seconds, bytes) = (Some(self.seconds.about().clone()), Some(self.bytes.about().clone()));
        draft.builder.finish(About { title, toolchain, seconds, bytes, left_out: draft.left_out })
    }

    fn amounts(&self, unit: &CostedUnit) -> (Amount, Amount) {
        let measured = self.measured.get(&(unit.name.clone(), unit.features.optimised)).copied().unwrap_or_default();
        let amount = |known: Option<f64>, model: &CostModel| {
            let value = known.unwrap_or_else(|| model.estimate(&unit.features));
            Amount { value: value.clamp(0.0, f64::from(f32::MAX)) as f32, measured: known.is_some() }
        };
        (amount(measured.seconds, &self.seconds), amount(measured.bytes, &self.bytes))
    }
}

/// One sample of each measured unit, as it is in a workspace it was measured in, if that is in the trace: its features may
/// differ elsewhere.
fn samples(
    draft: &TraceDraft,
    measurements: &Measurements,
    measured: &HashMap<(UnitName, bool), MeasuredCosts>,
    of: fn(&MeasuredCosts) -> Option<f64>,
) -> Vec<CostSample> {
    let mut chosen: BTreeMap<(UnitName, bool), (bool, CostSample)> = BTreeMap::new();
    for CostedUnit { workspace, name, features, .. } in &draft.units {
        let unit = (name.clone(), features.optimised);
        let Some(value) = measured.get(&unit).and_then(of) else { continue };
        let here = measurements.amounts.contains_key(&(workspace.to_owned(), unit.0.clone()));
        if chosen.get(&unit).is_some_and(|(there, _)| *there || !here) {
            continue;
        }
        let sample = CostSample { package: unit.0.package.clone(), features: *features, value };
        chosen.insert(unit, (here, sample));
    }
    chosen.into_values().map(|(_, sample)| sample).collect()
}

/// With and without optimisation: which of the two a unit is in a workspace, and anywhere.
#[derive(Default)]
struct Optimisation {
    here: HashMap<(String, UnitName), BTreeSet<bool>>,
    anywhere: HashMap<UnitName, BTreeSet<bool>>,
}

impl Optimisation {
    fn of(draft: &TraceDraft) -> Optimisation {
        let mut seen = Optimisation::default();
        for CostedUnit { workspace, name, features: UnitFeatures { optimised, .. }, .. } in &draft.units {
            seen.here.entry((workspace.to_owned(), name.clone())).or_default().insert(*optimised);
            seen.anywhere.entry(name.clone()).or_default().insert(*optimised);
        }
        seen
    }

    fn of_row(&self, workspace: &str, name: &UnitName) -> Option<bool> {
        let here = self.here.get(&(workspace.to_owned(), name.clone()));
        let known = here.or_else(|| self.anywhere.get(name))?;
        known.first().copied().filter(|_| known.len() == 1)
    }
}
