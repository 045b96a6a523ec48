//! Workspace by workspace: where a strategy wins and where it does not.

use super::Scene;
use super::words::plural;
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Section};
use crate::plot::{Bar, Chart, Panel, Plot};
use crate::table::factor;

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let steps: Vec<&StepAnalysis> = scene.builds().filter(|step| step.arms.iter().any(compared)).collect();
    let strategies = strategies(&steps);
    if steps.is_empty() || steps.iter().all(|step| step.workspaces < 2) {
        return None;
    }
    let panels: Vec<Panel<Bar>> = steps.iter().map(|step| panel(step, &strategies)).collect();
    let mut section = Section::new(&scene.id("speedups"), "Workspace by workspace", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("speedups"),
        title: format!(
            "Wall time ÷ wall time of {} in each workspace, scenario {}",
            scene.run.baseline, scene.scenario
        ),
        finding: finding(&steps),
        chart: Chart::Heat { columns: strategies.iter().map(|name| (*name).to_owned()).collect(), panels },
    }));
    Some(section)
}

fn compared(arm: &ArmAnalysis) -> bool {
    arm.cells().iter().any(|cell| cell.ratio.is_some())
}

fn strategies<'a>(steps: &[&'a StepAnalysis]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for arm in steps.iter().flat_map(|step| &step.arms).filter(|arm| compared(arm)) {
        if !names.contains(&arm.name()) {
            names.push(arm.name());
        }
    }
    names
}

fn panel(step: &StepAnalysis, strategies: &[&str]) -> Panel<Bar> {
    let mut workspaces: Vec<&str> = Vec::new();
    for cell in step.arms.iter().flat_map(|arm| arm.cells()) {
        if !workspaces.contains(&cell.workspace.as_str()) {
            workspaces.push(&cell.workspace);
        }
    }
    let value = |workspace: &str, strategy: &&str| {
        let arm = step.arms.iter().find(|arm| arm.name() == *strategy)?;
        arm.cells().iter().find(|cell| cell.workspace == workspace)?.ratio
    };
    Panel {
        title: step.step.clone(),
        rows: workspaces
            .iter()
            .map(|workspace| Bar {
                label: (*workspace).to_owned(),
                values: strategies.iter().map(|strategy| value(workspace, strategy)).collect(),
            })
            .collect(),
    }
}

/// The cells furthest apart: an average hides them.
fn finding(steps: &[&StepAnalysis]) -> String {
    let cells = || {
        steps.iter().flat_map(|step| {
            let of_arm = move |arm: &'_ ArmAnalysis| -> Vec<(String, f64)> {
                let ratio = |cell: &crate::stats::WorkspaceRatio| {
                    let what = format!("{} in {} of {}", arm.name(), step.step, cell.workspace);
                    Some((what, cell.ratio?))
                };
                arm.cells().iter().filter_map(ratio).collect()
            };
            step.arms.iter().filter(|arm| !arm.is_control()).flat_map(of_arm).collect::<Vec<_>>()
        })
    };
    let slower = cells().filter(|(_, ratio)| *ratio > 1.0).count();
    let all = cells().count();
    let least = cells().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = cells().max_by(|a, b| a.1.total_cmp(&b.1));
    match least.zip(most) {
        Some(((best, low), (worst, high))) => format!(
            "From {} ({best}) to {} ({worst}); above 1x in {} of {}. Single workspaces have few pairs: read colours as \
             estimates.",
            factor(Some(low)),
            factor(Some(high)),
            slower,
            plural(all, "cell"),
        ),
        None => "Nothing could be paired.".into(),
    }
}
