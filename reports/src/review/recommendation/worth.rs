//! Whether a cache is worth what it costs: warm gain against cold cost, in one run.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::command::{self, ONE};
use crate::review::evidence::Arm;
use crate::review::words::{estimate, listed};
use crate::stats::{Comparison, Verdict};
use crate::table::seconds;

/// A first build and the same build from the store, by the names of their steps.
const STEPS: [(&str, &str); 4] =
    [("fill", "warm"), ("first", "same-commit"), ("dev", "dev-cold"), ("fill", "same-place")];

pub(super) fn apply(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let mut by_name: Vec<(String, Vec<Finding>)> = Vec::new();
    for (first, again) in STEPS {
        let mut arms = evidence.steps(None, &[again]);
        arms.retain(|arm| arm.store.is_some() && safety.out(arm.name()).is_none());
        for arm in arms {
            let Some(cold) = arm.in_step(first) else { continue };
            let finding = judge(&cold, &arm, safety);
            match by_name.iter_mut().find(|(name, _)| name == arm.name()) {
                Some((_, findings)) => findings.push(finding),
                None => by_name.push((arm.name().to_owned(), vec![finding])),
            }
        }
    }
    let nothing = || {
        let why = "no run has a first build and a build from the store of a strategy that is not out";
        Finding::undecided(why, command::compare("gauntlet", ONE))
    };
    let mut told: Vec<(String, Finding)> = Vec::new();
    let mut open: Vec<(String, Finding)> = Vec::new();
    for (name, findings) in by_name {
        let finding = agreed(findings, nothing());
        if finding.is_decided() { told.push((name, finding)) } else { open.push((name, finding)) }
    }
    told.extend(together(open));
    if told.is_empty() {
        told.push((String::new(), nothing()));
    }
    told
}

/// What keeps strategies from a decision, by what they lack: one command helps them all.
fn together(open: Vec<(String, Finding)>) -> Vec<(String, Finding)> {
    let lacks = |finding: &Finding| match finding {
        Finding::Undecided { command: Some(command), .. } => command.starts_with("harness probe"),
        _ => false,
    };
    let (probes, rounds): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, finding)| lacks(finding));
    let names = |list: &[(String, Finding)]| list.iter().map(|it| it.0.clone()).collect::<Vec<String>>();
    let mut told = Vec::new();
    if let Some((_, Finding::Undecided { why, .. })) = rounds.first() {
        let names = names(&rounds);
        let more = if names.len() > 1 { format!("; and so of {} more", names.len() - 1) } else { String::new() };
        let command = command::compare("gauntlet", &format!("none,{}", names.join(",")));
        told.push((listed(&names), Finding::undecided(format!("{why}{more}"), command)));
    }
    if !probes.is_empty() {
        let names = names(&probes);
        let why = "what probes of some family were not told to is not recommended";
        told.push((listed(&names), Finding::undecided(why, command::probe("*", &names.join(",")))));
    }
    told
}

fn judge(cold: &Arm<'_>, warm: &Arm<'_>, safety: &Safety) -> Finding {
    let name = warm.name();
    if let Some(missing) = safety.missing(&[name]) {
        return missing;
    }
    let scenario = command::shipped(&warm.step.scenario);
    let again = command::compare(scenario, &format!("none,{name}"));
    if !is_usable(cold) || !is_usable(warm) {
        return Finding::undecided("seconds that cannot be used: a shadow check, or a control that failed", again);
    }
    let (Some(first), Some(later)) = (cold.wall.as_ref(), warm.wall.as_ref()) else {
        return Finding::undecided(format!("{name} is what others are compared with"), again);
    };
    for (arm, found) in [(warm, later), (cold, first)] {
        if is_silent(found.judgement.verdict) {
            return Finding::undecided(format!("too little is known of {}", compared(arm, found)), again);
        }
    }
    let mut because = vec![compared(warm, later), compared(cold, first)];
    if let Some(edit) = warm.in_step("edit") {
        let slower = edit.wall.clone().filter(|it| it.judgement.verdict == Verdict::Slower);
        because.extend(slower.map(|it| {
            let numbers = estimate(&it.judgement);
            format!("price: the edit after it is slower than {}, {numbers}", it.baseline)
        }));
    }
    if later.judgement.verdict != Verdict::Faster {
        return Finding::Decided { choice: "not worth it: warm builds are not found faster".into(), because };
    }
    let choice = match builds_until_paid(cold, first, warm, later) {
        Some(builds) => {
            because.push(builds.1);
            match builds.0 {
                0 => "worth it, with the first build already".into(),
                1 => "worth it from the first warm build on".into(),
                n => format!("worth it after {n} warm builds"),
            }
        }
        None => "worth it; how soon cannot be said without baseline seconds".into(),
    };
    Finding::Decided { choice, because }
}

/// Warm builds that make up for the first one, at the ends of the intervals that speak
/// against the cache.
fn builds_until_paid(cold: &Arm<'_>, first: &Comparison, warm: &Arm<'_>, later: &Comparison) -> Option<(u64, String)> {
    let cost = (first.judgement.interval?.high - 1.0) * cold.baseline()?.summary.wall_s?;
    let gain = (1.0 - later.judgement.interval?.high) * warm.baseline()?.summary.wall_s?;
    (gain > 0.0).then(|| {
        let builds = (cost.max(0.0) / gain).ceil() as u64;
        let (most, least) = (seconds(Some(cost.max(0.0))), seconds(Some(gain)));
        let told = format!(
            "at the ends of the intervals, of the baseline's seconds over all workspaces, a first build costs {most} more \
             and a warm one gains {least}"
        );
        (builds, told)
    })
}
