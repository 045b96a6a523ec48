//! Where the next rounds go when time is short: to the widest intervals.
//!
//! In: the rows so far. Out: the arms that take part in the next round, besides
//! the baseline, which every pair needs. An arm whose interval is already narrower
//! than most gains little from a further round; a wide one gains most.
//!
//! **Only widths are looked at**, never on which side of 1 an interval lies, nor a
//! p-value. A rule that went on until an arm looked different, or stopped when it
//! did, would pick the moment at which luck is greatest: with a look after every
//! round a test at 5 % is passed by nothing at all far more often than in 5 runs of
//! 100 (Armitage, McPherson and Rowe, "Repeated significance tests on accumulating
//! data", JRSS A 132, 1969). The width is not wholly innocent either: pairs that
//! happen to agree make a narrow interval and a small p-value at once. The effect is
//! small, and it is not left to faith: `tests/error_rates.rs` takes rounds by this
//! rule from simulated runs without any effect and checks that the share of false
//! verdicts is below alpha.

use super::comparison::{Question, samples};
use super::effect::NoiseShares;
use super::judge::judged;
use super::sample::{PairedSample, median};
use records::{Status, StepRow};
use std::collections::BTreeSet;

/// Rounds of every arm before any is preferred: from fewer the noise is not known.
pub const MIN_ROUNDS: usize = 3;

/// How far the rounds so far have narrowed an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArmWidth {
    /// There are rows, and none of them is `ok`: it is not worth another.
    Hopeless,
    /// Fewer rounds than an interval needs.
    TooFewRounds,
    /// Width of its widest interval, as a log: ln(high ÷ low). Infinite where the
    /// rounds were enough but too many of their rows dropped out for an interval.
    Width(f64),
}

/// Which of these arms take part in the next round: all that have a chance while one
/// of them has too few rounds, then those at or above the median width.
pub fn choose(arms: &[ArmWidth]) -> Vec<bool> {
    let widths: Vec<f64> = arms.iter().filter_map(|arm| arm.width()).collect();
    let all = arms.contains(&ArmWidth::TooFewRounds);
    let bound = median(&widths).filter(|_| !all).unwrap_or(f64::NEG_INFINITY);
    arms.iter()
        .map(|arm| match arm {
            ArmWidth::Hopeless => false,
            ArmWidth::TooFewRounds => true,
            ArmWidth::Width(width) => *width >= bound,
        })
        .collect()
}

impl ArmWidth {
    fn width(self) -> Option<f64> {
        match self {
            ArmWidth::Width(width) => Some(width),
            ArmWidth::Hopeless | ArmWidth::TooFewRounds => None,
        }
    }
}

/// The arms of the next round, in the order of `arms` (the baseline, which always
/// runs, is left out): [`choose`] on what the rows say of each. A step's interval is
/// that over all workspaces, and the widest step counts. A control is an arm as any
/// other. The same rows give the same answer.
pub fn widest(rows: &[StepRow], question: &Question, arms: &[String]) -> Vec<String> {
    let arms: Vec<&String> = arms.iter().filter(|arm| **arm != question.baseline).collect();
    let samples = samples(rows, question);
    let noise = NoiseShares::of_family(samples.iter().map(|it| &it.1));
    let widths: Vec<ArmWidth> = arms
        .iter()
        .map(|arm| {
            let own = || rows.iter().filter(|row| row.strategy == ***arm);
            let rounds: BTreeSet<u32> = own().map(|row| row.round).collect();
            if !rounds.is_empty() && own().all(|row| row.status != Status::Ok) {
                ArmWidth::Hopeless
            } else if rounds.len() < MIN_ROUNDS {
                ArmWidth::TooFewRounds
            } else {
                let steps = samples.iter().filter(|(of, sample)| of == arm && sample.pairs() > 0);
                ArmWidth::Width(
                    steps.map(|(_, sample)| width(sample, question, &noise)).reduce(f64::max).unwrap_or(f64::INFINITY),
                )
            }
        })
        .collect();
    let chosen = arms.into_iter().zip(choose(&widths)).filter(|(_, chosen)| *chosen);
    chosen.map(|(arm, _)| arm.clone()).collect()
}

