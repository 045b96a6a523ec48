//! Estimates of the costs of units that no run has measured, from what is known without a compile.
//!
//! [`CostSample`]s are units that a run has measured. A [`CostModel`] is fitted to them, log-linear least squares, one
//! for seconds and one for bytes, and estimates any other unit; its errors are those for packages left out of the fit.
//! No file is read here. `strategies/simulation/COSTS.md` has the formulas, their sources, and how good they are.

mod least_squares;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use crate::trace::Fit;
use least_squares::FittedPlane;

/// The kind of a unit, as far as its cost depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostKind {
    /// A library.
    Library,
    /// A procedural macro.
    ProcMacro,
    /// A build script that is compiled.
    BuildScript,
    /// A build script that runs.
    ScriptRun,
    /// A program.
    Program,
    /// A test program.
    Test,
}

/// What is known of a unit without compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitFeatures {
    /// Its kind.
    pub kind: CostKind,
    /// Bytes of the Rust files below its root file's folder, or of the root file and its modules.
    pub source_bytes: u64,
    /// For the run of a build script that has a C compiler at hand: bytes of its package's C, C++ and assembler files;
    /// else 0.
    pub foreign_bytes: u64,
    /// Units it depends on directly.
    pub direct: u32,
    /// Units it depends on at all.
    pub all: u32,
    /// Features of its package that are on.
    pub features: u32,
    /// Its `opt-level` is not 0.
    pub optimised: bool,
    /// Only metadata is made (`cargo check`).
    pub check: bool,
    /// It is given debug information.
    pub debug: bool,
}

/// Units with comparable costs. Each group has a plane of its own if enough of it was measured: what makes a library
/// slow does not predict a build script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CostGroup {
    Library,
    ProcMacro,
    BuildScript,
    ScriptRun,
    /// Programs and tests, which are linked with all their dependencies.
    Linked,
}

pub(super) const GROUPS: usize = 5;

/// Columns of the design matrix, the constant not among them.
pub(super) const COLUMNS: usize = 16;

impl UnitFeatures {
    pub(super) fn group(&self) -> CostGroup {
        match self.kind {
            // Nothing is linked in a check.
            CostKind::Library => CostGroup::Library,
            CostKind::Program | CostKind::Test if self.check => CostGroup::Library,
            CostKind::Program | CostKind::Test => CostGroup::Linked,
            CostKind::ProcMacro => CostGroup::ProcMacro,
            CostKind::BuildScript => CostGroup::BuildScript,
            CostKind::ScriptRun => CostGroup::ScriptRun,
        }
    }

    /// The row of the design matrix. What is counted enters by its logarithm: costs span five orders of magnitude, and
    /// so do sizes.
    pub(super) fn row(&self) -> [f64; COLUMNS] {
        let flag = |on: bool| f64::from(u8::from(on));
        let [size, foreign] = [self.source_bytes, self.foreign_bytes].map(|bytes| (bytes as f64).ln_1p());
        let [direct, all, features] = [self.direct, self.all, self.features].map(|count| f64::from(count).ln_1p());
        if self.group() == CostGroup::ScriptRun {
            // What a script does shows in C sources only. Few were measured, and slopes on anything else would be those of
            // one package.
            let mut row = [0.0; COLUMNS];
            (row[8], row[9], row[14]) = (flag(self.foreign_bytes > 0), foreign, 1.0);
            return row;
        }
        [
            size,
            direct,
            all,
            features,
            flag(self.optimised),
            flag(self.check),
            flag(self.debug),
            flag(self.optimised) * size,
            flag(self.foreign_bytes > 0),
            foreign,
            flag(self.kind == CostKind::Program),
            flag(self.kind == CostKind::Test),
            // For groups that have no plane of their own.
            flag(self.group() == CostGroup::ProcMacro),
            flag(self.group() == CostGroup::BuildScript),
            flag(self.group() == CostGroup::ScriptRun),
            flag(self.group() == CostGroup::Linked),
        ]
    }
}

pub(crate) const ENOUGH: usize = 30;

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
struct GroupModels([GroupModel; GROUPS]);

/// The model of a group, or of all where a group is too small.
#[derive(Debug, Clone, PartialEq)]
struct GroupModel {
    plane: FittedPlane<COLUMNS>,
    /// Weighted mean of exp(residual).
    smearing: f64,
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
            CostKind::Library => (0.7, 2e6),
            CostKind::ProcMacro => (0.9, 5e6),
            CostKind::BuildScript => (0.3, 4e6),
            CostKind::ScriptRun => (0.1, 2e3),
            CostKind::Program | CostKind::Test => (2.0, 3e7),
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
            let fit = errors(quantity, &sound, &guesses, None, constants.fit.clone());
            return CostModel { fit, ..constants };
        }
        let (guesses, logs) = cross_validate(quantity, &sound);
        let model = "by kind: ln amount ~ ln source bytes, ln C bytes, ln dependencies, ln features, optimised, check, \
                     debug info; ridge least squares, weighted smearing; errors of packages left out, 10 folds";
        let fit = errors(quantity, &sound, &guesses, Some(&logs), Fit { model: model.to_owned(), ..counted });
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

impl GroupModels {
    fn of(quantity: Quantity, samples: &[&CostSample]) -> GroupModels {
        let all = GroupModel::of(quantity, samples);
        let groups =
            [CostGroup::Library, CostGroup::ProcMacro, CostGroup::BuildScript, CostGroup::ScriptRun, CostGroup::Linked];
        let groups = groups.map(|group| {
            let own: Vec<&CostSample> = samples.iter().copied().filter(|it| it.features.group() == group).collect();
            if own.len() < ENOUGH_OF_A_GROUP { all.clone() } else { GroupModel::of(quantity, &own) }
        });
        GroupModels(groups)
    }

    fn part(&self, features: &UnitFeatures) -> &GroupModel {
        &self.0[features.group() as usize]
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
        let mut part = GroupModel { plane: FittedPlane::fit(&rows, &logs), smearing: 1.0, range };
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
        let model = GroupModels::of(quantity, &rest);
        for (at, sample) in samples.iter().enumerate().filter(|(_, sample)| fold_of(sample) == left_out) {
            (estimates[at], logs[at]) = (model.estimate(&sample.features), model.log(&sample.features));
        }
    }
    (estimates, logs)
}

/// Compares estimates with measurements; `logs` are the estimated logarithms, if not those of the estimates.
fn errors(quantity: Quantity, samples: &[&CostSample], estimates: &[f64], logs: Option<&[f64]>, fit: Fit) -> Fit {
    if samples.is_empty() {
        return fit;
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
    Fit {
        r_squared: if all > 0.0 { 1.0 - left / all } else { 0.0 },
        median_factor: within(0.5),
        p90_factor: within(0.9),
        bias: estimates.iter().sum::<f64>() / sum,
        ..fit
    }
}
