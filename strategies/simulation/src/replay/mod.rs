//! Events, played again.
//!
//! - `sources`: what edits change: which units read which files
//! - `machine`: build directories and sources of all workspaces; what each build asks a store for
//! - `history`: the whole trace as the artifacts it makes and uses
//! - `store`: a store without limits, for the outcome of each unit

mod history;
mod machine;
mod sources;
mod store;

pub use machine::{ArtifactKey, Machine, Standing};
pub use store::{Outcome, Replay};
