//! A trace as one key policy sees it: which artifacts each build wants, in order of time.

use std::collections::HashMap;
use std::ops::Range;

use crate::keys::KeyView;
use crate::replay::{ArtifactKey, NodeStatus, SimulatedMachine};
use crate::trace::{Node, NodeId, Trace, TraceSource};

/// Index of an artifact in its [`History`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactId(pub u32);

impl ArtifactId {
    /// The index as a number.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The artifact of one key.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryArtifact {
    /// Seconds it takes to make.
    pub seconds: f32,
    /// Bytes it takes in a store.
    pub bytes: f32,
    /// Whether it belongs to a path package.
    pub local: bool,
    /// The artifacts of its dependencies: smaller indexes than its own.
    pub dependencies: Vec<ArtifactId>,
}

/// One Cargo command.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistoryBuild {
    /// When, in seconds from the beginning.
    pub at: u32,
    /// Index of the workspace in the trace.
    pub workspace: u32,
    /// Any number, equal for the same command of the same workspace: `dev build` and `dev test` differ.
    pub command: u32,
    /// Artifacts that the build directory has already. A build uses them and does not look them up.
    pub present: Range<usize>,
    /// Artifacts it looks up in the store, dependencies first, each once. One that is not stored is compiled and
    /// stored.
    pub wanted: Range<usize>,
    /// Seconds of units that it compiles and that may not be stored.
    pub refused_s: f64,
    /// The number of these units.
    pub refused: u32,
}

/// Builds and artifacts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Every artifact that any build makes or uses.
    pub artifacts: Vec<HistoryArtifact>,
    /// In order of time.
    pub builds: Vec<HistoryBuild>,
    /// The array that `present` and `wanted` of builds are ranges of.
    pub uses: Vec<ArtifactId>,
}

impl History {
    /// The artifacts that a build looks up in the store.
    pub fn wanted(&self, build: &HistoryBuild) -> &[ArtifactId] {
        &self.uses[build.wanted.clone()]
    }

    /// The artifacts that a build uses of its build directory.
    pub fn present(&self, build: &HistoryBuild) -> &[ArtifactId] {
        &self.uses[build.present.clone()]
    }

    /// Adds a build.
    pub fn push(&mut self, build: HistoryBuild, present: &[ArtifactId], wanted: &[ArtifactId]) {
        let start = self.uses.len();
        self.uses.extend(present);
        let middle = self.uses.len();
        self.uses.extend(wanted);
        self.builds.push(HistoryBuild { present: start..middle, wanted: middle..self.uses.len(), ..build });
    }

    /// The history of a trace under a design.
    pub fn of(trace: &Trace, view: &KeyView) -> History {
        let mut history = History::default();
        let mut known: HashMap<ArtifactKey, ArtifactId> = HashMap::new();
        // The artifact of each node, and the build in which it was noted.
        let mut here: Vec<(u32, ArtifactId)> = vec![(0, ArtifactId(0)); trace.nodes.len()];
        // The build in which each artifact was last used.
        let mut used_in: Vec<u32> = Vec::new();
        let mut machine = SimulatedMachine::new(trace, view);
        for event in &trace.events {
            machine.play(event.action, |plan, statuses| {
                let mark = history.builds.len() as u32 + 1;
                let command = plan.profile.0 << 2 | plan.task as u32;
                let mut build =
                    HistoryBuild { at: event.at, workspace: plan.workspace.0, command, ..HistoryBuild::default() };
                let (mut present, mut wanted) = (Vec::new(), Vec::new());
                for (node, status) in plan.nodes.iter().zip(statuses) {
                    let (key, list) = match status {
                        NodeStatus::Refused => {
                            build.refused += 1;
                            build.refused_s += trace.seconds(*node);
                            continue;
                        }
                        NodeStatus::Present(None) => continue,
                        NodeStatus::Present(Some(key)) => (*key, &mut present),
                        NodeStatus::Wanted(key) => (*key, &mut wanted),
                    };
                    let id = *known.entry(key).or_insert_with(|| {
                        history.artifacts.push(artifact(trace, *node, mark, &here));
                        ArtifactId(history.artifacts.len() as u32 - 1)
                    });
                    // Nodes that are alike under this design are one artifact.
                    used_in.resize(history.artifacts.len(), 0);
                    if std::mem::replace(&mut used_in[id.at()], mark) != mark {
                        list.push(id);
                    }
                    here[node.at()] = (mark, id);
                }
                history.push(build, &present, &wanted);
            });
        }
        history
    }
}

/// The artifact of a node, with the artifacts that its dependencies have in the same build.
fn artifact(trace: &Trace, node: NodeId, build: u32, here: &[(u32, ArtifactId)]) -> HistoryArtifact {
    let of_build = trace.edges(node).iter().map(|edge| here[edge.node.at()]).filter(|(at, _)| *at == build);
    let mut dependencies: Vec<ArtifactId> = of_build.map(|(_, id)| id).collect();
    dependencies.sort_unstable();
    dependencies.dedup();
    let Node { seconds, bytes, .. } = trace.nodes[node.at()];
    let local = trace.unit(node).source == TraceSource::Path;
    HistoryArtifact { seconds: seconds.value, bytes: bytes.value, local, dependencies }
}
