//! What is done to one tree must not reach the store or another tree.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "isolation",
    about: "What is done to one tree must not reach the store or another tree.",
    alone: false,
    probes: &[],
};
