//! What a review is made from, and how answers find their way in it.
//!
//! In: runs of `compare`, each with what was made of it, runs of probes, and simulations. Out: every arm
//! of every step as an [`Arm`], which knows the run it is from. A further kind of evidence
//! is a further field of [`Evidence`], and what reads it a further file beside this one.

use std::collections::BTreeSet;
use std::ops::Deref;

use crate::analysis::{ArmAnalysis, Run, StepAnalysis};
use crate::probes::ProbeRun;
use crate::simulation::SimulationRun;
use crate::stats::{Comparison, Question, Verdict, compare_overall};
use records::{Status, StepRow, UnitRow};

/// Everything at hand.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// Runs of `harness compare`; they are called `R1`, `R2`, … in this order.
    pub runs: Vec<Run<'a>>,
    /// Runs of `harness probe`; they are called `P1`, `P2`, … in this order.
    pub probes: Vec<&'a ProbeRun>,
    /// Runs of `harness simulate`; they are called `S1`, `S2`, … in this order.
    pub simulations: Vec<&'a SimulationRun>,
}

/// One strategy in one step of one run. Fields and methods of [`ArmAnalysis`] are its own.
#[derive(Clone, Copy)]
pub(super) struct Arm<'a> {
    /// Which run.
    pub at: usize,
    pub run: Run<'a>,
    pub step: &'a StepAnalysis,
    arm: &'a ArmAnalysis,
}

impl Deref for Arm<'_> {
    type Target = ArmAnalysis;

    fn deref(&self) -> &ArmAnalysis {
        self.arm
    }
}

/// A step's control that came out different from what it repeats.
const ANY_DIFFERENCE: [Option<Verdict>; 2] = [Some(Verdict::Faster), Some(Verdict::Slower)];

impl<'a> Evidence<'a> {
    /// Every arm that is no control and has a row that counts, in the order of the runs and
    /// their steps.
    pub(super) fn arms(&self) -> Vec<Arm<'a>> {
        self.all_arms().into_iter().filter(|it| it.workspaces > 0).collect()
    }

    /// As [`Self::arms`], also arms of which no row counts.
    pub(super) fn all_arms(&self) -> Vec<Arm<'a>> {
        let mut arms = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            for step in &run.analysis.steps {
                let here = step.arms.iter().filter(|arm| !arm.is_control());
                arms.extend(here.map(|arm| Arm { at, run: *run, step, arm }));
            }
        }
        arms
    }

    /// The arms of steps with one of these names; where a scenario is named, of it alone.
    pub(super) fn steps(&self, scenario: Option<&str>, steps: &[&str]) -> Vec<Arm<'a>> {
        let mut arms = self.arms();
        arms.retain(|it| scenario.is_none_or(|name| it.step.scenario == name));
        arms.retain(|it| steps.contains(&it.step.step.as_str()));
        arms
    }

    /// The names of the steps of a scenario, in the order of their first appearance.
    pub(super) fn steps_of(&self, scenario: &str) -> Vec<&'a str> {
        let mut names = Vec::new();
        for run in &self.runs {
            for step in run.analysis.steps.iter().filter(|step| step.scenario == scenario) {
                if !names.contains(&step.step.as_str()) {
                    names.push(&step.step);
                }
            }
        }
        names
    }
}

impl<'a> Arm<'a> {
    /// What the run is called: `R1`.
    pub fn label(&self) -> String {
        format!("R{}", self.at + 1)
    }

