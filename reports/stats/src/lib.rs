//! What a sceptic accepts as a difference: pure functions over paired times of recorded steps.
//!
//! In: wall times of two arms, paired by round and workspace. Out: a ratio, its interval and a
//! [`Verdict`] read off the interval. Method, assumptions and sources: harness/METHODOLOGY.md.

pub mod budget;

mod change;
mod comparison;
mod effect;
mod judge;
mod random;
mod sample;
mod sign_flip;
mod verdict;

pub use change::judge_changes;
pub use comparison::{ARM_BY_ARM, Comparison, Excluded, INTERLEAVED, ORDER, Question, WorkspaceRatio, compare_overall};
pub use effect::Interval;
pub use judge::{Judgement, judge};
pub use random::Random;
pub use sample::{FlipUnit, Pair, PairedSample, geometric_mean, median};
pub use verdict::{DecisionRule, Verdict};
