//! A row of `steps.csv`: one measured step of one arm in one round.

use super::number;
use serde::{Deserialize, Serialize};

/// What may be done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Measured and sound: the only rows that enter a comparison.
    Ok,
    /// The build failed; `note` holds the last lines of its error.
    Failed,
    /// The strategy cannot work here, e.g. reflink on ext4; `note` says why.
    Unsupported,
    /// Measured, but a validity gate fired; `note` names it. The default, so
    /// that a row nobody vouched for never counts.
    #[default]
    Invalid,
}

impl Status {
    /// The word in the `status` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Failed => "failed",
            Status::Unsupported => "unsupported",
            Status::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A row of `steps.csv`. Columns are the fields, in this order. Write
/// `..Default::default()` for what was not measured.
///
/// `Some(String::new())` in an optional text column reads back as `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StepRow {
    /// Name of the run, the same in every row of a folder.
    pub run: String,
    /// Round, from 1: every arm is run once per round.
    pub round: u32,
    /// Turn of this arm among those that take turns, from 1: at this step of this workspace when
    /// arms are interleaved, in its round otherwise.
    pub position: u32,
    /// Name of the corpus.
    pub corpus: String,
    /// Name of the workspace that was built.
    pub workspace: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the measured step within the scenario.
    pub step: String,
    /// Full name of the strategy: the arm.
    pub strategy: String,
    /// Where the strategy hooks in: `units`, `rustc`, `external`; empty for a baseline.
    pub integration: Option<String>,
    /// Key policy; empty where the strategy has none.
    pub key: Option<String>,
    /// Link mode asked for; empty where the strategy has none.
    pub link: Option<String>,
    /// Shape of the store; empty where the strategy has none.
    pub store: Option<String>,
    /// Toolchain, as the first line of `rustc -vV` names it.
    pub toolchain: String,
    /// Cargo profile.
    pub profile: String,
    /// Whether the row may enter a comparison.
    pub status: Status,
    /// Seconds a user waits: plan + restore + cargo + publish.
    #[serde(with = "number")]
    pub wall_s: Option<f64>,
    /// User CPU seconds of the whole process tree.
    #[serde(with = "number")]
    pub user_s: Option<f64>,
    /// System CPU seconds of the whole process tree.
    #[serde(with = "number")]
    pub sys_s: Option<f64>,
    /// Largest resident set of any one process, bytes.
    pub max_rss_bytes: Option<u64>,
    /// Seconds spent asking Cargo for the unit graph and computing keys.
    #[serde(with = "number")]
    pub plan_s: Option<f64>,
    /// Seconds spent bringing artifacts into the build directory.
    #[serde(with = "number")]
    pub restore_s: Option<f64>,
    /// Seconds of the `cargo` process itself.
    #[serde(with = "number")]
    pub cargo_s: Option<f64>,
    /// Seconds spent putting new artifacts into the store.
    #[serde(with = "number")]
    pub publish_s: Option<f64>,
    /// Units an uncached clean build would run.
    pub units: Option<u64>,
    /// Units Cargo reported fresh.
    pub fresh: Option<u64>,
    /// Units brought back from the store before Cargo ran.
    pub restored: Option<u64>,
    /// Units Cargo ran.
    pub compiled: Option<u64>,
    /// Units the key policy did not admit.
    pub refused: Option<u64>,
    /// Units admitted but not in the store.
    pub missed: Option<u64>,
    /// Units restored and yet rebuilt.
    pub stale: Option<u64>,
    /// Runs of rustc that compiled something; queries and dep-info runs are not counted.
    pub rustc_runs: Option<u64>,
    /// Wall seconds of those runs, summed (they overlap).
    #[serde(with = "number")]
    pub rustc_s: Option<f64>,
    /// Hits ÷ `units`, 0 to 1.
    #[serde(with = "number")]
    pub hit_rate: Option<f64>,
    /// As `hit_rate`, each unit weighed by its compile seconds in this run's `none` arm; 0 to 1.
    #[serde(with = "number")]
    pub hit_rate_by_cost: Option<f64>,
    /// Files restored by hard link.
    pub hardlinked: Option<u64>,
    /// Files restored by reflink.
    pub reflinked: Option<u64>,
    /// Shareable files restored by copying their bytes.
    pub copied: Option<u64>,
    /// Files restored by symbolic link.
    pub symlinked: Option<u64>,
    /// Files that must be private copies under every link mode.
    pub private_files: Option<u64>,
    /// Bytes written by copying, private files included.
    pub copied_bytes: Option<u64>,
    /// Apparent size of the store after the step, bytes.
    pub store_bytes: Option<u64>,
    /// Allocated size of the store, each inode once, bytes.
    pub store_allocated_bytes: Option<u64>,
    /// Physical size of the store, the union of its extents, bytes.
    pub store_physical_bytes: Option<u64>,
    /// Apparent size of the workspace's build directory after the step, bytes.
    pub tree_bytes: Option<u64>,
    /// Allocated size of the build directory, each inode once, bytes.
    pub tree_allocated_bytes: Option<u64>,
    /// Physical size of the build directory, bytes.
    pub tree_physical_bytes: Option<u64>,
    /// Physical size of store and build directories together, shared extents once, bytes.
    pub all_physical_bytes: Option<u64>,
    /// Units compiled by the unmeasured no-op build after the step; anything but 0 is a defect.
    pub noop_compiled: Option<u64>,
    /// Whether every blob of the store still has the content it was stored with.
    pub store_intact: Option<bool>,
    /// Why the row is not `ok`, or what a reader should know; may be empty.
    pub note: String,
    /// Wall seconds of that unmeasured no-op build.
    #[serde(with = "number", default)]
    pub noop_s: Option<f64>,
    /// What this step added to `all_physical_bytes`: what a further workspace costs, bytes.
    /// Negative where it freed more than it took.
    #[serde(default)]
    pub marginal_physical_bytes: Option<i64>,
    /// Hits that a compile of the same unit reproduces byte for byte; empty when not checked.
    #[serde(default)]
    pub shadow_same: Option<u64>,
    /// Hits that no compile reproduces, though two compiles agree with each other: wrong, or at
    /// least other than what Cargo would have built. Empty when not checked.
    #[serde(default)]
    pub shadow_differs: Option<u64>,
    /// Hits on which two compiles do not agree with each other either, so that the comparison says
    /// nothing; empty when not checked.
    #[serde(default)]
    pub nondeterministic: Option<u64>,
    /// Cargos that ran at once in this row, 1 normally.
    #[serde(default)]
    pub builds: Option<u64>,
    /// Bytes that a clean or collection step said it would free; empty for builds.
    #[serde(default)]
    pub promised_bytes: Option<u64>,
    /// What the step's command differed in from a plain build in the run's profile: `check`, `test`,
    /// `release`, `upgraded`, …; may be empty.
    #[serde(default)]
    pub variant: String,
    /// Hits of an external tool by its own account, which may count calls of rustc and not
    /// units; empty where it tells nothing.
    #[serde(default)]
    pub own_hits: Option<u64>,
    /// Misses by its own account; empty where it tells nothing.
    #[serde(default)]
    pub own_misses: Option<u64>,
    /// Processor seconds that others used on this machine while the step was built, kernel threads
    /// included; empty where the system does not tell.
    #[serde(with = "number", default)]
    pub foreign_cpu_s: Option<f64>,
}

