//! The real executor: slots become measured steps, measured steps become records.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use corpora::scenario::{Action, Home, Step, Task};
use records::run_folder::RunWriter;
use records::{Status, StepKey, StepRow, UnitRow};

use super::arm::{Arm, Memory};
use super::build_env::BuildEnv;
use super::experiment::Experiment;
use super::options::Options;
use super::pace::Pace;
use super::plan::{Plan, Slot};
use super::prepare::Prepared;
use super::recorded::Records;
use super::rows::Identity;
use super::run::Executor;
use crate::guard::growth::Growth;
use crate::guard::guarding::Guards;
use crate::guard::watch::Watch;

/// Runs slots for real.
#[derive(Debug)]
pub struct Trials<'a> {
    experiment: &'a Experiment,
    options: &'a Options,
    build_env: &'a BuildEnv,
    prepared: &'a [Prepared],
    plan: &'a Plan,
    records: Records,
    pace: Pace,
    /// The arms of this pass.
    arms: BTreeMap<usize, Arm<'a>>,
    /// The one whose directories are in place.
    running: Option<usize>,
    memory: Memory,
    /// Time inside measured builds.
    measured: Duration,
    guards: Guards,
    growth: Growth,
    /// Arms that have told their story and are still on disk.
    told: BTreeSet<usize>,
}

impl<'a> Trials<'a> {
    /// An executor that goes on with these records.
    pub fn new(
        experiment: &'a Experiment,
        options: &'a Options,
        build_env: &'a BuildEnv,
        prepared: &'a [Prepared],
        plan: &'a Plan,
        records: Records,
        guards: Guards,
    ) -> Trials<'a> {
        Trials {
            experiment,
            options,
            build_env,
            prepared,
            plan,
            pace: Pace::of(options, records.rows()),
            growth: Growth::of(records.rows()),
            guards,
            told: BTreeSet::new(),
            records,
            arms: BTreeMap::new(),
            running: None,
            memory: Memory::default(),
            measured: Duration::ZERO,
        }
    }

    /// The records, and the time inside measured builds.
    pub fn finish(self) -> (RunWriter, Duration) {
        (self.records.into_writer(), self.measured)
    }

    fn identity(&self, slot: &Slot) -> Identity {
        let info = self.records.info();
        let step = &self.plan.scenario.steps[slot.step];
        Identity {
            run: info.name.clone(),
            round: slot.round,
            position: slot.position,
            corpus: info.corpus.name.clone(),
            workspace: self.plan.workspaces[slot.workspace].clone(),
            scenario: info.scenario.clone(),
            step: step.name.clone(),
            strategy: self.plan.arms[slot.arm].clone(),
            toolchain: self.build_env.toolchain.rustc_verbose.lines().next().unwrap_or_default().to_owned(),
            profile: step.profile.clone().unwrap_or_else(|| self.options.profile.clone()),
            variant: variant(step),
        }
    }

    /// What a slot is, for people.
    fn label(&self, slot: &Slot) -> String {
        let Plan { arms, scenario, workspaces, .. } = self.plan;
        let (step, workspace) = (&scenario.steps[slot.step].name, &workspaces[slot.workspace]);
        format!("the step {step} of {workspace} under {}", arms[slot.arm])
    }

    /// Waits until the machine lets a step begin that is likely to take `need` bytes.
    fn wait(&mut self, what: &str, need: u64) -> Result<()> {
        let Trials { guards, arms, told, build_env, .. } = self;
        let mut make_room = || {
            let gone: Vec<usize> = std::mem::take(told).into_iter().collect();
            for arm in &gone {
                arms.remove(arm).iter().for_each(Arm::rest);
                let _ = build_env.remove_parked(*arm); // What stays will still be missing.
            }
            !gone.is_empty()
        };
        Ok(guards.before(what, need, &mut make_room)?)
    }

    /// Puts the directories of this arm in place.
    fn turn_to(&mut self, arm: usize) -> Result<()> {
        if self.running == Some(arm) {
            return Ok(());
        }
        self.park_running()?;
        self.build_env.unpark(arm)?;
        self.running = Some(arm);
        Ok(())
    }

    fn park_running(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        self.arms.get(&running).iter().for_each(|arm| arm.rest());
        self.build_env.park(running)
    }
}

