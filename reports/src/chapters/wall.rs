//! Wall time against the baseline, with intervals and verdicts.

use super::Scene;
use super::words::{between, precise, probability, verdict};
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::plot::{Chart, Interval, Panel, Plot, Ratio};
use crate::stats::Verdict;
use crate::table::{UNMEASURED, seconds};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let baseline = &scene.run.baseline;
    let steps: Vec<&StepAnalysis> = scene.builds().collect();
    let panels: Vec<Panel<Ratio>> = steps.iter().map(|step| panel(step, baseline)).collect();
    if panels.iter().all(|panel| panel.rows.iter().all(|row| row.value.is_none())) {
        return alone(scene, &steps);
    }
    let mut section = Section::new(&scene.id("wall"), "Wall time", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("wall"),
        title: format!("Wall time ÷ wall time of {baseline}, scenario {}", scene.scenario),
        finding: finding(&steps, baseline),
        chart: Chart::Ratios { baseline: baseline.clone(), panels },
    }));
    section.push(Block::Grid(table(&steps, baseline)));
    for step in &steps {
        if let Some(found) = &step.detectable {
            section.push(Block::Note(format!(
                "{}: a difference of {:.1} % or more would have been found 8 times out of 10 (from the noise of {}).",
                step.step,
                found.effect * 100.0,
                found.strategy,
            )));
        }
    }
    Some(section)
}

/// A run of the baseline alone has seconds, but no ratios.
fn alone(scene: &Scene<'_>, steps: &[&StepAnalysis]) -> Option<Section> {
    let mut section = Section::new(&scene.id("wall"), "Wall time", 1);
    section.push(Block::Grid(table(steps, &scene.run.baseline)));
    (!steps.is_empty()).then_some(section)
}

fn panel(step: &StepAnalysis, baseline: &str) -> Panel<Ratio> {
    let rows = step.arms.iter().filter(|arm| arm.name() != baseline).map(|arm| row(step, arm)).collect();
    let own = step.arm(baseline).and_then(|arm| Some((step.label(arm), arm.numbers.wall_s?)));
    let title = match own {
        Some((label, wall)) => format!("{} ({label}: {})", step.step, seconds(Some(wall))),
        None => step.step.clone(),
    };
    Panel { title, rows }
}

fn row(step: &StepAnalysis, arm: &ArmAnalysis) -> Ratio {
    let found = arm.wall.as_ref().map(|wall| &wall.judgement);
    let remark = match (arm.problems.first(), found) {
        (Some(problem), None) => problem.status.to_string(),
        (Some(problem), Some(found)) if found.ratio.is_none() => problem.status.to_string(),
        (_, Some(found)) if found.verdict == Verdict::TooFewRounds => seconds(arm.numbers.wall_s),
        (_, Some(found)) => format!("{}, {}", seconds(arm.numbers.wall_s), found.verdict),
        (None, None) => seconds(arm.numbers.wall_s),
    };
    Ratio {
        label: step.label(arm),
        value: found.and_then(|found| found.ratio),
        interval: found.and_then(|found| found.interval).map(|it| Interval { low: it.low, high: it.high }),
        range: found.and_then(|found| Some(Interval { low: found.min?, high: found.max? })),
        remark,
    }
}

/// The best arm of each step, with its verdict.
fn finding(steps: &[&StepAnalysis], baseline: &str) -> String {
    let best = |step: &&StepAnalysis| -> Option<String> {
        let compared = |arm: &&ArmAnalysis| arm.name() != baseline && !arm.is_control();
        let value = |arm: &ArmAnalysis| arm.wall.as_ref().and_then(|wall| wall.judgement.ratio);
        // Ratios over other workspaces say nothing about which is least.
        let most = step.arms.iter().map(|arm| arm.paired_workspaces).max()?;
        let paired = |arm: &&ArmAnalysis| value(arm).is_some() && arm.paired_workspaces == most;
        let arms = step.arms.iter().filter(compared).filter(paired);
        let best = arms.min_by(|a, b| value(a).unwrap_or(f64::MAX).total_cmp(&value(b).unwrap_or(f64::MAX)))?;
        let found = &best.wall.as_ref()?.judgement;
        let verdict = match found.verdict {
            Verdict::TooFewRounds => "an estimate, too few rounds for a verdict".to_owned(),
            verdict => verdict.to_string(),
        };
        Some(format!("in {} the least is {} of {} ({verdict})", step.step, precise(found.ratio), best.name()))
    };
    let told: Vec<String> = steps.iter().filter_map(best).collect();
    let marks = "Dots: geometric mean over workspaces of the median over rounds; thick: 95 % interval, where rounds \
                 allow one; thin: smallest to largest single pair.";
    let mut first = told.join("; ");
    if let Some(head) = first.get(..1) {
        first = head.to_uppercase() + &first[1..];
    }
    format!("{first}. {marks}")
}

fn table(steps: &[&StepAnalysis], baseline: &str) -> Grid {
    let mut grid = Grid::new(
        format!(
            "Wall time: sum over workspaces of the median round. Ratio to {baseline}: geometric mean over workspaces of \
             the median over rounds; p: sign-flip test, corrected (Holm); n: pairs, rounds × workspaces; CPU: user and \
             system; no-op: the unmeasured build afterwards."
        ),
        &[
            "step",
            "strategy",
            ">wall",
            ">ratio",
            ">interval",
            ">p",
            ">n",
            ">smallest–largest",
            "verdict",
            ">CPU",
            ">no-op",
        ],
    );
    for step in steps {
        for arm in &step.arms {
            let found = arm.wall.as_ref().map(|wall| &wall.judgement);
            let ends = |ends: Option<(f64, f64)>| ends.map_or(UNMEASURED.into(), |(low, high)| between(low, high));
            let none = || Cell::from(UNMEASURED);
            let label = if arm.is_control() { format!("control: {}", step.label(arm)) } else { step.label(arm) };
            grid.row([
                Cell::from(step.step.clone()),
                Cell::from(label),
                Cell::from(seconds(arm.numbers.wall_s)),
                Cell::from(precise(found.and_then(|found| found.ratio))),
                Cell::from(ends(found.and_then(|found| found.interval).map(|it| (it.low, it.high)))),
                Cell::from(probability(found.and_then(|found| found.p_corrected))),
                found.map_or_else(none, |found| Cell::from(found.pairs.to_string())),
                Cell::from(ends(found.and_then(|found| found.min.zip(found.max)))),
                match (arm.workspaces, arm.problems.first()) {
                    (0, Some(problem)) => Cell::toned(problem.status.as_str(), Tone::Quiet),
                    _ => arm.verdict().map_or_else(none, verdict),
                },
                Cell::from(seconds(arm.numbers.cpu_s)),
                Cell::from(seconds(arm.numbers.noop_s)),
            ]);
        }
    }
    grid.measured()
}
