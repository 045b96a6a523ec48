//! `run.json`: under which conditions a run was taken.
//!
//! Everything a sceptic asks before looking at a number: machine, file systems,
//! toolchain, corpus with its hash, options and seed. Paths are given by their
//! role, so that a record can be published. Fields may be appended: a field this
//! version does not know goes to [`RunInfo::other`] and written back, a field
//! an older version did not write takes its default.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the schema this crate writes. It rises only when the meaning of a
/// file changes; appended columns and fields leave it alone.
pub const SCHEMA_VERSION: u32 = 1;

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    pub corpus: CorpusInfo,
    /// What compiled it.
    #[serde(default)]
    pub toolchain: ToolchainInfo,
    /// The machine.
    #[serde(default)]
    pub host: HostInfo,
    /// File systems, by the role of the path on them.
    #[serde(default)]
    pub file_systems: Vec<FileSystemInfo>,
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
    pub shards: Vec<ShardInfo>,
    /// Fields this version does not know, as they were read.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl RunInfo {
    /// An otherwise empty description of the current schema version.
    pub fn new(name: impl Into<String>) -> Self {
        Self { schema_version: SCHEMA_VERSION, name: name.into(), ..Self::default() }
    }

    /// Whether every workspace was built alone, from empty directories, and not after
    /// the others with what they left. `options.alone`; absent means no.
    pub fn alone(&self) -> bool {
        self.options.get("alone").and_then(Value::as_bool).unwrap_or(false)
    }

    /// A row for each condition, the same words for every run so that two can be compared.
    pub fn conditions(&self) -> Vec<(String, String)> {
        let info = self;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut rows: Vec<(String, String)> = vec![
            ("started".into(), info.started.clone()),
            ("scenario".into(), info.scenario.clone()),
            ("corpus".into(), info.corpus.name.clone()),
            ("corpus hash".into(), info.corpus.hash.clone()),
            ("workspaces".into(), info.corpus.workspaces.join(", ")),
            ("strategies".into(), info.strategies.join(", ")),
            ("rounds".into(), if info.rounds == 0 { String::new() } else { info.rounds.to_string() }),
            ("seed".into(), if info.seed == 0 { String::new() } else { info.seed.to_string() }),
            ("profile".into(), info.profile.clone()),
            ("rustc".into(), info.toolchain.rustc.clone()),
            ("cargo".into(), info.toolchain.cargo.clone()),
            ("processor".into(), text(&info.host.cpu_model)),
            ("cores".into(), info.host.cores.map(|n| n.to_string()).unwrap_or_default()),
            ("memory".into(), info.host.memory_bytes.map(|n| crate::quantity::bytes(n as f64)).unwrap_or_default()),
            ("kernel".into(), text(&info.host.kernel)),
            ("system".into(), text(&info.host.os)),
        ];
        rows.extend(info.file_systems.iter().map(|fs| (format!("file system of {}", fs.role), fs.kind.clone())));
        rows.extend(info.tools.iter().map(|(tool, version)| (format!("version of {tool}"), version.clone())));
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Places of one machine say nothing on another; the rest is in rows above.
        let shown_above = ["corpus", "workspaces", "strategies", "scenario", "rounds", "seed", "profile"];
        let says = |name: &str, value: &Value| {
            !name.ends_with("_dir")
                && !shown_above.contains(&name)
                && !value.is_null()
                && value.as_array().is_none_or(|all| !all.is_empty())
        };
        let options = info.options.iter().filter(|(name, value)| says(name, value));
        rows.extend(options.map(|(name, value)| (format!("option {name}"), shown(value))));
        rows.retain(|(_, value)| !value.is_empty());
        rows
    }
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CorpusInfo {
    /// Name of the corpus.
    pub name: String,
    /// Hash of its manifest: two runs with one hash built the same sources.
    pub hash: String,
    /// The workspaces built, in order.
    pub workspaces: Vec<String>,
}

