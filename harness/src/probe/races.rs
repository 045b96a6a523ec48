//! Several builds and a collection at once: builds stay right.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "races",
    about: "Several builds and a collection at once: builds stay right.",
    alone: true,
    probes: &[],
};
