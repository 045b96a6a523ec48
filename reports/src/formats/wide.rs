//! A row for each step and strategy, a column for each number: for a spreadsheet.

use serde::Serialize;

use super::table_csv::csv;
use crate::analysis::{Analysis, ArmAnalysis, StepAnalysis};
use crate::record::number;

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

#[derive(Serialize)]
struct Row<'a> {
    run: &'a str,
    scenario: &'a str,
    step: &'a str,
    strategy: &'a str,
    baseline: &'a str,
    workspaces: usize,
    rounds: usize,
    #[serde(with = "number")]
    wall_s: Option<f64>,
    #[serde(with = "number")]
    ratio: Option<f64>,
    #[serde(with = "number")]
    ratio_low: Option<f64>,
    #[serde(with = "number")]
    ratio_high: Option<f64>,
    #[serde(with = "number")]
    p: Option<f64>,
    #[serde(with = "number")]
    p_corrected: Option<f64>,
    pairs: Option<usize>,
    #[serde(with = "number")]
    smallest: Option<f64>,
    #[serde(with = "number")]
    largest: Option<f64>,
    verdict: &'a str,
    #[serde(with = "number")]
    cpu_s: Option<f64>,
    #[serde(with = "number")]
    noop_s: Option<f64>,
    #[serde(with = "number")]
    hit_rate: Option<f64>,
    #[serde(with = "number")]
    hit_rate_by_cost: Option<f64>,
    #[serde(with = "number")]
    compiled: Option<f64>,
    #[serde(with = "number")]
    rustc_runs: Option<f64>,
    stale: Option<u64>,
    #[serde(with = "number")]
    plan_s: Option<f64>,
    #[serde(with = "number")]
    restore_s: Option<f64>,
    #[serde(with = "number")]
    cargo_s: Option<f64>,
    #[serde(with = "number")]
    publish_s: Option<f64>,
    #[serde(with = "number")]
    store_bytes: Option<f64>,
    #[serde(with = "number")]
    store_allocated_bytes: Option<f64>,
    #[serde(with = "number")]
    store_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    tree_bytes: Option<f64>,
    #[serde(with = "number")]
    tree_allocated_bytes: Option<f64>,
    #[serde(with = "number")]
    tree_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    all_physical_bytes: Option<f64>,
    #[serde(with = "number")]
    added_per_workspace_bytes: Option<f64>,
    #[serde(with = "number")]
    promised_bytes: Option<f64>,
    max_rss_bytes: Option<u64>,
    problems: String,
}

/// The table of these runs, with a header.
pub fn render(runs: &[&Analysis]) -> String {
    let mut rows = Vec::new();
    for run in runs {
        for step in &run.steps {
            rows.extend(step.arms.iter().map(|arm| row(run, step, arm)));
        }
    }
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
