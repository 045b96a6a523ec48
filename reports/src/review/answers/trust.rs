//! What can be trusted: builds at once, build scripts, proc macros, freshness.

use super::reuse::shadow;
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::comparisons::seen;
use crate::review::evidence::{Evidence, StepArm, only};
use crate::review::probed::{self, ProbeCase};
use crate::review::tables::{
    COMPILED, NOOP, RATIO, STALE, UnitSelection, UnitShare, VERDICT, WALL, kinds, one_per_policy, table,
};
use crate::text::{count, percent, seconds};
use crate::words::{listed, plural};
use records::UnitRow;

/// Q8. The scenario contention, several Cargos at once; probes of races and kills. Counts of a row are sums
/// over its Cargos: with four of them on the same work, units compiled ÷ units of one build says how often the
/// same work was done.
pub(in crate::review) fn locking(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = evidence.scenario("contention");
    answer.grid(table("Several Cargos at once on one store.", &arms, &[WALL, RATIO, VERDICT, COMPILED]));
    let caption = "How often the same work was done: units compiled by all Cargos ÷ units of one build.";
    let mut grid =
        Grid::new(caption, &["run", "step", "strategy", "> Cargos", "> compiled", "> one build", "> times", "n"]);
    for (arm, (builds, compiled, one)) in arms.iter().filter_map(|arm| Some((arm, repeats(arm)?))) {
        let times = compiled / one;
        let names = [arm.label(), arm.step.step.clone(), arm.name().to_owned()];
        let counts = [builds, compiled, one].map(|n| count(Some(n)));
        grid.row(names.into_iter().chain(counts).chain([format!("{times:.2}"), arm.n()]));
        if arm.step.step == "same" && arm.store.is_some() {
            let so = if times > 1.05 { "builds did not wait for each other" } else { "no unit was compiled twice" };
            let who = format!("{builds} Cargos of {} on the same work", arm.name());
            answer.shows(arm, format!("{who} compiled each unit {times:.2} times: {so}"));
        }
    }
    answer.grid(grid);
    let of = |step: &str| only(&arms, |it| it.step.step == step && !it.is_baseline());
    let [same, warm, overlapping, disjoint] =
        ["same", "same-warm", "overlapping", "disjoint"].map(|step| answer.walls(&of(step)));
    let races = answer.probes("probes of the family races", &probed::families(evidence, &["races"]));
    let kills = probed::cases(evidence, |row| row.probe.starts_with("killed-while-"));
    let kills = State::of(kills.iter().any(ProbeCase::has_result));
    answer.states(&[same, warm, overlapping, disjoint, seen(&of("same")), races, kills])
}

/// Cargos at once, units that they compiled in a round, and units of one build.
fn repeats(arm: &StepArm<'_>) -> Option<(f64, f64, f64)> {
    let rows = arm.rows();
    let builds = rows.iter().filter_map(|row| row.builds).max()? as f64;
    let units: u64 = rows.iter().filter_map(|row| row.units).sum();
    let compiled: u64 = rows.iter().filter_map(|row| row.compiled).sum();
    let rounds = arm.rounds().max(1) as f64;
    let one = units as f64 / builds / rounds;
    (one > 0.0 && builds > 1.0).then_some((builds, compiled as f64 / rounds, one))
}

const RUNS: UnitSelection<'_> = ("runs of build scripts", |unit| is_run(unit));
const COMPILES: UnitSelection<'_> = ("compiles of build scripts", |unit| unit.kind == "custom-build" && !is_run(unit));

fn is_run(unit: &UnitRow) -> bool {
    unit.mode == "run-custom-build"
}

/// The share of the units of a step that are of a kind, by a number of each.
fn share(arm: &StepArm<'_>, wanted: impl Fn(&UnitRow) -> bool, of: fn(UnitShare) -> f64) -> Option<f64> {
    let all = of(UnitShare::of(arm, |_| true));
    (all > 0.0).then(|| of(UnitShare::of(arm, wanted)) / all)
}

