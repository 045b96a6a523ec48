//! Bytes on disk: three ways of counting, never one number.

use super::Scene;
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Grid, Section};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::table::{bytes, factor};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let measured = |arm: &ArmAnalysis| arm.numbers.tree_bytes.or(arm.numbers.tree_allocated_bytes).is_some();
    let steps: Vec<&StepAnalysis> = scene.steps.iter().copied().filter(|step| step.arms.iter().any(measured)).collect();
    if steps.is_empty() {
        return None;
    }
    let physical = steps.iter().any(|step| step.arms.iter().any(|arm| arm.numbers.all_physical_bytes.is_some()));
    let mut section = Section::new(&scene.id("disk"), "Disk", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("disk"),
        title: format!("Bytes on disk after each step, scenario {}", scene.scenario),
        finding: finding(scene, &steps, physical),
        chart: Chart::Bars {
            unit: Unit::Bytes,
            series: series(physical),
            stacked: false,
            panels: steps.iter().map(|step| panel(step, physical)).collect(),
        },
    }));
    section.push(Block::Details { title: "Every way of counting".into(), grid: table(&steps) });
    Some(section)
}

fn series(physical: bool) -> Vec<String> {
    let names: &[&str] = match physical {
        true => &["store and trees, physical", "added per workspace, physical"],
        false => &["store, allocated", "trees, allocated"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn panel(step: &StepAnalysis, physical: bool) -> Panel<Bar> {
    let values = |arm: &ArmAnalysis| match physical {
        true => vec![arm.numbers.all_physical_bytes, arm.numbers.added_per_workspace_bytes],
        false => vec![arm.numbers.store_allocated_bytes, arm.numbers.tree_allocated_bytes],
    };
    let rows = step.arms.iter().filter(|arm| arm.workspaces > 0);
    Panel {
        title: step.step.clone(),
        rows: rows.map(|arm| Bar { label: step.label(arm), values: values(arm) }).collect(),
    }
}

fn finding(scene: &Scene<'_>, steps: &[&StepAnalysis], physical: bool) -> String {
    let how = match (physical, scene.run.info.alone()) {
        (true, false) => "Physical: the union of extents of store and build directories, after the last workspace.",
        (true, true) => "Physical: the union of extents, each workspace with a store of its own, summed.",
        (false, _) => "Allocated: blocks, each inode once; physical sizes were not measured.",
    };
    let size = |arm: &ArmAnalysis| match physical {
        true => arm.numbers.all_physical_bytes,
        false => Some(arm.numbers.store_allocated_bytes.unwrap_or(0.0) + arm.numbers.tree_allocated_bytes?),
    };
    let said = steps.iter().rev().find_map(|step| {
        // Sums over other workspaces would be compared otherwise.
        let base = step.whole().find(|arm| arm.name() == scene.run.baseline);
        let base = base.and_then(size).filter(|size| *size > 0.0)?;
        let others = step.whole().filter(|arm| arm.name() != scene.run.baseline && !arm.is_control());
        let (least, arm) = others.filter_map(|arm| Some((size(arm)?, arm))).min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        Some(format!(
            "After {} {} holds {}, {} of the {} of {}. ",
            step.step,
            arm.name(),
            bytes(Some(least)),
            factor(Some(least / base)),
            bytes(Some(base)),
            scene.run.baseline,
        ))
    });
    said.unwrap_or_default() + how
}

fn table(steps: &[&StepAnalysis]) -> Grid {
    let mut grid = Grid::new(
        "Apparent: sizes of files summed; allocated: blocks, each inode once; physical: the union of extents. Store: \
         after the last workspace (summed where each is alone); trees: build directories summed; a further workspace: \
         what a step added to store and trees, mean over workspaces.",
        &[
            "step",
            "strategy",
            ">store, apparent",
            ">store, allocated",
            ">store, physical",
            ">trees, apparent",
            ">trees, allocated",
            ">trees, physical",
            ">all, physical",
            ">a further workspace",
            ">promised",
        ],
    );
    for step in steps {
        for arm in &step.arms {
            let it = arm.numbers;
            grid.row([
                step.step.clone(),
                step.label(arm),
                bytes(it.store_bytes),
                bytes(it.store_allocated_bytes),
                bytes(it.store_physical_bytes),
                bytes(it.tree_bytes),
                bytes(it.tree_allocated_bytes),
                bytes(it.tree_physical_bytes),
                bytes(it.all_physical_bytes),
                bytes(it.added_per_workspace_bytes),
                bytes(arm.numbers.promised_bytes),
            ]);
        }
    }
    grid.measured()
}
