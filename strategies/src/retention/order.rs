//! Who depends on whom.
//!
//! A build that uses an entry uses everything below it. So an entry counts as used when it
//! or anything above it was last used, and among entries used at the same moment those on
//! top go first. Sorting by (use, depth) then puts every entry after all of its dependents,
//! and any prefix of that order is closed.

use std::collections::HashMap;
use std::time::Duration;

use super::EntryFeatures;
use crate::key::Key;

/// Where an entry stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// When it or anything that depends on it was last used.
    pub used: Duration,
    /// Longest way down to it from an entry nothing depends on.
    pub depth: usize,
}

/// The graph of a set of entries.
pub(super) struct Order {
    /// For each entry, the entries it depends on, each once.
    pub below: Vec<Vec<usize>>,
    /// For each entry, where it stands.
    pub standing: Vec<Standing>,
}

impl Order {
    /// Reads the graph. Keys that name no entry are left out; entries that depend on each
    /// other in a circle, which only a damaged store has, keep what is known of them.
    pub fn of(entries: &[EntryFeatures]) -> Order {
        let at: HashMap<Key, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.key, at)).collect();
        let below: Vec<Vec<usize>> = entries
            .iter()
            .map(|entry| {
                let mut below: Vec<usize> = entry.dependencies.iter().filter_map(|key| at.get(key).copied()).collect();
                below.sort_unstable();
                below.dedup();
                below
            })
            .collect();
        let mut standing: Vec<Standing> =
            entries.iter().map(|entry| Standing { used: entry.last_used, depth: 0 }).collect();
        let mut above: Vec<usize> = vec![0; entries.len()];
        below.iter().flatten().for_each(|dependency| above[*dependency] += 1);
        let mut ready: Vec<usize> = (0..entries.len()).filter(|at| above[*at] == 0).collect();
        while let Some(top) = ready.pop() {
            let Standing { used, depth } = standing[top];
            for &dependency in &below[top] {
                let lower = &mut standing[dependency];
                lower.used = lower.used.max(used);
                lower.depth = lower.depth.max(depth + 1);
                above[dependency] -= 1;
                if above[dependency] == 0 {
                    ready.push(dependency);
                }
            }
        }
        Order { below, standing }
    }
}
