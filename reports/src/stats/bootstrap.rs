//! How sure the estimate is: a percentile bootstrap over blocks.
//!
//! Blocks are drawn with replacement (whole rounds, or the pairs of each
//! workspace apart, see [`Block`]) and the estimate, the mean over workspaces of
//! the median over rounds, is taken again from each draw. The interval runs
//! between two percentiles of those estimates (Efron and Tibshirani, *An
//! Introduction to the Bootstrap*, 1993, ch. 13). A plain percentile interval is
//! too narrow for few values; the percentiles are therefore moved outwards as far
//! as Student's t is wider than the normal distribution: Hesterberg's expanded
//! percentile interval ("What teachers should know about the bootstrap", The
//! American Statistician 69, 2015). Not BCa: its acceleration comes from the
//! jackknife, which is inconsistent for a median (Miller, "The jackknife – a
//! review", Biometrika 61, 1974).
//!
//! **Coverage for few rounds.** No interval made from the values of n rounds can
//! hold a median more surely than their whole range does: 1 − 2 ÷ 2ⁿ, 75 % for 3
//! rounds, 87.5 % for 4, 93.8 % for 5. Below [`MIN_ROUNDS`] there is therefore no
//! interval. What a nominal 95 % covers above that, simulated with normal noise and
//! with heavy tails (t with 2 degrees of freedom) by `tests/coverage.rs`, which
//! holds the intervals to this table:
//!
//! | rounds | 1 workspace | 3 workspaces, rounds drawn whole | 3 workspaces, pairs drawn apart |
//! |---|---|---|---|
//! | 5 | 95.1 %, heavy 94.6 % | 96.0 %, heavy 94.4 % | 99.0 %, heavy 98.7 % |
//! | 6 | 94.9 %, heavy 97.0 % | 96.5 %, heavy 96.9 % | 98.4 %, heavy 98.8 % |
//! | 8 | 96.6 %, heavy 96.6 % | 98.3 %, heavy 98.1 % | 98.0 %, heavy 98.6 % |
//! | 10 | 96.4 %, heavy 97.4 % | 98.0 %, heavy 98.7 % | 97.8 %, heavy 97.8 % |
//! | 15 | 95.2 %, heavy 95.9 % | 98.6 %, heavy 98.4 % | 98.5 %, heavy 98.0 % |

use super::{
    center::median_in_place,
    random::Random,
    sample::{Block, Sample},
    student::{normal_tail, student_quantile},
};

/// Rounds every workspace must have before an interval is given.
pub const MIN_ROUNDS: usize = 5;

/// A confidence interval for a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end, as a ratio.
    pub low: f64,
    /// Upper end, as a ratio.
    pub high: f64,
    /// Nominal confidence, 0 to 1.
    pub confidence: f64,
}

impl Interval {
    /// Whether the ratio 1, "no difference", lies outside.
    pub fn excludes_one(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }

    /// Width as a factor, at least 1: where a further round tells most.
    pub fn width(&self) -> f64 {
        self.high / self.low
    }
}

/// The interval of [`Sample::estimate`], or `None` below [`MIN_ROUNDS`].
pub fn interval(
    sample: &Sample,
    block: Block,
    confidence: f64,
    resamples: usize,
    random: &mut Random,
) -> Option<Interval> {
    if sample.fewest_rounds() < MIN_ROUNDS || resamples == 0 {
        return None;
    }
    let mut draws = Draws::new(sample);
    let mut estimates: Vec<f64> = (0..resamples).map(|_| draws.estimate(block, random)).collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let tail = expanded_tail(sample, block, confidence);
    let rank = ((resamples + 1) as f64 * tail).floor() as usize;
    let rank = rank.clamp(1, resamples.div_ceil(2));
    Some(Interval { low: estimates[rank - 1].exp(), high: estimates[resamples - rank].exp(), confidence })
}

/// The part of the estimates to leave out at either end.
fn expanded_tail(sample: &Sample, block: Block, confidence: f64) -> f64 {
    let rounds = sample.fewest_rounds();
    let free = match block {
        Block::Round => rounds - 1,
        Block::Pair => sample.pairs() - sample.workspaces().len(),
    };
    // Hesterberg's further factor √(n ÷ (n − 1)) makes up for the variance that a
    // resampled mean loses; a resampled median loses none.
    normal_tail(student_quantile(f64::midpoint(1.0, confidence), free))
}

