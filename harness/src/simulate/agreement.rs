//! Simulated outcomes beside those that `compare` recorded, unit by unit.
//!
//! The steps of the recorded scenario are played in the recorded order: of each arm on its own,
//! round by round. What a trace cannot show (other lockfiles, other places, worktrees, collected
//! stores) ends the comparison of that story, and is told.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use corpora::scenario::{Action as Chore, Home, MAIN, Scenario, Step, Task as Measured};
use records::run_folder::RunFolder;
use records::{Outcome as Recorded, Status, StepRow};
use simulation::keys::{Design, View, views};
use simulation::replay::{Outcome, Replay};
use simulation::trace::{Action, PlanId, Task, Text, Trace, WorkspaceId};

use super::identity::Identity;

/// One step of one arm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// The arm.
    pub strategy: String,
    /// The step.
    pub step: String,
    /// Units of both sides.
    pub units: u64,
    /// Units whose outcome is the same.
    pub agreeing: u64,
    /// Hits that were simulated.
    pub simulated_hits: u64,
    /// Hits that were recorded.
    pub recorded_hits: u64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// By arm and step.
    pub compared: Vec<Compared>,
    /// A line for each unit whose outcome is another one.
    pub differences: Vec<String>,
    /// What was not compared, and why.
    pub left_out: Vec<String>,
}

impl Agreement {
    /// Whether something was compared, and all of it agrees.
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.compared.iter().any(|it| it.units > 0)
    }
}

/// What a scenario is played with.
pub struct Story<'a> {
    /// The scenario of the run.
    pub scenario: &'a Scenario,
    /// The file that each workspace's manifest has edited: `ws:src/main.rs`.
    pub edits: BTreeMap<String, String>,
}

/// Sets a run beside its simulation.
///
/// # Errors
/// When the run has no arm that restores units.
pub fn check(trace: &mut Trace, run: &RunFolder, story: &Story<'_>) -> Result<Agreement> {
    let arms = arms(run)?;
    // Files that are nobody's root may have no text yet.
    let mut files = BTreeMap::new();
    for (workspace, file) in &story.edits {
        files.insert(workspace.clone(), text_of(trace, file));
    }
    let designs = arms.iter().map(|(_, key)| Design::parse(key)).collect::<Result<Vec<_>, _>>()?;
    let views = views(trace, &designs);
    let mut agreement = Agreement::default();
    for ((strategy, _), view) in arms.iter().zip(&views) {
        for round in 1..=run.info.rounds.max(1) {
            let mut teller = Teller { trace, run, story, files: &files, strategy, round, agreement: &mut agreement };
            teller.tell(view);
        }
    }
    Ok(agreement)
}

/// Arms that restore units, and their key policies.
fn arms(run: &RunFolder) -> Result<Vec<(String, String)>> {
    let mut arms: Vec<(String, String)> = Vec::new();
    for row in run.steps.iter().filter(|row| row.integration.as_deref() == Some("units")) {
        if let Some(key) = &row.key
            && !arms.iter().any(|(name, _)| *name == row.strategy)
        {
            arms.push((row.strategy.clone(), key.clone()));
        }
    }
    if arms.is_empty() {
        bail!("{} has no strategy that restores units; nothing to set beside a simulation", run.info.name);
    }
    Ok(arms)
}

fn text_of(trace: &mut Trace, text: &str) -> Text {
    let at = trace.strings.iter().position(|known| known == text).unwrap_or_else(|| {
        trace.strings.push(text.to_owned());
        trace.strings.len() - 1
    });
    Text(at as u32)
}

struct Teller<'a> {
    trace: &'a Trace,
    run: &'a RunFolder,
    story: &'a Story<'a>,
    files: &'a BTreeMap<String, Text>,
    strategy: &'a str,
    round: u32,
    agreement: &'a mut Agreement,
}

