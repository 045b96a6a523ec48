//! A run on disk: `run.json`, `steps.csv`, `units.csv`.
//!
//! [`RunWriter`] appends each finished step at once, so that a kill at any moment
//! loses at most the step under way. [`RunFolder`] reads a folder back, also one
//! that was cut off: it leaves out a last line without its end, and the units of
//! a step that was never recorded. Everything else that does not fit is an error
//! in one line, never a guess.

mod error;
mod reader;
mod table_file;
mod tail;
mod writer;

pub use error::RunError;
pub use reader::{CutOff, RunFolder};
pub use reader::{one_line, read_info};
pub use writer::RunWriter;

/// The description of the run.
pub const RUN_FILE: &str = "run.json";
/// A row per measured step, arm and round.
pub const STEPS_FILE: &str = "steps.csv";
/// A row per unit per step.
pub const UNITS_FILE: &str = "units.csv";
