//! The model: in each group of units `ln amount = constant + Σ slope × feature`, and what stands
//! in for it where too little was measured.
//!
//! The exponential of an estimated logarithm is the median of such units, and medians add up to
//! too little: sums of compile times are carried by the few units that take long. Duan's
//! smearing estimate repairs that without an assumption on how errors are distributed: the
//! estimate is `exp(prediction) × mean(exp(residual))`.
//! (Duan, *Smearing Estimate: A Nonparametric Retransformation Method*, JASA 78, 1983.)
//! It takes the errors of large units to be as wide as those of small ones. They are not, and
//! what is wanted are sums, so the mean is weighted by `exp(prediction)`; with those weights it
//! is `Σ measured ÷ Σ exp(prediction)`, and the samples' own sum comes out right in each group.

use std::collections::BTreeSet;

use super::error::{cross_validate, errors};
use super::features::{COLUMNS, Features, GROUPS, Group, Kind};
use super::least_squares::Plane;
use crate::trace::Fit;

/// Samples below which constants stand in for a model.
pub const ENOUGH: usize = 30;

/// Samples below which a group has no plane of its own, but that of all.
const ENOUGH_OF_A_GROUP: usize = 10;

/// How far below the least sample an estimate may be. Above the largest of its group none is:
/// beyond what was ever seen a straight line is no guide, and a few such units would be most of a
/// sum.
const MARGIN: f64 = 4.0;

/// No estimate is larger; whatever was measured, it stays a number that sums can hold.
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
pub struct Sample {
    /// Its package: all samples of one are in one fold.
    pub package: String,
    /// What can be seen of it.
    pub features: Features,
    /// What was measured: seconds or bytes.
    pub value: f64,
}

/// Estimates an amount.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    quantity: Quantity,
    fitted: Option<Fitted>,
    fit: Fit,
}

#[derive(Debug, Clone, PartialEq)]
struct Fitted {
    groups: [Part; GROUPS],
}

/// The model of a group, or of all where a group is too small.
#[derive(Debug, Clone, PartialEq)]
struct Part {
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

    /// What stands in for a model: typical amounts of a debug build on the machines of 2026.
    fn constant(self, features: &Features) -> f64 {
        let (seconds, bytes) = match features.kind {
            Kind::Library => (0.7, 2e6),
            Kind::ProcMacro => (0.9, 5e6),
            Kind::BuildScript => (0.3, 4e6),
            Kind::ScriptRun => (0.1, 2e3),
            Kind::Program | Kind::Test => (2.0, 3e7),
        };
        let check = if features.check { 0.5 } else { 1.0 };
        match self {
            Quantity::Seconds if features.optimised => 2.0 * seconds * check,
            Quantity::Seconds => seconds * check,
            Quantity::Bytes => bytes * check,
        }
    }

    /// A sample's logarithm; nothing for what is no amount.
    pub(super) fn log(self, value: f64) -> Option<f64> {
        (value.is_finite() && value >= 0.0).then(|| value.max(self.floor()).ln())
    }
}

impl Model {
    /// Fits a model; `runs` are named in what it says of itself.
    pub fn fit(quantity: Quantity, samples: &[Sample], runs: Vec<String>) -> Model {
        let sound: Vec<&Sample> = samples.iter().filter(|sample| quantity.log(sample.value).is_some()).collect();
        let packages: BTreeSet<&str> = sound.iter().map(|sample| sample.package.as_str()).collect();
        let counted = Fit { samples: sound.len() as u64, packages: packages.len() as u64, runs, ..Fit::default() };
        if sound.len() < ENOUGH || packages.len() < 2 {
            let model = format!("constants by kind, fewer than {ENOUGH} units were measured");
            let constants = Model { quantity, fitted: None, fit: Fit { model, ..counted } };
            let guesses: Vec<f64> = sound.iter().map(|sample| constants.estimate(&sample.features)).collect();
            let fit = errors(quantity, &sound, &guesses, None).into_fit(constants.fit);
            return Model { fit, ..constants };
        }
        let (guesses, logs) = cross_validate(quantity, &sound);
        let model = "by kind: ln amount ~ ln source bytes, ln C bytes, ln dependencies, ln features, optimised, check, \
                     debug info; ridge least squares, weighted smearing; errors of packages left out, 10 folds";
        let fit = errors(quantity, &sound, &guesses, Some(&logs)).into_fit(Fit { model: model.to_owned(), ..counted });
        Model { quantity, fitted: Some(Fitted::of(quantity, &sound)), fit }
    }

    /// The amount for a unit: finite and above zero.
    pub fn estimate(&self, features: &Features) -> f64 {
        match &self.fitted {
            Some(fitted) => fitted.estimate(features),
            None => self.quantity.constant(features),
        }
    }

    /// What it says of itself.
    pub fn about(&self) -> &Fit {
        &self.fit
    }
}

/// A model of these samples only, without any word on how good it is: its estimate, and the
/// logarithm before smearing.
pub(super) fn quick(quantity: Quantity, samples: &[&Sample]) -> impl Fn(&Features) -> (f64, f64) {
    let fitted = Fitted::of(quantity, samples);
    move |features| (fitted.estimate(features), fitted.log(features))
}

impl Fitted {
    fn of(quantity: Quantity, samples: &[&Sample]) -> Fitted {
        let all = Part::of(quantity, samples);
        let groups = [Group::Library, Group::ProcMacro, Group::BuildScript, Group::ScriptRun, Group::Linked];
        let groups = groups.map(|group| {
            let own: Vec<&Sample> = samples.iter().copied().filter(|it| it.features.group() == group).collect();
            if own.len() < ENOUGH_OF_A_GROUP { all.clone() } else { Part::of(quantity, &own) }
        });
        Fitted { groups }
    }

    fn part(&self, features: &Features) -> &Part {
        &self.groups[features.group() as usize]
    }

    fn log(&self, features: &Features) -> f64 {
        self.part(features).log(&features.row())
    }

    fn estimate(&self, features: &Features) -> f64 {
        let part = self.part(features);
        let most = part.range.1.exp().clamp(f64::MIN_POSITIVE, MOST);
        (self.log(features).exp() * part.smearing).clamp(f64::MIN_POSITIVE, most)
    }
}

impl Part {
    fn of(quantity: Quantity, samples: &[&Sample]) -> Part {
        let rows: Vec<[f64; COLUMNS]> = samples.iter().map(|sample| sample.features.row()).collect();
        let logs: Vec<f64> = samples.iter().filter_map(|sample| quantity.log(sample.value)).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max).min(MOST.ln());
        let range = (low.min(high) - MARGIN.ln(), high);
        let mut part = Part { plane: Plane::fit(&rows, &logs), smearing: 1.0, range };
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

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
