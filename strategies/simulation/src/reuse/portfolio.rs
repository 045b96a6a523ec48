//! Which plan of each workspace takes part.

use crate::trace::{PlanId, Trace, WorkspaceId};

/// One plan of each workspace that runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// The command: `dev build`.
    pub command: String,
    /// The plans, by workspace. Of several the last one, which is the newest.
    pub plans: Vec<PlanId>,
    /// Of each node of the trace, whether it is or stands on a path package.
    pub(super) tainted: Vec<bool>,
}

impl Portfolio {
    /// The plans of a command.
    pub fn of(trace: &Trace, command: &str) -> Portfolio {
        let mut latest: Vec<Option<PlanId>> = vec![None; trace.workspaces.len()];
        for (at, plan) in trace.plans.iter().enumerate().filter(|(_, plan)| trace.command(plan) == command) {
            latest[plan.workspace.at()] = Some(PlanId(at as u32));
        }
        Portfolio {
            command: command.to_owned(),
            plans: latest.into_iter().flatten().collect(),
            tainted: trace.on_path_packages(),
        }
    }

    /// Every command of a trace, in the order of its plans.
    pub fn commands(trace: &Trace) -> Vec<String> {
        let mut commands = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for plan in &trace.plans {
            if seen.insert((plan.profile, plan.task)) {
                commands.push(trace.command(plan));
            }
        }
        commands
    }

    /// The workspaces, one for each plan.
    pub fn workspaces<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = WorkspaceId> + 'a {
        self.plans.iter().map(|plan| trace.plans[plan.at()].workspace)
    }
}