impl Teller<'_> {
    fn tell(&mut self, view: &View) {
        let workspaces = &self.run.info.corpus.workspaces;
        let mut replay = Replay::new(self.trace, view);
        if self.run.info.alone() {
            for workspace in workspaces {
                replay.empty_store();
                let steps = &self.story.scenario.steps;
                if let Err(why) = steps.iter().try_for_each(|step| self.visit(&mut replay, step, workspace)) {
                    self.leave_out(&format!("{workspace}: {why}"));
                }
            }
            return;
        }
        for step in &self.story.scenario.steps {
            let chores = step.once.iter().try_for_each(|chore| match chore {
                Chore::EmptyStore => {
                    replay.empty_store();
                    Ok(())
                }
                other => Err(format!("step {} begins with {other}, which is not simulated", step.name)),
            });
            let told = chores.and_then(|()| workspaces.iter().try_for_each(|it| self.visit(&mut replay, step, it)));
            if let Err(why) = told {
                return self.leave_out(&format!("from step {} on: {why}", step.name));
            }
        }
    }

    /// A workspace that is not in the trace is left out by itself; what else cannot be played ends
    /// the story.
    fn visit(&mut self, replay: &mut Replay<'_>, step: &Step, workspace: &str) -> Result<(), String> {
        let trace = self.trace;
        let Some(id) = trace.workspaces.iter().position(|it| trace.text(it.name) == workspace) else {
            self.leave_out(&format!("{workspace}: it is not in the trace"));
            return Ok(());
        };
        let id = WorkspaceId(id as u32);
        if step.trees != [MAIN] || step.cargo_home != Home::Usual || step.distinct {
            return Err("it builds in other places, which is not simulated".to_owned());
        }
        for chore in &step.each {
            match chore {
                Chore::EmptyStore => replay.empty_store(),
                Chore::Wipe => replay.play(Action::Wipe(id)),
                Chore::Edit(_) => match self.files.get(workspace) {
                    Some(file) => replay.play(Action::Edit { workspace: id, file: *file }),
                    None => return Err(format!("nobody knows which file of {workspace} is edited")),
                },
                other => return Err(format!("{other} is not simulated")),
            }
        }
        let task = match step.run {
            Measured::Build => Task::Build,
            Measured::Test => Task::Test,
            Measured::Check => Task::Check,
            other => return Err(format!("{other} is not simulated")),
        };
        let profile = step.profile.as_deref().unwrap_or(&self.run.info.profile);
        let plan = trace
            .plans
            .iter()
            .position(|plan| plan.workspace == id && plan.task == task && trace.text(plan.profile) == profile);
        let Some(plan) = plan.map(|at| PlanId(at as u32)) else {
            return Err(format!("the trace has no {profile} {} of {workspace}", task.as_str()));
        };
        let outcomes = replay.build(plan);
        self.compare(step, workspace, plan, &outcomes);
        Ok(())
    }

    fn compare(&mut self, step: &Step, workspace: &str, plan: PlanId, outcomes: &[Outcome]) {
        let ours = |row: &&StepRow| {
            row.strategy == self.strategy
                && row.round == self.round
                && row.step == step.name
                && row.workspace == workspace
        };
        match self.run.steps.iter().find(ours) {
            Some(row) if row.status == Status::Ok => {}
            Some(row) => return self.leave_out(&format!("{workspace}, step {}: its row is {}", step.name, row.status)),
            None => return self.leave_out(&format!("step {} is not recorded of every workspace", step.name)),
        }
        let mut simulated: BTreeMap<Identity, Vec<&'static str>> = BTreeMap::new();
        for (node, outcome) in self.trace.plans[plan.at()].nodes.iter().zip(outcomes) {
            let word = match outcome {
                Outcome::Present => "present",
                Outcome::Refused => "refused",
                Outcome::Hit => "hit",
                Outcome::Miss => "miss",
            };
            simulated.entry(Identity::of_node(self.trace, *node)).or_default().push(word);
        }
        let rows = self.run.units.iter().filter(|row| {
            row.strategy == self.strategy
                && row.round == self.round
                && row.step == step.name
                && row.workspace == workspace
        });
        let mut recorded: BTreeMap<Identity, Vec<&'static str>> = BTreeMap::new();
        for row in rows {
            let word = match row.outcome {
                None => "present",
                Some(Recorded::Refused) => "refused",
                Some(Recorded::Hit) => "hit",
                Some(Recorded::Stale) => "stale",
                Some(Recorded::Miss | Recorded::Dup) => "miss",
            };
            recorded.entry(Identity::of_row(row)).or_default().push(word);
        }
        self.add(step, workspace, simulated, recorded);
    }

    fn add(
        &mut self,
        step: &Step,
        workspace: &str,
        simulated: BTreeMap<Identity, Vec<&'static str>>,
        mut recorded: BTreeMap<Identity, Vec<&'static str>>,
    ) {
        let mut compared =
            Compared { strategy: self.strategy.to_owned(), step: step.name.clone(), ..Compared::default() };
        let hits = |words: &[&str]| words.iter().filter(|word| **word == "hit").count() as u64;
        let place = format!("{workspace}, step {}, {}", step.name, self.strategy);
        for (unit, mut ours) in simulated {
            let mut theirs = recorded.remove(&unit).unwrap_or_default();
            ours.sort_unstable();
            theirs.sort_unstable();
            compared.units += ours.len().max(theirs.len()) as u64;
            compared.simulated_hits += hits(&ours);
            compared.recorded_hits += hits(&theirs);
            let same = ours.iter().filter(|word| {
                let at = theirs.iter().position(|other| other == *word);
                at.map(|at| theirs.remove(at)).is_some()
            });
            let same = same.count();
            compared.agreeing += same as u64;
            if same < ours.len() || !theirs.is_empty() {
                let others = if theirs.is_empty() { "nothing".to_owned() } else { theirs.join(", ") };
                self.agreement
                    .differences
                    .push(format!("{place}: {unit} simulated {}, recorded {others}", ours.join(", ")));
            }
        }
        for (unit, theirs) in recorded {
            compared.units += theirs.len() as u64;
            compared.recorded_hits += hits(&theirs);
            self.agreement
                .differences
                .push(format!("{place}: {unit} is not in the trace, recorded {}", theirs.join(", ")));
        }
        let known = &mut self.agreement.compared;
        match known.iter_mut().find(|it| it.strategy == compared.strategy && it.step == compared.step) {
            Some(sum) => {
                sum.units += compared.units;
                sum.agreeing += compared.agreeing;
                sum.simulated_hits += compared.simulated_hits;
                sum.recorded_hits += compared.recorded_hits;
            }
            None => known.push(compared),
        }
    }

    fn leave_out(&mut self, why: &str) {
        let line = format!("{}, round {}: {why}", self.strategy, self.round);
        if !self.agreement.left_out.contains(&line) {
            self.agreement.left_out.push(line);
        }
    }
}
