//! Q1: what may be cached?
//!
//! Looked for: arms that differ in their key policy alone, built again from their store;
//! what each policy refused; wrong hits, by shadow compiles and by probes.

use crate::review::answer::{Answer, State};
use crate::review::command::{self, POLICIES};
use crate::review::evidence::{Arm, Evidence, ladder};
use crate::review::shares::{one_per_policy, reasons, reasons_table};
use crate::review::simulated;
use crate::review::tables::{HITS, HITS_BY_COST, RATIO, SHADOW, VERDICT, WALL, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_hits, tell_pairs};
use crate::table::seconds;
use records::Outcome;

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(None, &["warm"]);
    arms.retain(|it| it.key.is_some());
    let caption = "Built again from the store, by key policy. Hits: units reused of all; by cost: weighed by compile \
                   seconds; shadow: hits compiled anyway, summed over rounds.";
    answer.grid(table(caption, &arms, &[HITS, HITS_BY_COST, WALL, RATIO, VERDICT, SHADOW]));
    let each = one_per_policy(&arms);
    answer.grid(reasons_table("What policies refused, by rule, a round.", &each, &[Outcome::Refused]));
    tell_hits(&mut answer, &each);
    tell_refused(&mut answer, &each);
    let pairs = ladder(&arms);
    let walls = tell_pairs(&mut answer, &pairs);
    if pairs.is_empty() && !arms.is_empty() {
        answer.limits("no run holds two key policies with the same links and store, so none is compared with another");
    }
    let rates = match pairs.is_empty() {
        true => seen(&each).min(State::Hinted),
        false => seen(&each),
    };
    answer.part("hit rates by policy", rates, command::compare("gauntlet", POLICIES));
    answer.part("wall times of policies against each other", walls, command::compare("gauntlet", POLICIES));
    let shadow = shadow(&mut answer, evidence);
    answer.part("wrong hits found by compiling hits anyway", shadow, command::shadow("gauntlet", POLICIES));
    let stories = told::families(evidence, &["stale", "identity"]);
    let probes = told::tell(&mut answer, "probes of the families stale and identity", &stories);
    answer.part("wrong hits found by probes", probes, command::probe("stale,identity", POLICIES));
    let refused = simulated::refusals(&mut answer, evidence);
    answer.part("what each policy refuses over many workspaces", refused, command::simulate());
    answer.out_of_reach(
        "which part of the critical path each policy admits",
        "Wall times by policy, above, contain it for this number of cores; units.csv has compile seconds and no \
         starting times.",
    );
    answer
}

fn tell_refused(answer: &mut Answer, each: &[Arm<'_>]) {
    for arm in each {
        let refused = reasons(arm, &[Outcome::Refused]);
        if let Some((rule, units, cost)) = refused.first() {
            let lost: f64 = refused.iter().map(|it| it.2).sum();
            answer.supports(format!(
                "{}: {} refused units worth {} of compiling a round; the costliest rule is {rule} with {units:.0} units \
                 and {}",
                place(arm),
                arm.name(),
                seconds(Some(lost)),
                seconds(Some(*cost)),
            ));
        }
    }
}

/// What shadow compiles found, in any step.
pub(in crate::review) fn shadow(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let mut state = State::Missing;
    for arm in evidence.arms() {
        let Some(it) = &arm.shadow else { continue };
        state = State::Shown;
        let all = it.same + it.differs + it.nondeterministic;
        let who = format!("{}: of {all} hits of {} compiled anyway", place(&arm), arm.name());
        answer.supports(format!("{who}, {} came out byte for byte the same", it.same));
        if it.differs > 0 {
            let notes = it.notes.join("; ");
            answer.limits(format!("{who}, no compile reproduces {}, which is not yet \"wrong\": {notes}", it.differs));
        }
        if it.nondeterministic > 0 {
            let what = "two compiles do not agree with each other, so nothing can be said of these";
            answer.limits(format!("{who}, for {} {what}", it.nondeterministic));
        }
    }
    state
}
