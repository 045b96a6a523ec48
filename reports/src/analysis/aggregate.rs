//! Many rows, one number: sums, medians and means over workspaces and rounds.

use crate::stats::{PairedSample, median};
use records::{Status, StepRow};
use std::collections::{BTreeMap, BTreeSet};

fn by_workspace(rows: &[&StepRow], value: impl Fn(&StepRow) -> Option<f64>) -> Vec<Vec<f64>> {
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = value(row) {
            groups.entry(&row.workspace).or_default().push(value);
        }
    }
    groups.into_values().collect()
}

pub(super) fn sum_of_medians(rows: &[&StepRow], value: impl Fn(&StepRow) -> Option<f64>) -> Option<f64> {
    let medians: Vec<f64> = by_workspace(rows, value).iter().filter_map(|values| median(values)).collect();
    (!medians.is_empty()).then(|| medians.iter().sum())
}

/// Geometric mean over workspaces of the geometric mean over rounds, of what has no judgement.
pub(super) fn ratio(ok: &[&StepRow], baseline: &[&StepRow], of: impl Fn(&StepRow) -> Option<f64>) -> Option<f64> {
    let of_baseline: BTreeMap<(u32, &str), f64> = baseline
        .iter()
        .filter(|row| row.status == Status::Ok)
        .filter_map(|row| Some(((row.round, row.workspace.as_str()), of(row)?)))
        .collect();
    let mut sample = PairedSample::default();
    for row in ok {
        if let Some((arm, base)) = of(row).zip(of_baseline.get(&(row.round, row.workspace.as_str()))) {
            sample.add(&row.workspace, row.round, arm, *base);
        }
    }
    sample.estimate().map(f64::exp)
}

/// Mean of `value` weighed by `weight`; a plain mean where a weight is unknown.
pub(super) fn weighted(
    rows: &[&StepRow],
    value: impl Fn(&StepRow) -> Option<f64>,
    weight: impl Fn(&StepRow) -> Option<f64>,
) -> Option<f64> {
    let pairs: Vec<(f64, Option<f64>)> = rows.iter().filter_map(|row| Some((value(row)?, weight(row)))).collect();
    let weighed = pairs.iter().all(|(_, weight)| weight.is_some_and(|weight| weight > 0.0));
    let weight = |known: Option<f64>| known.filter(|_| weighed).unwrap_or(1.0);
    let total: f64 = pairs.iter().map(|(_, known)| weight(*known)).sum();
    (total > 0.0).then(|| pairs.iter().map(|(value, known)| value * weight(*known)).sum::<f64>() / total)
}

pub(super) fn largest(rows: &[&StepRow], value: impl Fn(&StepRow) -> Option<f64>) -> Option<f64> {
    let mut rounds: BTreeMap<u32, f64> = BTreeMap::new();
    for row in rows {
        if let Some(value) = value(row) {
            let most = rounds.entry(row.round).or_insert(value);
            *most = most.max(value);
        }
    }
    median(&rounds.into_values().collect::<Vec<_>>())
}

/// The value of the last workspace of each round, median over rounds: the last by `store_position`, in older runs, which
/// built them so, in the order of `workspaces`. A resumed run appends in another order, so the order of rows counts only
/// for workspaces that are not named.
pub(super) fn last(rows: &[&StepRow], workspaces: &[String], value: impl Fn(&StepRow) -> Option<f64>) -> Option<f64> {
    let listed = |row: &StepRow| workspaces.iter().position(|name| *name == row.workspace).unwrap_or(usize::MAX);
    let place = |row: &StepRow| row.store_position.map_or_else(|| listed(row), |at| at as usize);
    let mut rounds: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for row in rows {
        if let Some(value) = value(row) {
            let found = (place(row), value);
            let known = rounds.entry(row.round).or_insert(found);
            if found.0 >= known.0 {
                *known = found;
            }
        }
    }
    median(&rounds.into_values().map(|(_, value)| value).collect::<Vec<_>>())
}

/// The rounds over which wall times of arms may be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WallRounds {
    /// Every arm was measured in the same rounds.
    All,
    /// Arms have different rounds; these are the ones that all share.
    Shared(Vec<u32>),
    /// Arms have different rounds and share too few: each wall is over its own.
    Own,
}

impl WallRounds {
    /// From the `ok` rows of every arm. An arm without a measured wall does not count, nor
    /// do shared rounds in which an arm lacks one of its workspaces.
    pub(super) fn of(arms: &[Vec<&StepRow>]) -> Self {
        let walls = |rows: &Vec<&StepRow>| -> BTreeSet<(u32, String)> {
            let timed = rows.iter().filter(|row| row.wall_s.is_some());
            timed.map(|row| (row.round, row.workspace.clone())).collect()
        };
        let arms: Vec<BTreeSet<(u32, String)>> = arms.iter().map(walls).filter(|walls| !walls.is_empty()).collect();
        let rounds = |walls: &BTreeSet<(u32, String)>| walls.iter().map(|(round, _)| *round).collect::<BTreeSet<u32>>();
        let Some(shared) = arms.iter().map(rounds).reduce(|a, b| &a & &b) else { return Self::All };
        let whole = |walls: &BTreeSet<(u32, String)>| {
            let places = |within: &dyn Fn(&u32) -> bool| -> BTreeSet<&String> {
                walls.iter().filter(|(round, _)| within(round)).map(|(_, workspace)| workspace).collect()
            };
            places(&|round| shared.contains(round)) == places(&|_| true)
        };
        if arms.iter().all(|walls| rounds(walls) == shared) {
            Self::All
        } else if arms.iter().all(whole) {
            Self::Shared(shared.into_iter().collect())
        } else {
            Self::Own
        }
    }

    pub(super) fn includes(&self, round: u32) -> bool {
        match self {
            Self::All | Self::Own => true,
            Self::Shared(rounds) => rounds.contains(&round),
        }
    }
}
