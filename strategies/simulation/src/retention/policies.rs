//! Retention policies: rules of eviction by name.

use std::collections::HashMap;

use super::store::{ArtifactUse, EvictionRule, SimulatedStore};
use crate::history::{History, HistoryBuild, NEVER};

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
        about: "the last build of each command in each workspace stays whole: what none of them reaches goes first, \
                then the build that was longest ago",
        make: |history| Box::new(WholeBuilds::new(history)),
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

/// Build-snapshot roots. A root is the last build of one command in one workspace, with everything it used. A store
/// over its limit first evicts all that no root reaches (what earlier builds of the same command left), then whole
/// roots, the one built least recently first, until it fits. An artifact is reached by a root that used it, and by its
/// reached dependents.
///
/// A build then hits all of what its last run stored, or nothing: half a snapshot saves less than its size suggests if
/// the missing half is the critical path. A build that is larger than the limit leaves nothing, and what a branch
/// switch goes back to is garbage as soon as the store is full.
struct WholeBuilds<'a> {
    history: &'a History,
    /// The number of roots that used each artifact.
    rooted: Vec<u32>,
    /// The root of each command in each workspace.
    roots: HashMap<(u32, u32), u32>,
    oldest: u32,
    /// Artifacts that a root has released since the last sweep.
    loose: Vec<u32>,
}

impl<'a> WholeBuilds<'a> {
    fn new(history: &'a History) -> WholeBuilds<'a> {
        let rooted = vec![0; history.artifacts()];
        WholeBuilds { history, rooted, roots: HashMap::new(), oldest: 0, loose: Vec::new() }
    }

    fn build(&self, build: u32) -> (&'a HistoryBuild, (u32, u32)) {
        let build = &self.history.builds[build as usize];
        (build, (build.workspace, build.command))
    }

    fn release(&mut self, build: u32) {
        for &artifact in self.history.used(self.build(build).0) {
            let roots = &mut self.rooted[artifact as usize];
            *roots -= 1;
            if *roots == 0 {
                self.loose.push(artifact);
            }
        }
    }

    /// Evicts what no root reaches.
    fn sweep(&mut self, store: &mut SimulatedStore<'_>) {
        while let Some(artifact) = self.loose.pop() {
            if self.rooted[artifact as usize] == 0 && store.evict(artifact, 0) {
                self.loose.extend(self.history.dependencies(artifact));
            }
        }
    }
}

impl EvictionRule for WholeBuilds<'_> {
    fn used(&mut self, _artifact: u32, _of: ArtifactUse) -> u64 {
        0
    }

    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        let (built, command) = self.build(build);
        for &artifact in self.history.used(built) {
            self.rooted[artifact as usize] += 1;
        }
        if let Some(before) = self.roots.insert(command, build) {
            self.release(before);
        }
        let Some(cap) = cap else {
            self.loose.clear();
            return;
        };
        if store.total > cap {
            self.sweep(store);
        }
        while store.total > cap && self.oldest <= build {
            let command = self.build(self.oldest).1;
            if self.roots.get(&command) == Some(&self.oldest) {
                self.roots.remove(&command);
                self.release(self.oldest);
                self.sweep(store);
            }
            self.oldest += 1;
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
