//! A trace: the unit graphs of many workspaces, and what happened to them over time.
//!
//! ```text
//! strings     every text once
//! units       a unit without its dependencies: the inputs of its key
//! nodes       a unit with its dependencies, each distinct one once (a Merkle graph)
//! workspaces  the workspaces whose graphs these are
//! plans       what one Cargo command would run in one workspace: a set of nodes
//! events      builds, edits, wipes and new toolchains, in order
//! ```
//!
//! A node comes after its dependencies, so the nodes of a plan in ascending order can be built in that order. Two
//! workspaces that would build the very same unit share its node; how similar two nodes are is what a replay asks.
//! `strategies/simulation/FORMAT.md` describes the file.

mod builder;
mod file;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::ops::Index;
use std::path::PathBuf;

use enum_map::EnumMap;
use serde::{Deserialize, Serialize};
use strategies::graph::{Dependency, Graph, Lto, Mode, PackageId, PackageSource, Profile, Unit, UnitTarget};
use strategies::key::{Input, KeyInputs};

pub use builder::TraceBuilder;
pub use file::{TraceError, census};
pub use records::simulated::Fit;

macro_rules! id {
    ($($(#[$about:meta])* $name:ident)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a number.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id! {
    /// Index of a string; 0 is the empty one.
    Text
    /// Index of a unit.
    UnitId
    /// Index of a node.
    NodeId
    /// Index of a workspace.
    WorkspaceId
    /// Index of a plan.
    PlanId
}

/// Unit graphs of many workspaces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Where it comes from.
    pub about: About,
    /// Every text once; the first is empty.
    pub strings: Vec<String>,
    /// Distinct units.
    pub units: Vec<TraceUnit>,
    /// Distinct nodes, dependencies first.
    pub nodes: Vec<Node>,
    /// Edges of all nodes, those of one node side by side, in the order in which they enter a key: by package name,
    /// then label.
    pub edges: Vec<Edge>,
    /// Workspaces.
    pub workspaces: Vec<TraceWorkspace>,
    /// What Cargo would run.
    pub plans: Vec<TracePlan>,
    /// What happened, in order of time; empty in a collected trace.
    pub events: Vec<TraceEvent>,
}

/// Where a trace comes from. It precedes the tables, readable with `head -2`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What it shows, in a line: commands and corpora.
    pub title: String,
    /// `rustc -vV`'s first line.
    pub toolchain: String,
    /// How estimates of compile seconds were made.
    pub seconds: Option<Fit>,
    /// How estimates of bytes were made.
    pub bytes: Option<Fit>,
    /// Workspaces whose graphs could not be had, and why.
    pub left_out: Vec<LeftOut>,
}

/// A workspace, or a command of it, that is not in the trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its name.
    pub workspace: String,
    /// Why, in a line.
    pub why: String,
}

/// Where a package comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TraceSource {
    /// A registry.
    #[default]
    Registry,
    /// A git commit.
    Git,
    /// A directory.
    Path,
}

/// A unit without its dependencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TraceUnit {
    /// Package name, target kind, target name and mode.
    pub name: Text,
    /// Where the package comes from.
    pub source: TraceSource,
    /// What it has by itself of the inputs of its key; texts as in [`KeyInputs`].
    pub inputs: EnumMap<Input, Text>,
    /// What stands for the inputs that only a build observes: of a path package, the digest of its sources as they were
    /// collected; else empty.
    pub observed: Text,
    /// Of a build script's run in a path package: what its source says it watches, relative to the package, a line
    /// each; `.` where it names nothing, since Cargo then watches all of it.
    pub watches: Text,
}

impl Index<Input> for TraceUnit {
    type Output = Text;

    fn index(&self, input: Input) -> &Text {
        &self.inputs[input]
    }
}

/// An amount that a unit costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// How much.
    pub value: f32,
    /// Whether a run has measured it; else it is an estimate.
    pub measured: bool,
}

