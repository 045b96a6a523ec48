//! A simulated store: what is in it, what may go, and in which order.
//!
//! Nothing goes from below something that was made from it, as in the real store
//! (`strategies::retention`). There, a collection sorts all entries by worth, where an entry is
//! worth at least as much as anything above it, then by its depth below the top, and evicts from
//! the front. Here the same order comes out one at a time in O(log n):
//!
//! - candidates are the artifacts of which no dependent is stored; among all that are left, the
//!   first of the sorted order is always one of them;
//! - when an artifact goes, it hands its worth and its depth + 1 to what it was made from; the
//!   last dependent to go makes that a candidate, and by then the greatest of both has arrived;
//! - what was handed down counts until the end of the pass: the next collection looks afresh at
//!   what is left, where those dependents are no more.

use super::Policy;
use super::flat::Flat;
use super::heap::{self, Heap};

/// The state of a store during a replay.
pub struct Store<'a> {
    flat: &'a Flat,
    stored: Vec<bool>,
    /// How many stored artifacts were made from each.
    dependents: Vec<u32>,
    /// What the policy said last.
    ranks: Vec<u64>,
    candidates: Heap,
    handed: Vec<Handed>,
    pass: u32,
    /// Candidates that stand elsewhere than their own rank says, until the pass is over.
    elsewhere: Vec<u32>,
    total: u64,
    evicted_bytes: u64,
    peak: u64,
}

/// What evicted dependents handed down in a pass.
#[derive(Clone, Copy, Default)]
struct Handed {
    pass: u32,
    depth: u32,
    rank: u64,
}

impl<'a> Store<'a> {
    /// An empty store.
    pub fn new(flat: &'a Flat) -> Store<'a> {
        let artifacts = flat.artifacts();
        Store {
            flat,
            stored: vec![false; artifacts],
            dependents: vec![0; artifacts],
            ranks: vec![0; artifacts],
            candidates: Heap::new(artifacts),
            handed: vec![Handed::default(); artifacts],
            pass: 1,
            elsewhere: Vec::new(),
            total: 0,
            evicted_bytes: 0,
            peak: 0,
        }
    }

    /// Whether an artifact is stored.
    pub fn has(&self, artifact: u32) -> bool {
        self.stored[artifact as usize]
    }

    /// Whether an artifact is stored and nothing that was made from it is.
    pub fn may_go(&self, artifact: u32) -> bool {
        self.stored[artifact as usize] && self.dependents[artifact as usize] == 0
    }

    /// Bytes of all that is stored.
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
        for &below in self.flat.below(artifact) {
            self.dependents[below as usize] += 1;
            if self.dependents[below as usize] == 1 {
                self.candidates.remove(below);
            }
        }
    }

    /// Notes what a stored artifact is worth from now on. [`Store::line_up`] puts it in its place.
    pub(super) fn set_rank(&mut self, artifact: u32, rank: u64) {
        self.ranks[artifact as usize] = rank;
    }

    /// Puts artifacts whose rank has changed, or that were stored, in their places.
    pub(super) fn line_up(&mut self, artifacts: &[u32]) {
        for &artifact in artifacts {
            if self.may_go(artifact) {
                self.candidates.set(heap::place(self.ranks[artifact as usize], 0, artifact));
            }
        }
    }

    /// A build and its collection are over.
    pub(super) fn build_ends(&mut self) {
        self.end_pass();
        self.peak = self.peak.max(self.total);
    }

    /// Ends a pass: what evicted artifacts handed down counts no longer.
    pub fn end_pass(&mut self) {
        self.pass += 1;
        for artifact in std::mem::take(&mut self.elsewhere) {
            self.line_up(&[artifact]);
        }
    }

    /// The candidate that goes next, with the rank by which it stands there.
    pub fn next(&self) -> Option<(u32, u64)> {
        self.candidates.first().map(|place| (heap::artifact(place), heap::rank(place)))
    }

    /// Evicts the least worthy until the rest fits into `cap`, in one pass.
    pub fn evict_to<P: Policy + ?Sized>(&mut self, cap: u64, build: u32, policy: &mut P) {
        while self.total > cap
            && let Some((artifact, rank)) = self.next()
        {
            let now = policy.rank_now(artifact, rank, build);
            if now > rank {
                let depth = self.candidates.get(artifact).map_or(0, heap::depth);
                self.set_rank(artifact, now);
                self.candidates.set(heap::place(now, depth, artifact));
            } else {
                self.evict(artifact, rank);
                policy.evicted(artifact, rank);
            }
        }
        self.end_pass();
    }

    /// Evicts a candidate that goes at a rank. Returns whether it was one.
    pub fn evict(&mut self, artifact: u32, rank: u64) -> bool {
        if !self.may_go(artifact) {
            return false;
        }
        let depth = self.candidates.get(artifact).map_or(0, heap::depth);
        self.candidates.remove(artifact);
        self.stored[artifact as usize] = false;
        self.total -= self.flat.bytes[artifact as usize];
        self.evicted_bytes += self.flat.bytes[artifact as usize];
        for &below in self.flat.below(artifact) {
            let handed = &mut self.handed[below as usize];
            if handed.pass != self.pass {
                *handed = Handed { pass: self.pass, depth: 0, rank: 0 };
            }
            handed.depth = handed.depth.max(depth + 1);
            handed.rank = handed.rank.max(rank);
            let handed = *handed;
            self.dependents[below as usize] -= 1;
            if self.may_go(below) {
                self.elsewhere(below, handed.rank.max(self.ranks[below as usize]), handed.depth);
            }
        }
        true
    }

    /// Lets a candidate stand at another place until the end of the pass.
    fn elsewhere(&mut self, artifact: u32, rank: u64, depth: u32) {
        self.candidates.set(heap::place(rank, depth, artifact));
        self.elsewhere.push(artifact);
    }
}
