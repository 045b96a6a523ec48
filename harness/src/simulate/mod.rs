//! Replays of a trace, and what they become in a run folder.
//!
//! The engine is the crate `simulation`; here is what was asked for, in which order it is
//! replayed, and the rows it becomes.
//!
//! - `asked`: lists of names to designs, retention policies and caps
//! - `reuse`: curves, relaxations, misses, commands
//! - `stores`: retention policies and growth
//! - `remote`: when fetching beats compiling
//! - `describe`: `run.json`
//! - `agreement`: simulated outcomes beside those that `compare` recorded; `identity`: unit by unit

pub mod agreement;
pub mod asked;
pub mod describe;
mod identity;
pub mod remote;
pub mod reuse;
pub mod stores;
