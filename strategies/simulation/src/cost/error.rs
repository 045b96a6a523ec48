//! How far off estimates are, told by what the model has not seen.
//!
//! All units of one package, in every version, profile and mode, are in one fold: a model that
//! knows a package's debug build would guess its release build too well.

use std::collections::{BTreeSet, HashMap};

use super::model::{Quantity, Sample, quick};
use crate::trace::Fit;

/// Into how many parts the packages are split.
const FOLDS: usize = 10;

/// How far off.
pub(super) struct Errors {
    r_squared: f64,
    median_factor: f64,
    p90_factor: f64,
    bias: f64,
}

impl Errors {
    pub(super) fn into_fit(self, fit: Fit) -> Fit {
        let Errors { r_squared, median_factor, p90_factor, bias } = self;
        Fit { r_squared, median_factor, p90_factor, bias, ..fit }
    }
}

/// For each sample the estimate, and the logarithm before smearing, of a model that was fitted to
/// the packages of all other folds.
pub(super) fn cross_validate(quantity: Quantity, samples: &[&Sample]) -> (Vec<f64>, Vec<f64>) {
    let names: BTreeSet<&str> = samples.iter().map(|sample| sample.package.as_str()).collect();
    let folds = FOLDS.min(names.len()).max(1);
    let fold: HashMap<&str, usize> = names.into_iter().enumerate().map(|(at, name)| (name, at % folds)).collect();
    let fold_of = |sample: &Sample| fold.get(sample.package.as_str()).copied().unwrap_or_default();
    let mut estimates = vec![0.0; samples.len()];
    let mut logs = vec![0.0; samples.len()];
    for left_out in 0..folds {
        let rest: Vec<&Sample> = samples.iter().copied().filter(|sample| fold_of(sample) != left_out).collect();
        let model = quick(quantity, &rest);
        for (at, sample) in samples.iter().enumerate().filter(|(_, sample)| fold_of(sample) == left_out) {
            (estimates[at], logs[at]) = model(&sample.features);
        }
    }
    (estimates, logs)
}

/// Compares estimates with measurements; `logs` are the estimated logarithms, where the
/// estimates' own are not meant.
pub(super) fn errors(quantity: Quantity, samples: &[&Sample], estimates: &[f64], logs: Option<&[f64]>) -> Errors {
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
