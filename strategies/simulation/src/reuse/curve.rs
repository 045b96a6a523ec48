//! What the n-th workspace reuses, mean over all orders.
//!
//! Of `N` workspaces, `m` have an artifact. A workspace that has it is built as the n-th: the n − 1 before it are any
//! of the other N − 1, and none of them has the artifact with the probability C(N − m, n − 1) ÷ C(N − 1, n − 1). This
//! is rarefaction, as ecologists count species (Hurlbert 1971, "The nonconcept of species diversity"). The same formula
//! gives the bytes stored after n workspaces.

use rand::seq::SliceRandom;
use rayon::prelude::*;
use records::simulated::CurveRow;

use super::{KeyTally, Portfolio, shared};
use crate::keys::KeyView;
use crate::random_stream;
use crate::statistics::SortedSample;
use crate::trace::Trace;

/// Numbers of workspaces at which a curve of `all` is shown: each up to 10, then about ten for each doubling, round
/// ones (20, 50, 100, …), and all of them.
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

/// The curve of a tally at some numbers of workspaces, each at least 1 and at most all; bands and names are not set.
pub fn curve(tally: &KeyTally, at: &[u32]) -> Vec<CurveRow> {
    let all = tally.workspaces as u64;
    let factorials = Factorials::to(all);
    let point = |&n: &u32| {
        let mut point = CurveRow { workspaces: n, ..CurveRow::default() };
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

    /// The probability that of `all` things, `special` of which are special, `drawn` random ones are not.
    fn none(&self, all: u64, special: u64, drawn: u64) -> f64 {
        if special + drawn > all {
            return 0.0;
        }
        (self.choose(all - special, drawn) - self.choose(all, drawn)).exp()
    }
}

/// The range of eight workspaces in ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// A tenth reuses less, as a share of seconds.
    pub low: f64,
    /// A tenth reuses more.
    pub high: f64,
}

/// The band around a curve at some numbers of workspaces. In each order the workspaces up to half way to the next
/// numbers count, too, so that few orders are enough.
pub fn bands(trace: &Trace, view: &KeyView, portfolio: &Portfolio, at: &[u32], orders: u32, seed: u64) -> Vec<Band> {
    let all = portfolio.plans.len();
    let mut pools: Vec<Vec<f64>> = vec![Vec::new(); at.len()];
    let pool_of: Vec<usize> = (1..=all as u32).map(|n| nearest(at, n)).collect();
    // A few at a time: an order of a hundred thousand workspaces takes memory.
    let numbers: Vec<u32> = (0..orders).collect();
    let lookups = LookupList::of(trace, view, portfolio);
    for some in numbers.chunks(8) {
        let rates: Vec<Vec<f64>> =
            some.par_iter().map(|order| lookups.in_order(view.keys.count, seed, *order)).collect();
        for rates in rates {
            for (place, rate) in rates.into_iter().enumerate() {
                pools[pool_of[place]].push(rate);
            }
        }
    }
    pools
        .into_iter()
        .map(|pool| {
            let pool: SortedSample = pool.into_iter().collect();
            let quantile = |share| pool.quantile(share).unwrap_or_default();
            Band { low: quantile(0.1), high: quantile(0.9) }
        })
        .collect()
}

/// What each workspace looks up, in one array that many orders read.
struct LookupList {
    wanted: Vec<(u32, f32)>,
    /// Where the part of each workspace ends, and the seconds of all its units.
    plans: Vec<(usize, f64)>,
}

impl LookupList {
    fn of(trace: &Trace, view: &KeyView, portfolio: &Portfolio) -> LookupList {
        let mut lookups = LookupList { wanted: Vec::new(), plans: Vec::new() };
        for plan in &portfolio.plans {
            let mut all = 0.0;
            for (node, key) in shared(trace, view, portfolio, *plan) {
                let seconds = trace.seconds(node);
                all += seconds;
                lookups.wanted.extend(key.map(|key| (key.0, seconds as f32)));
            }
            lookups.plans.push((lookups.wanted.len(), all));
        }
        lookups
    }

    /// The share of seconds that each workspace reuses, in one order.
    fn in_order(&self, keys: usize, seed: u64, order: u32) -> Vec<f64> {
        let mut places: Vec<usize> = (0..self.plans.len()).collect();
        places.shuffle(&mut random_stream(seed, u64::from(order)));
        let mut stored = vec![false; keys];
        let rates = places.into_iter().map(|place| {
            let (end, all) = self.plans[place];
            let start = place.checked_sub(1).map_or(0, |before| self.plans[before].0);
            let wanted = &self.wanted[start..end];
            let there = wanted.iter().filter(|(key, _)| stored[*key as usize]);
            let hit: f64 = there.map(|(_, seconds)| f64::from(*seconds)).sum();
            wanted.iter().for_each(|(key, _)| stored[*key as usize] = true);
            if all > 0.0 { hit / all } else { 0.0 }
        });
        rates.collect()
    }
}

fn nearest(at: &[u32], n: u32) -> usize {
    let after = at.partition_point(|point| *point < n);
    match (after.checked_sub(1), at.get(after)) {
        (Some(before), Some(next)) => {
            let (down, up) = (f64::from(n) / f64::from(at[before]), f64::from(*next) / f64::from(n));
            if down < up { before } else { after }
        }
        (Some(before), None) => before,
        (None, _) => 0,
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

    #[test]
    fn places_go_to_the_nearest_point() {
        assert_eq!([1, 2, 9, 10, 11, 14, 20, 99].map(|n| nearest(&[1, 10, 20], n)), [0, 0, 1, 1, 1, 1, 2, 2]);
    }
}
