//! What a store of limited size keeps, and what that costs.
//!
//! A history, retention policies by name and size limits give a [`RetentionOutcome`] for each pair: hit rates, seconds
//! compiled because of evictions, and the bound that no policy of that size can beat.
//! `strategies/simulation/RETENTION.md` says what is assumed and why the bound is one.

mod bound;
mod cap;
mod flat;
mod heap;
mod policies;
mod replay;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

pub use bound::ReuseIntervals;
pub use cap::{Cap, CapError};
pub use flat::FlatHistory;
pub use policies::DAYS;
pub use replay::{RetentionBound, RetentionOutcome, RetentionReplay, RetentionTally, bounds, outcomes, replay, table};
pub use store::SimulatedStore;

use policies::{FurthestFirst, Gdsf, LargestFirst, LeastValueFirst, Lfu, Lru, OldestFirst};
use snapshot::WholeBuilds;

/// A use of a stored artifact by a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactUse {
    /// Number of the build.
    pub build: u32,
    /// Number of the next build that looks it up; `u32::MAX` if there is none.
    pub next: u32,
    /// Whether this build has just stored it.
    pub fresh: bool,
}

/// A rule of eviction. Ranks are any numbers that order artifacts: the lowest is evicted first.
pub trait EvictionRule {
    /// The rank of a stored artifact after a use by a build.
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64;

    /// Its rank during the collection after `build`, for rules whose ranks rise with time by themselves.
    fn rank_now(&self, _artifact: u32, rank: u64, _build: u32) -> u64 {
        rank
    }

    /// Called when an artifact was evicted at this rank.
    fn evicted(&mut self, _artifact: u32, _rank: u64) {}

    /// Collects after a build.
    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        if let Some(cap) = cap {
            store.evict_to(cap, build, self);
        }
    }
}

/// A retention policy by name.
#[derive(Debug, Clone, Copy)]
pub struct RetentionPolicy {
    /// Its stable name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether it knows the future: for comparison, it cannot be implemented.
    pub offline: bool,
    make: for<'a> fn(&'a FlatHistory) -> Box<dyn EvictionRule + 'a>,
}

/// Every retention policy.
pub static ALL: [RetentionPolicy; 9] = [
    RetentionPolicy {
        name: "lru",
        about: "what was not used for longest goes first; what `harness store collect --max-size` does",
        offline: false,
        make: |_| Box::new(Lru),
    },
    RetentionPolicy {
        name: "lfu",
        about: "what the fewest builds used goes first; old favourites are never evicted",
        offline: false,
        make: |flat| Box::new(Lfu::plain(flat)),
    },
    RetentionPolicy {
        name: "lfu-aged",
        about: "LFU in which new artifacts start at the count of the last one evicted, so that old favourites are evicted (LFU-DA)",
        offline: false,
        make: |flat| Box::new(Lfu::aged(flat)),
    },
    RetentionPolicy {
        name: "gdsf",
        about: "what saves the fewest compile seconds for its bytes, by uses, goes first, with ageing \
                (GreedyDual-LargestFirst-Frequency)",
        offline: false,
        make: |flat| Box::new(Gdsf::new(flat)),
    },
    RetentionPolicy {
        name: "size",
        about: "the largest goes first, whatever it costs and whoever uses it",
        offline: false,
        make: |flat| Box::new(LargestFirst(flat)),
    },
    RetentionPolicy {
        name: "age",
        about: "what was not used for 30 days goes, as Cargo collects its home directory; then LRU to the size limit",
        offline: false,
        make: |flat| Box::new(OldestFirst(flat)),
    },
    RetentionPolicy {
        name: "snapshot",
        about: "the last build of each command in each workspace stays whole: what none of them reaches goes first, \
                then the build that was longest ago",
        offline: false,
        make: |flat| Box::new(WholeBuilds::new(flat)),
    },
    RetentionPolicy {
        name: "offline-belady",
        about: "knows the future: what is looked up again last goes first; the optimum for equal sizes and costs",
        offline: true,
        make: |_| Box::new(FurthestFirst),
    },
    RetentionPolicy {
        name: "offline-value",
        about: "knows the future: what saves the fewest seconds for the bytes and the time it will take goes first",
        offline: true,
        make: |flat| Box::new(LeastValueFirst::new(flat)),
    },
];

/// The policy of that name.
pub fn by_name(name: &str) -> Option<&'static RetentionPolicy> {
    ALL.iter().find(|policy| policy.name == name)
}

impl RetentionPolicy {
    /// The rule at the beginning of a history.
    pub fn make<'a>(&self, flat: &'a FlatHistory) -> Box<dyn EvictionRule + 'a> {
        (self.make)(flat)
    }
}