/// A unit with its dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The unit.
    pub unit: UnitId,
    /// Where its edges end; they begin where those of the node before it end.
    pub edges_end: u32,
    /// Seconds it takes to make.
    pub seconds: Amount,
    /// Bytes of what it makes.
    pub bytes: Amount,
}

/// A dependency of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// Name and flags, as they enter the dependent's key.
    pub label: Text,
    /// The dependency.
    pub node: NodeId,
}

/// A workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceWorkspace {
    /// Its name.
    pub name: Text,
}

/// Which Cargo command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TraceTask {
    /// `cargo build`.
    Build,
    /// `cargo test --no-run`.
    Test,
    /// `cargo check`.
    Check,
}

/// What one Cargo command would run in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracePlan {
    /// Where.
    pub workspace: WorkspaceId,
    /// The command.
    pub task: TraceTask,
    /// Its profile.
    pub profile: Text,
    /// Everything it runs, ascending. Two units that are equal in everything are one node, listed twice.
    #[serde(with = "file::ascending")]
    pub nodes: Vec<NodeId>,
    /// The units that were asked for.
    pub roots: Vec<NodeId>,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// When, in seconds from the beginning.
    pub at: u32,
    /// What.
    pub action: TraceAction,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TraceAction {
    /// A plan is built, with the sources and the toolchain as they are then.
    Build(PlanId),
    /// The inside of a file is changed. The units that have it as their root file read it; if no unit has, all units of
    /// the package that contains it do.
    Edit {
        /// The workspace.
        workspace: WorkspaceId,
        /// As in [`Input::SourcePath`]: `ws:src/main.rs`.
        file: Text,
    },
    /// The workspace's build directory is removed.
    Wipe(WorkspaceId),
    /// From here on everybody has the next toolchain.
    Toolchain,
}

impl TraceTask {
    /// Every task.
    pub const ALL: [TraceTask; 3] = [TraceTask::Build, TraceTask::Test, TraceTask::Check];

    /// The name of the task.
    pub fn as_str(self) -> &'static str {
        match self {
            TraceTask::Build => "build",
            TraceTask::Test => "test",
            TraceTask::Check => "check",
        }
    }
}

impl Trace {
    /// A string.
    pub fn text(&self, text: Text) -> &str {
        self.strings.get(text.at()).map_or("", String::as_str)
    }

    /// The unit of a node.
    pub fn unit(&self, node: NodeId) -> &TraceUnit {
        &self.units[self.nodes[node.at()].unit.at()]
    }

    /// Seconds it takes to make a node.
    pub fn seconds(&self, node: NodeId) -> f64 {
        f64::from(self.nodes[node.at()].seconds.value)
    }

    /// Bytes of what a node makes.
    pub fn bytes(&self, node: NodeId) -> f64 {
        f64::from(self.nodes[node.at()].bytes.value)
    }

    /// The share of the seconds of all plans that was measured; `None` of no seconds.
    pub fn measured_share(&self) -> Option<f64> {
        let (mut measured, mut all) = (0.0, 0.0);
        for amount in self.plans.iter().flat_map(|plan| &plan.nodes).map(|node| self.nodes[node.at()].seconds) {
            all += f64::from(amount.value);
            measured += if amount.measured { f64::from(amount.value) } else { 0.0 };
        }
        (all > 0.0).then(|| measured / all)
    }

    /// The dependencies of a node.
    pub fn edges(&self, node: NodeId) -> &[Edge] {
        let first = node.at().checked_sub(1).map_or(0, |before| self.nodes[before].edges_end);
        &self.edges[first as usize..self.nodes[node.at()].edges_end as usize]
    }

    /// Of each node, whether it or a dependency at any distance belongs to a path package.
    pub(crate) fn depends_on_path(&self) -> Vec<bool> {
        let mut on = Vec::with_capacity(self.nodes.len());
        for at in 0..self.nodes.len() {
            let node = NodeId(at as u32);
            let depends = self.edges(node).iter().any(|edge| on[edge.node.at()]);
            on.push(depends || self.unit(node).source == TraceSource::Path);
        }
        on
    }

