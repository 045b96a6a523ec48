//! Sentences about comparisons, never stronger than the verdict.
//!
//! | verdict | where the sentence goes |
//! |---|---|
//! | faster, slower | what the runs support |
//! | no difference found | what they do not support: no sentence says "equal" |
//! | one round only, invalid | what they do not support; one pair is called a single sample |
//!
//! A step whose control failed supports nothing, and seconds of a run with `--shadow` are not quoted at all.
//! Comparisons of one run, step and verdict share a sentence.

use super::answer::{Answer, State};
use super::evidence::{RowValue, StepArm};
use crate::stats::{Comparison, Judgement, Verdict};
use crate::text::percent;
use crate::words::{estimate, gathered, listed, plural};

/// `15 pairs: 5 rounds, 3 workspaces`, or `a single sample`.
pub(super) fn extent(found: &Judgement) -> String {
    match found.pairs {
        0 => "no pair".into(),
        1 => "a single sample".into(),
        pairs => {
            format!("{pairs} pairs: {}, {}", plural(found.rounds, "round"), plural(found.workspaces, "workspace"))
        }
    }
}

fn state(verdict: Verdict) -> State {
    match verdict {
        Verdict::Faster | Verdict::Slower | Verdict::NoDifferenceFound => State::Shown,
        Verdict::OneRound => State::Hinted,
        Verdict::Invalid => State::Missing,
    }
}

/// How well a count is known: as in the arm that knows it best. Shown from two rounds and two workspaces on.
pub(super) fn seen<'a, 'b: 'a>(arms: impl IntoIterator<Item = &'a StepArm<'b>>) -> State {
    State::best(arms.into_iter().map(|it| match (it.rounds(), it.workspaces) {
        (0, _) | (_, 0) => State::Missing,
        (1, _) | (_, 1) => State::Hinted,
        _ => State::Shown,
    }))
}

impl Answer {
    /// Adds what an arm shows, between its place and its n.
    pub fn shows(&mut self, arm: &StepArm<'_>, sentence: impl std::fmt::Display) {
        self.supports(format!("{}: {sentence} ({})", arm.place(), arm.n()));
    }

