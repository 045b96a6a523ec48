//! A row of `probes.csv`: one probe under one strategy.

use serde::{Deserialize, Serialize};

/// How a probe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As expected.
    Pass,
    /// A wrong build, a needless one, or lost work.
    Fail,
    /// The story cannot be told of this strategy, on this machine, or to an end.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// The harness could not tell the story: nothing is known of the strategy.
    Error,
}

impl Verdict {
    /// As it is written: `pass`, `fail`, `n/a`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::NotApplicable => "n/a",
            Verdict::Error => "error",
        }
    }
}

/// A row of `probes.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRow {
    /// Name of the run.
    pub run: String,
    /// Family: `stale`, `freshness`, `identity`, `isolation`, `faults`, `races`, `cost`.
    pub family: String,
    /// Name of the probe.
    pub probe: String,
    /// The expected end: `rebuild`, `reuse` or `survive`.
    pub expects: String,
    /// Where the story comes from: a link, or several separated by spaces.
    pub origin: String,
    /// Strategy by name.
    pub strategy: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What was wrong, why it is not applicable, or what kept the harness from telling it; empty for `pass`.
    pub detail: String,
    /// For a failure that is a known property of the strategy: where that is explained.
    pub known: String,
    /// How often the story was told; failures of other people's tools are repeated.
    pub attempts: u32,
    /// Seconds for all attempts.
    pub wall_s: f64,
}

impl ProbeRow {
    /// Columns of `probes.csv`, in order. New ones are appended.
    pub const COLUMNS: &'static [&'static str] = &[
        "run", "family", "probe", "expects", "origin", "strategy", "verdict", "detail", "known", "attempts", "wall_s",
    ];
}
