//! What a strategy file may say, field by field; `strategies/catalog/README.md` explains it to
//! people who write one. Commands are argument lists: no shell ever reads them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A command and its arguments.
pub type Argv = Vec<String>;

/// A strategy file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Description {
    /// What users type.
    pub name: String,
    /// What it is, how it is set up here and why.
    pub about: String,
    /// What it claims to reuse.
    #[serde(default)]
    pub caches: Caches,
    /// Whether `CARGO_TARGET_DIR` stays unset: builds go to `target` in the workspace, or where the tool has that lead.
    #[serde(default)]
    pub default_target_dir: bool,
    /// Whether its store is archives that it packs and unpacks itself: between machines they travel as they are.
    #[serde(default)]
    pub archives: bool,
    /// The program that takes Cargo's arguments.
    #[serde(default = "cargo")]
    pub program: String,
    /// Arguments before Cargo's own.
    #[serde(default)]
    pub args: Argv,
    /// Variables of the build, of its daemon and of every other command.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Values of Cargo's `--config`.
    #[serde(default)]
    pub config: Argv,
    /// Arguments after Cargo's own, for example `-Z` flags.
    #[serde(default)]
    pub flags: Argv,
    /// Programs that must be on `PATH`.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Run one after the other before a build, as part of its time.
    #[serde(default)]
    pub before: Vec<Argv>,
    /// Run after a build, as part of its time.
    #[serde(default)]
    pub after: Vec<Argv>,
    /// Run before the store is emptied.
    #[serde(default)]
    pub reset: Vec<Argv>,
    /// What `--set NAME.PARAMETER=VALUE` may change, with defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Its store.
    #[serde(default)]
    pub store: StoreAt,
    /// The process that has to run beside builds.
    pub daemon: Option<DaemonCommands>,
    /// How it counts its own hits.
    pub statistics: Option<ToolStatistics>,
    /// How it prints its version.
    pub version: Option<VersionCommand>,
    /// Where it comes from.
    pub install: Option<Install>,
    /// A second strategy, `NAME-pinned`, in which only the cache is compared.
    pub pinned: Option<Pinned>,
}

/// How a pinned strategy differs from the one in whose file it is. It has `CARGO_TARGET_DIR` set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// What is off, and why.
    pub about: String,
    /// Variables on top.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

fn cargo() -> String {
    "{cargo}".to_owned()
}

/// What a strategy claims to reuse: a warm build without a hit is invalid for one that caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Caches {
    /// The outputs of units.
    #[default]
    Units,
    /// Nothing: it saves disk, or changes something else.
    Nothing,
}

/// The default of a parameter: its type says whether it is one argument or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A piece of text.
    Text(String),
    /// Any number of arguments.
    List(Argv),
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Parameter::Text(text) => f.write_str(text),
            Parameter::List(list) => f.write_str(&list.join(",")),
        }
    }
}

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreAt {
    /// The directory whose size counts as the store's.
    pub path: String,
}

impl Default for StoreAt {
    fn default() -> Self {
        Self { path: "{store}".to_owned() }
    }
}

/// A process that runs beside builds, in the foreground, as a child of the harness.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaemonCommands {
    /// Starts it; must not return while it serves.
    pub start: Argv,
    /// Variables of that command alone.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Succeeds once it serves. Without it, a connection to `{port}` is the sign.
    #[serde(default)]
    pub ready: Argv,
    /// Asks it to end; signals follow.
    #[serde(default)]
    pub stop: Argv,
    /// Runs once it serves, outside all timing: what it does once a start and not once a build.
    #[serde(default)]
    pub warm: Argv,
}

/// A tool's own counters, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolStatistics {
    /// Prints counters that only grow: a build's are the difference.
    #[serde(default)]
    pub command: Argv,
    /// Or a file that each build writes for itself.
    pub file: Option<String>,
    /// JSON pointers whose values are added up to hits.
    pub hits: Vec<String>,
    /// The same for misses.
    #[serde(default)]
    pub misses: Vec<String>,
}

/// How a tool prints its version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionCommand {
    /// Prints it on the first line.
    pub command: Argv,
}

/// A crate of the registry that `harness strategies install` builds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Install {
    /// Its name.
    #[serde(rename = "crate")]
    pub package: String,
    /// The one version that was tried.
    pub version: String,
    /// Features to turn on.
    #[serde(default)]
    pub features: Vec<String>,
    /// Whether the default ones stay on.
    #[serde(default = "yes")]
    pub default_features: bool,
    /// Whether the versions in its lockfile are used.
    #[serde(default = "yes")]
    pub locked: bool,
}

fn yes() -> bool {
    true
}
