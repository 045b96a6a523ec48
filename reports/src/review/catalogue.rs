//! The catalogue of open questions: their texts are in `catalogue.toml`, their answers in `answers`.
//!
//! One more question is an entry there and a function in `answers`, which returns the states of its evidence in the
//! order of the entry.

use std::sync::LazyLock;

use serde::Deserialize;

use super::command::EvidenceSource;

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
