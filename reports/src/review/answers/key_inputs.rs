//! Q3: which inputs belong in the key?
//!
//! Looked for: misses by reason (a key too wide to hit), `dup` (missed though the same bytes
//! were stored), wrong hits in probes (a key that leaves something out), and simulations of
//! keys with one input less.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::{one_per_policy, reasons, reasons_table};
use crate::review::simulated;
use crate::review::told;
use crate::review::words::{place, plural, seen};
use crate::table::seconds;
use records::Outcome;

/// Steps in which a key can miss what it might have hit: nothing is new in a `warm` step, and
/// everything is in one that begins from an empty store.
fn is_telling(arm: &Arm<'_>) -> bool {
    arm.units().iter().any(|unit| {
        unit.outcome == Some(Outcome::Dup) || (unit.outcome == Some(Outcome::Miss) && unit.reason != "never-seen")
    })
}

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let all = one_per_policy(&evidence.arms());
    let arms: Vec<Arm<'_>> = all.iter().copied().filter(is_telling).collect();
    let caption =
        "Misses by the nearest entry of the store, a round; dup: the same bytes were stored under another key.";
    answer.grid(reasons_table(caption, &arms, &[Outcome::Miss, Outcome::Dup, Outcome::Stale]));
    for arm in &arms {
        let dup = reasons(arm, &[Outcome::Dup]);
        if let Some((_, units, cost)) = dup.first() {
            answer.supports(format!(
                "{}: under {} {} worth {} a round missed although the same bytes were in the store: the \
                 key holds something that did not change them",
                place(arm),
                arm.name(),
                plural(units.round() as usize, "unit"),
                seconds(Some(*cost)),
            ));
        }
    }
    if !arms.is_empty() && evidence.simulations.is_empty() {
        answer.limits(
            "a miss reason names what differs from the nearest entry, not whether the outputs would differ: which \
             input could be dropped safely is not shown",
        );
    }
    let command = command::compare("upgrade", ONE);
    answer.part("misses by reason", seen(&arms), command);
    let with_units: Vec<Arm<'_>> = all.iter().copied().filter(|arm| !arm.units().is_empty()).collect();
    answer.part("units stored twice under two keys", seen(&with_units), command::compare("gauntlet", ONE));
    let stories = told::families(evidence, &["stale", "identity"]);
    let probes = told::tell(&mut answer, "probes of what must not be reused", &stories);
    answer.part("wrong hits by what is left out", probes, command::probe("stale,identity", POLICIES));
    let stale: Vec<&Arm<'_>> = all.iter().filter(|arm| arm.numbers.stale > Some(0.0)).collect();
    for arm in &stale {
        let what = "units were restored and then rebuilt by Cargo: the key was too wide for Cargo's own check";
        answer.supports(format!("{}: under {} {} {what}", place(arm), arm.name(), arm.numbers.stale.unwrap_or(0.0)));
    }
    if stale.is_empty() && seen(&with_units) > State::Missing {
        answer.supports("Cargo's own fingerprint check rebuilt none of the units restored in these runs");
    }
    let gained = simulated::keys(&mut answer, evidence);
    answer.part("the ablation: hits gained by each input left out", gained, command::simulate());
    answer
}
