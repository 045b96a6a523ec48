//! One file per kind of source. Each fills an empty stage directory with a `tree`.

pub(crate) mod git;
pub(crate) mod path;
pub(crate) mod registry;
