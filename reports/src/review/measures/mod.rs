//! The number that decides each question, from the runs at hand: a function for each, in the order of the catalogue.

mod key;
pub(in crate::review) mod probed;
mod store;
mod work;

use super::evidence::Evidence;
use super::measure::Measure;

pub(super) const MEASURES: [fn(&Evidence<'_>) -> Vec<Measure>; 21] = [
    key::eligibility,
    key::reuse,
    key::inputs,
    store::place,
    store::link_mode,
    store::shape,
    store::hashing,
    work::locking,
    work::pipelining,
    store::retention,
    probed::collection,
    key::build_scripts,
    key::proc_macros,
    work::freshness,
    store::clean,
    work::profiles,
    work::worktrees,
    work::remote,
    store::location,
    store::growth,
    work::order,
];
