//! A simulated store: its artifacts, which of them may be evicted, and in which order.
//!
//! No artifact is evicted before its dependents, as in the real store (`strategies::retention`). There, a collection
//! sorts all entries by rank, where an entry has at least the rank of each dependent, then by its distance to the top,
//! and evicts from the front. Here the same order is found one at a time in O(log n):
//!
//! - candidates are the artifacts of which no dependent is stored; the first of the sorted order is always one of them;
//! - an evicted artifact passes its rank and its depth + 1 to its dependencies; the eviction of the last dependent
//!   makes a dependency a candidate, and by then it has the greatest of both;
//! - what was passed on counts until the end of the pass: the next collection starts afresh, without those dependents.

use std::collections::BTreeSet;

use crate::history::History;

#[derive(Debug, Clone, Copy)]
pub(crate) struct ArtifactUse {
    pub build: u32,
    /// Number of the next build that looks it up, or `NEVER`.
    pub next: u32,
    /// Whether this build has just stored it.
    pub fresh: bool,
}

/// A rule of eviction. Ranks are any numbers that order artifacts: the lowest is evicted first.
pub(crate) trait EvictionRule {
    fn used(&mut self, artifact: u32, of: ArtifactUse) -> u64;

    /// Its rank during the collection after `build`, for rules whose ranks rise with time by themselves.
    fn rank_now(&self, _artifact: u32, rank: u64, _build: u32) -> u64 {
        rank
    }

    fn evicted(&mut self, _rank: u64) {}

    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        if let Some(cap) = cap {
            store.evict_to(cap, build, self);
        }
    }
}

pub(crate) struct SimulatedStore<'a> {
    history: &'a History,
    stored: Vec<bool>,
    /// The number of stored dependents of each artifact.
    dependents: Vec<u32>,
    ranks: Vec<u64>,
    /// Rank, depth and artifact of what may be evicted, and rank and depth of each artifact that is among them.
    candidates: BTreeSet<(u64, u32, u32)>,
    places: Vec<Option<(u64, u32)>>,
    inherited: Vec<InheritedRank>,
    pass: u32,
    /// Candidates with an inherited rank, until the pass is over.
    reranked: Vec<u32>,
    pub(super) total: u64,
    pub(super) evicted_bytes: u64,
    pub(super) peak: u64,
}

#[derive(Clone, Copy, Default)]
struct InheritedRank {
    pass: u32,
    depth: u32,
    rank: u64,
}

impl<'a> SimulatedStore<'a> {
    pub(super) fn new(history: &'a History) -> SimulatedStore<'a> {
        let artifacts = history.artifacts();
        SimulatedStore {
            history,
            stored: vec![false; artifacts],
            dependents: vec![0; artifacts],
            ranks: vec![0; artifacts],
            candidates: BTreeSet::new(),
            places: vec![None; artifacts],
            inherited: vec![InheritedRank::default(); artifacts],
            pass: 1,
            reranked: Vec::new(),
            total: 0,
            evicted_bytes: 0,
            peak: 0,
        }
    }

    pub(super) fn has(&self, artifact: u32) -> bool {
        self.stored[artifact as usize]
    }

    fn may_be_evicted(&self, artifact: u32) -> bool {
        self.stored[artifact as usize] && self.dependents[artifact as usize] == 0
    }

    fn place(&mut self, artifact: u32, rank: u64, depth: u32) {
        self.displace(artifact);
        self.candidates.insert((rank, depth, artifact));
        self.places[artifact as usize] = Some((rank, depth));
    }

    fn displace(&mut self, artifact: u32) -> u32 {
        let Some((rank, depth)) = self.places[artifact as usize].take() else { return 0 };
        self.candidates.remove(&(rank, depth, artifact));
        depth
    }

    /// Stores an artifact that is not.
    pub(super) fn insert(&mut self, artifact: u32) {
        self.stored[artifact as usize] = true;
        self.total += self.history.bytes[artifact as usize];
        for &dependency in self.history.dependencies(artifact) {
            self.dependents[dependency as usize] += 1;
            self.displace(dependency);
        }
    }

    /// Sets the rank of a stored artifact. [`SimulatedStore::line_up`] puts it in order.
    pub(super) fn set_rank(&mut self, artifact: u32, rank: u64) {
        self.ranks[artifact as usize] = rank;
    }

    /// Puts artifacts whose rank has changed, or that were stored, in order.
    pub(super) fn line_up(&mut self, artifacts: &[u32]) {
        for &artifact in artifacts {
            if self.may_be_evicted(artifact) {
                self.place(artifact, self.ranks[artifact as usize], 0);
            }
        }
    }

    pub(super) fn build_ends(&mut self) {
        self.end_pass();
        self.peak = self.peak.max(self.total);
    }

    /// Ends a pass: inherited ranks count no longer.
    pub(super) fn end_pass(&mut self) {
        self.pass += 1;
        let reranked = std::mem::take(&mut self.reranked);
        self.line_up(&reranked);
    }

    /// The candidate that is evicted next, and its rank.
    pub(super) fn next(&self) -> Option<(u32, u64)> {
        self.candidates.first().map(|(rank, _, artifact)| (*artifact, *rank))
    }

    /// Evicts the lowest ranks until the others fit into `cap`, in one pass.
    pub(super) fn evict_to<P: EvictionRule + ?Sized>(&mut self, cap: u64, build: u32, policy: &mut P) {
        while self.total > cap
            && let Some((artifact, rank)) = self.next()
        {
            let now = policy.rank_now(artifact, rank, build);
            if now > rank {
                self.set_rank(artifact, now);
                let depth = self.displace(artifact);
                self.place(artifact, now, depth);
            } else {
                self.evict(artifact, rank);
                policy.evicted(rank);
            }
        }
        self.end_pass();
    }

    pub(super) fn evict(&mut self, artifact: u32, rank: u64) -> bool {
        if !self.may_be_evicted(artifact) {
            return false;
        }
        let depth = self.displace(artifact);
        self.stored[artifact as usize] = false;
        self.total -= self.history.bytes[artifact as usize];
        self.evicted_bytes += self.history.bytes[artifact as usize];
        for &dependency in self.history.dependencies(artifact) {
            let inherited = &mut self.inherited[dependency as usize];
            if inherited.pass != self.pass {
                *inherited = InheritedRank { pass: self.pass, depth: 0, rank: 0 };
            }
            inherited.depth = inherited.depth.max(depth + 1);
            inherited.rank = inherited.rank.max(rank);
            let inherited = *inherited;
            self.dependents[dependency as usize] -= 1;
            if self.may_be_evicted(dependency) {
                let rank = inherited.rank.max(self.ranks[dependency as usize]);
                self.place(dependency, rank, inherited.depth);
                self.reranked.push(dependency);
            }
        }
        true
    }
}
