//! Whether a cache is worth what it costs: warm gain against cold cost, in one run.
//!
//! A first build has nothing to reuse. Where workspaces share a store, only the first one built finds it
//! empty; the others hit what those before it have published.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::command::{self, ONE};
use crate::review::evidence::{StepArm, WALL_S};
use crate::stats::{Comparison, Verdict};
use crate::text::seconds;
use crate::words::{estimate, gathered, listed, plural};
use records::StepRow;

/// A first build and the same build from the store, by the names of their steps. The scenario
/// `cold` shows the first alone, so it may stand for any of them.
const STEPS: [(&str, &str); 4] =
    [("fill", "warm"), ("first", "same-commit"), ("dev", "dev-cold"), ("fill", "same-place")];

pub(super) fn worth(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let mut found: Vec<(String, Finding)> = Vec::new();
    for (first, again) in STEPS {
        let mut arms = evidence.steps(None, &[again]);
        arms.retain(|arm| arm.store.is_some() && safety.out(arm.name()).is_none());
        for arm in arms {
            found.push((arm.name().to_owned(), judge(&FirstBuilds::of(evidence, &arm, first), &arm, safety)));
        }
    }
    let nothing = || {
        let why = "no run has a first build and a build from the store of a strategy that is not out";
        Finding::undecided(why, command::compare("gauntlet", ONE))
    };
    let found = gathered(found).into_iter().map(|(name, findings)| (name, agreed(findings, nothing())));
    let (mut decided, open): (Vec<_>, Vec<_>) = found.partition(|(_, finding)| finding.is_decided());
    decided.extend(together(open));
    if decided.is_empty() {
        decided.push((String::new(), nothing()));
    }
    decided
}

/// What keeps strategies from a decision, by what they lack: one command helps them all.
fn together(open: Vec<(String, Finding)>) -> Vec<(String, Finding)> {
    let asks = |finding: &Finding, start: &str| match finding {
        Finding::Undecided { command: Some(command), .. } => command.starts_with(start),
        _ => false,
    };
    let (probes, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, it)| asks(it, "harness probe"));
    let (cold, rounds): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(_, it)| asks(it, "harness compare --scenario cold "));
    let names = |list: &[(String, Finding)]| list.iter().map(|it| it.0.clone()).collect::<Vec<String>>();
    let mut findings = Vec::new();
    for (scenario, list) in [("cold", cold), ("gauntlet", rounds)] {
        if let Some((_, Finding::Undecided { why, .. })) = list.first() {
            let names = names(&list);
            let more = if names.len() > 1 { format!("; and so of {} more", names.len() - 1) } else { String::new() };
            let command = command::compare(scenario, &format!("none,{}", names.join(",")));
            findings.push((listed(&names), Finding::undecided(format!("{why}{more}"), command)));
        }
    }
    if !probes.is_empty() {
        let names = names(&probes);
        let why = "a strategy without a result of a probe of some family is not recommended";
        findings.push((listed(&names), Finding::undecided(why, command::probe("*", &names.join(",")))));
    }
    findings
}

fn judge(cold: &Option<FirstBuilds<'_>>, warm: &StepArm<'_>, safety: &Safety) -> Finding {
    let name = warm.name();
    if let Some(missing) = safety.missing(&[name]) {
        return missing;
    }
    let scenario = command::shipped(&warm.step.scenario);
    let again = command::compare(scenario, &format!("none,{name}"));
    if !is_usable(warm) {
        return Finding::undecided("seconds that cannot be used: a shadow check, or a control that failed", again);
    }
    let Some(later) = warm.wall.as_ref() else {
        return Finding::undecided(format!("{name} is what others are compared with"), again);
    };
    if is_silent(later.judgement.verdict) {
        return Finding::undecided(format!("too little is known of {}", compared(warm, later)), again);
    }
    let mut because = vec![compared(warm, later)];
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
    let cold_again = command::compare("cold", &format!("none,{name}"));
    let Some((found, first)) = cold.as_ref().and_then(|it| Some((it.found.as_ref()?, it))) else {
        because.push("what a first build costs more is not shown by these runs".into());
        return Finding::undecided(because.join("; "), cold_again);
    };
    if is_silent(found.judgement.verdict) {
        let why = format!("too little is known of {}", compared(&first.arm, found));
        return Finding::undecided(why, cold_again);
    }
    because.push(format!("{}, first builds {}", compared(&first.arm, found), first.built()));
    match builds_until_paid(first, warm) {
        Some((builds, sums)) => {
            because.push(sums);
            let choice = match builds {
                0 => "worth it, with the first build already".into(),
                1 => "worth it from the first warm build on".into(),
                n => format!("worth it after {n} warm builds"),
            };
            Finding::Decided { choice, because }
        }
        None => {
            because.push("no workspace has seconds of both a first and a warm build, with a gain".into());
            Finding::Decided { choice: "worth it in warm builds; how soon cannot be said".into(), because }
        }
    }
}

