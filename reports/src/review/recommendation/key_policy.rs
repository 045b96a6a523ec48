//! Which key policy: from no cache upwards, as far as warm builds get faster.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::command::{self, POLICIES};
use crate::review::evidence::{Arm, families, rung};
use crate::review::words::{estimate, listed, place};
use crate::stats::Verdict;

pub(super) fn apply(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let mut arms = evidence.steps(None, &["warm"]);
    arms.retain(|arm| rung(arm).is_some());
    let findings = judged(families(&arms, 1), safety).into_iter().map(|family| climb(family, safety)).collect();
    let nothing = Finding::undecided(
        "no run has warm builds of two key policies with the same links and store",
        command::compare("gauntlet", POLICIES),
    );
    vec![(String::new(), agreed(findings, nothing))]
}

/// The families to judge by. What puts an arm out may be its links: where a run has the same
/// policies with other links of which none is out, those with an arm that is out are left.
fn judged<'a>(all: Vec<Vec<Arm<'a>>>, safety: &Safety) -> Vec<Vec<Arm<'a>>> {
    let sound = |family: &[Arm<'_>]| family.iter().all(|arm| safety.may(arm.name()));
    let has_all = |family: &[Arm<'_>], of: &[Arm<'_>]| of.iter().all(|arm| family.iter().any(|it| it.key == arm.key));
    let replaced = |family: &[Arm<'_>]| {
        let out = family.iter().filter(|arm| safety.out(arm.name()).is_some()).count();
        let instead = |it: &[Arm<'_>]| it[0].is_beside(&family[0]) && sound(it);
        out > 0 && all.iter().any(|it| instead(it) && (out == family.len() || has_all(it, family)))
    };
    all.iter().filter(|family| !replaced(family)).cloned().collect()
}

/// What an arm brings files back by, in words.
fn links(arm: &Arm<'_>) -> String {
    match arm.link.as_deref() {
        Some("copy") => "with copies".into(),
        Some("in-place") => "with links in place".into(),
        Some(link) => format!("with {link}s"),
        None => "with links of its own".into(),
    }
}

/// The ladder of one family of arms, in one run.
fn climb(mut family: Vec<Arm<'_>>, safety: &Safety) -> Finding {
    family.sort_by_key(rung);
    let names: Vec<&str> = family.iter().map(|arm| arm.name()).collect();
    if let Some(missing) = safety.missing(&names) {
        return missing;
    }
    let again = command::compare(command::shipped(&family[0].step.scenario), &format!("none,{}", names.join(",")));
    let Some(base) = family[0].baseline().filter(is_usable) else {
        return Finding::undecided("no baseline whose seconds can be used, or a control that failed", again);
    };
    let mut because = vec![format!("{}: judged {}", place(&family[0]), links(&family[0]))];
    because.extend(family.iter().filter_map(|arm| safety.out(arm.name())));
    let safe: Vec<Arm<'_>> = family.into_iter().filter(|arm| safety.may(arm.name())).collect();
    // All pairs, no cache among them, in warm builds and in edits.
    let looks = safe.len() * (safe.len() + 1);
    let mut taken = base;
    for arm in &safe {
        let Some(found) = arm.against(&taken, looks) else {
            return Finding::undecided(format!("{} has no pair with {}", arm.name(), taken.name()), again);
        };
        if is_silent(found.judgement.verdict) {
            return Finding::undecided(compared(arm, &found), again);
        }
        because.push(compared(arm, &found));
        if found.judgement.verdict == Verdict::Faster {
            price(arm, &taken, looks, safety, &mut because);
            taken = *arm;
        }
    }
    let choice = taken.key.clone().unwrap_or_else(|| "no cache".into());
    Finding::Decided { choice, because }
}

/// What the step up costs elsewhere: edits that get slower, failures that come with it.
fn price(arm: &Arm<'_>, below: &Arm<'_>, looks: usize, safety: &Safety, because: &mut Vec<String>) {
    let edits = arm.in_step("edit").zip(below.in_step("edit"));
    let found = edits.and_then(|(mine, other)| mine.against(&other, looks));
    if let Some(found) = found.filter(|it| it.judgement.verdict == Verdict::Slower) {
        let numbers = estimate(&found.judgement);
        because.push(format!("price: the edit after it is slower, {numbers} of {}", below.name()));
    }
    let accepts = safety.accepts(arm.name(), below.key.is_some().then(|| below.name()));
    if !accepts.is_empty() {
        because.push(format!(
            "price: {} fails as known where {} does not: {}",
            arm.name(),
            below.name(),
            listed(&accepts)
        ));
    }
}
