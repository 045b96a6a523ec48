//! One file a subcommand.

pub mod ablate;
pub mod common;
pub mod compare;
pub mod corpus;
pub mod doctor;
pub mod merge;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod series;
pub mod simulate;
pub mod store;
pub mod strategies;
pub mod tool;
pub mod trace;
