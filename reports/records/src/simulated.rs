//! Rows of a run of `harness simulate`: one table for each question it answers.
//!
//! `policy` is the name of a simulated key policy everywhere: a policy, or a policy with
//! relaxations behind a colon (`aggressive:without-features`). Rates are shares from 0 to 1,
//! of all units that a clean build would run, admitted or not; `by_cost` weighs each unit with
//! its seconds. Numbers are written with six decimals at most.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

/// A row type with a file of its own.
pub trait Table: Serialize + DeserializeOwned {
    /// Name of the file in the run folder.
    const FILE: &'static str;
    /// What a row is, for a heading.
    const TITLE: &'static str;
    /// The columns, in order; later ones are appended.
    const COLUMNS: &'static [&'static str];

    /// Whether it holds what can be: shares from 0 to 1, nothing below 0 that counts or lasts.
    ///
    /// # Errors
    /// What it holds that cannot be, in a line.
    fn check(&self) -> Result<(), String>;
}

/// Declares a row type and its file. The word behind each field says what it may hold: a function below.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        pub struct $row:ident in $file:literal, $title:literal {
            $($(#[doc = $doc:literal])+ pub $field:ident: $type:ty = $kind:ident,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct $row {
            $($(#[doc = $doc])+ #[serde(serialize_with = "written")] pub $field: $type,)+
        }

        impl Table for $row {
            const FILE: &'static str = $file;
            const TITLE: &'static str = $title;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn check(&self) -> Result<(), String> {
                $($kind(stringify!($field), &self.$field)?;)+
                Ok(())
            }
        }
    };
}

table! {
    /// A row of `curve.csv`: what a workspace reuses when others were built before it.
    pub struct CurveRow in "curve.csv", "Reuse by number of workspaces" {
        /// The simulated key policy.
        pub policy: String = any,
        /// How many workspaces have been built, this one included: from 1.
        pub workspaces: u32 = not_0,
        /// Share of the units of the last of them that were there, mean over orders.
        pub hit_rate: f64 = share,
        /// The same by seconds.
        pub hit_rate_by_cost: f64 = share,
        /// A tenth of workspaces at about that place have a lower `hit_rate_by_cost`.
        pub low: f64 = share,
        /// A tenth of them have a higher one.
        pub high: f64 = share,
        /// What the store holds then, bytes, mean over orders.
        pub stored_bytes: f64 = size,
        /// The Cargo command that each workspace ran: `dev build`.
        pub command: String = any,
        /// How many random orders.
        pub orders: u32 = any,
    }
}

table! {
    /// A row of `relaxations.csv`: what a key with one input less would reuse.
    pub struct RelaxationRow in "relaxations.csv", "Keys with one input less" {
        /// The key policy that is relaxed: `aggressive`.
        pub policy: String = any,
        /// Name of the relaxation; `none` for the policy as it is, `all` for all sound ones together,
        /// `everything` for all that widen. One that changes nothing here, since the input is the same
        /// for everybody, has no row.
        pub relaxation: String = any,
        /// `sound`, `unsound`, `what-if` for what no key could leave out, or `stricter`.
        pub soundness: String = any,
        /// The Cargo command that each workspace ran.
        pub command: String = any,
        /// Share of all units reused when every workspace is built once in turn, mean over orders.
        pub hit_rate: f64 = share,
        /// The same by seconds.
        pub hit_rate_by_cost: f64 = share,
        /// Units reused on top of the policy as it is, a run over all workspaces; negative for fewer.
        pub gained_units: f64 = number,
        /// Seconds reused on top of the policy as it is, a run over all workspaces.
        pub gained_s: f64 = number,
        /// Seconds of all units of all workspaces.
        pub total_s: f64 = size,
        /// What the store holds in the end, bytes.
        pub stored_bytes: f64 = size,
        /// What is relaxed and what that risks, in a line.
        pub why: String = any,
    }
}

