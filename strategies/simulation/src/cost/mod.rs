//! Estimates of the costs of units that no run has measured, from what is known without a compile.
//!
//! [`CostSample`]s are units that a run has measured. A [`CostModel`] is fitted to them, log-linear least squares, one
//! for seconds and one for bytes, and estimates any other unit; its errors are those for packages left out of the fit.
//! No file is read here. `strategies/simulation/COSTS.md` has the formulas, their sources, and how good they are.

mod features;
mod least_squares;
mod model;

pub use features::{UnitFeatures, UnitKind};
pub use model::{CostModel, CostSample, ENOUGH, Quantity};
