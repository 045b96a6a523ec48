//! A whole run understood: steps, their arms, verdicts.

use std::collections::{BTreeMap, HashMap};

use itertools::Itertools as _;
use records::run_folder::{CutOff, RunFolder};
use records::{RunInfo, Status, StepRow, UnitRow};

use super::aggregate::WallRounds;
use super::arm::ArmAnalysis;
use super::causes::{CauseGroup, causes};
use super::metrics::ArmRows;
use crate::stats::{Comparison, Question, Verdict, compare_overall};

/// A run of `harness compare`.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Under which conditions it was taken.
    pub info: RunInfo,
    /// The strategy that others are compared with.
    pub baseline: String,
    /// Rows of `steps.csv`.
    pub rows: usize,
    /// Of them, rows that count.
    pub ok_rows: usize,
    /// What reading left out.
    pub cut: CutOff,
    /// What was compared, and by which rule.
    pub question: Question,
    /// How many comparisons of arms the correction took into account.
    pub family: usize,
    /// In the order of the scenario.
    pub steps: Vec<StepAnalysis>,
    /// Why units were compiled again.
    pub causes: Vec<CauseGroup>,
    /// What external tools count that was counted otherwise from outside.
    pub own_counts: Vec<OwnCounts>,
}

/// A run with what was made of it: for those who need its rows, too.
#[derive(Debug, Clone, Copy)]
pub struct AnalysedRun<'a> {
    /// What was made of it.
    pub analysis: &'a Analysis,
    /// Its rows.
    pub folder: &'a RunFolder,
}

/// One step with all its arms.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnalysis {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Distinct workspaces with a row.
    pub workspaces: usize,
    /// Distinct rounds with a row.
    pub rounds: usize,
    /// The rounds behind the `wall_s` of its arms.
    pub wall_rounds: WallRounds,
    /// Whether it frees space instead of building.
    pub cleans: bool,
    /// Whether the baseline is unsupported in all rows it has here, so that there is
    /// nothing to compare with.
    pub baseline_unsupported: bool,
    /// In the order they were asked for, the baseline first.
    pub arms: Vec<ArmAnalysis>,
    /// What would have been found in the arm in which it is largest, of those without a
    /// difference; of all where every arm has one.
    pub detectable: Option<Detectable>,
    /// The same in an arm as noisy as the control.
    pub detectable_as_control: Option<Detectable>,
}

/// An effect that would have been found 8 times out of 10, from the noise of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Detectable {
    /// The arm whose noise it was worked out from.
    pub strategy: String,
    /// Its rounds.
    pub rounds: usize,
    /// The effect, as a part of the baseline's time.
    pub effect: f64,
}

/// Whether there is anything to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerdictStanding {
    /// There is nothing but the baseline.
    NothingToCompare,
    /// No arm has a valid pair of rows.
    NoPair,
    /// Whatever has pairs has one round: no interval.
    Estimates,
    /// At least one verdict says something.
    Judged,
}

/// Hits of an external tool by its own account, beside those counted from outside; all `ok` rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCounts {
    /// The strategy.
    pub strategy: String,
    /// By its own account; misses only where it counts them.
    pub own: (u64, Option<u64>),
    /// Units that were hits, and misses.
    pub counted: (u64, u64),
}

impl Analysis {
    /// Whether a scenario begins with this step: a shared store fills in it.
    pub(crate) fn begins_scenario(&self, step: &StepAnalysis) -> bool {
        self.steps.iter().find(|it| it.scenario == step.scenario).is_some_and(|first| first.step == step.step)
    }

    /// Understands a run. `baseline` is the strategy that others are compared with; without
    /// one it is what the run was asked for, else `none` if it took part, else the first.
    pub fn of(run: &RunFolder, baseline: Option<&str>) -> Self {
        let baseline = baseline.map_or_else(|| baseline_of(run), str::to_owned);
        let question = Question::of_run(&run.info, &baseline);
        let order = strategies(run, &baseline);
        let comparisons = compare_overall(&run.steps, &question);
        let family = comparisons.iter().filter(|it| !it.control).map(|it| it.family).max().unwrap_or(0);
        let mut steps = steps(run, &baseline, &order);
        for arm in steps.iter_mut().filter_map(|step| step.arms.iter_mut().find(|arm| arm.strategy == baseline)) {
            arm.against_baseline = arm.numbers.wall_s.map(|_| 1.0);
            arm.paired_workspaces = arm.workspaces;
        }
        for it in comparisons {
            if let Some(arm) = find(&mut steps, &it.scenario, &it.step, &it.strategy) {
                arm.against_baseline = it.judgement.ratio.filter(|_| it.baseline == baseline);
                arm.paired_workspaces = it.judgement.workspaces;
                arm.wall = Some(it);
            }
        }
        for step in &mut steps {
            let open = step.compared().filter(|it| it.judgement.verdict == Verdict::NoDifferenceFound);
            let detectable = worst(open).or_else(|| worst(step.compared()));
            step.detectable_as_control = worst(step.controls());
            step.detectable = detectable;
        }
        let others: Vec<&str> = order.iter().copied().filter(|name| *name != baseline).collect();
        Self {
            info: run.info.clone(),
            rows: run.steps.len(),
            ok_rows: run.steps.iter().filter(|row| row.status == Status::Ok).count(),
            cut: run.cut,
            question,
            family,
            steps,
            causes: causes(run, &others),
            own_counts: order.iter().filter_map(|strategy| OwnCounts::of(run, strategy)).collect(),
            baseline,
        }
    }

    fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        self.steps.iter().flat_map(|step| step.arms.iter().filter_map(|arm| arm.wall.as_ref()))
    }

    /// Whether there is any verdict to show.
    pub fn standing(&self) -> VerdictStanding {
        let any = |wanted: fn(Verdict) -> bool| self.comparisons().any(|it| wanted(it.judgement.verdict));
        if self.comparisons().next().is_none() {
            VerdictStanding::NothingToCompare
        } else if any(|it| !matches!(it, Verdict::Invalid | Verdict::OneRound)) {
            VerdictStanding::Judged
        } else if any(|it| it == Verdict::OneRound) {
            VerdictStanding::Estimates
        } else {
            VerdictStanding::NoPair
        }
    }
}

impl StepAnalysis {
    /// The name of an arm beside others: with how many workspaces its numbers are over,
    /// where these are not all of the step.
    pub fn label(&self, arm: &ArmAnalysis) -> String {
        match arm.workspaces {
            0 => arm.name().to_owned(),
            some if some < self.workspaces => format!("{} ({some} of {} workspaces)", arm.name(), self.workspaces),
            _ => arm.name().to_owned(),
        }
    }

    /// An arm by the full name of its strategy.
    pub fn arm(&self, strategy: &str) -> Option<&ArmAnalysis> {
        self.arms.iter().find(|arm| arm.name() == strategy)
    }

    /// Every arm against the baseline over all workspaces.
    pub fn compared(&self) -> impl Iterator<Item = &Comparison> {
        self.arms.iter().filter_map(|arm| arm.wall.as_ref()).filter(|it| !it.control)
    }

    /// Every control against the arm it repeats.
    pub fn controls(&self) -> impl Iterator<Item = &Comparison> {
        self.arms.iter().filter_map(|arm| arm.wall.as_ref()).filter(|it| it.control)
    }
}

impl OwnCounts {
    /// `None` where the tool counts nothing, or the same.
    fn of(run: &RunFolder, strategy: &str) -> Option<Self> {
        let counts = |row: &&StepRow| row.strategy == strategy && row.status == Status::Ok && row.own_hits.is_some();
        let rows: Vec<&StepRow> = run.steps.iter().filter(counts).collect();
        let sum = |of: &dyn Fn(&StepRow) -> Option<u64>| rows.iter().filter_map(|row| of(row)).reduce(|a, b| a + b);
        let hits = sum(&|row| Some(row.hits().unwrap_or(0)))?;
        let own = (sum(&|row| row.own_hits)?, sum(&|row| row.own_misses));
        let counted = (hits, sum(&|row| row.missed).unwrap_or(0));
        ((own.0, own.1.unwrap_or(0)) != counted).then(|| Self { strategy: strategy.into(), own, counted })
    }
}

fn find<'a>(steps: &'a mut [StepAnalysis], scenario: &str, step: &str, strategy: &str) -> Option<&'a mut ArmAnalysis> {
    let step = steps.iter_mut().find(|it| it.scenario == scenario && it.step == step)?;
    step.arms.iter_mut().find(|arm| arm.strategy == strategy)
}

fn worst<'a>(arms: impl Iterator<Item = &'a Comparison>) -> Option<Detectable> {
    let effects = arms.filter_map(|it| {
        let effect = it.judgement.detectable?;
        Some(Detectable { strategy: it.strategy.clone(), rounds: it.judgement.rounds, effect })
    });
    effects.max_by(|a, b| a.effect.total_cmp(&b.effect))
}

