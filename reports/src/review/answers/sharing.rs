//! Sharing: between commands, profiles, worktrees and machines; and what comes first.

use crate::review::answer::{Answer, State};
use crate::review::comparisons::seen;
use crate::review::evidence::{ADDED_PHYSICAL, ALL_PHYSICAL, Evidence, StepArm, by_step, only};
use crate::review::tables::{
    ADDED, ALL, COMPILED, HITS, HITS_BY_COST, RATIO, UnitShare, VERDICT, WALL, one_per_policy, reasons, reasons_table,
    table,
};
use crate::review::{probed, simulated};
use crate::text::{bytes, clean, count, fit, percent};
use records::Outcome;

/// The strategy that shares files and compiles everything (strategies/catalog).
const DEDUP: &str = "dedup";

/// Q9. A check after a build, and a build after a check, in the scenario profiles; entries that are only half
/// there, in probes of damage and of partial builds.
pub(in crate::review) fn pipelining(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = evidence.steps(Some("profiles"), &["check", "check-cold", "dev-cold"]);
    let caption = "check: after a build in the same place, so metadata was made already; check-cold and dev-cold: in an \
                   empty build directory, after all that came before.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED]));
    let caching = only(&arms, |it| !it.is_baseline());
    for (arm, rate) in caching.iter().filter_map(|arm| Some((arm, arm.numbers.hit_rate?))) {
        if arm.step.step == "check" {
            let (name, rate, compiled) = (arm.name(), percent(Some(rate)), count(arm.numbers.compiled));
            let base = count(arm.baseline().and_then(|it| it.numbers.compiled));
            answer.supports(format!(
                "{}: after a build had made all metadata, {name} reused {rate} of all units for a check, and Cargo ran \
                 {compiled} units ({base} for the baseline; {})",
                arm.place(),
                arm.n(),
            ));
        }
    }
    let walls = answer.walls(&caching);
    let partial = probed::named(evidence, &["partial-build-then-whole", "blobs-missing", "blobs-truncated"]);
    let partial = answer.probes("entries that are only half there", &partial);
    answer.states(&[seen(&caching), walls, partial])
}

/// Steps of another profile or command than what is in the store by then.
pub(in crate::review) const CROSSING: [&str; 3] = ["release", "test", "check"];

/// Q16. The scenario profiles, where each step finds what those before it stored: units reused, units stored
/// twice under two keys, wall time.
pub(in crate::review) fn profiles(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = evidence.scenario("profiles");
    let caption = "One workspace after the other through dev, release, test and check, with one store.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED, ADDED]));
    let crossing = only(&arms, |it| CROSSING.contains(&it.step.step.as_str()) && !it.is_baseline());
    let keyed = one_per_policy(&crossing);
    let caption = "Why units of another profile or command missed, a round; dup: the same bytes were stored.";
    answer.grid(reasons_table(caption, &keyed, &[Outcome::Miss, Outcome::Dup]));
    for arm in &keyed {
        let dup = reasons(arm, &[Outcome::Dup]).first().map_or(0.0, |it| it.1);
        let (name, rate) = (arm.name(), arm.numbers.hit_rate.map_or("none".into(), |rate| percent(Some(rate))));
        let what = "of all units from the profiles and commands before";
        answer.shows(arm, format!("{name} reused {rate} {what}; {dup:.0} more were the same bytes under another key"));
    }
    let walls = answer.walls(&crossing);
    let bytes = seen(crossing.iter().filter(|it| it.numbers.added_physical_bytes.is_some()));
    let shared = simulated::commands(&mut answer, evidence);
    let probes = probed::cases(evidence, |row| row.probe == "profiles-in-turn" || row.probe.starts_with("profile-"));
    let probes = answer.probes("probes about profiles", &probes);
    answer.states(&[seen(&keyed), walls, bytes, shared, probes])
}

/// Steps that build a worktree for the first time.
pub(in crate::review) const FURTHER: [&str; 3] = ["same-commit", "diverged", "edited"];

