//! One effect with its standard error: what interval, verdict and sign flip are made from.

use super::sample::{FlipUnit, PairedSample};
use statrs::distribution::{ContinuousCDF as _, StudentsT};
use std::collections::BTreeMap;

/// The mean over workspaces of the mean over rounds of ln(arm ÷ baseline).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub log: f64,
    /// From deviations within workspaces; `None` where none has a second round.
    pub error: Option<Error>,
}

/// How sure an effect is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Error {
    /// Standard error of the effect.
    pub se: f64,
    /// Degrees of freedom of Student's t.
    pub free: f64,
    /// How many values the error is from, less their means.
    pub values: f64,
    /// Variance of ln(se) from one run to another: 1 ÷ (2 `free`) under normal noise, more where
    /// single rounds stand out.
    pub wobble: f64,
}

/// A confidence interval for a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end, as a ratio.
    pub low: f64,
    /// Upper end, as a ratio.
    pub high: f64,
    /// Confidence, 0 to 1.
    pub confidence: f64,
}

impl Interval {
    /// Width as a factor, at least 1.
    pub fn width(&self) -> f64 {
        self.high / self.low
    }

    pub(crate) fn around(log: f64, se: f64, free: f64, confidence: f64) -> Self {
        let half = se * student(f64::midpoint(1.0, confidence), free);
        Self { low: (log - half).exp(), high: (log + half).exp(), confidence }
    }
}

impl Effect {
    pub fn of(sample: &PairedSample, block: FlipUnit, noise: &NoiseShares) -> Option<Self> {
        let (log, clusters) = Self::parts(&sample.groups(), block)?;
        let names = sample.workspaces().iter().map(|(name, _)| name);
        let noise = (block == FlipUnit::Pair).then(|| noise.of(names));
        Some(Self { log, error: Error::of(&clusters, noise) })
    }

    /// One group for each workspace: rounds and log ratios.
    pub fn of_groups(groups: &[Vec<(u32, f64)>], block: FlipUnit) -> Option<Self> {
        let (log, clusters) = Self::parts(groups, block)?;
        Some(Self { log, error: Error::of(&clusters, None) })
    }

    /// New less old, of two runs: their noise is independent, so that its variances add up.
    pub fn between(new: &[Vec<(u32, f64)>], old: &[Vec<(u32, f64)>], block: FlipUnit) -> Option<Self> {
        let ((log, mut clusters), (before, others)) = (Self::parts(new, block)?, Self::parts(old, block)?);
        clusters.extend(others);
        Some(Self { log: log - before, error: Error::of(&clusters, None) })
    }

    /// The mean, and the terms of its error by what is independent.
    fn parts(groups: &[Vec<(u32, f64)>], block: FlipUnit) -> Option<(f64, Vec<Vec<f64>>)> {
        let count = groups.len() as f64;
        let means: Vec<f64> =
            groups.iter().map(|pairs| pairs.iter().map(|it| it.1).sum::<f64>() / pairs.len() as f64).collect();
        let log = (!groups.is_empty()).then(|| means.iter().sum::<f64>() / count)?;
        // Deviations in units of the effect: the terms whose sum is its error.
        let residuals = groups.iter().zip(&means).map(|(pairs, mean)| {
            pairs.iter().map(move |(round, value)| (*round, (value - mean) / (count * pairs.len() as f64)))
        });
        let clusters: Vec<Vec<f64>> = match block {
            FlipUnit::Pair => residuals.map(|it| it.map(|(_, term)| term).collect()).collect(),
            FlipUnit::Round => {
                let mut rounds = BTreeMap::new();
                residuals.flatten().for_each(|(round, term)| *rounds.entry(round).or_insert(0.0) += term);
                vec![rounds.into_values().collect()]
            }
        };
        Some((log, clusters))
    }
}

