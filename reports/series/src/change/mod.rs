//! Where a track changed: change points by ranks, found with a stated error rate.
//!
//! In: the values of many tracks, each by time. Out: for each track whether it changed,
//! where, by how much, and how sure that is. Pure functions; the same values always give
//! the same answer, in whatever order runs were added.
//!
//! | question | answer | where |
//! |---|---|---|
//! | where would it be cut? | where the Wilcoxon statistic of before and after is farthest out: Pettitt's test | [`rank`] |
//! | could that be luck? | the share of random orders that reach it: exact for exchangeable values, of any distribution | [`null`] |
//! | several changes? | the two parts are searched again, at half the level each: binary segmentation | [`family`] |
//! | one of many tracks? | the false discovery rate over all tracks of a family | [`family`] |
//! | is it worth telling? | only if the medians before and after differ by [`Settings::least`] | [`family`] |
//! | hit rates, counts? | a value that stood still for some runs is no noise: told at once | [`exact`] |
//!
//! Sources: A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied
//! Statistics 28 (1979), all cuts made comparable in the way of Hawkins and Deng, "A nonparametric change-point
//! control chart", Journal of Quality Technology 42 (2010); binary segmentation: Scott and
//! Knott (1974), Vostrikova (1981); Benjamini and Hochberg, JRSS B 57 (1995); searching
//! on inside of the tracks that were found: Benjamini and Bogomolov, JRSS B 76 (2014).
//!
//! **Why not E-divisive means** (Matteson and James 2014), which Daly et al. (ICPE 2020) use
//! on performance data: it permutes every series anew, and a level corrected for some hundred
//! series needs ten thousand permutations of each. The distribution of ranks under "no change"
//! depends on nothing but their number, so that one table serves all tracks, p-values are
//! fine enough to be corrected, and no answer depends on a seed. What is given up: a change
//! of spread without a change of level is not seen, and is not asked for.
//!
//! **Few runs.** Eight runs before and eight after, however far apart, are one of C(16, 8) ÷ 2
//! ways to divide them; no honest p-value is smaller. Where even that would not survive the
//! correction, a track has [`Outcome::TooFew`] runs, and is never said to have no change.
//!
//! **What is assumed.** Runs of a track without a change are exchangeable: not that noise is
//! normal, or of one size in all tracks, but that no run is more like its neighbour than like
//! any other. A machine that drifts for days breaks that; ratios within a run hold better
//! than bare seconds, which are a family of their own.

pub mod exact;
pub mod family;
pub mod null;
pub mod rank;

pub use family::{ChangePoint, Outcome, Settings, Values, judge};
pub use null::Nulls;

/// Runs that stand on either side of a change: fewer could be one odd day.
pub const MIN_SEGMENT: usize = 3;
