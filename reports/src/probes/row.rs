//! A row of `probes.csv`: one probe under one strategy.

use serde::{Deserialize, Serialize};

use crate::words::{distinct, gathered, listed};

/// How a probe ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeVerdict {
    /// As expected.
    Pass,
    /// A wrong build, a needless one, or lost work.
    Fail,
    /// The probe says nothing of this strategy, or cannot be run on this machine.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// The harness could not run the probe: nothing is known of the strategy.
    #[default]
    Error,
}

impl ProbeVerdict {
    /// The word in the column: `pass`, `fail`, `n/a`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            ProbeVerdict::Pass => "pass",
            ProbeVerdict::Fail => "fail",
            ProbeVerdict::NotApplicable => "n/a",
            ProbeVerdict::Error => "error",
        }
    }
}

/// A row of `probes.csv`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeRow {
    /// Name of the run.
    pub run: String,
    /// Family: `stale`, `freshness`, `identity`, `isolation`, `faults`, `races`, `cost`.
    pub family: String,
    /// Name of the probe.
    pub probe: String,
    /// What a right strategy does: `rebuild`, `reuse` or `survive`.
    pub expects: String,
    /// The issues that the probe comes from: a link, or several separated by spaces.
    pub origin: String,
    /// Name of the strategy.
    pub strategy: String,
    /// How it ended.
    pub verdict: ProbeVerdict,
    /// What was wrong, why it is not applicable, or why the harness could not run it; a remark, if any, for `pass`.
    pub detail: String,
    /// For a failure that is a known property of the strategy: where that is explained.
    pub known: String,
    /// How often the probe was run; failures of external tools are repeated.
    pub attempts: u32,
    /// Seconds for all attempts.
    pub wall_s: f64,
}

impl ProbeRow {
    /// Columns of `probes.csv`, in order. New ones are appended.
    pub const COLUMNS: &'static [&'static str] = &[
        "run", "family", "probe", "expects", "origin", "strategy", "verdict", "detail", "known", "attempts", "wall_s",
    ];

    /// Whether it failed for no reason that is known to be a property of the strategy.
    pub fn is_unexplained_failure(&self) -> bool {
        self.verdict == ProbeVerdict::Fail && self.known.is_empty()
    }

    /// Whether it failed for a reason that is known to be a property of the strategy.
    pub fn is_known_failure(&self) -> bool {
        self.verdict == ProbeVerdict::Fail && !self.known.is_empty()
    }
}

/// Probes that had another name once: the old name and today's. Older runs are read with today's.
pub const RENAMED: &[(&str, &str)] = &[
    ("script-reads-variable-untold", "script-reads-variable-untracked"),
    ("script-reads-file-untold", "script-reads-file-untracked"),
    ("script-hands-on-its-place", "script-passes-on-its-path"),
    ("macro-reads-variable-and-tells", "macro-reads-variable-and-tracks"),
];

/// Every failure and every error, once for all strategies that ended in the very same words, in
/// order of first appearance.
pub fn problems(rows: &[ProbeRow]) -> Vec<(&ProbeRow, Vec<&str>)> {
    let failed = rows.iter().filter(|row| matches!(row.verdict, ProbeVerdict::Fail | ProbeVerdict::Error));
    let words = |row: &ProbeRow| (row.verdict, row.probe.clone(), row.detail.clone(), row.known.clone());
    let alike = gathered(failed.map(|row| (words(row), row)));
    alike.into_iter().map(|(_, rows)| (rows[0], rows.iter().map(|row| row.strategy.as_str()).collect())).collect()
}

/// Probes of which some row is a failure or an error, in order of first appearance. Strategies that are wrong on purpose
/// (`broken:…`) show that probes can fail, and make none of these.
pub(crate) fn failing(rows: &[ProbeRow]) -> Vec<&str> {
    let failed = |row: &&ProbeRow| matches!(row.verdict, ProbeVerdict::Fail | ProbeVerdict::Error);
    let real = rows.iter().filter(|row| !row.strategy.starts_with("broken:"));
    distinct(real.filter(failed).map(|row| row.probe.as_str()))
}

/// `Passed wherever applicable: 12 of 14 stale, 6 of 6 races.`
pub(crate) fn passed(rows: &[ProbeRow]) -> String {
    let failing = failing(rows);
    let family = |family: &str| {
        let probes = distinct(rows.iter().filter(|row| row.family == family).map(|row| row.probe.as_str()));
        let passed = probes.iter().filter(|probe| !failing.contains(*probe)).count();
        format!("{passed} of {} {family}", probes.len())
    };
    let families: Vec<String> = distinct(rows.iter().map(|row| row.family.as_str())).into_iter().map(family).collect();
    format!("Passed wherever applicable: {}.", listed(&families))
}
