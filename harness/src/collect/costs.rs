//! The costs of every unit of a trace: those that a run has measured, and estimates of the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use simulation::cost::{CostModel, CostSample, Quantity, UnitFeatures};
use simulation::statistics::SortedSample;
use simulation::trace::{About, Amount, Fit, Trace};

use super::draft::{CostedUnit, TraceDraft};
use super::measured::{Amounts, Measurements, UnitName};

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
    pub fn finish(&self, draft: TraceDraft, title: String, toolchain: String) -> Trace {
        let fit = |model: &CostModel| -> Option<Fit> { Some(model.about().clone()) };
        let (seconds, bytes) = (fit(&self.seconds), fit(&self.bytes));
        draft.finish(|unit| self.amounts(unit), About { title, toolchain, seconds, bytes, ..About::default() })
    }

    fn amounts(&self, unit: &CostedUnit<'_>) -> (Amount, Amount) {
        let measured = self.measured.get(&(unit.name.clone(), unit.features.optimised)).copied().unwrap_or_default();
        let amount = |known: Option<f64>, model: &CostModel| {
            let value = known.unwrap_or_else(|| model.estimate(unit.features));
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
    for CostedUnit { workspace, name, features } in draft.units() {
        let unit = (name, features.optimised);
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
        for CostedUnit { workspace, name, features: UnitFeatures { optimised, .. } } in draft.units() {
            seen.here.entry((workspace.to_owned(), name.clone())).or_default().insert(*optimised);
            seen.anywhere.entry(name).or_default().insert(*optimised);
        }
        seen
    }

    fn of_row(&self, workspace: &str, name: &UnitName) -> Option<bool> {
        let here = self.here.get(&(workspace.to_owned(), name.clone()));
        let known = here.or_else(|| self.anywhere.get(name))?;
        known.first().copied().filter(|_| known.len() == 1)
    }
}
