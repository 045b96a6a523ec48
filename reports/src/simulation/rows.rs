//! Rows of a run of `harness simulate`: one table for each question it answers.
//!
//! `policy` is the name of a simulated key policy everywhere: a policy, or a policy with
//! relaxations behind a colon (`aggressive:without-features`). Rates are shares from 0 to 1,
//! of all units that a clean build would run, admitted or not; `by_cost` weighs each unit with
//! its seconds. Numbers are written with six decimals at most.

use serde::{Deserialize, Serialize, Serializer};

/// A row of `curve.csv`: what a workspace reuses when others were built before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// The simulated key policy.
    pub policy: String,
    /// How many workspaces have been built, this one included: from 1.
    pub workspaces: u32,
    /// Share of the units of the last of them that were there, mean over orders.
    #[serde(serialize_with = "six")]
    pub hit_rate: f64,
    /// The same by seconds.
    #[serde(serialize_with = "six")]
    pub hit_rate_by_cost: f64,
    /// A tenth of workspaces at about that place have a lower `hit_rate_by_cost`.
    #[serde(serialize_with = "six")]
    pub low: f64,
    /// A tenth of them have a higher one.
    #[serde(serialize_with = "six")]
    pub high: f64,
    /// What the store holds then, bytes, mean over orders.
    #[serde(serialize_with = "six")]
    pub stored_bytes: f64,
    /// The Cargo command that each workspace ran: `dev build`.
    pub command: String,
    /// How many random orders.
    pub orders: u32,
}

/// A row of `relaxations.csv`: what a key with one input less would reuse.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RelaxationRow {
    /// The key policy that is relaxed: `aggressive`.
    pub policy: String,
    /// Name of the relaxation; `none` for the policy as it is, `all` for all sound ones together,
    /// `everything` for all that widen. One that changes nothing here, since the input is the same
    /// for everybody, has no row.
    pub relaxation: String,
    /// `sound`, `unsound`, `what-if` for what no key could leave out, or `stricter`.
    pub soundness: String,
    /// The Cargo command that each workspace ran.
    pub command: String,
    /// Share of all units reused when every workspace is built once in turn, mean over orders.
    #[serde(serialize_with = "six")]
    pub hit_rate: f64,
    /// The same by seconds.
    #[serde(serialize_with = "six")]
    pub hit_rate_by_cost: f64,
    /// Units reused on top of the policy as it is, a run over all workspaces; negative for fewer.
    #[serde(serialize_with = "six")]
    pub gained_units: f64,
    /// Seconds reused on top of the policy as it is, a run over all workspaces.
    #[serde(serialize_with = "six")]
    pub gained_s: f64,
    /// Seconds of all units of all workspaces.
    #[serde(serialize_with = "six")]
    pub total_s: f64,
    /// What the store holds in the end, bytes.
    #[serde(serialize_with = "six")]
    pub stored_bytes: f64,
    /// What is relaxed and what that risks, in a line.
    pub why: String,
}

/// A row of `misses.csv`: why units missed when every workspace was built once in turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MissRow {
    /// The simulated key policy.
    pub policy: String,
    /// The Cargo command.
    pub command: String,
    /// A reason as in `units.csv`, for `dependency` with what differs below (`dependency: version`,
    /// `dependency: together` where all below is there, but not of one another);
    /// `first-of-several` for what others find later; or the rule that refused.
    pub reason: String,
    /// Units, a run over all workspaces.
    #[serde(serialize_with = "six")]
    pub units: f64,
    /// Their seconds.
    #[serde(serialize_with = "six")]
    pub seconds: f64,
}

/// A row of `sharing.csv`: what one Cargo command finds of another in the same workspace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SharingRow {
    /// The simulated key policy.
    pub policy: String,
    /// The command that ran before: `dev build`.
    pub first: String,
    /// The command that runs then: `dev test`.
    pub then: String,
    /// Workspaces that have both.
    pub workspaces: u32,
    /// Units of the second, all workspaces together.
    pub units: u64,
    /// Share of them that the first had made.
    #[serde(serialize_with = "six")]
    pub hit_rate: f64,
    /// The same by seconds.
    #[serde(serialize_with = "six")]
    pub hit_rate_by_cost: f64,
    /// Seconds saved, all workspaces together.
    #[serde(serialize_with = "six")]
    pub saved_s: f64,
    /// Bytes not stored twice, all workspaces together.
    #[serde(serialize_with = "six")]
    pub saved_bytes: f64,
}

