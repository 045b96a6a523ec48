//! Planning, restoring and publishing beside the real Cargo, and stores used by many at once.
#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod damage;
mod dup;
mod identity;
mod options;
mod store;
mod support;
