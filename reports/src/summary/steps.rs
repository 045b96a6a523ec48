//! A run boiled down to one line per step and strategy: pure numbers, no text.

use super::over::{WallRounds, largest, last, ratio, sum_of_medians, weighted};
use super::{Options, ShadowSummary};
use records::run_folder::RunFolder;
use records::{Status, StepRow, UnitRow};
use std::collections::{BTreeMap, BTreeSet};

/// A step, all its strategies.
#[derive(Debug, Clone, PartialEq)]
pub struct StepSummary {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Distinct workspaces with a row.
    pub workspaces: usize,
    /// Distinct rounds with a row.
    pub rounds: usize,
    /// The rounds behind [`ArmSummary::wall_s`].
    pub wall_rounds: WallRounds,
    /// One entry per strategy, in the order the run was asked for.
    pub arms: Vec<ArmSummary>,
}

impl StepSummary {
    /// Whether the step frees space instead of building.
    pub fn cleans(&self) -> bool {
        self.arms.iter().any(|arm| arm.promised_bytes.is_some())
    }
}

/// One strategy in one step. Only `ok` rows enter the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmSummary {
    /// Full name of the strategy.
    pub strategy: String,
    /// Workspaces with at least one `ok` row.
    pub workspaces: usize,
    /// Rounds with at least one `ok` row.
    pub rounds: Vec<u32>,
    /// Seconds, sum over workspaces of the median over rounds; where arms have different
    /// rounds, over those that all share ([`StepSummary::wall_rounds`]).
    pub wall_s: Option<f64>,
    /// Geometric mean over workspaces of the median over rounds of wall ÷ the
    /// baseline's wall in the same round.
    pub against_baseline: Option<f64>,
    /// Workspaces that entered `against_baseline`.
    pub paired_workspaces: usize,
    /// Hits ÷ units over all `ok` rows.
    pub hit_rate: Option<f64>,
    /// The same, weighed by compile seconds.
    pub hit_rate_by_cost: Option<f64>,
    /// Units compiled, sum over workspaces of the median over rounds.
    pub compiled: Option<f64>,
    /// Runs of rustc, sum over workspaces of the median over rounds.
    pub rustc_runs: Option<f64>,
    /// Allocated bytes of the store at its largest in a round, median over rounds; where
    /// workspaces are alone, sum over workspaces of the median over rounds.
    pub store_bytes: Option<f64>,
    /// Allocated bytes of the build directories, sum over workspaces of the
    /// median over rounds.
    pub tree_bytes: Option<f64>,
    /// Physical bytes of store and build directories together, after the last
    /// workspace of the step, median over rounds; where workspaces are alone, sum over
    /// workspaces of the median over rounds.
    pub all_physical_bytes: Option<f64>,
    /// Physical bytes that the step added, sum over workspaces of the median over
    /// rounds; negative where it freed more than it took.
    pub added_physical_bytes: Option<f64>,
    /// Bytes that a step which cleans said it would free, sum over workspaces of the
    /// median over rounds.
    pub promised_bytes: Option<f64>,
    /// What compiling its hits anyway showed; `None` where that was not done.
    pub shadow: Option<ShadowSummary>,
    /// Rows that are not `ok`, by reason.
    pub problems: Vec<Problem>,
}

/// Rows of one arm that are not `ok` for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Their status.
    pub status: Status,
    /// Their note.
    pub note: String,
    /// The workspaces, in order of appearance.
    pub workspaces: Vec<String>,
    /// How many rows.
    pub rows: usize,
}

/// Boils a run down, steps in the order of their first appearance.
pub fn summarise(run: &RunFolder, options: &Options) -> Vec<StepSummary> {
    let order = strategies(run, &options.baseline);
    let setting = Setting { costs: costs(run), alone: run.info.alone(), workspaces: &run.info.corpus.workspaces };
    distinct(run.steps.iter().map(|row| (row.scenario.as_str(), row.step.as_str())))
        .into_iter()
        .map(|(scenario, step)| {
            let rows: Vec<&StepRow> =
                run.steps.iter().filter(|row| row.scenario == scenario && row.step == step).collect();
            let of = |strategy: &str| -> Vec<&StepRow> {
                rows.iter().copied().filter(|row| row.strategy == strategy).collect()
            };
            let baseline = of(&options.baseline);
            let arms: Vec<(&str, Vec<&StepRow>)> =
                order.iter().map(|strategy| (*strategy, of(strategy))).filter(|(_, rows)| !rows.is_empty()).collect();
            let wall_rounds = WallRounds::of(&arms.iter().map(|(_, rows)| ok(rows)).collect::<Vec<_>>());
            let arms =
                arms.iter().map(|(strategy, rows)| arm(strategy, rows, &baseline, &wall_rounds, &setting)).collect();
            StepSummary {
                scenario: scenario.into(),
                step: step.into(),
                workspaces: distinct(rows.iter().map(|row| &row.workspace)).len(),
                rounds: distinct(rows.iter().map(|row| row.round)).len(),
                wall_rounds,
                arms,
            }
        })
        .collect()
}

