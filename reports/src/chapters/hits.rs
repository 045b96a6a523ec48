//! What was reused, by count and weighed by compile seconds.

use super::Scene;
use super::words::and;
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::table::{UNMEASURED, count, percent};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let steps: Vec<&StepAnalysis> =
        scene.builds().filter(|step| step.arms.iter().any(|arm| arm.numbers.hit_rate.is_some())).collect();
    if steps.is_empty() {
        return None;
    }
    let panels = steps.iter().map(|step| Panel {
        title: step.step.clone(),
        rows: step
            .arms
            .iter()
            .filter(|arm| arm.numbers.hit_rate.is_some())
            .map(|arm| Bar { label: step.label(arm), values: vec![arm.numbers.hit_rate, arm.numbers.hit_rate_by_cost] })
            .collect(),
    });
    let mut section = Section::new(&scene.id("hits"), "Hit rate", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("hits"),
        title: format!("Units reused, scenario {}", scene.scenario),
        finding: finding(&steps),
        chart: Chart::Bars {
            unit: Unit::Share,
            series: vec!["of all units".into(), "of all compile seconds".into()],
            stacked: false,
            panels: panels.collect(),
        },
    }));
    section.push(Block::Details { title: "The numbers".into(), grid: table(&steps) });
    Some(section)
}

fn finding(steps: &[&StepAnalysis]) -> String {
    let most = |step: &&StepAnalysis| -> Option<String> {
        let rate = |arm: &ArmAnalysis| arm.numbers.hit_rate_by_cost.or(arm.numbers.hit_rate);
        let arms = step.whole().filter(|arm| rate(arm).is_some());
        let best = arms.clone().max_by(|a, b| rate(a).unwrap_or(0.0).total_cmp(&rate(b).unwrap_or(0.0)))?;
        let by = if best.numbers.hit_rate_by_cost.is_some() { "compile seconds" } else { "units" };
        // What shows as the same number is no lead.
        let as_good = arms.filter(|arm| percent(rate(arm)) == percent(rate(best)));
        let names: Vec<&str> = as_good.map(ArmAnalysis::name).collect();
        match rate(best) {
            Some(0.0) => Some(format!("{}: nothing was reused", step.step)),
            rate => Some(format!("{}: at most {} of {by}, by {}", step.step, percent(rate), and(&names))),
        }
    };
    let told: Vec<String> = steps.iter().filter_map(most).collect();
    format!(
        "{}. A hit is a unit that a clean build would have run and that no compiler ran for; compile seconds are those \
         that the run's none arm took.",
        told.join("; ")
    )
}

fn table(steps: &[&StepAnalysis]) -> Grid {
    let mut grid = Grid::new(
        "Hits ÷ units of a clean build, over all rows that count; units compiled: sum over workspaces of the median \
         round; stale: restored and yet rebuilt, all rows.",
        &["step", "strategy", ">hits", ">hits by cost", ">units compiled", ">rustc runs", ">stale"],
    );
    for step in steps {
        for arm in &step.arms {
            let stale = arm.numbers.stale.map(|n| n as f64);
            let tone = if arm.numbers.stale > Some(0.0) { Tone::Bad } else { Tone::Plain };
            grid.row([
                Cell::from(step.step.clone()),
                Cell::from(step.label(arm)),
                Cell::from(percent(arm.numbers.hit_rate)),
                Cell::from(percent(arm.numbers.hit_rate_by_cost)),
                Cell::from(count(arm.numbers.compiled)),
                Cell::from(count(arm.numbers.rustc_runs)),
                if stale.is_some() { Cell::toned(count(stale), tone) } else { Cell::from(UNMEASURED) },
            ]);
        }
    }
    grid.measured()
}
