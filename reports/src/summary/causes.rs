//! Why units were compiled again: reasons ranked by the compile seconds they lost.
//!
//! A unit that was missed, refused, stale or stored under another key lost the
//! seconds it takes to compile, as the run's `none` arm measured them. Strategies
//! that differ only in their link mode miss the same units, so equal lists of one
//! integration and key policy are shown once. Units of a step that is not `ok` do
//! not count.
//!
//! Every step counts, but one that met nothing except units never seen (a first build
//! must compile) is left out where another step has more to tell.

use super::Options;
use super::steps::distinct;
use crate::record::{Outcome, Status, UnitRow};
use crate::run_folder::RunFolder;
use std::collections::{BTreeMap, BTreeSet};

/// The miss reason of a unit that no store can have.
const NEVER_SEEN: &str = "never-seen";

/// The causes of some strategies in one step, worst first.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseGroup {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// The strategies that share this list.
    pub strategies: Vec<String>,
    /// Compile seconds lost per round, all causes together.
    pub lost_s: f64,
    /// Units compiled again per round, all causes together.
    pub units: f64,
    /// Every cause, by seconds lost.
    pub causes: Vec<Cause>,
}

/// One reason for compiling units again.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// What became of the units.
    pub outcome: Outcome,
    /// Name of the miss reason or of the rule that refused.
    pub reason: String,
    /// What the reason points at; may be empty.
    pub because: String,
    /// Units per round.
    pub units: f64,
    /// Compile seconds lost per round.
    pub lost_s: f64,
}

/// The causes per step and strategy family.
pub fn causes(run: &RunFolder, options: &Options) -> Vec<CauseGroup> {
    let steps = distinct(run.steps.iter().map(|row| (row.scenario.as_str(), row.step.as_str())));
    let strategies = ordered(run);
    let mut groups: Vec<(Option<Family>, CauseGroup)> = Vec::new();
    for (scenario, step) in steps {
        for strategy in strategies.iter().filter(|name| **name != options.baseline) {
            let Some(group) = of_strategy(run, scenario, step, strategy) else {
                continue;
            };
            let family = family(run, strategy);
            let twin = groups
                .iter_mut()
                .find(|(other, known)| family.is_some() && *other == family && same_list(known, &group));
            match twin {
                Some((_, known)) => known.strategies.push((*strategy).into()),
                None => groups.push((family, group)),
            }
        }
    }
    let groups: Vec<CauseGroup> = groups.into_iter().map(|(_, group)| group).collect();
    let telling: Vec<(String, String)> =
        groups.iter().filter(|group| group.avoidable_s().is_some()).map(CauseGroup::place).collect();
    groups.into_iter().filter(|group| telling.is_empty() || telling.contains(&group.place())).collect()
}

impl CauseGroup {
    /// Compile seconds lost to anything but units never seen; `None` where nothing was.
    pub fn avoidable_s(&self) -> Option<f64> {
        let avoidable = self.causes.iter().filter(|it| it.outcome != Outcome::Miss || it.reason != NEVER_SEEN);
        avoidable.map(|it| it.lost_s).reduce(|a, b| a + b)
    }

    fn place(&self) -> (String, String) {
        (self.scenario.clone(), self.step.clone())
    }
}

/// Parts the groups, in their order, into the `most` that lost most and the rest. What
/// could have been reused counts first, since a first build loses more than any edit.
pub(super) fn costliest(groups: &[CauseGroup], most: usize) -> (Vec<&CauseGroup>, Vec<&CauseGroup>) {
    let lost = |group: &CauseGroup| (group.avoidable_s().unwrap_or(0.0), group.lost_s);
    let mut ranked: Vec<usize> = (0..groups.len()).collect();
    ranked.sort_by(|a, b| {
        let (a, b) = (lost(&groups[*a]), lost(&groups[*b]));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    ranked.truncate(most);
    let (shown, rest): (Vec<_>, Vec<_>) = groups.iter().enumerate().partition(|(at, _)| ranked.contains(at));
    (shown.into_iter().map(|(_, it)| it).collect(), rest.into_iter().map(|(_, it)| it).collect())
}

/// As asked for, then by appearance.
fn ordered(run: &RunFolder) -> Vec<&str> {
    let present = distinct(run.steps.iter().map(|row| row.strategy.as_str()));
    let asked = run.info.strategies.iter().map(String::as_str).filter(|name| present.contains(name));
    distinct(asked.chain(present.iter().copied()))
}

/// Integration and key policy.
type Family = (Option<String>, String);

fn family(run: &RunFolder, strategy: &str) -> Option<Family> {
    let row = run.steps.iter().find(|row| row.strategy == strategy)?;
    Some((row.integration.clone(), row.key.clone()?))
}

fn of_strategy(run: &RunFolder, scenario: &str, step: &str, strategy: &str) -> Option<CauseGroup> {
    let mut sums: BTreeMap<(Outcome, &str, &str), (u64, f64)> = BTreeMap::new();
    let here = |row: &&UnitRow| row.strategy == strategy && row.step == step && row.scenario == scenario;
    let ok: BTreeSet<(u32, &str)> = run
        .steps
        .iter()
        .filter(|row| row.strategy == strategy && row.step == step && row.scenario == scenario)
        .filter(|row| row.status == Status::Ok)
        .map(|row| (row.round, row.workspace.as_str()))
        .collect();
    let rounds = distinct(ok.iter().map(|(round, _)| *round)).len() as f64;
    let counts = |row: &&UnitRow| ok.contains(&(row.round, row.workspace.as_str()));
    for row in run.units.iter().filter(here).filter(counts) {
        if let Some(outcome) = row.outcome.filter(|outcome| *outcome != Outcome::Hit) {
            let sum = sums.entry((outcome, &row.reason, &row.because)).or_default();
            sum.0 += 1;
            sum.1 += row.cost_s.unwrap_or(0.0);
        }
    }
    let mut causes: Vec<Cause> = sums
        .into_iter()
        .map(|((outcome, reason, because), (units, lost))| Cause {
            outcome,
            reason: reason.into(),
            because: because.into(),
            units: units as f64 / rounds,
            lost_s: lost / rounds,
        })
        .collect();
    // Stable, so equal losses stay in the order of their names.
    causes.sort_by(|a, b| b.lost_s.total_cmp(&a.lost_s));
    (!causes.is_empty()).then(|| CauseGroup {
        scenario: scenario.into(),
        step: step.into(),
        strategies: vec![strategy.into()],
        lost_s: causes.iter().map(|cause| cause.lost_s).sum(),
        units: causes.iter().map(|cause| cause.units).sum(),
        causes,
    })
}

/// Whether two lists of one step agree: the same causes with the same units, and
/// the same seconds to within a per cent.
fn same_list(a: &CauseGroup, b: &CauseGroup) -> bool {
    fn units(group: &CauseGroup) -> BTreeMap<(Outcome, &str, &str), f64> {
        let keys = group.causes.iter().map(|it| (it.outcome, &*it.reason, &*it.because));
        keys.zip(group.causes.iter().map(|it| it.units)).collect()
    }
    a.scenario == b.scenario
        && a.step == b.step
        && units(a) == units(b)
        && (a.lost_s - b.lost_s).abs() <= 0.005 + 0.01 * a.lost_s.max(b.lost_s)
}
