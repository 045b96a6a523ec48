//! What was asked for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::plan::Order;
use crate::guard::limits::Limits;
use crate::shard::Sharding;
use exec::sandbox::SandboxSpec;
use exec::volume::VolumeSpec;

/// The options that define a run; kept in `run.json`, so that `--resume` goes on with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// A shipped corpus or the absolute path of a manifest.
    pub corpus: String,
    /// Only these workspaces; all when empty.
    pub workspaces: Vec<String>,
    /// Names and globs of strategies.
    pub strategies: String,
    /// Files that describe further strategies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategy_files: Vec<StrategyFile>,
    /// Parameters of external strategies: `NAME.PARAMETER=VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// A shipped scenario or the absolute path of one.
    pub scenario: String,
    /// How often every arm runs; 0 where a budget decides.
    pub rounds: u32,
    /// Seconds to spend on rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_s: Option<u64>,
    /// How arms take turns; runs that do not say took one arm after the other.
    #[serde(default)]
    pub order: Order,
    /// The arm that others are compared with; `none`, or else the first, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Whether `none` runs a second time under another name.
    #[serde(default)]
    pub control: bool,
    /// Whether every hit is compiled anyway and compared.
    #[serde(default)]
    pub shadow: bool,
    /// Cargo profile.
    pub profile: String,
    /// rustup toolchain; the default one when absent.
    pub toolchain: Option<String>,
    /// Cargo's `--jobs`; Cargo's own choice when absent.
    pub jobs: Option<u32>,
    /// The seed of the schedule.
    pub seed: u64,
    /// Where everything is built.
    pub work_dir: PathBuf,
    /// The file system made for store and build directories, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeSpec>,
    /// Which part of a run this is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Sharding>,
    /// What guards it. A resumed run may have others.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub guards: Limits,
    /// The sandbox of everything that is measured, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxSpec>,
}

/// A strategy file as it was when the run began: it goes on with what it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyFile {
    /// Where it was.
    pub path: PathBuf,
    /// What it said.
    pub text: String,
}

impl StrategyFile {
    /// Reads one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<StrategyFile> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(StrategyFile { path: path.to_owned(), text })
    }
}

/// The strategies compared when none are named.
pub const DEFAULT_STRATEGIES: &str = "none,shared-target,hardlink+conservative,hardlink+aggressive,reflink+conservative,reflink+aggressive,\
                                      copy+conservative,copy+aggressive,symlink+conservative,symlink+aggressive";
