//! Which arm runs when.
//!
//! A fixed order gives every arm its own place in the machine's moods: page cache, heat,
//! neighbours. The order of each slot (a step of a workspace, or the whole story) is drawn
//! from the seed for each round; over pairs of rounds it is balanced, since the second round
//! of a pair runs the first one's order backwards, so that an arm's mean position over the
//! pair is the middle.

/// A small generator with a published algorithm (SplitMix64, Steele, Lea and Flood 2014), so
/// that a recorded seed gives the same order for ever.
#[derive(Debug, Clone)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, without the bias of a plain remainder (Lemire 2019).
    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.next()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as usize;
            }
        }
    }
}

/// The arms of one slot in one round, in the order they run; arms are numbers below `arms`,
/// rounds count from 1.
pub fn order(seed: u64, slot: &[usize], round: u32, arms: usize) -> Vec<usize> {
    let pair = u64::from(round.saturating_sub(1) / 2);
    let mut random = SplitMix64(seed ^ pair.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    for part in slot {
        random.0 = random.next() ^ *part as u64;
    }
    let mut order: Vec<usize> = (0..arms).collect();
    for at in (1..arms).rev() {
        order.swap(at, random.below(at + 1));
    }
    if round.is_multiple_of(2) {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arm_runs_once_a_round() {
        for round in 1..20 {
            let mut order = order(7, &[0], round, 10);
            order.sort_unstable();
            assert_eq!(order, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(order(7, &[0], 1, 10), order(7, &[0], 1, 10));
        assert_ne!(order(7, &[0], 1, 10), order(8, &[0], 1, 10));
        assert_ne!(order(7, &[0], 1, 10), order(7, &[0], 3, 10));
    }

    #[test]
    fn positions_balance_over_a_pair_of_rounds() {
        let (first, second) = (order(3, &[0], 5, 9), order(3, &[0], 6, 9));
        for arm in 0..9 {
            let place = |order: &[usize]| order.iter().position(|a| *a == arm).unwrap();
            assert_eq!(place(&first) + place(&second), 8);
        }
    }

    #[test]
    fn first_places_are_spread_evenly_over_seeds() {
        let mut first = [0u32; 5];
        for seed in 0..5000 {
            first[order(seed, &[0], 1, 5)[0]] += 1;
        }
        // 1000 each; five standard deviations of a binomial are 141.
        assert!(first.iter().all(|count| count.abs_diff(1000) < 141), "{first:?}");
    }

    #[test]
    fn slots_have_orders_of_their_own() {
        let orders: std::collections::BTreeSet<Vec<usize>> =
            (0..4).flat_map(|step| (0..4).map(move |workspace| order(7, &[step, workspace], 1, 10))).collect();
        assert_eq!(orders.len(), 16);
    }

    #[test]
    fn one_arm_and_none() {
        assert_eq!(order(1, &[0], 1, 1), [0]);
        assert!(order(1, &[0], 1, 0).is_empty());
    }
}
