//! Which shape of store.

use super::{Finding, Safety, agreed, compared, is_silent, is_usable};
use crate::review::Evidence;
use crate::review::beside::ALL_PHYSICAL;
use crate::review::command::{self, STORES};
use crate::review::evidence::{Arm, differing};
use crate::review::words::place;
use crate::stats::Verdict;

/// Bytes that differ by less are taken for equal.
const NEAR: f64 = 1.01;

pub(super) fn apply(evidence: &Evidence<'_>, safety: &Safety) -> Vec<(String, Finding)> {
    let pairs = differing(&evidence.steps(None, &["warm"]), 3);
    let findings = pairs.iter().map(|(a, b)| choose(a, b, pairs.len(), safety)).collect();
    let nothing = Finding::undecided(
        "no run has warm builds of two shapes of store with the same policy and links",
        command::compare("gauntlet", STORES),
    );
    vec![(String::new(), agreed(findings, nothing))]
}

fn choose(a: &Arm<'_>, b: &Arm<'_>, looks: usize, safety: &Safety) -> Finding {
    if let Some(missing) = safety.missing(&[a.name(), b.name()]) {
        return missing;
    }
    let decided = |arm: &Arm<'_>, because: Vec<String>| Finding::Decided {
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
        return Finding::undecided(format!("{}: its seconds cannot be used", place(a)), again);
    }
    // Warm and first builds of each pair are looked at.
    let Some(found) = a.against(b, 2 * looks) else {
        return Finding::undecided(format!("{} has no pair with {}", a.name(), b.name()), again);
    };
    if is_silent(found.judgement.verdict) {
        return Finding::undecided(compared(a, &found), again);
    }
    let mut because = vec![compared(a, &found)];
    match found.judgement.verdict {
        Verdict::Faster => return decided(a, because),
        Verdict::Slower => return decided(b, because),
        _ => {}
    }
    let sizes = a.bytes_beside(b, ALL_PHYSICAL);
    because.push(match sizes {
        Some(sizes) => format!("{}: on disk {}", place(a), a.bytes_told(b, sizes)),
        None => format!("{}: {}", place(a), a.no_bytes_told(b)),
    });
    if let Some((one, two)) = sizes {
        if one * NEAR < two {
            return decided(a, because);
        }
        if two * NEAR < one {
            return decided(b, because);
        }
    }
    let first = a.in_step("fill").zip(b.in_step("fill"));
    if let Some(found) = first.and_then(|(a, b)| a.against(&b, 2 * looks)) {
        because.push(compared(a, &found));
        match found.judgement.verdict {
            Verdict::Faster => return decided(a, because),
            Verdict::Slower => return decided(b, because),
            _ => {}
        }
    }
    Finding::undecided(format!("nothing tells the shapes apart: {}", because.join("; ")), again)
}
