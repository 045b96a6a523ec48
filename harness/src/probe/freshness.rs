//! What was restored must stay fresh, for everyone who shares the store.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "freshness",
    about: "What was restored must stay fresh, for everyone who shares the store.",
    alone: false,
    probes: &[],
};
