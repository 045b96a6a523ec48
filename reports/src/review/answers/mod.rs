//! A file for each open question: what the evidence at hand has to say to it.
//!
//! In: [`super::Evidence`]. Out: an [`super::answer::Answer`]. The first lines of each file
//! say which evidence is looked for and where it would come from.

pub(super) mod build_scripts;
pub(super) mod clean;
pub(super) mod collection_race;
pub(super) mod eligibility;
pub(super) mod freshness;
pub(super) mod growth;
pub(super) mod hashing;
pub(super) mod key_inputs;
pub(super) mod link_mode;
pub(super) mod location;
pub(super) mod locking;
pub(super) mod order;
pub(super) mod pipelining;
pub(super) mod place;
pub(super) mod proc_macros;
pub(super) mod profiles;
pub(super) mod remote;
pub(super) mod retention;
pub(super) mod reuse;
pub(super) mod store_shape;
pub(super) mod worktrees;
