//! All arms of all rounds, appended as they finish.
//!
//! The order of things is a pure function of the plan; what each thing does is behind
//! [`Executor`], so that the order is tested without building anything.

use anyhow::Result;
use corpora::scenario::{Action, Scenario};
use reports::record::{StepRow, UnitRow};

use super::progress::{Kind, Progress};
use super::schedule;

/// What is to be run, by numbers into the lists of strategies, steps and workspaces.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Seed of the schedule.
    pub seed: u64,
    /// How often every arm runs.
    pub rounds: u32,
    /// Names of the arms.
    pub arms: Vec<String>,
    /// What decides how much an arm builds, for estimates.
    pub families: Vec<String>,
    /// The story.
    pub scenario: Scenario,
    /// Names of the workspaces.
    pub workspaces: Vec<String>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Round, from 1.
    pub round: u32,
    /// Place in the round, from 1.
    pub position: u32,
    /// Number of the arm.
    pub arm: usize,
    /// Number of the step.
    pub step: usize,
    /// Number of the workspace.
    pub workspace: usize,
}

/// Does what the plan says.
pub trait Executor {
    /// An arm begins with empty directories.
    ///
    /// # Errors
    /// When they cannot be made.
    fn begin(&mut self, arm: usize) -> Result<()>;

    /// An unmeasured action, on one workspace or all.
    ///
    /// # Errors
    /// When it fails.
    fn act(&mut self, action: &Action, workspace: Option<usize>) -> Result<()>;

    /// A measured build.
    ///
    /// # Errors
    /// When the run has to stop; a failed build is a row.
    fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)>;

    /// Whether the run has this measurement already.
    fn is_recorded(&self, moment: &Moment) -> bool;

    /// Keeps a finished measurement.
    ///
    /// # Errors
    /// When it cannot be written.
    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()>;
}

impl Plan {
    /// Every measurement, in order.
    pub fn moments(&self) -> Vec<Moment> {
        let mut moments = Vec::new();
        for round in 1..=self.rounds {
            for (position, arm) in schedule::order(self.seed, round, self.arms.len()).into_iter().enumerate() {
                let position = position as u32 + 1;
                for step in 0..self.scenario.steps.len() {
                    moments.extend((0..self.workspaces.len()).map(|workspace| Moment {
                        round,
                        position,
                        arm,
                        step,
                        workspace,
                    }));
                }
            }
        }
        moments
    }

    /// What a measurement's duration depends on.
    pub fn kind(&self, moment: &Moment) -> Kind {
        Kind {
            place: (self.scenario.steps[moment.step].name.clone(), self.workspaces[moment.workspace].clone()),
            family: self.families[moment.arm].clone(),
        }
    }
}

/// Runs the plan. An arm that a resumed run has recorded in full is skipped; one that was
/// cut off is run again from its beginning, since its steps build on each other, and what it
/// has recorded is kept.
///
/// # Errors
/// The first error of the executor.
pub fn run(plan: &Plan, executor: &mut dyn Executor, progress: &mut Progress) -> Result<()> {
    let moments = plan.moments();
    let arm_length = plan.scenario.steps.len() * plan.workspaces.len();
    let arms: Vec<&[Moment]> = moments.chunks(arm_length.max(1)).collect();
    let is_done = |executor: &dyn Executor, arm: &[Moment]| arm.iter().all(|moment| executor.is_recorded(moment));
    let todo: Vec<&[Moment]> = arms.into_iter().filter(|arm| !is_done(executor, arm)).collect();
    let mut rest: Vec<Kind> = todo.iter().flat_map(|arm| arm.iter()).map(|moment| plan.kind(moment)).collect();
    progress.skip(moments.len() - rest.len());
    for arm in todo {
        executor.begin(arm[0].arm)?;
        for moment in arm {
            let step = &plan.scenario.steps[moment.step];
            progress.show(
                &format!("{} {} of {}", plan.arms[moment.arm], step.name, plan.workspaces[moment.workspace]),
                &rest,
            );
            if moment.workspace == 0 {
                step.once.iter().try_for_each(|action| executor.act(action, None))?;
            }
            step.each.iter().try_for_each(|action| executor.act(action, Some(moment.workspace)))?;
            let (row, units) = executor.measure(moment)?;
            if !executor.is_recorded(moment) {
                executor.record(&row, &units)?;
            }
            progress.finished(&rest.remove(0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Mock {
        log: Vec<String>,
        recorded: Vec<Moment>,
        stop_after: Option<usize>,
        pending: Option<Moment>,
    }

    impl Executor for Mock {
        fn begin(&mut self, arm: usize) -> Result<()> {
            self.log.push(format!("begin {arm}"));
            Ok(())
        }

        fn act(&mut self, action: &Action, workspace: Option<usize>) -> Result<()> {
            self.log.push(format!("{action:?} {workspace:?}"));
            Ok(())
        }

        fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)> {
            anyhow::ensure!(self.stop_after != Some(self.recorded.len()), "interrupted");
            self.log.push(format!("measure step {} of {}", moment.step, moment.workspace));
            self.pending = Some(*moment);
            Ok((StepRow::default(), Vec::new()))
        }

        fn is_recorded(&self, moment: &Moment) -> bool {
            self.recorded.contains(moment)
        }

        fn record(&mut self, _: &StepRow, _: &[UnitRow]) -> Result<()> {
            self.recorded.extend(self.pending.take());
            Ok(())
        }
    }

    fn plan(arms: usize, rounds: u32) -> Plan {
        Plan {
            seed: 1,
            rounds,
            arms: (0..arms).map(|arm| format!("a{arm}")).collect(),
            families: vec!["f".into(); arms],
            scenario: Scenario::load("gauntlet").unwrap(),
            workspaces: vec!["x".into(), "y".into()],
        }
    }

    #[test]
    fn the_exact_sequence_of_one_arm() {
        let mut mock = Mock::default();
        run(&plan(1, 1), &mut mock, &mut Progress::new(6)).unwrap();
        assert_eq!(
            mock.log,
            [
                "begin 0",
                "EmptyStore None",
                "Wipe Some(0)",
                "measure step 0 of 0",
                "Wipe Some(1)",
                "measure step 0 of 1",
                "Wipe Some(0)",
                "measure step 1 of 0",
                "Wipe Some(1)",
                "measure step 1 of 1",
                "Edit(PrivateBody) Some(0)",
                "measure step 2 of 0",
                "Edit(PrivateBody) Some(1)",
                "measure step 2 of 1",
            ]
        );
    }

    #[test]
    fn a_run_cut_off_anywhere_resumes_to_the_same_rows() {
        let plan = plan(3, 2);
        for stop in 0..plan.moments().len() {
            let mut mock = Mock { stop_after: Some(stop), ..Mock::default() };
            assert!(run(&plan, &mut mock, &mut Progress::new(0)).is_err());
            let mut resumed = Mock { recorded: mock.recorded, ..Mock::default() };
            run(&plan, &mut resumed, &mut Progress::new(0)).unwrap();
            assert_eq!(resumed.recorded, plan.moments());
        }
    }

    #[test]
    fn a_finished_arm_is_not_run_again() {
        let plan = plan(2, 1);
        let mut mock = Mock { recorded: plan.moments()[..6].to_vec(), ..Mock::default() };
        run(&plan, &mut mock, &mut Progress::new(0)).unwrap();
        assert_eq!(mock.log.iter().filter(|line| line.starts_with("begin")).count(), 1);
    }
}
