//! The store over time: retention, the collection race, cleaning, growth.

use std::collections::BTreeMap;

use crate::document::{Cell, Grid, Tone};
use crate::probes::ProbeVerdict;
use crate::review::answer::{Answer, State};
use crate::review::comparisons::seen;
use crate::review::evidence::{Evidence, StepArm, only, rung};
use crate::review::probed::{self, ProbeCase};
use crate::review::simulated;
use crate::review::tables::{
    COMPILED, FREED, HITS, NOOP, PROMISED, RATIO, STORE, VERDICT, WALL, one_per_policy, table,
};
use crate::stats::median;
use crate::text::{bytes, count, percent};
use crate::words::plural;
use records::StepRow;

/// Q10. Simulations, which replay policies on a trace against what none can do better; and the scenario clean,
/// which collects a store to half and to nothing under one policy (least recently used).
pub(in crate::review) fn retention(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.steps(Some("clean"), &["collect-half", "collect-all", "after-collect"]);
    arms.retain(|it| it.store.is_some());
    let caption = "A store collected to half and to nothing, least recently used first, while a build directory holds all \
                   of it; then built in place.";
    answer.grid(table(caption, &arms, &[WALL, RATIO, VERDICT, PROMISED, FREED, STORE, HITS, COMPILED]));
    freed(&mut answer, &only(&arms, |it| it.step.step == "collect-half"));
    for arm in arms.iter().filter(|it| it.step.step == "after-collect") {
        let compiled = count(arm.numbers.compiled);
        answer.shows(arm, format!("{} had Cargo run {compiled} units in a kept build directory", arm.name()));
    }
    let collected = seen(arms.iter().filter(|it| it.step.cleans));
    let replayed = simulated::retention(&mut answer, evidence);
    if collected > State::Missing && replayed == State::Missing {
        answer.limits("which policy is best, and which age or size: one policy on one short trace shows neither");
    }
    answer.states(&[collected, replayed])
}

