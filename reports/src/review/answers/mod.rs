//! A function for each open question: from the evidence at hand to an answer.
//!
//! Each returns the states of its evidence in the order of the catalogue.

pub(super) mod artifacts;
pub(super) mod reuse;
pub(super) mod sharing;
pub(super) mod store;
pub(super) mod trust;

use super::answer::Answer;
use super::evidence::Evidence;

/// The answers, in the order of the catalogue.
pub(super) const ANSWERS: [fn(&Evidence<'_>) -> Answer; 21] = [
    reuse::eligibility,
    reuse::between_projects,
    reuse::key_inputs,
    artifacts::place,
    artifacts::link_mode,
    artifacts::store_shape,
    artifacts::hashing,
    trust::locking,
    sharing::pipelining,
    store::retention,
    store::collection_race,
    trust::build_scripts,
    trust::proc_macros,
    trust::freshness,
    store::clean,
    sharing::profiles,
    sharing::worktrees,
    sharing::remote,
    artifacts::location,
    store::growth,
    sharing::order,
];
