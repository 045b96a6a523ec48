//! What went wrong, each thing once.

use super::row::{ProbeRow, Verdict};

/// Every failure and every error with the strategies that ended in the very same words, in
/// order of first appearance.
pub fn told_once(rows: &[ProbeRow]) -> Vec<(&ProbeRow, Vec<&str>)> {
    let words = |row: &ProbeRow| (row.verdict, row.probe.clone(), row.detail.clone(), row.known.clone());
    let mut told: Vec<(&ProbeRow, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| matches!(row.verdict, Verdict::Fail | Verdict::Error)) {
        match told.iter_mut().find(|(first, _)| words(first) == words(row)) {
            Some((_, strategies)) => strategies.push(&row.strategy),
            None => told.push((row, vec![&row.strategy])),
        }
    }
    told
}

/// The distinct values, in order of first appearance.
pub(crate) fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}
