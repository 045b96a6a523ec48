//! A row for each number: for a data frame.

use super::{LongRow, csv, simulated};
use crate::analysis::{Analysis, ArmAnalysis, METRICS, Metric, MetricUnit, StepAnalysis};
use crate::simulation::SimulationRun;

/// The columns, in order; later ones are appended.
pub const COLUMNS: &[&str] = &[
    "run",
    "scenario",
    "step",
    "strategy",
    "workspace",
    "metric",
    "unit",
    "value",
    "low",
    "high",
    "n",
    "verdict",
    "at",
    "at_unit",
];

/// The table of these runs, with a header. What was not measured has no row.
pub fn render(runs: &[&Analysis], simulations: &[SimulationRun]) -> String {
    let mut rows = Vec::new();
    for run in runs {
        for step in &run.steps {
            for arm in &step.arms {
                rows.extend(of_arm(run, step, arm));
            }
        }
    }
    rows.extend(simulations.iter().flat_map(simulated::long));
    csv(COLUMNS, &rows)
}

fn of_arm<'a>(run: &'a Analysis, step: &'a StepAnalysis, arm: &'a ArmAnalysis) -> Vec<LongRow<'a>> {
    let plain = |workspace: &'a str, metric: &'a str, unit: &'a str, value: Option<f64>| LongRow {
        run: &run.info.name,
        scenario: &step.scenario,
        step: step.step.as_str().into(),
        strategy: arm.name().into(),
        workspace,
        metric,
        unit,
        value,
        ..LongRow::default()
    };
    let unit = |unit: MetricUnit| if unit == MetricUnit::Seconds { "s" } else { unit.as_str() };
    let number = |it: &'static Metric| plain("", it.bare_name(), unit(it.unit), (it.of)(&arm.numbers));
    let mut rows: Vec<LongRow<'a>> = METRICS.iter().map(number).collect();
    if let Some(found) = arm.wall.as_ref().map(|wall| &wall.judgement) {
        rows.push(LongRow {
            low: found.interval.map(|it| it.low),
            high: found.interval.map(|it| it.high),
            n: Some(found.pairs),
            verdict: found.verdict.as_str(),
            ..plain("", "wall_ratio", "x", found.ratio)
        });
    }
    rows.extend(
        arm.cells()
            .iter()
            .map(|cell| LongRow { n: Some(cell.pairs), ..plain(&cell.workspace, "wall_ratio", "x", cell.ratio) }),
    );
    rows.retain(|row| row.value.is_some());
    rows
}
