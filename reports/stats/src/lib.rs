//! What a sceptic accepts as a difference: pure functions over paired times of recorded steps.
//!
//! In: wall times of two arms, paired by round and workspace. Out: a ratio, an interval, a p-value and a
//! [`Verdict`]. `METHOD.md` explains test, interval and rule, what they assume, and the sources.

pub mod bootstrap;
pub mod budget;
pub mod power;

mod comparison;
mod judge;
mod random;
mod sample;
mod sign_flip;
mod verdict;

pub use comparison::{ARM_BY_ARM, Comparison, Excluded, INTERLEAVED, ORDER, Question, WorkspaceRatio, compare_overall};
pub use judge::{Judgement, judge};
pub use random::Random;
pub use sample::{FlipUnit, Pair, PairedSample, geometric_mean, median};
pub use sign_flip::{EXACT_BLOCKS, SignFlip, holm, sign_flip, smallest_p};
pub use verdict::{DecisionRule, RuleInputs, Verdict};
