//! The evidence of a review: runs of `compare`, runs of probes, simulations, ablations.
//!
//! Every arm of every step is a [`StepArm`], which knows the run it is from. Numbers of two arms are
//! compared over what both have: sums of arms that lack different workspaces are sums of different things.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{AddAssign, Deref};

use crate::ablation::AblationRun;
use crate::analysis::{AnalysedRun, ArmAnalysis, StepAnalysis};
use crate::probes::ProbeRun;
use crate::simulation::SimulationRun;
use crate::stats::{Comparison, Question, Verdict, compare_overall, median};
use crate::words::{gathered, plural};
use records::{RunInfo, Status, StepRow, UnitRow};

#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// Runs of `harness compare`; they are called `R1`, `R2`, … in this order.
    pub runs: Vec<AnalysedRun<'a>>,
    /// Runs of `harness probe`; they are called `P1`, `P2`, … in this order.
    pub probes: Vec<&'a ProbeRun>,
    /// Runs of `harness simulate`; they are called `S1`, `S2`, … in this order.
    pub simulations: Vec<&'a SimulationRun>,
    /// Runs of `harness ablate`; they are called `A1`, `A2`, … in this order.
    pub ablations: Vec<&'a AblationRun>,
}

/// A number of a row, if it was measured.
pub(super) type RowValue = fn(&StepRow) -> Option<f64>;

/// Physical bytes of store and build directories.
pub(super) const ALL_PHYSICAL: RowValue = |row| row.all_physical_bytes.map(|n| n as f64);
/// Allocated bytes of the store.
pub(super) const STORE_ALLOCATED: RowValue = |row| row.store_allocated_bytes.map(|n| n as f64);
/// Physical bytes that the step added.
pub(super) const ADDED_PHYSICAL: RowValue = |row| row.marginal_physical_bytes.map(|n| n as f64);
/// Seconds that a user waits.
pub(super) const WALL_S: RowValue = |row| row.wall_s;

/// One strategy in one step of one run. Fields and methods of [`ArmAnalysis`] are its own.
#[derive(Clone, Copy)]
pub(super) struct StepArm<'a> {
    /// Which run.
    pub at: usize,
    pub run: AnalysedRun<'a>,
    pub step: &'a StepAnalysis,
    arm: &'a ArmAnalysis,
}

impl Deref for StepArm<'_> {
    type Target = ArmAnalysis;

    fn deref(&self) -> &ArmAnalysis {
        self.arm
    }
}

impl<'a> Evidence<'a> {
    /// The name of the run that is called so here, `R1` or `A2`.
    pub(super) fn name_of(&self, label: &str) -> String {
        let at =
            label.get(1..).and_then(|number| number.parse::<usize>().ok()).map_or(0, |number| number.wrapping_sub(1));
        let info = match label.chars().next() {
            Some('R') => self.runs.get(at).map(|run| &run.folder.info),
            Some('P') => self.probes.get(at).map(|run| &run.info),
            Some('S') => self.simulations.get(at).map(|run| &run.info),
            _ => self.ablations.get(at).map(|run| &run.info),
        };
        info.map_or_else(|| label.to_owned(), |info| info.name.clone())
    }

    /// Every arm that is no control and has a row that counts, in the order of the runs and
    /// their steps.
    pub(super) fn arms(&self) -> Vec<StepArm<'a>> {
        self.all_arms().into_iter().filter(|it| it.workspaces > 0).collect()
    }

    /// As [`Self::arms`], also arms of which no row counts.
    pub(super) fn all_arms(&self) -> Vec<StepArm<'a>> {
        let mut arms = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            for step in &run.analysis.steps {
                let here = step.arms.iter().filter(|arm| !arm.is_control());
                arms.extend(here.map(|arm| StepArm { at, run: *run, step, arm }));
            }
        }
        arms
    }

    /// The arms of steps with one of these names; where a scenario is named, of it alone.
    pub(super) fn steps(&self, scenario: Option<&str>, steps: &[&str]) -> Vec<StepArm<'a>> {
        let mut arms = self.arms();
        arms.retain(|it| scenario.is_none_or(|name| it.step.scenario == name));
        arms.retain(|it| steps.contains(&it.step.step.as_str()));
        arms
    }
}

