//! Numbers of two arms over what both have. Sums of arms that lack different workspaces are
//! sums of different things, so nothing is set side by side but rows of the same round and
//! workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Arm;
use super::tables::n;
use crate::stats::median;
use crate::table::bytes;
use records::StepRow;

/// A number of a row, if it was measured.
type Value = fn(&StepRow) -> Option<f64>;

/// Physical bytes of store and build directories.
pub(super) const ALL_PHYSICAL: Value = |row| row.all_physical_bytes.map(|n| n as f64);
/// Allocated bytes of the store.
pub(super) const STORE_ALLOCATED: Value = |row| row.store_allocated_bytes.map(|n| n as f64);
/// Physical bytes that the step added.
pub(super) const ADDED_PHYSICAL: Value = |row| row.marginal_physical_bytes.map(|n| n as f64);
/// Seconds that a user waits.
pub(super) const WALL_S: Value = |row| row.wall_s;

impl<'a> Arm<'a> {
    /// Its rows with a value, by round and workspace.
    fn values(&self, value: Value) -> BTreeMap<(u32, &'a str), f64> {
        self.rows().into_iter().filter_map(|row| Some(((row.round, row.workspace.as_str()), value(row)?))).collect()
    }

    /// Medians of both by workspace, over the rounds in which both have a value.
    pub fn medians_beside(&self, other: &Arm<'a>, value: Value) -> BTreeMap<&'a str, (f64, f64)> {
        let (mine, others) = (self.values(value), other.values(value));
        let mut common: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for ((round, workspace), value) in &mine {
            if let Some(beside) = others.get(&(*round, *workspace)) {
                let both = common.entry(workspace).or_default();
                both.0.push(*value);
                both.1.push(*beside);
            }
        }
        common.into_iter().filter_map(|(name, (one, two))| Some((name, median(&one).zip(median(&two))?))).collect()
    }

    /// Sums of [`Self::medians_beside`], where there are any.
    pub fn sums_beside(&self, other: &Arm<'a>, value: Value) -> Option<(f64, f64)> {
        let medians = self.medians_beside(other, value);
        let sum = |all: (f64, f64), it: &(f64, f64)| (all.0 + it.0, all.1 + it.1);
        (!medians.is_empty()).then(|| medians.values().fold((0.0, 0.0), sum))
    }

    /// Bytes that both hold after the step. Where each workspace has directories of its own
    /// they add up, over the workspaces of both. Where they share them the last one's row
    /// holds all, so both must have built every workspace that either has in any round; the
    /// rounds in which they have count. `None`: nothing may be compared.
    pub fn bytes_beside(&self, other: &Arm<'a>, value: Value) -> Option<(f64, f64)> {
        let info = &self.run.analysis.info;
        if info.alone() {
            return self.sums_beside(other, value);
        }
        let (mine, others) = (self.values(value), other.values(value));
        let all: BTreeSet<&str> = mine.keys().chain(others.keys()).map(|(_, workspace)| *workspace).collect();
        let place = |name: &&&str| info.corpus.workspaces.iter().position(|it| it == **name).unwrap_or(usize::MAX);
        let last = *all.iter().max_by_key(place)?;
        let rounds: BTreeSet<u32> = mine.keys().map(|(round, _)| *round).collect();
        let whole = |round: &&u32| {
            all.iter().all(|name| mine.contains_key(&(**round, *name)) && others.contains_key(&(**round, *name)))
        };
        let whole: Vec<u32> = rounds.iter().filter(whole).copied().collect();
        let of = |values: &BTreeMap<(u32, &str), f64>| {
            median(&whole.iter().filter_map(|round| values.get(&(*round, last)).copied()).collect::<Vec<_>>())
        };
        of(&mine).zip(of(&others))
    }

    /// `a 1.0 GiB (5 rounds × 2 workspaces), b …`, from [`Self::bytes_beside`].
    pub fn bytes_told(&self, other: &Arm<'a>, (mine, others): (f64, f64)) -> String {
        let (one, two) = (n(self), n(other));
        let (a, b) = (self.name(), other.name());
        let (mine, others) = (bytes(Some(mine)), bytes(Some(others)));
        match one == two {
            true => format!("{mine} under {a}, {others} under {b} ({one} each)"),
            false => format!(
                "{mine} under {a} ({one}), {others} under {b} ({two}), over the rounds and workspaces of both alone"
            ),
        }
    }

    /// Why [`Self::bytes_beside`] has nothing.
    pub fn no_bytes_told(&self, other: &Arm<'a>) -> String {
        let (a, b) = (self.name(), other.name());
        format!(
            "{a} ({}) and {b} ({}) are not compared by disk: in no round are sizes of the same workspaces known",
            n(self),
            n(other)
        )
    }
}
