//! A function for each open question: from the evidence at hand to an answer.
//!
//! Each returns the states of its evidence in the order of the catalogue.

pub(super) mod artifacts;
pub(super) mod reuse;
pub(super) mod sharing;
pub(super) mod store;
pub(super) mod trust;
