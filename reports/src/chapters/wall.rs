//! Wall time against the baseline: over all workspaces, in each of them, and the rows that do not count.

use super::{ScenarioView, arm_table};
use crate::analysis::{ArmAnalysis, StepAnalysis};
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::plot::{Chart, Plot, PlotInterval, RatioPanel, RatioRow};
use crate::stats::{Judgement, Verdict};
use crate::text::{UNMEASURED, factor, fit, seconds};
use crate::words::{bounds, capital, distinct, first_line, plural, ratio_or_dash, verdict_cell};

/// The longest reason shown; all of it is in the rows.
const LONGEST_REASON: usize = 240;

fn judgement(arm: &ArmAnalysis) -> Option<&Judgement> {
    arm.wall.as_ref().map(|wall| &wall.judgement)
}

pub(super) fn section(scenario: &ScenarioView<'_>) -> Option<Section> {
    let baseline = &scenario.run.baseline;
    let steps = scenario.builds(|_| true);
    if steps.is_empty() {
        return None;
    }
    let mut section = scenario.section("wall", "Wall time");
    let panels: Vec<RatioPanel> = steps.iter().map(|step| panel(step, baseline)).collect();
    // A run of the baseline alone has seconds, but no ratios.
    if panels.iter().flat_map(|panel| &panel.rows).any(|row| row.value.is_some()) {
        section.push(Block::Plot(Plot {
            id: scenario.id("wall"),
            title: format!("Wall time ÷ wall time of {baseline}, scenario {}", scenario.name),
            finding: finding(&steps, baseline),
            chart: Chart::Ratios { baseline: baseline.clone(), panels },
        }));
    }
    section.push(Block::Grid(table(&steps, baseline)));
    for (step, found) in steps.iter().filter_map(|step| Some((step, step.detectable.as_ref()?))) {
        section.push(Block::Note(format!(
            "{}: under normal noise a difference of {:.1} % or more would have been found 8 times out of 10 (from {}).",
            step.step,
            found.effect * 100.0,
            found.strategy,
        )));
    }
    Some(section)
}

fn panel(step: &StepAnalysis, baseline: &str) -> RatioPanel {
    let own = step.arm(baseline).and_then(|arm| Some((step.label(arm), arm.numbers.wall_s?)));
    let title = match own {
        Some((label, wall)) => format!("{} ({label}: {})", step.step, seconds(Some(wall))),
        None => step.step.clone(),
    };
    let rows = step.arms.iter().filter(|arm| arm.name() != baseline).map(|arm| {
        let found = judgement(arm);
        let wall = seconds(arm.numbers.wall_s);
        let remark = match (found.filter(|found| found.ratio.is_some()), arm.problems.first()) {
            (None, Some(problem)) => problem.status.to_string(),
            (Some(found), _) if found.verdict != Verdict::OneRound => format!("{wall}, {}", found.verdict),
            _ => wall,
        };
        forest_row(step.label(arm), found, remark)
    });
    RatioPanel { title, rows: rows.collect() }
}

fn forest_row(label: String, found: Option<&Judgement>, remark: String) -> RatioRow {
    let interval = |low, high| PlotInterval { low, high };
    RatioRow {
        label,
        value: found.and_then(|found| found.ratio),
        interval: found.and_then(|found| found.interval).map(|it| interval(it.low, it.high)),
        range: found.and_then(|found| Some(interval(found.min?, found.max?))),
        remark,
    }
}

fn finding(steps: &[&StepAnalysis], baseline: &str) -> String {
    let best = |step: &&StepAnalysis| -> Option<String> {
        let compared = |arm: &&ArmAnalysis| arm.name() != baseline && !arm.is_control();
        // Ratios over other workspaces say nothing about which is least.
        let most = step.arms.iter().map(|arm| arm.paired_workspaces).max()?;
        let arms = step.arms.iter().filter(compared).filter(|arm| arm.paired_workspaces == most);
        let known = arms.filter_map(|arm| Some((arm, judgement(arm)?, judgement(arm)?.ratio?)));
        let (arm, found, ratio) = known.min_by(|a, b| a.2.total_cmp(&b.2))?;
        let verdict = match found.verdict {
            Verdict::OneRound => "an estimate, one round",
            verdict => verdict.as_str(),
        };
        let ratio = ratio_or_dash(Some(ratio));
        Some(format!("in {} the least is {ratio} of {} ({verdict})", step.step, arm.name()))
    };
    let found: Vec<String> = steps.iter().filter_map(best).collect();
    format!(
        "{}. Dots: geometric mean over workspaces and rounds; thick: its interval at the family's level; thin: smallest to largest single pair.",
        capital(&found.join("; "))
    )
}

