//! Build directories and sources of all workspaces, and the toolchain everybody has.
//!
//! A build directory holds each node in the state in which it was built last. A node is built again when its sources,
//! those of a dependency, or the toolchain have changed; the design decides what is then looked up in a store.

use std::collections::{HashMap, HashSet};

use super::sources::{EditedSources, mix};
use crate::keys::{KeyId, KeyView};
use crate::trace::{NodeId, PlanId, Trace, TraceAction, TracePlan, TraceSource, WorkspaceId};

/// The name of an artifact in a store: the key of a node as collected, and what has changed since. This tells the same
/// artifacts apart as hashing toolchain and sources into the keys of all dependencies would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactKey {
    /// The key as collected.
    pub key: KeyId,
    /// Number of the toolchain, from 0.
    pub toolchain: u32,
    /// 0 for sources as collected; else a hash of the edits to the node and its dependencies.
    pub state: u64,
}

/// The status of a node when a build begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeStatus {
    /// The build directory has it.
    Present(Option<ArtifactKey>),
    /// It has to be built and may not be stored.
    Refused,
    /// It is looked up in a store.
    Wanted(ArtifactKey),
}

/// All workspaces of a trace under one design.
#[derive(Debug)]
pub struct SimulatedMachine<'a> {
    trace: &'a Trace,
    view: &'a KeyView,
    depends_on_path: Vec<bool>,
    toolchain: u32,
    workspaces: Vec<WorkspaceState>,
}

#[derive(Debug, Clone, Default)]
struct WorkspaceState {
    sources: EditedSources,
    /// Nodes in the build directory, by toolchain, and their states.
    built: HashMap<(NodeId, u32), u64>,
}

impl<'a> SimulatedMachine<'a> {
    /// Nothing has been built yet.
    pub fn new(trace: &'a Trace, view: &'a KeyView) -> SimulatedMachine<'a> {
        let workspaces = vec![WorkspaceState::default(); trace.workspaces.len()];
        SimulatedMachine { trace, view, depends_on_path: trace.depends_on_path(), toolchain: 0, workspaces }
    }

    /// Replays an event. `on_build` gets the status of each node of a build, in the order of the plan.
    pub fn play(&mut self, action: TraceAction, mut on_build: impl FnMut(&TracePlan, &[NodeStatus])) {
        match action {
            TraceAction::Build(plan) => {
                let statuses = self.build(plan);
                on_build(&self.trace.plans[plan.at()], &statuses);
            }
            TraceAction::Edit { workspace, file } => self.workspaces[workspace.at()].sources.edit(file),
            TraceAction::Wipe(workspace) => self.wipe(workspace),
            TraceAction::Toolchain => self.toolchain += 1,
        }
    }

    /// Removes a build directory.
    pub fn wipe(&mut self, workspace: WorkspaceId) {
        self.workspaces[workspace.at()].built.clear();
    }

    /// Builds a plan, and returns the status of each node before. Afterwards all of it is present.
    pub fn build(&mut self, plan: PlanId) -> Vec<NodeStatus> {
        let plan = &self.trace.plans[plan.at()];
        let (view, toolchain) = (self.view, self.toolchain);
        let workspace = &mut self.workspaces[plan.workspace.at()];
        let sources = |cutoff| workspace.sources.states(self.trace, plan, &self.depends_on_path, cutoff);
        // Cargo looks at all dependencies; a key with early cutoff does not.
        let real = sources(false);
        let keyed = if view.keys.cutoff { sources(true) } else { real.clone() };
        let state = |states: &[(NodeId, u64)], node: NodeId| {
            states.binary_search_by_key(&node, |(node, _)| *node).map_or(0, |at| states[at].1)
        };
        let own_place = u64::from(plan.workspace.0) + 1;
        let statuses = plan.nodes.iter().map(|&node| {
            let artifact = view.key(node).map(|key| {
                let mut state = state(&keyed, node);
                if view.keys.by_workspace && self.depends_on_path[node.at()] {
                    state = mix(own_place, state);
                }
                ArtifactKey { key, toolchain, state }
            });
            let now = state(&real, node);
            match (workspace.built.get(&(node, toolchain)) == Some(&now), artifact) {
                (true, artifact) => NodeStatus::Present(artifact),
                (false, None) => NodeStatus::Refused,
                (false, Some(artifact)) => NodeStatus::Wanted(artifact),
            }
        });
        let statuses: Vec<NodeStatus> = statuses.collect();
        for &node in &plan.nodes {
            workspace.built.insert((node, toolchain), state(&real, node));
        }
        statuses
    }
}

/// The outcome of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitOutcome {
    /// The build directory had it.
    Present,
    /// Not admitted, and built.
    Refused,
    /// The store had it.
    Hit,
    /// Built, and stored.
    Miss,
}

/// All workspaces of a trace and one store without limits for them.
#[derive(Debug)]
pub struct StoreReplay<'a> {
    trace: &'a Trace,
    machine: SimulatedMachine<'a>,
    store: HashSet<ArtifactKey>,
}

impl<'a> StoreReplay<'a> {
    /// Nothing has been built yet, and the store is empty.
    pub fn new(trace: &'a Trace, view: &'a KeyView) -> StoreReplay<'a> {
        StoreReplay { trace, machine: SimulatedMachine::new(trace, view), store: HashSet::new() }
    }

    /// Replays an event that is not a build.
    pub fn play(&mut self, action: TraceAction) {
        self.machine.play(action, |_, _| {});
    }

    /// Empties the store.
    pub fn empty_store(&mut self) {
        self.store.clear();
    }

    /// Builds a plan, and returns the outcome of each node. As in a real build, everything is looked up before anything
    /// is compiled, and of what the build directory had only packages that cannot change are stored.
    pub fn build(&mut self, plan: PlanId) -> Vec<UnitOutcome> {
        let statuses = self.machine.build(plan);
        let outcomes = statuses
            .iter()
            .map(|status| match status {
                NodeStatus::Present(_) => UnitOutcome::Present,
                NodeStatus::Refused => UnitOutcome::Refused,
                NodeStatus::Wanted(key) if self.store.contains(key) => UnitOutcome::Hit,
                NodeStatus::Wanted(_) => UnitOutcome::Miss,
            })
            .collect();
        let nodes = &self.trace.plans[plan.at()].nodes;
        let stored = nodes.iter().zip(&statuses).filter_map(|(node, status)| match status {
            NodeStatus::Present(key) => key.filter(|_| self.trace.unit(*node).source != TraceSource::Path),
            NodeStatus::Wanted(key) => Some(*key),
            NodeStatus::Refused => None,
        });
        self.store.extend(stored);
        outcomes
    }
}
