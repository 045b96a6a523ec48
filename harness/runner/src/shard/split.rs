//! Cells → shards of even predicted time.
//!
//! Longest processing time first: cells in falling order of weight, each to the shard that has least so far (R. L.
//! Graham, "Bounds on multiprocessing timing anomalies", SIAM Journal on Applied Mathematics 17, 1969). The longest
//! shard takes at most 4/3 − 1/(3N) of what the best split could do. Weights are whole numbers and ties go to the lower
//! round, workspace and shard, so every machine finds the same split.
//!
//! Rounds of one workspace weigh the same, so which of them a shard gets is free: whole pairs
//! of rounds where it can be, since the second round of a pair runs the first one's order
//! backwards ([`crate::plan`]) and so balances it on the same machine.

use std::collections::BTreeSet;

/// One round of one pass: the round, from 1, and the number of the pass in its round.
pub type ShardCell = (u32, usize);

/// Which shard has which cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    shards: Vec<BTreeSet<ShardCell>>,
    weights: Vec<u64>,
}

/// There are fewer cells than shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyShards {
    /// How many cells there are.
    pub cells: usize,
}

impl Split {
    /// The cells of a shard, counted from 1; none of a shard that there is not.
    pub fn cells_of(&self, shard: u32) -> BTreeSet<ShardCell> {
        let at = (shard as usize).checked_sub(1).and_then(|at| self.shards.get(at));
        at.cloned().unwrap_or_default()
    }

    /// Weight of each shard, in the unit of the weights.
    pub fn weights(&self) -> &[u64] {
        &self.weights
    }
}

/// Splits `rounds` rounds of passes of these weights into `of` shards, none of them empty.
pub fn split(weights: &[u64], rounds: u32, of: u32) -> Result<Split, TooManyShards> {
    let cells = weights.len() * rounds as usize;
    let of = of as usize;
    if of == 0 || cells < of {
        return Err(TooManyShards { cells });
    }
    let mut falling: Vec<usize> = (0..weights.len()).collect();
    falling.sort_by_key(|pass| (std::cmp::Reverse(weights[*pass]), *pass));
    // How many rounds of each pass each shard gets. A weight of nothing would leave shards empty: it counts as one.
    let mut counts = vec![vec![0u32; weights.len()]; of];
    let mut loads = vec![0u64; of];
    for pass in falling {
        for _ in 0..rounds {
            let least = (0..of).min_by_key(|shard| (loads[*shard], *shard)).unwrap_or(0);
            counts[least][pass] += 1;
            loads[least] += weights[pass].max(1);
        }
    }
    let mut shards = vec![BTreeSet::new(); of];
    for pass in 0..weights.len() {
        let wanted: Vec<u32> = counts.iter().map(|shard| shard[pass]).collect();
        for (shard, rounds) in shards.iter_mut().zip(distribute(&wanted)) {
            shard.extend(rounds.into_iter().map(|round| (round, pass)));
        }
    }
    Ok(Split { shards, weights: loads })
}

/// Rounds for shards that want so many each: whole pairs first, then what is left.
fn distribute(wanted: &[u32]) -> Vec<Vec<u32>> {
    let mut next = 1;
    let mut take = |count: u32| {
        let taken: Vec<u32> = (next..next + count).collect();
        next += count;
        taken
    };
    let mut rounds: Vec<Vec<u32>> = wanted.iter().map(|wanted| take(wanted / 2 * 2)).collect();
    for (rounds, wanted) in rounds.iter_mut().zip(wanted) {
        rounds.extend(take(wanted % 2));
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn best(weights: &[u64], of: usize) -> u64 {
        fn go(rest: &[u64], loads: &mut Vec<u64>) -> u64 {
            let Some((first, rest)) = rest.split_first() else { return loads.iter().copied().max().unwrap() };
            (0..loads.len())
                .map(|at| {
                    loads[at] += first;
                    let found = go(rest, loads);
                    loads[at] -= first;
                    found
                })
                .min()
                .unwrap()
        }
        go(weights, &mut vec![0; of])
    }

    proptest! {
        #[test]
        fn every_cell_is_in_one_shard_and_no_shard_is_empty(
            weights in prop::collection::vec(0u64..1000, 1..12), rounds in 1u32..9, of in 1u32..40
        ) {
            let all = weights.len() * rounds as usize;
            let Ok(split) = split(&weights, rounds, of) else {
                prop_assert!((of as usize) > all);
                return Ok(());
            };
            let mut seen = BTreeSet::new();
            for shard in 1..=of {
                let cells = split.cells_of(shard);
                prop_assert!(!cells.is_empty());
                let weight: u64 = cells.iter().map(|(_, pass)| weights[*pass].max(1)).sum();
                prop_assert_eq!(weight, split.weights()[shard as usize - 1]);
                for cell in cells {
                    prop_assert!((1..=rounds).contains(&cell.0));
                    prop_assert!(seen.insert(cell), "twice: {:?}", cell);
                }
            }
            prop_assert_eq!(seen.len(), all);
            // List scheduling: mean load plus what the last one can add.
            let (sum, most) = (split.weights().iter().sum::<u64>() as f64, *split.weights().iter().max().unwrap());
            let largest = *weights.iter().max().unwrap() as f64;
            let n = f64::from(of);
            prop_assert!(most as f64 <= sum / n + largest.max(1.0) * (1.0 - 1.0 / n) + 1e-9);
        }

        #[test]
        fn the_longest_shard_is_within_the_bound_of_the_best(
            weights in prop::collection::vec(1u64..50, 2..5), rounds in 1u32..3, of in 1u32..4
        ) {
            let cells: Vec<u64> = weights.iter().flat_map(|weight| vec![*weight; rounds as usize]).collect();
            prop_assume!(cells.len() >= of as usize);
            let found = *split(&weights, rounds, of).unwrap().weights().iter().max().unwrap() as f64;
            let n = f64::from(of);
            prop_assert!(found <= (4.0 / 3.0 - 1.0 / (3.0 * n)) * best(&cells, of as usize) as f64 + 1e-9);
        }
    }

    #[test]
    fn a_split_is_what_it_was() {
        // The commands of a plan may run weeks apart: this must not change.
        let split = split(&[30, 10, 10, 5], 2, 3).unwrap();
        assert_eq!(split.weights(), [40, 35, 35]);
        let cells = |shard| split.cells_of(shard).into_iter().collect::<Vec<_>>();
        assert_eq!(cells(1), [(1, 0), (1, 2)]);
        assert_eq!(cells(2), [(1, 3), (2, 0)]);
        assert_eq!(cells(3), [(1, 1), (2, 1), (2, 2), (2, 3)]);
    }

    #[test]
    fn pairs_of_rounds_stay_on_one_machine_where_they_can() {
        let split = split(&[1], 6, 2).unwrap();
        let rounds = |shard| split.cells_of(shard).into_iter().map(|(round, _)| round).collect::<Vec<_>>();
        assert_eq!((rounds(1), rounds(2)), (vec![1, 2, 5], vec![3, 4, 6]));
    }

    #[test]
    fn fewer_cells_than_shards_are_refused() {
        assert_eq!(split(&[5], 1, 2), Err(TooManyShards { cells: 1 }));
        assert_eq!(split(&[5], 1, 0), Err(TooManyShards { cells: 1 }));
        assert!(split(&[5], 2, 2).is_ok());
    }
}
