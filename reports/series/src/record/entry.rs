//! A run as a series keeps it.

use std::sync::Arc;

/// Which command made a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// `harness compare`.
    #[default]
    Compare,
    /// `harness probe`.
    Probe,
}

impl Kind {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Compare => "compare",
            Kind::Probe => "probe",
        }
    }

    /// What [`Kind::as_str`] made.
    pub fn parse(text: &str) -> Option<Self> {
        [Kind::Compare, Kind::Probe].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A run: under which conditions, and what came out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// Name of the run.
    pub name: String,
    /// What it is a run of.
    pub kind: Kind,
    /// BLAKE3 of its tables, in hexadecimal.
    pub digest: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// What two runs must have in common to stand in one track, see [`super::line()`].
    pub line: String,
    /// Name of the corpus.
    pub corpus: String,
    /// First line of `rustc -vV`.
    pub toolchain: String,
    /// Kernel name and release.
    pub kernel: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The strategy that others are compared with.
    pub baseline: String,
    /// Names of the strategies, separated by commas.
    pub strategies: String,
    /// Rows of its table.
    pub rows: u64,
    /// Of them, rows that count.
    pub ok_rows: u64,
    /// One for each step, strategy and workspace, and for all workspaces together.
    pub points: Vec<Point>,
    /// One for each probe and strategy.
    pub probes: Vec<ProbePoint>,
}

/// What a track is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the step.
    pub step: String,
    /// Name of the workspace; empty for all together.
    pub workspace: String,
    /// Name of the strategy.
    pub strategy: String,
}

/// What one run says on one track; what was not measured is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Point {
    /// The track.
    pub key: Arc<Key>,
    /// Pairs behind `log_ratio`; for the baseline, its valid rows.
    pub pairs: u32,
    /// Natural logarithm of wall time ÷ that of the baseline in the same round: median over rounds;
    /// over all workspaces, the mean of those. `None` for the baseline itself.
    pub log_ratio: Option<f64>,
    /// Standard deviation of the log ratio between rounds.
    pub spread: Option<f64>,
    /// Wall seconds, median over rounds; over all workspaces, their sum.
    pub wall_s: Option<f64>,
    /// Hits ÷ units; over all workspaces, the mean.
    pub hit_rate: Option<f64>,
    /// As `hit_rate`, weighed by compile seconds.
    pub by_cost: Option<f64>,
    /// Units Cargo ran; over all workspaces, the sum.
    pub compiled: Option<f64>,
    /// Physical bytes of store and build directories after the step; `None` over all workspaces.
    pub physical_bytes: Option<f64>,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ProbePoint {
    /// Name of the probe.
    pub probe: String,
    /// Name of the strategy.
    pub strategy: String,
    /// `pass`, `fail`, `n/a`, `error`.
    pub verdict: String,
}
