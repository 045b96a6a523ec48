//! What a store without limits gains a day.

use super::SimulationRun;
use crate::words::gathered;

/// A store under one key policy: what it gains a day after the first, which fills it, in the mean; no number where it has
/// one day only.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreGrowth<'a> {
    pub key: &'a str,
    pub days: usize,
    pub entries: f64,
    pub bytes: f64,
    /// Of these, bytes of path packages.
    pub local_bytes: f64,
    /// Bytes in the end.
    pub stored_bytes: f64,
}

/// All of a simulation, by key policy in order of appearance.
pub fn store_growth(run: &SimulationRun) -> Vec<StoreGrowth<'_>> {
    let mut all = Vec::new();
    for (key, mut rows) in gathered(run.growth.iter().map(|row| (row.key.as_str(), row))) {
        rows.sort_by_key(|row| row.day);
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let each = |before: f64, after: f64| (after - before) / f64::from(last.day - first.day);
        all.push(StoreGrowth {
            key,
            days: rows.len(),
            entries: each(first.entries as f64, last.entries as f64),
            bytes: each(first.stored_bytes, last.stored_bytes),
            local_bytes: each(first.local_bytes, last.local_bytes),
            stored_bytes: last.stored_bytes,
        });
    }
    all
}