/// A row of `retention.csv`: what a store of limited size keeps, and what that costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RetentionRow {
    /// Name of the retention policy: `lru`; `offline-…` for what knows the future.
    pub policy: String,
    /// The size limit, bytes; empty for none.
    pub cap_bytes: Option<u64>,
    /// Share of looked-up seconds that were reused.
    #[serde(serialize_with = "six")]
    pub hit_rate_by_cost: f64,
    /// Seconds that had to be compiled, over the whole trace.
    #[serde(serialize_with = "six")]
    pub rebuilt_s: f64,
    /// No policy of this size can have compiled fewer seconds.
    #[serde(serialize_with = "six")]
    pub bound_s: f64,
    /// Share of looked-up units that were reused.
    #[serde(serialize_with = "six")]
    pub hit_rate: f64,
    /// Key policy under which it was replayed.
    pub key: String,
    /// Bytes evicted over the whole trace.
    #[serde(serialize_with = "six")]
    pub evicted_bytes: f64,
    /// Seconds compiled because of evictions, for each GB (10^9 bytes) evicted; empty where nothing was.
    #[serde(serialize_with = "six_at_most")]
    pub rebuilt_s_per_gb: Option<f64>,
    /// The most the store held at the end of any build, bytes.
    #[serde(serialize_with = "six")]
    pub peak_bytes: f64,
    /// Seconds compiled on top of `rebuilt_s` because the key policy refuses the units: the same
    /// for every retention policy and limit.
    #[serde(serialize_with = "six")]
    pub refused_s: f64,
    /// Of `rebuilt_s`, what had been stored before and was evicted.
    #[serde(serialize_with = "six")]
    pub rebuilt_again_s: f64,
}

/// A row of `growth.csv`: a store without limits, day by day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GrowthRow {
    /// Key policy.
    pub key: String,
    /// Day of the trace, from 0.
    pub day: u32,
    /// Cargo commands run on that day.
    pub builds: u64,
    /// Entries at its end.
    pub entries: u64,
    /// Bytes at its end.
    #[serde(serialize_with = "six")]
    pub stored_bytes: f64,
    /// Of these, entries of path packages.
    pub local_entries: u64,
    /// Their bytes.
    #[serde(serialize_with = "six")]
    pub local_bytes: f64,
}

/// A row of `remote.csv`: an empty machine that fetches what others have built.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RemoteRow {
    /// The simulated key policy.
    pub policy: String,
    /// The Cargo command.
    pub command: String,
    /// Bits a second, all transfers together.
    #[serde(serialize_with = "six")]
    pub bits_per_s: f64,
    /// Seconds from a request to its first byte.
    #[serde(serialize_with = "six")]
    pub latency_s: f64,
    /// Transfers at a time.
    pub transfers: u32,
    /// Compiles at a time.
    pub jobs: u32,
    /// Workspaces.
    pub workspaces: u32,
    /// Units of all workspaces.
    pub units: u64,
    /// Share of them that another workspace has built.
    #[serde(serialize_with = "six")]
    pub available: f64,
    /// Share of those that come faster than they compile, each looked at alone.
    #[serde(serialize_with = "six")]
    pub worth_fetching: f64,
    /// Bytes moved when everything available is fetched, all workspaces.
    #[serde(serialize_with = "six")]
    pub moved_bytes: f64,
    /// Seconds until everything is there, compiling all of it: sum over workspaces.
    #[serde(serialize_with = "six")]
    pub compile_s: f64,
    /// The same, fetching whatever is available.
    #[serde(serialize_with = "six")]
    pub fetch_s: f64,
    /// The same, fetching what is worth it.
    #[serde(serialize_with = "six")]
    pub choose_s: f64,
    /// The same on unlimited cores: the critical path, compiling all of it.
    #[serde(serialize_with = "six")]
    pub critical_compile_s: f64,
    /// And fetching what is worth it.
    #[serde(serialize_with = "six")]
    pub critical_choose_s: f64,
    /// When keys are known: `by-level`, a round trip for each level of the graph, or `at-once`.
    pub lookup: String,
}

/// A millionth is finer than anything simulated; a mean of counts has no end of digits.
pub(super) fn rounded(value: f64) -> f64 {
    // What is too large for six decimals has none that mean something. Adding 0 makes -0 a 0.
    if value.abs() < 1e9 { (value * 1e6).round() / 1e6 + 0.0 } else { value }
}

fn six<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(rounded(*value))
}

fn six_at_most<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    value.map(rounded).serialize(to)
}