/// Adds what arms refused for a reason; returns whether any did.
fn refused_for(answer: &mut Answer, arms: &[StepArm<'_>], reason: &str, what: &str) {
    for arm in arms {
        let refused = UnitShare::of(arm, |unit| unit.reason == reason);
        if refused.units > 0.0 {
            let (units, worth) = (plural(refused.units.round() as usize, "unit"), seconds(Some(refused.cost_s)));
            let who = format!("{} refused {units}", arm.name());
            answer.shows(arm, format!("{who} only for {what} among their dependencies, worth {worth} a round"));
        }
    }
}

/// Q12. Scripts and their runs among all units; what each policy made of them; runs reused at another path, in
/// the scenario moved; probes about scripts.
pub(in crate::review) fn build_scripts(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = one_per_policy(&evidence.steps(None, &["warm"]));
    let caption =
        "Build scripts in builds from the store, a round. Compile time: of the baseline, for compiles and runs.";
    answer.grid(kinds(caption, &arms, &[RUNS, COMPILES]));
    let both = |unit: &UnitRow| RUNS.1(unit) || COMPILES.1(unit);
    let show = |share: f64| percent(Some(share));
    let units = |arm: &StepArm<'_>| share(arm, both, |it| it.units);
    answer.range("scripts and their runs are, of all units,", &arms, units, show);
    let cost = |arm: &StepArm<'_>| share(arm, both, |it| it.cost_s);
    answer.range("scripts and their runs are, of compile seconds,", &arms, cost, show);
    refused_for(&mut answer, &arms, "below-build-script", "a build script");
    let moved = one_per_policy(&evidence.steps(Some("moved"), &["same-place", "other-path", "other-home"]));
    answer.grid(kinds("Runs of build scripts after a move, a round.", &moved, &[RUNS]));
    for arm in moved.iter().filter(|it| it.step.step == "other-path") {
        let it = UnitShare::of(arm, RUNS.1);
        if it.units > 0.0 {
            let who = format!("{} took over {:.0} of {:.0} runs", arm.name(), it.hits, it.units);
            answer.shows(arm, format!("{who} of build scripts from a build at another path"));
            answer.limits("that a reused run of a script would have made the same bytes at the other path");
        }
    }
    let shadow = shadow(&mut answer, evidence);
    if shadow > State::Missing {
        answer.limits("shadow compiles count all units of a row; which of them are runs of scripts is in its notes");
    }
    let probes = probed::cases(evidence, |row| row.probe.starts_with("script-"));
    let probes = answer.probes("probes about build scripts", &probes);
    answer.states(&[seen(&arms), seen(&moved), shadow, probes])
}

const MACROS: UnitSelection<'_> = ("proc macros", |unit| unit.kind == "proc-macro");
const BELOW: UnitSelection<'_> = ("refused for a proc macro they depend on", |unit| unit.reason == "below-proc-macro");

/// Q13. Proc macros among all units, and what a policy refused because of one; probes about macros; hits that
/// two compiles do not agree on.
pub(in crate::review) fn proc_macros(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = one_per_policy(&evidence.steps(None, &["warm"]));
    answer.grid(kinds("Proc macros in builds from the store, a round.", &arms, &[MACROS, BELOW]));
    let cost = |arm: &StepArm<'_>| share(arm, MACROS.1, |it| it.cost_s);
    answer.range("proc macros themselves are, of compile seconds,", &arms, cost, |it| percent(Some(it)));
    // A wider policy has no rule that could refuse them.
    let narrow = only(&arms, |it| it.key.as_deref() == Some("conservative"));
    refused_for(&mut answer, &narrow, "below-proc-macro", "a proc macro");
    if !narrow.is_empty() {
        answer.limits(
            "the rule that refuses is the first that applies: a unit that depends on both a build script and a proc macro \
             is counted for one of them",
        );
    }
    let probes = probed::cases(evidence, |row| row.probe.starts_with("macro-"));
    let probes = answer.probes("probes about proc macros", &probes);
    let all = evidence.arms();
    let shadows: Vec<u64> = all.iter().filter_map(|arm| Some(arm.shadow.as_ref()?.nondeterministic)).collect();
    if !shadows.is_empty() {
        let sum: u64 = shadows.iter().sum();
        answer.supports(format!("of all hits compiled twice, {sum} came out different each time, for whatever reason"));
        answer.limits(
            "whether a macro or the compiler is behind bytes that differ: with incremental compilation rustc names \
             objects anew each time",
        );
    }
    answer.states(&[seen(&narrow), probes, State::of(!shadows.is_empty())])
}

/// Q14. The unmeasured no-op build after every step, which must compile nothing; units restored and yet
/// rebuilt; probes of freshness. All of it under modification times.
pub(in crate::review) fn freshness(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let restored =
        only(&evidence.arms(), |it| it.store.is_some() && it.rows().iter().any(|row| row.restored > Some(0)));
    let shown = only(&restored, |it| it.step.step == "warm" || it.numbers.stale > Some(0.0));
    answer.grid(table("After builds from the store. Stale: units restored and yet rebuilt.", &shown, &[NOOP, STALE]));
    let rows: Vec<_> = restored.iter().flat_map(StepArm::rows).filter(|row| row.restored > Some(0)).collect();
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
    let all = evidence.all_arms();
    let noted = |arm: &&StepArm<'_>| arm.problems.iter().any(|it| it.note.contains("no-op"));
    let bad: Vec<String> = all.iter().filter(noted).map(|arm| format!("{} ({})", arm.name(), arm.label())).collect();
    if !bad.is_empty() {
        answer.supports(format!("rows are invalid because their no-op build compiled something: {}", listed(&bad)));
    }
    let probes = answer.probes("probes of the family freshness", &probed::families(evidence, &["freshness"]));
    answer.states(&[seen(&restored), probes])
}
