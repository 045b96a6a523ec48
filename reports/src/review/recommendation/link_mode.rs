//! Which link mode, on each file system.

use std::collections::BTreeMap;

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::beside::ALL_PHYSICAL;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Arm, families, pairs};
use crate::review::words::{place, plural};
use crate::stats::Verdict;

/// Bytes that differ by less are taken for equal.
const NEAR: f64 = 1.01;

pub(super) fn apply(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let mut systems: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for family in families(&evidence.steps(None, &["warm"]), 2) {
        systems.entry(family[0].file_system().to_owned()).or_default().push(choose(&family, safety));
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
fn choose(family: &[Arm<'_>], safety: &Safety) -> Finding {
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
    let safe: Vec<Arm<'_>> = family.iter().filter(|arm| safety.may(arm.name())).copied().collect();
    if safe.iter().any(|arm| !is_usable(arm)) {
        return Finding::undecided(format!("{}: its seconds cannot be used", place(&family[0])), again);
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
    settle(left, safety, because)
}

/// The arm that none is faster than, over what two have in common. Sums of seconds would not
/// tell: an arm that lacks a workspace has less to sum up.
fn fastest<'a>(safe: &[Arm<'a>]) -> Option<Arm<'a>> {
    let is_faster = |arm: &Arm<'a>, than: &Arm<'a>| {
        arm.against(than, 1).and_then(|it| it.judgement.ratio).is_some_and(|ratio| ratio < 1.0)
    };
    let (first, rest) = safe.split_first()?;
    Some(rest.iter().fold(*first, |best, arm| if is_faster(arm, &best) { *arm } else { best }))
}

/// By bytes, then by isolation, then by what stands first in the run.
fn settle(mut left: Vec<Arm<'_>>, safety: &Safety, mut because: Vec<String>) -> Finding {
    let mut larger: Vec<String> = Vec::new();
    for (arm, other) in pairs(&left) {
        let Some(sizes) = arm.bytes_beside(other, ALL_PHYSICAL) else {
            because.push(format!("{}: {}", place(arm), arm.no_bytes_told(other)));
            continue;
        };
        because.push(format!("{}: on disk {}", place(arm), arm.bytes_told(other, sizes)));
        if sizes.0 > sizes.1 * NEAR {
            larger.push(arm.name().to_owned());
        } else if sizes.1 > sizes.0 * NEAR {
            larger.push(other.name().to_owned());
        }
    }
    // Of pairs with different workspaces, each may be larger than some other: that tells nothing.
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
            let why = format!("nothing tells {} apart: {}", names.join(" and "), because.join("; "));
            Finding::Undecided { why, command: None }
        }
    }
}
