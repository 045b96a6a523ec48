//! Q20: do entries that never change pile up?
//!
//! Looked for: what each edit, and an upgrade, added to the store. The store after a step,
//! less the store after the step before it, workspace by workspace and round by round. And
//! simulations of many days.

use std::collections::BTreeMap;

use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::command::{self, ONE, POLICIES};
use crate::review::evidence::{Arm, Evidence, rung};
use crate::review::shares::one_per_policy;
use crate::review::simulated;
use crate::review::tables::n;
use crate::review::words::{seen, tell_range};
use crate::stats::median;
use crate::table::bytes;
use records::StepRow;

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let mut arms = evidence.arms();
    arms.retain(|it| it.store.is_some() && ["edits", "upgrade", "gauntlet"].contains(&it.step.scenario.as_str()));
    // Links do not change what is stored; built again, nothing is.
    let mut arms = one_per_policy(&arms);
    arms.retain(|it| it.step.step != "warm");
    let caption = "What each step added to the store: allocated bytes, median over workspaces and rounds.";
    let mut grid = Grid::new(caption, &["run", "scenario", "step", "strategy", "> added", "> held before", "n"]);
    let mut grown = Vec::new();
    for arm in &arms {
        let Some((before, added)) = added(arm) else { continue };
        let (run, scenario) = (arm.label(), arm.step.scenario.clone());
        let (step, name) = (arm.step.step.clone(), arm.name().to_owned());
        grid.row([run, scenario, step, name, bytes(Some(added)), bytes(Some(before)), n(arm)]);
        grown.push((*arm, before, added));
    }
    answer.grid(grid);
    let all: Vec<Arm<'_>> = grown.iter().map(|it| it.0).filter(is_edit).collect();
    let size = |arm: &Arm<'_>| added(arm).map(|it| it.1);
    tell_range(&mut answer, "one edit added to the store, in the median,", &all, size, |size| bytes(Some(size)));
    let of = |wanted: fn(&Arm<'_>) -> bool| -> Vec<Arm<'_>> {
        grown.iter().map(|it| it.0).filter(|arm| wanted(arm)).collect()
    };
    let edits = of(|arm| arm.step.scenario == "edits");
    let some = of(is_edit);
    // One kind of edit hints at what a row of kinds would show.
    let edits = if edits.is_empty() { seen(&some).min(State::Hinted) } else { seen(&edits) };
    answer.part("bytes for each edit of a member", edits, command::compare("edits", ONE));
    let upgrades = of(|arm| arm.step.scenario == "upgrade");
    answer.part("bytes for an upgraded dependency", seen(&upgrades), command::compare("upgrade", ONE));
    let narrow = of(|arm| is_edit(arm) && rung(arm).is_some_and(|rung| rung < 2));
    answer.part("growth without members in the store", seen(&narrow), command::compare("gauntlet", POLICIES));
    let days = simulated::growth(&mut answer, evidence);
    answer.part("entries and bytes a day on a trace of builds and edits", days, command::simulate());
    if !some.is_empty() {
        answer.limits(
            "that a store grows without bound: nothing was collected in these runs, and no one edits like this all day",
        );
    }
    answer
}

fn is_edit(arm: &Arm<'_>) -> bool {
    arm.step.step == "edit" || (arm.step.scenario == "edits" && arm.step.step != "fill")
}

/// What the store held before, and what the step added.
fn added(arm: &Arm<'_>) -> Option<(f64, f64)> {
    let steps = &arm.run.analysis.steps;
    let at = steps.iter().position(|it| it.step == arm.step.step && it.scenario == arm.step.scenario)?;
    let before = steps[..at].iter().rev().find(|it| it.scenario == arm.step.scenario)?;
    let before = arm.in_step(&before.step)?;
    let workspaces = &arm.run.analysis.info.corpus.workspaces;
    let size = |row: &StepRow| row.store_allocated_bytes.map(|n| n as f64);
    let key = |row: &StepRow| (row.round, row.workspace.clone());
    let earlier: BTreeMap<_, _> = before.rows().into_iter().filter_map(|row| Some((key(row), size(row)?))).collect();
    let now: BTreeMap<_, _> = arm.rows().into_iter().filter_map(|row| Some((key(row), size(row)?))).collect();
    // Where workspaces share a store, what stood before is what the one built before left.
    let previous = |(round, workspace): &(u32, String)| -> Option<f64> {
        if arm.run.analysis.info.alone() {
            return earlier.get(&(*round, workspace.clone())).copied();
        }
        let place = workspaces.iter().position(|name| name == workspace)?;
        match place.checked_sub(1) {
            Some(place) => now.get(&(*round, workspaces[place].clone())).copied(),
            None => earlier.get(&(*round, workspaces.last()?.clone())).copied(),
        }
    };
    let known: Vec<(f64, f64)> =
        now.iter().filter_map(|(key, size)| Some((previous(key)?, size))).map(|(old, new)| (old, new - old)).collect();
    let (old, new): (Vec<f64>, Vec<f64>) = known.into_iter().unzip();
    median(&old).zip(median(&new))
}
