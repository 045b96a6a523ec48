//! `run.json`: under which conditions a run was taken.
//!
//! Everything a sceptic asks before looking at a number: machine, file systems,
//! toolchain, corpus with its hash, options and seed. Paths are given by their
//! role, so that a record can be published. Fields may be appended: a field this
//! version does not know is kept in [`RunInfo::other`] and written back, a field
//! an older version did not write takes its default.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::sandbox::SandboxInfo;

/// Version of the schema this crate writes. It rises only when the meaning of a
/// file changes; appended columns and fields leave it alone.
pub const SCHEMA_VERSION: u32 = 1;

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the schema of the whole folder.
    pub schema_version: u32,
    /// Name of the run, the `run` column of both tables.
    pub name: String,
    /// Whether every planned step was recorded.
    #[serde(default)]
    pub complete: bool,
    /// When the run started, RFC 3339 in UTC.
    #[serde(default)]
    pub started: String,
    /// The seed behind every random choice of the run.
    #[serde(default)]
    pub seed: u64,
    /// Rounds asked for.
    #[serde(default)]
    pub rounds: u32,
    /// Name of the scenario.
    #[serde(default)]
    pub scenario: String,
    /// Cargo profile.
    #[serde(default)]
    pub profile: String,
    /// The arms, in the order they were asked for.
    #[serde(default)]
    pub strategies: Vec<String>,
    /// What was built.
    #[serde(default)]
    pub corpus: Corpus,
    /// What compiled it.
    #[serde(default)]
    pub toolchain: Toolchain,
    /// The machine.
    #[serde(default)]
    pub host: Host,
    /// File systems, by the role of the path on them.
    #[serde(default)]
    pub file_systems: Vec<FileSystem>,
    /// Versions of other tools that took part, e.g. `harness`, `git`, `sccache`.
    #[serde(default)]
    pub tools: BTreeMap<String, String>,
    /// The sandbox of everything that was measured, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxInfo>,
    /// Every other option of the command, by flag name.
    #[serde(default)]
    pub options: BTreeMap<String, Value>,
    /// The parts it was merged from, by number; empty for a run taken in one go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<super::Shard>,
    /// Fields this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl RunInfo {
    /// An otherwise empty description of the current schema version.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            name: name.into(),
            complete: false,
            started: String::new(),
            seed: 0,
            rounds: 0,
            scenario: String::new(),
            profile: String::new(),
            strategies: Vec::new(),
            corpus: Corpus::default(),
            toolchain: Toolchain::default(),
            host: Host::default(),
            file_systems: Vec::new(),
            tools: BTreeMap::new(),
            sandbox: None,
            options: BTreeMap::new(),
            shards: Vec::new(),
            other: BTreeMap::new(),
        }
    }

    /// Whether every workspace was told of alone, from empty directories, and not after
    /// the others with what they left. `options.alone`; absent means no.
    pub fn alone(&self) -> bool {
        self.options.get("alone").and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Corpus {
    /// Name of the corpus.
    pub name: String,
    /// Hash of its manifest: two runs with one hash built the same sources.
    #[serde(default)]
    pub hash: String,
    /// The workspaces built, in order.
    #[serde(default)]
    pub workspaces: Vec<String>,
}

/// What compiled it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Toolchain {
    /// `stable`, `beta` or `nightly`.
    pub channel: String,
    /// Full text of `cargo -vV`.
    #[serde(default)]
    pub cargo: String,
    /// Full text of `rustc -vV`.
    #[serde(default)]
    pub rustc: String,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Host {
    /// Processor, as the operating system names it.
    #[serde(default)]
    pub cpu_model: Option<String>,
    /// Logical cores the run could use.
    #[serde(default)]
    pub cores: Option<u32>,
    /// Main memory, bytes.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Kernel name and release.
    #[serde(default)]
    pub kernel: Option<String>,
    /// Operating system or distribution.
    #[serde(default)]
    pub os: Option<String>,
}

/// A file system the run used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileSystem {
    /// What lives there: `work`, `store`, `build`, `cargo-home`, …
    pub role: String,
    /// Its type: `ext4`, `btrfs`, `xfs`, `tmpfs`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The device behind it, where the operating system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}
