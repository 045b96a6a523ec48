//! Q17: share path members across worktrees?
//!
//! Looked for: the scenario worktrees: wall time and bytes of each further worktree, rows that
//! a gate made invalid because members of another one were handed out, stories of checkouts.

use crate::review::answer::{Answer, State};
use crate::review::beside::ADDED_PHYSICAL;
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::{Arm, Evidence};
use crate::review::tables::{ADDED, ALL, COMPILED, HITS, RATIO, VERDICT, WALL, n, table};
use crate::review::told;
use crate::review::words::{place, seen, tell_walls};
use crate::table::{clean, fit};

/// Steps that build a worktree for the first time.
pub(in crate::review) const FURTHER: [&str; 3] = ["same-commit", "diverged", "edited"];

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let names = evidence.steps_of("worktrees");
    let arms = evidence.steps(Some("worktrees"), &names);
    let caption = "A main working copy, then worktrees at the same commit, with a commit of their own, with an edit; \
                   then the main one again. Added: physical bytes on disk.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED, ADDED, ALL]));
    let further: Vec<Arm<'_>> =
        arms.iter().filter(|it| FURTHER.contains(&it.step.step.as_str()) && !it.is_baseline()).copied().collect();
    for arm in &further {
        let Some(base) = arm.baseline() else { continue };
        if let Some(added) = arm.sums_beside(&base, ADDED_PHYSICAL) {
            let told = arm.bytes_told(&base, added);
            answer.supports(format!("{}: a further worktree of each workspace added, together, {told}", place(arm)));
        }
    }
    let walls = tell_walls(&mut answer, &further);
    let again: Vec<Arm<'_>> = arms.iter().filter(|it| it.step.step == "first-again").copied().collect();
    for arm in &again {
        let compiled: u64 = arm.rows().iter().filter_map(|row| row.compiled).sum();
        let (place, name) = (place(arm), arm.name());
        answer.supports(format!(
            "{place}: the untouched main copy had Cargo run {compiled} units under {name} ({})",
            n(arm)
        ));
    }
    for arm in evidence.all_arms().iter().filter(|it| it.step.scenario == "worktrees") {
        for problem in &arm.problems {
            let note = fit(&clean(&problem.note), 160);
            answer.supports(format!(
                "{}: {} rows of {} are {}: {note}",
                place(arm),
                problem.rows,
                arm.name(),
                problem.status
            ));
        }
    }
    let command = command::compare("worktrees", ONE);
    answer.part("wall time of further worktrees", walls, &command);
    answer.part("bytes of further worktrees", seen(&further), &command);
    answer.part("the main copy left as it was", seen(&again), &command);
    let stories = told::stories(evidence, |row| row.probe.contains("two-checkouts"));
    let probes = told::tell(&mut answer, "probes with two checkouts", &stories);
    answer.part("wrong reuse between checkouts in probes", probes, command::probe("*-two-checkouts", POLICIES));
    if seen(&further) > State::Missing {
        answer.limits("worktrees that live for weeks, and members that read files outside their package");
    }
    answer
}
