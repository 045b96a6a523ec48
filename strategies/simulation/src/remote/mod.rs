//! When fetching beats compiling: a machine with empty build directories and a remote cache.
//!
//! A job (units and dependencies, with seconds, bytes and whether the cache has them), a [`Link`] (bandwidth,
//! latency, parallel transfers) and a number of cores give the makespan of compiling all, of fetching
//! what is available and of choosing, on those cores and on the critical path, and the number of units that are fetched
//! faster than they compile. `strategies/simulation/REMOTE.md` says what is assumed.

mod link;
mod schedule;
#[cfg(test)]
mod tests;
mod times;

pub use link::{Link, LinkError, LinkSpec, NAMED};
pub use times::totals;

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

/// A unit of a job, which is what one Cargo command would build: its units, dependencies first, amounts finite and not
/// negative, as in every trace that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoteUnit {
    /// Seconds it takes to compile or run.
    pub seconds: f64,
    /// Bytes it takes to fetch.
    pub bytes: f64,
    /// Its dependencies: smaller indexes than its own.
    pub dependencies: Vec<u32>,
    /// Whether the remote cache has it.
    pub available: bool,
    /// Whether it is a library that rustc reads again for its dependents at any distance: not a procedural macro, not a
    /// build script or its run, not a binary.
    pub library: bool,
    /// Whether the user asked for it.
    pub root: bool,
}

/// What of a job is needed, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeededUnits {
    /// Whether it must be present in the end.
    pub needed: Vec<bool>,
    /// Whether it is looked up, be it only to know the keys of others.
    pub looked_up: Vec<bool>,
}

impl NeededUnits {
    /// What a job needs where `fetched` units, all of them available, are fetched.
    pub fn of(units: &[RemoteUnit], fetched: &[bool], lookup: Lookup) -> NeededUnits {
        let mut needed: Vec<bool> = units.iter().map(|unit| unit.root).collect();
        let mut looked_up = vec![false; units.len()];
        // Read by the rustc of something that is compiled.
        let mut read = vec![false; units.len()];
        for (at, unit) in units.iter().enumerate().rev() {
            let compiled = needed[at] && !fetched[at];
            looked_up[at] |= needed[at] && fetched[at];
            for &dependency in &unit.dependencies {
                let dependency = dependency as usize;
                let library = units[dependency].library;
                if compiled || needed[at] && read[at] && library {
                    needed[dependency] = true;
                    read[dependency] |= library;
                }
                if looked_up[at] && lookup == Lookup::ByLevel {
                    looked_up[dependency] |= units[dependency].available;
                    needed[dependency] |= !units[dependency].available;
                }
            }
        }
        NeededUnits { needed, looked_up }
    }
}
