//! The model: in each group of units `ln amount = constant + Σ slope × feature`, and what stands in for it where too
//! little was measured.
//!
//! The exponential of an estimated logarithm is the median of such units, and medians add up to too little: sums of
//! compile times are carried by the few units that take long. Duan's smearing estimate repairs that without an
//! assumption on how errors are distributed: the estimate is `exp(prediction) × mean(exp(residual))`. (Duan, *Smearing
//! Estimate: A Nonparametric Retransformation Method*, JASA 78, 1983.) It takes the errors of large units to be as wide
//! as those of small ones. They are not, and what is wanted are sums, so the mean is weighted by `exp(prediction)`;
//! with those weights it is `Σ measured ÷ Σ exp(prediction)`, and the samples' own sum comes out right in each group.

use std::collections::{BTreeSet, HashMap};

use super::features::{COLUMNS, CostGroup, GROUPS, UnitFeatures, UnitKind};
use super::least_squares::Plane;
use crate::trace::Fit;

/// With fewer samples constants are used instead of a model.
pub const ENOUGH: usize = 30;

/// With fewer samples a group has the plane of all groups.
const ENOUGH_OF_A_GROUP: usize = 10;

/// How far below the least sample an estimate may be. None is above the largest of its group: a straight line does not
/// predict what was never observed, and a few such units would be most of a sum.
const MARGIN: f64 = 4.0;

/// No estimate is larger, so that sums are finite.
const MOST: f64 = 1e30;

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Seconds it takes to make.
    Seconds,
    /// Bytes of what it makes.
    Bytes,
}

/// A unit that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct CostSample {
    /// Its package: all samples of one are in one fold.
    pub package: String,
    /// What is known of it without a compile.
    pub features: UnitFeatures,
    /// The measured seconds or bytes.
    pub value: f64,
}

/// Estimates an amount.
#[derive(Debug, Clone, PartialEq)]
pub struct CostModel {
    quantity: Quantity,
    fitted: Option<GroupModels>,
    fit: Fit,
}

#[derive(Debug, Clone, PartialEq)]
struct GroupModels {
    groups: [GroupModel; GROUPS],
}

/// The model of a group, or of all where a group is too small.
#[derive(Debug, Clone, PartialEq)]
struct GroupModel {
    plane: Plane<COLUMNS>,
    /// Weighted mean of exp(residual).
    smearing: f64,
    /// The least and the largest logarithm that is estimated.
    range: (f64, f64),
}

impl Quantity {
    /// The least amount that counts: logarithms of less say nothing of a unit.
    fn floor(self) -> f64 {
        match self {
            Quantity::Seconds => 0.001,
            Quantity::Bytes => 1.0,
        }
    }

    /// The substitute for a model: typical amounts of a debug build on the machines of 2026.
    fn constant(self, features: &UnitFeatures) -> f64 {
        let (seconds, bytes) = match features.kind {
            UnitKind::Library => (0.7, 2e6),
            UnitKind::ProcMacro => (0.9, 5e6),
            UnitKind::BuildScript => (0.3, 4e6),
            UnitKind::ScriptRun => (0.1, 2e3),
            UnitKind::Program | UnitKind::Test => (2.0, 3e7),
        };
        let check = if features.check { 0.5 } else { 1.0 };
        match self {
            Quantity::Seconds if features.optimised => 2.0 * seconds * check,
            Quantity::Seconds => seconds * check,
            Quantity::Bytes => bytes * check,
        }
    }

    /// A sample's logarithm; nothing for what is no amount.
    fn log(self, value: f64) -> Option<f64> {
        (value.is_finite() && value >= 0.0).then(|| value.max(self.floor()).ln())
    }
}

