//! What a store of limited size keeps, and what that costs.
//!
//! In go a [`History`], retention policies by name and size limits; out comes an [`Outcome`] for
//! each pair: hit rates, seconds compiled because of evictions, and the bound that no policy of
//! that size can beat. `simulation/RETENTION.md` says what is assumed and why the bound is one.
//!
//! ```text
//! cap        size limits as a user writes them
//! flat       a history as flat arrays
//! heap       candidates for eviction in order
//! store      the simulated store: nothing goes from below what was made from it
//! replay     a history under one policy and limit
//! bound      what nobody can beat: intervals in a knapsack
//! prices     the same, sharper: a price for room at each time
//! lru lfu gdsf size age snapshot offline: the policies
//! ```

mod age;
mod bound;
mod cap;
mod flat;
mod gdsf;
mod heap;
mod lfu;
mod lru;
mod offline;
#[cfg(test)]
mod policies_tests;
mod prices;
mod replay;
mod size;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

pub use age::DAYS;
pub use bound::Intervals;
pub use cap::{Cap, CapError};
pub use flat::Flat;
pub use replay::{Bound, Outcome, Replay, Tally, bounds, outcomes, replay, table};
pub use store::Store;

#[cfg(doc)]
use crate::history::History;

/// A use of a stored artifact by a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Number of the build.
    pub build: u32,
    /// Number of the next build that asks the store for it; `u32::MAX` where none does.
    pub next: u32,
    /// Whether this build has just stored it.
    pub fresh: bool,
}

/// A rule for what to forget. Ranks are any numbers that order artifacts: the lowest goes first.
pub trait Policy {
    /// A build used an artifact, which is stored: its rank from now on.
    fn used(&mut self, artifact: u32, of: Use) -> u64;

    /// Its rank during the collection after `build`, where ranks rise with time by themselves.
    /// One that falls without a use is not seen.
    fn rank_now(&self, _artifact: u32, rank: u64, _build: u32) -> u64 {
        rank
    }

    /// An artifact went, at this rank.
    fn evicted(&mut self, _artifact: u32, _rank: u64) {}

    /// Collects after a build.
    fn collect(&mut self, store: &mut Store<'_>, build: u32, cap: Option<u64>) {
        if let Some(cap) = cap {
            store.evict_to(cap, build, self);
        }
    }
}

/// A retention policy by name.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Its name, which stays.
    pub name: &'static str,
    /// What it does and what that is good for.
    pub about: &'static str,
    /// Whether it knows the future: a yardstick, nothing that could be built.
    pub offline: bool,
    make: for<'a> fn(&'a Flat) -> Box<dyn Policy + 'a>,
}

/// Every retention policy.
pub static ALL: [Retention; 9] = [
    Retention {
        name: "lru",
        about: "what was not used for longest goes first; what `harness store collect --max-size` does",
        offline: false,
        make: |_| Box::new(lru::Lru),
    },
    Retention {
        name: "lfu",
        about: "what the fewest builds used goes first; old favourites never leave",
        offline: false,
        make: |flat| Box::new(lfu::Lfu::plain(flat)),
    },
    Retention {
        name: "lfu-aged",
        about: "LFU in which newcomers start at the count of what went last, so that old favourites leave (LFU-DA)",
        offline: false,
        make: |flat| Box::new(lfu::Lfu::aged(flat)),
    },
    Retention {
        name: "gdsf",
        about: "what saves the fewest compile seconds for its bytes, by uses, goes first, with ageing \
                (GreedyDual-Size-Frequency)",
        offline: false,
        make: |flat| Box::new(gdsf::Gdsf::new(flat)),
    },
    Retention {
        name: "size",
        about: "the largest goes first, whatever it costs and whoever uses it",
        offline: false,
        make: |flat| Box::new(size::Size(flat)),
    },
    Retention {
        name: "age",
        about: "what was not used for 30 days goes, as Cargo collects its home directory; then LRU to the size limit",
        offline: false,
        make: |flat| Box::new(age::Age(flat)),
    },
    Retention {
        name: "snapshot",
        about: "the last build of each command in each workspace stays whole: what none of them reaches goes first, \
                then the build that was longest ago",
        offline: false,
        make: |flat| Box::new(snapshot::Snapshot::new(flat)),
    },
    Retention {
        name: "offline-belady",
        about: "knows the future: what is asked for again last goes first; the optimum for equal sizes and costs",
        offline: true,
        make: |_| Box::new(offline::Belady),
    },
    Retention {
        name: "offline-value",
        about: "knows the future: what saves the fewest seconds for the bytes and the time it will take goes first",
        offline: true,
        make: |flat| Box::new(offline::Value::new(flat)),
    },
];

/// The policy of that name.
pub fn by_name(name: &str) -> Option<&'static Retention> {
    ALL.iter().find(|policy| policy.name == name)
}

impl Retention {
    /// The policy, with nothing seen yet.
    pub fn make<'a>(&self, flat: &'a Flat) -> Box<dyn Policy + 'a> {
        (self.make)(flat)
    }
}
