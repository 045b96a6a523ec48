//! What this machine has and lacks for a sound comparison, found out before a run.
//!
//! | file | its one idea |
//! |---|---|
//! | [`facts`] | asks the machine: what can be tried is tried, not looked up |
//! | [`layout`] | whether a Cargo gives every unit a directory of its own, on a made-up package |
//! | [`noise`] | a short A/A: how much a thing differs from itself here |
//! | [`grade`] | facts → findings, each `ok`, `warning` or `missing`, with the remedy |
//! | [`render`] | findings as text |
//!
//! Only [`facts`] and what it calls touch the machine; the rest are pure functions.

pub mod facts;
pub mod grade;
pub mod layout;
pub mod noise;
pub mod render;

use serde::Serialize;

/// How a finding is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but limits what can be measured or how well.
    Warning,
    /// Not there.
    Missing,
}

impl Level {
    /// The word shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Missing => "missing",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its grade.
    pub level: Level,
    /// What it is about, in a word or two.
    pub topic: &'static str,
    /// What was found.
    pub text: String,
    /// What to do about it; nothing for what is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Whether nothing can be compared before this is remedied.
    pub required: bool,
}

/// All findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Whether a comparison can be run.
    pub ready: bool,
    /// Line by line.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Ready unless something required is missing.
    pub fn of(findings: Vec<Finding>) -> Diagnosis {
        Diagnosis { ready: !findings.iter().any(Finding::blocks), findings }
    }
}

impl Finding {
    /// Whether this keeps every comparison from running.
    pub fn blocks(&self) -> bool {
        self.required && self.level == Level::Missing
    }
}