impl CostModel {
    /// Fits a model; its description names `runs`.
    pub fn fit(quantity: Quantity, samples: &[CostSample], runs: Vec<String>) -> CostModel {
        let sound: Vec<&CostSample> = samples.iter().filter(|sample| quantity.log(sample.value).is_some()).collect();
        let packages: BTreeSet<&str> = sound.iter().map(|sample| sample.package.as_str()).collect();
        let counted = Fit { samples: sound.len() as u64, packages: packages.len() as u64, runs, ..Fit::default() };
        if sound.len() < ENOUGH || packages.len() < 2 {
            let model = format!("constants by kind, fewer than {ENOUGH} units were measured");
            let constants = CostModel { quantity, fitted: None, fit: Fit { model, ..counted } };
            let guesses: Vec<f64> = sound.iter().map(|sample| constants.estimate(&sample.features)).collect();
            let fit = errors(quantity, &sound, &guesses, None).into_fit(constants.fit);
            return CostModel { fit, ..constants };
        }
        let (guesses, logs) = cross_validate(quantity, &sound);
        let model = "by kind: ln amount ~ ln source bytes, ln C bytes, ln dependencies, ln features, optimised, check, \
                     debug info; ridge least squares, weighted smearing; errors of packages left out, 10 folds";
        let fit = errors(quantity, &sound, &guesses, Some(&logs)).into_fit(Fit { model: model.to_owned(), ..counted });
        CostModel { quantity, fitted: Some(GroupModels::of(quantity, &sound)), fit }
    }

    /// The amount for a unit: finite and above zero.
    pub fn estimate(&self, features: &UnitFeatures) -> f64 {
        match &self.fitted {
            Some(fitted) => fitted.estimate(features),
            None => self.quantity.constant(features),
        }
    }

    /// The description of the model and its errors.
    pub fn about(&self) -> &Fit {
        &self.fit
    }
}

/// A model of these samples only, without its errors: its estimate, and the logarithm before smearing.
fn quick(quantity: Quantity, samples: &[&CostSample]) -> impl Fn(&UnitFeatures) -> (f64, f64) {
    let fitted = GroupModels::of(quantity, samples);
    move |features| (fitted.estimate(features), fitted.log(features))
}

impl GroupModels {
    fn of(quantity: Quantity, samples: &[&CostSample]) -> GroupModels {
        let all = GroupModel::of(quantity, samples);
        let groups =
            [CostGroup::Library, CostGroup::ProcMacro, CostGroup::BuildScript, CostGroup::ScriptRun, CostGroup::Linked];
        let groups = groups.map(|group| {
            let own: Vec<&CostSample> = samples.iter().copied().filter(|it| it.features.group() == group).collect();
            if own.len() < ENOUGH_OF_A_GROUP { all.clone() } else { GroupModel::of(quantity, &own) }
        });
        GroupModels { groups }
    }

    fn part(&self, features: &UnitFeatures) -> &GroupModel {
        &self.groups[features.group() as usize]
    }

    fn log(&self, features: &UnitFeatures) -> f64 {
        self.part(features).log(&features.row())
    }

    fn estimate(&self, features: &UnitFeatures) -> f64 {
        let part = self.part(features);
        let most = part.range.1.exp().clamp(f64::MIN_POSITIVE, MOST);
        (self.log(features).exp() * part.smearing).clamp(f64::MIN_POSITIVE, most)
    }
}

impl GroupModel {
    fn of(quantity: Quantity, samples: &[&CostSample]) -> GroupModel {
        let rows: Vec<[f64; COLUMNS]> = samples.iter().map(|sample| sample.features.row()).collect();
        let logs: Vec<f64> = samples.iter().filter_map(|sample| quantity.log(sample.value)).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).min(MOST.ln());
        let range = (low.min(high) - MARGIN.ln(), high);
        let mut part = GroupModel { plane: Plane::fit(&rows, &logs), smearing: 1.0, range };
        // Numbers relative to the largest: sums of anything stay finite.
        let sum = |of: &dyn Fn(usize) -> f64| (0..rows.len()).map(|at| (of(at) - high).exp()).sum::<f64>();
        let smearing = sum(&|at| logs[at].min(high)) / sum(&|at| part.log(&rows[at]));
        part.smearing = if smearing.is_finite() && smearing > 0.0 { smearing } else { 1.0 };
        part
    }

    fn log(&self, row: &[f64; COLUMNS]) -> f64 {
        let (low, high) = self.range;
        self.plane.at(row).max(low).min(high)
    }
}

