//! Where a track changed: change points by ranks, found with a stated error rate.
//!
//! In: the values of many tracks, each by time. Out: for each track whether it changed, where, by how much, and
//! how sure that is. Pure functions; the same values always give the same answer, in whatever order runs were
//! added. The method, its error rates and its sources: series/README.md.

pub mod family;
pub mod null;
pub mod rank;

pub use family::{ChangePoint, ChangeSettings, TrackOutcome, TrackValues, judge};
pub use null::Nulls;

/// Runs on either side of a change: fewer could be one odd day.
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