impl<'a> StepArm<'a> {
    /// What the run is called: `R1`.
    pub fn label(&self) -> String {
        format!("R{}", self.at + 1)
    }

    pub fn shares_step(&self, other: &Self) -> bool {
        self.at == other.at && self.step.step == other.step.step && self.step.scenario == other.step.scenario
    }

    pub fn file_system(&self) -> &'a str {
        file_system(&self.run.analysis.info)
    }

    pub fn is_baseline(&self) -> bool {
        self.name() == self.run.analysis.baseline
    }

    /// Whether its seconds may be quoted: a shadow check fills the page cache and the disk.
    pub fn is_timed(&self) -> bool {
        !is_shadowed(&self.run.analysis.info)
    }

    /// Whether the step's control differs from what it repeats, so that no verdict holds.
    pub fn is_distrusted(&self) -> bool {
        control_failed(self.step)
    }

    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// Its rows that count.
    pub fn rows(&self) -> Vec<&'a StepRow> {
        let arm = self.arm;
        let step = self.step;
        let mine =
            move |row: &&StepRow| row.strategy == arm.name() && row.step == step.step && row.scenario == step.scenario;
        self.run.folder.steps.iter().filter(mine).filter(|row| row.status == Status::Ok).collect()
    }

    pub fn units(&self) -> Vec<&'a UnitRow> {
        let ok: BTreeSet<(u32, &str)> = self.rows().iter().map(|row| (row.round, row.workspace.as_str())).collect();
        let (arm, step) = (self.arm, self.step);
        let units = self.run.folder.units.iter();
        units
            .filter(|row| row.strategy == arm.name() && row.step == step.step && row.scenario == step.scenario)
            .filter(|row| ok.contains(&(row.round, row.workspace.as_str())))
            .collect()
    }

    pub fn in_step(&self, step: &str) -> Option<StepArm<'a>> {
        let steps = &self.run.analysis.steps;
        let step = steps.iter().find(|it| it.step == step && it.scenario == self.step.scenario)?;
        Some(StepArm { step, arm: step.arm(self.arm.name())?, ..*self })
    }

    /// Its name, for as long as the run.
    pub fn arm_name(&self) -> &'a str {
        self.arm.name()
    }

    /// Of each workspace after the first, the median share of compile seconds it reused.
    pub fn later_builds(&self) -> Vec<f64> {
        let rows = self.rows();
        let of = |workspace: &String| {
            let here = rows.iter().filter(|row| row.workspace == *workspace);
            median(&here.filter_map(|row| row.hit_rate_by_cost).collect::<Vec<_>>())
        };
        self.run.analysis.info.corpus.workspaces.iter().skip(1).filter_map(of).collect()
    }

    pub fn baseline(&self) -> Option<StepArm<'a>> {
        Some(StepArm { arm: self.step.arm(&self.run.analysis.baseline)?, ..*self })
    }

    /// Its wall time against that of another arm of the same step, pair by pair. The chance of a false difference among
    /// all arms of the step stays what the rule allows for one (Bonferroni).
    pub fn against(&self, other: &StepArm<'_>) -> Option<Comparison> {
        let both = [self.name(), other.name()];
        let here = |row: &&StepRow| {
            row.step == self.step.step && row.scenario == self.step.scenario && both.contains(&&*row.strategy)
        };
        let rows: Vec<StepRow> = self.run.folder.steps.iter().filter(here).cloned().collect();
        let mut question = Question::of_run(&self.run.analysis.info, other.name());
        question.rule.alpha /= self.step.arms.len().saturating_sub(1).max(1) as f64;
        // Verdict and interval are read here, the check beside them is not.
        question.rule.patterns = 0;
        let found = compare_overall(&rows, &question);
        found.into_iter().find(|it| it.strategy == self.name() && it.baseline == other.name())
    }

    /// `5 rounds × 3 workspaces`.
    pub fn n(&self) -> String {
        format!("{} × {}", plural(self.rounds(), "round"), plural(self.workspaces, "workspace"))
    }

    /// Its rows with a value, by round and workspace.
    fn values(&self, value: RowValue) -> BTreeMap<(u32, &'a str), f64> {
        self.rows().into_iter().filter_map(|row| Some(((row.round, row.workspace.as_str()), value(row)?))).collect()
    }

    /// Medians of both by workspace, over the rounds in which both have a value.
    pub fn common_medians(&self, other: &StepArm<'a>, value: RowValue) -> BTreeMap<&'a str, (f64, f64)> {
        let (mine, others) = (self.values(value), other.values(value));
        let mut common: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for ((round, workspace), value) in &mine {
            if let Some(other) = others.get(&(*round, *workspace)) {
                let both = common.entry(workspace).or_default();
                both.0.push(*value);
                both.1.push(*other);
            }
        }
        common.into_iter().filter_map(|(name, (one, two))| Some((name, median(&one).zip(median(&two))?))).collect()
    }

    /// Sums of [`Self::common_medians`], where there are any.
    pub fn common_sums(&self, other: &StepArm<'a>, value: RowValue) -> Option<(f64, f64)> {
        let medians = self.common_medians(other, value);
        let sum = |all: (f64, f64), it: &(f64, f64)| (all.0 + it.0, all.1 + it.1);
        (!medians.is_empty()).then(|| medians.values().fold((0.0, 0.0), sum))
    }

    /// Bytes that both hold after the step. Where each workspace has directories of its own
    /// they add up, over the workspaces of both. Where they share them the last one's row
    /// holds all, so both must have built every workspace that either has in any round; the
    /// rounds in which they have count. `None`: nothing may be compared.
    pub fn common_bytes(&self, other: &StepArm<'a>, value: RowValue) -> Option<(f64, f64)> {
        let info = &self.run.analysis.info;
        if info.alone() {
            return self.common_sums(other, value);
        }
        let (mine, others) = (self.values(value), other.values(value));
        let all: BTreeSet<&str> = mine.keys().chain(others.keys()).map(|(_, workspace)| *workspace).collect();
        // As `RunFolder::order_in` has it, by this arm's own rows: a whole round has one of every workspace.
        let place = |name: &str| info.corpus.workspaces.iter().position(|it| it == name);
        let mut last: BTreeMap<u32, _> = BTreeMap::new();
        for row in self.rows().into_iter().filter(|row| all.contains(row.workspace.as_str())) {
            let here = (row.store_position, place(&row.workspace), row.workspace.as_str());
            let known = last.entry(row.round).or_insert(here);
            *known = here.max(*known);
        }
        let rounds: BTreeSet<u32> = mine.keys().map(|(round, _)| *round).collect();
        let whole = |round: &&u32| {
            all.iter().all(|name| mine.contains_key(&(**round, *name)) && others.contains_key(&(**round, *name)))
        };
        let whole: Vec<u32> = rounds.iter().filter(whole).copied().collect();
        let of = |values: &BTreeMap<(u32, &str), f64>| {
            let of_last = |round: &u32| values.get(&(*round, last.get(round)?.2)).copied();
            median(&whole.iter().filter_map(of_last).collect::<Vec<_>>())
        };
        of(&mine).zip(of(&others))
    }

    /// The parts of a design: integration, policy, links, store.
    pub fn design(&self) -> [Option<&'a str>; 4] {
        let arm = self.arm;
        [arm.integration.as_deref(), arm.key.as_deref(), arm.link.as_deref(), arm.store.as_deref()]
    }
}

