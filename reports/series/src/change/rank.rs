//! Where ranks differ most before and after: one cut of one track.

use super::MIN_SEGMENT;

/// The best cut of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestCut {
    /// Index of the first value after it.
    pub at: usize,
    /// How far out the sum of ranks before it is, as a normal variable would be.
    pub statistic: f64,
}

/// Ranks from 1, each once. Equal values are ordered by `ties`, which must know nothing of
/// time: then any order of ranks is as likely as any other where nothing changed.
pub fn ranks(values: &[f64], ties: &[u64]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| {
        values[*a].total_cmp(&values[*b]).then(ties.get(*a).cmp(&ties.get(*b))).then(a.cmp(b))
    });
    let mut ranks = vec![0; values.len()];
    for (rank, at) in (1..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

/// Makes sums of ranks comparable, by the number of values they are over.
///
/// Divided by its standard deviation alone, the sum of few ranks could never be far out, since
/// it is bounded: a change four runs ago would be lost. A sum over its largest value is nearly
/// a symmetric beta variable with the same variance, so that r·√(2a ÷ (1 − r²)) is nearly
/// Student's t with 2a degrees of freedom, and by Wallace's approximation (Annals of Mathematical
/// Statistics 30, 1959) `c·√(−2a·ln(1 − r²))` nearly a normal one. How near does not matter
/// for the level, which the table of random orders keeps, but makes all cuts equally hard.
#[derive(Debug, Clone)]
pub struct RankScale {
    /// For each cut the largest sum of centred ranks, and `2a·c²`, which is 0 where no cut may be.
    cuts: Vec<(f64, f64)>,
}

impl RankScale {
    /// For tracks of so many runs.
    pub fn new(runs: usize) -> Self {
        let n = runs as f64;
        let of = |at: usize| {
            let (before, after) = (at as f64, n - at as f64);
            let allowed = at >= MIN_SEGMENT && runs - at >= MIN_SEGMENT;
            let free = 3.0 * before * after / (n + 1.0) - 1.0;
            let c = (8.0 * free + 1.0) / (8.0 * free + 3.0);
            (before * after / 2.0, if allowed { free * c * c } else { 0.0 })
        };
        Self { cuts: (0..=runs).map(of).collect() }
    }

    /// The best cut; the first of equals. `None` where there is no room for one.
    pub fn best(&self, ranks: &[u32]) -> Option<BestCut> {
        if ranks.len() < 2 * MIN_SEGMENT || ranks.len() + 1 != self.cuts.len() {
            return None;
        }
        let centre = self.cuts.len() as f64 / 2.0;
        let (mut sum, mut best, mut at_best) = (0.0, 0.0, MIN_SEGMENT);
        for (at, rank) in (1..).zip(ranks) {
            sum += f64::from(*rank) - centre;
            let (most, weight) = self.cuts[at];
            if weight == 0.0 {
                continue;
            }
            // Half a rank less, so that a perfect step is far out, and not infinitely far.
            let r = (f64::abs(sum) - 0.5).max(0.0) / most;
            let left = 1.0 - r * r;
            // −ln x ≤ (1 − x) ÷ x: most cuts need no logarithm.
            if weight * (1.0 - left) > best * left {
                let square = -weight * left.ln();
                if square > best {
                    (best, at_best) = (square, at);
                }
            }
        }
        Some(BestCut { at: at_best, statistic: best.sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn best(values: &[f64]) -> Option<BestCut> {
        RankScale::new(values.len()).best(&ranks(values, &vec![0; values.len()]))
    }

    #[test]
    fn a_step_is_cut_where_it_is() {
        let cut = best(&[1.0, 1.1, 0.9, 1.05, 2.0, 2.2, 2.1]).unwrap();
        assert_eq!(cut.at, 4);
        // All ranks before are below all after: the sum is the largest, 6, less a half.
        let (free, r): (f64, f64) = (36.0 / 8.0 - 1.0, 5.5 / 6.0);
        let by_hand = (8.0 * free + 1.0) / (8.0 * free + 3.0) * (-free * (1.0 - r * r).ln()).sqrt();
        assert!((cut.statistic - by_hand).abs() < 1e-12, "{cut:?}");
        assert_eq!(best(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        // One odd run at the end is no change, and no cut leaves it alone.
        assert!(best(&[1.0, 1.1, 0.9, 1.05, 1.02, 1.01, 9.0]).unwrap().at <= 4);
    }

    proptest! {
        #[test]
        fn only_the_order_of_values_counts(values in prop::collection::vec(-5.0..5.0f64, 6..40)) {
            let bent: Vec<f64> = values.iter().map(|value| (value * 3.0).exp()).collect();
            prop_assert_eq!(best(&values), best(&bent));
            let ranks = ranks(&values, &[]);
            let mut sorted = ranks.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (1..=values.len() as u32).collect::<Vec<_>>());
        }

        #[test]
        fn time_may_run_backwards(values in prop::collection::vec(-5.0..5.0f64, 6..40)) {
            let mut back = values.clone();
            back.reverse();
            let (a, b) = (best(&values).unwrap(), best(&back).unwrap());
            prop_assert!((a.statistic - b.statistic).abs() < 1e-9);
        }
    }
}
