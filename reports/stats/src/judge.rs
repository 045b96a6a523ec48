//! A family of samples in, a judgement on each out.
//!
//! The family is everything one reader looks through for differences: its size sets the confidence.
//! Nothing here knows of records; [`comparison`](crate::comparison) builds the samples.

use super::Random;
use super::effect::{Effect, Error, Interval, NoiseShares, student};
use super::sample::PairedSample;
use super::sign_flip::{holm, sign_flip};
use super::verdict::{DecisionRule, Verdict};
use rayon::prelude::*;

/// Workspaces from which something is said of others like them.
const MIN_WORKSPACES: usize = 6;

/// Rounds × workspaces, less workspaces, from which the noise is known well enough to say what would have been found.
const KNOWN_NOISE: f64 = 12.0;

/// The result of a comparison. Ratios are arm ÷ baseline, below 1 the arm was faster.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Geometric mean over workspaces of the geometric mean over rounds.
    pub ratio: Option<f64>,
    /// Its interval for these workspaces, at the family's level; `None` without a second round.
    pub interval: Option<Interval>,
    /// Its interval for workspaces like these, at the same level; `None` below six.
    pub over_workspaces: Option<Interval>,
    /// Smallest ratio of any pair; two runs have none.
    pub min: Option<f64>,
    /// Largest ratio of any pair.
    pub max: Option<f64>,
    /// Pairs: rounds × workspaces, less those without two valid rows; of two runs, of the one with fewer.
    pub pairs: usize,
    /// Workspaces with a pair.
    pub workspaces: usize,
    /// Distinct rounds with a pair.
    pub rounds: usize,
    /// The lead that would have been found 8 times out of 10, as a part of the baseline's time; `None`
    /// where the noise is not known well enough.
    pub detectable: Option<f64>,
    /// p of the studentised sign flip, of two runs of the permutation, a check beside the interval; `None`
    /// without pairs.
    pub p: Option<f64>,
    /// The same corrected over the family (Holm).
    pub p_corrected: Option<f64>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Judges every sample, correcting over all that have a pair.
pub fn judge(family: &[PairedSample], rule: &DecisionRule, seed: u64) -> Vec<Judgement> {
    let size = family.iter().filter(|it| it.pairs() > 0).count();
    let p = |it: &PairedSample| {
        let mut random = Random::named(seed, &format!("sign flip {}", it.name()));
        sign_flip(it, it.block(rule.block), rule.patterns, &mut random)
    };
    let raw: Vec<Option<f64>> = family.par_iter().map(p).collect();
    let noise = NoiseShares::of_family(family);
    let mut corrected = holm(&raw.iter().flatten().copied().collect::<Vec<f64>>()).into_iter();
    family
        .iter()
        .zip(raw)
        .map(|(sample, p)| Judgement {
            p,
            p_corrected: p.and_then(|_| corrected.next()),
            ..judged(sample, size, rule, &noise)
        })
        .collect()
}

/// The judgement on one of a family of this size, without its p.
pub(crate) fn judged(sample: &PairedSample, family: usize, rule: &DecisionRule, noise: &NoiseShares) -> Judgement {
    let range = sample.range();
    Judgement {
        min: range.map(|it| it.0),
        max: range.map(|it| it.1),
        pairs: sample.pairs(),
        workspaces: sample.workspaces().len(),
        rounds: sample.rounds().len(),
        ..concluded(Effect::of(sample, sample.block(rule.block), noise), &sample.means(), family, rule)
    }
}

/// What follows from an effect and its value in each workspace.
pub(crate) fn concluded(effect: Option<Effect>, means: &[f64], family: usize, rule: &DecisionRule) -> Judgement {
    let error = effect.and_then(|it| it.error);
    let confidence = rule.confidence(family);
    let interval = effect.zip(error).map(|(it, error)| Interval::around(it.log, error.se, error.free, confidence));
    let least = 1.0 + rule.min_effect;
    let verdict = match interval {
        None if effect.is_none() => Verdict::Invalid,
        None => Verdict::OneRound,
        Some(it) if it.high < 1.0 / least => Verdict::Faster,
        Some(it) if it.low > least => Verdict::Slower,
        Some(_) => Verdict::NoDifferenceFound,
    };
    Judgement {
        ratio: effect.map(|it| it.log.exp()),
        interval,
        over_workspaces: over_workspaces(means, confidence),
        min: None,
        max: None,
        pairs: 0,
        workspaces: means.len(),
        rounds: 0,
        detectable: error.and_then(|it| detectable(it, confidence, rule)),
        p: None,
        p_corrected: None,
        verdict,
    }
}

