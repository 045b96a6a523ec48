//! Results of probes by strategy, and the sentences about them.
//!
//! Every failure in any run counts, also where another run has a pass: which of them is out of date is for
//! those to say who hand in the runs. A probe that does not apply to a strategy, or that ended in an error of
//! the harness, says nothing and is counted apart. Strategies that are wrong on purpose (`broken:…`) only
//! show that probes can fail and are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, State};
use super::evidence::Evidence;
use crate::document::{Cell, Grid, Tone};
use crate::probes::{ProbeRow, ProbeVerdict};
use crate::text::{clean, fit};
use crate::words::{distinct, listed, plural};

/// The prefix of strategies that are wrong on purpose.
const BROKEN: &str = "broken:";

#[derive(Clone, Copy)]
pub(super) struct ProbeCase<'a> {
    pub at: usize,
    pub row: &'a ProbeRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ProbeTally {
    pub pass: usize,
    /// Failures that the design explains.
    pub known: usize,
    /// Failures without an explanation.
    pub failed: usize,
    /// Not applicable, or an error of the harness.
    pub without_result: usize,
}

impl ProbeCase<'_> {
    pub fn has_result(&self) -> bool {
        matches!(self.row.verdict, ProbeVerdict::Pass | ProbeVerdict::Fail)
    }
}

pub(super) fn cases<'a>(evidence: &Evidence<'a>, wanted: impl Fn(&ProbeRow) -> bool) -> Vec<ProbeCase<'a>> {
    let runs = evidence.probes.iter().enumerate();
    let all = runs.flat_map(|(at, run)| run.rows.iter().map(move |row| ProbeCase { at, row }));
    all.filter(|it| !it.row.strategy.starts_with(BROKEN) && wanted(it.row)).collect()
}

pub(super) fn families<'a>(evidence: &Evidence<'a>, names: &[&str]) -> Vec<ProbeCase<'a>> {
    cases(evidence, |row| names.contains(&row.family.as_str()))
}

/// Results of probes by name.
pub(super) fn named<'a>(evidence: &Evidence<'a>, names: &[&str]) -> Vec<ProbeCase<'a>> {
    cases(evidence, |row| names.contains(&row.probe.as_str()))
}

/// How the probes of one strategy ended. A probe of several runs counts once, by its worst end.
pub(super) fn tally(cases: &[ProbeCase<'_>], strategy: &str) -> ProbeTally {
    let mut worst: BTreeMap<&str, u8> = BTreeMap::new();
    for case in cases.iter().filter(|it| it.row.strategy == strategy) {
        let end = match case.row.verdict {
            ProbeVerdict::NotApplicable | ProbeVerdict::Error => 0,
            ProbeVerdict::Pass => 1,
            ProbeVerdict::Fail if case.row.is_known_failure() => 2,
            ProbeVerdict::Fail => 3,
        };
        let known = worst.entry(&case.row.probe).or_insert(end);
        *known = end.max(*known);
    }
    let count = |end: u8| worst.values().filter(|it| **it == end).count();
    ProbeTally { without_result: count(0), pass: count(1), known: count(2), failed: count(3) }
}

/// The strategies of some results, in the order of their first appearance.
pub(super) fn strategies<'a>(cases: &[ProbeCase<'a>]) -> Vec<&'a str> {
    distinct(cases.iter().map(|case| case.row.strategy.as_str()))
}

impl Answer {
    /// Adds a table by strategy and sentences on how probes ended. `what` names them, e.g. `probes of the
    /// family races`.
    pub fn probes(&mut self, what: &str, cases: &[ProbeCase<'_>]) -> State {
        let mut grid = Grid::new(
            format!("How {what} ended. Known: a failure that follows from what the design promises."),
            &["strategy", "> passed", "> known failures", "> other failures", "> without a result", "runs"],
        );
        let mut passed = Vec::new();
        for strategy in strategies(cases) {
            let it = tally(cases, strategy);
            let runs: BTreeSet<usize> = cases.iter().filter(|it| it.row.strategy == strategy).map(|it| it.at).collect();
            let runs: Vec<String> = runs.iter().map(|at| format!("P{}", at + 1)).collect();
            let bad = |n: usize| Cell::toned(n.to_string(), if n > 0 { Tone::Bad } else { Tone::Plain });
            grid.row([
                strategy.into(),
                it.pass.to_string().into(),
                bad(it.known),
                bad(it.failed),
                it.without_result.to_string().into(),
                Cell::from(runs.join(", ")),
            ]);
            if it.pass > 0 && it.failed + it.known == 0 {
                passed.push(format!("{strategy} ({})", it.pass));
            }
        }
        self.grid(grid);
        let failed: Vec<ProbeCase<'_>> =
            cases.iter().filter(|it| it.row.verdict == ProbeVerdict::Fail).copied().collect();
        let mut known = Vec::new();
        for (probe, is_known) in distinct(failed.iter().map(|it| (it.row.probe.as_str(), it.row.is_known_failure()))) {
            let same = failed.iter().filter(|it| it.row.probe == probe && it.row.is_known_failure() == is_known);
            let same: Vec<ProbeCase<'_>> = same.copied().collect();
            let who = strategies(&same).join(", ");
            if is_known {
                known.push(format!("{probe} ({who})"));
            } else {
                let detail = fit(&clean(&same[0].row.detail), 160);
                self.supports(format!("{probe} is failed by {who}, unexplained: {detail} (P{})", same[0].at + 1));
            }
        }
        if !known.is_empty() {
            let all = plural(known.len(), "probe");
            self.supports(format!("{all} failed as the design is known to fail: {}", known.join("; ")));
        }
        if !passed.is_empty() {
            self.supports(format!("{what}: all that had a result were passed by {}", listed(&passed)));
        }
        State::of(cases.iter().any(ProbeCase::has_result))
    }
}
