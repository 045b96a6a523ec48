//! By age, as Cargo's own collection of its home directory does.
//!
//! What neither it nor anything above it was used within [`DAYS`] days goes, whatever the size
//! of the store. With a size limit as well, the least recently used of the rest go until the
//! store fits, then what was kept only for an artifact that is gone now: the order of
//! `strategies::retention::Limits`. It is looked at after every build; Cargo looks once a day.

use super::flat::Flat;
use super::store::Store;
use super::{Policy, Use};

/// Longest time since the last use, days.
pub const DAYS: u32 = 30;

const SECONDS: u32 = DAYS * 24 * 60 * 60;

/// By age, then least recently used.
pub struct Age<'a>(pub &'a Flat);

impl Age<'_> {
    fn evict_old(&self, store: &mut Store<'_>, build: u32) {
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

impl Policy for Age<'_> {
    fn used(&mut self, _artifact: u32, of: Use) -> u64 {
        u64::from(of.build)
    }

    fn collect(&mut self, store: &mut Store<'_>, build: u32, cap: Option<u64>) {
        self.evict_old(store, build);
        if let Some(cap) = cap {
            store.evict_to(cap, build, self);
            self.evict_old(store, build);
        }
    }
}