    /// Whether it is of the step, scenario and run that another is of.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.at == other.at && self.step.step == other.step.step && self.step.scenario == other.step.scenario
    }

    /// The file system of stores and build directories.
    pub fn file_system(&self) -> &'a str {
        let systems = &self.run.analysis.info.file_systems;
        let of = |role: &str| systems.iter().find(|it| it.role == role).map(|it| it.kind.as_str());
        of("arm").or_else(|| of("work")).unwrap_or("unknown")
    }

    /// The size of the volume it was made on, as `--volume` takes it.
    pub fn volume(&self) -> Option<&'a str> {
        self.run.analysis.info.options.get("volume").and_then(|it| it.as_str())
    }

    /// Whether it is what others are compared with.
    pub fn is_baseline(&self) -> bool {
        self.name() == self.run.analysis.baseline
    }

    /// Whether its seconds may be quoted: a shadow check fills the page cache and the disk.
    pub fn is_timed(&self) -> bool {
        !self.run.analysis.info.options.get("shadow").and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// Whether the step's control differs from what it repeats, so that no verdict holds.
    pub fn is_distrusted(&self) -> bool {
        self.step.arms.iter().any(|arm| arm.is_control() && ANY_DIFFERENCE.contains(&arm.verdict()))
    }

    /// Rounds with a row that counts.
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

    /// The units of its rows that count.
    pub fn units(&self) -> Vec<&'a UnitRow> {
        let ok: BTreeSet<(u32, &str)> = self.rows().iter().map(|row| (row.round, row.workspace.as_str())).collect();
        let (arm, step) = (self.arm, self.step);
        let units = self.run.folder.units.iter();
        units
            .filter(|row| row.strategy == arm.name() && row.step == step.step && row.scenario == step.scenario)
            .filter(|row| ok.contains(&(row.round, row.workspace.as_str())))
            .collect()
    }

    /// The same strategy in another step of the same scenario and run.
    pub fn in_step(&self, step: &str) -> Option<Arm<'a>> {
        let steps = &self.run.analysis.steps;
        let step = steps.iter().find(|it| it.step == step && it.scenario == self.step.scenario)?;
        Some(Arm { step, arm: step.arm(self.arm.name())?, ..*self })
    }

    /// What it is compared with in the same step.
    pub fn baseline(&self) -> Option<Arm<'a>> {
        Some(Arm { arm: self.step.arm(&self.run.analysis.baseline)?, ..*self })
    }

    /// Its wall time against that of another arm of the same step, pair by pair. `looks` is
    /// how many such comparisons the reader goes through: the chance of a false difference
    /// among all of them stays what the rule allows for one (Bonferroni).
    pub fn against(&self, other: &Arm<'_>, looks: usize) -> Option<Comparison> {
        self.against_in(other, looks, |_| true)
    }

    /// The same over some workspaces alone.
    pub fn against_in(&self, other: &Arm<'_>, looks: usize, within: impl Fn(&str) -> bool) -> Option<Comparison> {
        let both = [self.name(), other.name()];
        let here = |row: &&StepRow| {
            row.step == self.step.step
                && row.scenario == self.step.scenario
                && both.contains(&&*row.strategy)
                && within(&row.workspace)
        };
        let rows: Vec<StepRow> = self.run.folder.steps.iter().filter(here).cloned().collect();
        let mut question = Question::of_run(&self.run.analysis.info, other.name());
        question.rule.alpha /= looks.max(1) as f64;
        let found = compare_overall(&rows, &question);
        found.into_iter().find(|it| it.strategy == self.name() && it.baseline == other.name())
    }

    /// What differs between two strategies of one making: integration, policy, links, store.
    pub fn design(&self) -> [Option<&'a str>; 4] {
        let arm = self.arm;
        [arm.integration.as_deref(), arm.key.as_deref(), arm.link.as_deref(), arm.store.as_deref()]
    }
}

/// All pairs of a list, each once: later against earlier.
pub(super) fn pairs<T>(list: &[T]) -> Vec<(&T, &T)> {
    let with = |at: usize| list[..at].iter().map(move |earlier| (&list[at], earlier));
    (0..list.len()).flat_map(with).collect()
}

/// The groups of arms that stand beside each other: of one step, scenario and run.
pub(super) fn beside<'a>(arms: &[Arm<'a>]) -> Vec<Vec<Arm<'a>>> {
    let mut groups: Vec<Vec<Arm<'a>>> = Vec::new();
    for arm in arms {
        match groups.iter_mut().find(|group| group[0].is_beside(arm)) {
            Some(group) => group.push(*arm),
            None => groups.push(vec![*arm]),
        }
    }
    groups
}

/// Key policies, from the narrowest to the widest.
pub(super) const LADDER: [&str; 3] = ["conservative", "non-local", "aggressive"];

/// The rung of a key policy.
pub(super) fn rung(arm: &Arm<'_>) -> Option<usize> {
    LADDER.iter().position(|name| arm.key.as_deref() == Some(name))
}

/// Arms beside each other that differ in their key policy alone: each with the one of the
/// next narrower policy that took part.
pub(super) fn ladder<'a>(arms: &[Arm<'a>]) -> Vec<(Arm<'a>, Arm<'a>)> {
    let mut found = Vec::new();
    for arm in arms.iter().filter(|arm| rung(arm).is_some()) {
        let [integration, _, link, store] = arm.design();
        let narrower = arms.iter().filter(|it| {
            let other = it.design();
            it.is_beside(arm)
                && rung(it) < rung(arm)
                && rung(it).is_some()
                && [other[0], other[2], other[3]] == [integration, link, store]
        });
        found.extend(narrower.max_by_key(|it| rung(it)).map(|it| (*arm, *it)));
    }
    found
}

/// Groups of two arms or more beside each other that differ in one part of their design
/// alone: 1 the key policy, 2 the link mode, 3 the store.
pub(super) fn families<'a>(arms: &[Arm<'a>], part: usize) -> Vec<Vec<Arm<'a>>> {
    let alike = |a: &Arm<'_>, b: &Arm<'_>| {
        let (one, two) = (a.design(), b.design());
        a.is_beside(b) && (0..one.len()).all(|at| at == part || one[at] == two[at])
    };
    let mut groups: Vec<Vec<Arm<'a>>> = Vec::new();
    for arm in arms.iter().filter(|arm| arm.design()[part].is_some()) {
        match groups.iter_mut().find(|group| alike(&group[0], arm)) {
            Some(group) => group.push(*arm),
            None => groups.push(vec![*arm]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Arms beside each other that differ in one part of their design alone: 2 the link mode,
/// 3 the store. Later ones against earlier ones, each pair once.
pub(super) fn differing<'a>(arms: &[Arm<'a>], part: usize) -> Vec<(Arm<'a>, Arm<'a>)> {
    let apart = |a: &Arm<'_>, b: &Arm<'_>| a.design()[part] != b.design()[part];
    let of_group = |group: Vec<Arm<'a>>| -> Vec<(Arm<'a>, Arm<'a>)> {
        pairs(&group).into_iter().filter(|(a, b)| apart(a, b)).map(|(a, b)| (*a, *b)).collect()
    };
    families(arms, part).into_iter().flat_map(of_group).collect()
}
