//! A row for each number: for a data frame.

use std::borrow::Cow;

use serde::Serialize;

use super::simulated;
use super::table_csv::csv;
use crate::analysis::{Analysis, ArmAnalysis, StepAnalysis};
use crate::simulation::SimulationRun;
use records::number;

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

#[derive(Default, Serialize)]
pub(super) struct Row<'a> {
    pub run: &'a str,
    pub scenario: &'a str,
    pub step: Cow<'a, str>,
    pub strategy: Cow<'a, str>,
    /// Empty for all workspaces together.
    pub workspace: &'a str,
    pub metric: &'a str,
    pub unit: &'a str,
    #[serde(with = "number")]
    pub value: Option<f64>,
    #[serde(with = "number")]
    pub low: Option<f64>,
    #[serde(with = "number")]
    pub high: Option<f64>,
    pub n: Option<usize>,
    pub verdict: &'a str,
    /// Where on its axis a number of a simulation stands; empty for a run.
    pub at: Cow<'a, str>,
    /// What that is.
    pub at_unit: Cow<'a, str>,
}

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

fn of_arm<'a>(run: &'a Analysis, step: &'a StepAnalysis, arm: &'a ArmAnalysis) -> Vec<Row<'a>> {
    let plain = |workspace: &'a str, metric: &'a str, unit: &'a str, value: Option<f64>| Row {
        run: &run.info.name,
        scenario: &step.scenario,
        step: step.step.as_str().into(),
        strategy: arm.name().into(),
        workspace,
        metric,
        unit,
        value,
        ..Row::default()
    };
    let (summary, phases, disk) = (&arm.summary, arm.phases, arm.disk);
    let numbers = [
        ("wall", "s", summary.wall_s),
        ("cpu", "s", arm.cpu_s),
        ("noop", "s", arm.noop_s),
        ("plan", "s", phases.plan_s),
        ("restore", "s", phases.restore_s),
        ("cargo", "s", phases.cargo_s),
        ("publish", "s", phases.publish_s),
        ("hit_rate", "0 to 1", summary.hit_rate),
        ("hit_rate_by_cost", "0 to 1", summary.hit_rate_by_cost),
        ("compiled", "units", summary.compiled),
        ("rustc_runs", "runs", summary.rustc_runs),
        ("stale", "units", arm.stale.map(|n| n as f64)),
        ("store", "bytes", disk.store.apparent),
        ("store_allocated", "bytes", disk.store.allocated),
        ("store_physical", "bytes", disk.store.physical),
        ("tree", "bytes", disk.trees.apparent),
        ("tree_allocated", "bytes", disk.trees.allocated),
        ("tree_physical", "bytes", disk.trees.physical),
        ("all_physical", "bytes", disk.all_physical),
        ("added_per_workspace", "bytes", disk.marginal),
        ("promised", "bytes", summary.promised_bytes),
        ("max_rss", "bytes", arm.max_rss_bytes.map(|n| n as f64)),
    ];
    let mut rows: Vec<Row<'a>> =
        numbers.into_iter().map(|(metric, unit, value)| plain("", metric, unit, value)).collect();
    if let Some(found) = arm.wall.as_ref().map(|wall| &wall.judgement) {
        rows.push(Row {
            low: found.interval.map(|it| it.low),
            high: found.interval.map(|it| it.high),
            n: Some(found.pairs),
            verdict: found.verdict.as_str(),
            ..plain("", "wall_ratio", "x", found.ratio)
        });
    }
    rows.extend(
        arm.cells
            .iter()
            .map(|cell| Row { n: Some(cell.pairs), ..plain(&cell.workspace, "wall_ratio", "x", cell.ratio) }),
    );
    rows.retain(|row| row.value.is_some());
    rows
}