pub(super) fn table(steps: &[&StepAnalysis], baseline: &str) -> Grid {
    let caption = format!(
        "Wall time: sum over workspaces of the median round. Ratio to {baseline}: geometric mean over workspaces and \
         rounds, with intervals at the family's level for these workspaces and, from 6 on, others like these; n: pairs, rounds × workspaces; CPU: user and system; \
         no-op: the unmeasured build afterwards."
    );
    let mut grid = arm_table(
        &caption,
        steps,
        &[
            (">wall", |arm| seconds(arm.numbers.wall_s).into()),
            (">ratio", |arm| ratio_or_dash(judgement(arm).and_then(|it| it.ratio)).into()),
            (">these workspaces", |arm| {
                bounds(judgement(arm).and_then(|it| it.interval).map(|it| (it.low, it.high))).into()
            }),
            (">others like these", |arm| {
                bounds(judgement(arm).and_then(|it| it.over_workspaces).map(|it| (it.low, it.high))).into()
            }),
            (">n", |arm| judgement(arm).map_or(UNMEASURED.into(), |it| it.pairs.to_string()).into()),
            (">smallest–largest", |arm| bounds(judgement(arm).and_then(|it| it.min.zip(it.max))).into()),
            ("verdict", |arm| match (arm.workspaces, arm.problems.first()) {
                (0, Some(problem)) => Cell::toned(problem.status.as_str(), Tone::Quiet),
                _ => arm.verdict().map_or_else(|| Cell::from(UNMEASURED), verdict_cell),
            }),
            (">CPU", |arm| seconds(arm.numbers.cpu_s).into()),
            (">no-op", |arm| seconds(arm.numbers.noop_s).into()),
        ],
    );
    let arms = steps.iter().flat_map(|step| &step.arms);
    for (row, _) in grid.rows.iter_mut().zip(arms).filter(|(_, arm)| arm.is_control()) {
        row[1].text = format!("control: {}", row[1].text);
    }
    grid
}

/// Rows that do not count: which, where, and why.
pub(super) fn left_out(scenario: &ScenarioView<'_>) -> Option<Section> {
    let mut grid = Grid::new(
        "Rows that enter no number, by status and reason. failed: the build failed; unsupported: the strategy cannot work \
         here; invalid: measured, but a validity gate fired.",
        &["step", "strategy", "status", ">rows", "workspaces", "why"],
    );
    for (step, arm) in scenario.steps.iter().flat_map(|step| step.arms.iter().map(move |arm| (step, arm))) {
        for problem in &arm.problems {
            grid.row([
                step.step.clone(),
                arm.name().to_owned(),
                problem.status.to_string(),
                problem.rows.to_string(),
                problem.workspaces.join(", "),
                fit(first_line(&problem.note), LONGEST_REASON),
            ]);
        }
    }
    let any = !grid.is_empty();
    let mut section = scenario.section("left-out", "Rows that do not count");
    section.push(Block::Grid(grid));
    any.then_some(section)
}

/// The ratio in each workspace: where a strategy wins and where it does not.
pub(super) fn by_workspace(scenario: &ScenarioView<'_>) -> Option<Section> {
    let compared = |arm: &ArmAnalysis| arm.cells().iter().any(|cell| cell.ratio.is_some());
    let steps = scenario.builds(compared);
    if steps.iter().all(|step| step.workspaces < 2) {
        return None;
    }
    let arms = || steps.iter().flat_map(|step| &step.arms);
    let strategies = distinct(arms().filter(|arm| compared(arm)).map(ArmAnalysis::name));
    let caption = format!(
        "Wall time ÷ wall time of {} in each workspace, geometric mean over rounds. Single workspaces have few pairs: read the \
         ratios as estimates.",
        scenario.run.baseline
    );
    let numbers: Vec<String> = strategies.iter().map(|name| format!("> {name}")).collect();
    let heads = ["step", "workspace"].into_iter().chain(numbers.iter().map(String::as_str));
    let mut grid = Grid::new(caption, &heads.collect::<Vec<_>>());
    let mut cells: Vec<(f64, String)> = Vec::new();
    for step in &steps {
        let workspaces = distinct(step.arms.iter().flat_map(|arm| arm.cells()).map(|cell| cell.workspace.as_str()));
        for workspace in workspaces {
            let ratio = |name: &&str| {
                let arm = step.arm(name)?;
                arm.cells().iter().find(|cell| cell.workspace == workspace)?.ratio
            };
            let names = [Cell::from(step.step.clone()), Cell::from(workspace)];
            grid.row(names.into_iter().chain(strategies.iter().map(|name| Cell::ratio(ratio(name)))));
            let uncontrolled = strategies.iter().filter(|name| step.arm(name).is_some_and(|arm| !arm.is_control()));
            cells.extend(
                uncontrolled.filter_map(|name| Some((ratio(name)?, format!("{name} in {} of {workspace}", step.step)))),
            );
        }
    }
    let mut section = scenario.section("speedups", "Workspace by workspace");
    let least = cells.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = cells.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    // An average hides the cells that are furthest apart.
    section.say(match least.zip(most) {
        Some((least, most)) => format!(
            "From {} ({}) to {} ({}); above 1x in {} of {}.",
            factor(Some(least.0)),
            least.1,
            factor(Some(most.0)),
            most.1,
            cells.iter().filter(|cell| cell.0 > 1.0).count(),
            plural(cells.len(), "cell"),
        ),
        None => "Nothing could be paired.".into(),
    });
    section.push(Block::Grid(grid));
    Some(section)
}
