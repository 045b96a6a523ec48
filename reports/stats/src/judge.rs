//! A family of samples in, a judgement on each out.
//!
//! The family is everything one reader looks through for differences: its size
//! sets the correction. Nothing here knows of records; [`comparison`](crate::comparison) builds
//! the samples.

use super::Random;
use super::bootstrap::{self, Interval};
use super::sample::PairedSample;
use super::sign_flip::{SignFlip, holm, sign_flip, smallest_p};
use super::verdict::{DecisionRule, RuleInputs, Verdict};
use rayon::prelude::*;

/// The result of a comparison. Ratios are arm ÷ baseline, below 1 the arm was faster.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Geometric mean over workspaces of the median ratio over rounds.
    pub ratio: Option<f64>,
    /// Its confidence interval.
    pub interval: Option<Interval>,
    /// Smallest ratio of any pair.
    pub min: Option<f64>,
    /// Largest ratio of any pair.
    pub max: Option<f64>,
    /// Pairs: rounds × workspaces, less those without two valid rows.
    pub pairs: usize,
    /// Workspaces with a pair.
    pub workspaces: usize,
    /// Distinct rounds with a pair.
    pub rounds: usize,
    /// What the test flipped: rounds, or pairs.
    pub blocks: usize,
    /// Standard deviation of a block's log ratio.
    pub spread: Option<f64>,
    /// The test, uncorrected; `None` without pairs.
    pub test: Option<SignFlip>,
    /// p-value corrected over the family; `None` without pairs.
    pub p_corrected: Option<f64>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Judges every sample, correcting over all that have a pair.
pub fn judge(family: &[PairedSample], rule: &DecisionRule, seed: u64) -> Vec<Judgement> {
    let terms: Vec<Vec<f64>> = family.iter().map(|it| it.contributions(rule.block)).collect();
    let tests: Vec<Option<SignFlip>> = family
        .par_iter()
        .zip(&terms)
        .map(|(it, terms)| {
            let mut random = Random::named(seed, &format!("sign flip {}", it.name()));
            (!terms.is_empty()).then(|| sign_flip(terms, rule.patterns, &mut random))
        })
        .collect();
    // Positions of the samples that take part, and their p-values.
    let taking: Vec<usize> = (0..family.len()).filter(|at| tests[*at].is_some()).collect();
    let raw: Vec<f64> = tests.iter().flatten().map(|test| test.p).collect();
    let corrected = holm(&raw);

    // Every sample has a stream of its own: in whatever order they are judged, the same comes out.
    family
        .par_iter()
        .enumerate()
        .map(|(at, sample)| {
            let rank = taking.iter().position(|it| *it == at);
            let blocks = terms[at].len();
            let reachable = rank.map(|rank| {
                let mut best = raw.clone();
                best[rank] = smallest_p(blocks, rule.patterns);
                holm(&best)[rank]
            });
            let mut random = Random::named(seed, &format!("bootstrap {}", sample.name()));
            let interval = bootstrap::interval(sample, rule.block, rule.confidence, rule.resamples, &mut random);
            let p_corrected = rank.map(|rank| corrected[rank]);
            let verdict = rule.decide(&RuleInputs {
                estimate: sample.estimate(),
                mean: terms[at].iter().sum(),
                interval,
                p_corrected: p_corrected.unwrap_or(1.0),
                p_reachable: reachable.unwrap_or(1.0),
            });
            Judgement {
                ratio: sample.estimate().map(f64::exp),
                interval,
                min: sample.range().map(|range| range.0),
                max: sample.range().map(|range| range.1),
                pairs: sample.pairs(),
                workspaces: sample.workspaces().len(),
                rounds: sample.rounds().len(),
                blocks,
                spread: sample.spread(rule.block),
                test: tests[at],
                p_corrected,
                verdict,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FlipUnit, power};

    /// An arm that takes 0.9 of the baseline, a little less or more each round.
    fn arm(name: &str, rounds: u32, workspaces: usize) -> PairedSample {
        let mut sample = PairedSample::new(name);
        for round in 0..rounds {
            for workspace in ["a", "b", "c"].iter().take(workspaces) {
                sample.add(workspace, round, 0.9 + 0.001 * f64::from(round % 3), 1.0);
            }
        }
        sample
    }

    fn verdicts(family: &[PairedSample], block: FlipUnit) -> Vec<Verdict> {
        let rule = DecisionRule { resamples: 199, block, ..DecisionRule::default() };
        judge(family, &rule, 1).into_iter().map(|it| it.verdict).collect()
    }

    #[test]
    fn rounds_that_all_agree_are_enough_exactly_when_the_test_can_reach_alpha() {
        for (comparisons, needed) in [(1, 6), (3, 7), (27, 11)] {
            let family = |rounds| -> Vec<PairedSample> {
                (0..comparisons).map(|at| arm(&format!("arm {at}"), rounds, 3)).collect()
            };
            let rule = DecisionRule::default();
            assert_eq!(power::rounds_needed(comparisons, 3, &rule), needed as usize);
            let all = |rounds| verdicts(&family(rounds), FlipUnit::Round);
            assert!(all(needed).iter().all(|it| *it == Verdict::Faster));
            assert!(all(needed - 1).iter().all(|it| *it == Verdict::TooFewRounds));
        }
        // Five rounds of three workspaces are fifteen pairs.
        let family: Vec<PairedSample> = (0..27).map(|at| arm(&format!("arm {at}"), 5, 3)).collect();
        assert!(verdicts(&family, FlipUnit::Pair).iter().all(|it| *it == Verdict::Faster));
        let family: Vec<PairedSample> = (0..27).map(|at| arm(&format!("arm {at}"), 4, 3)).collect();
        assert!(verdicts(&family, FlipUnit::Pair).iter().all(|it| *it == Verdict::TooFewRounds));
    }

    #[test]
    fn a_sample_without_pairs_is_invalid_and_costs_the_others_nothing() {
        let family = [arm("a", 6, 1), PairedSample::new("nothing")];
        let judged = judge(&family, &DecisionRule::default(), 1);
        assert_eq!(judged[0].verdict, Verdict::Faster);
        assert_eq!(judged[0].p_corrected, Some(2.0 / 64.0));
        assert_eq!(judged[1].verdict, Verdict::Invalid);
        assert_eq!((judged[1].ratio, judged[1].p_corrected), (None, None));
    }

    #[test]
    fn a_judgement_does_not_depend_on_the_order_of_the_family() {
        let (a, b) = (arm("a", 8, 2), arm("b", 7, 3));
        let one = judge(&[a.clone(), b.clone()], &DecisionRule::default(), 4);
        let two = judge(&[b, a], &DecisionRule::default(), 4);
        assert_eq!((&one[0], &one[1]), (&two[1], &two[0]));
    }
}