/// Steps in the order of their first appearance, with the numbers of their arms and no verdicts.
fn steps(run: &RunFolder, baseline: &str, order: &[&str]) -> Vec<StepAnalysis> {
    let costs = costs(run);
    let cost = |row: &StepRow| {
        let key: RowKey<'_> = (row.round, &row.workspace, &row.scenario, &row.step, &row.strategy);
        costs.get(&key).copied()
    };
    let places = run.steps.iter().map(|row| (row.scenario.as_str(), row.step.as_str())).unique();
    let mut by_place: BTreeMap<(&str, &str), Vec<&StepRow>> = BTreeMap::new();
    for row in &run.steps {
        by_place.entry((&row.scenario, &row.step)).or_default().push(row);
    }
    let warm_rows: HashMap<_, f64> = (run.steps.iter())
        .filter(|row| row.step == "warm" && row.status == Status::Ok)
        .filter_map(|row| Some(((row.round, &*row.workspace, &*row.scenario, &*row.strategy), row.wall_s?)))
        .collect();
    let warm = |row: &StepRow| {
        let key = (row.round, &*row.workspace, &*row.scenario, &*row.strategy);
        warm_rows.get(&key).copied().filter(|_| row.step == "edit")
    };
    let of_place = |place: (&str, &str)| {
        let rows = by_place.get(&place).map_or(&[][..], Vec::as_slice);
        let of = |strategy: &str| rows.iter().copied().filter(|row| row.strategy == strategy).collect::<Vec<_>>();
        let arms: Vec<(&str, Vec<&StepRow>)> =
            order.iter().map(|strategy| (*strategy, of(strategy))).filter(|(_, rows)| !rows.is_empty()).collect();
        let wall_rounds = WallRounds::of(&arms.iter().map(|(_, rows)| ok(rows)).collect::<Vec<_>>());
        let base = of(baseline);
        let arm = |(strategy, rows): &(&str, Vec<&StepRow>)| {
            let ok = ok(rows);
            let counted = ArmRows {
                built: ok.iter().map(|row| &row.workspace).unique().count(),
                wall_rounds: &wall_rounds,
                cost: &cost,
                warm: &warm,
                alone: run.info.alone(),
                workspaces: &run.info.corpus.workspaces,
                ok,
            };
            ArmAnalysis::of(strategy, rows, &counted, &base)
        };
        let arms: Vec<ArmAnalysis> = arms.iter().map(arm).collect();
        StepAnalysis {
            scenario: place.0.into(),
            step: place.1.into(),
            workspaces: rows.iter().map(|row| &row.workspace).unique().count(),
            rounds: rows.iter().map(|row| row.round).unique().count(),
            cleans: arms.iter().any(|arm| arm.numbers.promised_bytes.is_some()),
            baseline_unsupported: !base.is_empty() && base.iter().all(|row| row.status == Status::Unsupported),
            wall_rounds,
            arms,
            detectable: None,
            detectable_as_control: None,
        }
    };
    places.map(of_place).collect()
}

fn ok<'run>(rows: &[&'run StepRow]) -> Vec<&'run StepRow> {
    rows.iter().copied().filter(|row| row.status == Status::Ok).collect()
}

fn strategies<'run>(run: &'run RunFolder, baseline: &str) -> Vec<&'run str> {
    let present: Vec<&str> = run.steps.iter().map(|row| row.strategy.as_str()).unique().collect();
    let first = present.iter().copied().filter(|name| *name == baseline);
    let listed = run.info.strategies.iter().map(String::as_str).filter(|name| present.contains(name));
    first.chain(listed).chain(present.iter().copied()).unique().collect()
}

/// Round, workspace, scenario, step, strategy.
type RowKey<'run> = (u32, &'run str, &'run str, &'run str, &'run str);

/// Compile seconds of all units of a step: what its hit rate by cost is a part of.
fn costs(run: &RunFolder) -> HashMap<RowKey<'_>, f64> {
    fn key(unit: &UnitRow) -> RowKey<'_> {
        (unit.round, &unit.workspace, &unit.scenario, &unit.step, &unit.strategy)
    }
    let mut costs = HashMap::new();
    // Rows of one step follow each other: one look-up a step.
    for units in run.units.chunk_by(|a, b| key(a) == key(b)) {
        if let Some(first) = units.first() {
            *costs.entry(key(first)).or_insert(0.0) += units.iter().filter_map(|unit| unit.cost_s).sum::<f64>();
        }
    }
    costs
}

/// What a run was compared with, of the strategies that took part: `options.against`, else
/// `none`, else the first that was asked for.
pub fn baseline_of(run: &RunFolder) -> String {
    let took_part = |name: &&str| run.steps.iter().any(|row| row.strategy == *name);
    let wanted = run.info.options.get("against").and_then(|it| it.as_str());
    let listed = run.info.strategies.iter().map(String::as_str);
    let present = run.steps.first().map(|row| row.strategy.as_str());
    let mut candidates = wanted.into_iter().chain(["none"]).chain(listed).chain(present);
    candidates.find(took_part).unwrap_or("none").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_tool_counts_otherwise_is_reported() {
        let row = |strategy: &str, own_hits, own_misses| StepRow {
            strategy: strategy.into(),
            status: Status::Ok,
            units: Some(10),
            hit_rate: Some(0.6),
            missed: Some(4),
            own_hits,
            own_misses,
            ..StepRow::default()
        };
        let steps = vec![
            row("same", Some(6), Some(4)),
            row("more", Some(9), Some(1)),
            row("more", Some(9), None),
            row("mute", None, None),
        ];
        let run = RunFolder { info: RunInfo::new("r"), steps, units: Vec::new(), cut: CutOff::default() };
        let found: Vec<OwnCounts> = ["same", "more", "mute"].iter().filter_map(|it| OwnCounts::of(&run, it)).collect();
        assert_eq!(found, [OwnCounts { strategy: "more".into(), own: (18, Some(1)), counted: (12, 8) }]);
    }
}
