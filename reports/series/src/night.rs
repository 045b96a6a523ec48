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
//! **A regression stays one** until it is gone or accepted: a run with one is never what a
//! later run is compared with. Without that, a cache that became slow would be reported for
//! one night and be normal from then on.
//!
//! **A first run is confirmed.** The test between two runs knows the noise within each; a
//! machine that was different for a whole run is beyond it. So what looks slower is measured
//! once more, and counts only if it looks slower again. Each look calls something slower where
//! nothing is in 2.5 % of nights for one strategy in one step, both do in 0.06 %.

mod finding;
mod judge;
mod summary;
mod verdicts;

pub use finding::{MIN_CHANGE, NightFinding};
pub use judge::{JudgeStage, JudgedRun, Night, judge};
pub use summary::summary;
pub use verdicts::{RunVerdict, VerdictOutcome, accept, is_good, verdicts};