/// How a step differs from a plain build in its profile.
fn variant(step: &Step) -> String {
    let command = match step.run {
        Task::Build => "",
        Task::Check => "check",
        Task::Test => "test",
        Task::Clean => "clean",
        Task::Collect { .. } => "collect",
    };
    let home = if step.cargo_home == Home::Elsewhere { "other CARGO_HOME" } else { "" };
    let flags = if step.distinct { "flags of its own" } else { "" };
    [command, home, flags].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

impl Executor for Trials<'_> {
    fn arms_of(&mut self, round: u32) -> Option<Vec<usize>> {
        let compared = (self.records.info(), self.experiment.baseline.as_str());
        self.pace.arms_of(round, self.plan, compared, self.records.rows(), self.measured)
    }

    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()> {
        self.build_env.supervisor.check()?;
        self.park_running()?;
        self.wait(&format!("the story of {}", self.plan.arms[arm]), 0)?;
        let strategy = self.experiment.arms[arm].strategy.clone();
        let prepared: Vec<(usize, &Prepared)> = workspaces.iter().map(|it| (*it, &self.prepared[*it])).collect();
        let opened = Arm::open(self.build_env, self.options, &self.plan.scenario, strategy, &prepared)?;
        self.arms.insert(arm, opened);
        self.running = Some(arm);
        Ok(())
    }

    fn act(&mut self, slot: &Slot, action: &Action, on_all: bool) -> Result<()> {
        self.turn_to(slot.arm)?;
        let step = &self.plan.scenario.steps[slot.step];
        let arm = self.arms.get_mut(&slot.arm).context("an arm that has not begun")?;
        let was_broken = arm.broken().is_some();
        arm.act(step, action, (!on_all).then_some(slot.workspace));
        if arm.broken().is_some() && !was_broken {
            self.guards.after_failure(&format!("`{action}` before {}", self.label(slot)))?;
        }
        self.build_env.supervisor.check().map_err(Into::into)
    }

    fn measure(&mut self, slot: &Slot) -> Result<(StepRow, Vec<UnitRow>)> {
        self.build_env.supervisor.check()?;
        self.turn_to(slot.arm)?;
        let (identity, what) = (self.identity(slot), self.label(slot));
        let kind = (&*identity.strategy, &*identity.step, &*identity.workspace);
        let measures = self.arms.get(&slot.arm).is_some_and(|arm| arm.measures(slot.workspace));
        if measures {
            self.wait(&what, self.growth.likely(kind))?;
        }
        let step = &self.plan.scenario.steps[slot.step];
        let arm = self.arms.get_mut(&slot.arm).context("an arm that has not begun")?;
        let watch = measures.then(|| self.guards.watch(&what));
        let (row, units) = arm.measure(&identity, step, slot.workspace, &mut self.memory)?;
        if let Some(took) = watch.and_then(Watch::end) {
            self.growth.learn(kind, took);
        }
        // What a guard or a signal fell into is no record, whatever came of it.
        self.build_env.supervisor.check()?;
        if measures && row.status == Status::Failed {
            self.guards.after_failure(&what)?;
        }
        self.measured += Duration::from_secs_f64(row.wall_s.unwrap_or_default());
        Ok((row, units))
    }

    fn told(&mut self, arm: usize) {
        self.told.insert(arm);
    }

    fn end(&mut self, arm: usize) -> Result<()> {
        self.told.remove(&arm);
        if !self.arms.contains_key(&arm) {
            return self.build_env.remove_parked(arm); // Room was short, so it should be gone already.
        }
        self.turn_to(arm)?;
        self.arms.remove(&arm).iter().for_each(Arm::rest);
        self.running = None;
        self.build_env.clear_arm()
    }

    fn is_recorded(&self, slot: &Slot) -> bool {
        let identity = self.identity(slot);
        self.records.contains(&StepKey {
            run: identity.run,
            round: identity.round,
            workspace: identity.workspace,
            scenario: identity.scenario,
            step: identity.step,
            strategy: identity.strategy,
        })
    }

    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        self.records.append(step, units)
    }
}
