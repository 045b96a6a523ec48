//! Large graphs, long and strange paths: planning and restoring stay cheap and right.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "cost",
    about: "Large graphs, long and strange paths: planning and restoring stay cheap and right.",
    alone: true,
    probes: &[],
};
