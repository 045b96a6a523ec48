//! Simulated outcomes compared with those that `compare` recorded, unit by unit.
//!
//! The steps of the recorded scenario are replayed in the recorded order: each arm by itself, round by round. What a trace
//! does not contain (other lockfiles, other places, worktrees, collected stores) ends the comparison of that arm and is
//! reported.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use corpora::scenario::{Action, Fingerprint, Home, MAIN, Scenario, Step, Task};
use records::run_folder::RunFolder;
use records::{Outcome, Status, UnitRow};
use simulation::keys::{KeyDesign, KeyView, views};
use simulation::replay::{ReplayedOutcome, StoreReplay};
use simulation::trace::{NodeId, PlanId, Text, Trace, TraceAction, TraceTask, WorkspaceId};
use strategies::explain::MissReason;
use strategies::key::Input;
use strategies::option::{StrategyOption, StrategyOptions};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepAgreement {
    pub strategy: String,
    pub step: String,
    pub units: u64,
    pub agreeing: u64,
    pub simulated_hits: u64,
    pub recorded_hits: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    pub compared: Vec<StepAgreement>,
    /// A line for each unit whose outcomes differ.
    pub differences: Vec<String>,
    /// What was not compared, an arm in a round, and why.
    pub left_out: Vec<(String, String)>,
}

impl Agreement {
    /// Whether something was compared, and all of it agrees.
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.compared.iter().any(|it| it.units > 0)
    }
}

/// Compares a run with its simulation. `edits` has the file that a scenario edits in each workspace: `ws:src/main.rs`.
pub fn check(
    trace: &mut Trace,
    run: &RunFolder,
    scenario: &Scenario,
    edits: &BTreeMap<String, String>,
) -> Result<Agreement> {
    let arms = arms(run)?;
    let files: BTreeMap<&str, Text> = edits.iter().map(|(name, file)| (name.as_str(), text_of(trace, file))).collect();
    let designs = arms.iter().map(|arm| KeyDesign::parse(&arm.design)).collect::<Result<Vec<_>, _>>()?;
    let views = views(trace, &designs);
    let mut agreement = Agreement::default();
    for (arm, view) in arms.iter().zip(&views) {
        for round in 1..=run.info.rounds.max(1) {
            let agreement = &mut agreement;
            ArmCheck { trace, run, scenario, files: &files, arm, round, agreement }.replay(view);
        }
    }
    Ok(agreement)
}

/// An arm that restores units.
struct UnitsArm {
    strategy: String,
    /// Its key policy, with the inputs that its keys lack.
    design: String,
    options: StrategyOptions,
    /// Whether its keys are wrong on purpose.
    lacks_inputs: bool,
}

fn arms(run: &RunFolder) -> Result<Vec<UnitsArm>> {
    let mut arms: Vec<UnitsArm> = Vec::new();
    for row in run.steps.iter().filter(|row| row.integration.as_deref() == Some("units")) {
        if let Some(key) = &row.key
            && !arms.iter().any(|arm| arm.strategy == row.strategy)
        {
            let in_name = row.strategy.find('~').map_or("", |at| &row.strategy[at..]);
            let words = row.options.as_deref().unwrap_or(in_name).split('~').filter(|word| !word.is_empty());
            let (chosen, of_keys): (Vec<&str>, Vec<&str>) =
                words.partition(|word| StrategyOption::ALL.iter().any(|option| option.name() == *word));
            let mut options = StrategyOptions::default();
            StrategyOption::ALL.into_iter().filter(|it| chosen.contains(&it.name())).for_each(|it| options.add(it));
            let design: String = of_keys.iter().flat_map(|word| ["~", word]).collect();
            arms.push(UnitsArm {
                strategy: row.strategy.clone(),
                design: format!("{key}{design}"),
                options,
                lacks_inputs: !of_keys.is_empty(),
            });
        }
    }
    if arms.is_empty() {
        bail!("{} has no strategy that restores units; there is nothing to compare with a simulation", run.info.name);
    }
    Ok(arms)
}

/// The index of a text, which is added if it is new: an edited file may not be the root of any unit.
fn text_of(trace: &mut Trace, text: &str) -> Text {
    let at = trace.strings.iter().position(|known| known == text).unwrap_or_else(|| {
        trace.strings.push(text.to_owned());
        trace.strings.len() - 1
    });
    Text(at as u32)
}

/// Every outcome there is, in words.
const WORDS: [&str; 6] = ["present", "refused", "hit", "miss", DISPLACED, "stale"];

const DISPLACED: &str = MissReason::Displaced.as_str();
const DEPENDENCY: &str = MissReason::Dependency.as_str();

/// Recorded of a unit that was not found since Cargo compiled a restored dependency again, which gave it other contents.
const BELOW_STALE: &str = "miss below stale";

/// The outcomes of a step, by unit: units that look the same may have several.
type Outcomes = BTreeMap<UnitIdentity, Vec<&'static str>>;