table! {
    /// A row of `ablation.csv`, which `harness ablate` writes: what keys without an input would reuse and do reuse, and
    /// what that breaks. What was not built or not probed is empty.
    pub struct AblationRow in "ablation.csv", "Inputs of the key" {
        /// The input that keys lack; several are joined by `+`.
        pub input: String = any,
        /// The strategy without it.
        pub strategy: String = any,
        /// `needed`, `free`, `candidate`; empty where a part was not run.
        pub verdict: String = any,
        /// Units reused on top of the strategy as it is, every command of the trace run once in turn, mean over orders.
        pub replayed_units: f64 = number,
        /// Their seconds.
        pub replayed_s: f64 = number,
        /// Seconds of all commands.
        pub replayed_of_s: f64 = size,
        /// The scenarios in which both were built.
        pub scenarios: String = any,
        /// Units that it hit in them, and the strategy as it is did not.
        pub built_units: Option<u64> = any,
        /// Their seconds.
        pub built_s: Option<f64> = size_if_any,
        /// Of these, units with the bytes that a compile makes.
        pub identical_units: Option<u64> = any,
        /// Of these, units with other bytes.
        pub differing_units: Option<u64> = any,
        /// Units that it restored and Cargo compiled again, which was not so under the strategy as it is.
        pub rebuilt_units: Option<u64> = any,
        /// Of these, units whose bytes were in the store already.
        pub rebuilt_identical_units: Option<u64> = any,
        /// Steps that failed, or were invalid, and were not under the strategy as it is.
        pub failed_steps: Option<u64> = any,
        /// Units of which the replay of these builds says the same as their records.
        pub agreeing_units: Option<u64> = any,
        /// Units that were replayed.
        pub compared_units: Option<u64> = any,
        /// Probes that both were tried with.
        pub probes: Option<u64> = any,
        /// Of these, the probes that it fails and the strategy as it is does not: with a wrong program.
        pub wrong: String = any,
        /// With a build that fails.
        pub failed: String = any,
        /// With a restored unit that Cargo compiles again: time lost.
        pub caught: String = any,
        /// What the verdict rests on, in a line.
        pub evidence: String = any,
    }
}

table! {
    /// A row of `misses.csv`: why units missed when every workspace was built once in turn.
    pub struct MissRow in "misses.csv", "Misses by reason" {
        /// The simulated key policy.
        pub policy: String = any,
        /// The Cargo command.
        pub command: String = any,
        /// A reason as in `units.csv`, for `dependency` with what differs below (`dependency: version`,
        /// `dependency: together` where all below is there, but not of one another);
        /// `first-of-several` for what others find later; or the rule that refused.
        pub reason: String = any,
        /// Units, a run over all workspaces.
        pub units: f64 = size,
        /// Their seconds.
        pub seconds: f64 = size,
    }
}

table! {
    /// A row of `sharing.csv`: what one Cargo command finds of another in the same workspace.
    pub struct SharingRow in "sharing.csv", "What commands share" {
        /// The simulated key policy.
        pub policy: String = any,
        /// The command that ran before: `dev build`.
        pub first: String = any,
        /// The command that runs then: `dev test`.
        pub then: String = any,
        /// Workspaces that have both.
        pub workspaces: u32 = any,
        /// Units of the second, all workspaces together.
        pub units: u64 = any,
        /// Share of them that the first had made.
        pub hit_rate: f64 = share,
        /// The same by seconds.
        pub hit_rate_by_cost: f64 = share,
        /// Seconds saved, all workspaces together.
        pub saved_s: f64 = size,
        /// Bytes not stored twice, all workspaces together.
        pub saved_bytes: f64 = size,
    }
}

table! {
    /// A row of `retention.csv`: what a store of limited size keeps, and what that costs.
    pub struct RetentionRow in "retention.csv", "Stores of limited size" {
        /// Name of the retention policy: `lru`; `offline-…` for what knows the future.
        pub policy: String = any,
        /// The size limit, bytes; empty for none.
        pub cap_bytes: Option<u64> = any,
        /// Share of looked-up seconds that were reused.
        pub hit_rate_by_cost: f64 = share,
        /// Seconds that had to be compiled, over the whole trace.
        pub rebuilt_s: f64 = size,
        /// No policy of this size can have compiled fewer seconds.
        pub bound_s: f64 = size,
        /// Share of looked-up units that were reused.
        pub hit_rate: f64 = share,
        /// Key policy under which it was replayed.
        pub key: String = any,
        /// Bytes evicted over the whole trace.
        pub evicted_bytes: f64 = size,
        /// Seconds compiled because of evictions, for each GB (10^9 bytes) evicted; empty where nothing was.
        pub rebuilt_s_per_gb: Option<f64> = size_if_any,
        /// The most the store held at the end of any build, bytes.
        pub peak_bytes: f64 = size,
        /// Seconds compiled on top of `rebuilt_s` because the key policy refuses the units: the same
        /// for every retention policy and limit.
        pub refused_s: f64 = size,
        /// Of `rebuilt_s`, what had been stored before and was evicted.
        pub rebuilt_again_s: f64 = size,
    }
}

