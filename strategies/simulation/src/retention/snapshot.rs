//! Whole builds: build-snapshot roots.
//!
//! A root is the last build of one command in one workspace, with everything it used. A store
//! over its limit first lets go of all that no root reaches (what earlier builds of the same
//! command left behind), then of whole roots, the one built least recently first, until it fits.
//! An artifact is reached by a root that used it, and by anything reached that was made from it.
//!
//! A build then finds all of what its last run left, or nothing: half a snapshot saves less than
//! its size suggests if the missing half is the critical path. The price is coarseness. A build
//! that is larger than the limit leaves nothing, and what a branch switch goes back to is garbage
//! the moment the store is full.

use super::flat::{Flat, FlatBuild, NEVER};
use super::store::Store;
use super::{Policy, Use};

/// Whole builds.
pub struct Snapshot<'a> {
    flat: &'a Flat,
    /// How many roots used each artifact.
    rooted: Vec<u32>,
    /// The build that is each command's root, or [`NEVER`].
    roots: Vec<u32>,
    /// Every root is this build or a later one.
    oldest: u32,
    /// Artifacts that some root has let go of since the last look.
    loose: Vec<u32>,
}

impl<'a> Snapshot<'a> {
    /// For a history.
    pub fn new(flat: &'a Flat) -> Snapshot<'a> {
        let roots = vec![NEVER; flat.commands as usize];
        Snapshot { flat, rooted: vec![0; flat.artifacts()], roots, oldest: 0, loose: Vec::new() }
    }

    fn uses(&self, build: FlatBuild) -> &'a [u32] {
        &self.flat.uses[build.start as usize..build.end as usize]
    }

    fn let_go(&mut self, build: u32) {
        for &artifact in self.uses(self.flat.builds[build as usize]) {
            let roots = &mut self.rooted[artifact as usize];
            *roots -= 1;
            if *roots == 0 {
                self.loose.push(artifact);
            }
        }
    }

    /// Evicts what no root reaches.
    fn sweep(&mut self, store: &mut Store<'_>) {
        while let Some(artifact) = self.loose.pop() {
            if self.rooted[artifact as usize] == 0 && store.evict(artifact, 0) {
                self.loose.extend(self.flat.below(artifact));
            }
        }
    }
}

impl Policy for Snapshot<'_> {
    fn used(&mut self, _artifact: u32, _of: Use) -> u64 {
        0
    }

    fn collect(&mut self, store: &mut Store<'_>, build: u32, cap: Option<u64>) {
        let built = self.flat.builds[build as usize];
        for &artifact in self.uses(built) {
            self.rooted[artifact as usize] += 1;
        }
        let before = std::mem::replace(&mut self.roots[built.command as usize], build);
        if before != NEVER {
            self.let_go(before);
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
                self.let_go(oldest);
                self.sweep(store);
            }
            self.oldest += 1;
        }
    }
}
