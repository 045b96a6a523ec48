//! Runs that were taken in parts, on one machine or several.

use super::{FileSystem, Host, RunInfo, Toolchain};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A part of a merged run, as `shards` in `run.json` keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shard {
    /// Which part of how many: `1/2`.
    pub shard: String,
    /// Name of its own run.
    pub name: String,
    /// When it began, RFC 3339 in UTC.
    #[serde(default)]
    pub started: String,
    /// Its seed.
    #[serde(default)]
    pub seed: u64,
    /// A word that tells machines apart, not what they are; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The machine.
    #[serde(default)]
    pub host: Host,
    /// Its file systems.
    #[serde(default)]
    pub file_systems: Vec<FileSystem>,
    /// What compiled.
    #[serde(default)]
    pub toolchain: Toolchain,
    /// Versions of other tools.
    #[serde(default)]
    pub tools: BTreeMap<String, String>,
    /// The rounds it measured, by workspace: which rows are its own.
    #[serde(default)]
    pub rounds: BTreeMap<String, BTreeSet<u32>>,
}

impl Shard {
    /// What kind of machine it ran on: equal for machines that a reader of the records cannot
    /// tell apart but by [`Shard::machine`].
    pub fn kind(&self) -> String {
        kind(&self.host, &self.file_systems)
    }
}

/// A machine and its file systems in a line.
pub fn kind(host: &Host, file_systems: &[FileSystem]) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cores = host.cores.map(|n| format!("{n} cores")).unwrap_or_default();
    let memory = host.memory_bytes.map(|n| format!("{:.0} GiB", n as f64 / f64::from(1 << 30))).unwrap_or_default();
    let mut disks: Vec<String> = file_systems.iter().map(|fs| format!("{} on {}", fs.role, fs.kind)).collect();
    disks.sort_unstable();
    let mut parts = vec![text(&host.cpu_model), cores, memory, text(&host.kernel), text(&host.os)];
    parts.extend(disks);
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

impl RunInfo {
    /// Which part of a run this is, `1/2`, where it is one that was not merged yet:
    /// `options.shard.part`.
    pub fn part(&self) -> Option<&str> {
        self.options.get("shard")?.get("part")?.as_str()
    }

    /// The kinds of machines that a merged run was taken on; one at most for any other run.
    pub fn kinds_of_hosts(&self) -> BTreeSet<String> {
        self.shards.iter().map(Shard::kind).collect()
    }
}
