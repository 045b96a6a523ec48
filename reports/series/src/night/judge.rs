//! A night judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use records::run_folder::RunFolder;
use reports::against::{Changes, ProbeChanges, changes, probe_changes};
use reports::analysis::{Analysis, Run};
use reports::probes::{self, ProbeRun};

use super::finding::{Finding, Looks, could_be_found, lost, of_changes, of_probes, same, slower_by};
use super::verdicts::{Outcome, Verdict, is_good, verdicts, write};
use crate::error::SeriesError;
use crate::run::{Entry, Kind, line_id, of_folder};
use crate::series::{AddMode, Series, SeriesContents};

/// Whether verdicts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A first look: nothing is written.
    First,
    /// The runs are added to the series, and verdicts with them.
    Last,
}

/// A run and what it was compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair<C> {
    /// The run.
    pub run: Entry,
    /// Its folder.
    pub folder: PathBuf,
    /// The last good run of its line and its folder; `None` for the first of a line.
    pub against: Option<(Entry, PathBuf)>,
    /// Good runs of its line before it.
    pub earlier: usize,
    /// What was measured in the older run and is no more.
    pub lost: Vec<Finding>,
    /// What is different.
    pub changes: Option<C>,
}

/// A night.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Night {
    /// The comparison, if there was one.
    pub compared: Option<Pair<Changes>>,
    /// The probes, if there were any.
    pub probed: Option<Pair<ProbeChanges>>,
    /// The comparison that looked again, against the same older run.
    pub again: Option<Changes>,
    /// What became worse, and stands.
    pub regressions: Vec<Finding>,
    /// What looked slower, and did not in the second run.
    pub unconfirmed: Vec<Finding>,
    /// Runs of the series that could not be read and were left out, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Night {
    /// Strategies that look slower and were not looked at again, each once.
    pub fn suspects(&self) -> Vec<String> {
        let slower = self.regressions.iter().filter(|it| matches!(it, Finding::Slower { .. }));
        let mut names: Vec<String> = slower.map(|it| it.strategy().to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        if self.again.is_some() { Vec::new() } else { names }
    }

    /// Strategies in steps that stand as slower because a second run was slower, too, and those that
    /// stand because it could not tell.
    pub fn looked_at_again(&self) -> (usize, usize) {
        let Some(again) = &self.again else { return (0, 0) };
        let slower = self.regressions.iter().filter(|it| matches!(it, Finding::Slower { .. }));
        let (told, untold): (Vec<&Finding>, Vec<&Finding>) = slower.partition(|it| second_look(it, again).is_some());
        (told.len(), untold.len())
    }
}

/// Judges the runs in these folders, of `harness compare` and `harness probe`, at most one of
/// each; `again` is a further comparison of what looked slower.
///
/// # Errors
/// When a run cannot be read or stands twice, or the series is damaged or cannot be written.
pub fn judge(series: &Series, folders: &[PathBuf], again: Option<&Path>, look: Look) -> Result<Night, SeriesError> {
    let past = Past::of(series)?;
    let mut night = Night { unreadable: past.unreadable.clone(), ..Night::default() };
    for folder in folders {
        let run = of_folder(folder)?;
        past.refuse_other_content(&run)?;
        match run.kind {
            Kind::Compare if night.compared.is_none() => night.compared = Some(compare(&past, run, folder)?),
            Kind::Probe if night.probed.is_none() => night.probed = Some(probe(&past, run, folder)?),
            kind => return Err(SeriesError::TwoOfAKind(kind.as_str())),
        }
    }
    let mut found = night.compared.as_ref().map(|pair| pair.lost.clone()).unwrap_or_default();
    let looks = if again.is_some() || look == Look::First { Looks::Two } else { Looks::One };
    let changes = night.compared.as_ref().and_then(|pair| pair.changes.as_ref());
    found.extend(changes.map(|changes| of_changes(changes, looks)).unwrap_or_default());
    if let (Some(folder), Some(pair)) = (again, &night.compared) {
        night.again = looked_again(folder, pair)?;
    }
    let stands = |it: &Finding| night.again.as_ref().is_none_or(|again| is_confirmed(it, again));
    let (mut regressions, unconfirmed): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(stands);
    let newly_failing = night.probed.as_ref().and_then(|pair| pair.changes.as_ref()).map(of_probes);
    regressions.extend(newly_failing.unwrap_or_default());
    (night.regressions, night.unconfirmed) = (regressions, unconfirmed);
    if look == Look::Last {
        keep(&past, &night, again)?;
    }
    Ok(night)
}

