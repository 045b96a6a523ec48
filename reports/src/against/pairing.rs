//! Which values of two runs are compared.

use std::collections::BTreeMap;

use crate::analysis::{AnalysedRun, Analysis, ArmAnalysis};
use crate::stats::PairedSample;
use records::{Status, StepRow};

/// One strategy in one step of both runs, with its sample of new ÷ old.
pub(super) struct Pairs<'a> {
    pub scenario: &'a str,
    pub step: &'a str,
    pub new: &'a ArmAnalysis,
    pub old: &'a ArmAnalysis,
    pub bare: bool,
    pub sample: PairedSample,
}

pub(super) fn strategies(run: &Analysis) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for arm in run.steps.iter().flat_map(|step| &step.arms) {
        if !names.iter().any(|name| name == arm.name()) {
            names.push(arm.name().to_owned());
        }
    }
    names
}

pub(super) fn pairs<'a>(new: AnalysedRun<'a>, old: AnalysedRun<'a>, baseline: &str) -> Vec<Pairs<'a>> {
    let (of_new, of_old) = (walls(new), walls(old));
    let mut pairs = Vec::new();
    for step in &new.analysis.steps {
        let twin = old.analysis.steps.iter().find(|it| it.scenario == step.scenario && it.step == step.step);
        let Some(twin) = twin else { continue };
        for arm in &step.arms {
            let Some(other) = twin.arm(arm.name()) else { continue };
            let bare = arm.name() == baseline;
            let place = |strategy: &str| (step.scenario.clone(), step.step.clone(), strategy.to_owned());
            let values = |walls: &Walls| values(walls, &place(arm.name()), &place(baseline), bare);
            let (fresh, stale) = (values(&of_new), values(&of_old));
            let mut sample = PairedSample::new(format!("{}/{}/{}/against", step.scenario, step.step, arm.name()));
            for ((round, workspace), value) in &fresh {
                if let Some(before) = stale.get(&(*round, workspace.clone())) {
                    sample.add(workspace, *round, *value, *before);
                }
            }
            pairs.push(Pairs { scenario: &step.scenario, step: &step.step, new: arm, old: other, bare, sample });
        }
    }
    pairs
}

/// Scenario, step, strategy.
type PairPlace = (String, String, String);
/// Wall seconds of rows that count, by round and workspace.
type Walls = BTreeMap<PairPlace, BTreeMap<(u32, String), f64>>;

fn walls(run: AnalysedRun<'_>) -> Walls {
    let mut walls = Walls::new();
    let counts = |row: &&StepRow| row.status == Status::Ok;
    for row in run.folder.steps.iter().filter(counts) {
        if let Some(wall) = row.wall_s {
            let place = (row.scenario.clone(), row.step.clone(), row.strategy.clone());
            walls.entry(place).or_default().insert((row.round, row.workspace.clone()), wall);
        }
    }
    walls
}

/// Ratios to the baseline of the same round and workspace; of the baseline itself, times.
fn values(walls: &Walls, arm: &PairPlace, baseline: &PairPlace, bare: bool) -> BTreeMap<(u32, String), f64> {
    let (Some(own), Some(base)) = (walls.get(arm), walls.get(baseline)) else { return BTreeMap::new() };
    if bare {
        return own.clone();
    }
    let ratio =
        |(cell, wall): (&(u32, String), &f64)| Some((cell.clone(), wall / base.get(cell).filter(|it| **it > 0.0)?));
    own.iter().filter_map(ratio).collect()
}
