//! Reuse by the number of workspaces, a curve for each policy and Cargo command.

use super::{CurveRow, SimulationRun};
use crate::words::{distinct, gathered};

/// Numbers of workspaces that a table names.
const NAMED: [u32; 12] = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/// What one policy reuses in one Cargo command.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve<'a> {
    pub policy: &'a str,
    pub command: &'a str,
    /// By rising number of workspaces, at least one.
    pub rows: Vec<&'a CurveRow>,
}

impl<'a> Curve<'a> {
    /// Whether it is a policy as it is, without a relaxation.
    pub fn is_plain(&self) -> bool {
        is_plain(self.policy)
    }

    /// Where it ends.
    pub fn last(&self) -> &'a CurveRow {
        self.rows[self.rows.len() - 1]
    }

    /// The row of this many workspaces.
    pub fn at(&self, workspaces: u32) -> Option<&'a CurveRow> {
        self.rows.iter().copied().find(|row| row.workspaces == workspaces)
    }

    /// The rows at round numbers of workspaces, or the nearest below them, and the last.
    pub fn named(&self) -> Vec<&'a CurveRow> {
        let mut named: Vec<&CurveRow> = Vec::new();
        let below = |most: u32| self.rows.iter().copied().rev().find(|row| row.workspaces <= most);
        for row in NAMED.iter().filter_map(|most| below(*most)).chain([self.last()]) {
            if named.last().is_none_or(|last| last.workspaces < row.workspaces) {
                named.push(row);
            }
        }
        named
    }
}

/// Whether the name is that of a policy without a relaxation.
pub fn is_plain(policy: &str) -> bool {
    !policy.contains(':')
}

/// The name of a policy in a text: `conservative:everything` is `conservative (everything)`, which
/// a table breaks between words, and which is not read as two policies of the same curve.
pub fn first_class(policy: &str) -> String {
    match policy.split_once(':') {
        Some((policy, relaxation)) => format!("{policy} ({relaxation})"),
        None => policy.to_owned(),
    }
}

/// Every curve of a simulation: by command in order of appearance; within it policies as they
/// are first, in that order too, then relaxed ones, by what they reuse in the end.
pub fn curves(run: &SimulationRun) -> Vec<Curve<'_>> {
    let all = gathered(run.curve.iter().map(|row| ((row.policy.as_str(), row.command.as_str()), row)));
    let curve = |((policy, command), rows)| Curve { policy, command, rows };
    let mut curves: Vec<Curve<'_>> = all.into_iter().map(curve).collect();
    curves.iter_mut().for_each(|curve| curve.rows.sort_by_key(|row| row.workspaces));
    let commands = distinct(curves.iter().map(|curve| curve.command));
    let place = |curve: &Curve<'_>| commands.iter().position(|command| *command == curve.command);
    let end = |curve: &Curve<'_>| if curve.is_plain() { 0.0 } else { curve.last().hit_rate_by_cost };
    curves.sort_by(|a, b| {
        let order = (place(a), !a.is_plain()).cmp(&(place(b), !b.is_plain()));
        order.then(end(b).total_cmp(&end(a)))
    });
    curves
}

/// The curves of each command, in the order of [`curves`].
pub fn by_command(run: &SimulationRun) -> Vec<Vec<Curve<'_>>> {
    gathered(curves(run).into_iter().map(|curve| (curve.command, curve)))
        .into_iter()
        .map(|(_, curves)| curves)
        .collect()
}
