//! From an older run to a newer one. Nothing pairs their rounds: workspaces are strata, and within one any
//! value of either run could as well have been the other's.

use super::Random;
use super::effect::Effect;
use super::judge::{Judgement, concluded};
use super::sample::{FlipUnit, PairedSample};
use super::sign_flip::holm;
use super::verdict::DecisionRule;
use rayon::prelude::*;
use std::collections::BTreeSet;

type Groups = Vec<Vec<(u32, f64)>>;

/// The workspaces that both runs have.
struct TwoSample {
    new: Groups,
    old: Groups,
    block: FlipUnit,
}

/// Judges a family of new and old samples, each against the baseline of its own run, correcting over all
/// that have a workspace in common. Ratios are new ÷ old.
pub fn judge_changes(family: &[(PairedSample, PairedSample)], rule: &DecisionRule, seed: u64) -> Vec<Judgement> {
    let both: Vec<TwoSample> = family.iter().map(|(new, old)| TwoSample::of(new, old, rule)).collect();
    let size = both.iter().filter(|it| !it.new.is_empty()).count();
    let p = |(it, (new, _)): (&TwoSample, &(PairedSample, PairedSample))| {
        it.permuted(rule, &mut Random::named(seed, &format!("permutation {}", new.name())))
    };
    let raw: Vec<Option<f64>> = both.par_iter().zip(family).map(p).collect();
    let mut corrected = holm(&raw.iter().flatten().copied().collect::<Vec<f64>>()).into_iter();
    both.iter()
        .zip(raw)
        .map(|(it, p)| Judgement { p, p_corrected: p.and_then(|_| corrected.next()), ..it.judged(size, rule) })
        .collect()
}

impl TwoSample {
    fn of(new: &PairedSample, old: &PairedSample, rule: &DecisionRule) -> Self {
        let mut both = Self { new: Vec::new(), old: Vec::new(), block: new.block(rule.block) };
        for ((name, _), values) in new.workspaces().iter().zip(new.groups()) {
            let Some(at) = old.workspaces().iter().position(|it| it.0 == *name) else { continue };
            both.new.push(values);
            // No round of one run is one of the other's.
            both.old.push(old.groups().swap_remove(at).into_iter().map(|(round, it)| (!round, it)).collect());
        }
        both
    }

    fn judged(&self, family: usize, rule: &DecisionRule) -> Judgement {
        let mean = |values: &[(u32, f64)]| values.iter().map(|it| it.1).sum::<f64>() / values.len() as f64;
        let means: Vec<f64> = self.new.iter().zip(&self.old).map(|(new, old)| mean(new) - mean(old)).collect();
        let pairs = |groups: &Groups| groups.iter().map(Vec::len).sum::<usize>();
        Judgement {
            pairs: pairs(&self.new).min(pairs(&self.old)),
            rounds: rounds(&self.new).len().min(rounds(&self.old).len()),
            ..concluded(Effect::between(&self.new, &self.old, self.block), &means, family, rule)
        }
    }

    /// The share of drawn exchanges between the runs, the one observed added, in which effect ÷ standard
    /// error is as far from 0.
    fn permuted(&self, rule: &DecisionRule, random: &mut Random) -> Option<f64> {
        let statistic = |it: &Self| {
            let effect = Effect::between(&it.new, &it.old, self.block)?;
            Some(effect.log.abs() / effect.error.map_or(1.0, |error| error.se.max(f64::MIN_POSITIVE)))
        };
        let threshold = statistic(self)? * (1.0 - 1e-9);
        let count = (0..rule.patterns).filter(|_| {
            // A workspace that an exchange leaves without a value in one run counts against the change.
            statistic(&self.exchanged(random)).is_none_or(|it| it.is_nan() || it >= threshold)
        });
        Some((count.count() + 1) as f64 / (rule.patterns + 1) as f64)
    }

    fn exchanged(&self, random: &mut Random) -> Self {
        let pools = self.new.iter().zip(&self.old).map(|(new, old)| (new.len(), [new.as_slice(), old].concat()));
        let (new, old) = match self.block {
            FlipUnit::Pair => pools
                .map(|(count, mut pool)| {
                    shuffle(&mut pool, random);
                    let old = pool.split_off(count);
                    (pool, old)
                })
                .unzip(),
            FlipUnit::Round => {
                let mut all = [rounds(&self.new), rounds(&self.old)].concat();
                shuffle(&mut all, random);
                let new = &all[..rounds(&self.new).len()];
                pools.map(|(_, pool)| pool.into_iter().partition(|(round, _)| new.contains(round))).unzip()
            }
        };
        Self { new, old, block: self.block }
    }
}

fn rounds(groups: &Groups) -> Vec<u32> {
    groups.iter().flatten().map(|it| it.0).collect::<BTreeSet<u32>>().into_iter().collect()
}

fn shuffle<T>(values: &mut [T], random: &mut Random) {
    for at in (1..values.len()).rev() {
        values.swap(at, random.below(at + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn sample(rounds: u32, workspaces: usize, ratio: f64) -> PairedSample {
        let mut sample = PairedSample::new("a");
        for (round, at) in (0..rounds).flat_map(|round| (0..workspaces).map(move |at| (round, at))) {
            let noise = 0.02 * (0.1 * at as f64 + f64::from(round % 2) - 0.5);
            // Workspaces differ by far more than the runs do.
            sample.add(&at.to_string(), round, ratio * 3.0_f64.powi(at as i32) * noise.exp(), 1.0);
        }
        sample
    }

    #[test]
    fn two_rounds_of_three_workspaces_are_enough() {
        for (block, most) in [(FlipUnit::Pair, 0.015), (FlipUnit::Round, 0.4)] {
            let rule = DecisionRule { block, ..DecisionRule::default() };
            let found = &judge_changes(&[(sample(2, 3, 1.2), sample(2, 3, 1.0))], &rule, 1)[0];
            assert!((found.ratio.unwrap() - 1.2).abs() < 1e-9 && found.p.unwrap() <= most, "{found:?}");
            assert_eq!((found.pairs, found.workspaces, found.rounds), (6, 3, 2));
        }
    }

    #[test]
    fn only_common_workspaces_count_and_runs_may_differ_in_rounds() {
        let rule = DecisionRule { block: FlipUnit::Pair, ..DecisionRule::default() };
        let family = [(sample(6, 2, 1.0), sample(4, 3, 1.0)), (sample(4, 1, 1.0), PairedSample::new("none"))];
        let found = judge_changes(&family, &rule, 1);
        assert_eq!((found[0].verdict, found[0].workspaces, found[0].pairs), (Verdict::NoDifferenceFound, 2, 8));
        assert!(found[0].p.unwrap() > 0.5);
        assert_eq!((found[1].verdict, found[1].p), (Verdict::Invalid, None));
    }
}