/// Whether a control of a step came out different from the arm that it repeats.
pub(super) fn control_failed(step: &StepAnalysis) -> bool {
    let differs = |arm: &ArmAnalysis| matches!(arm.verdict(), Some(Verdict::Faster | Verdict::Slower));
    step.arms.iter().any(|arm| arm.is_control() && differs(arm))
}

pub(super) fn file_system(info: &RunInfo) -> &str {
    let of = |role: &str| info.file_systems.iter().find(|it| it.role == role).map(|it| it.kind.as_str());
    of("arm").or_else(|| of("work")).unwrap_or("unknown")
}

/// Whether a run compiled every hit anyway, which fills the page cache and the disk.
pub(super) fn is_shadowed(info: &RunInfo) -> bool {
    info.options.get("shadow").and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// All pairs of a list, each once: later against earlier.
pub(super) fn pairs<T>(list: &[T]) -> Vec<(&T, &T)> {
    let with = |at: usize| list[..at].iter().map(move |earlier| (&list[at], earlier));
    (0..list.len()).flat_map(with).collect()
}

/// Key policies, from the narrowest to the widest.
pub(super) const LADDER: [&str; 3] = ["conservative", "non-local", "aggressive"];

/// The rung of a key policy.
pub(super) fn rung(arm: &StepArm<'_>) -> Option<usize> {
    LADDER.iter().position(|name| arm.key.as_deref() == Some(name))
}

/// Arms of one step that differ in their key policy alone: each with the one of the
/// next narrower policy of that step.
pub(super) fn ladder<'a>(arms: &[StepArm<'a>]) -> Vec<(StepArm<'a>, StepArm<'a>)> {
    // A preset such as `cargo-prototype` has options of its own beside its policy.
    let others = |arm: &StepArm<'a>| arm.name().replace(arm.key.as_deref().unwrap_or_default(), "");
    let mut found = Vec::new();
    for family in families(arms, 1) {
        for arm in &family {
            let alike = family.iter().filter(|it| others(it) == others(arm));
            let narrower = alike.filter(|it| rung(it).is_some() && rung(it) < rung(arm));
            found.extend(narrower.max_by_key(|it| rung(it)).map(|it| (*arm, *it)));
        }
    }
    found
}

