//! From records to comparisons: every arm against a baseline, per step.
//!
//! In: rows of `steps.csv`. Out: a [`Comparison`] for every step and arm over all
//! workspaces. Only pairs of two `ok` rows of the same round, workspace and step enter;
//! whatever else was met is counted and named in [`Comparison::excluded`]. All of them
//! are one family for the correction: the answer of a run.
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
//!
//! In the first step of a scenario a shared store fills, and what a workspace finds there is what those
//! before it left. Their order is drawn for the whole round, so there whole rounds are compared as well.

use super::judge::{Judgement, judge};
use super::sample::{FlipUnit, PairedSample};
use super::verdict::DecisionRule;
use itertools::Itertools as _;
use records::control::repeated_by;
use records::{RunInfo, Status, StepRow};
use std::collections::{BTreeMap, BTreeSet};

/// What to compare, and by which rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The strategy all others are compared with.
    pub baseline: String,
    /// When a difference counts.
    pub rule: DecisionRule,
    /// Seed of drawn patterns.
    pub seed: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self { baseline: "none".into(), rule: DecisionRule::default(), seed: 0 }
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
    /// How many comparisons the correction took into account.
    pub family: usize,
    /// What could not be paired, by reason.
    pub excluded: Vec<Excluded>,
    /// The numbers and the verdict.
    pub judgement: Judgement,
    /// Each workspace of the step alone: where a difference comes from.
    pub workspaces: Vec<WorkspaceRatio>,
}

/// The estimate of one arm in one workspace, without a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceRatio {
    /// The workspace.
    pub workspace: String,
    /// Geometric mean over rounds of arm ÷ baseline; `None` without a pair.
    pub ratio: Option<f64>,
    /// Rounds with two valid rows.
    pub pairs: usize,
}

/// Rounds of workspaces that could not enter a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Why, e.g. `failed: could not compile …`, `baseline invalid: …`, `not measured`
    /// (a row without a time), `disturbed by others`, `not run` (no row).
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

/// Compares every arm with the baseline, per step, in order of first appearance. The arms are
/// judged as one family and the controls as another.
pub fn compare_overall(rows: &[StepRow], question: &Question) -> Vec<Comparison> {
    let subjects = subjects(rows, question);
    let samples: Vec<(PairedSample, Vec<Excluded>)> = subjects.iter().map(Subject::collect).collect();
    let family = |control: bool| {
        let here = subjects.iter().zip(&samples).filter(|(it, _)| it.control == control);
        let samples: Vec<PairedSample> = here.map(|(_, (sample, _))| sample.clone()).collect();
        let size = samples.iter().filter(|sample| sample.pairs() > 0).count();
        judge(&samples, &question.rule, question.seed).into_iter().map(move |judgement| (judgement, size))
    };
    let (mut arms, mut controls) = (family(false), family(true));
    let judged = subjects.iter().zip(&samples).filter_map(|(it, (sample, excluded))| {
        let (judgement, family) = if it.control { controls.next() } else { arms.next() }?;
        Some(Comparison {
            scenario: it.scenario.into(),
            step: it.step.into(),
            strategy: it.arm.into(),
            baseline: it.baseline.into(),
            control: it.control,
            family,
            excluded: excluded.clone(),
            judgement,
            workspaces: it.workspaces.iter().map(|name| WorkspaceRatio::of(name, sample)).collect(),
        })
    });
    judged.collect()
}

pub(super) fn samples<'a>(rows: &'a [StepRow], question: &'a Question) -> Vec<(&'a str, PairedSample)> {
    subjects(rows, question).iter().map(|it| (it.arm, it.collect().0)).collect()
}

impl WorkspaceRatio {
    fn of(workspace: &str, sample: &PairedSample) -> Self {
        let found = sample.workspaces().iter().zip(sample.means()).find(|((name, _), _)| name == workspace);
        Self {
            workspace: workspace.into(),
            ratio: found.map(|(_, mean)| mean.exp()),
            pairs: found.map_or(0, |((_, pairs), _)| pairs.len()),
        }
    }
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
    baseline: &'a str,
    control: bool,
    arm_cells: Cells<'a>,
    baseline_cells: Cells<'a>,
    fills_store: bool,
    /// All workspaces of the step.
    workspaces: Vec<&'a str>,
}

