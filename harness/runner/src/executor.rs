//! The real executor of a run: slots become measured steps, measured steps become records.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use corpora::scenario::Action;
use records::run_folder::{RunFolder, RunWriter};
use records::{Status, StepKey, StepRow, UnitRow};

use super::arm::{Arm, Programs};
use super::build_env::BuildEnv;
use super::experiment::{Experiment, Options};
use super::guard::Guards;
use super::pace::{Pace, Widest};
use super::plan::{RunPlan, Slot};
use super::prepare::PreparedWorkspace;
use super::record::RunColumns;
use super::run::Executor;

/// The run folder and every step in it, also of an earlier part of the run.
///
/// The rounds of a budget follow from the rows before them, and a resumed run must choose the same. So rows are kept as
/// a reader of the folder finds them, with six decimals, and not as they were measured.
#[derive(Debug)]
pub struct Records {
    writer: RunWriter,
    rows: Vec<StepRow>,
}

impl Records {
    /// What a folder holds already.
    pub fn of(writer: RunWriter) -> Result<Records> {
        let rows = RunFolder::read_recorded(writer.dir())?.steps;
        Ok(Records { writer, rows })
    }

    fn contains(&self, key: &StepKey) -> bool {
        self.writer.contains(key)
    }

    fn append(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        self.rows.push(self.writer.append(step, units)?);
        Ok(())
    }
}

/// What a run takes: everything that was looked up, fetched and opened for it.
#[allow(missing_docs, reason = "their types have docs")]
pub struct RunParts<'a> {
    pub experiment: &'a Experiment,
    pub options: &'a Options,
    pub env: &'a BuildEnv,
    pub prepared: &'a [PreparedWorkspace],
    pub plan: &'a RunPlan,
    pub guards: Guards,
    pub widest: Box<Widest<'a>>,
}

/// Runs slots for real.
pub struct RealExecutor<'a> {
    parts: RunParts<'a>,
    columns: RunColumns<'a>,
    records: Records,
    pace: Pace,
    arms: BTreeMap<usize, Arm<'a>>,
    running: Option<usize>,
    programs: Programs,
    measured: Duration,
    done: BTreeSet<usize>,
}

impl<'a> RealExecutor<'a> {
    /// An executor that goes on with these records.
    pub fn new(parts: RunParts<'a>, records: Records) -> RealExecutor<'a> {
        let info = records.writer.info();
        let columns = RunColumns {
            run: info.name.clone(),
            corpus: info.corpus.name.clone(),
            toolchain: parts.env.toolchain.rustc_line(),
            second_toolchain: parts.env.second.as_ref().map(|second| second.toolchain.rustc_line()),
            unit_dirs: parts.env.toolchain.has_unit_dirs(),
            profile: parts.options.profile.clone(),
            plan: parts.plan,
        };
        RealExecutor {
            pace: Pace::of(parts.options, &records.rows),
            columns,
            parts,
            records,
            arms: BTreeMap::new(),
            running: None,
            programs: Programs::new(),
            measured: Duration::ZERO,
            done: BTreeSet::new(),
        }
    }

    /// The run folder, and the time inside measured builds.
    pub fn finish(self) -> (RunWriter, Duration) {
        (self.records.writer, self.measured)
    }

    fn label(&self, slot: &Slot) -> String {
        let RunPlan { arms, scenario, workspaces, .. } = self.parts.plan;
        let (step, workspace) = (&scenario.steps[slot.step].name, &workspaces[slot.workspace]);
        format!("the step {step} of {workspace} under {}", arms[slot.arm])
    }

    fn wait(&mut self, what: &str) -> Result<()> {
        let RealExecutor { parts, arms, done, .. } = self;
        let mut make_room = || {
            let gone: Vec<usize> = std::mem::take(done).into_iter().collect();
            for arm in &gone {
                arms.remove(arm).iter().for_each(Arm::pause);
                let _ = parts.env.remove_parked(*arm); // What stays will still be missing.
            }
            !gone.is_empty()
        };
        Ok(parts.guards.before(what, &mut make_room)?)
    }

    fn turn_to(&mut self, arm: usize) -> Result<()> {
        if self.running == Some(arm) {
            return Ok(());
        }
        self.park_running()?;
        self.parts.env.unpark(arm)?;
        self.running = Some(arm);
        Ok(())
    }

    fn park_running(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        self.arms.get(&running).iter().for_each(|arm| arm.pause());
        self.parts.env.park(running)
    }
}

impl Executor for RealExecutor<'_> {
    fn arms_of(&mut self, round: u32) -> Option<Vec<usize>> {
        let compared = (&*self.parts.widest, self.parts.experiment.baseline.as_str());
        self.pace.arms_of(round, self.parts.plan, compared, &self.records.rows, self.measured)
    }

