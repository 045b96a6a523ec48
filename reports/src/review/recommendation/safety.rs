//! Which strategies may be chosen at all.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::review::Evidence;
use crate::review::command;
use crate::review::probed::{ProbeTally, cases, strategies, tally};
use crate::text::{clean, fit};
use crate::words::{gathered, listed, plural};
use records::{Status, StepRow};

/// Families of which a strategy must have a result before it may be chosen.
const FAMILIES: [&str; 6] = ["stale", "freshness", "identity", "isolation", "faults", "races"];

#[derive(Debug, Clone, Default)]
pub(super) struct Safety {
    /// Why a strategy is out.
    out: BTreeMap<String, BTreeSet<String>>,
    /// How its probes ended.
    tallies: BTreeMap<String, ProbeTally>,
    /// Families with a result, whichever.
    covered: BTreeMap<String, BTreeSet<String>>,
    /// Known failures in probes of isolation.
    isolation: BTreeMap<String, BTreeSet<String>>,
    /// Known failures in any case.
    known: BTreeMap<String, BTreeSet<String>>,
    /// Unexplained failures in any case.
    failed: BTreeMap<String, BTreeSet<String>>,
    /// Caching strategies of runs of `compare`.
    compared: BTreeSet<String>,
}

impl Safety {
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let mut safety = Self::default();
        let all = cases(evidence, |_| true);
        for name in strategies(&all) {
            safety.tallies.insert(name.to_owned(), tally(&all, name));
        }
        for case in &all {
            let (row, name) = (case.row, case.row.strategy.clone());
            if case.has_result() {
                safety.covered.entry(name.clone()).or_default().insert(row.family.clone());
            }
            if case.row.is_unexplained_failure() {
                let detail = fit(&clean(&row.detail), 100);
                let why = format!("fails {} (P{}): {detail}", row.probe, case.at + 1);
                safety.failed.entry(name.clone()).or_default().insert(row.probe.clone());
                safety.out.entry(name).or_default().insert(why);
            } else if case.row.is_known_failure() {
                if row.family == "isolation" {
                    safety.isolation.entry(name.clone()).or_default().insert(row.probe.clone());
                }
                safety.known.entry(name).or_default().insert(row.probe.clone());
            }
        }
        safety.read_runs(evidence);
        safety
    }

    fn read_runs(&mut self, evidence: &Evidence<'_>) {
        for arm in evidence.all_arms().iter().filter(|arm| !arm.is_baseline()) {
            let (name, label) = (arm.name(), arm.label());
            if arm.store.is_some() {
                self.compared.insert(name.to_owned());
            }
            let mut out = Vec::new();
            let differs = arm.shadow.as_ref().map_or(0, |it| it.differs);
            if differs > 0 {
                let what = plural(differs as usize, "hit");
                out.push(format!("{what} that no compile reproduces, unexplained ({label}, {})", arm.step.step));
            }
            if arm.damaged > 0 {
                out.push(format!("its store was damaged in {} ({label})", plural(arm.damaged, "row")));
            }
            let steps = &arm.run.folder.steps;
            let here = |row: &&StepRow| row.step == arm.step.step && row.scenario == arm.step.scenario;
            let fine = |row: &StepRow| {
                let same = |it: &&StepRow| it.round == row.round && it.workspace == row.workspace;
                let base = |it: &&StepRow| it.strategy == arm.run.analysis.baseline && it.status == Status::Ok;
                steps.iter().filter(here).any(|it| same(&it) && base(&it))
            };
            let bad = steps
                .iter()
                .filter(here)
                .filter(|row| row.strategy == name)
                .filter(|row| matches!(row.status, Status::Failed | Status::Invalid) && fine(row));
            for row in bad {
                let note = fit(&clean(&row.note), 100);
                out.push(format!("{} in step {} of {} ({label}): {note}", row.status, row.step, row.workspace));
            }
            if !out.is_empty() {
                self.out.entry(name.to_owned()).or_default().extend(out);
            }
        }
    }

    /// Why a strategy is out, if it is.
    pub fn out(&self, strategy: &str) -> Option<String> {
        let reasons: Vec<&String> = self.out.get(strategy)?.iter().collect();
        let first = reasons.first()?;
        Some(match reasons.len() {
            1 => format!("{strategy} is out: {first}"),
            more => format!("{strategy} is out: {first}; and {} more", plural(more - 1, "reason")),
        })
    }

    pub fn uncovered(&self, strategy: &str) -> Vec<&'static str> {
        let covered = |family: &&str| self.covered.get(strategy).is_some_and(|it| it.contains(*family));
        FAMILIES.into_iter().filter(|family| !covered(family)).collect()
    }

    /// Whether a strategy may be chosen.
    pub fn may(&self, strategy: &str) -> bool {
        !self.out.contains_key(strategy) && self.uncovered(strategy).is_empty()
    }

    /// If probes are missing of any of these that is not out: what to run.
    pub fn missing(&self, strategies: &[&str]) -> Option<Finding> {
        let lacking: Vec<&str> = strategies
            .iter()
            .copied()
            .filter(|name| !self.out.contains_key(*name) && !self.uncovered(name).is_empty())
            .collect();
        let families: BTreeSet<&str> = lacking.iter().flat_map(|name| self.uncovered(name)).collect();
        let families: Vec<&str> = FAMILIES.into_iter().filter(|family| families.contains(family)).collect();
        (!lacking.is_empty()).then(|| {
            let no = if lacking.len() == 1 { "has" } else { "have" };
            let why = format!("{} {no} no result of a probe of: {}", listed(&lacking), families.join(", "));
            Finding::undecided(why, command::probe(&families.join(","), &lacking.join(",")))
        })
    }

    /// Known failures of isolation: how many probes.
    pub fn isolation(&self, strategy: &str) -> usize {
        self.isolation.get(strategy).map_or(0, BTreeSet::len)
    }

    pub fn accepts(&self, strategy: &str, beyond: Option<&str>) -> Vec<&str> {
        let spared = beyond.and_then(|name| self.known.get(name));
        let mine = self.known.get(strategy).into_iter().flatten();
        mine.filter(|probe| !spared.is_some_and(|it| it.contains(*probe))).map(String::as_str).collect()
    }

    /// Which unexplained failures of a strategy are those that another one is excused for:
    /// the harness explains its own designs alone, and an external tool may make the same promises.
    fn shared_failures(&self, strategy: &str) -> Option<String> {
        let excused = |probe: &&String| self.known.values().any(|it| it.contains(*probe));
        let mine = self.failed.get(strategy)?;
        let shared: Vec<&String> = mine.iter().filter(excused).collect();
        (!shared.is_empty()).then(|| {
            let all = plural(mine.len(), "probe");
            let n = shared.len();
            format!("of {all} that {strategy} fails, {n} are failed as known by others here: {}", listed(&shared))
        })
    }

    /// What strategies passed, and what they are known to fail; alike ones together.
    fn prices(&self, names: &[&String]) -> Vec<String> {
        let member = |name: &&String| {
            let it = self.tallies.get(*name).copied().unwrap_or_default();
            let passed = plural(it.pass, "probe");
            (self.accepts(name, None), format!("{name} ({passed} passed, {} without a result)", it.without_result))
        };
        let groups = gathered(names.iter().map(member));
        let sentence = |(known, members): &(Vec<&str>, Vec<String>)| match known.as_slice() {
            [] => format!("{}: nothing failed", listed(members)),
            known => format!("{}: failed as known: {}", listed(members), listed(known)),
        };
        groups.iter().map(sentence).collect()
    }

    /// Findings on what may be chosen, what is out, and what lacks probes.
    pub fn findings(&self) -> Vec<(String, Finding)> {
        let names: BTreeSet<&String> = self.tallies.keys().chain(self.out.keys()).chain(&self.compared).collect();
        let mut findings = Vec::new();
        let (out, rest): (Vec<&String>, Vec<&String>) =
            names.into_iter().filter(|name| *name != "none").partition(|name| self.out.contains_key(*name));
        let (safe, open): (Vec<&String>, Vec<&String>) = rest.into_iter().partition(|name| self.may(name));
        if !safe.is_empty() {
            let because = self.prices(&safe);
            let choice = format!("not known to be unsafe: {}", listed(&safe));
            findings.push((String::new(), Finding::Decided { choice, because }));
        }
        if !out.is_empty() {
            let mut because: Vec<String> = out.iter().filter_map(|name| self.out(name)).collect();
            because.extend(out.iter().filter_map(|name| self.shared_failures(name)));
            findings.push((String::new(), Finding::Decided { choice: format!("out: {}", listed(&out)), because }));
        }
        let open: Vec<&str> = open.iter().map(|name| name.as_str()).collect();
        findings.extend(self.missing(&open).map(|finding| (String::new(), finding)));
        if findings.is_empty() {
            let command = command::probe(&FAMILIES.join(","), command::POLICIES);
            findings.push((String::new(), Finding::undecided("no strategy has a result of a probe", command)));
        }
        findings
    }
}
