//! Events, replayed.

mod machine;
mod sources;

pub use machine::{ArtifactKey, NodeStatus, SimulatedMachine, StoreReplay, UnitOutcome};