/// Baseline first, then as asked for, then by appearance.
pub(super) fn strategies<'run>(run: &'run RunFolder, baseline: &str) -> Vec<&'run str> {
    let present = distinct(run.steps.iter().map(|row| row.strategy.as_str()));
    let mut order: Vec<&str> = Vec::with_capacity(present.len());
    let first = present.iter().copied().filter(|name| *name == baseline);
    let asked = run.info.strategies.iter().map(String::as_str);
    for name in first.chain(asked).chain(present.iter().copied()) {
        if present.contains(&name) && !order.contains(&name) {
            order.push(name);
        }
    }
    order
}

/// Round, workspace, scenario, step, strategy.
type RowKey<'run> = (u32, &'run str, &'run str, &'run str, &'run str);

/// What the numbers of an arm depend on besides its rows.
struct Setting<'run> {
    costs: BTreeMap<RowKey<'run>, f64>,
    /// Whether every workspace starts from empty directories.
    alone: bool,
    /// In the order they are built.
    workspaces: &'run [String],
}

/// Compile seconds of all units of a step: what its hit rate by cost is a part of.
fn costs(run: &RunFolder) -> BTreeMap<RowKey<'_>, f64> {
    fn key(unit: &UnitRow) -> RowKey<'_> {
        (unit.round, &unit.workspace, &unit.scenario, &unit.step, &unit.strategy)
    }
    let mut costs = BTreeMap::new();
    // Rows of one step follow each other: one look-up a step.
    for units in run.units.chunk_by(|a, b| key(a) == key(b)) {
        if let Some(first) = units.first() {
            *costs.entry(key(first)).or_insert(0.0) += units.iter().filter_map(|unit| unit.cost_s).sum::<f64>();
        }
    }
    costs
}

fn ok<'run>(rows: &[&'run StepRow]) -> Vec<&'run StepRow> {
    rows.iter().copied().filter(|row| row.status == Status::Ok).collect()
}

fn arm(
    strategy: &str,
    rows: &[&StepRow],
    baseline: &[&StepRow],
    wall_rounds: &WallRounds,
    setting: &Setting<'_>,
) -> ArmSummary {
    let ok = ok(rows);
    let cost = |row: &StepRow| {
        let key = (row.round, row.workspace.as_str(), row.scenario.as_str(), row.step.as_str(), row.strategy.as_str());
        setting.costs.get(&key).copied()
    };
    let store = |row: &StepRow| row.store_allocated_bytes.map(|n| n as f64);
    let all = |row: &StepRow| row.all_physical_bytes.map(|n| n as f64);
    let (against_baseline, paired_workspaces) = ratio(&ok, baseline);
    ArmSummary {
        strategy: strategy.into(),
        workspaces: distinct(ok.iter().map(|row| &row.workspace)).len(),
        rounds: ok.iter().map(|row| row.round).collect::<BTreeSet<u32>>().into_iter().collect(),
        wall_s: sum_of_medians(&ok, |row| row.wall_s.filter(|_| wall_rounds.hold(row.round))),
        against_baseline,
        paired_workspaces,
        hit_rate: weighted(&ok, |row| row.hit_rate, |row| row.units.map(|n| n as f64)),
        hit_rate_by_cost: weighted(&ok, |row| row.hit_rate_by_cost, cost),
        compiled: sum_of_medians(&ok, |row| row.compiled.map(|n| n as f64)),
        rustc_runs: sum_of_medians(&ok, |row| row.rustc_runs.map(|n| n as f64)),
        store_bytes: if setting.alone { sum_of_medians(&ok, store) } else { largest(&ok, store) },
        tree_bytes: sum_of_medians(&ok, |row| row.tree_allocated_bytes.map(|n| n as f64)),
        all_physical_bytes: match setting.alone {
            true => sum_of_medians(&ok, all),
            false => last(&ok, setting.workspaces, all),
        },
        added_physical_bytes: sum_of_medians(&ok, |row| row.marginal_physical_bytes.map(|n| n as f64)),
        promised_bytes: sum_of_medians(&ok, |row| row.promised_bytes.map(|n| n as f64)),
        shadow: ShadowSummary::of(&ok),
        problems: problems(rows),
    }
}

fn problems(rows: &[&StepRow]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for row in rows.iter().filter(|row| row.status != Status::Ok) {
        let known = problems.iter_mut().find(|problem| problem.status == row.status && problem.note == row.note);
        match known {
            Some(problem) => {
                problem.rows += 1;
                if !problem.workspaces.contains(&row.workspace) {
                    problem.workspaces.push(row.workspace.clone());
                }
            }
            None => problems.push(Problem {
                status: row.status,
                note: row.note.clone(),
                workspaces: vec![row.workspace.clone()],
                rows: 1,
            }),
        }
    }
    problems
}

/// The distinct items, in the order of their first appearance.
pub(super) fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
