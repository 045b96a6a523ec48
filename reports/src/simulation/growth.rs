//! What a store without limits gains a day.

use super::{GrowthRow, SimulationRun};
use crate::words::gathered;

/// A store under one key policy, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreGrowth<'a> {
    /// The key policy.
    pub key: &'a str,
    /// By day, at least one.
    pub rows: Vec<&'a GrowthRow>,
}

/// What is gained in a day, in the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Days it is a mean of.
    pub days: u32,
    /// Entries.
    pub entries: f64,
    /// Bytes.
    pub bytes: f64,
    /// Of these, entries of path packages.
    pub local_entries: f64,
    /// Their bytes.
    pub local_bytes: f64,
}

impl<'a> StoreGrowth<'a> {
    /// After the first day, which fills the store, to the end.
    pub fn gain(&self) -> Option<Gain> {
        between(self.rows.first()?, self.rows.last()?)
    }

    /// The same over the last half of the days: whether it goes on.
    pub fn late(&self) -> Option<Gain> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        let middle = self.rows.iter().find(|row| row.day >= first.day + (last.day - first.day) / 2)?;
        between(middle, last)
    }

    /// Where it ends.
    pub fn last(&self) -> &'a GrowthRow {
        self.rows[self.rows.len() - 1]
    }
}

fn between(from: &GrowthRow, to: &GrowthRow) -> Option<Gain> {
    let days = to.day.checked_sub(from.day).filter(|days| *days > 0)?;
    let each = |before: f64, after: f64| (after - before) / f64::from(days);
    Some(Gain {
        days,
        entries: each(from.entries as f64, to.entries as f64),
        bytes: each(from.stored_bytes, to.stored_bytes),
        local_entries: each(from.local_entries as f64, to.local_entries as f64),
        local_bytes: each(from.local_bytes, to.local_bytes),
    })
}

/// All of a simulation, by key policy in order of appearance.
pub fn store_growth(run: &SimulationRun) -> Vec<StoreGrowth<'_>> {
    let keys = gathered(run.growth.iter().map(|row| (row.key.as_str(), row)));
    let mut all: Vec<StoreGrowth<'_>> = keys.into_iter().map(|(key, rows)| StoreGrowth { key, rows }).collect();
    all.iter_mut().for_each(|growth| growth.rows.sort_by_key(|row| row.day));
    all
}
