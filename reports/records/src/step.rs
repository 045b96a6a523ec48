//! A row of `steps.csv`: one measured step of one arm in one round.

use super::columns::words;
use super::number;
use serde::{Deserialize, Serialize};

words! {
    /// What may be done with a row.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub enum Status {
        /// Measured and sound: the only rows that enter a comparison.
        Ok = "ok",
        /// The build failed; `note` has the last lines of its error.
        Failed = "failed",
        /// The strategy cannot work here, e.g. reflink on ext4; `note` says why.
        Unsupported = "unsupported",
        /// Measured, but a validity gate fired; `note` names it. The default, so
        /// that a row nobody vouched for never counts.
        #[default]
        Invalid = "invalid",
    }
}

crate::table_row! {
    /// A row of `steps.csv`. Write `..Default::default()` for what was not measured.
    ///
    /// `Some(String::new())` in an optional text column reads back as `None`.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct StepRow {
        /// Name of the run, the same in every row of a folder.
        pub run: String = "text",
        /// Round, from 1: every arm is run once per round.
        pub round: u32 = "count",
        /// Turn of this arm among those that take turns, from 1: at this step of this workspace when
        /// `options.order` is `interleaved`, in its round otherwise.
        pub position: u32 = "count",
        /// Name of the corpus.
        pub corpus: String = "text",
        /// Name of the workspace that was built.
        pub workspace: String = "text",
        /// Name of the scenario.
        pub scenario: String = "text",
        /// Name of the measured step within the scenario.
        pub step: String = "text",
        /// Full name of the strategy: the arm.
        pub strategy: String = "text",
        /// Where the strategy hooks in: `units`, `rustc`, `external`; empty for a baseline.
        pub integration: Option<String> = "text, may be empty",
        /// Key policy; empty where the strategy has none.
        pub key: Option<String> = "text, may be empty",
        /// Link mode asked for; empty where the strategy has none.
        pub link: Option<String> = "text, may be empty",
        /// Shape of the store; empty where the strategy has none.
        pub store: Option<String> = "text, may be empty",
        /// Toolchain, as the first line of `rustc -vV` names it.
        pub toolchain: String = "text",
        /// Cargo profile.
        pub profile: String = "text",
        /// Whether the row may enter a comparison.
        pub status: Status = "`ok`, `failed`, `unsupported`, `invalid`",
        /// Seconds a user waits: plan + restore + cargo + publish; on a machine of CI also start + deliver + unpack +
        /// pack + upload.
        #[serde(with = "number")]
        pub wall_s: Option<f64> = "seconds",
        /// User CPU seconds of the whole process tree.
        #[serde(with = "number")]
        pub user_s: Option<f64> = "seconds",
        /// System CPU seconds of the whole process tree.
        #[serde(with = "number")]
        pub sys_s: Option<f64> = "seconds",
        /// Largest resident set of any one process, bytes.
        pub max_rss_bytes: Option<u64> = "bytes",
        /// Seconds spent asking Cargo for the unit graph and computing keys.
        #[serde(with = "number")]
        pub plan_s: Option<f64> = "seconds",
        /// Seconds spent bringing artifacts into the build directory.
        #[serde(with = "number")]
        pub restore_s: Option<f64> = "seconds",
        /// Seconds of the `cargo` process itself.
        #[serde(with = "number")]
        pub cargo_s: Option<f64> = "seconds",
        /// Seconds spent putting new artifacts into the store.
        #[serde(with = "number")]
        pub publish_s: Option<f64> = "seconds",
        /// Units an uncached clean build would run.
        pub units: Option<u64> = "units",
        /// Units Cargo reported fresh.
        pub fresh: Option<u64> = "units",
        /// Units brought back from the store before Cargo ran.
        pub restored: Option<u64> = "units",
        /// Units Cargo ran.
        pub compiled: Option<u64> = "units",
        /// Units the key policy did not admit.
        pub refused: Option<u64> = "units",
        /// Units admitted but not in the store.
        pub missed: Option<u64> = "units",
        /// Units restored and yet rebuilt.
        pub stale: Option<u64> = "units",
        /// Runs of rustc that compiled something; queries and dep-info runs are not counted.
        pub rustc_runs: Option<u64> = "runs",
        /// Wall seconds of those runs, summed (they overlap).
        #[serde(with = "number")]
        pub rustc_s: Option<f64> = "seconds",
        /// Hits ÷ `rated_units`, 0 to 1; empty where no unit was asked of a cache: there is none, or the build
        /// directory held everything.
        #[serde(with = "number")]
        pub hit_rate: Option<f64> = "0 to 1",
        /// As `hit_rate`, each unit weighed by its `cost_s`; 0 to 1; empty where that is.
        #[serde(with = "number")]
        pub hit_rate_by_cost: Option<f64> = "0 to 1",
        /// Files restored by hard link.
        pub hardlinked: Option<u64> = "files",
        /// Files restored by reflink.
        pub reflinked: Option<u64> = "files",
        /// Shareable files restored by copying their bytes.
        pub copied: Option<u64> = "files",
        /// Files restored by symbolic link.
        pub symlinked: Option<u64> = "files",
        /// Files that are private under every link mode, by reflink where there is one (not counted there), else by copy.
        pub private_files: Option<u64> = "files",
        /// Bytes written by copying, private files included.
        pub copied_bytes: Option<u64> = "bytes",
        /// Apparent size of the store after the step, bytes.
        pub store_bytes: Option<u64> = "bytes",
        /// Allocated size of the store, each inode once, bytes.
        pub store_allocated_bytes: Option<u64> = "bytes",
        /// Physical size of the store, the union of its extents, bytes.
        pub store_physical_bytes: Option<u64> = "bytes",
        /// Apparent size of the workspace's build directory after the step, bytes.
        pub tree_bytes: Option<u64> = "bytes",
        /// Allocated size of the build directory, each inode once, bytes.
        pub tree_allocated_bytes: Option<u64> = "bytes",
        /// Physical size of the build directory, bytes.
        pub tree_physical_bytes: Option<u64> = "bytes",
        /// Physical size of store and build directories together, shared extents once, bytes.
        pub all_physical_bytes: Option<u64> = "bytes",
        /// Units compiled by the unmeasured no-op build after the step; anything but 0 is a defect.
        pub noop_compiled: Option<u64> = "units",
        /// Whether every blob of the store still has the content it was stored with.
        pub store_intact: Option<bool> = "`true` or `false`",
        /// Why the row is not `ok`, or what a reader should know; may be empty.
        pub note: String = "text",
        /// Wall time of the unmeasured no-op build after the step, in the same tree.
        #[serde(with = "number")]
        pub noop_s: Option<f64> = "seconds",
        /// What this step added to `all_physical_bytes`: what a further workspace costs. Negative where
        /// it freed more than it took. Its own preparation is not in it: a step that wipes the build
        /// directory first counts from there.
        pub marginal_physical_bytes: Option<i64> = "bytes, may be negative",
        /// Hits that a compile of the same unit reproduces byte for byte; empty when not checked.
        pub shadow_same: Option<u64> = "units",
        /// Hits that no compile reproduces, though two compiles agree with each other: wrong, or at
        /// least other than what Cargo would have built. Empty when not checked.
        pub shadow_differs: Option<u64> = "units",
        /// Hits on which two compiles do not agree with each other either, so that the comparison says
        /// nothing; empty when not checked.
        pub nondeterministic: Option<u64> = "units",
        /// Cargos that ran at once in this row; 1 normally.
        pub builds: Option<u64> = "count",
        /// Bytes that a clean or collection step said it would free; empty for builds.
        pub promised_bytes: Option<u64> = "bytes",
        /// What the step's command differed in from a plain build in the run's profile: `check`, `test`,
        /// `release`, `upgraded`, …
        pub variant: String = "text, may be empty",
        /// Hits of an external tool in this step by its own account, which may count calls that reached
        /// it and not units; empty where it reports none.
        pub own_hits: Option<u64> = "calls",
        /// Misses by its own account; empty where it reports none.
        pub own_misses: Option<u64> = "calls",
        /// Processor time that others used on the machine while the step was built (plan to publish),
        /// stolen time and kernel threads included, in steps of 10 ms; empty where the system does not
        /// say, and for steps that compile nothing.
        #[serde(with = "number")]
        pub foreign_cpu_s: Option<f64> = "seconds",
        /// Of `plan_s`, the seconds of Cargo's own answer to the question for its unit graph, which a cache
        /// inside Cargo would not ask; empty where nobody asked.
        #[serde(with = "number")]
        pub graph_call_s: Option<f64> = "seconds",
        /// Place of the workspace in the order in which they share a store in this round, from 1: how many
        /// the store may know of, this one included. Always 1 where each is measured alone.
        pub store_position: Option<u64> = "count",
        /// Units that the hit rates are over: all but runs of build scripts, which an external tool may
        /// replay unseen. Empty in older runs, whose `hit_rate` is over `units`.
        pub rated_units: Option<u64> = "units",
        /// Seconds in which a tool's daemon was started and warmed before the step, in no other column; empty
        /// where none was.
        #[serde(with = "number")]
        pub daemon_s: Option<f64> = "seconds",
        /// Layout of the build directory: `new`, a directory for each unit, or `old`, the default before Cargo
        /// 1.100, in which units cannot be followed: columns that count them are empty. Empty in older runs,
        /// which had `new`.
        pub layout: Option<String> = "`new` or `old`, may be empty",
        /// Options of the strategy, as its name has them: `~verify~incremental`.
        pub options: Option<String> = "text, may be empty",
        /// Bytes of incremental sessions in the store, each file once; part of `store_bytes`. Empty where the
        /// strategy keeps none.
        pub store_session_bytes: Option<u64> = "bytes",
        /// How often a step that repeats its build did so: every time, count and size of units in its row is the sum,
        /// but for no-op and disk. Empty for other steps.
        pub repeats: Option<u64> = "count",
        /// Of one of these builds, `wall_s`: the median.
        #[serde(with = "number")]
        pub wall_p50_s: Option<f64> = "seconds",
        /// The smallest that 95 % of them do not exceed.
        #[serde(with = "number")]
        pub wall_p95_s: Option<f64> = "seconds",
        /// Of one of these builds, user and system time: the median.
        #[serde(with = "number")]
        pub cpu_p50_s: Option<f64> = "seconds",
        /// The smallest that 95 % of them do not exceed.
        #[serde(with = "number")]
        pub cpu_p95_s: Option<f64> = "seconds",
        /// How what is built reaches another machine: `archive`, the store as one archive; `build-dir`, archives that
        /// the strategy makes of its build directory; `remote`, object by object. Empty where nothing travels.
        pub delivery: Option<String> = "text, may be empty",
        /// The network it goes over, as `--network` has it; `none` is loopback.
        pub network: Option<String> = "text, may be empty",
        /// Seconds in which what serves the build was started, on a machine of CI; part of `wall_s`, as are the next
        /// four.
        #[serde(with = "number")]
        pub start_s: Option<f64> = "seconds",
        /// Seconds of looking up and downloading.
        #[serde(with = "number")]
        pub deliver_s: Option<f64> = "seconds",
        /// Seconds of unpacking what came.
        #[serde(with = "number")]
        pub unpack_s: Option<f64> = "seconds",
        /// Seconds of packing what was built, with ending what serves the build.
        #[serde(with = "number")]
        pub pack_s: Option<f64> = "seconds",
        /// Seconds of uploading it.
        #[serde(with = "number")]
        pub upload_s: Option<f64> = "seconds",
        /// Bytes that came over the network.
        pub down_bytes: Option<u64> = "bytes",
        /// Bytes that went out over it.
        pub up_bytes: Option<u64> = "bytes",
        /// Requests: how often, in a connection, the client began to send after an answer, or first of all.
        pub requests: Option<u64> = "count",
        /// Bytes of delivered files of the store, unpacked, that no hit used; empty where that cannot be seen.
        pub unused_bytes: Option<u64> = "bytes",
    }
}

