//! One unit may have been built twice with different bytes: they must not be mixed.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "identity",
    about: "One unit may have been built twice with different bytes: they must not be mixed.",
    alone: false,
    probes: &[],
};