    /// Adds one number of many arms: a sentence for each strategy and step, from the least to the most, with
    /// the runs it comes from.
    pub fn range(
        &mut self,
        what: &str,
        arms: &[StepArm<'_>],
        value: impl Fn(&StepArm<'_>) -> Option<f64>,
        show: fn(f64) -> String,
    ) {
        let known = arms.iter().filter_map(|arm| Some((arm, value(arm)?)));
        let alike = |arm: &StepArm<'_>| (arm.step.scenario.clone(), arm.step.step.clone(), arm.name().to_owned());
        for (_, group) in gathered(known.map(|it| (alike(it.0), it))) {
            let arm = group[0].0;
            let least = show(group.iter().map(|it| it.1).fold(f64::INFINITY, f64::min));
            let most = show(group.iter().map(|it| it.1).fold(f64::NEG_INFINITY, f64::max));
            let range = if least == most { least } else { format!("{least} to {most}") };
            let runs: Vec<String> = group.iter().map(|(arm, _)| format!("{}: {}", arm.label(), arm.n())).collect();
            let (step, scenario, name) = (&arm.step.step, &arm.step.scenario, arm.name());
            self.supports(format!("step {step} of {scenario}, {name}: {what} {range} ({})", runs.join("; ")));
        }
    }

    /// Adds what arms reused.
    pub fn hits(&mut self, arms: &[StepArm<'_>]) {
        let show = |rate: f64| percent(Some(rate));
        self.range("of all units it reused", arms, |arm| arm.numbers.hit_rate, show);
        self.range("of compile seconds it reused", arms, |arm| arm.numbers.hit_rate_by_cost, show);
    }

    /// Adds the wall times of arms against their baselines; returns the best state among them.
    pub fn walls(&mut self, arms: &[StepArm<'_>]) -> State {
        self.compared(arms.iter().filter_map(|arm| Some((*arm, arm.wall.clone()?))).collect())
    }

    /// Adds the wall times of arms against each other, each pair `(arm, other)`; returns the best state.
    pub fn wall_pairs(&mut self, pairs: &[(StepArm<'_>, StepArm<'_>)]) -> State {
        let found = pairs.iter().filter_map(|(arm, other)| Some((*arm, arm.against(other, pairs.len())?)));
        self.compared(found.collect())
    }

    fn compared(&mut self, all: Vec<(StepArm<'_>, Comparison)>) -> State {
        let mut best = State::Missing;
        let mut verdicts = Vec::new();
        for (arm, found) in all.into_iter().filter(|it| it.0.is_timed() && !it.0.step.cleans) {
            let verdict = found.judgement.verdict;
            best = best.max(if arm.is_distrusted() { State::Hinted } else { state(verdict) });
            let alike = (arm.at, arm.step.scenario.clone(), arm.step.step.clone(), found.baseline.clone(), verdict);
            verdicts.push((alike, (arm, found)));
        }
        for (_, group) in gathered(verdicts) {
            let (arm, found) = &group[0];
            let sentence = sentence(&group);
            match found.judgement.verdict {
                Verdict::Faster | Verdict::Slower if !arm.is_distrusted() => self.supports(sentence),
                _ => self.limits(sentence),
            }
        }
        best
    }

    /// Adds the bytes that arms hold in `what`, over the rounds and workspaces that both of a pair have.
    pub fn bytes(&mut self, what: &str, pairs: &[(StepArm<'_>, StepArm<'_>)], value: RowValue) {
        for (arm, other) in pairs {
            match arm.common_bytes(other, value) {
                Some((mine, others)) => {
                    let sizes = arm.bytes_sentence(other, (mine, others));
                    let part = percent((others > 0.0).then(|| mine / others));
                    self.supports(format!("{}: {what} {sizes}: the one is {part} of the other", arm.place()));
                }
                None if arm.rows().iter().any(|row| value(row).is_some()) => {
                    self.limits(format!("{}: {}", arm.place(), arm.no_bytes_sentence(other)));
                }
                None => {}
            }
        }
    }
}

fn sentence(group: &[(StepArm<'_>, Comparison)]) -> String {
    let (arm, found) = &group[0];
    let (place, base) = (arm.place(), &found.baseline);
    let extents: Vec<String> = group.iter().map(|it| extent(&it.1.judgement)).collect();
    let common = extents.iter().all(|it| *it == extents[0]);
    let arms = group.iter().zip(&extents).map(|((_, found), extent)| {
        let apart = if common { String::new() } else { format!(" ({extent})") };
        format!("{} {}{apart}", found.strategy, estimate(&found.judgement))
    });
    let arms = listed(&arms.collect::<Vec<_>>());
    let n = if common { format!(" ({})", extents[0]) } else { String::new() };
    if arm.is_distrusted() {
        return format!(
            "{place}: the control differs from what it repeats, so nothing holds of {arms} against {base}{n}"
        );
    }
    match found.judgement.verdict {
        Verdict::Faster => format!("{place}: faster than {base}, wall time {arms}{n}"),
        Verdict::Slower => format!("{place}: slower than {base}, wall time {arms}{n}"),
        Verdict::NoDifferenceFound => {
            format!("{place}: no difference from {base} was found, which is not \"equal\": wall time {arms}{n}")
        }
        Verdict::OneRound if common && found.judgement.pairs == 1 => {
            format!("{place}: a single sample, no verdict against {base}: wall time {arms}")
        }
        Verdict::OneRound => format!("{place}: one round gives no verdict against {base}: wall time {arms}{n}"),
        Verdict::Invalid => {
            let names: Vec<&str> = group.iter().map(|it| it.1.strategy.as_str()).collect();
            format!("{place}: no valid pair with {base}: {}", listed(&names))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verdict_shows() {
        let verdicts =
            [Verdict::Faster, Verdict::Slower, Verdict::NoDifferenceFound, Verdict::OneRound, Verdict::Invalid];
        let states = [State::Shown, State::Shown, State::Shown, State::Hinted, State::Missing];
        assert_eq!(verdicts.map(state), states);
    }
}
