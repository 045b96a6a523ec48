//! Tracks of comparable runs with their changes.
//!
//! Which tracks are shown changes nothing about their outcomes: the families of the correction are
//! always whole.

use std::collections::BTreeMap;

use crate::change::{ChangePoint, ChangeSettings, Nulls, STEADY, TrackOutcome, TrackValues, exact_changes, judge};
use crate::run::{RunKind, SeriesRun, TrackKey, TrackPoint, line_id};

/// What is followed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Wall time ÷ that of the baseline in the same round.
    Ratio,
    /// Wall seconds of the baseline: of machine and toolchain, not of a strategy.
    Bare,
    /// Hits ÷ units.
    HitRate,
    /// Units Cargo ran.
    Compiled,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 4] = [Measure::Ratio, Measure::Bare, Measure::HitRate, Measure::Compiled];

    /// A word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Ratio => "wall ratio",
            Measure::Bare => "bare wall",
            Measure::HitRate => "hit rate",
            Measure::Compiled => "compiled",
        }
    }

    /// Whether any change of a steady value counts.
    pub fn is_exact(self) -> bool {
        matches!(self, Measure::HitRate | Measure::Compiled)
    }

    fn of(self, point: &TrackPoint, baseline: &str) -> Option<f64> {
        let own = point.key.strategy != baseline;
        match self {
            Measure::Ratio => point.log_ratio.filter(|_| own).map(f64::exp),
            Measure::Bare => point.wall_s.filter(|wall| !own && *wall > 0.0),
            Measure::HitRate => point.hit_rate.filter(|_| own),
            Measure::Compiled => point.compiled.filter(|_| own),
        }
    }
}

/// Runs that can be compared, oldest first.
#[derive(Debug, Clone)]
pub struct RunLine<'a> {
    /// Short name.
    pub id: String,
    /// What its runs have in common.
    pub conditions: &'a str,
    /// The runs.
    pub runs: Vec<&'a SeriesRun>,
    /// By scenario, step, workspace, strategy; all workspaces together first.
    pub tracks: Vec<Track<'a>>,
}

/// One measure of one strategy in one step of one workspace, over time.
#[derive(Debug, Clone)]
pub struct Track<'a> {
    /// Its scenario, step, workspace and strategy.
    pub key: &'a TrackKey,
    /// What was measured.
    pub measure: Measure,
    /// Which runs of the line have a value.
    pub runs: Vec<usize>,
    /// Those values, in the measure's own unit.
    pub values: Vec<f64>,
    /// Whether and where it changed.
    pub outcome: TrackOutcome,
}

impl Track<'_> {
    /// The changes, by time.
    pub fn changes(&self) -> &[ChangePoint] {
        if let TrackOutcome::Changed(changes) = &self.outcome { changes } else { &[] }
    }

    /// The values since the last change.
    pub fn current(&self) -> &[f64] {
        &self.values[self.changes().last().map_or(0, |change| change.at)..]
    }
}

/// Sorts runs into lines and judges every track; lines with the newest run first.
pub fn lines<'a>(entries: &'a [SeriesRun], settings: &ChangeSettings) -> Vec<RunLine<'a>> {
    let nulls = Nulls::default();
    let mut by_line: BTreeMap<&str, Vec<&SeriesRun>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.kind == RunKind::Compare) {
        by_line.entry(&entry.line).or_default().push(entry);
    }
    let mut lines: Vec<RunLine<'_>> = by_line
        .into_iter()
        .map(|(conditions, runs)| {
            let mut tracks = tracks(&runs);
            judge_all(&mut tracks, &runs, settings, &nulls);
            RunLine { id: line_id(conditions), conditions, runs, tracks }
        })
        .collect();
    let newest = |line: &RunLine<'_>| line.runs.last().map(|run| (run.started.clone(), run.name.clone()));
    lines.sort_by_key(|line| std::cmp::Reverse(newest(line)));
    lines
}

