//! What one command reuses of another in the same workspace.

use super::Portfolio;
use crate::keys::KeyView;
use crate::trace::{PlanId, Trace};

/// Reuse between two commands, over all workspaces that have both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommandSharing {
    /// The command that ran before.
    pub first: String,
    /// The command that runs then.
    pub then: String,
    /// Workspaces that have both.
    pub workspaces: u32,
    /// Units of the second.
    pub units: u64,
    /// Units that the first had made.
    pub hits: u64,
    /// Seconds of the second.
    pub seconds: f64,
    /// Seconds of what the first had made.
    pub hit_seconds: f64,
    /// Bytes of what the first had made.
    pub hit_bytes: f64,
}

/// Every ordered pair of commands.
pub fn sharing(trace: &Trace, view: &KeyView) -> Vec<CommandSharing> {
    let portfolios: Vec<(String, Vec<Option<PlanId>>)> = Portfolio::commands(trace)
        .into_iter()
        .map(|command| {
            let portfolio = Portfolio::of(trace, &command);
            let mut by_workspace = vec![None; trace.workspaces.len()];
            for (workspace, plan) in portfolio.workspaces(trace).zip(&portfolio.plans) {
                by_workspace[workspace.at()] = Some(*plan);
            }
            (command, by_workspace)
        })
        .collect();
    let mut found = Vec::new();
    let mut mark = vec![0u32; view.keys.count];
    let mut pair = 0;
    for (first, before) in &portfolios {
        for (then, after) in portfolios.iter().filter(|(then, _)| then != first) {
            let mut sharing = CommandSharing { first: first.clone(), then: then.clone(), ..CommandSharing::default() };
            for (before, after) in before.iter().zip(after).filter_map(|(one, two)| Some(((*one)?, (*two)?))) {
                pair += 1;
                for node in &trace.plans[before.at()].nodes {
                    if let Some(key) = view.key(*node) {
                        mark[key.at()] = pair;
                    }
                }
                sharing.workspaces += 1;
                for node in &trace.plans[after.at()].nodes {
                    let seconds = trace.seconds(*node);
                    sharing.units += 1;
                    sharing.seconds += seconds;
                    if view.key(*node).is_some_and(|key| mark[key.at()] == pair) {
                        sharing.hits += 1;
                        sharing.hit_seconds += seconds;
                        sharing.hit_bytes += trace.bytes(*node);
                    }
                }
            }
            found.push(sharing);
        }
    }
    found
}