/// Others' part of the processor time of a step from which on its row is left out of verdicts. Two builds that compete
/// for one core slow each other by at most f ÷ (1 − f): a quarter at this limit.
pub const DISTURBED_SHARE: f64 = 0.2;

/// Less than this of others' time is in steps of 10 ms and write-back by the kernel, whatever the share.
const DISTURBED_LEAST_S: f64 = 0.1;

impl StepRow {
    /// How many columns the first schema had; later ones are appended behind them.
    pub const DESIGNED: usize = 50;

    /// The part of the processor time during the step that others used, where it is `DISTURBED_SHARE` or more.
    pub fn disturbed(&self) -> Option<f64> {
        let (others, own) = (self.foreign_cpu_s?, self.user_s? + self.sys_s?);
        // A step that mostly waits has little processor time of its own to compare with.
        let share = others / (others + own).max(self.wall_s.unwrap_or_default());
        (others >= DISTURBED_LEAST_S && share >= DISTURBED_SHARE).then_some(share)
    }

    /// Whether it shared its store with workspaces before it in the round.
    pub fn shared_a_store(&self) -> bool {
        self.store_position > Some(1) && self.hit_rate.is_some()
    }

    /// Units that were hits.
    pub fn hits(&self) -> Option<u64> {
        let of = self.rated_units.or(self.units)?;
        Some((self.hit_rate? * of as f64).round() as u64)
    }
}
