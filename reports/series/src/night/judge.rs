//! A night judged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use records::run_folder::RunFolder;
use reports::against::{Changes, ProbeChanges, changes, probe_changes};
use reports::analysis::{AnalysedRun, Analysis};
use reports::probes::{self, ProbeRun};

use super::finding::{
    GOOD_RUNS, NightFinding, RequiredRuns, could_be_found, is_beyond, lost, of_changes, of_probes, same, same_place,
    slower_by,
};
use super::verdicts::{RunVerdict, VerdictOutcome, is_good, verdicts, write};
use crate::error::SeriesError;
use crate::run::{RunKind, SeriesRun, TrackKey, line_id, of_folder};
use crate::series::{AddMode, Series, SeriesContents};

/// Whether verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgeStage {
    /// A first look: nothing is written.
    First,
    /// The runs are added to the series, and verdicts with them.
    Final,
}

/// A run and what it was compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedRun<C> {
    /// The run.
    pub run: SeriesRun,
    /// Its folder.
    pub folder: PathBuf,
    /// The last good run of its line and its folder; `None` for the first of a line.
    pub against: Option<(SeriesRun, PathBuf)>,
    /// Good runs of its line before it.
    pub earlier: usize,
    /// The newest of them, the one in `against` first.
    pub good: Vec<SeriesRun>,
    /// What was measured in the older run and is no more.
    pub lost: Vec<NightFinding>,
    /// What is different.
    pub changes: Option<C>,
}

/// A night.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Night {
    /// The comparison, if there was one.
    pub compared: Option<JudgedRun<Changes>>,
    /// The probes, if there were any.
    pub probed: Option<JudgedRun<ProbeChanges>>,
    /// The comparison that looked again, against another good run where there is one.
    pub again: Option<Changes>,
    /// What became worse.
    pub regressions: Vec<NightFinding>,
    /// What is slower for the first night: it counts if it is so in the next.
    pub suspected: Vec<NightFinding>,
    /// What looked slower, and did not in the second run.
    pub unconfirmed: Vec<NightFinding>,
    /// Runs of the series that could not be read and were left out, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Night {
    /// Strategies that look slower and were not looked at again, each once.
    pub fn suspects(&self) -> Vec<String> {
        let mut names: Vec<String> = self.slower().map(|it| it.strategy().to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        if self.again.is_some() { Vec::new() } else { names }
    }

    /// How many strategies in steps count as slower because a second run was slower, too, and how many
    /// because it had too few rows to decide.
    pub fn looked_at_again(&self) -> (usize, usize) {
        let Some(again) = &self.again else { return (0, 0) };
        let (confirmed, undecided): (Vec<&NightFinding>, Vec<&NightFinding>) =
            self.slower().partition(|it| second_look(it, again).is_some());
        (confirmed.len(), undecided.len())
    }

    fn slower(&self) -> impl Iterator<Item = &NightFinding> {
        self.regressions.iter().chain(&self.suspected).filter(|it| it.is_slower())
    }
}

/// Judges the runs in these folders, of `harness compare` and `harness probe`, at most one of
/// each; `again` is a further comparison of what looked slower.
///
/// # Errors
/// When a run cannot be read or is given twice, or the series cannot be read or written.
pub fn judge(
    series: &Series,
    folders: &[PathBuf],
    again: Option<&Path>,
    look: JudgeStage,
) -> Result<Night, SeriesError> {
    let earlier_runs = EarlierRuns::of(series)?;
    let mut night = Night { unreadable: earlier_runs.unreadable.clone(), ..Night::default() };
    for folder in folders {
        let run = of_folder(folder)?;
        earlier_runs.refuse_other_content(&run)?;
        match run.kind {
            RunKind::Compare if night.compared.is_none() => night.compared = Some(compare(&earlier_runs, run, folder)?),
            RunKind::Probe if night.probed.is_none() => night.probed = Some(probe(&earlier_runs, run, folder)?),
            kind => {
                let why = format!("a night has one run of {}; judge the others apart", kind.as_str());
                return Err(SeriesError::Refused(why));
            }
        }
    }
    let mut found = night.compared.as_ref().map(|pair| pair.lost.clone()).unwrap_or_default();
    let looks = if again.is_some() || look == JudgeStage::First { RequiredRuns::Two } else { RequiredRuns::One };
    let changes = night.compared.as_ref().and_then(|pair| pair.changes.as_ref());
    found.extend(changes.map(|changes| of_changes(changes, looks)).unwrap_or_default());
    if let Some(pair) = &night.compared {
        found.retain(|it| !it.is_slower() || is_beyond_all(it, pair));
    }
    if let (Some(folder), Some(pair)) = (again, &night.compared) {
        night.again = looked_again(&earlier_runs, folder, pair)?;
    }
    let counts = |it: &NightFinding| night.again.as_ref().is_none_or(|again| is_confirmed(it, again));
    let (found, unconfirmed): (Vec<NightFinding>, Vec<NightFinding>) = found.into_iter().partition(counts);
    let before = night.compared.as_ref().map(|pair| earlier_runs.found_before(&pair.run)).unwrap_or_default();
    let counts = |it: &NightFinding| !it.is_slower() || before.iter().any(|old| same_place(it, old));
    let (mut regressions, suspected): (Vec<NightFinding>, Vec<NightFinding>) = found.into_iter().partition(counts);
    let newly_failing = night.probed.as_ref().and_then(|pair| pair.changes.as_ref()).map(of_probes);
    regressions.extend(newly_failing.unwrap_or_default());
    (night.regressions, night.suspected, night.unconfirmed) = (regressions, suspected, unconfirmed);
    if look == JudgeStage::Final {
        record(&earlier_runs, &night, again)?;
    }
    Ok(night)
}

