//! What a sceptic accepts as a difference: pure functions over paired times of recorded steps.
//!
//! In: wall times of two arms, paired by round and workspace. Out: a ratio, an
//! interval, a p-value and a [`Verdict`].
//!
//! | question | answer | where |
//! |---|---|---|
//! | what is compared? | the log of arm ÷ baseline, within one round and workspace | [`Sample`] |
//! | how large is the difference? | geometric mean over workspaces of the median over rounds | [`Sample::estimate`] |
//! | how sure is that? | percentile bootstrap of that estimate | [`bootstrap`] |
//! | could it be luck? | exact sign-flip permutation test of the mean log ratio | [`sign_flip()`] |
//! | one of many comparisons? | Holm's correction over all of a run | [`holm()`] |
//! | so? | the one decision rule | [`Rule`] |
//! | what could have been found? | the minimum detectable effect | [`power`] |
//! | what next, if time is short? | more rounds for the widest intervals | [`budget`] |
//!
//! **What may be taken as independent.** An arm is run once per round, over all
//! workspaces. A disturbance of a few minutes (a noisy neighbour, a throttled
//! processor) therefore reaches all workspaces of one arm in one round: those
//! pairs rise and fall together, and counting each as a witness of its own makes
//! noise look like evidence. What the schedule randomises is the order of the
//! arms within a round, so under "no effect" it is the *round* whose sign could
//! as well have been the other one. Tests and intervals therefore flip and
//! resample whole rounds ([`Block::Round`]). Where a schedule draws the order of
//! the arms anew for every workspace of every round, [`Block::Pair`] is right and
//! needs fewer rounds; [`Rule::of_run`] reads from a run's record which it was. A
//! disturbance that both arms of a round share cancels in
//! the ratio in either case.
//!
//! **Mirrored rounds.** The harness draws the order of a slot for two rounds at once: the
//! second runs the order of the first backwards. Only *pairs of rounds* are thus independent
//! draws of the order, though [`Block::Pair`] flips each pair of times by itself. What that
//! does to the error depends on how a turn's place acts on its time:
//!
//! - A place that makes slower (or faster) step by step, as heat or a page cache that fills:
//!   its share has opposite signs in the two rounds and cancels in the mean, but not in the
//!   flipped patterns, which look the wider for it. The test is *conservative*, more so the
//!   larger the effect. This holds for every effect that only rises or only falls, since it
//!   and its mirror image are then negatively correlated (Chebyshev's sum inequality).
//! - What first and last turns have alike, and middle ones not, has one sign in both rounds:
//!   the test counts it twice and is *anti-conservative*.
//!
//! Simulated over 2,000 runs of 8 rounds, 3 workspaces, 3 % noise and 4 arms, the share in
//! which the corrected p-value of any arm is at most 5 % (± 1 %):
//!
//! | from one place to the other | rises from first to last | rises to the middle and falls |
//! |---|---|---|
//! | 0 % | 5.2 % | 5.2 % |
//! | 2 % | 3.7 % | 6.0 % |
//! | 20 % | 0.0 % | 21.2 % |
//!
//! The whole decision rule, which also asks for an interval and a least effect, stays below
//! 5 % with places of 2 % of either kind. Flipping the two rounds of a mirrored pair together
//! would be right for both kinds, but leaves half the blocks. Single pairs stay, since what
//! a machine does to a place is expected to rise or fall and is small beside the noise; the
//! column `position` of a run lets that be checked. `tests/error_rates.rs` checks all of this.

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
pub use sample::{Block, Pair, Sample, geometric_mean, median};
pub use sign_flip::{EXACT_BLOCKS, SignFlip, holm, sign_flip, smallest_p};
pub use verdict::{Evidence, Rule, Verdict};
