//! Verdicts on runs, on disk: `verdicts/<run>.<n>.json`, the highest n the one that holds.
//!
//! Nothing is overwritten: who accepts a run adds a verdict to that of the night.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::NightFinding;
use crate::error::SeriesError;
use crate::series::{Series, check_name, staged_beside};

/// The folder, in that of the series.
const FOLDER: &str = "verdicts";

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictOutcome {
    /// Nothing became worse, or there was nothing to compare with.
    Good,
    /// Something is slower, for the first night.
    Suspected,
    /// Something became worse.
    Regressed,
    /// Something became worse, and somebody said that it stays so.
    Accepted,
}

/// A verdict on a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunVerdict {
    /// Name of the run.
    pub run: String,
    /// The run it was compared with, if there was one.
    pub against: Option<String>,
    /// The run that looked again, if one did.
    pub again: Option<String>,
    /// When it was given, RFC 3339 in UTC.
    pub given: String,
    /// What it came to.
    pub outcome: VerdictOutcome,
    /// What became worse.
    pub findings: Vec<NightFinding>,
    /// Why it was accepted, in somebody's words.
    pub because: Option<String>,
}

/// The verdict that holds on each run.
pub fn verdicts(series: &Series) -> Result<BTreeMap<String, RunVerdict>, SeriesError> {
    let mut latest: BTreeMap<String, (u32, RunVerdict)> = BTreeMap::new();
    for (n, path) in files(series.dir())? {
        let text = fs::read(&path)?;
        let verdict: RunVerdict = serde_json::from_slice(&text).map_err(|error| {
            let todo = "put back a copy: without it its run would count as good";
            SeriesError::Refused(format!("{} is no verdict ({error}); {todo}", path.display()))
        })?;
        match latest.get(&verdict.run) {
            Some((known, _)) if *known > n => {}
            _ => drop(latest.insert(verdict.run.clone(), (n, verdict))),
        }
    }
    Ok(latest.into_iter().map(|(run, (_, verdict))| (run, verdict)).collect())
}

/// Whether later runs may be compared with this one. A run nobody judged was added by hand by
/// somebody who wanted it there.
pub fn is_good(verdict: Option<&RunVerdict>) -> bool {
    verdict.is_none_or(|verdict| matches!(verdict.outcome, VerdictOutcome::Good | VerdictOutcome::Accepted))
}

/// Accepts a run: what became worse in it is what later runs are compared with.
///
/// # Errors
/// When there is no such run, or nothing to accept in it.
pub fn accept(series: &Series, run: &str, because: &str) -> Result<RunVerdict, SeriesError> {
    if !series.read()?.entries.iter().any(|entry| entry.name == run) {
        let why = format!("there is no run {run} in the series; `harness series list` shows all");
        return Err(SeriesError::Refused(why));
    }
    let Some(verdict) = verdicts(series)?.remove(run).filter(|verdict| !is_good(Some(verdict))) else {
        return Err(SeriesError::Refused(format!("{run} has no regression that could be accepted")));
    };
    let given = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let verdict = RunVerdict { outcome: VerdictOutcome::Accepted, because: Some(because.to_owned()), given, ..verdict };
    write(series, &verdict)?;
    Ok(verdict)
}

/// Adds a verdict, whole or not at all. With the lock of the series.
pub(super) fn write(series: &Series, verdict: &RunVerdict) -> Result<(), SeriesError> {
    check_name(&verdict.run)?;
    let folder = series.dir().join(FOLDER);
    fs::create_dir_all(&folder)?;
    let _lock = series.lock()?;
    let given = files(series.dir())?.into_iter().filter(|(_, path)| run_of(path) == Some(&verdict.run));
    let n = given.map(|(n, _)| n).max().unwrap_or(0) + 1;
    let path = folder.join(format!("{}.{n}.json", verdict.run));
    let mut text = serde_json::to_vec_pretty(verdict).map_err(std::io::Error::from)?;
    text.push(b'\n');
    staged_beside(&path, &text)?.persist_noclobber(&path).map_err(|error| error.error)?;
    Ok(())
}

fn files(dir: &Path) -> Result<Vec<(u32, PathBuf)>, SeriesError> {
    let entries = match fs::read_dir(dir.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let Some(n) = number_of(&path) {
            files.push((n, path));
        }
    }
    files.sort();
    Ok(files)
}

/// `name` of `name.3.json`.
fn run_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.rsplit_once('.').map(|(run, _)| run)
}

/// 3 of `name.3.json`.
fn number_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.rsplit_once('.').and_then(|(_, n)| n.parse().ok())
}