/// Q17. The scenario worktrees: wall time and bytes of each further worktree, rows that a gate made invalid
/// because members of another one were restored, probes of checkouts.
pub(in crate::review) fn worktrees(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = evidence.scenario("worktrees");
    let caption = "A main working copy, then worktrees at the same commit, with a commit of their own, with an edit; then \
                   the main one again. Added: physical bytes on disk.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, COMPILED, ADDED, ALL]));
    let further = only(&arms, |it| FURTHER.contains(&it.step.step.as_str()) && !it.is_baseline());
    for (arm, base) in further.iter().filter_map(|arm| Some((arm, arm.baseline()?))) {
        if let Some(added) = arm.common_sums(&base, ADDED_PHYSICAL) {
            let sizes = arm.bytes_sentence(&base, added);
            answer.supports(format!("{}: a further worktree of each workspace added, together, {sizes}", arm.place()));
        }
    }
    let walls = answer.walls(&further);
    let again = only(&arms, |it| it.step.step == "first-again");
    for arm in &again {
        let compiled: u64 = arm.rows().iter().filter_map(|row| row.compiled).sum();
        answer.shows(arm, format!("the untouched main copy had Cargo run {compiled} units under {}", arm.name()));
    }
    for arm in evidence.all_arms().iter().filter(|it| it.step.scenario == "worktrees") {
        for problem in &arm.problems {
            let (place, rows, status) = (arm.place(), problem.rows, problem.status);
            let note = fit(&clean(&problem.note), 160);
            answer.supports(format!("{place}: {rows} rows of {} are {status}: {note}", arm.name()));
        }
    }
    let probes = probed::cases(evidence, |row| row.probe.contains("two-checkouts"));
    let probes = answer.probes("probes with two checkouts", &probes);
    answer.states(&[walls, seen(&further), seen(&again), probes])
}

/// Q18. No run reaches another machine. Closest: the scenario moved, which changes the paths of workspace and
/// CARGO_HOME, since both would differ there; and simulations, which model a network.
pub(in crate::review) fn remote(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("moved"), &["same-place", "other-path", "other-home", "other-both"]);
    arms.retain(|it| !it.is_baseline());
    let caption = "The same workspace again: in the same place, at another path, with another CARGO_HOME, with both.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, HITS, HITS_BY_COST, COMPILED]));
    // other-both comes after other-home, so it may be served by what that one stored.
    let alone = only(&arms, |it| it.step.step != "other-both");
    answer.hits(&alone);
    answer.walls(&alone);
    if arms.len() > alone.len() {
        answer.limits(
            "reuse between two machines from the step other-both: it comes after other-home and is served by what that \
             step stored under the same CARGO_HOME; for a machine with another CARGO_HOME path other-home is the step to \
             read",
        );
    }
    let of = |step: &'static str| arms.iter().filter(move |it| it.step.step == step);
    for arm in of("other-path") {
        let hits = UnitShare::of(arm, |unit| unit.outcome == Some(Outcome::Hit) && unit.bytes > Some(0));
        if hits.units > 0.0 && hits.bytes > 0.0 {
            let each = bytes(Some(hits.bytes / hits.units));
            answer.shows(arm, format!("a hit of {} is {each} on average, uncompressed", arm.name()));
        }
    }
    let shadowed = State::of(arms.iter().any(|arm| arm.shadow.is_some()));
    let modelled = simulated::remote(&mut answer, evidence);
    answer.states(&[seen(of("other-path")), seen(of("other-home")), shadowed, modelled])
}

/// Q21. De-duplication alone (`dedup`, which compiles everything) and caching in the same steps, on worktrees
/// and on many projects: wall time and disk of each.
pub(in crate::review) fn order(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("worktrees"), &FURTHER);
    arms.extend(evidence.steps(Some("gauntlet"), &["fill", "warm"]));
    let keyed = one_per_policy(&arms);
    let chosen = |it: &StepArm<'_>| keyed.iter().any(|arm| arm.shares_step(it) && arm.name() == it.name());
    arms.retain(|it| it.name() == DEDUP || chosen(it) || it.is_baseline());
    let caption = "Sharing files alone and caching, on worktrees and on several projects. All on disk: store and build \
                   directories, shared extents once.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, ALL, ADDED]));
    let dedup = only(&arms, |it| it.name() == DEDUP);
    let caching = only(&arms, |it| it.store.is_some());
    let mut pairs = Vec::new();
    for group in by_step(&arms) {
        let Some(sharing) = group.iter().find(|it| it.name() == DEDUP) else { continue };
        pairs.extend(group.iter().filter(|it| it.store.is_some()).map(|it| (*it, *sharing)));
    }
    answer.bytes("store and build directories hold", &pairs, ALL_PHYSICAL);
    answer.walls(&dedup);
    let walls = answer.wall_pairs(&pairs);
    answer.walls(&caching);
    if dedup.is_empty() && !caching.is_empty() {
        answer.limits("what de-duplication alone would save: no run here has the strategy dedup");
    }
    let of = |scenario: &str, arms: &[StepArm<'_>]| seen(arms.iter().filter(|it| it.step.scenario == scenario));
    answer.states(&[
        of("worktrees", &dedup),
        of("gauntlet", &dedup),
        of("worktrees", &caching),
        of("gauntlet", &caching),
        walls,
    ])
}
