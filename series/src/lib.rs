//! Runs over time.

pub mod change;
