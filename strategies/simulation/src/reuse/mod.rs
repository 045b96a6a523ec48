//! How much workspaces could reuse of each other.
//!
//! Every workspace is built once, nothing was built before, and a store keeps everything. The mean over all orders of
//! workspaces needs no replay: whether an artifact is stored depends only on how many workspaces have it. Bands do need
//! orders, which are drawn.

mod curve;
mod misses;
mod sharing;
mod tally;

pub use curve::{Band, CurvePoint, bands, curve, grid};
pub use misses::{MissSum, misses};
pub use sharing::{CommandSharing, sharing};
pub use tally::{KeyTally, Portfolio, ReuseTotals};
