//! Build directories and sources of all workspaces, and the toolchain everybody has.
//!
//! A build directory holds each node in the state in which it was built last. A node is built again when its sources,
//! those of a dependency, or the toolchain have changed; the design decides what is then looked up in a store.

use std::collections::{BTreeMap, HashMap, HashSet};

use strategies::key::Input;

use crate::keys::{KeyId, KeyView, unit_hashes};
use crate::trace::{NodeId, PlanId, Text, Trace, TraceAction, TracePlan, TraceSource, TraceUnit, WorkspaceId};

/// The name of an artifact in a store: the key of a node as collected, and what has changed since. It distinguishes the same
/// artifacts as hashing toolchain and sources into the keys of all dependencies would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ArtifactKey {
    pub(crate) key: KeyId,
    /// Number of the toolchain, from 0.
    pub toolchain: u32,
    /// 0 for sources as collected; else a hash of the edits to the node and its dependencies.
    pub(crate) state: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeStatus {
    Present(Option<ArtifactKey>),
    Refused,
    Wanted(ArtifactKey),
}

#[derive(Debug)]
pub(crate) struct SimulatedMachine<'a> {
    trace: &'a Trace,
    view: &'a KeyView,
    depends_on_path: Vec<bool>,
    toolchain: u32,
    workspaces: Vec<WorkspaceState>,
}

#[derive(Debug, Clone, Default)]
struct WorkspaceState {
    sources: EditedSources,
    /// Nodes in the build directory, by toolchain: their states, and under which keys they are known there.
    built: HashMap<(NodeId, u32), (u64, Option<ArtifactKey>)>,
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

    pub(crate) fn wipe(&mut self, workspace: WorkspaceId) {
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
        let keyed = match (view.keys.files, view.keys.cutoff) {
            (false, _) => Vec::new(),
            (true, true) => sources(true),
            (true, false) => real.clone(),
        };
        let state = |states: &[(NodeId, u64)], node: NodeId| {
            states.binary_search_by_key(&node, |(node, _)| *node).map_or(0, |at| states[at].1)
        };
        let own_place = u64::from(plan.workspace.0) + 1;
        let mut held: HashMap<ArtifactKey, u32> = HashMap::new();
        for artifact in workspace.built.values().filter_map(|(_, artifact)| *artifact) {
            *held.entry(artifact).or_default() += 1;
        }
        let statuses = plan.nodes.iter().map(|&node| {
            let artifact = view.key(node).map(|key| {
                let mut state = state(&keyed, node);
                if view.keys.by_workspace && self.depends_on_path[node.at()] {
                    state = mix(own_place, state);
                }
                ArtifactKey { key, toolchain, state }
            });
            let built = workspace.built.get(&(node, toolchain));
            let here = built.is_some_and(|(built, _)| *built == state(&real, node));
            // A key that lacks an input may be that of another node that is there.
            let by_another = artifact.is_some_and(|artifact| {
                let own = u32::from(built.is_some_and(|(_, known)| *known == Some(artifact)));
                held.get(&artifact).is_some_and(|holders| *holders > own)
            });
            match (here || by_another, artifact) {
                (true, artifact) => NodeStatus::Present(artifact),
                (false, None) => NodeStatus::Refused,
                (false, Some(artifact)) => NodeStatus::Wanted(artifact),
            }
        });
        let statuses: Vec<NodeStatus> = statuses.collect();
        for (&node, status) in plan.nodes.iter().zip(&statuses) {
            let artifact = match status {
                NodeStatus::Present(artifact) => *artifact,
                NodeStatus::Refused => None,
                NodeStatus::Wanted(artifact) => Some(*artifact),
            };
            workspace.built.insert((node, toolchain), (state(&real, node), artifact));
        }
        statuses
    }
}

/// The outcome of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplayedOutcome {
    /// The build directory had it.
    Present,
    /// Not admitted, and built.
    Refused,
    /// The store had it.
    Hit,
    /// Built, and stored.
    Miss,
    /// The same: another artifact of its unit hash took its place in the store.
    Displaced,
}

/// All workspaces of a trace and one store without limits for them.
#[derive(Debug)]
pub struct StoreReplay<'a> {
    trace: &'a Trace,
    machine: SimulatedMachine<'a>,
    store: HashSet<ArtifactKey>,
    slots: Option<UnitSlots>,
}

