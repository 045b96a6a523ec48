//! All arms of all rounds, appended as they finish.
//!
//! The order of things is a pure function of the [`Plan`]; what each thing does is behind
//! [`Executor`], so that the order is tested without building anything.

use std::collections::BTreeSet;

use anyhow::Result;
use corpora::scenario::Action;
use records::{StepRow, UnitRow};

use super::plan::{Moment, Order, Plan, Telling};
use super::progress::{Kind, Progress};

/// Does what the plan says.
pub trait Executor {
    /// The arms that run in a round; `None` when the run is over.
    fn arms_of(&mut self, round: u32) -> Option<Vec<usize>>;

    /// An arm begins the story of these workspaces, in empty directories.
    ///
    /// # Errors
    /// When they cannot be made.
    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()>;

    /// An unmeasured action of the moment's step, on its workspace or on all.
    ///
    /// # Errors
    /// When it fails.
    fn act(&mut self, moment: &Moment, action: &Action, on_all: bool) -> Result<()>;

    /// The measured task of a step.
    ///
    /// # Errors
    /// When the run has to stop; a failed build is a row.
    fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)>;

    /// An arm has told its story while others still tell theirs; its directories can go when
    /// room is short.
    fn told(&mut self, arm: usize);

    /// An arm has told its story; its directories can go.
    ///
    /// # Errors
    /// When they cannot be removed.
    fn end(&mut self, arm: usize) -> Result<()>;

    /// Whether the run has this measurement already.
    fn is_recorded(&self, moment: &Moment) -> bool;

    /// Keeps a finished measurement.
    ///
    /// # Errors
    /// When it cannot be written.
    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()>;
}

/// Runs the plan. What a resumed run has recorded is kept, and not recorded again where a
/// story that was cut off has to be told anew.
///
/// # Errors
/// The first error of the executor.
pub fn run(plan: &Plan, executor: &mut dyn Executor, progress: &mut Progress) -> Result<()> {
    for round in 1.. {
        let Some(arms) = executor.arms_of(round) else { break };
        let tellings = plan.tellings(round, &arms);
        let all: usize = tellings.iter().map(|telling| telling.moments.len()).sum();
        if tellings.is_empty() {
            continue; // The round is another shard's.
        }
        let missing: Vec<(Telling, Vec<Moment>)> = tellings
            .into_iter()
            .map(|telling| {
                let missing = telling.missing(|moment| executor.is_recorded(moment));
                (telling, missing)
            })
            .collect();
        let mut rest: Vec<Kind> =
            missing.iter().flat_map(|(_, moments)| moments).map(|moment| plan.kind(moment)).collect();
        progress.round(round, plan.rounds, all, rest.len());
        for later in round + 1..=plan.rounds {
            let later = plan.tellings(later, &plan.all_arms()).into_iter().flat_map(|telling| telling.moments);
            rest.extend(later.map(|moment| plan.kind(&moment)));
        }
        for (telling, missing) in missing {
            tell(plan, &telling, &missing, executor, progress, &mut rest)?;
        }
    }
    Ok(())
}

fn tell(
    plan: &Plan,
    telling: &Telling,
    moments: &[Moment],
    executor: &mut dyn Executor,
    progress: &mut Progress,
    rest: &mut Vec<Kind>,
) -> Result<()> {
    let mut begun = BTreeSet::new();
    for (at, moment) in moments.iter().enumerate() {
        let step = &plan.scenario.steps[moment.step];
        progress
            .show(&format!("{} {} of {}", plan.arms[moment.arm], step.name, plan.workspaces[moment.workspace]), rest);
        if begun.insert(moment.arm) {
            executor.begin(moment.arm, &telling.workspaces)?;
        }
        if moment.workspace == telling.workspaces[0] {
            step.once.iter().try_for_each(|action| executor.act(moment, action, true))?;
        }
        step.each.iter().try_for_each(|action| executor.act(moment, action, false))?;
        let (row, units) = executor.measure(moment)?;
        if !executor.is_recorded(moment) {
            executor.record(&row, &units)?;
        }
        progress.finished(&rest.remove(0));
        // Removing much just before a measurement would burden it: with arms that take turns
        // everything is removed at the end.
        let is_last = moments[at + 1..].iter().all(|later| later.arm != moment.arm);
        match plan.order {
            Order::ArmByArm if is_last => {
                begun.remove(&moment.arm);
                executor.end(moment.arm)?;
            }
            Order::Interleaved if is_last => executor.told(moment.arm),
            _ => {}
        }
    }
    begun.into_iter().try_for_each(|arm| executor.end(arm))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
