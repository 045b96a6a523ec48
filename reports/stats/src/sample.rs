//! Paired log ratios of one arm against one baseline: [`PairedSample`].
//!
//! In: times of both arms in the same round and workspace. Out: the values that test and
//! interval work on. Logs, because a ratio of 2 and one of ½ are the same
//! distance from 1 and builds differ by factors, not by seconds.

/// What a sign flip or a resample moves as one: the smallest thing whose order
/// the schedule drew at random (see the [module](super)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlipUnit {
    /// All workspaces of a round together: the schedule orders whole arms.
    #[default]
    Round,
    /// Each workspace of a round for itself: the schedule orders the arms anew
    /// for every workspace.
    Pair,
}

/// Arm and baseline in one round of one workspace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The round.
    pub round: u32,
    /// ln(arm ÷ baseline): below 0 the arm was faster.
    pub log_ratio: f64,
}

/// All pairs of one comparison, by workspace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairedSample {
    name: String,
    workspaces: Vec<(String, Vec<Pair>)>,
}

impl PairedSample {
    /// An empty sample. The name selects the stream of random numbers, so that a
    /// comparison comes out the same whatever else is compared.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), workspaces: Vec::new() }
    }

    /// Adds a pair. Times that are not above 0 have no ratio: such a pair is left
    /// out and `false` returned.
    pub fn add(&mut self, workspace: &str, round: u32, arm: f64, baseline: f64) -> bool {
        let log_ratio = (arm / baseline).ln();
        let valid = arm > 0.0 && baseline > 0.0 && log_ratio.is_finite();
        if valid {
            let pair = Pair { round, log_ratio };
            match self.workspaces.iter_mut().find(|(name, _)| name == workspace) {
                Some((_, pairs)) => pairs.push(pair),
                None => self.workspaces.push((workspace.into(), vec![pair])),
            }
        }
        valid
    }

    /// The name given to [`PairedSample::new`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The pairs of every workspace, in the order they were added.
    pub fn workspaces(&self) -> &[(String, Vec<Pair>)] {
        &self.workspaces
    }

    /// Number of pairs.
    pub fn pairs(&self) -> usize {
        self.workspaces.iter().map(|(_, pairs)| pairs.len()).sum()
    }

    /// The distinct rounds, in order.
    pub fn rounds(&self) -> Vec<u32> {
        let mut rounds: Vec<u32> = self.all().map(|pair| pair.round).collect();
        rounds.sort_unstable();
        rounds.dedup();
        rounds
    }

    /// Rounds of the workspace that has fewest; 0 for an empty sample.
    pub fn fewest_rounds(&self) -> usize {
        self.workspaces.iter().map(|(_, pairs)| pairs.len()).min().unwrap_or(0)
    }

    fn all(&self) -> impl Iterator<Item = Pair> + '_ {
        self.workspaces.iter().flat_map(|(_, pairs)| pairs.iter().copied())
    }

    /// The estimate, as a log: mean over workspaces of the median over rounds.
    /// Its exponential is the geometric mean of the workspaces' median ratios.
    pub fn estimate(&self) -> Option<f64> {
        let medians: Option<Vec<f64>> = self
            .workspaces
            .iter()
            .map(|(_, pairs)| {
                let mut logs: Vec<f64> = pairs.iter().map(|pair| pair.log_ratio).collect();
                median_in_place(&mut logs)
            })
            .collect();
        mean(&medians?)
    }

    /// Smallest and largest ratio of any pair.
    pub fn range(&self) -> Option<(f64, f64)> {
        let fold = |pick: fn(f64, f64) -> f64| self.all().map(|pair| pair.log_ratio).reduce(pick);
        Some((fold(f64::min)?.exp(), fold(f64::max)?.exp()))
    }

    /// The mean log ratio, every workspace weighing the same, as a sum with one
    /// term per block. Flipping the sign of a block flips its term.
    pub fn contributions(&self, block: FlipUnit) -> Vec<f64> {
        self.terms(block, |_| 0.0)
    }

    /// The standard deviation of a block's log ratio about its workspaces' means:
    /// the noise that more rounds average out. `None` where no freedom is left.
    pub fn spread(&self, block: FlipUnit) -> Option<f64> {
        let mean_of = |pairs: &[Pair]| pairs.iter().map(|pair| pair.log_ratio).sum::<f64>() / pairs.len() as f64;
        let residuals = self.terms(block, mean_of);
        let means = match block {
            FlipUnit::Round => 1,
            FlipUnit::Pair => self.workspaces.len(),
        };
        let free = residuals.len().checked_sub(means).filter(|free| *free > 0)?;
        let scale = residuals.len() as f64;
        let squares: f64 = residuals.iter().map(|term| (term * scale).powi(2)).sum();
        Some((squares / free as f64).sqrt())
    }

    fn terms(&self, block: FlipUnit, centre: impl Fn(&[Pair]) -> f64) -> Vec<f64> {
        let weighed = self.workspaces.iter().flat_map(|(_, pairs)| {
            let weight = 1.0 / (self.workspaces.len() * pairs.len()) as f64;
            let centre = centre(pairs);
            pairs.iter().map(move |pair| (pair.round, (pair.log_ratio - centre) * weight))
        });
        match block {
            FlipUnit::Pair => weighed.map(|(_, term)| term).collect(),
            FlipUnit::Round => {
                let rounds = self.rounds();
                let mut terms = vec![0.0; rounds.len()];
                for (round, term) in weighed {
                    if let Ok(at) = rounds.binary_search(&round) {
                        terms[at] += term;
                    }
                }
                terms
            }
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The median: the middle value, or the mean of the two middle ones. `None` for
/// an empty sample. Values must not be NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    median_in_place(&mut sorted)
}

/// As [`median`], reordering the values instead of copying them.
pub(crate) fn median_in_place(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    if values.len() % 2 == 1 { Some(values[middle]) } else { Some(f64::midpoint(values[middle - 1], values[middle])) }
}

/// The geometric mean, the centre of ratios: it does not depend on which side of
/// a ratio is the denominator (Fleming and Wallace, "How not to lie with
/// statistics", CACM 29(3), 1986). `None` for an empty sample or when a value is
/// not above 0.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    Some((values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::{FlipUnit, PairedSample, geometric_mean, median};
    use proptest::prelude::*;

    fn sample(times: &[(&str, u32, f64, f64)]) -> PairedSample {
        let mut sample = PairedSample::new("test");
        for (workspace, round, arm, baseline) in times {
            assert!(sample.add(workspace, *round, *arm, *baseline));
        }
        sample
    }

    #[test]
    fn a_large_workspace_weighs_no_more_than_a_small_one() {
        let it = sample(&[("a", 1, 1.0, 2.0), ("a", 2, 1.0, 2.0), ("b", 1, 800.0, 100.0)]);
        assert!((it.estimate().unwrap().exp() - 2.0).abs() < 1e-12);
        assert!((it.contributions(FlipUnit::Pair).iter().sum::<f64>().exp() - 2.0).abs() < 1e-12);
        assert_eq!(it.contributions(FlipUnit::Round).len(), 2);
        assert_eq!((it.pairs(), it.fewest_rounds()), (3, 1));
        let (low, high) = it.range().unwrap();
        assert!((low - 0.5).abs() < 1e-12 && (high - 8.0).abs() < 1e-12);
    }

    #[test]
    fn the_spread_knows_what_rounds_share_and_ignores_what_workspaces_differ_by() {
        // Rounds move both workspaces by ±d; the workspaces differ tenfold.
        let d = 0.1_f64;
        let it = sample(&[
            ("a", 1, d.exp(), 1.0),
            ("a", 2, (-d).exp(), 1.0),
            ("b", 1, 10.0 * d.exp(), 1.0),
            ("b", 2, 10.0 * (-d).exp(), 1.0),
        ]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(it.spread(FlipUnit::Round).unwrap(), d * 2.0_f64.sqrt());
        close(it.spread(FlipUnit::Pair).unwrap(), d * 2.0_f64.sqrt());
        assert_eq!(sample(&[("a", 1, 1.0, 1.0)]).spread(FlipUnit::Round), None);
    }

    #[test]
    fn a_time_that_is_not_above_zero_makes_no_pair() {
        let mut it = PairedSample::new("test");
        assert!(!it.add("a", 1, 0.0, 1.0) && !it.add("a", 1, 1.0, 0.0) && !it.add("a", 1, f64::NAN, 1.0));
        assert_eq!((it.pairs(), it.estimate(), it.range()), (0, None, None));
    }

    proptest! {
        #[test]
        fn swapping_the_arms_turns_the_ratio_over(times in prop::collection::vec((0.01..100.0, 0.01..100.0), 1..30)) {
            let (mut one, mut other) = (PairedSample::new("x"), PairedSample::new("x"));
            for (at, (arm, baseline)) in times.iter().enumerate() {
                let workspace = ["a", "b", "c"][at % 3];
                one.add(workspace, (at / 3) as u32, *arm, *baseline);
                other.add(workspace, (at / 3) as u32, *baseline, *arm);
            }
            let (x, y) = (one.estimate().unwrap(), other.estimate().unwrap());
            prop_assert!((x + y).abs() < 1e-9);
            for block in [FlipUnit::Round, FlipUnit::Pair] {
                for (x, y) in one.contributions(block).iter().zip(other.contributions(block)) {
                    prop_assert!((x + y).abs() < 1e-9);
                }
            }
            let sums = [FlipUnit::Round, FlipUnit::Pair].map(|block| one.contributions(block).iter().sum::<f64>());
            prop_assert!((sums[0] - sums[1]).abs() < 1e-9);
        }
    }

    #[test]
    fn small_samples() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
        assert!((geometric_mean(&[0.5, 8.0]).unwrap() - 2.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn half_of_the_values_lie_on_either_side(values in prop::collection::vec(-1e3..1e3, 1..40)) {
            let middle = median(&values).unwrap();
            let half = values.len().div_ceil(2);
            prop_assert!(values.iter().filter(|value| **value <= middle).count() >= half);
            prop_assert!(values.iter().filter(|value| **value >= middle).count() >= half);
        }

        #[test]
        fn turning_ratios_over_turns_their_mean_over(values in prop::collection::vec(0.01..100.0, 1..20)) {
            let over: Vec<f64> = values.iter().map(|value| 1.0 / value).collect();
            let product = geometric_mean(&values).unwrap() * geometric_mean(&over).unwrap();
            prop_assert!((product - 1.0).abs() < 1e-9);
        }
    }
}
