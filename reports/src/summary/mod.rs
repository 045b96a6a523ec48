//! The tables that end `harness compare`: a run folder in, text out.
//!
//! Per step a table with a row per strategy; the verdicts, which say which of those
//! ratios hold; then what the missed and refused units cost. Rows that are not `ok`
//! never enter a number; they show as a mark with their reason.

mod causes;
mod over;
mod own;
mod shadow;
mod step_text;
mod steps;
mod text;
mod verdict_text;
mod verdicts;

pub use causes::{Cause, CauseGroup, causes};
pub use over::WallRounds;
pub(crate) use over::sum_of_medians;
pub use shadow::ShadowSummary;
pub use steps::{ArmSummary, Problem, StepSummary, summarise};
pub use verdicts::{Detectable, Standing, StepVerdicts, Verdicts, verdicts};

use crate::table::WIDTH;
use records::run_folder::RunFolder;

/// What to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The strategy the ratios are against.
    pub baseline: String,
    /// Widest line, in terminal columns.
    pub width: usize,
    /// Causes shown per strategy; the rest is summed up in one line.
    pub causes: usize,
    /// Lists of causes shown, the costliest; the rest is summed up in one line.
    pub groups: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { baseline: "none".into(), width: WIDTH, causes: 8, groups: 6 }
    }
}

/// The tables for a whole run, ended by a line feed.
pub fn render(run: &RunFolder, options: &Options) -> String {
    text::render(run, &verdicts(run, options), options)
}

/// As [`render`], with verdicts that were worked out before: they take longer than all else.
pub fn render_judged(run: &RunFolder, verdicts: &Verdicts, options: &Options) -> String {
    text::render(run, verdicts, options)
}