fn subjects<'a>(rows: &'a [StepRow], question: &'a Question) -> Vec<Subject<'a>> {
    let steps = rows.iter().map(|row| (row.scenario.as_str(), row.step.as_str())).unique();
    let strategies: Vec<&str> = rows.iter().map(|row| row.strategy.as_str()).unique().collect();
    let mut subjects = Vec::new();
    let mut begun = BTreeSet::new();
    for (scenario, step) in steps {
        let is_first = begun.insert(scenario);
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
            let fills_store =
                is_first && arm_cells.values().chain(baseline_cells.values()).any(|row| row.shared_a_store());
            subjects.push(Subject {
                scenario,
                step,
                arm,
                baseline,
                control,
                arm_cells,
                baseline_cells,
                fills_store,
                workspaces,
            });
        }
    }
    subjects
}

impl<'a> Subject<'a> {
    fn collect(&self) -> (PairedSample, Vec<Excluded>) {
        let Self { scenario, step, arm, .. } = self;
        // The name selects the stream of random numbers.
        let mut sample = PairedSample::new(format!("{scenario}/{step}/{arm}/all workspaces"));
        if self.fills_store {
            sample.by_whole_rounds();
        }
        let mut excluded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let all: BTreeSet<&(u32, &'a str)> = self.arm_cells.keys().chain(self.baseline_cells.keys()).collect();
        for cell in all {
            let wall = |cells: &Cells<'_>| wall(cells.get(cell).copied());
            let why = match (wall(&self.arm_cells), wall(&self.baseline_cells)) {
                (Ok(arm), Ok(base)) if sample.add(cell.1, cell.0, arm, base) => continue,
                (Ok(_), Ok(_)) => "no time above 0 s".into(),
                (Err(why), _) => why,
                (_, Err(why)) => format!("baseline {why}"),
            };
            excluded.entry(why).or_default().push(cell.1);
        }
        (sample, excluded.into_iter().map(|(why, places)| Excluded::of(why, &places)).collect())
    }
}

/// The wall time of a row that may enter, or why there is none.
fn wall(row: Option<&StepRow>) -> Result<f64, String> {
    let row = row.ok_or("not run")?;
    if row.status != Status::Ok {
        return Err(match row.note.lines().next() {
            None | Some("") => row.status.to_string(),
            Some(note) => format!("{}: {note}", row.status),
        });
    }
    if row.disturbed().is_some() {
        return Err("disturbed by others".into());
    }
    row.wall_s.ok_or_else(|| "not measured".into())
}

/// The key in [`RunInfo::options`] that says how the arms were ordered.
pub const ORDER: &str = "order";
/// Its value where the order of the arms was drawn anew for every workspace and
/// step of every round.
pub const INTERLEAVED: &str = "interleaved";
/// Its value where the order was drawn once a round and every arm then went
/// through all workspaces.
pub const ARM_BY_ARM: &str = "arm-by-arm";

impl FlipUnit {
    /// What the schedule of a run randomised.
    pub fn of_run(info: &RunInfo) -> Self {
        match info.options.get(ORDER).and_then(|order| order.as_str()) {
            Some(INTERLEAVED) => FlipUnit::Pair,
            _ => FlipUnit::Round,
        }
    }
}

impl DecisionRule {
    /// The rule for a run: the default one with the run's [`FlipUnit`].
    pub fn of_run(info: &RunInfo) -> Self {
        Self { block: FlipUnit::of_run(info), ..Self::default() }
    }
}

impl Question {
    /// The question asked of a run: wall times against `baseline` by the rule of
    /// its schedule, drawn from its own seed.
    pub fn of_run(info: &RunInfo, baseline: &str) -> Self {
        Self { baseline: baseline.into(), rule: DecisionRule::of_run(info), seed: info.seed }
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
        assert_eq!(block(Some(INTERLEAVED.into())), FlipUnit::Pair);
        assert_eq!(block(Some(ARM_BY_ARM.into())), FlipUnit::Round);
        assert_eq!(block(Some("by lot".into())), FlipUnit::Round);
        assert_eq!(block(Some(1.into())), FlipUnit::Round);
        assert_eq!(block(None), FlipUnit::Round);
    }
}
