//! Build directories and sources of all workspaces, and the toolchain everybody has.
//!
//! A build directory holds each node in the state in which it was built last. A node is built
//! again when its sources, those of something below it, or the toolchain are others now; what
//! is then asked of a store is decided by the design.

use std::collections::HashMap;

use super::sources::{Sources, mix};
use crate::keys::{KeyId, View};
use crate::trace::{Action, NodeId, Plan, PlanId, Trace, WorkspaceId};

/// What a store finds an artifact by: a node's key as collected, and what has changed since.
/// Putting toolchain and sources into the key beside it says the same as hashing them in with
/// everything below would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactKey {
    /// The key as collected.
    pub key: KeyId,
    /// Which toolchain, counted from 0.
    pub toolchain: u32,
    /// 0 for sources as collected; else which others, in or below the node.
    pub state: u64,
}

/// How a node stands when a build begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The build directory has it.
    Present(Option<ArtifactKey>),
    /// It has to be built and may not be stored.
    Refused,
    /// A store is asked for it.
    Wanted(ArtifactKey),
}

/// All workspaces of a trace under one design.
#[derive(Debug)]
pub struct Machine<'a> {
    trace: &'a Trace,
    view: &'a View,
    tainted: Vec<bool>,
    toolchain: u32,
    workspaces: Vec<State>,
}

#[derive(Debug, Clone, Default)]
struct State {
    sources: Sources,
    /// Nodes in the build directory, by toolchain, and their states.
    built: HashMap<(NodeId, u32), u64>,
}

impl<'a> Machine<'a> {
    /// Nothing has been built yet.
    pub fn new(trace: &'a Trace, view: &'a View) -> Machine<'a> {
        let workspaces = vec![State::default(); trace.workspaces.len()];
        Machine { trace, view, tainted: trace.on_path_packages(), toolchain: 0, workspaces }
    }

    /// Plays an event. `on_build` is told how the nodes of a build stand, in the plan's order.
    pub fn play(&mut self, action: Action, mut on_build: impl FnMut(&Plan, &[Standing])) {
        match action {
            Action::Build(plan) => {
                let standings = self.build(plan);
                on_build(&self.trace.plans[plan.at()], &standings);
            }
            Action::Edit { workspace, file } => self.workspaces[workspace.at()].sources.edit(file),
            Action::Wipe(workspace) => self.wipe(workspace),
            Action::Toolchain => self.toolchain += 1,
        }
    }

    /// Removes a build directory.
    pub fn wipe(&mut self, workspace: WorkspaceId) {
        self.workspaces[workspace.at()].built.clear();
    }

    /// Builds a plan: how its nodes stand before that. Afterwards all of it is present.
    pub fn build(&mut self, plan: PlanId) -> Vec<Standing> {
        let plan = &self.trace.plans[plan.at()];
        let (view, toolchain) = (self.view, self.toolchain);
        let workspace = &mut self.workspaces[plan.workspace.at()];
        let sources = |cutoff| workspace.sources.states(self.trace, plan, &self.tainted, cutoff);
        // Cargo looks at everything below; a key with early cutoff does not.
        let real = sources(false);
        let keyed = if view.keys.cutoff { sources(true) } else { real.clone() };
        let state = |states: &[(NodeId, u64)], node: NodeId| {
            states.binary_search_by_key(&node, |(node, _)| *node).map_or(0, |at| states[at].1)
        };
        let own_place = u64::from(plan.workspace.0) + 1;
        let standings = plan.nodes.iter().map(|&node| {
            let artifact = view.key(node).map(|key| {
                let mut state = state(&keyed, node);
                if view.keys.by_workspace && self.tainted[node.at()] {
                    state = mix(own_place, state);
                }
                ArtifactKey { key, toolchain, state }
            });
            let now = state(&real, node);
            match (workspace.built.get(&(node, toolchain)) == Some(&now), artifact) {
                (true, artifact) => Standing::Present(artifact),
                (false, None) => Standing::Refused,
                (false, Some(artifact)) => Standing::Wanted(artifact),
            }
        });
        let standings: Vec<Standing> = standings.collect();
        for &node in &plan.nodes {
            workspace.built.insert((node, toolchain), state(&real, node));
        }
        standings
    }
}
