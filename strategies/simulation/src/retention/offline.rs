//! What knows the future: two policies to measure the others by.
//!
//! - `offline-belady`: what is asked for again furthest in the future goes first, what never is
//!   asked for before all (Belady, "A study of replacement algorithms for a virtual-storage
//!   computer", 1966). Where all artifacts have one size and one cost and none is made from
//!   another, nothing reuses more; a test holds it to an exhaustive search. With sizes that
//!   differ it is a heuristic: it keeps 100 MB for a second's gain if that comes soon.
//! - `offline-value`: what saves least for the room it will take goes first: seconds ÷ (bytes ×
//!   builds until the next lookup), as of now. A heuristic always; the bound of [`super::bound`]
//!   ranks intervals in the same way, so the two show how much is left to gain.
//!
//! Both know what a build has by itself is no lookup: keeping it for that saves nothing.

use super::flat::{Flat, NEVER};
use super::{Policy, Use};

/// Furthest in the future first.
pub struct Belady;

impl Policy for Belady {
    fn used(&mut self, _artifact: u32, of: Use) -> u64 {
        u64::from(NEVER - of.next)
    }
}

/// Least saved for its room first.
pub struct Value<'a> {
    flat: &'a Flat,
    next: Vec<u32>,
}

impl<'a> Value<'a> {
    /// For a history.
    pub fn new(flat: &'a Flat) -> Value<'a> {
        Value { flat, next: vec![NEVER; flat.artifacts()] }
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

impl Policy for Value<'_> {
    fn used(&mut self, artifact: u32, of: Use) -> u64 {
        self.next[artifact as usize] = of.next;
        self.rank(artifact, of.build)
    }

    fn rank_now(&self, artifact: u32, _rank: u64, build: u32) -> u64 {
        self.rank(artifact, build)
    }
}
