//! A row of `units.csv`: what became of one unit in one step.

use super::number;
use serde::{Deserialize, Serialize};

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Restored, and Cargo reported it fresh.
    Hit,
    /// Restored, yet rebuilt.
    Stale,
    /// Admitted, but the store had nothing under its key.
    Miss,
    /// Not admitted; `reason` is the rule that refused it.
    Refused,
    /// Missed by key though the same bytes were already stored.
    Dup,
}

impl Outcome {
    /// The word in the `outcome` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Hit => "hit",
            Outcome::Stale => "stale",
            Outcome::Miss => "miss",
            Outcome::Refused => "refused",
            Outcome::Dup => "dup",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an admitted unit was not in the store, against its nearest entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissReason {
    /// No version of this package and target was ever stored.
    NeverSeen,
    /// Only other versions are stored.
    Version,
    /// Stored with other features.
    Features,
    /// Stored under another profile.
    Profile,
    /// Stored for another platform.
    Platform,
    /// Stored by another toolchain.
    Toolchain,
    /// Stored under other RUSTFLAGS.
    Rustflags,
    /// A dependency differs; `because` names the package at the root.
    Dependency,
    /// A source file differs.
    Content,
    /// It was stored once and has been collected.
    Evicted,
}

impl MissReason {
    /// Every reason.
    pub const ALL: [MissReason; 10] = [
        MissReason::NeverSeen,
        MissReason::Version,
        MissReason::Features,
        MissReason::Profile,
        MissReason::Platform,
        MissReason::Toolchain,
        MissReason::Rustflags,
        MissReason::Dependency,
        MissReason::Content,
        MissReason::Evicted,
    ];

    /// The word in the `reason` column.
    pub fn as_str(self) -> &'static str {
        match self {
            MissReason::NeverSeen => "never-seen",
            MissReason::Version => "version",
            MissReason::Features => "features",
            MissReason::Profile => "profile",
            MissReason::Platform => "platform",
            MissReason::Toolchain => "toolchain",
            MissReason::Rustflags => "rustflags",
            MissReason::Dependency => "dependency",
            MissReason::Content => "content",
            MissReason::Evicted => "evicted",
        }
    }
}

impl std::fmt::Display for MissReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A row of `units.csv`. Columns are the fields, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Name of the run.
    pub run: String,
    /// Round, from 1.
    pub round: u32,
    /// Name of the workspace.
    pub workspace: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Package name.
    pub package: String,
    /// Package version.
    pub version: String,
    /// Where the package comes from: `registry`, `git`, `path` or a fuller description.
    pub source: String,
    /// Name of the target within the package.
    pub target: String,
    /// Kind of the target: `lib`, `proc-macro`, `bin`, `custom-build`, …
    pub kind: String,
    /// What Cargo does with it: `build`, `check`, `test`, `run-custom-build`, …
    pub mode: String,
    /// Target triple, or empty for the host.
    pub platform: String,
    /// What became of the unit.
    /// `None` where the strategy had nothing to do with the unit: the build directory held it
    /// already, or there is no cache.
    pub outcome: Option<Outcome>,
    /// For a miss a [`MissReason`] by name, for a refused unit the rule that refused it; else empty.
    pub reason: String,
    /// What the reason points at, e.g. the package at the root of a `dependency` miss.
    pub because: String,
    /// Compile seconds of this unit in this run's `none` arm.
    #[serde(with = "number")]
    pub cost_s: Option<f64>,
    /// Bytes of the unit's artifacts.
    pub bytes: Option<u64>,
}

impl UnitRow {
    /// The header of `units.csv`.
    pub const COLUMNS: &'static [&'static str] = &[
        "run",
        "round",
        "workspace",
        "scenario",
        "step",
        "strategy",
        "package",
        "version",
        "source",
        "target",
        "kind",
        "mode",
        "platform",
        "outcome",
        "reason",
        "because",
        "cost_s",
        "bytes",
    ];
}
