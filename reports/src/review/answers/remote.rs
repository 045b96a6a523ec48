//! Q18: fill a cache from another machine?
//!
//! Looked for: no run reaches another machine. Closest: the scenario moved, which changes the
//! workspace's path and that of CARGO_HOME, since both would differ there; and simulations,
//! which model a network.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE};
use crate::review::evidence::{Arm, Evidence};
use crate::review::shares::Share;
use crate::review::simulated;
use crate::review::tables::{COMPILED, HITS, HITS_BY_COST, RATIO, VERDICT, WALL, n, table};
use crate::review::words::{place, seen, tell_hits, tell_walls};
use crate::table::bytes;
use records::Outcome;

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("moved"), &["same-place", "other-path", "other-home", "other-both"]);
    arms.retain(|it| !it.is_baseline());
    let caption = "The same workspace again: in the same place, at another path, with another CARGO_HOME, with both.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, HITS_BY_COST, COMPILED]));
    let mut alone = arms.clone();
    // other-both comes after other-home, so it may be served by what that one stored.
    alone.retain(|it| it.step.step != "other-both");
    tell_hits(&mut answer, &alone);
    tell_walls(&mut answer, &alone);
    if arms.len() > alone.len() {
        answer.limits(
            "reuse between two machines from the step other-both: it comes after other-home and is served by what \
             that step stored under the same CARGO_HOME; for a machine with another CARGO_HOME path other-home is the \
             step to read",
        );
    }
    for arm in alone.iter().filter(|it| it.step.step == "other-path") {
        let hits = Share::of(arm, |unit| unit.outcome == Some(Outcome::Hit) && unit.bytes > Some(0));
        if hits.units > 0.0 && hits.bytes > 0.0 {
            let (each, who) = (bytes(Some(hits.bytes / hits.units)), arm.name());
            answer.supports(format!("{}: a hit of {who} is {each} on average, uncompressed ({})", place(arm), n(arm)));
        }
    }
    let of = |step: &str| seen(&arms.iter().filter(|it| it.step.step == step).copied().collect::<Vec<Arm<'_>>>());
    let command = command::compare("moved", ONE);
    answer.part("keys that stay the same at another path", of("other-path"), &command);
    answer.part("keys that stay the same with another CARGO_HOME", of("other-home"), &command);
    let shadowed = arms.iter().any(|arm| arm.shadow.is_some());
    answer.part("bytes that stay the same at another path", State::of(shadowed), command::shadow("moved", ONE));
    let modelled = simulated::remote(&mut answer, evidence);
    answer.part("bytes moved, and time against bandwidth and latency, by a model", modelled, command::simulate());
    answer.out_of_reach(
        "keys and bytes on a second machine, and wall time over a network",
        "The scenario moved changes the paths that would differ; the machine, its libraries and the network stay.",
    );
    answer
}
