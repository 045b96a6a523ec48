//! Runs understood: one model of a run, its steps and their arms, which everything reads.
//!
//! In: run folders. Out: an [`Analysis`] for each, plain data. Every number and verdict of a
//! report comes from here, in whatever format; rows that are not `ok` enter none of them.

mod aggregate;
mod arm;
mod causes;
mod metrics;
mod run;
mod source;

pub use aggregate::WallRounds;
pub use arm::{ArmAnalysis, Problem, ShadowCounts};
pub(crate) use causes::costliest;
pub use causes::{Cause, CauseGroup};
pub use metrics::{ArmNumbers, METRICS, Metric, MetricUnit};
pub use run::{AnalysedRun, Analysis, Detectable, OwnCounts, StepAnalysis, VerdictStanding, baseline_of};
pub use source::RunSource;