struct EarlierRuns<'a> {
    series: &'a Series,
    entries: Vec<SeriesRun>,
    unreadable: Vec<(String, String)>,
    verdicts: BTreeMap<String, RunVerdict>,
}

/// How much of what is in `run` is in `other`, too: strategies, or probes under a strategy.
fn in_common(run: &SeriesRun, other: &SeriesRun) -> usize {
    let strategies = |entry: &SeriesRun| entry.strategies.split(',').map(str::to_owned).collect::<BTreeSet<String>>();
    let probes = |entry: &SeriesRun| -> BTreeSet<(String, String)> {
        entry.probes.iter().map(|it| (it.probe.clone(), it.strategy.clone())).collect()
    };
    strategies(run).intersection(&strategies(other)).count() + probes(run).intersection(&probes(other)).count()
}

impl<'a> EarlierRuns<'a> {
    fn of(series: &'a Series) -> Result<Self, SeriesError> {
        let contents = match series.read() {
            Err(SeriesError::Missing(_)) => SeriesContents::default(),
            contents => contents?,
        };
        let verdicts = verdicts(series)?;
        Ok(Self { series, entries: contents.entries, unreadable: contents.unreadable, verdicts })
    }

    /// Whether the series has another run of this name: nothing may be said of the one by the other.
    fn refuse_other_content(&self, run: &SeriesRun) -> Result<(), SeriesError> {
        let other = self.entries.iter().any(|it| it.name == run.name && it.digest != run.digest);
        match other || self.unreadable.iter().any(|(name, _)| *name == run.name) {
            true => Err(SeriesError::OtherContent(run.name.clone())),
            false => Ok(()),
        }
    }

    /// The runs of the same line that began before this one.
    fn before(&self, run: &SeriesRun) -> impl Iterator<Item = &SeriesRun> {
        let fits = |it: &&SeriesRun| {
            it.kind == run.kind && it.line == run.line && it.name != run.name && it.started <= run.started
        };
        self.entries.iter().filter(fits)
    }

    /// The good ones of them. A night that left something out is not compared with one that did not:
    /// those that have the most in common first, of these the newest.
    fn good(&self, run: &SeriesRun) -> Vec<SeriesRun> {
        let mut good: Vec<&SeriesRun> = self.before(run).filter(|it| is_good(self.verdicts.get(&it.name))).collect();
        good.reverse();
        good.sort_by_key(|it| Reverse(in_common(run, it)));
        good.into_iter().cloned().collect()
    }

    /// What the run before this one found; nothing where it was accepted.
    fn found_before(&self, run: &SeriesRun) -> Vec<NightFinding> {
        let last = self.before(run).last().and_then(|it| self.verdicts.get(&it.name));
        last.filter(|it| !is_good(Some(it))).map(|it| it.findings.clone()).unwrap_or_default()
    }

    fn with_folder(&self, run: &SeriesRun) -> Result<(SeriesRun, PathBuf), SeriesError> {
        Ok((run.clone(), self.series.tables_of(&run.name)?))
    }
}

fn compare(earlier_runs: &EarlierRuns<'_>, run: SeriesRun, folder: &Path) -> Result<JudgedRun<Changes>, SeriesError> {
    let mut good = earlier_runs.good(&run);
    let earlier = good.len();
    good.truncate(GOOD_RUNS);
    let against = good.first().map(|it| earlier_runs.with_folder(it)).transpose()?;
    let (changes, lost) = match &against {
        Some((_, old)) => between(folder, old).map(|(changes, lost)| (Some(changes), lost))?,
        None => (None, Vec::new()),
    };
    Ok(JudgedRun { run, folder: folder.to_owned(), against, earlier, good, lost, changes })
}

fn probe(
    earlier_runs: &EarlierRuns<'_>,
    run: SeriesRun,
    folder: &Path,
) -> Result<JudgedRun<ProbeChanges>, SeriesError> {
    if run.ok_rows == 0 {
        let why = "every probe ended with an error, so nothing is known; see why in its probes.csv, and probe again";
        return Err(SeriesError::Refused(format!("{}: {why}", run.name)));
    }
    let good = earlier_runs.good(&run);
    let against = good.first().map(|it| earlier_runs.with_folder(it)).transpose()?;
    let read = |folder: &Path| -> Result<ProbeRun, SeriesError> { Ok(probes::read(folder)?) };
    let found = match &against {
        Some((_, old)) => Some(probe_changes(&read(folder)?, &read(old)?)),
        None => None,
    };
    let (folder, earlier, lost) = (folder.to_owned(), good.len(), Vec::new());
    Ok(JudgedRun { run, folder, against, earlier, good, lost, changes: found })
}