/// What compiled it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolchainInfo {
    /// `stable`, `beta` or `nightly`.
    pub channel: String,
    /// Full text of `cargo -vV`.
    pub cargo: String,
    /// Full text of `rustc -vV`.
    pub rustc: String,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HostInfo {
    /// Processor, as the operating system names it.
    pub cpu_model: Option<String>,
    /// Logical cores the run could use.
    pub cores: Option<u32>,
    /// Main memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Kernel name and release.
    pub kernel: Option<String>,
    /// Operating system or distribution.
    pub os: Option<String>,
}

/// A file system the run used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileSystemInfo {
    /// What lives there: `work`, `store`, `build`, `cargo-home`, …
    pub role: String,
    /// Its type: `ext4`, `btrfs`, `xfs`, `tmpfs`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The device behind it, where the operating system says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A limit and what enforces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcedLimit {
    /// Bytes, processes or seconds.
    pub limit: u64,
    /// `cgroup v2`, `cgroup v1`, `rlimit`, `the harness` or `nothing`.
    pub by: String,
}

/// The sandbox of everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxInfo {
    /// `bubblewrap` or `namespaces`.
    pub kind: String,
    /// Version of Bubblewrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Bytes of memory of all builds at once.
    pub memory: EnforcedLimit,
    /// Processes and threads of all builds at once.
    pub processes: EnforcedLimit,
    /// Seconds of each command.
    pub seconds: EnforcedLimit,
    /// Median time of starting a program that does next to nothing in it, milliseconds.
    pub start_inside_ms: f64,
    /// The same out of it.
    pub start_outside_ms: f64,
    /// How often each was started.
    pub starts: u32,
}

impl SandboxInfo {
    /// What it costs to start a program in it, milliseconds.
    pub fn overhead_ms(&self) -> f64 {
        self.start_inside_ms - self.start_outside_ms
    }

    /// In one line.
    pub fn line(&self) -> String {
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        format!(
            "{}{version}; {:.1} ms more for every program started in it (median of {} starts: {:.1} ms, {:.1} ms \
             outside); memory {} MiB by {}, {} processes by {}, {} s a command",
            self.kind,
            self.overhead_ms(),
            self.starts,
            self.start_inside_ms,
            self.start_outside_ms,
            self.memory.limit >> 20,
            self.memory.by,
            self.processes.limit,
            self.processes.by,
            self.seconds.limit
        )
    }
}

/// A part of a merged run, as `shards` in `run.json` keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardInfo {
    /// Which part of how many: `1/2`.
    pub shard: String,
    /// Name of its own run.
    pub name: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Its seed.
    pub seed: u64,
    /// A word that differs between machines and says nothing else; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The machine.
    pub host: HostInfo,
    /// Its file systems.
    pub file_systems: Vec<FileSystemInfo>,
    /// What compiled.
    pub toolchain: ToolchainInfo,
    /// Versions of other tools.
    pub tools: BTreeMap<String, String>,
    /// The rounds it measured, by workspace: which rows are its own.
    pub rounds: BTreeMap<String, BTreeSet<u32>>,
}

impl ShardInfo {
    /// The kind of machine it ran on: equal for machines that differ in nothing recorded but
    /// [`ShardInfo::machine`].
    pub fn kind(&self) -> String {
        kind(&self.host, &self.file_systems)
    }
}

/// A machine and its file systems in a line.
pub fn kind(host: &HostInfo, file_systems: &[FileSystemInfo]) -> String {
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
        self.shards.iter().map(ShardInfo::kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_it_costs_and_what_limits() {
        let limit = |limit, by: &str| EnforcedLimit { limit, by: by.into() };
        let info = SandboxInfo {
            kind: "bubblewrap".into(),
            version: Some("0.8.0".into()),
            memory: limit(8 << 30, "cgroup v2"),
            processes: limit(4096, "rlimit"),
            seconds: limit(7200, "the harness"),
            start_inside_ms: 31.26,
            start_outside_ms: 20.0,
            starts: 20,
        };
        assert_eq!(
            info.line(),
            "bubblewrap 0.8.0; 11.3 ms more for every program started in it (median of 20 starts: 31.3 ms, 20.0 ms \
             outside); memory 8192 MiB by cgroup v2, 4096 processes by rlimit, 7200 s a command"
        );
    }
}
