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
//! | is it large enough? | only if the medians before and after differ by [`ChangeSettings::least`] | [`family`] |
//! | hit rates, counts? | a value that was steady for some runs has no noise: reported at once | [`exact_changes`] |
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
//! correction, a track has [`TrackOutcome::TooFew`] runs, and is never said to have no change.
//!
//! **What is assumed.** Runs of a track without a change are exchangeable: not that noise is
//! normal, or of one size in all tracks, but that no run is more like its neighbour than like
//! any other. A machine that drifts for days breaks that; ratios within a run hold better
//! than bare seconds, which are a family of their own.

pub mod family;
pub mod null;
pub mod rank;

pub use family::{ChangePoint, ChangeSettings, TrackOutcome, TrackValues, judge};
pub use null::Nulls;

/// Runs that stand on either side of a change: fewer could be one odd day.
pub const MIN_SEGMENT: usize = 3;

/// Runs with one and the same value after which another one is a change.
pub const STEADY: usize = 3;

/// TrackValues closer than this are one: they are sums of rounded numbers.
const SAME: f64 = 1e-9;

/// Indexes at which a value that had been the same for [`STEADY`] runs became another one: hit rates
/// and counts of compiled units do not vary by chance. A cache that restored 42 of 44 units in every
/// run so far and restores 41 today has changed, today; no test is needed, and none would find it
/// for a week. What varies anyway is noise that this rule knows nothing about.
pub fn exact_changes(values: &[f64]) -> Vec<usize> {
    let same = |a: f64, b: f64| (a - b).abs() <= SAME * a.abs().max(b.abs()).max(1.0);
    let mut found = Vec::new();
    let mut steady = 0;
    for (at, value) in values.iter().enumerate() {
        match at.checked_sub(1).map(|before| same(values[before], *value)) {
            None | Some(true) => steady += 1,
            Some(false) => {
                if steady >= STEADY {
                    found.push(at);
                }
                steady = 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_steady_value_is_found_at_once() {
        assert_eq!(exact_changes(&[0.9, 0.9, 0.9, 0.8]), [3]);
        assert_eq!(exact_changes(&[0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.9]), [3, 6]);
        assert_eq!(exact_changes(&[0.9, 0.9, 0.9, 0.8, 0.9, 0.9]), [3], "back after one run: found once");
        assert_eq!(exact_changes(&[0.9, 0.9, 0.8]), Vec::<usize>::new(), "two runs do not make it steady");
        assert_eq!(exact_changes(&[0.3, 0.1 + 0.2, 0.3, 0.3]), Vec::<usize>::new());
        assert_eq!(exact_changes(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]), Vec::<usize>::new());
        assert_eq!(exact_changes(&[]), Vec::<usize>::new());
    }
}
