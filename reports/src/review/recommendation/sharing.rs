//! Whether to share across worktrees, and across profiles and commands.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::answers::sharing::{CROSSING, FURTHER};
use crate::review::command::{self, ONE};
use crate::review::evidence::{StepArm, only};
use crate::stats::{Comparison, Verdict};
use crate::words::{distinct, listed};

pub(super) fn worktrees(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    // Only the widest policy takes members.
    let decide = |steps: &[(StepArm<'_>, Comparison)], because: Vec<String>, again: String| {
        let of = |verdict: Verdict| steps.iter().filter(move |it| it.1.judgement.verdict == verdict);
        if of(Verdict::Faster).count() == steps.len() {
            return Finding::Decided { choice: "share path members across worktrees".into(), because };
        }
        match of(Verdict::Slower).next() {
            Some(_) => Finding::Decided { choice: "do not share path members across worktrees".into(), because },
            None => Finding::undecided(format!("not every step is faster: {}", because.join("; ")), again),
        }
    };
    by_arm(evidence, safety, "worktrees", &FURTHER, |arm| arm.key.as_deref() == Some("aggressive"), decide)
}

pub(super) fn profiles(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let decide = |steps: &[(StepArm<'_>, Comparison)], because: Vec<String>, _: String| {
        let faster: Vec<&str> = steps
            .iter()
            .filter(|(arm, it)| it.judgement.verdict == Verdict::Faster && arm.numbers.hit_rate > Some(0.0))
            .map(|(arm, _)| arm.step.step.as_str())
            .collect();
        if !faster.is_empty() {
            return Finding::Decided { choice: format!("share with {}", listed(&faster)), because };
        }
        let hits = steps.iter().filter(|(arm, _)| arm.numbers.hit_rate > Some(0.0)).count();
        let why = format!(
            "units of another profile or command were reused in {} of {} steps, and none was found faster for it; \
             what another layout would share is not shown: {}",
            hits,
            steps.len(),
            because.join("; "),
        );
        Finding::Undecided { why, command: None }
    };
    by_arm(evidence, safety, "profiles", &CROSSING, |arm| arm.key.is_some(), decide)
}

/// Goes through the arms of a scenario, each with its comparisons with the baseline.
fn by_arm(
    evidence: &Evidence<'_>,
    safety: &Safety,
    scenario: &str,
    names: &[&str],
    wanted: fn(&StepArm<'_>) -> bool,
    decide: impl Fn(&[(StepArm<'_>, Comparison)], Vec<String>, String) -> Finding,
) -> Vec<(String, Finding)> {
    let mut arms = evidence.steps(Some(scenario), names);
    arms.retain(|arm| wanted(arm) && !arm.is_baseline());
    let mut keys = distinct(arms.iter().map(|arm| (arm.at, arm.name())));
    keys.sort_unstable();
    let of = |(at, name): (usize, &str)| only(&arms, |arm| arm.at == at && arm.name() == name);
    let findings = keys.into_iter().map(|key| of_arm(&of(key), key.1, safety, scenario, &decide)).collect();
    let nothing = Finding::undecided(
        format!("no run of the scenario {scenario} has a strategy that could share"),
        command::compare(scenario, ONE),
    );
    vec![(String::new(), agreed(findings, nothing))]
}

fn of_arm(
    mine: &[StepArm<'_>],
    name: &str,
    safety: &Safety,
    scenario: &str,
    decide: &impl Fn(&[(StepArm<'_>, Comparison)], Vec<String>, String) -> Finding,
) -> Finding {
    let again = command::compare(scenario, &format!("none,{name}"));
    if let Some(missing) = safety.missing(&[name]) {
        return missing;
    }
    if let Some(why) = safety.out(name) {
        return Finding::Undecided { why, command: None };
    }
    let steps: Vec<(StepArm<'_>, Comparison)> =
        mine.iter().filter(|arm| is_usable(arm)).filter_map(|arm| Some((*arm, arm.wall.clone()?))).collect();
    if let Some((arm, found)) = steps.iter().find(|(_, it)| is_silent(it.judgement.verdict)) {
        return Finding::undecided(compared(arm, found), again);
    }
    if steps.is_empty() {
        return Finding::undecided("seconds that cannot be used: a shadow check, or a control that failed", again);
    }
    let because = steps.iter().map(|(arm, found)| compared(arm, found)).collect();
    decide(&steps, because, again)
}
