//! What the n-th workspace reuses, mean over all orders.
//!
//! Of `N` workspaces, `m` have an artifact. A workspace that has it is built as the n-th: the
//! n − 1 before it are any of the other N − 1, and none of them has the artifact with the
//! probability C(N − m, n − 1) ÷ C(N − 1, n − 1). This is rarefaction, as ecologists count species
//! (Hurlbert 1971, "The nonconcept of species diversity"). The same gives the bytes stored after
//! n workspaces.

use super::Tally;

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How many workspaces have been built, this one included.
    pub workspaces: u32,
    /// Share of the units of the last of them that were there: mean over workspaces and orders.
    pub hit_rate: f64,
    /// The same by seconds.
    pub hit_rate_by_cost: f64,
    /// Bytes stored then.
    pub stored_bytes: f64,
}

/// Numbers of workspaces at which a curve of `all` is shown: each up to 10, then about ten for
/// each doubling, round ones (20, 50, 100, …), and all of them.
pub fn grid(all: u32) -> Vec<u32> {
    let mut grid: Vec<u32> = vec![all];
    let mut at = 1.0f64;
    while at.round() < f64::from(all) {
        grid.push(at.round() as u32);
        at = if at < 10.0 { at + 1.0 } else { at * 2f64.powf(0.1) };
    }
    let round = (1..9).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u32.pow(power)));
    grid.extend(round.filter(|round| *round < all));
    grid.retain(|n| *n > 0);
    grid.sort_unstable();
    grid.dedup();
    grid
}

/// The curve of a tally at some numbers of workspaces, each at least 1 and at most all.
pub fn curve(tally: &Tally, at: &[u32]) -> Vec<Point> {
    let all = tally.workspaces as u64;
    let factorials = Factorials::to(all);
    let point = |&n: &u32| {
        let mut point = Point { workspaces: n, hit_rate: 0.0, hit_rate_by_cost: 0.0, stored_bytes: 0.0 };
        for (holders, (units, seconds)) in &tally.shares {
            let found = 1.0 - factorials.none(all - 1, u64::from(*holders) - 1, u64::from(n) - 1);
            point.hit_rate += units * found;
            point.hit_rate_by_cost += seconds * found;
        }
        for (holders, bytes) in &tally.bytes {
            point.stored_bytes += bytes * (1.0 - factorials.none(all, u64::from(*holders), u64::from(n)));
        }
        point
    };
    at.iter().map(point).collect()
}

/// Logarithms of factorials.
struct Factorials(Vec<f64>);

impl Factorials {
    fn to(most: u64) -> Factorials {
        let mut logs = vec![0.0];
        let mut sum = 0.0;
        for n in 1..=most {
            sum += (n as f64).ln();
            logs.push(sum);
        }
        Factorials(logs)
    }

    fn choose(&self, n: u64, k: u64) -> f64 {
        let log = |n: u64| self.0[n as usize];
        log(n) - log(k) - log(n - k)
    }

    /// The probability that of `all` things, `special` of which are special, `drawn` drawn at
    /// random have none.
    fn none(&self, all: u64, special: u64, drawn: u64) -> f64 {
        if special + drawn > all {
            return 0.0;
        }
        (self.choose(all - special, drawn) - self.choose(all, drawn)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_begins_with_one_and_ends_with_all() {
        assert_eq!(grid(0), [0u32; 0]);
        assert_eq!(grid(1), [1]);
        assert_eq!(grid(12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let large = grid(100_000);
        assert!(
            large.is_sorted() && large.len() < 170 && large.contains(&50_000) && large.last() == Some(&100_000),
            "{}",
            large.len()
        );
    }

    #[test]
    fn chances_are_those_of_an_urn() {
        let urn = Factorials::to(10);
        // Of 4 balls 1 is red; 2 are drawn: none is red in 3 of 6 cases.
        assert!((urn.none(4, 1, 2) - 0.5).abs() < 1e-12);
        assert!((urn.none(10, 0, 7) - 1.0).abs() < 1e-12);
        assert_eq!(urn.none(10, 4, 7), 0.0);
    }
}
