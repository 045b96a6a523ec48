//! Runs understood: numbers and verdicts by step and arm, ready to be told.
//!
//! In: run folders. Out: an [`Analysis`] for each, plain data. Everything a report says
//! comes from here, in whatever format.

mod arm;
mod run;
mod source;

pub use arm::{ArmAnalysis, Cell, Disk, Files, Phases, Sizes};
pub use run::{Analysis, Run, StepAnalysis, baseline_of};
pub use source::Source;
