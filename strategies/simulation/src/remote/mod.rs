//! When fetching beats compiling: a machine with empty build directories and a remote cache.
//!
//! In go a [`Job`] (units on each other, with seconds, bytes and whether the cache has them), a
//! [`Link`] (bandwidth, latency, parallel transfers) and a number of cores; out come [`Times`]:
//! the makespan of compiling all, of fetching what is available and of choosing, on those cores
//! and on the critical path, and the share of units that come faster than they compile.
//! `simulation/REMOTE.md` says what is assumed.
//!
//! ```text
//! job        what is to be built
//! link       the way to the cache, as a user writes it
//! needed     what must be there at all
//! schedule   a build, event by event
//! ways       compile, fetch, choose
//! totals     many jobs over many links
//! ```

mod job;
mod link;
mod needed;
mod schedule;
#[cfg(test)]
mod tests;
mod totals;
mod ways;

pub use job::{Job, JobError, JobUnit};
pub use link::{Link, LinkError, LinkSpec, NAMED};
pub use schedule::Run;
pub use totals::{Total, totals};
pub use ways::{FACTORS, Times, alone, times};

/// When a unit's key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lookup {
    /// A key holds what the dependencies hand over, as in a Merkle key of contents and in the
    /// action caches of remote execution: one round trip for each level of the graph.
    #[default]
    ByLevel,
    /// Keys are made of what the user wrote and known before anything is built, or a build's root
    /// leads to all below it: one round trip.
    AtOnce,
}

impl Lookup {
    /// Both.
    pub const ALL: [Lookup; 2] = [Lookup::ByLevel, Lookup::AtOnce];

    /// The name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Lookup::ByLevel => "by-level",
            Lookup::AtOnce => "at-once",
        }
    }
}