/// The number of parts that the packages are split into. All units of one package, in every version, profile and mode,
/// are in one fold: a model that knows the debug build of a package would estimate its release build too well.
const FOLDS: usize = 10;

/// How far off estimates are, for packages that the model has not seen.
struct Errors {
    r_squared: f64,
    median_factor: f64,
    p90_factor: f64,
    bias: f64,
}

impl Errors {
    fn into_fit(self, fit: Fit) -> Fit {
        let Errors { r_squared, median_factor, p90_factor, bias } = self;
        Fit { r_squared, median_factor, p90_factor, bias, ..fit }
    }
}

/// For each sample the estimate, and the logarithm before smearing, of a model that was fitted to the packages of all
/// other folds.
fn cross_validate(quantity: Quantity, samples: &[&CostSample]) -> (Vec<f64>, Vec<f64>) {
    let names: BTreeSet<&str> = samples.iter().map(|sample| sample.package.as_str()).collect();
    let folds = FOLDS.min(names.len()).max(1);
    let fold: HashMap<&str, usize> = names.into_iter().enumerate().map(|(at, name)| (name, at % folds)).collect();
    let fold_of = |sample: &CostSample| fold.get(sample.package.as_str()).copied().unwrap_or_default();
    let mut estimates = vec![0.0; samples.len()];
    let mut logs = vec![0.0; samples.len()];
    for left_out in 0..folds {
        let rest: Vec<&CostSample> = samples.iter().copied().filter(|sample| fold_of(sample) != left_out).collect();
        let model = quick(quantity, &rest);
        for (at, sample) in samples.iter().enumerate().filter(|(_, sample)| fold_of(sample) == left_out) {
            (estimates[at], logs[at]) = model(&sample.features);
        }
    }
    (estimates, logs)
}

/// Compares estimates with measurements; `logs` are the estimated logarithms, if not those of the estimates.
fn errors(quantity: Quantity, samples: &[&CostSample], estimates: &[f64], logs: Option<&[f64]>) -> Errors {
    if samples.is_empty() {
        return Errors { r_squared: 0.0, median_factor: 0.0, p90_factor: 0.0, bias: 0.0 };
    }
    let measured: Vec<f64> = samples.iter().filter_map(|sample| quantity.log(sample.value)).collect();
    let own: Vec<f64> = estimates.iter().map(|estimate| estimate.ln()).collect();
    let mean = measured.iter().sum::<f64>() / measured.len() as f64;
    let around = |centre: &dyn Fn(usize) -> f64| -> f64 {
        measured.iter().enumerate().map(|(at, log)| (log - centre(at)).powi(2)).sum()
    };
    let logs = logs.unwrap_or(&own);
    let (left, all) = (around(&|at| logs[at]), around(&|_| mean));
    let mut factors: Vec<f64> = measured.iter().zip(&own).map(|(a, b)| (a - b).abs().exp()).collect();
    factors.sort_by(f64::total_cmp);
    // The smallest factor that at least this share stays within.
    let within = |share: f64| factors[((share * factors.len() as f64).ceil() as usize).clamp(1, factors.len()) - 1];
    let sum: f64 = measured.iter().map(|log| log.exp()).sum();
    Errors {
        r_squared: if all > 0.0 { 1.0 - left / all } else { 0.0 },
        median_factor: within(0.5),
        p90_factor: within(0.9),
        bias: estimates.iter().sum::<f64>() / sum,
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
