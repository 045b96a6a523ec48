//! Paired log ratios of one arm against one baseline: [`PairedSample`].
//!
//! In: times of both arms in the same round and workspace. Out: the values that test and
//! interval work on. Logs, because a ratio of 2 and one of ½ are the same
//! distance from 1 and builds differ by factors, not by seconds.

/// What a sign flip moves as one, and what is independent: the smallest thing whose order
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
    whole_rounds: bool,
    workspaces: Vec<(String, Vec<Pair>)>,
}

impl PairedSample {
    /// An empty sample. The name selects the stream of random numbers, so that a
    /// comparison comes out the same whatever else is compared.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Takes only whole rounds for independent, whatever the schedule drew: the workspaces of a round depend on each
    /// other.
    pub fn by_whole_rounds(&mut self) {
        self.whole_rounds = true;
    }

    /// What is independent, where the schedule drew the order of `scheduled`.
    pub(crate) fn block(&self, scheduled: FlipUnit) -> FlipUnit {
        if self.whole_rounds { FlipUnit::Round } else { scheduled }
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

    /// Rounds and log ratios of each workspace.
    pub(crate) fn groups(&self) -> Vec<Vec<(u32, f64)>> {
        let group = |pairs: &[Pair]| pairs.iter().map(|pair| (pair.round, pair.log_ratio)).collect();
        self.workspaces.iter().map(|(_, pairs)| group(pairs)).collect()
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

    fn all(&self) -> impl Iterator<Item = Pair> + '_ {
        self.workspaces.iter().flat_map(|(_, pairs)| pairs.iter().copied())
    }

    /// The mean log ratio of each workspace.
    pub fn means(&self) -> Vec<f64> {
        let mean = |pairs: &[Pair]| pairs.iter().map(|pair| pair.log_ratio).sum::<f64>() / pairs.len() as f64;
        self.workspaces.iter().map(|(_, pairs)| mean(pairs)).collect()
    }

    /// The effect, as a log: mean over workspaces of the mean over rounds.
    pub fn estimate(&self) -> Option<f64> {
        let means = self.means();
        (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
    }

    /// Smallest and largest ratio of any pair.
    pub fn range(&self) -> Option<(f64, f64)> {
        let fold = |pick: fn(f64, f64) -> f64| self.all().map(|pair| pair.log_ratio).reduce(pick);
        Some((fold(f64::min)?.exp(), fold(f64::max)?.exp()))
    }
}

/// The median: the middle value, or the mean of the two middle ones. `None` for
/// an empty sample.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
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
    use super::{PairedSample, geometric_mean, median};
    use proptest::prelude::*;

    #[test]
    fn a_time_that_is_not_above_zero_makes_no_pair() {
        let mut it = PairedSample::new("test");
        assert!(!it.add("a", 1, 0.0, 1.0) && !it.add("a", 1, 1.0, 0.0) && !it.add("a", 1, f64::NAN, 1.0));
        assert_eq!((it.pairs(), it.means().len(), it.range()), (0, 0, None));
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
