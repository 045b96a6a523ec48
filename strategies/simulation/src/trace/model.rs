//! The tables of a trace.

use serde::{Deserialize, Serialize};
use strategies::key::Input;

use super::{NodeId, PlanId, Text, UnitId, WorkspaceId};

/// Unit graphs of many workspaces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Where it comes from.
    pub about: About,
    /// Every text once; the first is empty.
    pub strings: Vec<String>,
    /// Distinct units.
    pub units: Vec<Unit>,
    /// Distinct nodes, dependencies first.
    pub nodes: Vec<Node>,
    /// Edges of all nodes, those of one node side by side, in the order in which they enter a
    /// key: by package name, then label.
    pub edges: Vec<Edge>,
    /// Workspaces.
    pub workspaces: Vec<Workspace>,
    /// What Cargo would run.
    pub plans: Vec<Plan>,
    /// What happened, in order of time; empty where nobody looked.
    pub events: Vec<Event>,
}

/// Where a trace comes from. It stands in front of the tables, readable with `head -2`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What it shows, in a line: the corpora, or what was generated.
    pub title: String,
    /// Collected or generated.
    pub origin: Origin,
    /// Seed of a generated trace.
    pub seed: Option<u64>,
    /// `rustc -vV`'s first line.
    pub toolchain: String,
    /// How estimates of compile seconds were made.
    pub seconds: Option<Fit>,
    /// How estimates of bytes were made.
    pub bytes: Option<Fit>,
    /// Workspaces whose graphs could not be had, and why.
    pub left_out: Vec<LeftOut>,
}

/// Whether a trace shows real workspaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Real workspaces.
    #[default]
    Collected,
    /// Made up.
    Generated,
}

/// How an estimate was fitted, and how well it fits: out of sample, by packages left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The model, in a line.
    pub model: String,
    /// Units that were measured.
    pub samples: u64,
    /// Packages they belong to.
    pub packages: u64,
    /// Share of the variance of the logarithm that is explained.
    pub r_squared: f64,
    /// Half of the estimates are off by less than this factor.
    pub median_factor: f64,
    /// Nine of ten estimates are off by less than this factor.
    pub p90_factor: f64,
    /// Sum of estimates ÷ sum of measurements.
    pub bias: f64,
    /// Runs the measurements come from.
    pub runs: Vec<String>,
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
pub enum Source {
    /// A registry.
    #[default]
    Registry,
    /// A git commit.
    Git,
    /// A directory.
    Path,
}

/// What a unit is by itself. Texts as in [`KeyInputs`](strategies::key::KeyInputs).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Package name, target kind, target name and mode.
    pub name: Text,
    /// Package name.
    pub package_name: Text,
    /// Package version.
    pub version: Text,
    /// Where the package comes from.
    pub source: Source,
    /// Package id.
    pub package: Text,
    /// Checksum or commit.
    pub checksum: Text,
    /// Path of the root source file.
    pub path: Text,
    /// Activated features.
    pub features: Text,
    /// The profile as Cargo printed it.
    pub profile: Text,
    /// Profile directory and triple.
    pub directory: Text,
    /// Target triple.
    pub platform: Text,
    /// Digest of the toolchain.
    pub toolchain: Text,
    /// Digest of the flags.
    pub flags: Text,
    /// Target name.
    pub target: Text,
    /// Target kind.
    pub kind: Text,
    /// Crate types.
    pub crate_types: Text,
    /// Edition.
    pub edition: Text,
    /// Mode.
    pub mode: Text,
    /// Whether it is part of the standard library.
    pub is_std: bool,
    /// Digest of the manifests.
    pub manifest: Text,
    /// What stands for the inputs that only a build observes: of a path package, the digest of
    /// its sources as they were collected; else empty.
    pub observed: Text,
    /// Day on which the version was published, since the Unix epoch; 0 where nobody knows.
    pub published: u32,
    /// Of a build script's run in a path package: what its source says it watches, relative to the
    /// package, a line each; `.` where it names nothing, since Cargo then watches all of it.
    pub watches: Text,
}

impl Unit {
    /// The text of an input; `None` for one that traces do not have as a text.
    pub(super) fn input(&mut self, input: Input) -> Option<&mut Text> {
        Some(match input {
            Input::Version => &mut self.version,
            Input::Toolchain => &mut self.toolchain,
            Input::Platform => &mut self.platform,
            Input::Profile => &mut self.profile,
            Input::ProfileDirectory => &mut self.directory,
            Input::Features => &mut self.features,
            Input::Flags => &mut self.flags,
            Input::PackageName => &mut self.package_name,
            Input::PackageId => &mut self.package,
            Input::Checksum => &mut self.checksum,
            Input::SourcePath => &mut self.path,
            Input::TargetName => &mut self.target,
            Input::TargetKind => &mut self.kind,
            Input::CrateTypes => &mut self.crate_types,
            Input::Edition => &mut self.edition,
            Input::Mode => &mut self.mode,
            Input::Manifest => &mut self.manifest,
            _ => return None,
        })
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

/// A unit on its dependencies.
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
    /// What is depended on.
    pub node: NodeId,
}

/// A workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub name: Text,
    /// Day of the newest package in its lockfile, since the Unix epoch; 0 where nobody knows.
    pub locked: u32,
}

/// Which Cargo command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Task {
    /// `cargo build`.
    Build,
    /// `cargo test --no-run`.
    Test,
    /// `cargo check`.
    Check,
}

/// What one Cargo command would run in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where.
    pub workspace: WorkspaceId,
    /// The command.
    pub task: Task,
    /// Its profile.
    pub profile: Text,
    /// Everything it runs, ascending. Two units that are alike in everything are one node, listed
    /// twice.
    #[serde(with = "super::file::ascending")]
    pub nodes: Vec<NodeId>,
    /// What was asked for.
    pub roots: Vec<NodeId>,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in seconds from the beginning.
    pub at: u32,
    /// What.
    pub action: Action,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A plan is built, with the sources and the toolchain as they are then.
    Build(PlanId),
    /// The inside of a file is changed. Units whose root it is read it; where it is nobody's root,
    /// all units of the package it lies in.
    Edit {
        /// Whose.
        workspace: WorkspaceId,
        /// As in [`Input::SourcePath`]: `ws:src/main.rs`.
        file: Text,
    },
    /// The workspace's build directory is removed.
    Wipe(WorkspaceId),
    /// From here on everybody has the next toolchain.
    Toolchain,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 3] = [Task::Build, Task::Test, Task::Check];

    /// The name of the task.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Build => "build",
            Task::Test => "test",
            Task::Check => "check",
        }
    }
}

impl Source {
    /// The word used in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Registry => "registry",
            Source::Git => "git",
            Source::Path => "path",
        }
    }
}
