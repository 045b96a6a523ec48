//! Sentences about comparisons, never stronger than the verdict.
//!
//! | verdict | where the sentence goes |
//! |---|---|
//! | faster, slower | what the runs support |
//! | no difference found | what they do not support: no sentence says "equal" |
//! | too few rounds, invalid | what they do not support; one pair is called a single sample |
//!
//! A step whose control failed supports nothing, and seconds of a run with `--shadow` are
//! not told at all. Comparisons of one run, step and verdict share a sentence.

use super::answer::{Answer, State};
use super::evidence::Arm;
use super::tables::n;
use crate::stats::{Comparison, Judgement, Verdict};
use crate::table::{UNMEASURED, percent};

/// A ratio to a thousandth.
pub(super) fn ratio(value: f64) -> String {
    match value {
        r if r < 0.1 => format!("{r:.4}x"),
        r if r < 9.9995 => format!("{r:.3}x"),
        r => format!("{r:.1}x"),
    }
}

/// `0.012x [0.010, 0.015]`, without an interval where there is none.
pub(super) fn estimate(found: &Judgement) -> String {
    let value = found.ratio.map_or(UNMEASURED.into(), ratio);
    match found.interval {
        Some(it) => format!("{value} [{}, {}]", ratio(it.low), ratio(it.high)),
        None => value,
    }
}

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

/// `1 round`, `2 rounds`.
pub(super) fn plural(n: usize, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if n == 1 => format!("1 {one}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ => format!("{n} {one}s"),
    }
}

/// `a, b and c`.
pub(super) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", init.join(", "), last.as_ref())
        }
    }
}

/// What a comparison adds to an answer's standing.
pub(super) fn state(verdict: Verdict) -> State {
    match verdict {
        Verdict::Faster | Verdict::Slower | Verdict::NoDifferenceFound => State::Shown,
        Verdict::TooFewRounds => State::Hinted,
        Verdict::Invalid => State::Missing,
    }
}

