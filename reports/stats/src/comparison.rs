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
//!
//! A control ([`records::control`]) is always compared with the arm it repeats,
//! whatever the baseline. Controls are families of their own too: they answer
//! another question, whether the run can be trusted, and asking it must not make
//! the run's answers any weaker. Within their family they are corrected for the
//! number of steps, so that in a sound run the chance of any control being called
//! different is at most alpha.
//!
//! A test may flip only what the schedule drew at random, which `run.json` says under
//! `options`: whole rounds where each arm went through all workspaces in one go, single
//! pairs where the order was drawn anew for every workspace and step. A record that does
//! not say so, as older ones, or says something unknown is taken as the former, which
//! claims less.

use super::judge::{Judgement, judge};
use super::sample::{Block, Sample};
use super::verdict::Rule;
use itertools::Itertools as _;
use records::control::repeated_by;
use records::{RunInfo, Status, StepRow};
use std::collections::{BTreeMap, BTreeSet};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ComparedTime {
    /// Seconds a user waits, `wall_s`.
    #[default]
    Wall,
    /// CPU seconds, `user_s + sys_s`.
    Cpu,
}

impl ComparedTime {
    /// The value of a row, if it was measured.
    pub fn of(self, row: &StepRow) -> Option<f64> {
        match self {
            ComparedTime::Wall => row.wall_s,
            ComparedTime::Cpu => Some(row.user_s? + row.sys_s?),
        }
    }
}

/// What to compare, and by which rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The strategy all others are compared with.
    pub baseline: String,
    /// What is compared.
    pub metric: ComparedTime,
    /// When a difference counts.
    pub rule: Rule,
    /// Seed of the bootstrap and of drawn permutations.
    pub seed: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self { baseline: "none".into(), metric: ComparedTime::Wall, rule: Rule::default(), seed: 0 }
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
    /// What it is compared with: the baseline, for a control the arm it repeats.
    pub baseline: String,
    /// Whether the arm is a control.
    pub control: bool,
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
    /// Why, e.g. `failed: could not compile …`, `baseline invalid: …`, `not measured`
    /// (a row without a time), `not run` (no row).
    pub why: String,
    /// How many.
    pub pairs: usize,
    /// Of which workspaces, sorted.
    pub workspaces: Vec<String>,
}

impl Excluded {
    /// One pair for each of these workspaces.
    fn of(why: String, places: &[&str]) -> Self {
        let workspaces: BTreeSet<&str> = places.iter().copied().collect();
        Self { why, pairs: places.len(), workspaces: workspaces.into_iter().map(str::to_owned).collect() }
    }
}

/// Compares every arm with the baseline: per step, over all workspaces first, then
/// workspace by workspace. Order of first appearance.
pub fn compare(rows: &[StepRow], question: &Question) -> Vec<Comparison> {
    let subjects = subjects(rows, question);
    let single = subjects.iter().flat_map(|it| it.workspaces.iter().map(|place| it.collect(question, Some(place))));
    let mut comparisons = judge_families(overall(&subjects, question), question);
    comparisons.extend(judge_families(single.collect(), question));
    comparisons
}

/// As [`compare`], only over all workspaces: the very same numbers in half the time.
pub fn compare_overall(rows: &[StepRow], question: &Question) -> Vec<Comparison> {
    judge_families(overall(&subjects(rows, question), question), question)
}

/// The estimate of one arm in one workspace: where a difference comes from, without a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalRatio {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// The arm.
    pub strategy: String,
    /// The workspace.
    pub workspace: String,
    /// Median over rounds of arm ÷ baseline; `None` without a pair.
    pub ratio: Option<f64>,
    /// Rounds with two valid rows.
    pub pairs: usize,
}