/// Warm builds that make up for the first one, in seconds of the workspaces that have both.
fn builds_until_paid(first: &FirstBuilds<'_>, warm: &StepArm<'_>) -> Option<(u64, String)> {
    let mut costs = first.arm.common_medians(&first.arm.baseline()?, WALL_S);
    costs.retain(|workspace, _| first.is_in(workspace));
    let gains = warm.common_medians(&warm.baseline()?, WALL_S);
    // Arm less baseline.
    let both: Vec<(f64, f64)> = costs
        .iter()
        .filter_map(|(workspace, cost)| Some((cost, gains.get(workspace)?)))
        .map(|(cost, gain)| (cost.0 - cost.1, gain.1 - gain.0))
        .collect();
    let (cost, gain) = both.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    (gain > 0.0).then(|| {
        let builds = (cost.max(0.0) / gain).ceil() as u64;
        let what = if cost < 0.0 { "less" } else { "more" };
        let sums = format!(
            "over {}, medians over rounds summed, a first build takes {} {what} than the baseline's and a warm one {} \
             less",
            plural(both.len(), "workspace"),
            seconds(Some(cost.abs())),
            seconds(Some(gain)),
        );
        (builds, sums)
    })
}

struct FirstBuilds<'a> {
    arm: StepArm<'a>,
    /// The workspace built first, where it alone found an empty store.
    only: Option<&'a str>,
    /// Against the baseline, over those workspaces.
    found: Option<Comparison>,
}

impl<'a> FirstBuilds<'a> {
    /// What shows most: all workspaces of the warm build's own run, else the scenario `cold` on the same corpus, machine, toolchain and file system, else the
    /// first workspace of the warm build's own run.
    fn of(evidence: &Evidence<'a>, warm: &StepArm<'a>, step: &str) -> Option<Self> {
        let own = warm.in_step(step).filter(is_usable);
        let alone = warm.run.analysis.info.alone();
        if let Some(arm) = own.filter(|_| alone) {
            return Some(Self { arm, only: None, found: arm.wall.clone() });
        }
        let mut cold = evidence.steps(Some("cold"), &["cold"]);
        cold.retain(|it| it.name() == warm.name() && is_usable(it) && it.wall.is_some() && is_alike(it, warm));
        // The run that knows most.
        if let Some(arm) = cold.into_iter().max_by_key(StepArm::rounds) {
            return Some(Self { arm, only: None, found: arm.wall.clone() });
        }
        let arm = own?;
        let only = *arm.run.folder.order_in(1).first()?;
        // In rounds in which others came before it, it found what they had left.
        let was_first = |row: &StepRow| row.workspace == only && row.store_position.is_none_or(|at| at == 1);
        let found = arm.against_in(&arm.baseline()?, 1, was_first);
        found.is_some().then_some(Self { arm, only: Some(only), found })
    }

    fn is_in(&self, workspace: &str) -> bool {
        self.only.is_none_or(|only| only == workspace)
    }

    /// Which builds these are, in words.
    fn built(&self) -> String {
        match self.only {
            None => "of every workspace from an empty store".into(),
            Some(only) => {
                format!("of {only} alone: it was built first, and those after it found a store that is filled")
            }
        }
    }
}

/// Whether two runs built the same on the same machine, so that their seconds may be added.
fn is_alike(one: &StepArm<'_>, two: &StepArm<'_>) -> bool {
    let (a, b) = (&one.run.analysis.info, &two.run.analysis.info);
    let corpus = (&a.corpus.name, &a.corpus.hash) == (&b.corpus.name, &b.corpus.hash);
    corpus
        && a.host == b.host
        && a.toolchain == b.toolchain
        && a.profile == b.profile
        && one.file_system() == two.file_system()
}
