//! What a unit costs that nobody has built: an estimate from what can be seen without a compile.
//!
//! ```text
//! samples   units that a run has measured: what can be seen of them, and the amount
//! model     fitted to the samples: log-linear least squares, one for seconds, one for bytes
//! estimate  the model asked about any other unit
//! error     how far off such an estimate is, told by packages the model has not seen
//! ```
//!
//! In go plain [`Sample`]s, out comes a [`Model`]; no file is read here. `simulation/COSTS.md`
//! gives formulas and their sources, and how well they did.
//!
//! - `features`: what can be seen of a unit
//! - `least_squares`: the linear algebra
//! - `model`: the model, its smearing factors, and what stands in where too little was measured
//! - `error`: cross-validation by package

mod error;
mod features;
mod least_squares;
mod model;

pub use features::{Features, Kind};
pub use model::{ENOUGH, Model, Quantity, Sample};
