//! The command line: parses, calls and prints.
//!
//! A corpus and a scenario (crate `corpora`) are built under strategies (crate `strategies`) by an experiment (crate
//! `runner`), what is measured becomes records, and records become tables (crate `reports`).

mod ablate;
pub mod cli;
mod cmd;
mod collect;
mod doctor;
mod shard;
mod simulate;
