//! A row for each step and strategy, a column for each number: for a spreadsheet.

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
    "baseline",
    "workspaces",
    "rounds",
    "wall_s",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p",
    "p_corrected",
    "pairs",
    "smallest",
    "largest",
    "verdict",
    "cpu_s",
    "noop_s",
    "hit_rate",
    "hit_rate_by_cost",
    "compiled",
    "rustc_runs",
    "stale",
    "plan_s",
    "restore_s",
    "cargo_s",
    "publish_s",
    "store_bytes",
    "store_allocated_bytes",
    "store_physical_bytes",
    "tree_bytes",
    "tree_allocated_bytes",
    "tree_physical_bytes",
    "all_physical_bytes",
    "added_per_workspace_bytes",
    "promised_bytes",
    "max_rss_bytes",
    "problems",
];

#[derive(Default, Serialize)]
pub(super) struct Row<'a> {
    pub run: &'a str,
    pub scenario: &'a str,
    pub step: &'a str,
    pub strategy: &'a str,
    pub baseline: &'a str,
    pub workspaces: usize,
    pub rounds: usize,
    #[serde(with = "number")]
    pub wall_s: Option<f64>,
    #[serde(with = "number")]
    pub ratio: Option<f64>,
    #[serde(with = "number")]
    pub ratio_low: Option<f64>,
    #[serde(with = "number")]
    pub ratio_high: Option<f64>,
    #[serde(with = "number")]
    pub p: Option<f64>,
    #[serde(with = "number")]
    pub p_corrected: Option<f64>,
    pub pairs: Option<usize>,
    #[serde(with = "number")]
    pub smallest: Option<f64>,
    #[serde(with = "number")]
    pub largest: Option<f64>,
    pub verdict: &'a str,
    #[serde(with = "number")]
    pub cpu_s: Option<f64>,
    #[serde(with = "number")]
    pub noop_s: Option<f64>,
    #[serde(with = "number")]
    pub hit_rate: Option<f64>,
    #[serde(with = "number")]
    pub hit_rate_by_cost: Option<f64>,
    #[serde(with = "number")]
    pub compiled: Option<f64>,
    #[serde(with = "number")]
    pub rustc_runs: Option<f64>,
    pub stale: Option<u64>,
    #[serde(with = "number")]
    pub plan_s: Option<f64>,
    #[serde(with = "number")]
    pub restore_s: Option<f64>,
    #[serde(with = "number")]
    pub cargo_s: Option<f64>,
    #[serde(with = "number")]
    pub publish_s: Option<f64>,
    #[serde(with = "number")]
    pub store_bytes: Option<f64>,
    #[serde(with = "number")]
    pub store_allocated_bytes: Option<f64>,
    #[serde(with = "number")]
    pub store_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    pub tree_bytes: Option<f64>,
    #[serde(with = "number")]
    pub tree_allocated_bytes: Option<f64>,
    #[serde(with = "number")]
    pub tree_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    pub all_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    pub added_per_workspace_bytes: Option<f64>,
    #[serde(with = "number")]
    pub promised_bytes: Option<f64>,
    pub max_rss_bytes: Option<u64>,
    pub problems: String,
}

/// The table of these runs, with a header.
pub fn render(runs: &[&Analysis], simulations: &[SimulationRun]) -> String {
    let mut rows = Vec::new();
    for run in runs {
        for step in &run.steps {
            rows.extend(step.arms.iter().map(|arm| row(run, step, arm)));
        }
    }
    rows.extend(simulations.iter().flat_map(simulated::wide));
    csv(COLUMNS, &rows)
}

fn row<'a>(run: &'a Analysis, step: &'a StepAnalysis, arm: &'a ArmAnalysis) -> Row<'a> {
    let found = arm.wall.as_ref().map(|wall| &wall.judgement);
    let (phases, disk, summary) = (arm.phases, arm.disk, &arm.summary);
    let problem = |it: &crate::summary::Problem| format!("{} ({} rows): {}", it.status, it.rows, it.note);
    Row {
        run: &run.info.name,
        scenario: &step.scenario,
        step: &step.step,
        strategy: arm.name(),
        baseline: arm.wall.as_ref().map_or("", |wall| &wall.baseline),
        workspaces: summary.workspaces,
        rounds: summary.rounds.len(),
        wall_s: summary.wall_s,
        ratio: found.and_then(|it| it.ratio),
        ratio_low: found.and_then(|it| it.interval).map(|it| it.low),
        ratio_high: found.and_then(|it| it.interval).map(|it| it.high),
        p: found.and_then(|it| it.test).map(|it| it.p),
        p_corrected: found.and_then(|it| it.p_corrected),
        pairs: found.map(|it| it.pairs),
        smallest: found.and_then(|it| it.min),
        largest: found.and_then(|it| it.max),
        verdict: found.map_or("", |it| it.verdict.as_str()),
        cpu_s: arm.cpu_s,
        noop_s: arm.noop_s,
        hit_rate: summary.hit_rate,
        hit_rate_by_cost: summary.hit_rate_by_cost,
        compiled: summary.compiled,
        rustc_runs: summary.rustc_runs,
        stale: arm.stale,
        plan_s: phases.plan_s,
        restore_s: phases.restore_s,
        cargo_s: phases.cargo_s,
        publish_s: phases.publish_s,
        store_bytes: disk.store.apparent,
        store_allocated_bytes: disk.store.allocated,
        store_physical_bytes: disk.store.physical,
        tree_bytes: disk.trees.apparent,
        tree_allocated_bytes: disk.trees.allocated,
        tree_physical_bytes: disk.trees.physical,
        all_physical_bytes: disk.all_physical,
        added_per_workspace_bytes: disk.marginal,
        promised_bytes: summary.promised_bytes,
        max_rss_bytes: arm.max_rss_bytes,
        problems: summary.problems.iter().map(problem).collect::<Vec<_>>().join("; "),
    }
}
