//! Runs the experiment.
//!
//! ```text
//! cli          what can be asked for
//! cmd          one file a subcommand
//! simulate     a trace of many workspaces, replayed
//! collect      the unit graphs of whole corpora → a trace
//! doctor       what this machine has and lacks, found out before a run
//! ```
//!
//! Data flows one way: a corpus and a scenario (crate `corpora`) are built under strategies
//! (crate `strategies`) inside a trial, what is measured becomes records, and records become
//! tables (crate `reports`).

pub mod cli;
pub mod cmd;
pub mod collect;
pub(crate) mod doctor;
pub mod shard;
pub mod simulate;