struct ArmCheck<'a> {
    trace: &'a Trace,
    run: &'a RunFolder,
    scenario: &'a Scenario,
    files: &'a BTreeMap<&'a str, Text>,
    arm: &'a UnitsArm,
    round: u32,
    agreement: &'a mut Agreement,
}

impl ArmCheck<'_> {
    fn replay(&mut self, view: &KeyView) {
        let (run, steps) = (self.run, &self.scenario.steps);
        let workspaces = run.order_in(self.round);
        if let Some(step) = steps.iter().find(|step| !step.settings().is_empty()) {
            return self.leave_out(&format!(
                "step {} is built with {}, which no trace has",
                step.name,
                step.settings()
            ));
        }
        if self.arm.options.has(StrategyOption::SkipEdits) {
            return self.leave_out("what ~skip-edits does not publish is not simulated");
        }
        let mut replay = StoreReplay::new(self.trace, view);
        if self.arm.options.has(StrategyOption::SingleSlot) {
            replay = replay.with_single_slots();
        }
        if self.run.info.alone() {
            for workspace in &workspaces {
                replay.empty_store();
                if let Err(why) = steps.iter().try_for_each(|step| self.visit(&mut replay, step, workspace)) {
                    self.leave_out(&format!("{workspace}: {why}"));
                }
            }
            return;
        }
        for step in steps {
            let before = step.once.iter().try_for_each(|action| match action {
                Action::EmptyStore => {
                    replay.empty_store();
                    Ok(())
                }
                other => Err(format!("step {} begins with {other}, which is not simulated", step.name)),
            });
            let visits = before.and_then(|()| workspaces.iter().try_for_each(|it| self.visit(&mut replay, step, it)));
            if let Err(why) = visits {
                return self.leave_out(&format!("from step {} on: {why}", step.name));
            }
        }
    }

    /// A workspace that is not in the trace is left out by itself; anything else that cannot be replayed ends the arm.
    fn visit(&mut self, replay: &mut StoreReplay<'_>, step: &Step, workspace: &str) -> Result<(), String> {
        let trace = self.trace;
        let Some(id) = trace.workspaces.iter().position(|it| trace.text(it.name) == workspace) else {
            self.leave_out(&format!("{workspace}: it is not in the trace"));
            return Ok(());
        };
        let id = WorkspaceId(id as u32);
        if step.fingerprint == Fingerprint::Content {
            return Err("it compares contents, which is not simulated".to_owned());
        }
        if step.trees != [MAIN] || step.cargo_home != Home::Usual || step.distinct {
            return Err("it builds in other places, which is not simulated".to_owned());
        }
        for action in &step.each {
            match action {
                Action::EmptyStore => replay.empty_store(),
                Action::Wipe => replay.play(TraceAction::Wipe(id)),
                Action::Edit(_) => match self.files.get(workspace) {
                    Some(file) => replay.play(TraceAction::Edit { workspace: id, file: *file }),
                    None => return Err(format!("the corpus does not say which file of {workspace} is edited")),
                },
                other => return Err(format!("{other} is not simulated")),
            }
        }
        let task = match step.run {
            Task::Build => TraceTask::Build,
            Task::Test => TraceTask::Test,
            Task::Check => TraceTask::Check,
            other => return Err(format!("{other} is not simulated")),
        };
        let profile = step.profile.as_deref().unwrap_or(&self.run.info.profile);
        let plan = trace
            .plans
            .iter()
            .position(|plan| plan.workspace == id && plan.task == task && trace.text(plan.profile) == profile)
            .ok_or_else(|| format!("the trace has no {profile} {} of {workspace}", task.as_str()))?;
        let outcomes = replay.build(PlanId(plan as u32));
        let mut simulated = Outcomes::new();
        for (node, outcome) in trace.plans[plan].nodes.iter().zip(outcomes) {
            let word = match outcome {
                ReplayedOutcome::Present => "present",
                ReplayedOutcome::Refused => "refused",
                ReplayedOutcome::Hit => "hit",
                ReplayedOutcome::Miss => "miss",
                ReplayedOutcome::Displaced => DISPLACED,
            };
            simulated.entry(identity_of_node(trace, *node)).or_default().push(word);
        }
        match self.recorded(step, workspace) {
            Ok(recorded) => self.compare(step, workspace, simulated, recorded),
            Err(why) => self.leave_out(&why),
        }
        Ok(())
    }

    /// The recorded outcomes of a step in a workspace, or why they cannot be compared.
    fn recorded(&self, step: &Step, workspace: &str) -> Result<Outcomes, String> {
        let is_ours = |strategy: &str, round: u32, name: &str, of: &str| {
            (strategy, round, name, of) == (self.arm.strategy.as_str(), self.round, step.name.as_str(), workspace)
        };
        let row = self.run.steps.iter().find(|row| is_ours(&row.strategy, row.round, &row.step, &row.workspace));
        match row {
            Some(row) if row.status == Status::Ok => {}
            Some(row) => return Err(format!("{workspace}, step {}: its row is {}", step.name, row.status)),
            None => return Err(format!("step {} is not recorded of every workspace", step.name)),
        }
        let here = |row: &&UnitRow| is_ours(&row.strategy, row.round, &row.step, &row.workspace);
        let units: Vec<_> = self.run.units.iter().filter(here).collect();
        // A replay knows nothing of what Cargo makes of a hit.
        let is_stale = self.arm.lacks_inputs && units.iter().any(|row| row.outcome == Some(Outcome::Stale));
        let mut recorded = Outcomes::new();
        for row in units {
            let word = match row.outcome {
                None => "present",
                Some(Outcome::Refused) => "refused",
                Some(Outcome::Hit) => "hit",
                // The key matched; that Cargo knows better is what such an arm is there to show.
                Some(Outcome::Stale) if self.arm.lacks_inputs => "hit",
                Some(Outcome::Stale) => "stale",
                Some(Outcome::Miss | Outcome::Dup) if row.reason == DISPLACED => DISPLACED,
                Some(Outcome::Miss | Outcome::Dup) if is_stale && row.reason == DEPENDENCY => BELOW_STALE,
                Some(Outcome::Miss | Outcome::Dup) => "miss",
            };
            let unit = identity([&row.package, &row.version, &row.kind, &row.target, &row.mode], &row.platform);
            recorded.entry(unit).or_default().push(word);
        }
        Ok(recorded)
    }

    fn compare(&mut self, step: &Step, workspace: &str, simulated: Outcomes, recorded: Outcomes) {
        let compared = &mut self.agreement.compared;
        let at = compared.iter().position(|it| it.strategy == self.arm.strategy && it.step == step.name);
        let at = at.unwrap_or_else(|| {
            let (strategy, step) = (self.arm.strategy.clone(), step.name.clone());
            compared.push(StepAgreement { strategy, step, ..StepAgreement::default() });
            compared.len() - 1
        });
        let sum = &mut compared[at];
        let hits = |words: &[&str]| words.iter().filter(|word| **word == "hit").count() as u64;
        let mut units: BTreeMap<UnitIdentity, [Vec<&str>; 2]> = BTreeMap::new();
        for (side, outcomes) in [simulated, recorded].into_iter().enumerate() {
            outcomes.into_iter().for_each(|(unit, words)| units.entry(unit).or_default()[side] = words);
        }
        let mut below_stale = 0;
        for ((unit, _), [mut ours, mut theirs]) in units {
            if theirs.contains(&BELOW_STALE) && !ours.contains(&"miss") {
                below_stale += theirs.len();
                continue;
            }
            theirs.iter_mut().filter(|word| **word == BELOW_STALE).for_each(|word| *word = "miss");
            ours.sort_unstable();
            theirs.sort_unstable();
            sum.units += ours.len().max(theirs.len()) as u64;
            sum.simulated_hits += hits(&ours);
            sum.recorded_hits += hits(&theirs);
            let count = |words: &[&str], word: &str| words.iter().filter(|other| **other == word).count();
            let same: usize = WORDS.iter().map(|word| count(&ours, word).min(count(&theirs, word))).sum();
            sum.agreeing += same as u64;
            if same < ours.len().max(theirs.len()) {
                let place = format!("{workspace}, step {}, {}", step.name, self.arm.strategy);
                let words = |words: &[&str]| if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
                let line = match ours.is_empty() {
                    true => format!("{place}: {unit} is not in the trace, recorded {}", words(&theirs)),
                    false => format!("{place}: {unit} simulated {}, recorded {}", words(&ours), words(&theirs)),
                };
                self.agreement.differences.push(line);
            }
        }
        if below_stale > 0 {
            self.leave_out(&format!(
                "{workspace}, step {}: {below_stale} units whose dependencies Cargo compiled again after restoring them",
                step.name
            ));
        }
    }

    fn leave_out(&mut self, why: &str) {
        let left_out = (format!("{}, round {}", self.arm.strategy, self.round), why.to_owned());
        if !self.agreement.left_out.contains(&left_out) {
            self.agreement.left_out.push(left_out);
        }
    }
}

/// Identifies a unit in a recorded row and in a trace: as it is shown, and its platform.
pub(super) type UnitIdentity = (String, String);

pub(super) fn identity([package, version, kind, target, mode]: [&str; 5], platform: &str) -> UnitIdentity {
    (format!("{package} {version} ({kind} {target}, {mode})"), platform.to_owned())
}

pub(super) fn identity_of_node(trace: &Trace, node: NodeId) -> UnitIdentity {
    let text = |input: Input| trace.text(trace.unit(node)[input]);
    let kind = text(Input::TargetKind).replace(',', "+");
    let [package, version, target] = [Input::PackageName, Input::Version, Input::TargetName].map(text);
    identity([package, version, &kind, target, text(Input::Mode)], text(Input::Platform))
}
