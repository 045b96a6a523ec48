//! How sure the estimate is: a percentile bootstrap over blocks (`METHOD.md`, the interval).

use super::Random;
use super::sample::{FlipUnit, Pair, PairedSample, median, median_in_place};
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

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

/// The interval of [`PairedSample::estimate`], or `None` below [`MIN_ROUNDS`].
pub fn interval(
    sample: &PairedSample,
    block: FlipUnit,
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

fn expanded_tail(sample: &PairedSample, block: FlipUnit, confidence: f64) -> f64 {
    let rounds = sample.fewest_rounds();
    let free = match block {
        FlipUnit::Round => rounds - 1,
        FlipUnit::Pair => sample.pairs() - sample.workspaces().len(),
    };
    // Hesterberg's further factor √(n ÷ (n − 1)) makes up for the variance that a
    // resampled mean loses; a resampled median loses none.
    Normal::standard().sf(student_quantile(f64::midpoint(1.0, confidence), free))
}

struct Draws<'a> {
    workspaces: Vec<&'a [Pair]>,
    /// For every round the workspaces that have it, with the value.
    by_round: Vec<Vec<(usize, f64)>>,
    medians: Vec<f64>,
    /// What was drawn of each workspace; a field to spare the allocations.
    drawn: Vec<Vec<f64>>,
}

impl<'a> Draws<'a> {
    fn new(sample: &'a PairedSample) -> Self {
        let rounds = sample.rounds();
        let workspaces: Vec<&[Pair]> = sample.workspaces().iter().map(|(_, pairs)| pairs.as_slice()).collect();
        let mut by_round = vec![Vec::new(); rounds.len()];
        for (at, pair) in workspaces.iter().enumerate().flat_map(|(at, pairs)| pairs.iter().map(move |it| (at, it))) {
            if let Ok(round) = rounds.binary_search(&pair.round) {
                by_round[round].push((at, pair.log_ratio));
            }
        }
        let median = |pairs: &&[Pair]| median(&pairs.iter().map(|it| it.log_ratio).collect::<Vec<_>>()).unwrap_or(0.0);
        let medians = workspaces.iter().map(median).collect();
        Self { drawn: vec![Vec::new(); workspaces.len()], workspaces, by_round, medians }
    }

    /// The estimate from one draw. A workspace that a draw of rounds happens to
    /// leave out, possible only where rounds are incomplete, keeps its median.
    fn estimate(&mut self, block: FlipUnit, random: &mut Random) -> f64 {
        self.drawn.iter_mut().for_each(Vec::clear);
        match block {
            FlipUnit::Round => {
                for _ in 0..self.by_round.len() {
                    for (workspace, value) in &self.by_round[random.below(self.by_round.len())] {
                        self.drawn[*workspace].push(*value);
                    }
                }
            }
            FlipUnit::Pair => {
                for (pairs, drawn) in self.workspaces.iter().zip(&mut self.drawn) {
                    drawn.extend((0..pairs.len()).map(|_| pairs[random.below(pairs.len())].log_ratio));
                }
            }
        }
        let medians =
            self.drawn.iter_mut().zip(&self.medians).map(|(drawn, all)| median_in_place(drawn).unwrap_or(*all));
        medians.sum::<f64>() / self.medians.len() as f64
    }
}

/// The quantile of Student's t; `free` is at least 1.
pub(crate) fn student_quantile(chance: f64, free: usize) -> f64 {
    StudentsT::new(0.0, 1.0, free as f64).map_or(f64::INFINITY, |t| t.inverse_cdf(chance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(logs: &[f64]) -> PairedSample {
        let mut sample = PairedSample::new("test");
        for (at, log) in logs.iter().enumerate() {
            sample.add(["a", "b"][at % 2], (at / 2) as u32, log.exp(), 1.0);
        }
        sample
    }

    #[test]
    fn no_interval_from_too_few_rounds() {
        let few = sample(&[0.1; 8]);
        assert_eq!(interval(&few, FlipUnit::Round, 0.95, 99, &mut Random::new(1)), None);
        let enough = sample(&[0.1; 10]);
        assert!(interval(&enough, FlipUnit::Round, 0.95, 99, &mut Random::new(1)).is_some());
    }

    #[test]
    fn rounds_that_move_all_workspaces_widen_the_interval_only_if_drawn_whole() {
        let mut random = Random::new(5);
        let logs: Vec<f64> = (0..20).map(|_| 0.1 * random.normal()).flat_map(|x| [x, x]).collect();
        let width = |block| {
            let it = interval(&sample(&logs), block, 0.95, 999, &mut Random::new(1)).unwrap();
            it.width().ln()
        };
        assert!(width(FlipUnit::Round) > 1.2 * width(FlipUnit::Pair));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn same_seed_same_interval_within_the_range(logs in prop::collection::vec(-1.0..1.0, 10..40)) {
            let it = sample(&logs);
            for block in [FlipUnit::Round, FlipUnit::Pair] {
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
