//! Retention policies: rules of eviction by name.

use super::store::{ArtifactUse, EvictionRule, SimulatedStore};
use crate::history::{History, NEVER};

/// A retention policy by name.
#[derive(Debug, Clone, Copy)]
pub struct RetentionPolicy {
    /// Its stable name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    pub(super) make: for<'a> fn(&'a History) -> Box<dyn EvictionRule + 'a>,
}

/// Every retention policy.
pub static ALL: [RetentionPolicy; 5] = [
    RetentionPolicy {
        name: "lru",
        about: "what was not used for longest goes first; what `harness store collect --max-size` does",
        make: |_| Box::new(Lru),
    },
    RetentionPolicy {
        name: "gdsf",
        about: "what saves the fewest compile seconds for its bytes, by uses, goes first, with ageing \
                (GreedyDual-Size-Frequency)",
        make: |history| Box::new(Gdsf { history, counts: vec![0; history.artifacts()], floor: 0.0 }),
    },
    RetentionPolicy {
        name: "age",
        about: "what was not used for 30 days goes, as Cargo collects its home directory; then LRU to the size limit",
        make: |history| Box::new(OldestFirst(history)),
    },
    RetentionPolicy {
        name: "snapshot",
        about: "builds of 30 days stay whole, and the oldest goes first: what `harness store collect --snapshots` does",
        make: |history| Box::new(WholeBuilds { history, rooted: vec![0; history.artifacts()], oldest: 0 }),
    },
    RetentionPolicy {
        name: "offline-value",
        about: "knows the future: what saves the fewest seconds for the bytes and the time it will take goes first",
        make: |history| Box::new(LeastValueFirst { history, next: vec![NEVER; history.artifacts()] }),
    },
];

/// Least recently used: the rank is the number of the build that used an artifact last. A test compares the evictions
/// with those of the real store.
struct Lru;

impl EvictionRule for Lru {
    fn used(&mut self, _artifact: u32, of: ArtifactUse) -> u64 {
        u64::from(of.build)
    }
}

/// GreedyDual-Size-Frequency: each use gives an artifact `H = L + frequency × cost ÷ size`; the lowest H is evicted
/// first, and L becomes its H (Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching
/// policy", HP Labs 1998). Cost is compile seconds, size is bytes: what saves the most seconds for each byte stays, and
/// the rising L evicts even that once nobody uses it any longer. Frequency counts uses since the artifact was stored.
///
/// H is not negative, and such floating-point numbers have the order of their bits.
struct Gdsf<'a> {
    history: &'a History,
    counts: Vec<u32>,
    floor: f64,
}

impl EvictionRule for Gdsf<'_> {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64 {
        let at = artifact as usize;
        self.counts[at] = if of.fresh { 1 } else { self.counts[at].saturating_add(1) };
        let density = self.history.cost[at] as f64 / self.history.bytes[at].max(1) as f64;
        (self.floor + f64::from(self.counts[at]) * density).to_bits()
    }

    fn evicted(&mut self, rank: u64) {
        self.floor = self.floor.max(f64::from_bits(rank));
    }
}

/// Longest time since the last use, days.
pub(super) const DAYS: u32 = 30;

/// By age, as Cargo collects its home directory: an artifact goes that neither itself nor through a dependent was used
/// within [`DAYS`] days, whatever the size of the store. With a size limit as well, the least recently used of the
/// others are evicted until the store fits, then what stayed only for an artifact that is evicted now: the order of
/// `strategies::retention::StoreLimits`. It is checked after every build; Cargo checks once a day.
struct OldestFirst<'a>(&'a History);

impl OldestFirst<'_> {
    fn evict_old(&self, store: &mut SimulatedStore<'_>, build: u32) {
        let at = |build: u64| self.0.builds.get(build as usize).map_or(0, |build| build.at);
        let now = at(u64::from(build));
        while let Some((artifact, rank)) = store.next()
            && now.saturating_sub(at(rank)) > DAYS * 24 * 60 * 60
        {
            store.evict(artifact, rank);
        }
        store.end_pass();
    }
}

impl EvictionRule for OldestFirst<'_> {
    fn used(&mut self, _artifact: u32, of: ArtifactUse) -> u64 {
        u64::from(of.build)
    }

    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        self.evict_old(store, build);
        if let Some(cap) = cap {
            store.evict_to(cap, build, self);
            self.evict_old(store, build);
        }
    }
}

/// Build-snapshot roots, as `strategies::retention::to_snapshots` has them; a test compares the evictions. Every build is a
/// root for [`DAYS`] days, with everything it used. A store over its limit loses whole roots, the oldest first, until it
/// fits. An artifact is reached by a root that used it, and by its reached dependents; what none reaches goes.
///
/// A build then hits all of what it used before, or of what is its own nothing: half a snapshot saves less than its size
/// suggests if the missing half is the critical path. A build that is larger than the limit leaves nothing.
struct WholeBuilds<'a> {
    history: &'a History,
    /// The number of roots that used each artifact.
    rooted: Vec<u32>,
    /// The oldest root.
    oldest: u32,
}

impl WholeBuilds<'_> {
    /// Evicts what the oldest root alone reached.
    fn drop_oldest(&mut self, store: &mut SimulatedStore<'_>) {
        let mut loose = self.history.used(&self.history.builds[self.oldest as usize]).to_vec();
        loose.iter().for_each(|artifact| self.rooted[*artifact as usize] -= 1);
        while let Some(artifact) = loose.pop() {
            if self.rooted[artifact as usize] == 0 && store.evict(artifact, 0) {
                loose.extend(self.history.dependencies(artifact));
            }
        }
        self.oldest += 1;
    }
}

impl EvictionRule for WholeBuilds<'_> {
    fn used(&mut self, _artifact: u32, _of: ArtifactUse) -> u64 {
        0
    }

    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        let (history, now) = (self.history, self.history.builds[build as usize].at);
        let used = history.used(&history.builds[build as usize]);
        used.iter().for_each(|artifact| self.rooted[*artifact as usize] += 1);
        while self.oldest <= build
            && (now.saturating_sub(history.builds[self.oldest as usize].at) > DAYS * 24 * 60 * 60
                || cap.is_some_and(|cap| store.total > cap))
        {
            self.drop_oldest(store);
        }
    }
}

/// Knows the future: what saves least for its room goes first, by seconds ÷ (bytes × builds until the next lookup), as
/// of now. A heuristic. The bound ranks intervals in the same way, so the two show how much is left to gain.
struct LeastValueFirst<'a> {
    history: &'a History,
    next: Vec<u32>,
}

impl EvictionRule for LeastValueFirst<'_> {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64 {
        self.next[artifact as usize] = of.next;
        self.rank_now(artifact, 0, of.build)
    }

    fn rank_now(&self, artifact: u32, _rank: u64, build: u32) -> u64 {
        let at = artifact as usize;
        if self.next[at] == NEVER {
            return 0;
        }
        let room = self.history.bytes[at].max(1) as f64 * f64::from(self.next[at].saturating_sub(build).max(1));
        (self.history.cost[at] as f64 / room).to_bits()
    }
}
