//! Which values of two runs are compared.

use std::collections::BTreeMap;

use crate::analysis::{AnalysedRun, Analysis, ArmAnalysis};
use crate::stats::PairedSample;
use records::{Status, StepRow};

/// One strategy in one step of both runs, with its new and old sample.
pub(super) struct Pairs<'a> {
    pub scenario: &'a str,
    pub step: &'a str,
    pub new: &'a ArmAnalysis,
    pub old: &'a ArmAnalysis,
    pub bare: bool,
    pub samples: (PairedSample, PairedSample),
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

/// The samples of both runs for each step and strategy; `disturbed` rows count only for what is there at all.
pub(super) fn pairs<'a>(new: AnalysedRun<'a>, old: AnalysedRun<'a>, baseline: &str, disturbed: bool) -> Vec<Pairs<'a>> {
    let (of_new, of_old) = (walls(new, disturbed), walls(old, disturbed));
    let mut pairs = Vec::new();
    for step in &new.analysis.steps {
        let twin = old.analysis.steps.iter().find(|it| it.scenario == step.scenario && it.step == step.step);
        let Some(twin) = twin else { continue };
        let is_first = new.analysis.begins_scenario(step);
        for arm in &step.arms {
            let Some(other) = twin.arm(arm.name()) else { continue };
            let bare = arm.name() == baseline;
            let place = |strategy: &str| (step.scenario.clone(), step.step.clone(), strategy.to_owned());
            let (own, base) = (place(arm.name()), place(baseline));
            let mut samples = (sample(&of_new, &own, &base), sample(&of_old, &own, &base));
            // What a workspace finds in a store that fills depends on those before it in the round.
            if is_first && !arm.by_store_position.is_empty() && arm.numbers.hit_rate.is_some() {
                samples.0.by_whole_rounds();
            }
            pairs.push(Pairs { scenario: &step.scenario, step: &step.step, new: arm, old: other, bare, samples });
        }
    }
    pairs
}

/// Scenario, step, strategy.
type PairPlace = (String, String, String);
/// Wall seconds of rows that count, by round and workspace.
type Walls = BTreeMap<PairPlace, BTreeMap<(u32, String), f64>>;

fn walls(run: AnalysedRun<'_>, disturbed: bool) -> Walls {
    let mut walls = Walls::new();
    let counts = |row: &&StepRow| row.status == Status::Ok && (disturbed || row.disturbed().is_none());
    for row in run.folder.steps.iter().filter(counts) {
        if let Some(wall) = row.wall_s {
            let place = (row.scenario.clone(), row.step.clone(), row.strategy.clone());
            walls.entry(place).or_default().insert((row.round, row.workspace.clone()), wall);
        }
    }
    walls
}

/// Ratios to the baseline of the same round and workspace; of the baseline itself, times.
fn sample(walls: &Walls, arm: &PairPlace, baseline: &PairPlace) -> PairedSample {
    let mut sample = PairedSample::new(format!("{}/{}/{}/against", arm.0, arm.1, arm.2));
    let none = BTreeMap::new();
    let (own, base) = (walls.get(arm).unwrap_or(&none), walls.get(baseline).unwrap_or(&none));
    for (cell, wall) in own {
        let other = if arm == baseline { Some(1.0) } else { base.get(cell).copied() };
        if let Some(other) = other {
            sample.add(&cell.1, cell.0, *wall, other);
        }
    }
    sample
}