/// Every arm in every workspace alone, in order of first appearance: estimates only. They
/// cost next to nothing, where the verdicts of [`compare`] take as long again as all others.
pub fn local(rows: &[StepRow], question: &Question) -> Vec<LocalRatio> {
    let of_place = |subject: &Subject<'_>, workspace: &str| {
        let open = subject.collect(question, Some(workspace));
        LocalRatio {
            scenario: open.scenario,
            step: open.step,
            strategy: open.strategy,
            workspace: workspace.into(),
            ratio: open.sample.estimate().map(f64::exp),
            pairs: open.sample.pairs(),
        }
    };
    let subjects = subjects(rows, question);
    subjects.iter().flat_map(|it| it.workspaces.iter().map(|place| of_place(it, place)).collect::<Vec<_>>()).collect()
}

/// The arm and the sample of every comparison over all workspaces.
pub(super) fn samples(rows: &[StepRow], question: &Question) -> Vec<(String, Sample)> {
    overall(&subjects(rows, question), question).into_iter().map(|it| (it.strategy, it.sample)).collect()
}

fn overall(subjects: &[Subject<'_>], question: &Question) -> Vec<OpenComparison> {
    subjects.iter().map(|it| it.collect(question, None)).collect()
}

/// The rows of one strategy by round and workspace.
type Cells<'rows> = BTreeMap<(u32, &'rows str), &'rows StepRow>;

fn cells<'rows>(rows: &[&'rows StepRow], strategy: &str) -> Cells<'rows> {
    rows.iter().filter(|row| row.strategy == strategy).map(|row| ((row.round, row.workspace.as_str()), *row)).collect()
}

/// One arm in one step, and what it is compared with.
struct Subject<'a> {
    scenario: &'a str,
    step: &'a str,
    arm: &'a str,
    baseline: &'a str,
    control: bool,
    arm_cells: Cells<'a>,
    baseline_cells: Cells<'a>,
    /// All workspaces of the step.
    workspaces: Vec<&'a str>,
}

fn subjects<'a>(rows: &'a [StepRow], question: &'a Question) -> Vec<Subject<'a>> {
    let steps = rows.iter().map(|row| (row.scenario.as_str(), row.step.as_str())).unique();
    let strategies: Vec<&str> = rows.iter().map(|row| row.strategy.as_str()).unique().collect();
    let mut subjects = Vec::new();
    for (scenario, step) in steps {
        let here: Vec<&StepRow> = rows.iter().filter(|row| row.scenario == scenario && row.step == step).collect();
        let workspaces: Vec<&str> = here.iter().map(|row| row.workspace.as_str()).unique().collect();
        for arm in strategies.iter().copied().filter(|arm| *arm != question.baseline) {
            let arm_cells = cells(&here, arm);
            if arm_cells.is_empty() {
                continue;
            }
            let repeated = repeated_by(arm).filter(|it| strategies.contains(it));
            let (control, baseline) = (repeated.is_some(), repeated.unwrap_or(&question.baseline));
            let (baseline_cells, workspaces) = (cells(&here, baseline), workspaces.clone());
            subjects.push(Subject { scenario, step, arm, baseline, control, arm_cells, baseline_cells, workspaces });
        }
    }
    subjects
}

/// A comparison before its family is known.
struct OpenComparison {
    sample: Sample,
    scenario: String,
    step: String,
    strategy: String,
    baseline: String,
    control: bool,
    workspace: Option<String>,
    excluded: Vec<Excluded>,
}

impl Subject<'_> {
    fn collect(&self, question: &Question, workspace: Option<&str>) -> OpenComparison {
        let Self { scenario, step, arm, .. } = self;
        let place = workspace.unwrap_or("all workspaces");
        let mut sample = Sample::new(format!("{scenario}/{step}/{arm}/{place}"));
        let mut excluded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let all: BTreeSet<&(u32, &str)> = self.arm_cells.keys().chain(self.baseline_cells.keys()).collect();
        for cell in all.into_iter().filter(|cell| workspace.is_none_or(|it| it == cell.1)) {
            let arm = value(self.arm_cells.get(cell).copied(), question.metric);
            let base = value(self.baseline_cells.get(cell).copied(), question.metric);
            let why = match (arm, base) {
                (Ok(arm), Ok(base)) if sample.add(cell.1, cell.0, arm, base) => continue,
                (Ok(_), Ok(_)) => "no time above 0 s".into(),
                (Err(why), _) => why,
                (_, Err(why)) => format!("baseline {why}"),
            };
            excluded.entry(why).or_default().push(cell.1);
        }
        OpenComparison {
            sample,
            scenario: (*scenario).into(),
            step: (*step).into(),
            strategy: (*arm).into(),
            baseline: self.baseline.into(),
            control: self.control,
            workspace: workspace.map(str::to_owned),
            excluded: excluded.into_iter().map(|(why, places)| Excluded::of(why, &places)).collect(),
        }
    }
}

