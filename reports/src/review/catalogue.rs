//! The catalogue of open questions: their texts are in `catalogue.toml`, their answers in `answers`.
//!
//! One more question is an entry there and a function here, which returns the states of its evidence in the
//! order of the entry.

use std::sync::LazyLock;

use serde::Deserialize;

use super::answer::Answer;
use super::answers::{artifacts, reuse, sharing, store, trust};
use super::command::EvidenceSource;
use super::evidence::Evidence;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenQuestion {
    pub id: String,
    pub name: String,
    pub asks: String,
    /// Positions taken in the discussions.
    pub positions: String,
    /// What would answer it.
    pub evidence: Vec<WantedEvidence>,
    /// What its evidence does not support, once there is any.
    #[serde(default)]
    pub caveats: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WantedEvidence {
    pub what: String,
    #[serde(flatten)]
    pub source: EvidenceSource,
}

/// All questions, in order.
pub(super) static QUESTIONS: LazyLock<Vec<OpenQuestion>> = LazyLock::new(|| {
    #[derive(Default, Deserialize)]
    struct Catalogue {
        question: Vec<OpenQuestion>,
    }
    // A test reads it, so that it is never found wanting here.
    toml::from_str::<Catalogue>(include_str!("catalogue.toml")).unwrap_or_default().question
});

/// The answers, in the order of [`QUESTIONS`].
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
