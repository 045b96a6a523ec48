//! The verdicts: a table per step, and below it what the control and the noise say about
//! how far to trust it.

use itertools::Itertools as _;

use crate::analysis::{Analysis, Detectable, StepAnalysis, VerdictStanding};
use crate::document::{Block, Grid, Section};
use crate::stats::{Comparison, Judgement, Verdict};
use crate::text::{clean, fit, part};
use crate::words::{bounds, estimate, plural, ratio_or_dash};

/// Nothing where there is nothing to compare.
pub(super) fn section(run: &Analysis) -> Section {
    let mut section = Section::default();
    match run.standing() {
        VerdictStanding::NothingToCompare => {}
        VerdictStanding::NoPair => {
            section.say(format!("verdicts: none, for no arm has a pair of valid rows with {}", run.baseline));
        }
        VerdictStanding::Estimates => section.say(one_round(run)),
        VerdictStanding::Judged => {
            section.say(legend(run));
            for step in run.steps.iter().filter(|step| step.arms.iter().any(|arm| arm.wall.is_some())) {
                of_step(&mut section, step, &run.baseline);
            }
        }
    }
    section
}

fn one_round(run: &Analysis) -> String {
    let controls =
        run.steps.iter().flat_map(StepAnalysis::controls).map(|it| {
            format!("; what {} differs by from {} is noise, for they are the same", it.strategy, it.baseline)
        });
    let controls = controls.unique().join("");
    format!(
        "verdicts: none, the ratios above are mere estimates from one round; a second one gives intervals{controls}"
    )
}

fn legend(run: &Analysis) -> String {
    let rule = &run.question.rule;
    let controls = run.steps.iter().flat_map(StepAnalysis::controls).next().is_some();
    format!(
        "verdicts against {base}: ratio: wall ÷ wall of {base}, geometric mean over workspaces and rounds; intervals: of \
         that ratio in these workspaces, and in others like these (from 6 on), {confidence} together over {family} \
         (Bonferroni{apart}); n: pairs, rounds × workspaces; min–max: of the pairs' ratios; faster or slower: the interval \
         of these workspaces lies beyond {least} on that side",
        base = run.baseline,
        confidence = part(1.0 - rule.alpha),
        family = plural(run.family, "comparison"),
        apart = if controls { ", controls apart" } else { "" },
        least = part(rule.min_effect),
    )
}

fn of_step(section: &mut Section, step: &StepAnalysis, baseline: &str) {
    let caption = format!("verdicts of step {} of scenario {}", step.step, step.scenario);
    let all = || step.compared().chain(step.controls());
    if step.baseline_unsupported && all().all(|it| it.judgement.pairs == 0) {
        return section.say(format!("no {caption}: {baseline} is unsupported in this step"));
    }
    let others = all().any(|it| it.judgement.over_workspaces.is_some());
    let heads = ["strategy", ">ratio", ">these workspaces"].into_iter().chain(others.then_some(">others like these"));
    let mut grid = Grid::new(caption, &heads.chain([">n", ">min–max", "verdict"]).collect::<Vec<_>>());
    let mut notes: Vec<String> = Vec::new();
    for it in all() {
        let mark = excluded(it, step).map(|note| {
            let at = notes.iter().position(|known| *known == note).unwrap_or(notes.len());
            if at == notes.len() {
                notes.push(note);
            }
            format!(" [{}]", at + 1)
        });
        let found = &it.judgement;
        let others = others.then(|| bounds(found.over_workspaces.map(|it| (it.low, it.high))));
        let first = [
            format!("{}{}", if it.control { "control: " } else { "" }, it.strategy),
            ratio_or_dash(found.ratio),
            bounds(found.interval.map(|it| (it.low, it.high))),
        ];
        let last = [
            found.pairs.to_string(),
            bounds(found.min.zip(found.max)),
            format!("{}{}", found.verdict, mark.unwrap_or_default()),
        ];
        grid.row(first.into_iter().chain(others).chain(last));
    }
    section.push(Block::Grid(grid));
    for (at, note) in notes.iter().enumerate() {
        section.say(format!("[{}] {note}", at + 1));
    }
    step.controls().for_each(|control| section.say(control_line(control)));
    if let Some(line) = detectable(step.detectable_as_control.as_ref(), step.detectable.as_ref()) {
        section.say(line);
    }
}

