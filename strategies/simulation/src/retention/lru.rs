//! Least recently used.
//!
//! What was not used for longest goes first; the rank is the number of the build that used it
//! last. This is what `harness store collect --max-size` does: a test holds the two to the same
//! evictions.

use super::{Policy, Use};

/// Least recently used.
pub struct Lru;

impl Policy for Lru {
    fn used(&mut self, _artifact: u32, of: Use) -> u64 {
        u64::from(of.build)
    }
}