    /// A plan's label: `release build`, `dev test`.
    pub fn command(&self, plan: &TracePlan) -> String {
        format!("{} {}", self.text(plan.profile), plan.task.as_str())
    }

    /// The number of units that all plans run together.
    pub fn unit_builds(&self) -> u64 {
        self.plans.iter().map(|plan| plan.nodes.len() as u64).sum()
    }

    /// The inputs of a unit's key.
    pub fn inputs(&self, unit: &TraceUnit) -> KeyInputs {
        let mut inputs = KeyInputs::default();
        Input::of_unit().for_each(|input| inputs[input].push_str(self.text(unit[input])));
        inputs
    }
}

impl Trace {
    /// The unit graph of a plan; unit `n` of it is `plan.nodes[n]`.
    pub(crate) fn graph(&self, plan: &TracePlan) -> Graph {
        let mut at: HashMap<NodeId, usize> = HashMap::with_capacity(plan.nodes.len());
        for (index, node) in plan.nodes.iter().enumerate() {
            at.entry(*node).or_insert(index);
        }
        let mut profiles = HashMap::new();
        let units = plan.nodes.iter().map(|node| {
            let unit = self.unit(*node);
            let edges = self.edges(*node).iter().filter_map(|edge| Some((edge, *at.get(&edge.node)?)));
            let dependencies = edges.map(|(edge, index)| {
                let (name, flags) = self.text(edge.label).split_once(' ').unwrap_or((self.text(edge.label), ""));
                Dependency { index, extern_name: name.to_owned(), flags: flags.to_owned() }
            });
            let dependencies = dependencies.collect();
            let profile = profiles
                .entry(unit[Input::Profile])
                .or_insert_with(|| profile(self.text(unit[Input::Profile])))
                .clone();
            self.graph_unit(unit, profile, dependencies)
        });
        let units: Vec<Unit> = units.collect();
        let roots = plan.roots.iter().filter_map(|root| at.get(root).copied()).collect();
        // Ascending nodes are in the order of building.
        let order = (0..units.len()).collect();
        Graph { units, roots, order }
    }

    fn graph_unit(&self, unit: &TraceUnit, profile: Profile, dependencies: Vec<Dependency>) -> Unit {
        let text = |text: Text| self.text(text).to_owned();
        let list = |text: Text| self.text(text).split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        Unit {
            package: PackageId {
                raw: text(unit[Input::PackageId]),
                name: text(unit[Input::PackageName]),
                version: text(unit[Input::Version]),
                source: match unit.source {
                    TraceSource::Registry => PackageSource::Registry,
                    TraceSource::Git => PackageSource::Git,
                    TraceSource::Path => PackageSource::Path(PathBuf::from(self.text(unit[Input::PackageId]))),
                },
            },
            target: UnitTarget {
                kind: list(unit[Input::TargetKind]),
                crate_types: list(unit[Input::CrateTypes]),
                name: text(unit[Input::TargetName]),
                src_path: text(unit[Input::SourcePath]),
                edition: text(unit[Input::Edition]),
            },
            profile,
            profile_text: text(unit[Input::Profile]),
            lto: Lto::default(),
            platform: Some(text(unit[Input::Platform])).filter(|triple| !triple.is_empty()),
            mode: Mode::of(self.text(unit[Input::Mode])),
            features: list(unit[Input::Features]),
            is_std: unit[Input::BuildStd] != Text(0),
            dependencies,
        }
    }
}

/// The fields of a profile that Cargo printed; what cannot be read has none of them.
fn profile(text: &str) -> Profile {
    serde_json::from_str(text).unwrap_or_else(|_| Profile {
        name: String::new(),
        opt_level: String::new(),
        lto: String::new(),
        debuginfo: serde_json::Value::Null,
        debug_assertions: false,
        overflow_checks: false,
    })
}
