//! Kills, damage, and disks that are full, foreign or read-only: builds stay right.

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    name: "faults",
    about: "Kills, damage, and disks that are full, foreign or read-only: builds stay right.",
    alone: true,
    probes: &[],
};
