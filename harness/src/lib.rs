//! Runs the experiment.
//!
//! ```text
//! cli          what can be asked for
//! cmd          one file a subcommand
//! experiment   schedule → arms → steps → measured builds → records
//! probe        stories with an expected end → which designs can give a wrong build
//! simulate     a trace of many workspaces, replayed
//! collect      the unit graphs of whole corpora → a trace
//! guard        waits, or ends a run resumably, before disk, memory or numbers suffer
//! doctor       what this machine has and lacks, found out before a run
//! shard        a run in parts, for several machines
//! quantity     sizes and times as users type them
//! system       the places where processes and the operating system are touched
//! ```
//!
//! Data flows one way: a corpus and a scenario (crate `corpora`) are built under strategies
//! (crate `strategies`) inside a trial, what is measured becomes records, and records become
//! tables (crate `reports`).

pub mod cli;
pub mod cmd;
pub mod collect;
pub mod doctor;
pub mod experiment;
pub mod guard;
pub mod probe;
pub mod quantity;
pub mod shard;
pub mod simulate;
pub mod system;
