//! Why units were compiled again: reasons ranked by the compile seconds they lost.
//!
//! A unit that was missed, refused, stale or stored under another key lost the
//! seconds it takes to compile, as the run's `none` arm measured them. Strategies
//! that differ only in their link mode miss the same units, so equal lists of one
//! integration and key policy are shown once. Units of a step that is not `ok` do
//! not count.
//!
//! Every step counts, but one that met nothing except units never seen (a first build
//! must compile) is left out where another step has avoidable ones.

use itertools::Itertools as _;
use records::costs::PRICED_BY;
use records::run_folder::RunFolder;
use records::{Outcome, Status, StepRow, UnitRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The miss reason of a unit that no store can have.
const NEVER_SEEN: &str = "never-seen";

/// The causes of some strategies in one step, worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CauseGroup {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// The strategies that share this list.
    pub strategies: Vec<String>,
    /// Compile seconds lost per round, all causes together.
    pub lost_s: f64,
    /// Units compiled again per round, all causes together; 0 in older reports.
    #[serde(default)]
    pub units: f64,
    /// Libraries among them that were missed, per round.
    #[serde(default)]
    pub libraries: f64,
    /// Those of them that export what was stored already under another key, per round.
    #[serde(default)]
    pub same_exports: f64,
    /// Every cause, by seconds lost.
    pub causes: Vec<Cause>,
}

/// One reason for compiling units again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// `miss`, `refused`, `stale` or `dup`.
    #[schemars(with = "String")]
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

/// The causes per step and strategy family; `strategies` without the baseline.
pub(super) fn causes(run: &RunFolder, strategies: &[&str]) -> Vec<CauseGroup> {
    let steps: Vec<_> = run.steps.iter().map(|row| (row.scenario.as_str(), row.step.as_str())).unique().collect();
    let units = by_arm(run);
    let mut groups: Vec<(Option<CauseFamily>, CauseGroup)> = Vec::new();
    for (scenario, step) in steps {
        for strategy in strategies {
            let here = units.get(&(scenario, step, *strategy)).map_or(&[][..], Vec::as_slice);
            let Some(group) = of_strategy(run, (scenario, step, strategy), here, &units) else {
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
    let avoidable: Vec<(String, String)> =
        groups.iter().filter(|group| group.avoidable_s().is_some()).map(CauseGroup::place).collect();
    groups.into_iter().filter(|group| avoidable.is_empty() || avoidable.contains(&group.place())).collect()
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

/// Parts the groups, in their order, into the `most` that lost most and all others. What
/// could have been reused counts first, since a first build loses more than any edit.
pub(crate) fn costliest(groups: &[CauseGroup], most: usize) -> (Vec<&CauseGroup>, Vec<&CauseGroup>) {
    let lost = |group: &CauseGroup| (group.avoidable_s().unwrap_or(0.0), group.lost_s);
    let mut ranked: Vec<usize> = (0..groups.len()).collect();
    ranked.sort_by(|a, b| {
        let (a, b) = (lost(&groups[*a]), lost(&groups[*b]));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    ranked.truncate(most);
    let (shown, others): (Vec<_>, Vec<_>) = groups.iter().enumerate().partition(|(at, _)| ranked.contains(at));
    (shown.into_iter().map(|(_, it)| it).collect(), others.into_iter().map(|(_, it)| it).collect())
}

/// Integration and key policy.
type CauseFamily = (Option<String>, String);

fn family(run: &RunFolder, strategy: &str) -> Option<CauseFamily> {
    let row = run.steps.iter().find(|row| row.strategy == strategy)?;
    Some((row.integration.clone(), row.key.clone()?))
}

/// Scenario, step and strategy.
type ArmPlace<'run> = (&'run str, &'run str, &'run str);
/// Unit rows of every arm.
type ByArm<'run> = HashMap<ArmPlace<'run>, Vec<&'run UnitRow>>;

/// All unit rows by arm, in one pass: there may be a million.
fn by_arm(run: &RunFolder) -> ByArm<'_> {
    let mut found = ByArm::new();
    for rows in run.units.chunk_by(|a, b| a.strategy == b.strategy && a.step == b.step && a.scenario == b.scenario) {
        if let Some(first) = rows.first() {
            found.entry((&first.scenario, &first.step, &first.strategy)).or_default().extend(rows);
        }
    }
    found
}

fn of_strategy(run: &RunFolder, place: ArmPlace<'_>, units: &[&UnitRow], all: &ByArm<'_>) -> Option<CauseGroup> {
    let (scenario, step, strategy) = place;
    let mut sums: BTreeMap<(Outcome, &str, &str), (u64, f64)> = BTreeMap::new();
    let (mut libraries, mut same_exports) = (0.0, 0.0);
    let rows = || {
        let here = |row: &&StepRow| row.strategy == strategy && row.step == step && row.scenario == scenario;
        run.steps.iter().filter(here).filter(|row| row.status == Status::Ok)
    };
    let ok: BTreeMap<(u32, &str), &StepRow> = rows().map(|row| ((row.round, row.workspace.as_str()), row)).collect();
    let rounds = ok.keys().map(|(round, _)| round).unique().count() as f64;
    for units in units.chunk_by(|a, b| a.round == b.round && a.workspace == b.workspace) {
        let Some(row) = units.first().and_then(|unit| ok.get(&(unit.round, unit.workspace.as_str()))) else { continue };
        let lost: Vec<&UnitRow> =
            units.iter().copied().filter(|unit| unit.outcome.is_some_and(|it| it != Outcome::Hit)).collect();
        // Runs recorded before 2026-11-23 call a unit refused though the build directory held it.
        let in_place = row.fresh.is_some_and(|fresh| fresh > row.restored.unwrap_or(0));
        let held = in_place && row.compiled.is_some_and(|compiled| compiled < lost.len() as u64);
        let paid = if held { paid_by_none(row, all) } else { HashSet::new() };
        for unit in lost.into_iter().filter(|unit| !held || paid.contains(&identity(unit))) {
            if let Some(outcome) = unit.outcome {
                let sum = sums.entry((outcome, &unit.reason, &unit.because)).or_default();
                sum.0 += 1;
                sum.1 += unit.cost_s.unwrap_or(0.0);
            }
            libraries += f64::from(u8::from(unit.same_exports.is_some()));
            same_exports += f64::from(u8::from(unit.same_exports == Some(true)));
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
        libraries: libraries / rounds,
        same_exports: same_exports / rounds,
        causes,
    })
}

fn identity(unit: &UnitRow) -> [&str; 6] {
    [&unit.package, &unit.version, &unit.target, &unit.kind, &unit.mode, &unit.platform].map(String::as_str)
}

/// The units that `none` compiled in the same step, round and workspace.
fn paid_by_none<'run>(row: &StepRow, all: &ByArm<'run>) -> HashSet<[&'run str; 6]> {
    let place = (row.scenario.as_str(), row.step.as_str(), PRICED_BY);
    let units = all.get(&place).map_or(&[][..], Vec::as_slice).iter().copied();
    let here = units.filter(|unit| unit.round == row.round && unit.workspace == row.workspace);
    here.filter(|unit| unit.cost_s.is_some()).map(identity).collect()
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
