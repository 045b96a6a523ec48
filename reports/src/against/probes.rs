//! Probes of one run against those of an older one.
//!
//! A probe under one strategy is compared wherever both runs ran it. What fails in both is not
//! newly failing; nor is a failure that is a known property of the strategy, or of a probe that
//! the older run never ran.

use std::collections::BTreeMap;

use crate::probes::{ProbeRow, ProbeRun, ProbeVerdict};

/// What changed between two runs of `harness probe`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProbeChanges {
    /// Name of the older run.
    pub old: String,
    /// Name of the newer run.
    pub new: String,
    /// Probes under a strategy that both ran.
    pub common: usize,
    /// Fail now, and did not: the rows of the newer run.
    pub newly_failing: Vec<ProbeRow>,
    /// Passed now, and failed before.
    pub fixed: Vec<ProbeRow>,
    /// Ended otherwise in both, yet neither of the above: a probe that could not be run
    /// before or cannot now. The verdict is the older one's.
    pub otherwise: Vec<(ProbeRow, ProbeVerdict)>,
    /// Fail now without being known, and the older run did not run them.
    pub failing_first: Vec<ProbeRow>,
    /// Run then and not now: probe and strategy.
    pub gone: Vec<(String, String)>,
}

/// Compares `new` with `old`.
pub fn probe_changes(new: &ProbeRun, old: &ProbeRun) -> ProbeChanges {
    let key = |row: &ProbeRow| (row.probe.clone(), row.strategy.clone());
    let before: BTreeMap<(String, String), ProbeVerdict> = old.rows.iter().map(|row| (key(row), row.verdict)).collect();
    let mut changes =
        ProbeChanges { old: old.info.name.clone(), new: new.info.name.clone(), ..ProbeChanges::default() };
    let mut seen = std::collections::BTreeSet::new();
    for row in &new.rows {
        seen.insert(key(row));
        let Some(was) = before.get(&key(row)).copied() else {
            if row.verdict == ProbeVerdict::Fail && row.known.is_empty() {
                changes.failing_first.push(row.clone());
            }
            continue;
        };
        changes.common += 1;
        match (was, row.verdict) {
            (was, now) if was == now => {}
            (_, ProbeVerdict::Fail) => changes.newly_failing.push(row.clone()),
            (ProbeVerdict::Fail, ProbeVerdict::Pass) => changes.fixed.push(row.clone()),
            (was, _) => changes.otherwise.push((row.clone(), was)),
        }
    }
    changes.gone = before.into_keys().filter(|key| !seen.contains(key)).collect();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::RunInfo;

    fn run(name: &str, rows: &[(&str, ProbeVerdict, &str)]) -> ProbeRun {
        let row = |(probe, verdict, known): &(&str, ProbeVerdict, &str)| ProbeRow {
            probe: (*probe).into(),
            strategy: "copy+aggressive".into(),
            verdict: *verdict,
            known: (*known).into(),
            ..ProbeRow::default()
        };
        ProbeRun { info: RunInfo::new(name), rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn only_a_failure_that_was_none_is_new() {
        use ProbeVerdict::{Error, Fail, NotApplicable, Pass};
        let old = run(
            "old",
            &[
                ("passed", Pass, ""),
                ("failed", Fail, ""),
                ("known", Fail, "KEYS.md"),
                ("not-run", Error, ""),
                ("fixed", Fail, ""),
                ("lost", Pass, ""),
                ("became-na", Pass, ""),
            ],
        );
        let new = run(
            "new",
            &[
                ("passed", Fail, ""),
                ("failed", Fail, ""),
                ("known", Fail, "KEYS.md"),
                ("not-run", Fail, ""),
                ("fixed", Pass, ""),
                ("became-na", NotApplicable, ""),
                ("added", Fail, ""),
                ("added-known", Fail, "KEYS.md"),
            ],
        );
        let changes = probe_changes(&new, &old);
        let names = |rows: &[ProbeRow]| rows.iter().map(|row| row.probe.clone()).collect::<Vec<_>>();
        assert_eq!(names(&changes.newly_failing), ["passed", "not-run"]);
        assert_eq!(names(&changes.fixed), ["fixed"]);
        assert_eq!(names(&changes.failing_first), ["added"]);
        assert_eq!(changes.otherwise.len(), 1);
        assert_eq!(changes.gone, [("lost".to_owned(), "copy+aggressive".to_owned())]);
        assert_eq!(changes.common, 6);
        assert_eq!(probe_changes(&old, &old).newly_failing, []);
    }
}