fn over_workspaces(means: &[f64], confidence: f64) -> Option<Interval> {
    let count = means.len() as f64;
    let log = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|it| (it - log).powi(2)).sum::<f64>() / (count - 1.0);
    (means.len() >= MIN_WORKSPACES).then(|| Interval::around(log, (variance / count).sqrt(), count - 1.0, confidence))
}

/// Of two runs of one kind: what the first says of the second. Both the mean of the second and the ratio
/// of their standard errors vary; 1.15 is
/// the 80 % quantile of the normal distribution, 0.84, raised for noise with tails.
fn detectable(error: Error, confidence: f64, rule: &DecisionRule) -> Option<f64> {
    let t = student(f64::midpoint(1.0, confidence), error.free);
    let log = rule.min_effect.ln_1p() + error.se * (t + 1.15 * (1.0 + 2.0 * t * t * error.wobble).sqrt());
    // Of a lead of nine tenths and more nobody needs to know.
    (error.values >= KNOWN_NOISE).then(|| -(-log).exp_m1()).filter(|lead| *lead < 0.9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FlipUnit;

    fn sample(name: &str, rounds: u32, effects: &[f64]) -> PairedSample {
        let mut sample = PairedSample::new(name);
        for (round, (workspace, effect)) in
            (0..rounds).flat_map(|round| effects.iter().enumerate().map(move |it| (round, it)))
        {
            let noise = 0.02 * f64::from(round % 2) - 0.01;
            sample.add(&workspace.to_string(), round, (effect + noise).exp(), 1.0);
        }
        sample
    }

    fn rule() -> DecisionRule {
        DecisionRule { block: FlipUnit::Pair, ..DecisionRule::default() }
    }

    #[test]
    fn a_small_mean_of_large_opposite_effects_is_found_by_interval_and_sign_flip() {
        let found = &judge(&[sample("a", 6, &[-0.45, 0.20, 0.07])], &rule(), 1)[0];
        assert_eq!(found.verdict, Verdict::Faster);
        assert!((found.ratio.unwrap() - (-0.06_f64).exp()).abs() < 1e-9);
        assert!(found.p.unwrap() < 0.01, "{found:?}");
        assert_eq!(found.over_workspaces, None);
    }

    #[test]
    fn workspaces_like_these_are_less_sure_than_these() {
        let found = &judge(&[sample("a", 6, &[-0.45, 0.20, 0.07, -0.3, -0.2, -0.5])], &rule(), 1)[0];
        assert_eq!(found.verdict, Verdict::Faster);
        assert!(found.over_workspaces.unwrap().width().ln() > 10.0 * found.interval.unwrap().width().ln());
        let like_these = found.over_workspaces.unwrap();
        assert!(like_these.low < 1.0 && like_these.high > 1.0);
    }

    #[test]
    fn one_round_has_no_interval_and_no_pair_costs_the_others_nothing() {
        let family = [sample("one", 1, &[-0.5; 3]), PairedSample::new("nothing"), sample("b", 4, &[-0.1; 3])];
        let judged = judge(&family, &rule(), 1);
        assert_eq!((judged[0].verdict, judged[0].interval), (Verdict::OneRound, None));
        assert_eq!((judged[1].verdict, judged[1].ratio, judged[1].p), (Verdict::Invalid, None, None));
        assert_eq!(judged[2].interval.unwrap().confidence, rule().confidence(2));
        let turned: Vec<PairedSample> = family.iter().rev().cloned().collect();
        assert_eq!(judge(&turned, &rule(), 1)[0], judged[2]);
    }
}
