//! The verdicts as text: a table per step, and below it what the control and the
//! noise say about how far to trust it.

use super::Options;
use super::text::plural;
use super::verdicts::{Detectable, Standing, StepVerdicts, Verdicts};
use crate::stats::{Block, Comparison, Judgement, Verdict};
use crate::table::{Align, Table, UNMEASURED, clean, count, fit, wrap};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The whole section, begun by an empty line; nothing where there is nothing to
/// compare.
pub(super) fn verdict_section(verdicts: &Verdicts, options: &Options) -> String {
    let line = match verdicts.standing() {
        Standing::NothingToCompare => return String::new(),
        Standing::NoPair => {
            format!("verdicts: none, for no arm has a pair of valid rows with {}", verdicts.question.baseline)
        }
        Standing::TooFewRounds => too_few(verdicts),
        Standing::Judged => legend(verdicts),
    };
    let mut out = format!("\n{}", wrap(&line, options.width, 2));
    if verdicts.standing() == Standing::Judged {
        for step in &verdicts.steps {
            out.push('\n');
            out.push_str(&step_verdicts(step, &verdicts.question.baseline, options));
        }
    }
    out
}

fn too_few(verdicts: &Verdicts) -> String {
    let (needed, rounds) = (verdicts.rounds_needed(), verdicts.rounds());
    let comparisons = plural(verdicts.comparisons(), "comparison");
    let so = match needed {
        usize::MAX => format!("for {comparisons} no number of rounds is enough"),
        // Each had enough, had it kept them.
        _ if needed <= rounds => format!("{needed} rounds would be enough, but too many of their rows dropped out"),
        _ => format!("with {comparisons} a difference can be found from {needed} rounds on"),
    };
    let have = plural(rounds, "round");
    let controls: BTreeSet<String> = verdicts
        .steps
        .iter()
        .flat_map(|step| &step.controls)
        .map(|it| format!("; what {} differs by from {} is noise, for they are the same", it.strategy, it.baseline))
        .collect();
    let controls: String = controls.into_iter().collect();
    format!("verdicts: too few rounds for any, the ratios above are mere estimates from {have}; {so}{controls}")
}

fn legend(verdicts: &Verdicts) -> String {
    let rule = &verdicts.question.rule;
    let flipped = match rule.block {
        Block::Round => "whole rounds",
        Block::Pair => "single pairs",
    };
    format!(
        "verdicts against {base}: ratio: wall ÷ wall of {base} as above, with its {confidence} interval; p: of a \
         sign-flip test of {flipped}, corrected for {family} (Holm{apart}); n: pairs, rounds × workspaces; min–max: \
         of the pairs' ratios; faster or slower: p at most {alpha}, an interval without 1 and a difference of \
         at least {least}",
        base = verdicts.question.baseline,
        confidence = part(rule.confidence),
        family = plural(verdicts.family, "comparison"),
        apart = if verdicts.steps.iter().all(|step| step.controls.is_empty()) { "" } else { ", controls apart" },
        alpha = rule.alpha,
        least = part(rule.min_effect),
    )
}

fn step_verdicts(step: &StepVerdicts, baseline: &str, options: &Options) -> String {
    let caption = format!("verdicts of step {} of scenario {}", step.step, step.scenario);
    let mut out = wrap(&caption, options.width, 2);
    if step.baseline_unsupported && !step.has_pairs() {
        let line = format!("no verdicts: {baseline} is unsupported in this step");
        return out + &wrap(&line, options.width, 2);
    }
    let mut table = Table::new(&[
        ("strategy", Align::Flexible),
        ("ratio", Align::Right),
        ("interval", Align::Right),
        ("p", Align::Right),
        ("n", Align::Right),
        ("min–max", Align::Right),
        ("verdict", Align::Left),
        ("", Align::Left),
    ]);
    let mut notes: Vec<String> = Vec::new();
    for it in step.arms.iter().chain(&step.controls) {
        let mark = excluded(it, step).map(|note| {
            let at = notes.iter().position(|known| *known == note).unwrap_or(notes.len());
            if at == notes.len() {
                notes.push(note);
            }
            format!("[{}]", at + 1)
        });
        let found = &it.judgement;
        let between = |ends: Option<(f64, f64)>| {
            ends.map_or(UNMEASURED.into(), |(low, high)| format!("{}–{}", ratio(low), ratio(high)))
        };
        table.row([
            // In front: the end of a long name is cut.
            format!("{}{}", if it.control { "control: " } else { "" }, it.strategy),
            found.ratio.map_or(UNMEASURED.into(), ratio),
            between(found.interval.map(|it| (it.low, it.high))),
            found.p_corrected.map_or(UNMEASURED.into(), probability),
            count(Some(found.pairs as f64)),
            between(found.min.zip(found.max)),
            found.verdict.to_string(),
            mark.unwrap_or_default(),
        ]);
    }
    out.push_str(&table.render(options.width));
    for (at, note) in notes.iter().enumerate() {
        out.push_str(&wrap(&format!("[{}] {note}", at + 1), options.width, 4));
    }
    for control in &step.controls {
        out.push_str(&wrap(&control_line(control), options.width, 2));
    }
    if let Some(line) = detectable(step.as_control.as_ref(), step.at_worst.as_ref()) {
        out.push_str(&wrap(&line, options.width, 2));
    }
    out
}