/// What changed from one comparison to another, and what is not measured any more.
fn between(new: &Path, old: &Path) -> Result<(Changes, Vec<NightFinding>), SeriesError> {
    let read = |folder: &Path| -> Result<(RunFolder, Analysis), SeriesError> {
        let run = RunFolder::read_steps(folder)?;
        let analysis = Analysis::of(&run, None);
        Ok((run, analysis))
    };
    let (new, old) = (read(new)?, read(old)?);
    let found =
        changes(AnalysedRun { folder: &new.0, analysis: &new.1 }, AnalysedRun { folder: &old.0, analysis: &old.1 })?;
    Ok((found, lost(&new.1, &old.1)))
}

/// Whether a strategy is slower than in the newest good runs that have a ratio of it.
fn is_beyond_all(finding: &NightFinding, pair: &JudgedRun<Changes>) -> bool {
    let ratio = |run: &SeriesRun| {
        let key =
            |it: &TrackKey| it.workspace.is_empty() && it.step == finding.place() && it.strategy == finding.strategy();
        run.points.iter().find(|it| key(&it.key)).and_then(|it| it.log_ratio)
    };
    let good: Vec<f64> = pair.good.iter().filter_map(ratio).collect();
    ratio(&pair.run).is_none_or(|new| is_beyond(new, &good))
}

/// The further comparison against the second newest good run, the newest where there is no other; it
/// must be of the same line, and later.
fn looked_again(
    earlier_runs: &EarlierRuns<'_>,
    folder: &Path,
    first: &JudgedRun<Changes>,
) -> Result<Option<Changes>, SeriesError> {
    let run = of_folder(folder)?;
    if run.line != first.run.line {
        return Err(SeriesError::OtherLine(run.name, line_id(&run.line), line_id(&first.run.line)));
    }
    if run.name == first.run.name || run.started < first.run.started {
        return Err(SeriesError::NoSecondRun(run.name, first.run.name.clone()));
    }
    let Some(other) = first.good.get(1).or(first.good.first()) else { return Ok(None) };
    let (_, old) = earlier_runs.with_folder(other)?;
    Ok(Some(between(folder, &old)?.0))
}

/// What has no noise needs no second look; what is slower must be slower again. A second look that
/// could not have found it, for want of rows, takes nothing back.
fn is_confirmed(finding: &NightFinding, again: &Changes) -> bool {
    !finding.is_slower() || second_look(finding, again).unwrap_or(true)
}

/// Whether a second run is slower in the same place; `None` where it could not have shown it.
fn second_look(finding: &NightFinding, again: &Changes) -> Option<bool> {
    let looked = again.arms.iter().find(|it| it.step == finding.place() && it.strategy == finding.strategy());
    looked.filter(|it| could_be_found(it)).map(|it| slower_by(it, RequiredRuns::Two).is_some())
}

/// Verdicts first: a run that was added without one would count as good.
fn record(earlier_runs: &EarlierRuns<'_>, night: &Night, again: Option<&Path>) -> Result<(), SeriesError> {
    let again = again.map(|folder| of_folder(folder).map(|run| run.name)).transpose()?;
    let given = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let of_probe = |it: &&NightFinding| matches!(it, NightFinding::ProbeFails { .. });
    let verdict = |run: &SeriesRun, against: Option<&SeriesRun>, findings: Vec<NightFinding>| RunVerdict {
        run: run.name.clone(),
        against: against.map(|run| run.name.clone()),
        again: again.clone().filter(|_| run.kind == RunKind::Compare),
        given: given.clone(),
        outcome: match findings.iter().any(|it| !night.suspected.contains(it)) {
            true => VerdictOutcome::Regressed,
            false if findings.is_empty() => VerdictOutcome::Good,
            false => VerdictOutcome::Suspected,
        },
        findings,
        because: None,
    };
    let mut todo: Vec<(RunVerdict, &Path)> = Vec::new();
    if let Some(pair) = &night.compared {
        let all = night.regressions.iter().filter(|it| !of_probe(it)).chain(&night.suspected);
        let findings = all.cloned().collect();
        todo.push((verdict(&pair.run, pair.against.as_ref().map(|it| &it.0), findings), &pair.folder));
    }
    if let Some(pair) = &night.probed {
        let findings = night.regressions.iter().filter(of_probe).cloned().collect();
        todo.push((verdict(&pair.run, pair.against.as_ref().map(|it| &it.0), findings), &pair.folder));
    }
    for (verdict, folder) in todo {
        // Judged before: the same again is not written twice, and what somebody accepted stays accepted.
        let same = |it: &RunVerdict| {
            let alike = it.outcome == verdict.outcome && same(&it.findings, &verdict.findings);
            it.outcome == VerdictOutcome::Accepted || alike
        };
        if !earlier_runs.verdicts.get(&verdict.run).is_some_and(same) {
            write(earlier_runs.series, &verdict)?;
        }
        earlier_runs.series.add(folder, AddMode::Copy)?;
    }
    Ok(())
}
