//! How large the statistic gets where nothing changed.
//!
//! In: a number of runs and a statistic. Out: its p-value. Under "no change" every order
//! of the ranks 1 to n is as likely as any other, so a table of [`ORDERS`] random orders of n
//! serves every track of n runs. Beyond [`LARGEST_OWN`] runs, numbers of runs share a table
//! with the next larger one of a grid: the largest of more statistics is larger, so this
//! claims less.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use reports::stats::Random;

use super::rank::RankScale;

/// Random orders in a table: p-values go down to 1 ÷ 20,000 by counting.
pub const ORDERS: usize = 19_999;
/// Up to so many runs each number has a table of its own.
pub const LARGEST_OWN: usize = 48;
const SEED: u64 = 0x7365_7269_6573;
/// Tables are drawn in parts, each with its own stream, so that cores do not matter.
const PART: usize = 1000;

/// Tables, made when they are first asked for.
#[derive(Debug, Default)]
pub struct Nulls {
    tables: Mutex<BTreeMap<usize, Arc<Vec<f64>>>>,
}

impl Nulls {
    /// The chance of a statistic at least as large in `runs` exchangeable values.
    pub fn p(&self, runs: usize, statistic: f64) -> f64 {
        let table = self.table(on_grid(runs));
        // Sums in another order may differ in the last digit.
        let below = table.partition_point(|it| *it < statistic - 1e-9);
        (table.len() - below + 1) as f64 / (table.len() + 1) as f64
    }

    fn table(&self, runs: usize) -> Arc<Vec<f64>> {
        // A table is either there or not: a panic elsewhere leaves none half made.
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(runs).or_insert_with(|| Arc::new(draw(runs))).clone()
    }
}

fn draw(runs: usize) -> Vec<f64> {
    let scale = RankScale::new(runs);
    let part = |at: usize| {
        let mut random = Random::named(SEED, &format!("{runs}/{at}"));
        let mut ranks: Vec<u32> = (1..=runs as u32).collect();
        let one = |_| {
            for last in (1..ranks.len()).rev() {
                ranks.swap(last, random.below(last + 1));
            }
            scale.best(&ranks).map_or(0.0, |cut| cut.statistic)
        };
        (at..(at + PART).min(ORDERS)).map(one).collect::<Vec<f64>>()
    };
    let mut all: Vec<f64> = (0..ORDERS).step_by(PART).collect::<Vec<_>>().into_par_iter().flat_map_iter(part).collect();
    all.sort_unstable_by(f64::total_cmp);
    all
}

/// The number of runs whose table serves: each a fifth larger than the one before.
fn on_grid(runs: usize) -> usize {
    let mut at = LARGEST_OWN;
    if runs <= at {
        return runs;
    }
    while at < runs {
        at = at * 6 / 5;
    }
    at
}

/// The smallest p-value that so many runs can have: those of a perfect step in the middle.
pub fn smallest_p(runs: usize) -> f64 {
    if runs < 2 * super::MIN_SEGMENT {
        return 1.0;
    }
    let half = runs / 2;
    let ways = (1..=half).fold(1.0, |ways, k| ways * (runs - half + k) as f64 / k as f64);
    // Up or down; with an odd number there are two middles.
    let steps = if runs.is_multiple_of(2) { 2.0 } else { 4.0 };
    f64::min(steps / ways, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::MIN_SEGMENT;
    use super::*;

    #[test]
    fn the_best_that_few_runs_can_do_is_counted_right() {
        // Every order of 6 to 8 runs.
        fn orders(ranks: &mut Vec<u32>, from: usize, seen: &mut impl FnMut(&[u32])) {
            if from == ranks.len() {
                return seen(ranks);
            }
            for at in from..ranks.len() {
                ranks.swap(from, at);
                orders(ranks, from + 1, seen);
                ranks.swap(from, at);
            }
        }
        for runs in 2 * MIN_SEGMENT..=8 {
            let (scale, mut statistics) = (RankScale::new(runs), Vec::new());
            orders(&mut (1..=runs as u32).collect(), 0, &mut |ranks| {
                statistics.push(scale.best(ranks).unwrap().statistic);
            });
            let largest = statistics.iter().copied().fold(0.0, f64::max);
            let p =
                |from: f64| statistics.iter().filter(|it| **it >= from - 1e-9).count() as f64 / statistics.len() as f64;
            // With two middles an order can be perfect for both.
            assert!(p(largest) <= smallest_p(runs) + 1e-12 && p(largest) > smallest_p(runs) * 0.7, "{runs}");
            let nulls = Nulls::default();
            for from in [1.0, 1.5, 2.0, 2.5] {
                assert!(
                    (nulls.p(runs, from) - p(from)).abs() < 0.012,
                    "{runs} {from}: {} {}",
                    nulls.p(runs, from),
                    p(from)
                );
            }
        }
        assert_eq!(smallest_p(5), 1.0);
        assert_eq!(smallest_p(6), 0.1);
    }

    #[test]
    fn p_falls_with_the_statistic_and_never_reaches_0() {
        let nulls = Nulls::default();
        for runs in [6, 12, 48, 49, 200] {
            let mut last = 1.1;
            for statistic in (0..400).map(|it| f64::from(it) * 0.1) {
                let p = nulls.p(runs, statistic);
                assert!(p > 0.0 && p <= last, "{runs} {statistic}");
                last = p;
            }
        }
        assert_eq!(nulls.p(200, 60.0), 1.0 / (ORDERS as f64 + 1.0), "beyond what was drawn");
    }

    #[test]
    fn a_table_that_is_shared_claims_less() {
        let nulls = Nulls::default();
        assert_eq!([48, 49, 57, 58].map(on_grid), [48, 57, 57, 68]);
        let at = |runs: usize, part: usize| nulls.table(runs)[ORDERS * part / 100];
        assert!(at(68, 95) > at(48, 95) - 0.02 && at(400, 95) > at(48, 95));
    }
}
