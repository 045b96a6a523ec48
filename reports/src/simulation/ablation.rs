//! What a key with one input less would reuse, by key policy and Cargo command.

use super::{RelaxationRow, SimulationRun};
use crate::words::gathered;

/// The policy as it is.
pub const NONE: &str = "none";
/// All sound relaxations together.
pub const ALL: &str = "all";
/// Every input that no key needs for a right hit, at once: no single one either.
pub const EVERYTHING: &str = "everything";

/// Whether the row is about one input, not about several at once.
pub fn is_one_input(row: &RelaxationRow) -> bool {
    ![NONE, ALL, EVERYTHING].contains(&row.relaxation.as_str())
}

/// Relaxations of one policy, replayed with one Cargo command.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation<'a> {
    /// The key policy.
    pub policy: &'a str,
    /// The Cargo command.
    pub command: &'a str,
    /// The policy as it is, where it was replayed.
    pub base: Option<&'a RelaxationRow>,
    /// Everything else, by seconds gained, the most first.
    pub rows: Vec<&'a RelaxationRow>,
}

impl<'a> Ablation<'a> {
    /// Relaxations by which no hit can be wrong, one input each, the most gained first.
    pub fn sound(&self) -> impl Iterator<Item = &'a RelaxationRow> + '_ {
        self.rows.iter().copied().filter(|row| row.soundness == "sound" && is_one_input(row))
    }
}

/// Seconds gained of all seconds; `None` where there are none.
pub fn share(row: &RelaxationRow) -> Option<f64> {
    (row.total_s > 0.0).then(|| row.gained_s / row.total_s)
}

/// All of a simulation, in order of appearance.
pub fn ablations(run: &SimulationRun) -> Vec<Ablation<'_>> {
    let groups = gathered(run.relaxations.iter().map(|row| ((row.policy.as_str(), row.command.as_str()), row)));
    let mut all = Vec::new();
    for ((policy, command), rows) in groups {
        let (base, mut rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.relaxation == NONE);
        rows.sort_by(|a, b| b.gained_s.total_cmp(&a.gained_s));
        all.push(Ablation { policy, command, base: base.last().copied(), rows });
    }
    all
}
