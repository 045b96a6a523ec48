//! When fetching beats compiling: a machine with empty build directories and a remote cache.
//!
//! A [`RemoteJob`] (units and dependencies, with seconds, bytes and whether the cache has them), a [`Link`] (bandwidth,
//! latency, parallel transfers) and a number of cores give [`BuildTimes`]: the makespan of compiling all, of fetching
//! what is available and of choosing, on those cores and on the critical path, and the number of units that are fetched
//! faster than they compile. `strategies/simulation/REMOTE.md` says what is assumed.

mod job;
mod link;
mod schedule;
#[cfg(test)]
mod tests;
mod times;

pub use job::{RemoteJob, RemoteJobError, RemoteUnit};
pub use link::{Link, LinkError, LinkSpec, NAMED};
pub use times::{BuildTimes, LinkTotal, times, totals};

/// When the key of a unit is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lookup {
    /// A key contains what the dependencies export, as in a Merkle key of contents and in the action caches of remote
    /// execution: one round trip for each level of the graph.
    #[default]
    ByLevel,
    /// Keys are made of what the user wrote and known before anything is built, or the root of a build lists all
    /// dependencies: one round trip.
    AtOnce,
}

impl Lookup {
    /// Both.
    pub const ALL: [Lookup; 2] = [Lookup::ByLevel, Lookup::AtOnce];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Lookup::ByLevel => "by-level",
            Lookup::AtOnce => "at-once",
        }
    }
}
