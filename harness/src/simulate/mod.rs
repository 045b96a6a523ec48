//! Replays of a trace, and their rows in a run folder. The engine is the crate `simulation`.

pub mod agreement;
pub mod describe;
pub mod remote;
pub mod reuse;
pub mod selection;
pub mod stores;
