//! Whole builds: build-snapshot roots.
//!
//! A root is the last build of one command in one workspace, with everything it used. A store over its limit first
//! evicts all that no root reaches (what earlier builds of the same command left), then whole roots, the one built
//! least recently first, until it fits. An artifact is reached by a root that used it, and by its reached dependents.
//!
//! A build then hits all of what its last run stored, or nothing: half a snapshot saves less than its size suggests if
//! the missing half is the critical path. A build that is larger than the limit leaves nothing, and what a branch
//! switch goes back to is garbage as soon as the store is full.

use super::flat::{FlatBuild, FlatHistory, NEVER};
use super::store::SimulatedStore;
use super::{ArtifactUse, EvictionRule};

pub(super) struct WholeBuilds<'a> {
    flat: &'a FlatHistory,
    /// The number of roots that used each artifact.
    rooted: Vec<u32>,
    /// The build that is each command's root, or [`NEVER`].
    roots: Vec<u32>,
    /// Every root is this build or a later one.
    oldest: u32,
    /// Artifacts that a root has released since the last sweep.
    loose: Vec<u32>,
}

impl<'a> WholeBuilds<'a> {
    pub(super) fn new(flat: &'a FlatHistory) -> WholeBuilds<'a> {
        let roots = vec![NEVER; flat.commands as usize];
        WholeBuilds { flat, rooted: vec![0; flat.artifacts()], roots, oldest: 0, loose: Vec::new() }
    }

    fn uses(&self, build: FlatBuild) -> &'a [u32] {
        &self.flat.uses[build.start as usize..build.end as usize]
    }

    fn release(&mut self, build: u32) {
        for &artifact in self.uses(self.flat.builds[build as usize]) {
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
                self.loose.extend(self.flat.dependencies(artifact));
            }
        }
    }
}

impl EvictionRule for WholeBuilds<'_> {
    fn used(&mut self, _artifact: u32, _of: ArtifactUse) -> u64 {
        0
    }

    fn collect(&mut self, store: &mut SimulatedStore<'_>, build: u32, cap: Option<u64>) {
        let built = self.flat.builds[build as usize];
        for &artifact in self.uses(built) {
            self.rooted[artifact as usize] += 1;
        }
        let before = std::mem::replace(&mut self.roots[built.command as usize], build);
        if before != NEVER {
            self.release(before);
        }
        let Some(cap) = cap else {
            self.loose.clear();
            return;
        };
        if store.total() > cap {
            self.sweep(store);
        }
        while store.total() > cap && self.oldest <= build {
            let oldest = self.oldest;
            let command = self.flat.builds[oldest as usize].command as usize;
            if self.roots[command] == oldest {
                self.roots[command] = NEVER;
                self.release(oldest);
                self.sweep(store);
            }
            self.oldest += 1;
        }
    }
}