/// What could not be paired, where and why.
fn excluded(comparison: &Comparison, step: &StepAnalysis) -> Option<String> {
    let out: usize = comparison.excluded.iter().map(|it| it.pairs).sum();
    let all = out + comparison.judgement.pairs;
    let why = comparison.excluded.iter().map(|it| {
        let place = match it.workspaces.len() < step.workspaces {
            true => format!(" in {}", it.workspaces.join(", ")),
            false => String::new(),
        };
        format!("{}{place} ({})", it.pairs, fit(&clean(&it.why), 200))
    });
    (out > 0).then(|| format!("left out of {}: {}", plural(all, "pair"), why.collect::<Vec<_>>().join(", ")))
}

fn control_line(control: &Comparison) -> String {
    let found = &control.judgement;
    let who = format!("{} is {} a second time", control.strategy, control.baseline);
    match found.verdict {
        Verdict::Faster | Verdict::Slower => format!(
            "CONTROL FAILED: {who}, yet it came out {} at {}: the control differs from itself, do not trust the \
             verdicts of this step",
            found.verdict,
            measured(found),
        ),
        Verdict::NoDifferenceFound => {
            format!("control: {who}; it came out at {}: differences of this size are noise here", measured(found))
        }
        Verdict::OneRound => {
            format!("control: {who}; it came out at {}: one round does not show the noise", measured(found))
        }
        Verdict::Invalid => format!("control: {who}; it has no valid pair, so that the noise is not known"),
    }
}

/// `1.012x [0.990x, 1.031x], n=15`.
fn measured(found: &Judgement) -> String {
    format!("{}, n={}", estimate(found), found.pairs)
}

/// What would have been found. The control knows the noise of two like arms; an arm may
/// well be noisier, so the worst one is named beside it.
fn detectable(control: Option<&Detectable>, worst: Option<&Detectable>) -> Option<String> {
    let found = |it: &Detectable| {
        let rounds = plural(it.rounds, "round");
        format!(
            "with {rounds} of normal noise a difference of {} or more would have been found 8 times out of 10",
            part(it.effect)
        )
    };
    match (control, worst) {
        (None, None) => None,
        (Some(control), None) => Some(format!("{} in an arm as noisy as the control", found(control))),
        (None, Some(worst)) => Some(format!("{} even in the noisiest arm, {}", found(worst), worst.strategy)),
        (Some(control), Some(worst)) if worst.effect <= control.effect => {
            Some(format!("{} in any arm, all being no noisier than the control", found(control)))
        }
        (Some(control), Some(worst)) => Some(format!(
            "{} in an arm as noisy as the control, and one of {} in the noisiest, {}",
            found(control),
            part(worst.effect),
            worst.strategy,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_been_found_names_the_arm_it_holds_for() {
        let it = |strategy: &str, effect| Detectable { strategy: strategy.into(), rounds: 5, effect };
        let (control, quiet, loud) = (it("none-again", 0.031), it("a", 0.02), it("b", 0.079));
        let found = |control: Option<&Detectable>, worst| detectable(control, worst).unwrap_or_default();
        let start =
            "with 5 rounds of normal noise a difference of 3.1 % or more would have been found 8 times out of 10 in";
        assert_eq!(found(Some(&control), None), format!("{start} an arm as noisy as the control"));
        assert!(found(Some(&control), Some(&quiet)).starts_with(&format!("{start} any arm")));
        let both = found(Some(&control), Some(&loud));
        assert_eq!(both, format!("{start} an arm as noisy as the control, and one of 7.9 % in the noisiest, b"));
        assert!(found(None, Some(&loud)).ends_with("even in the noisiest arm, b"));
        assert_eq!(detectable(None, None), None);
    }
}