    fn begin(&mut self, arm: usize, workspaces: &[usize]) -> Result<()> {
        self.parts.env.supervisor.check()?;
        self.park_running()?;
        self.wait(&format!("the first step under {}", self.parts.plan.arms[arm]))?;
        let RunParts { experiment, options, env, prepared, plan, .. } = &self.parts;
        let prepared: Vec<(usize, &PreparedWorkspace)> = workspaces.iter().map(|it| (*it, &prepared[*it])).collect();
        let opened = Arm::open(env, options, &plan.scenario, &experiment.arms[arm], &prepared)?;
        self.arms.insert(arm, opened);
        self.running = Some(arm);
        Ok(())
    }

    fn act(&mut self, slot: &Slot, action: &Action, on_all: bool) -> Result<()> {
        self.turn_to(slot.arm)?;
        let arm = self.arms.get_mut(&slot.arm).context("an arm that has not begun")?;
        let was_broken = arm.broken().is_some();
        arm.act(slot, action, on_all);
        if arm.broken().is_some() && !was_broken {
            self.parts.guards.after_failure(&format!("`{action}` before {}", self.label(slot)))?;
        }
        self.parts.env.supervisor.check().map_err(Into::into)
    }

    fn measure(&mut self, slot: &Slot) -> Result<(StepRow, Vec<UnitRow>)> {
        self.parts.env.supervisor.check()?;
        self.turn_to(slot.arm)?;
        let what = self.label(slot);
        let measures = self.arms.get(&slot.arm).is_some_and(|arm| arm.measures(slot.workspace));
        if measures {
            self.wait(&what)?;
        }
        let arm = self.arms.get_mut(&slot.arm).context("an arm that has not begun")?;
        let watch = measures.then(|| self.parts.guards.watch(&what));
        let outcome = arm.run(slot, &mut self.programs)?;
        drop(watch);
        // What a guard or a signal fell into is no record, whatever came of it.
        self.parts.env.supervisor.check()?;
        let strategy = &self.parts.experiment.arms[slot.arm].strategy;
        let (row, units) = self.columns.rows(slot, strategy, &outcome);
        if measures && row.status == Status::Failed {
            self.parts.guards.after_failure(&what)?;
        }
        self.measured += Duration::from_secs_f64(row.wall_s.unwrap_or_default());
        Ok((row, units))
    }

    fn last_slot_done(&mut self, arm: usize) {
        self.done.insert(arm);
    }

    fn end(&mut self, arm: usize) -> Result<()> {
        self.done.remove(&arm);
        if !self.arms.contains_key(&arm) {
            return self.parts.env.remove_parked(arm); // Room was short, so it should be gone already.
        }
        self.turn_to(arm)?;
        self.arms.remove(&arm).iter().for_each(Arm::pause);
        self.running = None;
        self.parts.env.clear_arm()
    }

    fn is_recorded(&self, slot: &Slot) -> bool {
        self.records.contains(&self.columns.key(slot))
    }

    fn record(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        self.records.append(step, units)
    }
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