/// A store with one entry for each unit hash, the last publisher's.
#[derive(Debug)]
struct UnitSlots {
    /// Of each node.
    hashes: Vec<u32>,
    /// By hash and toolchain.
    holders: HashMap<(u32, u32), ArtifactKey>,
    displaced: HashSet<ArtifactKey>,
}

impl<'a> StoreReplay<'a> {
    /// Nothing has been built yet, and the store is empty.
    pub fn new(trace: &'a Trace, view: &'a KeyView) -> StoreReplay<'a> {
        StoreReplay { trace, machine: SimulatedMachine::new(trace, view), store: HashSet::new(), slots: None }
    }

    /// The same with one entry for each unit hash.
    #[must_use]
    pub fn with_single_slots(self) -> StoreReplay<'a> {
        let hashes = unit_hashes(self.trace);
        let slots = UnitSlots { hashes, holders: HashMap::new(), displaced: HashSet::new() };
        StoreReplay { slots: Some(slots), ..self }
    }

    /// Replays an event that is not a build.
    pub fn play(&mut self, action: TraceAction) {
        self.machine.play(action, |_, _| {});
    }

    /// Empties the store.
    pub fn empty_store(&mut self) {
        self.store.clear();
        if let Some(slots) = &mut self.slots {
            slots.holders.clear();
            slots.displaced.clear();
        }
    }

    /// Builds a plan, and returns the outcome of each node. As in a real build, everything is looked up before anything
    /// is compiled, and what the build directory had is not stored.
    pub fn build(&mut self, plan: PlanId) -> Vec<ReplayedOutcome> {
        let statuses = self.machine.build(plan);
        let nodes = &self.trace.plans[plan.at()].nodes;
        let outcomes = self.look_up(nodes, &statuses);
        for (&node, status) in nodes.iter().zip(&statuses) {
            if let NodeStatus::Wanted(key) = status {
                self.store(node, *key);
            }
        }
        outcomes
    }

    fn look_up(&self, nodes: &[NodeId], statuses: &[NodeStatus]) -> Vec<ReplayedOutcome> {
        // Nodes with a known artifact, and those whose artifact is gone and remembered. Without either there is no key for
        // a dependent, even if its entry is there.
        let (mut known, mut remembered) = (HashSet::new(), HashSet::new());
        let outcomes = nodes.iter().zip(statuses).map(|(&node, status)| {
            let all_in = |nodes: &HashSet<NodeId>| self.trace.edges(node).iter().all(|edge| nodes.contains(&edge.node));
            let outcome = match status {
                NodeStatus::Present(_) => ReplayedOutcome::Present,
                NodeStatus::Refused => ReplayedOutcome::Refused,
                NodeStatus::Wanted(key) => match (&self.slots, self.store.contains(key)) {
                    (None, true) => ReplayedOutcome::Hit,
                    (Some(_), true) if all_in(&known) => ReplayedOutcome::Hit,
                    (Some(slots), false) if slots.displaced.contains(key) && all_in(&remembered) => {
                        ReplayedOutcome::Displaced
                    }
                    _ => ReplayedOutcome::Miss,
                },
            };
            if matches!(outcome, ReplayedOutcome::Present | ReplayedOutcome::Hit) {
                known.insert(node);
            }
            if !matches!(outcome, ReplayedOutcome::Refused | ReplayedOutcome::Miss) {
                remembered.insert(node);
            }
            outcome
        });
        outcomes.collect()
    }

    fn store(&mut self, node: NodeId, key: ArtifactKey) {
        self.store.insert(key);
        if let Some(slots) = &mut self.slots
            && let Some(before) = slots.holders.insert((slots.hashes[node.at()], key.toolchain), key)
            && before != key
        {
            self.store.remove(&before);
            slots.displaced.insert(before);
        }
    }
}

/// The number of edits of each file of one workspace.
///
/// A trace knows no more of a unit's sources than its root file. Units with a file as their root read it; a file that
/// is not the root of any unit is read by all units of the innermost package that contains it, except build scripts. A
/// build script runs again when something changes that its source names as watched, or, if it names nothing, when
/// anything in its package changes.
#[derive(Debug, Clone, Default)]
struct EditedSources {
    edits: BTreeMap<Text, u32>,
}