fn width(sample: &PairedSample, question: &Question, noise: &NoiseShares) -> f64 {
    judged(sample, 1, &question.rule, noise).interval.map_or(f64::INFINITY, |interval| interval.width().ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wider_half_goes_on_once_all_have_enough_rounds() {
        use ArmWidth::{Hopeless, TooFewRounds, Width};
        assert_eq!(choose(&[]), [false; 0]);
        assert_eq!(choose(&[Width(0.1)]), [true]);
        assert_eq!(choose(&[Width(0.1), Width(0.3), Width(0.2)]), [false, true, true]);
        assert_eq!(choose(&[Width(0.1), Width(0.4), Width(0.2), Width(0.3)]), [false, true, false, true]);
        assert_eq!(choose(&[Width(0.2), Width(0.2), Width(0.1)]), [true, true, false]);
        assert_eq!(
            choose(&[Width(0.1), Width(f64::INFINITY), Width(0.2), Width(f64::INFINITY)]),
            [false, true, false, true]
        );
        assert_eq!(choose(&[Width(0.1), TooFewRounds, Hopeless, Width(0.2)]), [true, true, false, true]);
        assert_eq!(choose(&[Hopeless, Width(0.1), Hopeless]), [false, true, false]);
        assert_eq!(choose(&[Hopeless]), [false]);
    }

    /// Rounds of arms that differ from the baseline by their ratio and by how much
    /// they waver; `None` fails.
    fn rows(rounds: u32, arms: &[(&str, Option<(f64, f64)>)]) -> Vec<StepRow> {
        let mut rows = Vec::new();
        for round in 1..=rounds {
            for (arm, like) in arms.iter().chain([&("none", Some((1.0, 0.0)))]) {
                let wave = if round % 2 == 0 { 1.0 } else { -1.0 };
                rows.push(StepRow {
                    round,
                    workspace: "w".into(),
                    step: "warm".into(),
                    strategy: (*arm).into(),
                    status: if like.is_some() { Status::Ok } else { Status::Failed },
                    wall_s: like.map(|(ratio, noise)| 10.0 * ratio * (1.0 + wave * noise)),
                    ..StepRow::default()
                });
            }
        }
        rows
    }

    fn next(rows: &[StepRow], arms: &[&str]) -> Vec<String> {
        let question = Question::default();
        let arms: Vec<String> = arms.iter().map(|arm| (*arm).to_owned()).collect();
        let chosen = widest(rows, &question, &arms);
        assert_eq!(chosen, widest(rows, &question, &arms));
        chosen
    }

    #[test]
    fn the_widest_go_on_whichever_way_they_point() {
        // As far apart as can be: only how much they waver may count.
        let arms = [("fast", Some((0.01, 0.02))), ("slow", Some((5.0, 0.03))), ("same", Some((1.0, 0.01)))];
        assert_eq!(next(&rows(6, &arms), &["none", "fast", "slow", "same"]), ["fast", "slow"]);
        let turned = [("fast", Some((100.0, 0.02))), ("slow", Some((0.2, 0.03))), ("same", Some((1.0, 0.01)))];
        assert_eq!(next(&rows(6, &turned), &["none", "fast", "slow", "same"]), ["fast", "slow"]);
    }

    #[test]
    fn all_go_on_until_every_one_has_an_interval_but_what_never_works_does_not() {
        let arms = [("a", Some((1.0, 0.02))), ("b", Some((1.0, 0.01))), ("broken", None)];
        assert_eq!(next(&rows(2, &arms), &["none", "a", "b", "broken"]), ["a", "b"]);
        assert_eq!(next(&rows(5, &arms), &["none", "a", "b", "broken"]), ["a"]);
        assert_eq!(next(&rows(5, &arms), &["a", "b", "new"]), ["a", "b", "new"]);
        assert_eq!(next(&[], &["a", "broken"]), ["a", "broken"]);
    }

    #[test]
    fn an_arm_whose_rows_drop_out_is_as_wide_as_can_be() {
        let mut rows = rows(6, &[("a", Some((1.0, 0.5))), ("b", Some((1.0, 0.01))), ("c", Some((1.0, 0.0)))]);
        let of_b = rows.iter_mut().filter(|row| row.strategy == "b");
        of_b.take(2).for_each(|row| row.status = Status::Invalid);
        assert_eq!(next(&rows, &["a", "b", "c"]), ["a", "b"]);
    }

    #[test]
    fn the_widest_step_counts() {
        let mut both = rows(6, &[("a", Some((1.0, 0.01))), ("b", Some((1.0, 0.02)))]);
        let edit = rows(6, &[("a", Some((1.0, 0.30))), ("b", Some((1.0, 0.02)))]);
        both.extend(edit.into_iter().map(|row| StepRow { step: "edit".into(), ..row }));
        assert_eq!(next(&both, &["a", "b"]), ["a"]);
    }
}
