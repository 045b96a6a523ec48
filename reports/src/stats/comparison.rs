//! From records to comparisons: every arm against a baseline, per step.
//!
//! In: rows of `steps.csv`. Out: a [`Comparison`] for every step and arm over all
//! workspaces, and one for every workspace alone. Only pairs of two `ok` rows of
//! the same round, workspace and step enter; whatever else was met is counted and
//! named in [`Comparison::excluded`].
//!
//! The comparisons over all workspaces are one family for the correction: the
//! answer of a run. Those of single workspaces are a second family of their own:
//! they show where a difference comes from, and must not dilute the answer.

use super::judge::{Judgement, judge};
use super::sample::Sample;
use super::verdict::Rule;
use crate::record::{Status, StepRow};
use std::collections::{BTreeMap, BTreeSet};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// Seconds a user waits, `wall_s`.
    #[default]
    Wall,
    /// CPU seconds, `user_s + sys_s`.
    Cpu,
}

impl Metric {
    /// The value of a row, if it was measured.
    pub fn of(self, row: &StepRow) -> Option<f64> {
        match self {
            Metric::Wall => row.wall_s,
            Metric::Cpu => Some(row.user_s? + row.sys_s?),
        }
    }
}

/// What to compare, and by which rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The strategy all others are compared with.
    pub baseline: String,
    /// What is compared.
    pub metric: Metric,
    /// When a difference counts.
    pub rule: Rule,
    /// Seed of the bootstrap and of drawn permutations.
    pub seed: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self { baseline: "none".into(), metric: Metric::Wall, rule: Rule::default(), seed: 0 }
    }
}

/// One arm against the baseline in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// The arm.
    pub strategy: String,
    /// The baseline.
    pub baseline: String,
    /// The workspace, or `None` for all together.
    pub workspace: Option<String>,
    /// How many comparisons the correction took into account.
    pub family: usize,
    /// What could not be paired, by reason.
    pub excluded: Vec<Excluded>,
    /// The numbers and the verdict.
    pub judgement: Judgement,
}

/// Rounds of workspaces that could not enter a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Why, e.g. `failed: could not compile …`, `baseline invalid: …`, `not measured`.
    pub why: String,
    /// How many.
    pub pairs: usize,
}

/// Compares every arm with the baseline: per step, over all workspaces first, then
/// workspace by workspace. Order of first appearance.
pub fn compare(rows: &[StepRow], question: &Question) -> Vec<Comparison> {
    let mut steps: Vec<(&str, &str)> = Vec::new();
    let mut arms: Vec<&str> = Vec::new();
    for row in rows {
        push_new(&mut steps, (&row.scenario, &row.step));
        if row.strategy != question.baseline {
            push_new(&mut arms, &row.strategy);
        }
    }
    let (mut overall, mut single) = (Vec::new(), Vec::new());
    for (scenario, step) in steps {
        let here: Vec<&StepRow> = rows.iter().filter(|row| row.scenario == scenario && row.step == step).collect();
        let baseline = cells(&here, &question.baseline);
        let mut workspaces: Vec<&str> = Vec::new();
        here.iter().for_each(|row| push_new(&mut workspaces, &row.workspace));
        for arm in &arms {
            let arm_cells = cells(&here, arm);
            if arm_cells.is_empty() {
                continue;
            }
            let subject = Subject { scenario, step, arm, arm_cells: &arm_cells, baseline: &baseline };
            overall.push(subject.collect(question, None));
            single.extend(workspaces.iter().map(|it| subject.collect(question, Some(it))));
        }
    }
    let mut comparisons = settle(overall, question);
    comparisons.extend(settle(single, question));
    comparisons
}

/// The rows of one strategy by round and workspace.
type Cells<'rows> = BTreeMap<(u32, &'rows str), &'rows StepRow>;

fn cells<'rows>(rows: &[&'rows StepRow], strategy: &str) -> Cells<'rows> {
    rows.iter().filter(|row| row.strategy == strategy).map(|row| ((row.round, row.workspace.as_str()), *row)).collect()
}

struct Subject<'a> {
    scenario: &'a str,
    step: &'a str,
    arm: &'a str,
    arm_cells: &'a Cells<'a>,
    baseline: &'a Cells<'a>,
}

/// A comparison before its family is known.
struct Open {
    sample: Sample,
    scenario: String,
    step: String,
    strategy: String,
    workspace: Option<String>,
    excluded: Vec<Excluded>,
}

impl Subject<'_> {
    fn collect(&self, question: &Question, workspace: Option<&str>) -> Open {
        let Self { scenario, step, arm, .. } = self;
        let place = workspace.unwrap_or("all workspaces");
        let mut sample = Sample::new(format!("{scenario}/{step}/{arm}/{place}"));
        let mut excluded: BTreeMap<String, usize> = BTreeMap::new();
        let all: BTreeSet<&(u32, &str)> = self.arm_cells.keys().chain(self.baseline.keys()).collect();
        for cell in all.into_iter().filter(|cell| workspace.is_none_or(|it| it == cell.1)) {
            let arm = value(self.arm_cells.get(cell).copied(), question.metric);
            let base = value(self.baseline.get(cell).copied(), question.metric);
            let why = match (arm, base) {
                (Ok(arm), Ok(base)) if sample.add(cell.1, cell.0, arm, base) => continue,
                (Ok(_), Ok(_)) => "no time above 0 s".into(),
                (Err(why), _) => why,
                (_, Err(why)) => format!("baseline {why}"),
            };
            *excluded.entry(why).or_default() += 1;
        }
        Open {
            sample,
            scenario: (*scenario).into(),
            step: (*step).into(),
            strategy: (*arm).into(),
            workspace: workspace.map(str::to_owned),
            excluded: excluded.into_iter().map(|(why, pairs)| Excluded { why, pairs }).collect(),
        }
    }
}

/// The value of a row that may enter, or why there is none.
fn value(row: Option<&StepRow>, metric: Metric) -> Result<f64, String> {
    let row = row.ok_or("not measured")?;
    if row.status != Status::Ok {
        return Err(match row.note.lines().next() {
            None | Some("") => row.status.to_string(),
            Some(note) => format!("{}: {note}", row.status),
        });
    }
    metric.of(row).ok_or_else(|| "not measured".into())
}

/// Judges a family.
fn settle(open: Vec<Open>, question: &Question) -> Vec<Comparison> {
    let (samples, rest): (Vec<Sample>, Vec<_>) =
        open.into_iter().map(|it| (it.sample, (it.scenario, it.step, it.strategy, it.workspace, it.excluded))).unzip();
    let family = samples.iter().filter(|sample| sample.pairs() > 0).count();
    judge(&samples, &question.rule, question.seed)
        .into_iter()
        .zip(rest)
        .map(|(judgement, (scenario, step, strategy, workspace, excluded))| Comparison {
            scenario,
            step,
            strategy,
            baseline: question.baseline.clone(),
            workspace,
            family,
            excluded,
            judgement,
        })
        .collect()
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
