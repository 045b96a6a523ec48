//! The real executor: moments become measured builds, measured builds become records.

use std::time::Duration;

use anyhow::{Result, bail};
use corpora::scenario::Action;
use reports::record::{StepKey, StepRow, UnitRow};
use reports::run_folder::RunWriter;

use super::arm::{Arm, Memory};
use super::asked::Asked;
use super::invocation::Recipe;
use super::lab::Lab;
use super::prepare::Prepared;
use super::rows::Identity;
use super::run::{Executor, Moment, Plan};

/// Runs moments for real.
#[derive(Debug)]
pub struct Trials<'a> {
    asked: &'a Asked,
    lab: &'a Lab,
    recipe: &'a Recipe,
    prepared: &'a [Prepared],
    plan: &'a Plan,
    writer: RunWriter,
    arm: Option<Arm<'a>>,
    memory: Memory,
    /// Time inside measured builds.
    measured: Duration,
}

impl<'a> Trials<'a> {
    /// An executor that appends to `writer`.
    pub fn new(
        asked: &'a Asked,
        lab: &'a Lab,
        recipe: &'a Recipe,
        prepared: &'a [Prepared],
        plan: &'a Plan,
        writer: RunWriter,
    ) -> Trials<'a> {
        let (memory, measured) = (Memory::default(), Duration::ZERO);
        Trials { asked, lab, recipe, prepared, plan, writer, arm: None, memory, measured }
    }

    /// The records, and the time inside measured builds.
    pub fn finish(self) -> (RunWriter, Duration) {
        (self.writer, self.measured)
    }

    fn identity(&self, moment: &Moment) -> Identity {
        let info = self.writer.info();
        Identity {
            run: info.name.clone(),
            round: moment.round,
            position: moment.position,
            corpus: info.corpus.name.clone(),
            workspace: self.plan.workspaces[moment.workspace].clone(),
            scenario: info.scenario.clone(),
            step: self.plan.scenario.steps[moment.step].name.clone(),
            strategy: self.plan.arms[moment.arm].clone(),
            toolchain: self.lab.toolchain.rustc_verbose.lines().next().unwrap_or_default().to_owned(),
            profile: info.profile.clone(),
        }
    }
}

impl Executor for Trials<'_> {
    fn begin(&mut self, arm: usize) -> Result<()> {
        self.lab.supervisor.check()?;
        let (_, strategy) = self.asked.strategies[arm];
        self.arm = None;
        self.arm = Some(Arm::open(self.lab, self.recipe, strategy, self.prepared)?);
        Ok(())
    }

    fn act(&mut self, action: &Action, workspace: Option<usize>) -> Result<()> {
        self.arm.as_mut().map_or(Ok(()), |arm| arm.act(action, workspace))
    }

    fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)> {
        self.lab.supervisor.check()?;
        let identity = self.identity(moment);
        match &mut self.arm {
            Some(arm) => {
                let (row, units) = arm.measure(&identity, moment.workspace, &mut self.memory)?;
                self.measured += Duration::from_secs_f64(row.wall_s.unwrap_or_default());
                Ok((row, units))
            }
            None => bail!("no arm was begun"),
        }
    }

    fn is_recorded(&self, moment: &Moment) -> bool {
        let identity = self.identity(moment);
        self.writer.contains(&StepKey {
            run: identity.run,
            round: identity.round,
            workspace: identity.workspace,
            scenario: identity.scenario,
            step: identity.step,
            strategy: identity.strategy,
        })
    }

    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        Ok(self.writer.append(step, units)?)
    }
}
