//! The real executor: moments become measured steps, measured steps become records.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use corpora::scenario::{Action, Home, Step, Task};
use records::run_folder::RunWriter;
use records::{Status, StepKey, StepRow, UnitRow};

use super::arm::{Arm, Memory};
use super::asked::Asked;
use super::lab::Lab;
use super::options::Options;
use super::pace::Pace;
use super::plan::{Moment, Plan};
use super::prepare::Prepared;
use super::recorded::Records;
use super::rows::Identity;
use super::run::Executor;
use crate::guard::growth::Growth;
use crate::guard::guarding::Guards;
use crate::guard::watch::Watch;

/// Runs moments for real.
#[derive(Debug)]
pub struct Trials<'a> {
    asked: &'a Asked,
    options: &'a Options,
    lab: &'a Lab,
    prepared: &'a [Prepared],
    plan: &'a Plan,
    records: Records,
    pace: Pace,
    /// The arms of this telling.
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
        asked: &'a Asked,
        options: &'a Options,
        lab: &'a Lab,
        prepared: &'a [Prepared],
        plan: &'a Plan,
        records: Records,
        guards: Guards,
    ) -> Trials<'a> {
        Trials {
            asked,
            options,
            lab,
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

    fn identity(&self, moment: &Moment) -> Identity {
        let info = self.records.info();
        let step = &self.plan.scenario.steps[moment.step];
        Identity {
            run: info.name.clone(),
            round: moment.round,
            position: moment.position,
            corpus: info.corpus.name.clone(),
            workspace: self.plan.workspaces[moment.workspace].clone(),
            scenario: info.scenario.clone(),
            step: step.name.clone(),
            strategy: self.plan.arms[moment.arm].clone(),
            toolchain: self.lab.toolchain.rustc_verbose.lines().next().unwrap_or_default().to_owned(),
            profile: step.profile.clone().unwrap_or_else(|| self.options.profile.clone()),
            variant: variant(step),
        }
    }

    /// What a moment is, for people.
    fn label(&self, moment: &Moment) -> String {
        let Plan { arms, scenario, workspaces, .. } = self.plan;
        let (step, workspace) = (&scenario.steps[moment.step].name, &workspaces[moment.workspace]);
        format!("the step {step} of {workspace} under {}", arms[moment.arm])
    }

    /// Waits until the machine lets a step begin that is likely to take `need` bytes.
    fn wait(&mut self, what: &str, need: u64) -> Result<()> {
        let Trials { guards, arms, told, lab, .. } = self;
        let mut make_room = || {
            let gone: Vec<usize> = std::mem::take(told).into_iter().collect();
            for arm in &gone {
                arms.remove(arm).iter().for_each(Arm::rest);
                let _ = lab.remove_parked(*arm); // What stays will still be missing.
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
        self.lab.unpark(arm)?;
        self.running = Some(arm);
        Ok(())
    }

    fn park_running(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        self.arms.get(&running).iter().for_each(|arm| arm.rest());
        self.lab.park(running)
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
        let compared = (self.records.info(), self.asked.baseline.as_str());
        self.pace.arms_of(round, self.plan, compared, self.records.rows(), self.measured)
    }

    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()> {
        self.lab.supervisor.check()?;
        self.park_running()?;
        self.wait(&format!("the story of {}", self.plan.arms[arm]), 0)?;
        let strategy = self.asked.arms[arm].strategy.clone();
        let prepared: Vec<(usize, &Prepared)> = workspaces.iter().map(|it| (*it, &self.prepared[*it])).collect();
        let opened = Arm::open(self.lab, self.options, &self.plan.scenario, strategy, &prepared)?;
        self.arms.insert(arm, opened);
        self.running = Some(arm);
        Ok(())
    }

    fn act(&mut self, moment: &Moment, action: &Action, on_all: bool) -> Result<()> {
        self.turn_to(moment.arm)?;
        let step = &self.plan.scenario.steps[moment.step];
        let arm = self.arms.get_mut(&moment.arm).context("an arm that has not begun")?;
        let was_broken = arm.broken().is_some();
        arm.act(step, action, (!on_all).then_some(moment.workspace));
        if arm.broken().is_some() && !was_broken {
            self.guards.after_failure(&format!("`{action}` before {}", self.label(moment)))?;
        }
        self.lab.supervisor.check().map_err(Into::into)
    }

    fn measure(&mut self, moment: &Moment) -> Result<(StepRow, Vec<UnitRow>)> {
        self.lab.supervisor.check()?;
        self.turn_to(moment.arm)?;
        let (identity, what) = (self.identity(moment), self.label(moment));
        let kind = (&*identity.strategy, &*identity.step, &*identity.workspace);
        let measures = self.arms.get(&moment.arm).is_some_and(|arm| arm.measures(moment.workspace));
        if measures {
            self.wait(&what, self.growth.likely(kind))?;
        }
        let step = &self.plan.scenario.steps[moment.step];
        let arm = self.arms.get_mut(&moment.arm).context("an arm that has not begun")?;
        let watch = measures.then(|| self.guards.watch(&what));
        let (row, units) = arm.measure(&identity, step, moment.workspace, &mut self.memory)?;
        if let Some(took) = watch.and_then(Watch::end) {
            self.growth.learn(kind, took);
        }
        // What a guard or a signal fell into is no record, whatever came of it.
        self.lab.supervisor.check()?;
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
            return self.lab.remove_parked(arm); // Room was short, so it should be gone already.
        }
        self.turn_to(arm)?;
        self.arms.remove(&arm).iter().for_each(Arm::rest);
        self.running = None;
        self.lab.clear_arm()
    }

    fn is_recorded(&self, moment: &Moment) -> bool {
        let identity = self.identity(moment);
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
