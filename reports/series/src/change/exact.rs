//! Measures that do not vary by chance: hit rates, counts of compiled units.
//!
//! A cache that restored 42 of 44 units in every run so far and restores 41 today has
//! changed, today. No test is needed, and none would find it for a week. What does not stand
//! still is told by nobody here: it is noise of a kind that this rule knows nothing about.

/// Runs with one and the same value after which another one is told.
pub const STEADY: usize = 3;

/// Values closer than this are one: they are sums of rounded numbers.
const SAME: f64 = 1e-9;

/// Indexes at which a value that had stood still for [`STEADY`] runs became another one.
pub fn changes(values: &[f64]) -> Vec<usize> {
    let same = |a: f64, b: f64| (a - b).abs() <= SAME * a.abs().max(b.abs()).max(1.0);
    let mut found = Vec::new();
    let mut stood = 0;
    for (at, value) in values.iter().enumerate() {
        match at.checked_sub(1).map(|before| same(values[before], *value)) {
            None | Some(true) => stood += 1,
            Some(false) => {
                if stood >= STEADY {
                    found.push(at);
                }
                stood = 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_what_stood_still_is_told_at_once() {
        assert_eq!(changes(&[0.9, 0.9, 0.9, 0.8]), [3]);
        assert_eq!(changes(&[0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.9]), [3, 6]);
        assert_eq!(changes(&[0.9, 0.9, 0.9, 0.8, 0.9, 0.9]), [3], "back after one run: told once");
        assert_eq!(changes(&[0.9, 0.9, 0.8]), Vec::<usize>::new(), "two runs do not say that it stands still");
        assert_eq!(changes(&[0.3, 0.1 + 0.2, 0.3, 0.3]), Vec::<usize>::new());
        assert_eq!(changes(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]), Vec::<usize>::new());
        assert_eq!(changes(&[]), Vec::<usize>::new());
    }
}
