//! Reuse and retention at the scale of many workspaces.
//!
//! Unit graphs can be computed without compiling anything. A [`trace`] holds those of a whole corpus; the rest of the
//! crate replays it.

pub mod cost;
pub mod history;
pub mod keys;
pub mod remote;
pub mod replay;
pub mod retention;
pub mod reuse;
pub mod statistics;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod trace;

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::SeedableRng as _;

/// The random numbers of one thing among many that share a seed, independent of what else is drawn.
pub(crate) fn random_stream(seed: u64, thing: u64) -> Xoshiro256StarStar {
    Xoshiro256StarStar::seed_from_u64(seed ^ thing.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}
