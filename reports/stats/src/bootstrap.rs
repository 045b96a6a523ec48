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
//! contain a median more surely than their whole range does: 1 − 2 ÷ 2ⁿ, 75 % for 3
//! rounds, 87.5 % for 4, 93.8 % for 5. Below [`MIN_ROUNDS`] there is therefore no
//! interval. What a nominal 95 % covers above that, simulated with normal noise and
//! with heavy tails (t with 2 degrees of freedom) by `tests/coverage.rs`, which
//! compares the intervals with this table:
//!
//! | rounds | 1 workspace | 3 workspaces, rounds drawn whole | 3 workspaces, pairs drawn apart |
//! |---|---|---|---|
//! | 5 | 95.1 %, heavy 94.6 % | 96.0 %, heavy 94.4 % | 99.0 %, heavy 98.7 % |
//! | 6 | 94.9 %, heavy 97.0 % | 96.5 %, heavy 96.9 % | 98.4 %, heavy 98.8 % |
//! | 8 | 96.6 %, heavy 96.6 % | 98.3 %, heavy 98.1 % | 98.0 %, heavy 98.6 % |
//! | 10 | 96.4 %, heavy 97.4 % | 98.0 %, heavy 98.7 % | 97.8 %, heavy 97.8 % |
//! | 15 | 95.2 %, heavy 95.9 % | 98.6 %, heavy 98.4 % | 98.5 %, heavy 98.0 % |

use super::Random;
use super::power::student_quantile;
use super::sample::{Block, Pair, Sample, median_in_place};
use statrs::distribution::{ContinuousCDF as _, Normal};

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

    /// Width as a factor, at least 1: a further round gains most where it is largest.
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
    Normal::standard().sf(student_quantile(f64::midpoint(1.0, confidence), free))
}

/// The sample laid out for drawing. A median needs no values, only how often each rank
/// was drawn: per workspace its values in order, and for every draw its rank there.
struct Draws {
    places: Vec<WorkspaceDraw>,
    /// For every round the workspaces that have it, with the rank of their value.
    by_round: Vec<Vec<(usize, usize)>>,
}

/// One workspace.
struct WorkspaceDraw {
    /// In rising order.
    values: Vec<f64>,
    /// Rank of the value of each pair, in the order of the sample.
    ranks: Vec<usize>,
    median: f64,
    /// How often each rank was drawn; a field to spare the allocations.
    counts: Vec<u32>,
    drawn: u32,
}

impl WorkspaceDraw {
    fn new(pairs: &[Pair]) -> Self {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| pairs[*a].log_ratio.total_cmp(&pairs[*b].log_ratio));
        let mut ranks = vec![0; pairs.len()];
        for (rank, at) in order.iter().enumerate() {
            ranks[*at] = rank;
        }
        let values: Vec<f64> = order.iter().map(|at| pairs[*at].log_ratio).collect();
        let median = median_in_place(&mut values.clone()).unwrap_or(0.0);
        Self { counts: vec![0; values.len()], drawn: 0, values, ranks, median }
    }

    fn draw(&mut self, rank: usize) {
        self.counts[rank] += 1;
        self.drawn += 1;
    }

    /// The median of what was drawn, which is forgotten. Without any, that of all.
    fn take_median(&mut self) -> f64 {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn == 0 {
            return self.median;
        }
        let (lower, upper) = ((drawn - 1) / 2, drawn / 2);
        let (mut seen, mut first) = (0, None);
        let mut median = self.median;
        for (value, count) in self.values.iter().zip(&self.counts) {
            seen += count;
            if first.is_none() && seen > lower {
                first = Some(*value);
            }
            if seen > upper {
                median = first.map_or(*value, |first| f64::midpoint(first, *value));
                break;
            }
        }
        self.counts.fill(0);
        median
    }
}

impl Draws {
    fn new(sample: &Sample) -> Self {
        let rounds = sample.rounds();
        let mut by_round = vec![Vec::new(); rounds.len()];
        let places: Vec<WorkspaceDraw> =
            sample.workspaces().iter().map(|(_, pairs)| WorkspaceDraw::new(pairs)).collect();
        for (at, (_, pairs)) in sample.workspaces().iter().enumerate() {
            for (pair, rank) in pairs.iter().zip(&places[at].ranks) {
                if let Ok(round) = rounds.binary_search(&pair.round) {
                    by_round[round].push((at, *rank));
                }
            }
        }
        Self { places, by_round }
    }

    /// The estimate from one draw. A workspace that a draw of rounds happens to
    /// leave out, possible only where rounds are incomplete, keeps its median.
    fn estimate(&mut self, block: Block, random: &mut Random) -> f64 {
        match block {
            Block::Round => {
                for _ in 0..self.by_round.len() {
                    for (workspace, rank) in &self.by_round[random.below(self.by_round.len())] {
                        self.places[*workspace].draw(*rank);
                    }
                }
            }
            Block::Pair => {
                for place in &mut self.places {
                    for _ in 0..place.ranks.len() {
                        let rank = place.ranks[random.below(place.ranks.len())];
                        place.draw(rank);
                    }
                }
            }
        }
        let medians = self.places.iter_mut().map(WorkspaceDraw::take_median);
        medians.sum::<f64>() / self.places.len() as f64
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
