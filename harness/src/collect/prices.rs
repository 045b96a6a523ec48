//! What every unit of a trace costs: what a run has measured, and an estimate of the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use simulation::cost::{Features, Model, Quantity, Sample};
use simulation::trace::{Amount, Fit};

use super::draft::{Draft, Priced};
use super::measured::{Amounts, Article, Measured, median};

/// Seconds and bytes of units.
#[derive(Debug)]
pub struct Prices {
    known: HashMap<(Article, bool), Known>,
    seconds: Model,
    bytes: Model,
}

/// What is known of a unit.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    seconds: Option<f64>,
    bytes: Option<f64>,
}

impl Prices {
    /// Finds measured units in the trace and fits models to them.
    ///
    /// A row of a run does not say whether a unit was optimised; of one name and profile, that of
    /// the host (for a build script or a macro) is not and the other is. The workspace that the
    /// row is of tells, if it has only one of the two; else the row is not used.
    pub fn of(draft: &Draft, measured: &Measured) -> Prices {
        let seen = Seen::of(draft);
        let mut pooled: BTreeMap<(Article, bool), Amounts> = BTreeMap::new();
        for ((workspace, article), amounts) in &measured.amounts {
            let Some(optimised) = seen.optimised(workspace, article) else { continue };
            let pool = pooled.entry((article.clone(), optimised)).or_default();
            pool.seconds.extend(&amounts.seconds);
            pool.bytes.extend(&amounts.bytes);
        }
        let known: HashMap<(Article, bool), Known> = pooled
            .into_iter()
            .map(|(at, amounts)| (at, Known { seconds: median(&amounts.seconds), bytes: median(&amounts.bytes) }))
            .collect();
        let fit = |quantity: Quantity, of: &dyn Fn(&Known) -> Option<f64>| {
            let samples = samples(draft, measured, &known, of);
            let runs = if samples.is_empty() { Vec::new() } else { measured.runs.clone() };
            Model::fit(quantity, &samples, runs)
        };
        let seconds = fit(Quantity::Seconds, &|known| known.seconds);
        let bytes = fit(Quantity::Bytes, &|known| known.bytes);
        Prices { known, seconds, bytes }
    }

    /// Seconds and bytes of a unit.
    pub fn price(&self, unit: Priced<'_>) -> (Amount, Amount) {
        let known = self.known.get(&(article(unit), unit.features.optimised)).copied().unwrap_or_default();
        (amount(known.seconds, &self.seconds, unit.features), amount(known.bytes, &self.bytes, unit.features))
    }

    /// How estimates of seconds and of bytes were made.
    pub fn fits(&self) -> (Fit, Fit) {
        (self.seconds.about().clone(), self.bytes.about().clone())
    }
}

fn amount(known: Option<f64>, model: &Model, features: &Features) -> Amount {
    let value = known.unwrap_or_else(|| model.estimate(features));
    Amount { value: value.clamp(0.0, f64::from(f32::MAX)) as f32, measured: known.is_some() }
}

/// One sample of each measured unit, as it is in a workspace it was measured in, if that is in
/// the trace: its features may be others elsewhere.
fn samples(
    draft: &Draft,
    measured: &Measured,
    known: &HashMap<(Article, bool), Known>,
    of: &dyn Fn(&Known) -> Option<f64>,
) -> Vec<Sample> {
    let mut chosen: BTreeMap<(Article, bool), (bool, Sample)> = BTreeMap::new();
    for unit in draft.units() {
        let at = (article(unit), unit.features.optimised);
        let Some(value) = known.get(&at).and_then(of) else { continue };
        let here = measured.amounts.contains_key(&(unit.workspace.to_owned(), at.0.clone()));
        if chosen.get(&at).is_some_and(|(there, _)| *there || !here) {
            continue;
        }
        let sample = Sample { package: unit.package.to_owned(), features: *unit.features, value };
        chosen.insert(at, (here, sample));
    }
    chosen.into_values().map(|(_, sample)| sample).collect()
}

fn article(unit: Priced<'_>) -> Article {
    Article {
        package: unit.package.to_owned(),
        version: unit.version.to_owned(),
        target: unit.target.to_owned(),
        kind: unit.kind.to_owned(),
        mode: unit.mode.to_owned(),
        profile: unit.profile.to_owned(),
    }
}

/// With and without optimisation: which of the two a unit is in a workspace, and anywhere.
#[derive(Default)]
struct Seen {
    here: HashMap<(String, Article), BTreeSet<bool>>,
    anywhere: HashMap<Article, BTreeSet<bool>>,
}

impl Seen {
    fn of(draft: &Draft) -> Seen {
        let mut seen = Seen::default();
        for unit in draft.units() {
            let article = article(unit);
            let optimised = unit.features.optimised;
            seen.here.entry((unit.workspace.to_owned(), article.clone())).or_default().insert(optimised);
            seen.anywhere.entry(article).or_default().insert(optimised);
        }
        seen
    }

    fn optimised(&self, workspace: &str, article: &Article) -> Option<bool> {
        let here = self.here.get(&(workspace.to_owned(), article.clone()));
        let known = here.or_else(|| self.anywhere.get(article))?;
        known.first().copied().filter(|_| known.len() == 1)
    }
}