/// How well a count is known: as in the arm that knows it best. Shown from two rounds and two
/// workspaces on.
pub(super) fn seen(arms: &[Arm<'_>]) -> State {
    State::best(arms.iter().map(|it| match (it.rounds(), it.workspaces) {
        (0, _) | (_, 0) => State::Missing,
        (1, _) | (_, 1) => State::Hinted,
        _ => State::Shown,
    }))
}

/// `step warm of gauntlet (R1, btrfs)`.
pub(super) fn place(arm: &Arm<'_>) -> String {
    format!("step {} of {} ({}, {})", arm.step.step, arm.step.scenario, arm.label(), arm.file_system())
}

/// Tells one number of many arms: a sentence for each strategy and step, from the least to
/// the most, with the runs it comes from.
pub(super) fn tell_range(
    answer: &mut Answer,
    what: &str,
    arms: &[Arm<'_>],
    value: impl Fn(&Arm<'_>) -> Option<f64>,
    show: fn(f64) -> String,
) {
    let known: Vec<(Arm<'_>, f64)> = arms.iter().filter_map(|arm| Some((*arm, value(arm)?))).collect();
    let mut groups: Vec<Vec<&(Arm<'_>, f64)>> = Vec::new();
    for it in &known {
        let place = |arm: &Arm<'_>| (arm.step.scenario.clone(), arm.step.step.clone(), arm.name().to_owned());
        match groups.iter_mut().find(|group| place(&group[0].0) == place(&it.0)) {
            Some(group) => group.push(it),
            None => groups.push(vec![it]),
        }
    }
    for group in groups {
        let arm = &group[0].0;
        let least = show(group.iter().map(|it| it.1).fold(f64::INFINITY, f64::min));
        let most = show(group.iter().map(|it| it.1).fold(f64::NEG_INFINITY, f64::max));
        let range = if least == most { least } else { format!("{least} to {most}") };
        let runs: Vec<String> = group.iter().map(|(arm, _)| format!("{}: {}", arm.label(), n(arm))).collect();
        let (step, scenario, name) = (&arm.step.step, &arm.step.scenario, arm.name());
        answer.supports(format!("step {step} of {scenario}, {name}: {what} {range} ({})", runs.join("; ")));
    }
}

/// Tells what arms reused.
pub(super) fn tell_hits(answer: &mut Answer, arms: &[Arm<'_>]) {
    let show = |rate: f64| percent(Some(rate));
    tell_range(answer, "of all units it reused", arms, |arm| arm.numbers.hit_rate, show);
    tell_range(answer, "of compile seconds it reused", arms, |arm| arm.numbers.hit_rate_by_cost, show);
}

/// A comparison of an arm, with what a sentence must know of its place.
struct Claim<'a> {
    arm: Arm<'a>,
    found: Comparison,
}

/// Tells the wall times of arms against their baselines; the best state among them.
pub(super) fn tell_walls(answer: &mut Answer, arms: &[Arm<'_>]) -> State {
    let claims = arms.iter().filter_map(|arm| Some(Claim { arm: *arm, found: arm.wall.clone()? }));
    tell(answer, claims.collect())
}

/// Tells the wall times of arms against each other, each pair `(arm, other)`; the best state.
pub(super) fn tell_pairs(answer: &mut Answer, pairs: &[(Arm<'_>, Arm<'_>)]) -> State {
    let looks = pairs.len();
    let claims = pairs.iter().filter_map(|(arm, other)| Some(Claim { arm: *arm, found: arm.against(other, looks)? }));
    tell(answer, claims.collect())
}

fn tell(answer: &mut Answer, claims: Vec<Claim<'_>>) -> State {
    let mut best = State::Missing;
    let mut groups: Vec<Vec<Claim<'_>>> = Vec::new();
    for claim in claims.into_iter().filter(|it| it.arm.is_timed() && !it.arm.step.cleans) {
        best = best.max(if claim.arm.is_distrusted() { State::Hinted } else { state(claim.found.judgement.verdict) });
        let alike = |group: &Vec<Claim<'_>>| {
            let first = &group[0];
            first.arm.is_beside(&claim.arm)
                && first.found.baseline == claim.found.baseline
                && first.found.judgement.verdict == claim.found.judgement.verdict
        };
        match groups.iter_mut().find(|group| alike(group)) {
            Some(group) => group.push(claim),
            None => groups.push(vec![claim]),
        }
    }
    for group in &groups {
        let sentence = sentence(group);
        let first = &group[0];
        match first.found.judgement.verdict {
            Verdict::Faster | Verdict::Slower if !first.arm.is_distrusted() => answer.supports(sentence),
            _ => answer.limits(sentence),
        }
    }
    best
}

/// One sentence for comparisons of one place, baseline and verdict.
fn sentence(group: &[Claim<'_>]) -> String {
    let Claim { arm, found } = &group[0];
    let base = &found.baseline;
    let place = place(arm);
    let extents: Vec<String> = group.iter().map(|it| extent(&it.found.judgement)).collect();
    let common = extents.iter().all(|it| *it == extents[0]);
    let arms: Vec<String> = group
        .iter()
        .zip(&extents)
        .map(|(it, extent)| {
            let apart = if common { String::new() } else { format!(" ({extent})") };
            format!("{} {}{apart}", it.found.strategy, estimate(&it.found.judgement))
        })
        .collect();
    let n = if common { format!(" ({})", extents[0]) } else { String::new() };
    let arms = listed(&arms);
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
        Verdict::TooFewRounds if extents[0] == "a single sample" && common => {
            format!("{place}: a single sample, no verdict against {base}: wall time {arms}")
        }
        Verdict::TooFewRounds => format!("{place}: too few rounds for a verdict against {base}: wall time {arms}{n}"),
        Verdict::Invalid => {
            let names: Vec<&str> = group.iter().map(|it| it.found.strategy.as_str()).collect();
            format!("{place}: no valid pair with {base}: {}", listed(&names))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_their_numbers() {
        assert_eq!(plural(1, "policy"), "1 policy");
        assert_eq!(plural(2, "policy"), "2 policies");
        assert_eq!(plural(2, "Q-day"), "2 Q-days");
        assert_eq!(plural(0, "round"), "0 rounds");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(ratio(0.012_34), "0.0123x");
        assert_eq!(ratio(12.34), "12.3x");
    }

    #[test]
    fn only_a_verdict_shows() {
        let states: Vec<State> =
            [Verdict::Faster, Verdict::Slower, Verdict::NoDifferenceFound, Verdict::TooFewRounds, Verdict::Invalid]
                .map(state)
                .into();
        assert_eq!(states, [State::Shown, State::Shown, State::Shown, State::Hinted, State::Missing]);
    }
}