/// The series before this night.
struct Past<'a> {
    series: &'a Series,
    entries: Vec<Entry>,
    unreadable: Vec<(String, String)>,
    verdicts: BTreeMap<String, Verdict>,
}

/// How much of what is in `run` is in `other`, too: strategies, or probes under a strategy.
fn in_common(run: &Entry, other: &Entry) -> usize {
    let strategies = |entry: &Entry| entry.strategies.split(',').map(str::to_owned).collect::<BTreeSet<String>>();
    let probes = |entry: &Entry| -> BTreeSet<(String, String)> {
        entry.probes.iter().map(|it| (it.probe.clone(), it.strategy.clone())).collect()
    };
    strategies(run).intersection(&strategies(other)).count() + probes(run).intersection(&probes(other)).count()
}

impl<'a> Past<'a> {
    fn of(series: &'a Series) -> Result<Self, SeriesError> {
        let contents = match series.read() {
            Err(SeriesError::Missing(_)) => SeriesContents::default(),
            contents => contents?,
        };
        let verdicts = verdicts(series)?;
        Ok(Self { series, entries: contents.entries, unreadable: contents.unreadable, verdicts })
    }

    /// Whether the series has another run of this name: nothing may be said of the one by the other.
    fn refuse_other_content(&self, run: &Entry) -> Result<(), SeriesError> {
        let other = self.entries.iter().any(|it| it.name == run.name && it.digest != run.digest);
        match other || self.unreadable.iter().any(|(name, _)| *name == run.name) {
            true => Err(SeriesError::OtherContent(run.name.clone())),
            false => Ok(()),
        }
    }

    /// The last good run of the same line that began before this one, and how many there were. A
    /// night that left something out is no yardstick for one that did not: of all good runs, the
    /// newest of those that have the most in common.
    fn last_good(&self, run: &Entry) -> Result<(Option<(Entry, PathBuf)>, usize), SeriesError> {
        let fits = |it: &&Entry| {
            it.kind == run.kind
                && it.line == run.line
                && it.name != run.name
                && it.started <= run.started
                && is_good(self.verdicts.get(&it.name))
        };
        let good: Vec<&Entry> = self.entries.iter().filter(fits).collect();
        let Some(last) = good.iter().max_by_key(|it| in_common(run, it)) else { return Ok((None, 0)) };
        Ok((Some(((*last).clone(), self.series.tables_of(&last.name)?)), good.len()))
    }
}

fn compare(past: &Past<'_>, run: Entry, folder: &Path) -> Result<Pair<Changes>, SeriesError> {
    let (against, earlier) = past.last_good(&run)?;
    let (changes, lost) = match &against {
        Some((_, old)) => between(folder, old).map(|(changes, lost)| (Some(changes), lost))?,
        None => (None, Vec::new()),
    };
    Ok(Pair { run, folder: folder.to_owned(), against, earlier, lost, changes })
}

fn probe(past: &Past<'_>, run: Entry, folder: &Path) -> Result<Pair<ProbeChanges>, SeriesError> {
    if run.ok_rows == 0 {
        return Err(SeriesError::OnlyErrors(run.name));
    }
    let (against, earlier) = past.last_good(&run)?;
    let read = |folder: &Path| -> Result<ProbeRun, SeriesError> { Ok(probes::read(folder)?) };
    let found = match &against {
        Some((_, old)) => Some(probe_changes(&read(folder)?, &read(old)?)),
        None => None,
    };
    Ok(Pair { run, folder: folder.to_owned(), against, earlier, lost: Vec::new(), changes: found })
}

