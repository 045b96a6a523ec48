//! Largest first.
//!
//! Keeps as many artifacts as it can, whatever they cost and whether anybody uses them. It
//! stands for "the big ones are to blame", and as a warning: what is small never leaves, so
//! the store silts up.

use super::flat::Flat;
use super::{Policy, Use};

/// Largest first.
pub struct Size<'a>(pub &'a Flat);

impl Policy for Size<'_> {
    fn used(&mut self, artifact: u32, _of: Use) -> u64 {
        u64::MAX - self.0.bytes[artifact as usize]
    }
}
