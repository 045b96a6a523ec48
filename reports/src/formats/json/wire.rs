//! The contents of `report.json`. What was not measured is `null`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::against::Difference;
use crate::analysis::{CauseGroup, Problem};
use crate::review::Claim;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Report of runs of harness compare, harness probe and harness simulate", extend("$comment" = "schema version 1"))]
pub struct ReportJson {
    /// Version of this schema.
    pub schema_version: u32,
    /// What the report is of.
    pub title: String,
    /// What was run, where, and what came out, a sentence each.
    pub lead: Vec<String>,
    /// Runs of `harness compare`, in the order given.
    pub runs: Vec<RunJson>,
    /// Runs of `harness probe`, in the order given.
    pub probes: Vec<ProbesJson>,
    /// The first run against an older one, if asked for.
    pub changes: Option<ChangesJson>,
    /// The design review as it is shown, if asked for.
    pub review: Vec<SectionJson>,
    /// Runs of `harness simulate`, in the order given; absent in older reports.
    #[serde(default)]
    pub simulations: Vec<SimulationJson>,
    /// The answers of the design review, one for each question; absent in older reports.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// A run of `harness compare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunJson {
    /// Its name.
    pub name: String,
    /// Its `run.json`, as reports/FORMAT.md describes it.
    pub info: BTreeMap<String, Value>,
    /// The strategy others are compared with.
    pub baseline: String,
    /// Rows of `steps.csv`.
    pub rows: usize,
    /// Rows that count.
    pub ok_rows: usize,
    /// In the order of the scenario.
    pub steps: Vec<StepJson>,
    /// Why units were compiled again, worst first.
    pub causes: Vec<CauseGroup>,
}

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepJson {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Distinct workspaces with a row.
    pub workspaces: usize,
    /// Distinct rounds with a row.
    pub rounds: usize,
    /// The strategies, the baseline first.
    pub arms: Vec<ArmJson>,
}

/// A strategy in a step, over all workspaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmJson {
    /// Full name of the strategy.
    pub strategy: String,
    /// Whether it only repeats another arm, to show what noise does.
    pub control: bool,
    /// Where it hooks in.
    pub integration: Option<String>,
    /// Its key policy.
    pub key: Option<String>,
    /// Its link mode.
    pub link: Option<String>,
    /// The shape of its store.
    pub store: Option<String>,
    /// Wall time against the baseline; `null` for the baseline.
    pub wall_ratio: Option<JudgedJson>,
    /// Numbers by name, in the unit that the name ends in (`_s` seconds, `_bytes` bytes) or that reports/FORMAT.md gives.
    pub numbers: BTreeMap<String, Option<f64>>,
    /// The ratio in each workspace alone.
    pub workspaces: Vec<WorkspaceJson>,
    /// Rows that do not count.
    pub problems: Vec<Problem>,
}

/// A ratio with its statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedJson {
    /// What the ratio is to: a strategy, or an older run.
    pub against: String,
    /// Geometric mean over workspaces and rounds.
    pub ratio: Option<f64>,
    /// Lower bound of its interval.
    pub low: Option<f64>,
    /// Upper bound of its interval.
    pub high: Option<f64>,
    /// Confidence of the interval, 0 to 1.
    pub confidence: Option<f64>,
    /// Lower bound for workspaces like these; none below 6 workspaces.
    pub low_over_workspaces: Option<f64>,
    /// Its upper bound.
    pub high_over_workspaces: Option<f64>,
    /// What would have been found 8 times out of 10, as a part of the baseline's time.
    pub detectable: Option<f64>,
    /// p-value of the studentised sign flip, corrected over the family (Holm).
    pub p_corrected: Option<f64>,
    /// How many comparisons the correction took into account.
    pub family: usize,
    /// Pairs: rounds × workspaces.
    pub pairs: usize,
    /// Rounds with a pair.
    pub rounds: usize,
    /// Smallest ratio of any pair.
    pub smallest: Option<f64>,
    /// Largest ratio of any pair.
    pub largest: Option<f64>,
    /// `faster`, `slower`, `no difference found`, `one round only` or `invalid`.
    pub verdict: String,
}

/// One workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceJson {
    /// Its name.
    pub workspace: String,
    /// Wall time ÷ that of the baseline, geometric mean over rounds: an estimate.
    pub ratio: Option<f64>,
    /// Rounds with two valid rows.
    pub pairs: usize,
}

/// A run of `harness probe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbesJson {
    /// Its name.
    pub name: String,
    /// Rows by the columns of `probes.csv`.
    pub rows: Vec<BTreeMap<String, Value>>,
}

/// A run of `harness simulate`: its tables by the columns that reports/FORMAT.md describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationJson {
    /// Its name.
    pub name: String,
    /// Its `run.json` without `trace`, as reports/FORMAT.md describes it.
    pub info: BTreeMap<String, Value>,
    /// `trace` in its `run.json`: what was replayed, and how well its estimates fit.
    pub trace: BTreeMap<String, Value>,
    /// `curve.csv`.
    pub curve: Vec<BTreeMap<String, Value>>,
    /// `relaxations.csv`.
    pub relaxations: Vec<BTreeMap<String, Value>>,
    /// `misses.csv`.
    pub misses: Vec<BTreeMap<String, Value>>,
    /// `sharing.csv`.
    pub sharing: Vec<BTreeMap<String, Value>>,
    /// `retention.csv`.
    pub retention: Vec<BTreeMap<String, Value>>,
    /// `growth.csv`.
    pub growth: Vec<BTreeMap<String, Value>>,
    /// `remote.csv`.
    pub remote: Vec<BTreeMap<String, Value>>,
}

/// A run against an older one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangesJson {
    /// Name of the older run.
    pub old: String,
    /// Name of the newer run.
    pub new: String,
    /// Conditions that differ.
    pub differences: Vec<Difference>,
    /// Every step and strategy that both have.
    pub arms: Vec<ChangeJson>,
}

/// One strategy in one step of both runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeJson {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Full name of the strategy.
    pub strategy: String,
    /// Whether bare times were compared, not ratios to the baseline.
    pub bare: bool,
    /// New ÷ old.
    pub change: JudgedJson,
    /// Numbers of the older run by name.
    pub old: BTreeMap<String, Option<f64>>,
    /// Numbers of the newer run by name.
    pub new: BTreeMap<String, Option<f64>>,
}

/// A part of the design review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionJson {
    /// Its anchor in the page.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Its paragraphs, notes and items, in order.
    pub text: Vec<String>,
    /// Commands that would answer what is open.
    pub commands: Vec<String>,
    /// Its tables.
    pub tables: Vec<TableJson>,
}

/// A table of the design review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableJson {
    /// What it shows.
    pub caption: String,
    /// Heads of its columns.
    pub columns: Vec<String>,
    /// Its cells, as shown.
    pub rows: Vec<Vec<String>>,
}
