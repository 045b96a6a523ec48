//! What a key with one input less would reuse, by key policy and Cargo command.

use super::{RelaxationRow, SimulationRun};
use crate::words::gathered;

/// The policy as it is.
const NONE: &str = "none";
/// All sound relaxations together.
const ALL: &str = "all";
/// Every input that no key needs for a right hit, at once: no single one either.
const EVERYTHING: &str = "everything";

/// Whether the row is about one input, not about several at once.
fn is_one_input(row: &RelaxationRow) -> bool {
    ![NONE, ALL, EVERYTHING].contains(&row.relaxation.as_str())
}

/// Relaxations of one policy, replayed with one Cargo command.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation<'a> {
    pub policy: &'a str,
    pub command: &'a str,
    /// Everything but the policy as it is, by seconds gained, the most first.
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
    for ((policy, command), mut rows) in groups {
        rows.retain(|row| row.relaxation != NONE);
        rows.sort_by(|a, b| b.gained_s.total_cmp(&a.gained_s));
        all.push(Ablation { policy, command, rows });
    }
    all
}
