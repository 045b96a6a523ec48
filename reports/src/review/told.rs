//! What probes told, by strategy, and the sentences on it.
//!
//! Every failure in any run counts, also where another run has a pass: which of them is out
//! of date is for who hands in the runs. A story that could not be told of a strategy, or
//! that the harness could not tell, says nothing and is counted apart. Strategies that are
//! wrong on purpose (`broken:…`) only show that probes can fail and are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, State};
use super::evidence::Evidence;
use super::words::{listed, plural};
use crate::document::{Cell, Grid, Tone};
use crate::probes::{ProbeRow, ProbeVerdict};
use crate::table::{clean, fit};

/// How strategies are called that are wrong on purpose.
const BROKEN: &str = "broken:";

/// A story told, and in which run of probes.
#[derive(Clone, Copy)]
pub(super) struct Story<'a> {
    pub at: usize,
    pub row: &'a ProbeRow,
}

/// How the probes of one strategy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub pass: usize,
    /// Failures that the design explains.
    pub known: usize,
    /// Failures without an explanation.
    pub failed: usize,
    pub untold: usize,
}

impl Story<'_> {
    pub fn is_unexplained(&self) -> bool {
        self.row.verdict == ProbeVerdict::Fail && self.row.known.is_empty()
    }

    pub fn is_known(&self) -> bool {
        self.row.verdict == ProbeVerdict::Fail && !self.row.known.is_empty()
    }

    pub fn is_told(&self) -> bool {
        matches!(self.row.verdict, ProbeVerdict::Pass | ProbeVerdict::Fail)
    }
}

/// The stories that are asked for.
pub(super) fn stories<'a>(evidence: &Evidence<'a>, wanted: impl Fn(&ProbeRow) -> bool) -> Vec<Story<'a>> {
    let all =
        evidence.probes.iter().enumerate().flat_map(|(at, run)| run.rows.iter().map(move |row| Story { at, row }));
    all.filter(|it| !it.row.strategy.starts_with(BROKEN) && wanted(it.row)).collect()
}

/// Stories of these families.
pub(super) fn families<'a>(evidence: &Evidence<'a>, names: &[&str]) -> Vec<Story<'a>> {
    stories(evidence, |row| names.contains(&row.family.as_str()))
}

/// Stories of probes by name.
pub(super) fn named<'a>(evidence: &Evidence<'a>, names: &[&str]) -> Vec<Story<'a>> {
    stories(evidence, |row| names.contains(&row.probe.as_str()))
}

/// How the probes told to one strategy ended. A probe told in several runs counts once, by its
/// worst end.
pub(super) fn tally(stories: &[Story<'_>], strategy: &str) -> Tally {
    let mut worst: BTreeMap<&str, u8> = BTreeMap::new();
    for story in stories.iter().filter(|it| it.row.strategy == strategy) {
        let end = match story.row.verdict {
            ProbeVerdict::NotApplicable | ProbeVerdict::Error => 0,
            ProbeVerdict::Pass => 1,
            ProbeVerdict::Fail if story.is_known() => 2,
            ProbeVerdict::Fail => 3,
        };
        let known = worst.entry(&story.row.probe).or_insert(end);
        *known = end.max(*known);
    }
    let count = |end: u8| worst.values().filter(|it| **it == end).count();
    Tally { untold: count(0), pass: count(1), known: count(2), failed: count(3) }
}

/// The strategies of some stories, in the order of their first appearance.
pub(super) fn strategies<'a>(stories: &[Story<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for story in stories {
        if !names.contains(&story.row.strategy.as_str()) {
            names.push(&story.row.strategy);
        }
    }
    names
}

/// Adds a table by strategy and sentences on how stories ended. `what` names them, e.g.
/// `probes of the family races`. Shown where any strategy but a baseline has an end.
pub(super) fn tell(answer: &mut Answer, what: &str, stories: &[Story<'_>]) -> State {
    let mut grid = Grid::new(
        format!("How {what} ended. Known: a failure that follows from what the design promises."),
        &["strategy", "> passed", "> known failures", "> other failures", "> not told", "runs"],
    );
    let mut clean_ones = Vec::new();
    for strategy in strategies(stories) {
        let it = tally(stories, strategy);
        let runs: BTreeSet<usize> = stories.iter().filter(|it| it.row.strategy == strategy).map(|it| it.at).collect();
        let runs: Vec<String> = runs.iter().map(|at| format!("P{}", at + 1)).collect();
        let bad = |n: usize| Cell::toned(n.to_string(), if n > 0 { Tone::Bad } else { Tone::Plain });
        grid.row([
            strategy.into(),
            it.pass.to_string().into(),
            bad(it.known),
            bad(it.failed),
            it.untold.to_string().into(),
            Cell::from(runs.join(", ")),
        ]);
        if it.pass > 0 && it.failed + it.known == 0 {
            clean_ones.push(format!("{strategy} ({})", it.pass));
        }
    }
    answer.grid(grid);
    tell_failures(answer, stories);
    if !clean_ones.is_empty() {
        answer.supports(format!("{what}: all that could be told was passed by {}", listed(&clean_ones)));
        answer.limits("that probes are passed proves no design right: it may be wrong in a way that no story tells");
    }
    State::of(stories.iter().any(Story::is_told))
}

/// Failures with known ones, each probe once.
fn tell_failures(answer: &mut Answer, stories: &[Story<'_>]) {
    let mut seen: Vec<(&str, bool)> = Vec::new();
    let mut known = Vec::new();
    for story in stories.iter().filter(|it| it.row.verdict == ProbeVerdict::Fail) {
        let key = (story.row.probe.as_str(), story.is_known());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let same: Vec<Story<'_>> = stories
            .iter()
            .filter(|it| (it.row.probe.as_str(), it.is_known()) == key && it.row.verdict == ProbeVerdict::Fail)
            .copied()
            .collect();
        let who = strategies(&same).join(", ");
        match story.is_known() {
            true => known.push(format!("{} ({who})", story.row.probe)),
            false => {
                let detail = fit(&clean(&story.row.detail), 160);
                let run = story.at + 1;
                answer.supports(format!("{} is failed by {who}, unexplained: {detail} (P{run})", story.row.probe));
            }
        }
    }
    if !known.is_empty() {
        let all = plural(known.len(), "probe");
        answer.supports(format!("{all} failed as the design is known to fail: {}", known.join("; ")));
    }
}