impl Error {
    /// Each cluster is a list of terms that sum to 0. `noise` has each one's part in the variance, and from how many
    /// comparisons it is known; without it these terms say it themselves.
    fn of(clusters: &[Vec<f64>], noise: Option<(Vec<f64>, f64)>) -> Option<Self> {
        let free = |terms: &Vec<f64>| terms.len() as f64 - 1.0;
        let known: Vec<&Vec<f64>> = clusters.iter().filter(|terms| terms.len() > 1).collect();
        let all: f64 = known.iter().map(|terms| free(terms)).sum();
        if known.is_empty() {
            return None;
        }
        let sum: f64 = known.iter().map(|terms| variance(terms)).sum();
        // A workspace with one round is taken to be as noisy as the others are on average.
        let sum_all = sum * clusters.len() as f64 / known.len() as f64;
        let (parts, count) = noise.unwrap_or_else(|| (clusters.iter().map(|terms| variance(terms)).collect(), 1.0));
        let parts = clusters.iter().zip(parts).filter(|(terms, _)| terms.len() > 1);
        let free_of = welch(&parts.map(|(terms, part)| (part, free(terms))).collect::<Vec<_>>(), count, all);
        let squares: Vec<f64> = known.iter().flat_map(|terms| terms.iter().map(|it| it * it)).collect();
        let (second, fourth) = (squares.iter().sum::<f64>(), squares.iter().map(|it| it * it).sum::<f64>());
        let kurtosis = if second > 0.0 { squares.len() as f64 * fourth / (second * second) } else { 3.0 };
        let wobble = ((kurtosis - 1.0) / (4.0 * all)).max(0.5 / free_of);
        Some(Self { se: sum_all.sqrt(), free: free_of, values: all, wobble })
    }
}

fn variance(terms: &[f64]) -> f64 {
    let count = terms.len() as f64;
    let squares = terms.iter().map(|it| it * it).sum::<f64>();
    if count > 1.0 { squares * count / (count - 1.0) } else { 0.0 }
}

/// Each workspace's part in the variance of an effect, mean over the comparisons of a family. The noise of three rounds
/// says little of itself: where one workspace makes most of it and happens to be quiet in one arm, that arm alone would
/// take all workspaces for equally quiet.
#[derive(Debug, Default)]
pub(crate) struct NoiseShares(BTreeMap<String, (f64, f64)>);

impl NoiseShares {
    pub fn of_family<'a>(family: impl IntoIterator<Item = &'a PairedSample>) -> Self {
        let mut shares = Self::default();
        // Where whole rounds are compared, workspaces waver for another reason than noise.
        for sample in family.into_iter().filter(|it| it.block(FlipUnit::Pair) == FlipUnit::Pair) {
            let Some((_, clusters)) = Effect::parts(&sample.groups(), FlipUnit::Pair) else { continue };
            let parts: Vec<f64> = clusters.iter().map(|terms| variance(terms)).collect();
            let all: f64 = parts.iter().sum();
            for ((name, _), part) in sample.workspaces().iter().zip(parts).filter(|_| all > 0.0) {
                let (sum, count) = shares.0.entry(name.clone()).or_default();
                (*sum, *count) = (*sum + part / all, *count + 1.0);
            }
        }
        shares
    }

    /// Of each of these workspaces, and from how many comparisons.
    fn of<'a>(&self, workspaces: impl Iterator<Item = &'a String>) -> (Vec<f64>, f64) {
        let known: Vec<(f64, f64)> = workspaces.map(|name| self.0.get(name).copied().unwrap_or_default()).collect();
        let shares = known.iter().map(|(sum, count)| sum / count.max(1.0)).collect();
        (shares, known.iter().map(|it| it.1).fold(1.0, f64::max))
    }
}

/// Degrees of freedom where workspaces differ in their noise, from variances with their own degrees (Welch, "The
/// generalization of Student's problem", Biometrika 34, 1947); each is the mean of this many estimates.
fn welch(parts: &[(f64, f64)], estimates: f64, all: f64) -> f64 {
    let least = parts.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let sum: f64 = parts.iter().map(|it| it.0).sum();
    let spare = 2.0 / estimates;
    let squares: f64 = parts.iter().map(|(variance, free)| variance * variance / (free + spare)).sum();
    if squares > 0.0 { (sum * sum / squares - spare).clamp(least, all) } else { all }
}

/// The quantile of Student's t.
pub(crate) fn student(chance: f64, free: f64) -> f64 {
    StudentsT::new(0.0, 1.0, free).map_or(f64::INFINITY, |t| t.inverse_cdf(chance))
}

#[cfg(test)]
mod tests {
    use super::student;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (chance, free, table) in [(0.975, 1.0, 12.7062), (0.975, 4.0, 2.7764), (0.995, 10.0, 3.1693)] {
            assert!((student(chance, free) - table).abs() < 1e-4);
        }
    }
}
