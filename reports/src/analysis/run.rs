//! A whole run understood.

use std::collections::BTreeMap;

use super::arm::{Arm, ArmAnalysis, Cell};
use crate::record::{RunInfo, Status, StepRow};
use crate::run_folder::{CutOff, RunFolder};
use crate::stats::{Comparison, compare};
use crate::summary::{self, CauseGroup, Detectable, Options, Standing, StepVerdicts, Verdicts, causes, summarise};

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
    /// Whether the verdicts say something.
    pub standing: Standing,
    /// Rounds from which every comparison could find a difference.
    pub rounds_needed: usize,
    /// In the order of the scenario.
    pub steps: Vec<StepAnalysis>,
    /// Why units were compiled again.
    pub causes: Vec<CauseGroup>,
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
        let comparisons = compare(&run.steps, &verdicts.question);
        let mut rows: BTreeMap<(&str, &str, &str), Vec<&StepRow>> = BTreeMap::new();
        for row in &run.steps {
            rows.entry((&row.scenario, &row.step, &row.strategy)).or_default().push(row);
        }
        let mut found: BTreeMap<(&str, &str, &str), Vec<&Comparison>> = BTreeMap::new();
        for it in &comparisons {
            found.entry((&it.scenario, &it.step, &it.strategy)).or_default().push(it);
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
                            let found = found.get(&key).map_or(&[][..], Vec::as_slice);
                            ArmAnalysis::of(Arm {
                                summary,
                                rows: rows.get(&key).map_or(&[][..], Vec::as_slice),
                                wall: found.iter().find(|it| it.workspace.is_none()).map(|it| (*it).clone()),
                                cells: found.iter().filter_map(|it| cell(it)).collect(),
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
            standing: verdicts.standing(),
            rounds_needed: verdicts.rounds_needed(),
            steps,
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
    /// An arm by the full name of its strategy.
    pub fn arm(&self, strategy: &str) -> Option<&ArmAnalysis> {
        self.arms.iter().find(|arm| arm.name() == strategy)
    }
}

fn judged<'a>(verdicts: &'a Verdicts, scenario: &str, step: &str) -> Option<&'a StepVerdicts> {
    verdicts.steps.iter().find(|it| it.scenario == scenario && it.step == step)
}

fn cell(comparison: &Comparison) -> Option<Cell> {
    Some(Cell {
        workspace: comparison.workspace.clone()?,
        ratio: comparison.judgement.ratio,
        verdict: comparison.judgement.verdict,
    })
}

/// What a run was compared with: `options.against`, else `none`, else its first strategy.
fn baseline_of(run: &RunFolder) -> String {
    let asked = run.info.options.get("against").and_then(|it| it.as_str()).map(str::to_owned);
    let took_part = |name: &str| run.steps.iter().any(|row| row.strategy == name);
    asked
        .or_else(|| took_part("none").then(|| "none".to_owned()))
        .or_else(|| run.info.strategies.first().cloned())
        .or_else(|| run.steps.first().map(|row| row.strategy.clone()))
        .unwrap_or_else(|| "none".to_owned())
}
