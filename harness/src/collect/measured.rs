//! Seconds and bytes of units that runs have measured.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use records::control::repeated_by;
use records::costs::PRICED_BY;
use records::run_folder::{RUN_FILE, RunFolder};
use records::{Status, StepKey, StepRow};

/// The identity of a unit in its workspace, in a run and in a trace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UnitName {
    pub package: String,
    pub version: String,
    pub target: String,
    /// Kinds of the target, joined by commas.
    pub kind: String,
    pub mode: String,
    pub profile: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Amounts {
    /// Seconds, of builds in which everything was compiled from nothing.
    pub seconds: Vec<f64>,
    pub bytes: Vec<f64>,
}

#[derive(Debug, Default)]
pub struct Measurements {
    pub(super) amounts: HashMap<(String, UnitName), Amounts>,
    pub(super) runs: Vec<String>,
}

/// The run folders at these paths: each is one, or holds some.
pub fn run_folders(dirs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for dir in dirs {
        let found = folders_in(dir).with_context(|| format!("cannot read --runs {}", dir.display()))?;
        if found.is_empty() {
            bail!("--runs {} holds no run; name a run folder, or a folder of some", dir.display());
        }
        all.extend(found);
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// The run folders of a folder that may have none, or not be there.
pub fn folders_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    if dir.join(RUN_FILE).is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let inside = std::fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = inside.filter(|path| path.join(RUN_FILE).is_file()).collect();
    found.sort();
    Ok(found)
}

impl Measurements {
    /// Reads the runs. One that cannot be read is noted and left out: another program may be writing it.
    pub fn read(folders: &[PathBuf], mut note: impl FnMut(String)) -> Measurements {
        let mut measurements = Measurements::default();
        for folder in folders {
            match RunFolder::read(folder) {
                Ok(run) => measurements.add(&run),
                Err(error) => note(format!("no measurements from {}: {error}", folder.display())),
            }
        }
        measurements
    }

    /// Adds a run: only rows that entered a comparison, of ordinary builds. Seconds are those of `none`, if the run has
    /// it, else of every strategy that built from nothing.
    fn add(&mut self, run: &RunFolder) {
        let usual = run.steps.iter().filter(|row| is_usual(row));
        let steps: HashMap<StepKey, &StepRow> = usual.map(|row| (StepKey::of_step(row), row)).collect();
        let is_none = |arm: &str| arm == PRICED_BY || repeated_by(arm) == Some(PRICED_BY);
        let has_none = steps.values().any(|row| is_none(&row.strategy) && is_clean(row));
        let before: usize = self.counted();
        let mut last: Option<(StepKey, Option<&StepRow>)> = None;
        for row in &run.units {
            let key = StepKey::of_unit(row);
            let step = match &last {
                Some((known, step)) if *known == key => *step,
                _ => last.insert((key.clone(), steps.get(&key).copied())).1,
            };
            let Some(step) = step else { continue };
            let timed =
                is_clean(step) && (is_none(&row.strategy) || !has_none && step.integration.as_deref() == Some("units"));
            let seconds = row.cost_s.filter(|_| timed);
            let bytes = row.bytes.filter(|bytes| *bytes > 0);
            if seconds.is_none() && bytes.is_none() {
                continue;
            }
            let name = UnitName {
                package: row.package.clone(),
                version: row.version.clone(),
                target: row.target.clone(),
                kind: row.kind.replace('+', ","),
                mode: row.mode.clone(),
                profile: step.profile.clone(),
            };
            let amounts = self.amounts.entry((row.workspace.clone(), name)).or_default();
            amounts.seconds.extend(seconds);
            amounts.bytes.extend(bytes.map(|bytes| bytes as f64));
        }
        if self.counted() > before {
            self.runs.push(run.info.name.clone());
        }
    }

    fn counted(&self) -> usize {
        self.amounts.values().map(|amounts| amounts.seconds.len() + amounts.bytes.len()).sum()
    }
}

/// One Cargo, with the lockfile and the flags of the corpus.
fn is_usual(row: &StepRow) -> bool {
    let kinds = ["check", "test", "dev", "release"];
    let plain = row.variant.split_whitespace().all(|word| kinds.contains(&word) || word == row.profile);
    row.status == Status::Ok && row.builds.is_none_or(|builds| builds <= 1) && plain
}

/// Whether everything was compiled, from nothing: after an edit the costs of a unit differ.
fn is_clean(row: &StepRow) -> bool {
    row.compiled.zip(row.units).is_some_and(|(compiled, units)| compiled >= units && units > 0)
}

#[cfg(test)]
#[path = "measured_tests.rs"]
mod tests;