fn tracks<'a>(runs: &[&'a SeriesRun]) -> Vec<Track<'a>> {
    type RunsAndValues = (Vec<usize>, Vec<f64>);
    let mut found: BTreeMap<&TrackKey, [RunsAndValues; 4]> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        for point in &run.points {
            let of_key = found.entry(&point.key).or_default();
            for (measure, (where_, values)) in Measure::ALL.into_iter().zip(of_key) {
                if let Some(value) = measure.of(point, &run.baseline).filter(|value| value.is_finite()) {
                    where_.push(at);
                    values.push(value);
                }
            }
        }
    }
    let of_key = |(key, found): (&'a TrackKey, [RunsAndValues; 4])| {
        let of_measure =
            move |(measure, (runs, values))| Track { key, measure, runs, values, outcome: TrackOutcome::TooFew };
        Measure::ALL.into_iter().zip(found).map(of_measure).filter(|track| !track.values.is_empty())
    };
    found.into_iter().flat_map(of_key).collect()
}

/// All workspaces together are the answer, single ones say where it comes from, and bare times
/// are about something else: a family each, so that none dilutes another.
fn judge_all(tracks: &mut [Track<'_>], runs: &[&SeriesRun], settings: &ChangeSettings, nulls: &Nulls) {
    let ties: Vec<u64> = runs.iter().map(|run| tie(&run.name)).collect();
    for measure in [Measure::Ratio, Measure::Bare] {
        for together in [true, false] {
            let mut family: Vec<&mut Track<'_>> = tracks
                .iter_mut()
                .filter(|track| track.measure == measure && track.key.workspace.is_empty() == together)
                .collect();
            let values = |track: &&mut Track<'_>| TrackValues {
                values: track.values.iter().map(|value| value.ln()).collect(),
                ties: track.runs.iter().map(|at| ties[*at]).collect(),
            };
            let outcomes = judge(&family.iter().map(values).collect::<Vec<_>>(), settings, nulls);
            for (track, outcome) in family.iter_mut().zip(outcomes) {
                track.outcome = out_of_logarithms(outcome);
            }
        }
    }
    for track in tracks.iter_mut().filter(|track| track.measure.is_exact()) {
        let change = |at: usize| ChangePoint { at, before: track.values[at - 1], after: track.values[at], p: None };
        let changes: Vec<ChangePoint> = exact_changes(&track.values).into_iter().map(change).collect();
        track.outcome = match changes.is_empty() {
            false => TrackOutcome::Changed(changes),
            true if track.values.len() <= STEADY => TrackOutcome::TooFew,
            true => TrackOutcome::NoneFound,
        };
    }
}

fn out_of_logarithms(outcome: TrackOutcome) -> TrackOutcome {
    let TrackOutcome::Changed(mut points) = outcome else { return outcome };
    for point in &mut points {
        (point.before, point.after) = (point.before.exp(), point.after.exp());
    }
    TrackOutcome::Changed(points)
}

/// A number that does not depend on time.
fn tie(name: &str) -> u64 {
    blake3::hash(name.as_bytes()).as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A probe with another result than in the run before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedProbe<'a> {
    /// The probe.
    pub probe: &'a str,
    /// The strategy.
    pub strategy: &'a str,
    /// The run before and its verdict.
    pub before: (&'a str, &'a str),
    /// The run after and its verdict.
    pub after: (&'a str, &'a str),
}

/// Every probe whose result changed, oldest first.
pub fn changed_probes(entries: &[SeriesRun]) -> Vec<ChangedProbe<'_>> {
    let mut last: BTreeMap<(&str, &str, &str), (&str, &str)> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == RunKind::Probe) {
        for probe in &entry.probes {
            let after = (entry.name.as_str(), probe.verdict.as_str());
            let key = (entry.line.as_str(), probe.probe.as_str(), probe.strategy.as_str());
            if let Some(before) = last.insert(key, after).filter(|before| before.1 != after.1) {
                found.push(ChangedProbe { probe: &probe.probe, strategy: &probe.strategy, before, after });
            }
        }
    }
    found
}
