//! Where ranks differ most before and after: one cut of one track.

use super::MIN_SEGMENT;

/// The best cut of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Index of the first value after it.
    pub at: usize,
    /// The largest standardised Wilcoxon statistic.
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

/// What a sum of ranks is divided by, by the number of values it is over.
#[derive(Debug, Clone)]
pub struct Scale {
    runs: usize,
    /// One ÷ standard deviation of the sum of the first τ ranks; 0 where no cut may be.
    weights: Vec<f64>,
}

impl Scale {
    /// For tracks of so many runs.
    pub fn new(runs: usize) -> Self {
        let n = runs as f64;
        let weight = |at: usize| {
            let (before, after) = (at as f64, n - at as f64);
            let allowed = at >= MIN_SEGMENT && runs - at >= MIN_SEGMENT;
            if allowed { (12.0 / (before * after * (n + 1.0))).sqrt() } else { 0.0 }
        };
        Self { runs, weights: (0..=runs).map(weight).collect() }
    }

    /// The best cut; the first of equals. `None` where there is no room for one.
    pub fn best(&self, ranks: &[u32]) -> Option<Cut> {
        if self.runs < 2 * MIN_SEGMENT || ranks.len() != self.runs {
            return None;
        }
        let centre = (self.runs as f64 + 1.0) / 2.0;
        let mut sum = 0.0;
        let mut best = Cut { at: MIN_SEGMENT, statistic: 0.0 };
        for (at, rank) in (1..).zip(ranks) {
            sum += f64::from(*rank) - centre;
            let statistic = sum.abs() * self.weights[at];
            if statistic > best.statistic {
                best = Cut { at, statistic };
            }
        }
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn best(values: &[f64]) -> Option<Cut> {
        Scale::new(values.len()).best(&ranks(values, &vec![0; values.len()]))
    }

    #[test]
    fn a_step_is_cut_where_it_is() {
        let cut = best(&[1.0, 1.1, 0.9, 1.05, 2.0, 2.2, 2.1]).unwrap();
        assert_eq!(cut.at, 4);
        // All ranks before are below all after: √(3·4·3 ÷ 8).
        assert!((cut.statistic - (36.0_f64 / 8.0).sqrt()).abs() < 1e-12, "{cut:?}");
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
