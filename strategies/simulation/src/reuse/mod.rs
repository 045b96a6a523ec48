//! How much workspaces could reuse of each other.
//!
//! Everybody builds once, nothing was built before, and a store keeps everything. Of what then
//! is reused, the mean over all orders of workspaces needs no replay: whether an artifact is
//! there depends only on how many workspaces have it. Bands do need orders, and are drawn.
//!
//! - `portfolio`: which plan of each workspace takes part
//! - `tally`: how many workspaces have each key, and what is made once or several times
//! - `curve`: what the n-th workspace reuses
//! - `orders`: seeded random orders, and how far single ones are off the mean
//! - `misses`: why units find no twin anywhere
//! - `sharing`: what one command finds of another in the same workspace

mod curve;
mod misses;
mod orders;
mod portfolio;
mod sharing;
mod tally;

pub use curve::{Point, curve, grid};
pub use misses::{Miss, misses};
pub use orders::{Band, bands};
pub use portfolio::Portfolio;
pub use sharing::{Sharing, sharing};
pub use tally::{Tally, Totals};
