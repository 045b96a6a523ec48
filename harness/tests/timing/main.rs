//! Runs that are killed, interrupted or stopped at a given moment: waits and limits count here.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions; the helpers here are theirs")]

#[path = "../support/mod.rs"]
mod support;

mod guards;
mod interrupt;
mod killed;
