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

use super::EvictionRule;
use super::flat::FlatHistory;
use super::heap::{self, Heap};

/// The state of a store during a replay.
pub struct SimulatedStore<'a> {
    flat: &'a FlatHistory,
    stored: Vec<bool>,
    /// The number of stored dependents of each artifact.
    dependents: Vec<u32>,
    /// The rank that the policy gave last.
    ranks: Vec<u64>,
    candidates: Heap,
    inherited: Vec<InheritedRank>,
    pass: u32,
    /// Candidates with an inherited rank, until the pass is over.
    reranked: Vec<u32>,
    total: u64,
    evicted_bytes: u64,
    peak: u64,
}

/// What evicted dependents passed on in a pass.
#[derive(Clone, Copy, Default)]
struct InheritedRank {
    pass: u32,
    depth: u32,
    rank: u64,
}

impl<'a> SimulatedStore<'a> {
    /// An empty store.
    pub fn new(flat: &'a FlatHistory) -> SimulatedStore<'a> {
        let artifacts = flat.artifacts();
        SimulatedStore {
            flat,
            stored: vec![false; artifacts],
            dependents: vec![0; artifacts],
            ranks: vec![0; artifacts],
            candidates: Heap::new(artifacts),
            inherited: vec![InheritedRank::default(); artifacts],
            pass: 1,
            reranked: Vec::new(),
            total: 0,
            evicted_bytes: 0,
            peak: 0,
        }
    }

    /// Whether an artifact is stored.
    pub fn has(&self, artifact: u32) -> bool {
        self.stored[artifact as usize]
    }

    /// Whether an artifact is stored and none of its dependents is.
    pub fn may_be_evicted(&self, artifact: u32) -> bool {
        self.stored[artifact as usize] && self.dependents[artifact as usize] == 0
    }

    /// Bytes of all stored artifacts.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes evicted so far.
    pub fn evicted_bytes(&self) -> u64 {
        self.evicted_bytes
    }

    /// The most bytes at the end of any build so far.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Stores an artifact that is not.
    pub(super) fn insert(&mut self, artifact: u32) {
        self.stored[artifact as usize] = true;
        self.total += self.flat.bytes[artifact as usize];
        for &dependency in self.flat.dependencies(artifact) {
            self.dependents[dependency as usize] += 1;
            if self.dependents[dependency as usize] == 1 {
                self.candidates.remove(dependency);
            }
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
                self.candidates.set(heap::key_of(self.ranks[artifact as usize], 0, artifact));
            }
        }
    }

    /// A build and its collection are over.
    pub(super) fn build_ends(&mut self) {
        self.end_pass();
        self.peak = self.peak.max(self.total);
    }

    /// Ends a pass: inherited ranks count no longer.
    pub fn end_pass(&mut self) {
        self.pass += 1;
        for artifact in std::mem::take(&mut self.reranked) {
            self.line_up(&[artifact]);
        }
    }

    /// The candidate that is evicted next, and its rank.
    pub fn next(&self) -> Option<(u32, u64)> {
        self.candidates.first().map(|key| (heap::artifact(key), heap::rank(key)))
    }

    /// Evicts the lowest ranks until the others fit into `cap`, in one pass.
    pub fn evict_to<P: EvictionRule + ?Sized>(&mut self, cap: u64, build: u32, policy: &mut P) {
        while self.total > cap
            && let Some((artifact, rank)) = self.next()
        {
            let now = policy.rank_now(artifact, rank, build);
            if now > rank {
                let depth = self.candidates.get(artifact).map_or(0, heap::depth);
                self.set_rank(artifact, now);
                self.candidates.set(heap::key_of(now, depth, artifact));
            } else {
                self.evict(artifact, rank);
                policy.evicted(artifact, rank);
            }
        }
        self.end_pass();
    }

    /// Evicts a candidate at a rank. Returns whether it was one.
    pub fn evict(&mut self, artifact: u32, rank: u64) -> bool {
        if !self.may_be_evicted(artifact) {
            return false;
        }
        let depth = self.candidates.get(artifact).map_or(0, heap::depth);
        self.candidates.remove(artifact);
        self.stored[artifact as usize] = false;
        self.total -= self.flat.bytes[artifact as usize];
        self.evicted_bytes += self.flat.bytes[artifact as usize];
        for &dependency in self.flat.dependencies(artifact) {
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
                self.candidates.set(heap::key_of(rank, inherited.depth, dependency));
                self.reranked.push(dependency);
            }
        }
        true
    }
}
