//! Which design: key policy, link mode, shape of the store.

use std::collections::BTreeMap;

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::command::{self, LINKS, POLICIES, STORES};
use crate::review::evidence::{ALL_PHYSICAL, StepArm, differing, families, pairs, rung};
use crate::stats::Verdict;
use crate::words::{estimate, listed, plural};

/// Bytes that differ by less are taken for equal.
const NEAR: f64 = 1.01;

/// What two arms hold on disk, and which of them holds more.
fn on_disk<'b, 'a>(arm: &'b StepArm<'a>, other: &'b StepArm<'a>) -> (String, Option<&'b StepArm<'a>>) {
    let Some(sizes) = arm.common_bytes(other, ALL_PHYSICAL) else {
        return (format!("{}: {}", arm.place(), arm.no_bytes_sentence(other)), None);
    };
    let larger = match sizes {
        (one, two) if one > two * NEAR => Some(arm),
        (one, two) if two > one * NEAR => Some(other),
        _ => None,
    };
    (format!("{}: on disk {}", arm.place(), arm.bytes_sentence(other, sizes)), larger)
}

/// Which key policy: from no cache upwards, as far as warm builds get faster.
pub(super) fn key_policy(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
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
fn judged<'a>(all: Vec<Vec<StepArm<'a>>>, safety: &Safety) -> Vec<Vec<StepArm<'a>>> {
    let sound = |family: &[StepArm<'_>]| family.iter().all(|arm| safety.may(arm.name()));
    let has_all =
        |family: &[StepArm<'_>], of: &[StepArm<'_>]| of.iter().all(|arm| family.iter().any(|it| it.key == arm.key));
    let replaced = |family: &[StepArm<'_>]| {
        let out = family.iter().filter(|arm| safety.out(arm.name()).is_some()).count();
        let instead = |it: &[StepArm<'_>]| it[0].shares_step(&family[0]) && sound(it);
        out > 0 && all.iter().any(|it| instead(it) && (out == family.len() || has_all(it, family)))
    };
    all.iter().filter(|family| !replaced(family)).cloned().collect()
}

fn links(arm: &StepArm<'_>) -> String {
    match arm.link.as_deref() {
        Some("copy") => "with copies".into(),
        Some("in-place") => "with links in place".into(),
        Some(link) => format!("with {link}s"),
        None => "with links of its own".into(),
    }
}

/// The ladder of one family of arms, in one run.
fn climb(mut family: Vec<StepArm<'_>>, safety: &Safety) -> Finding {
    family.sort_by_key(rung);
    let names: Vec<&str> = family.iter().map(|arm| arm.name()).collect();
    if let Some(missing) = safety.missing(&names) {
        return missing;
    }
    let again = command::compare(command::shipped(&family[0].step.scenario), &format!("none,{}", names.join(",")));
    let Some(base) = family[0].baseline().filter(is_usable) else {
        return Finding::undecided("no baseline whose seconds can be used, or a control that failed", again);
    };
    let mut because = vec![format!("{}: judged {}", family[0].place(), links(&family[0]))];
    because.extend(family.iter().filter_map(|arm| safety.out(arm.name())));
    let safe: Vec<StepArm<'_>> = family.into_iter().filter(|arm| safety.may(arm.name())).collect();
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
fn price(arm: &StepArm<'_>, below: &StepArm<'_>, looks: usize, safety: &Safety, because: &mut Vec<String>) {
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

pub(super) fn link_mode(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let mut systems: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for family in families(&evidence.steps(None, &["warm"]), 2) {
        systems.entry(family[0].file_system().to_owned()).or_default().push(choose_links(&family, safety));
    }
    let nothing = || {
        let why = "no run has warm builds of two link modes with the same policy and store";
        Finding::undecided(why, command::compare("gauntlet", LINKS))
    };
    if systems.is_empty() {
        return vec![(String::new(), nothing())];
    }
    systems.into_iter().map(|(system, findings)| (format!("on {system}"), agreed(findings, nothing()))).collect()
}

/// The choice among arms of one run that differ in their link mode alone.
fn choose_links(family: &[StepArm<'_>], safety: &Safety) -> Finding {
    let names: Vec<&str> = family.iter().map(|arm| arm.name()).collect();
    if let Some(missing) = safety.missing(&names) {
        return missing;
    }
    let scenario = command::shipped(&family[0].step.scenario);
    let with_base = format!("none,{}", names.join(","));
    let again = match family[0].volume() {
        Some(volume) => command::compare_on(scenario, &with_base, volume),
        None => command::compare(scenario, &with_base),
    };
    let mut because: Vec<String> = family.iter().filter_map(|arm| safety.out(arm.name())).collect();
    let safe: Vec<StepArm<'_>> = family.iter().filter(|arm| safety.may(arm.name())).copied().collect();
    if safe.iter().any(|arm| !is_usable(arm)) {
        return Finding::undecided(format!("{}: its seconds cannot be used", family[0].place()), again);
    }
    let Some(fastest) = fastest(&safe) else {
        let why = format!("every link mode is out: {}", because.join("; "));
        return Finding::Undecided { why, command: None };
    };
    // Which is fastest the data choose, so all pairs are looked at.
    let looks = safe.len() * safe.len().saturating_sub(1) / 2;
    let mut left = vec![fastest];
    for arm in safe.iter().filter(|arm| arm.name() != fastest.name()) {
        let Some(found) = arm.against(&fastest, looks) else {
            return Finding::undecided(format!("{} has no pair with {}", arm.name(), fastest.name()), again);
        };
        if is_silent(found.judgement.verdict) {
            return Finding::undecided(compared(arm, &found), again);
        }
        because.push(compared(arm, &found));
        match found.judgement.verdict {
            Verdict::Slower => {}
            // Pairs of two arms need not be those of two others.
            Verdict::Faster => {
                let why = format!("none is fastest over all that each pair has in common: {}", because.join("; "));
                return Finding::undecided(why, again);
            }
            _ => left.push(*arm),
        }
    }
    fewest_bytes(left, safety, because)
}

/// The arm that none is faster than, over what two have in common. Sums of seconds would not
/// say: an arm that lacks a workspace has less to sum up.
fn fastest<'a>(safe: &[StepArm<'a>]) -> Option<StepArm<'a>> {
    let is_faster = |arm: &StepArm<'a>, than: &StepArm<'a>| {
        arm.against(than, 1).and_then(|it| it.judgement.ratio).is_some_and(|ratio| ratio < 1.0)
    };
    let (first, rest) = safe.split_first()?;
    Some(rest.iter().fold(*first, |best, arm| if is_faster(arm, &best) { *arm } else { best }))
}

fn fewest_bytes(mut left: Vec<StepArm<'_>>, safety: &Safety, mut because: Vec<String>) -> Finding {
    let mut larger: Vec<String> = Vec::new();
    for (arm, other) in pairs(&left) {
        let (sentence, one) = on_disk(arm, other);
        because.push(sentence);
        larger.extend(one.map(|arm| arm.name().to_owned()));
    }
    // Of pairs with different workspaces, each may be larger than some other: that decides nothing.
    if left.iter().any(|arm| !larger.iter().any(|name| name == arm.name())) {
        left.retain(|arm| !larger.iter().any(|name| name == arm.name()));
    }
    if left.len() > 1 {
        let least = left.iter().map(|arm| safety.isolation(arm.name())).min().unwrap_or(0);
        for arm in &left {
            let failures = safety.isolation(arm.name());
            because.push(format!("{} has {} of isolation", arm.name(), plural(failures, "known failure")));
        }
        left.retain(|arm| safety.isolation(arm.name()) == least);
    }
    match left.as_slice() {
        [one] => {
            let known = safety.isolation(one.name());
            if known > 0 {
                let known = plural(known, "probe");
                because.push(format!("price: {} fails {known} of isolation, as known", one.name()));
            }
            Finding::Decided { choice: one.link.clone().unwrap_or_default(), because }
        }
        more => {
            let names: Vec<&str> = more.iter().map(|arm| arm.name()).collect();
            let why = format!("nothing distinguishes {}: {}", names.join(" and "), because.join("; "));
            Finding::Undecided { why, command: None }
        }
    }
}

pub(super) fn store_shape(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let pairs = differing(&evidence.steps(None, &["warm"]), 3);
    let findings = pairs.iter().map(|(a, b)| choose_shape(a, b, pairs.len(), safety)).collect();
    let nothing = Finding::undecided(
        "no run has warm builds of two shapes of store with the same policy and links",
        command::compare("gauntlet", STORES),
    );
    vec![(String::new(), agreed(findings, nothing))]
}

fn choose_shape(a: &StepArm<'_>, b: &StepArm<'_>, looks: usize, safety: &Safety) -> Finding {
    if let Some(missing) = safety.missing(&[a.name(), b.name()]) {
        return missing;
    }
    let decided = |arm: &StepArm<'_>, because: Vec<String>| Finding::Decided {
        choice: arm.store.clone().unwrap_or_default(),
        because,
    };
    match (safety.out(a.name()), safety.out(b.name())) {
        (Some(a), Some(b)) => return Finding::Undecided { why: format!("both are out: {a}; {b}"), command: None },
        (Some(why), None) => return decided(b, vec![why]),
        (None, Some(why)) => return decided(a, vec![why]),
        (None, None) => {}
    }
    let names = format!("none,{},{}", a.name(), b.name());
    let again = command::compare(command::shipped(&a.step.scenario), &names);
    if !is_usable(a) {
        return Finding::undecided(format!("{}: its seconds cannot be used", a.place()), again);
    }
    // Warm and first builds of each pair are looked at.
    let Some(found) = a.against(b, 2 * looks) else {
        return Finding::undecided(format!("{} has no pair with {}", a.name(), b.name()), again);
    };
    if is_silent(found.judgement.verdict) {
        return Finding::undecided(compared(a, &found), again);
    }
    let faster = |verdict: Verdict| match verdict {
        Verdict::Faster => Some(a),
        Verdict::Slower => Some(b),
        _ => None,
    };
    let mut because = vec![compared(a, &found)];
    if let Some(arm) = faster(found.judgement.verdict) {
        return decided(arm, because);
    }
    let (sentence, larger) = on_disk(a, b);
    because.push(sentence);
    if let Some(larger) = larger {
        return decided(if larger.name() == a.name() { b } else { a }, because);
    }
    let first = a.in_step("fill").zip(b.in_step("fill"));
    if let Some(found) = first.and_then(|(a, b)| a.against(&b, 2 * looks)) {
        because.push(compared(a, &found));
        if let Some(arm) = faster(found.judgement.verdict) {
            return decided(arm, because);
        }
    }
    Finding::undecided(format!("nothing distinguishes the shapes: {}", because.join("; ")), again)
}
