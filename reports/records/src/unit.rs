//! A row of `units.csv`: what became of one unit in one step.

use super::columns::words;
use super::number;
use serde::{Deserialize, Serialize};

words! {
    /// What became of a unit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Outcome {
        /// Restored, and Cargo reported it fresh.
        Hit = "hit",
        /// Restored, yet rebuilt.
        Stale = "stale",
        /// Admitted, but the store had nothing under its key.
        Miss = "miss",
        /// Not admitted; `reason` is the rule that refused it.
        Refused = "refused",
        /// Missed by key though the same bytes were already stored.
        Dup = "dup",
    }
}

words! {
    /// Why an admitted unit was not in the store, against its nearest entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum MissReason {
        /// No version of this package and target was ever stored.
        NeverSeen = "never-seen",
        /// Only other versions are stored.
        Version = "version",
        /// Stored with other features.
        Features = "features",
        /// Stored under another profile.
        Profile = "profile",
        /// Stored for another platform.
        Platform = "platform",
        /// Stored by another toolchain.
        Toolchain = "toolchain",
        /// Stored under other RUSTFLAGS.
        Rustflags = "rustflags",
        /// A dependency differs; `because` names the package at the root.
        Dependency = "dependency",
        /// A source file differs, or another input without a reason of its own: checksum, path, edition, manifest, a variable.
        Content = "content",
        /// It was stored once and has been collected, or its files could not be restored (the step's note says why).
        Evicted = "evicted",
        /// Another entry of the same unit hash took its place (`~single-slot`).
        Displaced = "displaced",
        /// Its stored bytes were not those that were published, and it was removed (`~verify`).
        Damaged = "damaged",
    }
}

crate::table_row! {
    /// A row of `units.csv`.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct UnitRow {
        /// Name of the run.
        pub run: String = "text",
        /// Round, from 1.
        pub round: u32 = "count",
        /// Name of the workspace.
        pub workspace: String = "text",
        /// Name of the scenario.
        pub scenario: String = "text",
        /// Name of the step.
        pub step: String = "text",
        /// Name of the strategy.
        pub strategy: String = "text",
        /// Package name.
        pub package: String = "text",
        /// Package version.
        pub version: String = "text",
        /// Where the package comes from: `registry`, `git`, `path` or a fuller description.
        pub source: String = "text",
        /// Name of the target within the package.
        pub target: String = "text",
        /// Kind of the target: `lib`, `proc-macro`, `bin`, `custom-build`, …
        pub kind: String = "text",
        /// What Cargo does with it: `build`, `check`, `test`, `run-custom-build`, …
        pub mode: String = "text",
        /// Target triple, or empty for the host.
        pub platform: String = "text",
        /// What became of the unit; empty where the strategy had nothing to do with it: the build
        /// directory held it already, or there is no cache.
        pub outcome: Option<Outcome> = "`hit`, `stale`, `miss`, `refused`, `dup`, or empty",
        /// For a miss a miss reason (below), for a refused unit the rule that refused it; else empty.
        pub reason: String = "text",
        /// What the reason points at, e.g. the package at the root of a `dependency` miss.
        pub because: String = "text",
        /// Compile seconds of this unit in this run's `none` arm, in steps of the same `profile` and
        /// `variant` (below); the arm's own seconds where `none` never compiled it so. Rows of `none`
        /// itself are empty for units it did not run.
        #[serde(with = "number")]
        pub cost_s: Option<f64> = "seconds",
        /// Bytes of the unit's artifacts.
        pub bytes: Option<u64> = "bytes",
        /// Of a library that was missed and compiled, whether what it exports to its dependents (its rmeta) was stored already
        /// under another key. Only then can a key by outputs find a dependent that is itself as it was.
        pub same_exports: Option<bool> = "`true` or `false`",
    }
}

impl UnitRow {
    /// How many columns the first schema had; later ones are appended behind them.
    pub const DESIGNED: usize = 18;
}
