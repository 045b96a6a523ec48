//! The real binary on real Cargo, on made-up crates without a network. What must not be disturbed by
//! other tests is in `timing` and `nightly`.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions; the helpers here are theirs")]

#[path = "../support/mod.rs"]
mod support;

mod ablate;
mod bad_input;
#[cfg(target_os = "linux")]
mod cargo_home;
mod collected;
mod compare;
mod contention;
mod doctor;
#[cfg(target_os = "linux")]
mod external;
mod observer;
mod output;
mod probe;
mod report;
mod run;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod sandboxed;
mod scenarios;
mod series;
mod shards;
mod simulate;
mod store;
mod trace;
#[cfg(target_os = "linux")]
mod volume;
