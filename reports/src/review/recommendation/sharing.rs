//! Whether to share across worktrees, and across profiles and commands.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::answers::profiles::CROSSING;
use crate::review::answers::worktrees::FURTHER;
use crate::review::command::{self, ONE};
use crate::review::evidence::Arm;
use crate::review::words::listed;
use crate::stats::{Comparison, Verdict};
use crate::table::count;

pub(super) fn worktrees(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    // Only the widest policy takes members.
    let tell = |steps: &[(Arm<'_>, Comparison)], because: Vec<String>, again: String| {
        let of = |verdict: Verdict| steps.iter().filter(move |it| it.1.judgement.verdict == verdict);
        if of(Verdict::Faster).count() == steps.len() {
            return Finding::Decided { choice: "share path members across worktrees".into(), because };
        }
        match of(Verdict::Slower).next() {
            Some(_) => Finding::Decided { choice: "do not share path members across worktrees".into(), because },
            None => Finding::undecided(format!("not every step is faster: {}", because.join("; ")), again),
        }
    };
    by_arm(evidence, safety, "worktrees", &FURTHER, |arm| arm.key.as_deref() == Some("aggressive"), tell)
}

pub(super) fn profiles(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let tell = |steps: &[(Arm<'_>, Comparison)], because: Vec<String>, _: String| {
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
            count(Some(hits as f64)),
            steps.len(),
            because.join("; "),
        );
        Finding::Undecided { why, command: None }
    };
    by_arm(evidence, safety, "profiles", &CROSSING, |arm| arm.key.is_some(), tell)
}

/// Goes through the arms of a scenario, each with its comparisons with the baseline.
fn by_arm(
    evidence: &Evidence<'_>,
    safety: &Safety,
    scenario: &str,
    names: &[&str],
    wanted: fn(&Arm<'_>) -> bool,
    tell: impl Fn(&[(Arm<'_>, Comparison)], Vec<String>, String) -> Finding,
) -> Vec<(String, Finding)> {
    let mut arms = evidence.steps(Some(scenario), names);
    arms.retain(|arm| wanted(arm) && !arm.is_baseline());
    let mut told: Vec<(usize, &str)> = arms.iter().map(|arm| (arm.at, arm.name())).collect();
    told.dedup();
    told.sort_unstable();
    told.dedup();
    let mut findings = Vec::new();
    for (at, name) in told {
        let mine: Vec<Arm<'_>> = arms.iter().filter(|arm| arm.at == at && arm.name() == name).copied().collect();
        findings.push(of_arm(&mine, name, safety, scenario, &tell));
    }
    let nothing = Finding::undecided(
        format!("no run of the scenario {scenario} has a strategy that could share"),
        command::compare(scenario, ONE),
    );
    vec![(String::new(), agreed(findings, nothing))]
}

fn of_arm(
    mine: &[Arm<'_>],
    name: &str,
    safety: &Safety,
    scenario: &str,
    tell: &impl Fn(&[(Arm<'_>, Comparison)], Vec<String>, String) -> Finding,
) -> Finding {
    let again = command::compare(scenario, &format!("none,{name}"));
    if let Some(missing) = safety.missing(&[name]) {
        return missing;
    }
    if let Some(why) = safety.out(name) {
        return Finding::Undecided { why, command: None };
    }
    let steps: Vec<(Arm<'_>, Comparison)> =
        mine.iter().filter(|arm| is_usable(arm)).filter_map(|arm| Some((*arm, arm.wall.clone()?))).collect();
    if let Some((arm, found)) = steps.iter().find(|(_, it)| is_silent(it.judgement.verdict)) {
        return Finding::undecided(compared(arm, found), again);
    }
    if steps.is_empty() {
        return Finding::undecided("seconds that cannot be used: a shadow check, or a control that failed", again);
    }
    let because = steps.iter().map(|(arm, found)| compared(arm, found)).collect();
    tell(&steps, because, again)
}
