//! Rules of eviction that look at one artifact at a time.

use super::flat::{FlatHistory, NEVER};
use super::store::SimulatedStore;
use super::{ArtifactUse, EvictionRule};

/// Least recently used: the rank is the number of the build that used an artifact last. This is what `harness store
/// collect --max-size` does: a test compares the evictions of the two.
pub(super) struct Lru;

impl EvictionRule for Lru {
    fn used(&mut self, _artifact: u32, of: ArtifactUse) -> u64 {
        u64::from(of.build)
    }
}

/// Least frequently used. Counts begin when an artifact is stored and are lost when it is evicted (in-cache LFU).
///
/// Plain: the artifact that the fewest builds used is evicted first; of equals the least recently used. Last year's
/// toolchain, used a thousand times, outlives everything that is used today.
///
/// With dynamic ageing the rank is `L + count`, where `L` is the rank of the last artifact that was evicted (Arlitt,
/// Cherkasova, Dilley, Friedrich and Jin, "Evaluating content management techniques for Web proxy caches", 2000:
/// LFU-DA). New artifacts start at the rank of old favourites, and these fall behind unless they are used again. It is
/// [`Gdsf`] with all costs and sizes equal.
pub(super) struct Lfu {
    counts: Vec<u32>,
    ageing: bool,
    floor: u64,
}

impl Lfu {
    pub(super) fn plain(flat: &FlatHistory) -> Lfu {
        Lfu { counts: vec![0; flat.artifacts()], ageing: false, floor: 0 }
    }

    pub(super) fn aged(flat: &FlatHistory) -> Lfu {
        Lfu { ageing: true, ..Lfu::plain(flat) }
    }
}

/// Orders by count, then by the last use.
fn pack(count: u64, build: u32) -> u64 {
    count.min(u64::from(u32::MAX)) << 32 | u64::from(build)
}

impl EvictionRule for Lfu {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64 {
        let count = &mut self.counts[artifact as usize];
        *count = if of.fresh { 1 } else { count.saturating_add(1) };
        pack(self.floor + u64::from(*count), of.build)
    }

    fn evicted(&mut self, _artifact: u32, rank: u64) {
        if self.ageing {
            self.floor = self.floor.max(rank >> 32);
        }
    }
}

/// GreedyDual-Size-Frequency: each use gives an artifact `H = L + frequency × cost ÷ size`; the lowest H is evicted
/// first, and L becomes its H (Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching
/// policy", HP Labs 1998). Cost is compile seconds, size is bytes: what saves the most seconds for each byte stays, and
/// the rising L evicts even that once nobody uses it any longer. Frequency counts uses since the artifact was stored.
///
/// H is not negative, and such floating-point numbers have the order of their bits.
pub(super) struct Gdsf<'a> {
    flat: &'a FlatHistory,
    counts: Vec<u32>,
    floor: f64,
}

impl<'a> Gdsf<'a> {
    pub(super) fn new(flat: &'a FlatHistory) -> Gdsf<'a> {
        Gdsf { flat, counts: vec![0; flat.artifacts()], floor: 0.0 }
    }
}

impl EvictionRule for Gdsf<'_> {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64 {
        let at = artifact as usize;
        self.counts[at] = if of.fresh { 1 } else { self.counts[at].saturating_add(1) };
        let density = self.flat.cost[at] as f64 / self.flat.bytes[at].max(1) as f64;
        (self.floor + f64::from(self.counts[at]) * density).to_bits()
    }

    fn evicted(&mut self, _artifact: u32, rank: u64) {
        self.floor = self.floor.max(f64::from_bits(rank));
    }
}

/// The largest first, whatever it costs and whether anybody uses it. What is small never leaves, so the store fills
/// with small artifacts that nobody uses.
pub(super) struct LargestFirst<'a>(pub &'a FlatHistory);

impl EvictionRule for LargestFirst<'_> {
    fn used(&mut self, artifact: u32, _of: ArtifactUse) -> u64 {
        u64::MAX - self.0.bytes[artifact as usize]
    }
}

/// Longest time since the last use, days.
pub const DAYS: u32 = 30;

const SECONDS: u32 = DAYS * 24 * 60 * 60;

/// By age, as Cargo collects its home directory: an artifact goes that neither itself nor through a dependent was used
/// within [`DAYS`] days, whatever the size of the store. With a size limit as well, the least recently used of the
/// others are evicted until the store fits, then what was kept only for an artifact that is evicted now: the order of
/// `strategies::retention::Limits`. It is checked after every build; Cargo checks once a day.
pub(super) struct OldestFirst<'a>(pub &'a FlatHistory);

impl OldestFirst<'_> {
    fn evict_old(&self, store: &mut SimulatedStore<'_>, build: u32) {
        let at = |build: u64| self.0.builds.get(build as usize).map_or(0, |build| build.at);
        let now = at(u64::from(build));
        while let Some((artifact, rank)) = store.next()
            && now.saturating_sub(at(rank)) > SECONDS
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

/// Knows the future: what is looked up again furthest in the future goes first (Belady, "A study of replacement
/// algorithms for a virtual-storage computer", 1966). Where all artifacts have one size and one cost and no
/// dependencies, nothing reuses more; a test compares it with an exhaustive search. With sizes that differ it is a
/// heuristic: it keeps 100 MB for one second if that comes soon.
pub(super) struct FurthestFirst;

impl EvictionRule for FurthestFirst {
    fn used(&mut self, _artifact: u32, of: ArtifactUse) -> u64 {
        u64::from(NEVER - of.next)
    }
}

/// Knows the future: what saves least for its room goes first, by seconds ÷ (bytes × builds until the next lookup), as
/// of now. A heuristic always. [`super::bound`] ranks intervals in the same way, so the two show how much is left to
/// gain.
pub(super) struct LeastValueFirst<'a> {
    flat: &'a FlatHistory,
    next: Vec<u32>,
}

impl<'a> LeastValueFirst<'a> {
    pub(super) fn new(flat: &'a FlatHistory) -> LeastValueFirst<'a> {
        LeastValueFirst { flat, next: vec![NEVER; flat.artifacts()] }
    }

    fn rank(&self, artifact: u32, build: u32) -> u64 {
        let at = artifact as usize;
        if self.next[at] == NEVER {
            return 0;
        }
        let room = self.flat.bytes[at].max(1) as f64 * f64::from(self.next[at].saturating_sub(build).max(1));
        (self.flat.cost[at] as f64 / room).to_bits()
    }
}

impl EvictionRule for LeastValueFirst<'_> {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64 {
        self.next[artifact as usize] = of.next;
        self.rank(artifact, of.build)
    }

    fn rank_now(&self, artifact: u32, _rank: u64, build: u32) -> u64 {
        self.rank(artifact, build)
    }
}