/// What could not be paired, where and why.
fn excluded(comparison: &Comparison, step: &StepVerdicts) -> Option<String> {
    let out: usize = comparison.excluded.iter().map(|it| it.pairs).sum();
    let all = out + comparison.judgement.pairs;
    let why = comparison.excluded.iter().map(|it| {
        let place = match it.workspaces.len() < step.workspaces {
            true => format!(" in {}", it.workspaces.join(", ")),
            false => String::new(),
        };
        format!("{}{place} ({})", it.pairs, fit(&clean(&it.why), 200))
    });
    let why: Vec<String> = why.collect();
    (out > 0).then(|| format!("left out of {}: {}", plural(all, "pair"), why.join(", ")))
}

/// What the control of a step says.
fn control_line(control: &Comparison) -> String {
    let found = &control.judgement;
    let mut line = String::new();
    let who = format!("{} is {} a second time", control.strategy, control.baseline);
    let _ = match found.verdict {
        Verdict::Faster | Verdict::Slower => write!(
            line,
            "CONTROL FAILED: {who}, yet it came out {} at {}: the control differs from itself, do not trust the \
             verdicts of this step",
            found.verdict,
            measured(found),
        ),
        Verdict::NoDifferenceFound => {
            write!(line, "control: {who}; it came out at {}: differences of this size are noise here", measured(found))
        }
        Verdict::TooFewRounds => {
            write!(line, "control: {who}; it came out at {}: too few rounds to tell the noise", measured(found))
        }
        Verdict::Invalid => {
            write!(line, "control: {who}; it has no valid pair, so that the noise is not known")
        }
    };
    line
}

/// `1.012x [0.990, 1.031], n=15`.
fn measured(found: &Judgement) -> String {
    let mut text = found.ratio.map_or(UNMEASURED.into(), |value| format!("{}x", ratio(value)));
    if let Some(interval) = found.interval {
        let _ = write!(text, " [{}, {}]", ratio(interval.low), ratio(interval.high));
    }
    let _ = write!(text, ", n={}", found.pairs);
    text
}

/// What would have been found. The control knows the noise of two like arms; an arm may
/// well be noisier, so the worst one is named beside it.
fn detectable(control: Option<&Detectable>, worst: Option<&Detectable>) -> Option<String> {
    let found = |it: &Detectable| {
        let rounds = plural(it.rounds, "round");
        format!("with {rounds} a difference of {} or more would have been found 8 times out of 10", part(it.effect))
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

/// A ratio to a tenth of a per cent of the baseline's time, small ones finer: `1.012`.
fn ratio(value: f64) -> String {
    match value {
        r if r < 0.1 => format!("{r:.4}"),
        r if r < 9.9995 => format!("{r:.3}"),
        r if r < 999.95 => format!("{r:.1}"),
        r => format!("{r:.0}"),
    }
}

fn probability(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") }
}

/// A part of 1 as `3.1 %`.
fn part(value: f64) -> String {
    format!("{} %", (value * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_a_verdict_turns_on() {
        let shown: Vec<String> =
            [0.00123, 0.0954, 0.1, 1.0124, 9.9994, 9.9996, 123.44, 999.96, 12_345.0].map(ratio).into();
        assert_eq!(shown, ["0.0012", "0.0954", "0.100", "1.012", "9.999", "10.0", "123.4", "1000", "12345"]);
        assert_eq!([0.0004, 0.001, 0.0496, 1.0].map(probability), ["<0.001", "0.001", "0.050", "1.000"]);
        assert_eq!([0.01, 0.0314, 0.95].map(part), ["1 %", "3.1 %", "95 %"]);
    }

    #[test]
    fn what_would_have_been_found_names_the_arm_it_holds_for() {
        let it = |strategy: &str, effect| Detectable { strategy: strategy.into(), rounds: 5, effect };
        let (control, quiet, loud) = (it("none-again", 0.031), it("a", 0.02), it("b", 0.079));
        let found = |control: Option<&Detectable>, worst| detectable(control, worst).unwrap_or_default();
        let start = "with 5 rounds a difference of 3.1 % or more would have been found 8 times out of 10 in";
        assert_eq!(found(Some(&control), None), format!("{start} an arm as noisy as the control"));
        assert!(found(Some(&control), Some(&quiet)).starts_with(&format!("{start} any arm")));
        let both = found(Some(&control), Some(&loud));
        assert_eq!(both, format!("{start} an arm as noisy as the control, and one of 7.9 % in the noisiest, b"));
        assert!(found(None, Some(&loud)).ends_with("even in the noisiest arm, b"));
        assert_eq!(detectable(None, None), None);
    }
}
