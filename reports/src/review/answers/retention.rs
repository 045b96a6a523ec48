//! Q10: what is forgotten first?
//!
//! Looked for: simulations, which replay policies on a trace against what none can do better;
//! and the scenario clean, which collects a store to half and to nothing under one policy
//! (least recently used).

use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE};
use crate::review::evidence::{Arm, Evidence};
use crate::review::simulated;
use crate::review::tables::{COMPILED, FREED, HITS, PROMISED, RATIO, STORE, VERDICT, WALL, n, table};
use crate::review::words::{place, seen};
use crate::table::{bytes, count};

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("clean"), &["collect-half", "collect-all", "after-collect"]);
    arms.retain(|it| it.store.is_some());
    let caption = "A store collected to half and to nothing, least recently used first, while a build directory \
                   holds all of it; then built in place.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, PROMISED, FREED, STORE, HITS, COMPILED]));
    for arm in arms.iter().filter(|it| it.step.step == "collect-half") {
        if let Some((promised, added)) = arm.numbers.promised_bytes.zip(arm.numbers.added_physical_bytes) {
            let (promised, freed) = (bytes(Some(promised)), bytes(Some(-added)));
            let (place, name) = (place(arm), arm.name());
            answer.supports(format!("{place}: {name} promised {promised} and freed {freed} ({})", n(arm)));
        }
    }
    for arm in arms.iter().filter(|it| it.step.step == "after-collect") {
        let (place, name, compiled) = (place(arm), arm.name(), count(arm.numbers.compiled));
        answer
            .supports(format!("{place}: {name} had Cargo run {compiled} units in a kept build directory ({})", n(arm)));
    }
    let collected: Vec<Arm<'_>> = arms.iter().filter(|it| it.step.cleans).copied().collect();
    answer.part("what collection takes and frees", seen(&collected), command::compare("clean", ONE));
    let replayed = simulated::retention(&mut answer, evidence);
    let what = "policies replayed on traces against the offline optimum, and seconds of rebuilding for each GB freed";
    answer.part(what, replayed, command::simulate());
    if seen(&collected) > State::Missing && replayed == State::Missing {
        answer.limits("which policy is best, and which age or size: one policy on one short trace tells of neither");
    }
    answer
}
