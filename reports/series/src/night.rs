//! One night judged: the newest runs against the last good ones of their lines.
//!
//! In: a series and runs that were just made. Out: [`Night`], what became worse, and a
//! verdict on each run, written beside the series so that the next night knows what was good.
//!
//! | file | idea |
//! |---|---|
//! | `finding.rs` | what can be worse, from the changes between two runs |
//! | `verdicts.rs` | the verdicts on disk, and which run was the last good one |
//! | `judge.rs` | a night judged |
//! | `summary.rs` | the night as a document |
//!
//! What counts as a regression, and how often one is found where there is none: series/README.md.

mod finding;
mod judge;
mod summary;
mod verdicts;

pub use finding::{GOOD_RUNS, MIN_CHANGE, NightFinding, is_beyond};
pub use judge::{JudgeStage, JudgedRun, Night, judge};
pub use summary::summary;
pub use verdicts::{RunVerdict, VerdictOutcome, accept, is_good, verdicts};