impl StepRow {
    /// How many columns the first schema had; later ones are appended behind them.
    pub const DESIGNED: usize = 50;

    /// The header of `steps.csv`.
    pub const COLUMNS: &'static [&'static str] = &[
        "run",
        "round",
        "position",
        "corpus",
        "workspace",
        "scenario",
        "step",
        "strategy",
        "integration",
        "key",
        "link",
        "store",
        "toolchain",
        "profile",
        "status",
        "wall_s",
        "user_s",
        "sys_s",
        "max_rss_bytes",
        "plan_s",
        "restore_s",
        "cargo_s",
        "publish_s",
        "units",
        "fresh",
        "restored",
        "compiled",
        "refused",
        "missed",
        "stale",
        "rustc_runs",
        "rustc_s",
        "hit_rate",
        "hit_rate_by_cost",
        "hardlinked",
        "reflinked",
        "copied",
        "symlinked",
        "private_files",
        "copied_bytes",
        "store_bytes",
        "store_allocated_bytes",
        "store_physical_bytes",
        "tree_bytes",
        "tree_allocated_bytes",
        "tree_physical_bytes",
        "all_physical_bytes",
        "noop_compiled",
        "store_intact",
        "note",
        "noop_s",
        "marginal_physical_bytes",
        "shadow_same",
        "shadow_differs",
        "nondeterministic",
        "builds",
        "promised_bytes",
        "variant",
        "own_hits",
        "own_misses",
        "foreign_cpu_s",
    ];
}