impl EditedSources {
    pub(crate) fn edit(&mut self, file: Text) {
        *self.edits.entry(file).or_default() += 1;
    }

    /// The states of the nodes of a plan that depend on path packages, ascending: 0 as collected, another number for
    /// each set of edits to the node and its dependencies. With `cutoff` dependencies do not count.
    pub(crate) fn states(
        &self,
        trace: &Trace,
        plan: &TracePlan,
        depends_on_path: &[bool],
        cutoff: bool,
    ) -> Vec<(NodeId, u64)> {
        let mut states: Vec<(NodeId, u64)> = Vec::new();
        if self.edits.is_empty() {
            return states;
        }
        let readers: Vec<(FileReaders, u32)> =
            self.edits.iter().map(|(file, times)| (FileReaders::of(trace, plan, *file), *times)).collect();
        for &node in plan.nodes.iter().filter(|node| depends_on_path[node.at()]) {
            let mut state = 0u64;
            for (place, (reader, times)) in readers.iter().enumerate() {
                if reader.reads(trace, node) {
                    state = mix(state, mix(place as u64 + 1, u64::from(*times)));
                }
            }
            if !cutoff {
                for edge in trace.edges(node) {
                    if let Ok(at) = states.binary_search_by_key(&edge.node, |(node, _)| *node) {
                        state = mix(state, states[at].1);
                    }
                }
            }
            if state != 0 && states.last().is_none_or(|(last, _)| *last != node) {
                states.push((node, state));
            }
        }
        states
    }
}

struct FileReaders {
    file: Text,
    /// The file, if it is the root of a unit.
    root: Option<Text>,
    package: Option<Text>,
}

impl FileReaders {
    fn of(trace: &Trace, plan: &TracePlan, file: Text) -> FileReaders {
        let path = |node: &&NodeId| trace.unit(**node).source == TraceSource::Path;
        let local = || plan.nodes.iter().filter(path).map(|node| trace.unit(*node));
        let lies_in = |package: Text| {
            let dir = dir_of(trace.text(package));
            let rest = trace.text(file).strip_prefix(dir);
            rest.filter(|rest| dir.ends_with(':') || rest.starts_with('/')).map(|_| dir.len())
        };
        FileReaders {
            file,
            root: local().any(|unit| unit[Input::SourcePath] == file).then_some(file),
            package: local()
                .filter_map(|unit| Some((lies_in(unit[Input::PackageId])?, unit[Input::PackageId])))
                .max()
                .map(|(_, it)| it),
        }
    }

    fn reads(&self, trace: &Trace, node: NodeId) -> bool {
        let unit = trace.unit(node);
        let is_script = trace.text(unit[Input::TargetKind]) == "custom-build";
        match self.root {
            _ if unit.watches != Text(0) => {
                self.package == Some(unit[Input::PackageId]) && self.is_watched(trace, unit)
            }
            Some(file) => unit[Input::SourcePath] == file && trace.text(unit[Input::Mode]) != "run-custom-build",
            None => self.package == Some(unit[Input::PackageId]) && !is_script,
        }
    }

    fn is_watched(&self, trace: &Trace, unit: &TraceUnit) -> bool {
        let file = trace.text(self.file);
        let inside =
            file.strip_prefix(dir_of(trace.text(unit[Input::PackageId]))).unwrap_or(file).trim_start_matches('/');
        trace.text(unit.watches).lines().map(|path| path.trim_matches('/')).any(|path| {
            let rest = inside.strip_prefix(path);
            path == "." || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// The directory in `path ws:dir name version`. Names and versions have no spaces.
fn dir_of(package: &str) -> &str {
    let place = package.strip_prefix("path ").unwrap_or(package);
    let without_version = place.rsplit_once(' ').map_or(place, |(start, _)| start);
    without_version.rsplit_once(' ').map_or(without_version, |(start, _)| start)
}

/// Mixes two numbers into one that is not 0: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.rotate_left(23).wrapping_add(b).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_a_directory() {
        assert_eq!(dir_of("path ws: tool 1.0.0"), "ws:");
        assert_eq!(dir_of("path ws:crates/a b tool 1.0.0"), "ws:crates/a b");
        assert_eq!(dir_of("path abs:/x tool 1.0.0"), "abs:/x");
    }
}