/// The value of a row that may enter, or why there is none.
fn value(row: Option<&StepRow>, metric: ComparedTime) -> Result<f64, String> {
    let row = row.ok_or("not run")?;
    if row.status != Status::Ok {
        return Err(match row.note.lines().next() {
            None | Some("") => row.status.to_string(),
            Some(note) => format!("{}: {note}", row.status),
        });
    }
    metric.of(row).ok_or_else(|| "not measured".into())
}

/// Judges the arms as one family and the controls as another.
fn judge_families(open: Vec<OpenComparison>, question: &Question) -> Vec<Comparison> {
    let family = |control: bool| {
        let samples: Vec<Sample> = open.iter().filter(|it| it.control == control).map(|it| it.sample.clone()).collect();
        let size = samples.iter().filter(|sample| sample.pairs() > 0).count();
        judge(&samples, &question.rule, question.seed).into_iter().map(move |judgement| (judgement, size))
    };
    let (mut arms, mut controls) = (family(false), family(true));
    open.into_iter()
        .filter_map(|it| {
            let (judgement, family) = if it.control { controls.next() } else { arms.next() }?;
            Some(Comparison {
                scenario: it.scenario,
                step: it.step,
                strategy: it.strategy,
                baseline: it.baseline,
                control: it.control,
                workspace: it.workspace,
                family,
                excluded: it.excluded,
                judgement,
            })
        })
        .collect()
}

/// The key in [`RunInfo::options`] that says how the arms were ordered.
pub const ORDER: &str = "order";
/// Its value where the order of the arms was drawn anew for every workspace and
/// step of every round.
pub const INTERLEAVED: &str = "interleaved";
/// Its value where the order was drawn once a round and every arm then went
/// through all workspaces.
pub const ARM_BY_ARM: &str = "arm-by-arm";

impl Block {
    /// What the schedule of a run randomised.
    pub fn of_run(info: &RunInfo) -> Self {
        match info.options.get(ORDER).and_then(|order| order.as_str()) {
            Some(INTERLEAVED) => Block::Pair,
            _ => Block::Round,
        }
    }
}

impl Rule {
    /// The rule for a run: the default one with the run's [`Block`].
    pub fn of_run(info: &RunInfo) -> Self {
        Self { block: Block::of_run(info), ..Self::default() }
    }
}

impl Question {
    /// The question asked of a run: wall times against `baseline` by the rule of
    /// its schedule, drawn from its own seed.
    pub fn of_run(info: &RunInfo, baseline: &str) -> Self {
        Self { baseline: baseline.into(), rule: Rule::of_run(info), seed: info.seed, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interleaved_order_lets_pairs_be_flipped() {
        let block = |order: Option<serde_json::Value>| {
            let mut info = RunInfo::new("r");
            info.seed = 7;
            info.options.extend(order.map(|order| (ORDER.to_owned(), order)));
            let question = Question::of_run(&info, "shared-target");
            assert_eq!((question.baseline.as_str(), question.seed), ("shared-target", 7));
            question.rule.block
        };
        assert_eq!(block(Some(INTERLEAVED.into())), Block::Pair);
        assert_eq!(block(Some(ARM_BY_ARM.into())), Block::Round);
        assert_eq!(block(Some("by lot".into())), Block::Round);
        assert_eq!(block(Some(1.into())), Block::Round);
        assert_eq!(block(None), Block::Round);
    }
}
