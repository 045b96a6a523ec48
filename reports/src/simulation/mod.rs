//! Runs of `harness simulate`: unit graphs of many workspaces, replayed.
//!
//! - [`rows`]: the tables, a file each

pub mod rows;

pub use rows::{CurveRow, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow};