table! {
    /// A row of `growth.csv`: a store without limits, day by day.
    pub struct GrowthRow in "growth.csv", "A store without limits, day by day" {
        /// Key policy.
        pub key: String = any,
        /// Day of the trace, from 0.
        pub day: u32 = any,
        /// Cargo commands run on that day.
        pub builds: u64 = any,
        /// Entries at its end.
        pub entries: u64 = any,
        /// Bytes at its end.
        pub stored_bytes: f64 = size,
        /// Of these, entries of path packages.
        pub local_entries: u64 = any,
        /// Their bytes.
        pub local_bytes: f64 = size,
    }
}

table! {
    /// A row of `remote.csv`: an empty machine that fetches what others have built.
    pub struct RemoteRow in "remote.csv", "Fetching what others have built" {
        /// The simulated key policy.
        pub policy: String = any,
        /// The Cargo command.
        pub command: String = any,
        /// Bits a second, all transfers together.
        pub bits_per_s: f64 = above_0,
        /// Seconds from a request to its first byte.
        pub latency_s: f64 = size,
        /// Transfers at a time.
        pub transfers: u32 = any,
        /// Compiles at a time.
        pub jobs: u32 = any,
        /// Workspaces.
        pub workspaces: u32 = any,
        /// Units of all workspaces.
        pub units: u64 = any,
        /// Share of them that another workspace has built.
        pub available: f64 = share,
        /// Share of those that come faster than they compile, each looked at alone.
        pub worth_fetching: f64 = share,
        /// Bytes moved when everything available is fetched, all workspaces.
        pub moved_bytes: f64 = size,
        /// Seconds until everything is there, compiling all of it: sum over workspaces.
        pub compile_s: f64 = size,
        /// The same, fetching whatever is available.
        pub fetch_s: f64 = size,
        /// The same, fetching what is worth it.
        pub choose_s: f64 = size,
        /// The same on unlimited cores: the critical path, compiling all of it.
        pub critical_compile_s: f64 = size,
        /// And fetching what is worth it.
        pub critical_choose_s: f64 = size,
        /// When keys are known: `by-level`, a round trip for each level of the graph, or `at-once`.
        pub lookup: String = any,
    }
}

/// How an estimate was fitted, and how well it fits: out of sample, by packages left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fit {
    /// The model, in a line.
    pub model: String,
    /// Units that were measured.
    pub samples: u64,
    /// Packages they belong to.
    pub packages: u64,
    /// Share of the variance of the logarithm that is explained.
    pub r_squared: f64,
    /// Half of the estimates are off by less than this factor.
    pub median_factor: f64,
    /// Nine of ten estimates are off by less than this factor.
    pub p90_factor: f64,
    /// Sum of estimates ÷ sum of measurements.
    pub bias: f64,
    /// Runs the measurements come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
}

fn any<T>(_: &str, _: &T) -> Result<(), String> {
    Ok(())
}

fn not_0(name: &str, value: &u32) -> Result<(), String> {
    if *value > 0 { Ok(()) } else { Err(format!("{name} is 0")) }
}

fn above_0(name: &str, value: &f64) -> Result<(), String> {
    number(name, value)?;
    if *value > 0.0 { Ok(()) } else { Err(format!("{name} is not above 0")) }
}

fn number(name: &str, value: &f64) -> Result<(), String> {
    if value.is_finite() { Ok(()) } else { Err(format!("{name} is {value}, which is no number")) }
}

fn size(name: &str, value: &f64) -> Result<(), String> {
    number(name, value)?;
    if *value >= 0.0 { Ok(()) } else { Err(format!("{name} is below 0")) }
}

fn size_if_any(name: &str, value: &Option<f64>) -> Result<(), String> {
    value.as_ref().map_or(Ok(()), |value| size(name, value))
}

/// Means may be a rounding error above 1.
fn share(name: &str, value: &f64) -> Result<(), String> {
    number(name, value)?;
    if (0.0..=1.0 + 1e-6).contains(value) { Ok(()) } else { Err(format!("{name} is not between 0 and 1")) }
}

/// A value as it is written: a real number to a millionth, which is finer than anything simulated, since a mean of
/// counts has no end of digits.
trait Written: Serialize + Clone {
    fn rounded(&self) -> Self {
        self.clone()
    }
}

impl Written for String {}
impl Written for u32 {}
impl Written for u64 {}
impl Written for Option<u64> {}

impl Written for f64 {
    fn rounded(&self) -> Self {
        // What is too large for six decimals has none that mean something. Adding 0 makes -0 a 0.
        if self.abs() < 1e9 { (self * 1e6).round() / 1e6 + 0.0 } else { *self }
    }
}

impl Written for Option<f64> {
    fn rounded(&self) -> Self {
        self.as_ref().map(Written::rounded)
    }
}

fn written<T: Written, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.rounded().serialize(to)
}
