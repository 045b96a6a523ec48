//! A whole run understood.

use std::collections::BTreeMap;

use super::arm::{Arm, ArmAnalysis, Cell};
use crate::stats::{Local, local};
use crate::summary::{self, CauseGroup, Detectable, Options, StepVerdicts, Verdicts, causes, summarise};
use records::run_folder::{CutOff, RunFolder};
use records::{RunInfo, Status, StepRow};

/// A run of `harness compare`.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Under which conditions it was taken.
    pub info: RunInfo,
    /// The strategy that others are compared with.
    pub baseline: String,
    /// Rows of `steps.csv`.
    pub rows: usize,
    /// Of them, rows that count.
    pub ok_rows: usize,
    /// What reading left out.
    pub cut: CutOff,
    /// Every comparison of its arms with the baseline, by step.
    pub verdicts: Verdicts,
    /// In the order of the scenario.
    pub steps: Vec<StepAnalysis>,
    /// Why units were compiled again.
    pub causes: Vec<CauseGroup>,
}

/// A run with what was made of it: for those who need its rows, too.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What was made of it.
    pub analysis: &'a Analysis,
    /// Its rows.
    pub folder: &'a RunFolder,
}

/// One step with all its arms.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnalysis {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Distinct workspaces with a row.
    pub workspaces: usize,
    /// Distinct rounds with a row.
    pub rounds: usize,
    /// Whether it frees space instead of building.
    pub cleans: bool,
    /// In the order they were asked for, the baseline first.
    pub arms: Vec<ArmAnalysis>,
    /// What would have been found in an arm as noisy as the noisiest without a difference.
    pub detectable: Option<Detectable>,
}

impl Analysis {
    /// Understands a run. `baseline` is the strategy that others are compared with; without
    /// one it is what the run was asked for, else `none` if it took part, else the first.
    pub fn of(run: &RunFolder, baseline: Option<&str>) -> Self {
        let baseline = baseline.map_or_else(|| baseline_of(run), str::to_owned);
        let options = Options { baseline: baseline.clone(), ..Options::default() };
        let verdicts = summary::verdicts(run, &options);
        let locals = local(&run.steps, &verdicts.question);
        let mut rows: BTreeMap<(&str, &str, &str), Vec<&StepRow>> = BTreeMap::new();
        for row in &run.steps {
            rows.entry((&row.scenario, &row.step, &row.strategy)).or_default().push(row);
        }
        let mut cells: BTreeMap<(&str, &str, &str), Vec<&Local>> = BTreeMap::new();
        for it in &locals {
            cells.entry((&it.scenario, &it.step, &it.strategy)).or_default().push(it);
        }
        let steps = summarise(run, &options)
            .into_iter()
            .map(|step| {
                let judged = judged(&verdicts, &step.scenario, &step.step);
                StepAnalysis {
                    cleans: step.cleans(),
                    workspaces: step.workspaces,
                    rounds: step.rounds,
                    detectable: judged.and_then(|it| it.at_worst.clone()),
                    arms: step
                        .arms
                        .into_iter()
                        .map(|summary| {
                            let strategy = summary.strategy.clone();
                            let key = (step.scenario.as_str(), step.step.as_str(), strategy.as_str());
                            let cells = cells.get(&key).map_or(&[][..], Vec::as_slice);
                            ArmAnalysis::of(Arm {
                                summary,
                                rows: rows.get(&key).map_or(&[][..], Vec::as_slice),
                                wall: judged.and_then(|it| it.of(&strategy)).cloned(),
                                cells: cells.iter().map(|it| cell(it)).collect(),
                                alone: run.info.alone(),
                                order: &run.info.corpus.workspaces,
                            })
                        })
                        .collect(),
                    scenario: step.scenario,
                    step: step.step,
                }
            })
            .collect();
        Self {
            rows: run.steps.len(),
            ok_rows: run.steps.iter().filter(|row| row.status == Status::Ok).count(),
            cut: run.cut,
            steps,
            verdicts,
            causes: causes(run, &options),
            info: run.info.clone(),
            baseline,
        }
    }

    /// A step by name, whatever the scenario.
    pub fn step(&self, name: &str) -> Option<&StepAnalysis> {
        self.steps.iter().find(|step| step.step == name)
    }
}

impl StepAnalysis {
    /// What an arm is called beside others: with how many workspaces its numbers are over,
    /// where these are not all of the step.
    pub fn label(&self, arm: &ArmAnalysis) -> String {
        match arm.summary.workspaces {
            0 => arm.name().to_owned(),
            some if some < self.workspaces => format!("{} ({some} of {} workspaces)", arm.name(), self.workspaces),
            _ => arm.name().to_owned(),
        }
    }

    /// Arms whose sums may stand beside each other: those with all workspaces of the step.
    pub fn whole(&self) -> impl Iterator<Item = &ArmAnalysis> + Clone {
        self.arms.iter().filter(|arm| arm.summary.workspaces == self.workspaces)
    }

    /// An arm by the full name of its strategy.
    pub fn arm(&self, strategy: &str) -> Option<&ArmAnalysis> {
        self.arms.iter().find(|arm| arm.name() == strategy)
    }
}

fn judged<'a>(verdicts: &'a Verdicts, scenario: &str, step: &str) -> Option<&'a StepVerdicts> {
    verdicts.steps.iter().find(|it| it.scenario == scenario && it.step == step)
}

fn cell(local: &Local) -> Cell {
    Cell { workspace: local.workspace.clone(), ratio: local.ratio, pairs: local.pairs }
}

/// What a run was compared with, of the strategies that took part: `options.against`, else
/// `none`, else the first that was asked for.
pub fn baseline_of(run: &RunFolder) -> String {
    let took_part = |name: &&str| run.steps.iter().any(|row| row.strategy == *name);
    let asked = run.info.options.get("against").and_then(|it| it.as_str());
    let listed = run.info.strategies.iter().map(String::as_str);
    let present = run.steps.first().map(|row| row.strategy.as_str());
    let mut candidates = asked.into_iter().chain(["none"]).chain(listed).chain(present);
    candidates.find(took_part).unwrap_or("none").to_owned()
}
