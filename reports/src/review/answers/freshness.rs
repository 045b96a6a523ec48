//! Q14: modification time or content, after a restore?
//!
//! Looked for: the unmeasured no-op build after every step, which must compile nothing; units
//! restored and yet rebuilt; stories of freshness. All of it under modification times.

use crate::review::answer::Answer;
use crate::review::command::{self, LINKS};
use crate::review::evidence::{Arm, Evidence};
use crate::review::tables::{NOOP, STALE, table};
use crate::review::told;
use crate::review::words::{listed, plural, seen};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut restored = evidence.arms();
    restored.retain(|it| it.store.is_some() && it.rows().iter().any(|row| row.restored > Some(0)));
    let mut shown = restored.clone();
    shown.retain(|it| it.step.step == "warm" || it.numbers.stale > Some(0.0));
    answer.grid(table("After builds from the store. Stale: units restored and yet rebuilt.", &shown, &[NOOP, STALE]));
    let rows: Vec<_> = restored.iter().flat_map(Arm::rows).filter(|row| row.restored > Some(0)).collect();
    let checked: Vec<_> = rows.iter().filter(|row| row.noop_compiled.is_some()).collect();
    let busy = checked.iter().filter(|row| row.noop_compiled > Some(0)).count();
    if !checked.is_empty() {
        let all = plural(checked.len(), "restoring build");
        answer.supports(match busy {
            0 => format!("the no-op build after each of {all} compiled nothing"),
            busy => format!("the no-op build compiled something after {busy} of {all}"),
        });
        let stale = restored.iter().filter_map(|arm| arm.numbers.stale).fold(0.0, |all, it| all + it);
        let units: u64 = rows.iter().filter_map(|row| row.restored).sum();
        answer.supports(format!("Cargo rebuilt {stale} of {units} units that had been restored, all rows together"));
    }
    // A no-op that compiles something makes its row invalid, so it is missing from the rows that count.
    let noted = |arm: &Arm<'_>| arm.problems.iter().any(|it| it.note.contains("no-op"));
    let bad: Vec<String> = evidence
        .all_arms()
        .iter()
        .filter(|arm| noted(arm))
        .map(|arm| format!("{} ({})", arm.name(), arm.label()))
        .collect();
    if !bad.is_empty() {
        answer.supports(format!("rows are invalid because their no-op build compiled something: {}", listed(&bad)));
    }
    answer.part("a no-op build after a restore", seen(&restored), command::compare("gauntlet", LINKS));
    let stories = told::families(evidence, &["freshness"]);
    let probes = told::tell(&mut answer, "probes of the family freshness", &stories);
    answer.part("what must stay fresh, in probes", probes, command::probe("freshness", LINKS));
    answer.out_of_reach(
        "the same with content in place of times",
        "Every run here is under modification times, normalised as the store publishes; probes with touched sources \
         show what that mode costs.",
    );
    if !restored.is_empty() {
        answer.limits("whether content would do better than times: no run used it");
    }
    answer
}