/// What changed from one comparison to another, and what is not measured any more.
fn between(new: &Path, old: &Path) -> Result<(Changes, Vec<Finding>), SeriesError> {
    let read = |folder: &Path| -> Result<(RunFolder, Analysis), SeriesError> {
        let run = RunFolder::read_steps(folder)?;
        let analysis = Analysis::of(&run, None);
        Ok((run, analysis))
    };
    let (new, old) = (read(new)?, read(old)?);
    let found = changes(Run { folder: &new.0, analysis: &new.1 }, Run { folder: &old.0, analysis: &old.1 })?;
    Ok((found, lost(&new.1, &old.1)))
}

/// The further comparison against the same older run; it must be of the same line, and later.
fn looked_again(folder: &Path, first: &Pair<Changes>) -> Result<Option<Changes>, SeriesError> {
    let run = of_folder(folder)?;
    if run.line != first.run.line {
        return Err(SeriesError::OtherLine(run.name, line_id(&run.line), line_id(&first.run.line)));
    }
    if run.name == first.run.name || run.started < first.run.started {
        return Err(SeriesError::NoSecondRun(run.name, first.run.name.clone()));
    }
    first.against.as_ref().map(|(_, old)| between(folder, old).map(|(changes, _)| changes)).transpose()
}

/// What has no noise needs no second look; what is slower must be slower again. A second look that
/// could not have found it, for want of rows, takes nothing back.
fn is_confirmed(finding: &Finding, again: &Changes) -> bool {
    !matches!(finding, Finding::Slower { .. }) || second_look(finding, again).unwrap_or(true)
}

/// Whether a second run is slower in the same place; `None` where it could not have shown it.
fn second_look(finding: &Finding, again: &Changes) -> Option<bool> {
    let looked = again.arms.iter().find(|it| it.step == finding.place() && it.strategy == finding.strategy());
    looked.filter(|it| could_be_found(it)).map(|it| slower_by(it, Looks::Two).is_some())
}

/// Verdicts first: a run that was added without one would count as good.
fn keep(past: &Past<'_>, night: &Night, again: Option<&Path>) -> Result<(), SeriesError> {
    let again = again.map(|folder| of_folder(folder).map(|run| run.name)).transpose()?;
    let given = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let of_probe = |it: &&Finding| matches!(it, Finding::ProbeFails { .. });
    let verdict = |run: &Entry, against: Option<&Entry>, findings: Vec<Finding>| Verdict {
        run: run.name.clone(),
        against: against.map(|run| run.name.clone()),
        again: again.clone().filter(|_| run.kind == Kind::Compare),
        given: given.clone(),
        outcome: if findings.is_empty() { Outcome::Good } else { Outcome::Regressed },
        findings,
        because: None,
    };
    let mut todo: Vec<(Verdict, &Path)> = Vec::new();
    if let Some(pair) = &night.compared {
        let findings = night.regressions.iter().filter(|it| !of_probe(it)).cloned().collect();
        todo.push((verdict(&pair.run, pair.against.as_ref().map(|it| &it.0), findings), &pair.folder));
    }
    if let Some(pair) = &night.probed {
        let findings = night.regressions.iter().filter(of_probe).cloned().collect();
        todo.push((verdict(&pair.run, pair.against.as_ref().map(|it| &it.0), findings), &pair.folder));
    }
    for (verdict, folder) in todo {
        // Judged before: the same again is no news, and what somebody accepted stays accepted.
        let same = |it: &Verdict| it.outcome == Outcome::Accepted || same(&it.findings, &verdict.findings);
        if !past.verdicts.get(&verdict.run).is_some_and(same) {
            write(past.series, &verdict)?;
        }
        past.series.add(folder, AddMode::Copy)?;
    }
    Ok(())
}