/// The sample laid out for drawing: per workspace its values, and per round the
/// place of each workspace's value.
struct Draws {
    values: Vec<Vec<f64>>,
    by_round: Vec<Vec<(usize, f64)>>,
    medians: Vec<f64>,
    /// What one draw took, by workspace; kept to spare the allocations.
    drawn: Vec<Vec<f64>>,
}

impl Draws {
    fn new(sample: &Sample) -> Self {
        let rounds = sample.rounds();
        let mut by_round = vec![Vec::new(); rounds.len()];
        let mut values = Vec::new();
        let mut medians = Vec::new();
        for (at, (_, pairs)) in sample.workspaces().iter().enumerate() {
            for pair in pairs {
                if let Ok(round) = rounds.binary_search(&pair.round) {
                    by_round[round].push((at, pair.log_ratio));
                }
            }
            let mut logs: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio).collect();
            values.push(logs.clone());
            medians.push(median_in_place(&mut logs).unwrap_or(0.0));
        }
        let drawn = values.clone();
        Self { values, by_round, medians, drawn }
    }

    /// The estimate from one draw. A workspace that a draw of rounds happens to
    /// leave out, possible only where rounds are incomplete, keeps its median.
    fn estimate(&mut self, block: Block, random: &mut Random) -> f64 {
        self.drawn.iter_mut().for_each(Vec::clear);
        match block {
            Block::Round => {
                for _ in 0..self.by_round.len() {
                    for (workspace, value) in &self.by_round[random.below(self.by_round.len())] {
                        self.drawn[*workspace].push(*value);
                    }
                }
            }
            Block::Pair => {
                for (values, drawn) in self.values.iter().zip(&mut self.drawn) {
                    drawn.extend((0..values.len()).map(|_| values[random.below(values.len())]));
                }
            }
        }
        let medians =
            self.drawn.iter_mut().zip(&self.medians).map(|(drawn, median)| median_in_place(drawn).unwrap_or(*median));
        medians.sum::<f64>() / self.medians.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(logs: &[f64]) -> Sample {
        let mut sample = Sample::new("test");
        for (at, log) in logs.iter().enumerate() {
            sample.add(["a", "b"][at % 2], (at / 2) as u32, log.exp(), 1.0);
        }
        sample
    }

    #[test]
    fn no_interval_from_too_few_rounds() {
        let few = sample(&[0.1; 8]);
        assert_eq!(interval(&few, Block::Round, 0.95, 99, &mut Random::new(1)), None);
        let enough = sample(&[0.1; 10]);
        assert!(interval(&enough, Block::Round, 0.95, 99, &mut Random::new(1)).is_some());
    }

    #[test]
    fn rounds_that_move_all_workspaces_widen_the_interval_only_if_drawn_whole() {
        let mut random = Random::new(5);
        let logs: Vec<f64> = (0..20).map(|_| 0.1 * random.normal()).flat_map(|x| [x, x]).collect();
        let width = |block| {
            let it = interval(&sample(&logs), block, 0.95, 999, &mut Random::new(1)).unwrap();
            it.width().ln()
        };
        assert!(width(Block::Round) > 1.2 * width(Block::Pair));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn same_seed_same_interval_within_the_range(logs in prop::collection::vec(-1.0..1.0, 10..40)) {
            let it = sample(&logs);
            for block in [Block::Round, Block::Pair] {
                let one = interval(&it, block, 0.95, 199, &mut Random::new(9)).unwrap();
                let two = interval(&it, block, 0.95, 199, &mut Random::new(9)).unwrap();
                prop_assert_eq!(one, two);
                let (low, high) = it.range().unwrap();
                prop_assert!(low <= one.low + 1e-12 && one.low <= one.high && one.high <= high + 1e-12);
                let narrow = interval(&it, block, 0.5, 199, &mut Random::new(9)).unwrap();
                prop_assert!(one.low <= narrow.low && narrow.high <= one.high);
            }
        }
    }
}
