//! All arms of all rounds, appended as they finish.
//!
//! The order of things is a pure function of the [`RunPlan`]; what each thing does is behind
//! [`Executor`], so that the order is tested without building anything.

use std::collections::BTreeSet;

use anyhow::Result;
use corpora::scenario::Action;
use records::{StepRow, UnitRow};

use super::plan::{ArmOrder, Pass, RunPlan, Slot};
use super::progress::Progress;

/// Does what the plan says.
pub trait Executor {
    /// The arms that run in a round; `None` when the run is over.
    fn arms_of(&mut self, round: u32) -> Option<Vec<usize>>;

    /// An arm begins a pass over these workspaces, in empty directories.
    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()>;

    /// An unmeasured action before the slot's step, on its workspace or on all.
    fn act(&mut self, slot: &Slot, action: &Action, on_all: bool) -> Result<()>;

    /// The measured task of a step. Fails when the run has to stop; a failed build is a row.
    fn measure(&mut self, slot: &Slot) -> Result<(StepRow, Vec<UnitRow>)>;

    /// An arm has had its last slot of a pass while others go on; its directories can go when room is short.
    fn last_slot_done(&mut self, arm: usize);

    /// An arm's pass ends; its directories can go.
    fn end(&mut self, arm: usize) -> Result<()>;

    /// Whether the run has this measurement already.
    fn is_recorded(&self, slot: &Slot) -> bool;

    /// Keeps a finished measurement.
    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()>;
}

/// Runs the plan. What a resumed run has recorded is kept, and not recorded again where a
/// pass that was cut off has to be run anew.
pub fn run(plan: &RunPlan, executor: &mut dyn Executor, progress: &mut Progress) -> Result<()> {
    for round in 1.. {
        let Some(arms) = executor.arms_of(round) else { break };
        let passes = plan.passes(round, &arms);
        let all: usize = passes.iter().map(|pass| pass.slots.len()).sum();
        if passes.is_empty() {
            continue; // The round is another shard's.
        }
        let missing: Vec<(Pass, Vec<Slot>)> = passes
            .into_iter()
            .map(|pass| {
                let missing = pass.missing(|slot| executor.is_recorded(slot));
                (pass, missing)
            })
            .collect();
        let mut rest: Vec<Slot> = missing.iter().flat_map(|(_, slots)| slots).copied().collect();
        progress.round(round, plan.rounds, all, rest.len());
        for later in round + 1..=plan.rounds {
            rest.extend(plan.passes(later, &plan.all_arms()).into_iter().flat_map(|pass| pass.slots));
        }
        for (pass, missing) in missing {
            run_pass(plan, &pass, &missing, executor, progress, &mut rest)?;
        }
    }
    Ok(())
}

fn run_pass(
    plan: &RunPlan,
    pass: &Pass,
    slots: &[Slot],
    executor: &mut dyn Executor,
    progress: &mut Progress,
    rest: &mut Vec<Slot>,
) -> Result<()> {
    let mut begun = BTreeSet::new();
    for (at, slot) in slots.iter().enumerate() {
        let step = &plan.scenario.steps[slot.step];
        progress.show(&format!("{} {} of {}", plan.arms[slot.arm], step.name, plan.workspaces[slot.workspace]), rest);
        if begun.insert(slot.arm) {
            executor.begin(slot.arm, &pass.workspaces)?;
        }
        if slot.workspace == pass.workspaces[0] {
            step.once.iter().try_for_each(|action| executor.act(slot, action, true))?;
        }
        step.each.iter().try_for_each(|action| executor.act(slot, action, false))?;
        let (row, units) = executor.measure(slot)?;
        if !executor.is_recorded(slot) {
            executor.record(&row, &units)?;
        }
        progress.finished(&rest.remove(0));
        // Removing much just before a measurement would burden it: with arms that take turns
        // everything is removed at the end.
        let is_last = slots[at + 1..].iter().all(|later| later.arm != slot.arm);
        match plan.order {
            ArmOrder::ArmByArm if is_last => {
                begun.remove(&slot.arm);
                executor.end(slot.arm)?;
            }
            ArmOrder::Interleaved if is_last => executor.last_slot_done(slot.arm),
            _ => {}
        }
    }
    begun.into_iter().try_for_each(|arm| executor.end(arm))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