/// Groups of two arms or more of one step that differ in one part of their design
/// alone: 1 the key policy, 2 the link mode, 3 the store.
pub(super) fn families<'a>(arms: &[StepArm<'a>], part: usize) -> Vec<Vec<StepArm<'a>>> {
    let others = |arm: &StepArm<'a>| {
        let mut design = arm.design();
        design[part] = None;
        (arm.at, &arm.step.scenario, &arm.step.step, design)
    };
    let known = arms.iter().filter(|arm| arm.design()[part].is_some());
    let groups = gathered(known.map(|arm| (others(arm), *arm))).into_iter().map(|(_, arms)| arms);
    groups.filter(|group| group.len() > 1).collect()
}

/// Arms of one step that differ in one part of their design alone: 2 the link mode,
/// 3 the store. Later ones against earlier ones, each pair once.
pub(super) fn differing<'a>(arms: &[StepArm<'a>], part: usize) -> Vec<(StepArm<'a>, StepArm<'a>)> {
    let options = |arm: &StepArm<'_>| arm.name().split_once('~').map(|(_, options)| options.to_owned());
    let apart = |a: &StepArm<'_>, b: &StepArm<'_>| a.design()[part] != b.design()[part] && options(a) == options(b);
    let of_group = |group: Vec<StepArm<'a>>| -> Vec<(StepArm<'a>, StepArm<'a>)> {
        pairs(&group).into_iter().filter(|(a, b)| apart(a, b)).map(|(a, b)| (*a, *b)).collect()
    };
    families(arms, part).into_iter().flat_map(of_group).collect()
}

/// Whether workspaces of the run share a store, so that one can help another.
pub(super) fn shares_store(arm: &StepArm<'_>) -> bool {
    !arm.run.analysis.info.alone()
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct UnitShare {
    pub units: f64,
    pub cost_s: f64,
}

impl AddAssign for UnitShare {
    fn add_assign(&mut self, other: Self) {
        self.units += other.units;
        self.cost_s += other.cost_s;
    }
}

impl UnitShare {
    /// Of the units that are wanted, a mean over rounds.
    pub fn of(arm: &StepArm<'_>, wanted: impl Fn(&UnitRow) -> bool) -> Self {
        let rounds = arm.rounds().max(1) as f64;
        let (mut units, mut cost_s) = (0.0, 0.0);
        for unit in arm.units().into_iter().filter(|unit| wanted(unit)) {
            units += 1.0;
            cost_s += unit.cost_s.unwrap_or(0.0);
        }
        Self { units: units / rounds, cost_s: cost_s / rounds }
    }
}

/// One arm for each run, step, integration and key policy: arms that differ in their links
/// and stores alone reuse the same units.
pub(super) fn one_per_policy<'a>(arms: &[StepArm<'a>]) -> Vec<StepArm<'a>> {
    let mut first: Vec<StepArm<'a>> = Vec::new();
    for arm in arms.iter().filter(|arm| arm.key.is_some()) {
        let same = |it: &&StepArm<'_>| it.shares_step(arm) && it.key == arm.key && it.integration == arm.integration;
        if !first.iter().any(|it| same(&it)) {
            first.push(*arm);
        }
    }
    first
}
