//! Seeded random orders of workspaces, and how far single ones are off the mean.

use rayon::prelude::*;

use super::{Portfolio, tally};
use crate::keys::View;
use crate::random::Random;
use crate::trace::Trace;

/// Where nine of ten workspaces lie, roughly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// A tenth reuses less, as a share of seconds.
    pub low: f64,
    /// A tenth reuses more.
    pub high: f64,
}

/// The band around a curve at some numbers of workspaces. Beside the n-th workspace of each order
/// those up to half way to the next numbers count, so that few orders are enough.
pub fn bands(trace: &Trace, view: &View, portfolio: &Portfolio, at: &[u32], orders: u32, seed: u64) -> Vec<Band> {
    let all = portfolio.plans.len();
    let mut pools: Vec<Vec<f32>> = vec![Vec::new(); at.len()];
    let pool_of: Vec<usize> = (1..=all as u32).map(|n| nearest(at, n)).collect();
    // A few at a time: an order of a hundred thousand workspaces takes memory.
    let numbers: Vec<u32> = (0..orders).collect();
    let wants = Wants::of(trace, view, portfolio);
    for some in numbers.chunks(8) {
        let rates: Vec<Vec<f32>> = some.par_iter().map(|order| wants.in_order(view.keys.count, seed, *order)).collect();
        for rates in rates {
            for (place, rate) in rates.into_iter().enumerate() {
                pools[pool_of[place]].push(rate);
            }
        }
    }
    pools
        .into_iter()
        .map(|mut pool| {
            pool.sort_by(f32::total_cmp);
            Band { low: quantile(&pool, 0.1), high: quantile(&pool, 0.9) }
        })
        .collect()
}

/// What each workspace looks up, side by side: orders go through it many times.
struct Wants {
    /// Key and seconds of what may be found elsewhere.
    wanted: Vec<(u32, f32)>,
    /// Of each workspace, where its part ends, and the seconds of all its units.
    plans: Vec<(usize, f64)>,
}

impl Wants {
    fn of(trace: &Trace, view: &View, portfolio: &Portfolio) -> Wants {
        let mut wants = Wants { wanted: Vec::new(), plans: Vec::new() };
        for plan in &portfolio.plans {
            let mut all = 0.0;
            for (node, key) in tally::shared(trace, view, portfolio, *plan) {
                let seconds = trace.nodes[node.at()].seconds.value;
                all += f64::from(seconds);
                wants.wanted.extend(key.map(|key| (key.0, seconds)));
            }
            wants.plans.push((wants.wanted.len(), all));
        }
        wants
    }

    /// The share of seconds that each workspace reuses, in one order.
    fn in_order(&self, keys: usize, seed: u64, order: u32) -> Vec<f32> {
        let mut places: Vec<u32> = (0..self.plans.len() as u32).collect();
        shuffle(&mut places, &mut Random::of(seed, u64::from(order)));
        let mut stored = vec![false; keys];
        let rates = places.into_iter().map(|place| {
            let place = place as usize;
            let (end, all) = self.plans[place];
            let start = place.checked_sub(1).map_or(0, |before| self.plans[before].0);
            let wanted = &self.wanted[start..end];
            let there = wanted.iter().filter(|(key, _)| stored[*key as usize]);
            let hit: f64 = there.map(|(_, seconds)| f64::from(*seconds)).sum();
            wanted.iter().for_each(|(key, _)| stored[*key as usize] = true);
            if all > 0.0 { (hit / all) as f32 } else { 0.0 }
        });
        rates.collect()
    }
}

/// Brings a list into a random order (Fisher–Yates).
fn shuffle<T>(list: &mut [T], random: &mut Random) {
    for end in (2..=list.len()).rev() {
        list.swap(end - 1, random.below(end));
    }
}

/// The number of the point that is nearest on a scale of ratios.
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

/// A quantile of sorted values, between its neighbours in proportion.
fn quantile(sorted: &[f32], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    f64::from(low) + (f64::from(high) - f64::from(low)) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_to_the_nearest_point() {
        assert_eq!([1, 2, 9, 10, 11, 14, 20, 99].map(|n| nearest(&[1, 10, 20], n)), [0, 0, 1, 1, 1, 1, 2, 2]);
    }

    #[test]
    fn quantiles_are_between_neighbours() {
        assert!((quantile(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.1) - 0.4).abs() < 1e-6);
        assert!((quantile(&[0.0, 1.0], 1.0) - 1.0).abs() < 1e-6);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