fn freed(answer: &mut Answer, arms: &[StepArm<'_>]) {
    for arm in arms {
        let known = arm.numbers.promised_bytes.zip(arm.numbers.added_physical_bytes);
        if let Some((promised, added)) = known.filter(|(promised, _)| *promised > 0.0) {
            let (name, part) = (arm.name(), percent(Some(-added / promised)));
            let (promised, freed) = (bytes(Some(promised)), bytes(Some(-added)));
            answer.shows(arm, format!("under {name} it promised {promised} and freed {freed}, {part} of it"));
        }
    }
}

/// Q15. The steps of the scenario clean that run `cargo clean` or collect the store: bytes promised against
/// bytes freed on disk, and their time.
pub(in crate::review) fn clean(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let arms = only(&evidence.arms(), |it| it.step.cleans);
    let caption = "Bytes that a cleaning step said it would free, and physical bytes it freed.";
    answer.grid(table(caption, &arms, &[WALL, PROMISED, FREED, STORE]));
    freed(&mut answer, &arms);
    let of = |start: &'static str| seen(arms.iter().filter(move |it| it.step.step.starts_with(start)));
    answer.states(&[of("clean"), of("collect"), seen(arms.iter().filter(|it| it.is_timed()))])
}

/// Probes in which something vanishes under a build, or before it: by collection, with the store, as blobs.
const COLLECTED: [&str; 2] = ["collected-during-builds", "collected-while-cargo-compiles"];
const DELETED: [&str; 1] = ["store-deleted-during-a-build"];
const MISSING: [&str; 1] = ["blobs-missing"];

/// Q11. Probes in which a store is collected, emptied or deleted under a build, and the step of the scenario
/// clean that builds after a collection.
pub(in crate::review) fn collection_race(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let probes = [&COLLECTED[..], &DELETED, &MISSING, &["dependent-evicted"]].concat();
    let cases = probed::named(evidence, &probes);
    answer.grid(vanishing(&probes, &cases));
    answer.probes("builds whose store loses files", &cases);
    let mut after = evidence.all_arms();
    after.retain(|it| it.step.scenario == "clean" && it.step.step == "after-collect" && it.store.is_some());
    answer.grid(table("Built in place after the store was emptied.", &after, &[COMPILED, NOOP]));
    for arm in &after {
        let bad: usize = arm.problems.iter().map(|it| it.rows).sum();
        let (place, good, name) = (arm.place(), arm.rows().len(), arm.name());
        answer.supports(match bad {
            0 => format!("{place}: {name} built and no row failed ({})", plural(good, "row")),
            bad => format!("{place}: {bad} of {} rows of {name} are not ok", good + bad),
        });
    }
    let known =
        |names: &[&str]| State::of(cases.iter().any(|it| names.contains(&it.row.probe.as_str()) && it.has_result()));
    answer.states(&[known(&COLLECTED), known(&DELETED), known(&MISSING), seen(&after)])
}

/// A row for each probe: whose builds came through, and whose did not.
fn vanishing(probes: &[&str], cases: &[ProbeCase<'_>]) -> Grid {
    let heads = ["probe", "passed by", "failed by", "> without a result"];
    let mut grid = Grid::new("What vanishes under a build, or before it.", &heads);
    for probe in probes {
        let of = |wanted: fn(&ProbeCase<'_>) -> bool| -> Vec<ProbeCase<'_>> {
            cases.iter().filter(|it| it.row.probe == *probe && wanted(it)).copied().collect()
        };
        let (passed, failed) =
            (of(|it| it.row.verdict == ProbeVerdict::Pass), of(|it| it.row.verdict == ProbeVerdict::Fail));
        let without = of(|it| !it.has_result()).len();
        if passed.len() + failed.len() + without > 0 {
            let tone = if failed.is_empty() { Tone::Quiet } else { Tone::Bad };
            grid.row([
                Cell::from(*probe),
                Cell::from(probed::strategies(&passed).join(", ")),
                Cell::toned(probed::strategies(&failed).join(", "), tone),
                Cell::from(without.to_string()),
            ]);
        }
    }
    grid
}

/// Q20. What each edit, and an upgrade, added to the store: its size after a step, less that before it,
/// workspace by workspace and round by round. And simulations of many days.
pub(in crate::review) fn growth(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let stored = only(&evidence.arms(), |it| {
        it.store.is_some() && ["edits", "upgrade", "gauntlet"].contains(&it.step.scenario.as_str())
    });
    // Links do not change what is stored; built again, nothing is.
    let arms = only(&one_per_policy(&stored), |it| it.step.step != "warm");
    let caption = "What each step added to the store: allocated bytes, median over workspaces and rounds.";
    let mut grid = Grid::new(caption, &["run", "scenario", "step", "strategy", "> added", "> held before", "n"]);
    let mut grown = Vec::new();
    for arm in &arms {
        let Some((before, added)) = added(arm) else { continue };
        let (scenario, step, name) = (arm.step.scenario.clone(), arm.step.step.clone(), arm.name().to_owned());
        grid.row([arm.label(), scenario, step, name, bytes(Some(added)), bytes(Some(before)), arm.n()]);
        grown.push(*arm);
    }
    answer.grid(grid);
    let edits = only(&grown, is_edit);
    let size = |arm: &StepArm<'_>| added(arm).map(|it| it.1);
    answer.range("one edit added to the store, in the median,", &edits, size, |size| bytes(Some(size)));
    let of = |scenario: &'static str| grown.iter().filter(move |arm| arm.step.scenario == scenario);
    // One kind of edit hints at what a row of kinds would show.
    let kinds = if of("edits").next().is_some() { seen(of("edits")) } else { seen(&edits).min(State::Hinted) };
    let narrow = seen(edits.iter().filter(|arm| rung(arm).is_some_and(|rung| rung < 2)));
    let days = simulated::growth(&mut answer, evidence);
    answer.states(&[kinds, seen(of("upgrade")), narrow, days])
}

fn is_edit(arm: &StepArm<'_>) -> bool {
    arm.step.step == "edit" || (arm.step.scenario == "edits" && arm.step.step != "fill")
}

fn added(arm: &StepArm<'_>) -> Option<(f64, f64)> {
    let steps = &arm.run.analysis.steps;
    let at = steps.iter().position(|it| it.step == arm.step.step && it.scenario == arm.step.scenario)?;
    let before = steps[..at].iter().rev().find(|it| it.scenario == arm.step.scenario)?;
    let before = arm.in_step(&before.step)?;
    let info = &arm.run.analysis.info;
    let size = |row: &StepRow| row.store_allocated_bytes.map(|n| n as f64);
    let key = |row: &StepRow| (row.round, row.workspace.clone());
    let sizes = |arm: &StepArm<'_>| -> BTreeMap<_, _> {
        arm.rows().into_iter().filter_map(|row| Some((key(row), size(row)?))).collect()
    };
    let (earlier, now) = (sizes(&before), sizes(arm));
    // Where workspaces share a store, it held before what the workspace built before left.
    let previous = |(round, workspace): &(u32, String)| -> Option<f64> {
        if info.alone() {
            return earlier.get(&(*round, workspace.clone())).copied();
        }
        let workspaces = arm.run.folder.order_in(*round);
        let place = workspaces.iter().position(|name| name == workspace)?;
        match place.checked_sub(1) {
            Some(place) => now.get(&(*round, workspaces[place].to_owned())).copied(),
            None => earlier.get(&(*round, (*workspaces.last()?).to_owned())).copied(),
        }
    };
    let known = now.iter().filter_map(|(key, size)| Some((previous(key)?, size)));
    let (old, new): (Vec<f64>, Vec<f64>) = known.map(|(old, new)| (old, new - old)).unzip();
    median(&old).zip(median(&new))
}
