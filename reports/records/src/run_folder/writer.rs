//! Writing a run folder: [`RunWriter`].
//!
//! The order of the writes carries the guarantee. A step's unit rows go out
//! first, in one write; its own row follows, in one write. So a step that has a
//! row has all its units, and units without a step are the debris of a kill,
//! dropped when the run is opened again. A write that fails half-way, as on a
//! full disk, is taken back before the error is returned.
//!
//! This protects against the death of the process, not of the machine: rows are
//! not forced to the disk, since a sync would disturb the builds under
//! measurement.

use super::{RUN_FILE, RunError, STEPS_FILE, UNITS_FILE, reader, replace_file, table_file::AppendedTable};
use crate::{RunInfo, StepKey, StepRow, UnitRow};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Appends finished steps to a run folder.
#[derive(Debug)]
pub struct RunWriter {
    dir: PathBuf,
    info: RunInfo,
    steps: AppendedTable,
    units: AppendedTable,
    done: HashSet<StepKey>,
}

impl RunWriter {
    /// Makes the folder `dir` (and its parents) with empty tables.
    ///
    /// # Errors
    /// When the folder already holds a run or cannot be written.
    pub fn create(dir: &Path, info: RunInfo) -> Result<Self, RunError> {
        fs::create_dir_all(dir).map_err(RunError::io("create", dir))?;
        if dir.join(RUN_FILE).exists() {
            return Err(RunError::Exists(dir.into()));
        }
        let steps = AppendedTable::open(dir, STEPS_FILE, StepRow::COLUMNS)?;
        let units = AppendedTable::open(dir, UNITS_FILE, UnitRow::COLUMNS)?;
        if steps.rows() || units.rows() {
            return Err(RunError::Exists(dir.into()));
        }
        let writer = Self { dir: dir.into(), info, steps, units, done: HashSet::new() };
        // Last, so that a folder with a run.json is a whole run folder.
        writer.write_info()?;
        Ok(writer)
    }

    /// Opens a run that was cut off. An unfinished last line and the units of a
    /// step that has no row are removed from the files.
    ///
    /// # Errors
    /// When the folder holds no run, is being written by another process, or has
    /// other columns than this version writes.
    pub fn open_for_append(dir: &Path) -> Result<Self, RunError> {
        let info = reader::read_info(dir)?;
        for file in [STEPS_FILE, UNITS_FILE] {
            if !dir.join(file).exists() {
                return Err(RunError::not_a_run(dir, format!("it has no {file}")));
            }
        }
        let mut steps = AppendedTable::open(dir, STEPS_FILE, StepRow::COLUMNS)?;
        let mut units = AppendedTable::open(dir, UNITS_FILE, UnitRow::COLUMNS)?;
        let done = steps.keys()?.into_iter().map(|(key, _)| key).collect::<HashSet<_>>();
        let mut debris = None;
        for (key, start) in units.keys()? {
            if done.contains(&key) {
                debris = None;
            } else if debris.is_none() {
                debris = Some(start);
            }
        }
        if let Some(start) = debris {
            units.cut(start)?;
        }
        Ok(Self { dir: dir.into(), info, steps, units, done })
    }

    /// Records a finished step with its units, both or neither; returns its row as a reader of
    /// the folder finds it.
    ///
    /// # Errors
    /// When the step is recorded already, a unit row belongs to another step, or
    /// the files cannot be written; nothing of the step is recorded then.
    pub fn append(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<StepRow, RunError> {
        let key = StepKey::of_step(step);
        if self.done.contains(&key) {
            return Err(RunError::Twice(self.steps.path.clone(), Box::new(key)));
        }
        if let Some(other) = units.iter().map(StepKey::of_unit).find(|other| *other != key) {
            return Err(RunError::StrangeUnit(Box::new(key), Box::new(other)));
        }
        let written = self.steps.as_written(step)?;
        let before = self.units.length;
        self.units.append(units)?;
        if let Err(error) = self.steps.append(std::slice::from_ref(step)) {
            self.units.cut(before)?;
            return Err(error);
        }
        self.done.insert(key);
        Ok(written)
    }

    /// Whether a step is recorded: what a resumed run skips.
    pub fn contains(&self, key: &StepKey) -> bool {
        self.done.contains(key)
    }

    /// How many steps are recorded.
    pub fn steps_recorded(&self) -> usize {
        self.done.len()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `run.json` as it stands.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Changes `run.json`, e.g. when a resumed run takes more rounds.
    pub fn update_info(&mut self, change: impl FnOnce(&mut RunInfo)) -> Result<(), RunError> {
        change(&mut self.info);
        self.write_info()
    }

    /// Marks the run complete: every planned step is recorded.
    pub fn finish(mut self) -> Result<(), RunError> {
        self.update_info(|info| info.complete = true)
    }

    fn write_info(&self) -> Result<(), RunError> {
        let path = self.dir.join(RUN_FILE);
        let mut text =
            serde_json::to_vec_pretty(&self.info).map_err(|error| RunError::io("encode", &path)(error.into()))?;
        text.push(b'\n');
        replace_file(&self.dir, RUN_FILE, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use std::fs::File;

    fn rows() -> (StepRow, UnitRow) {
        let step = StepRow { run: "r1".into(), round: 1, ..StepRow::default() };
        let unit = UnitRow { run: "r1".into(), round: 1, outcome: Some(Outcome::Hit), ..UnitRow::default() };
        (step, unit)
    }

    /// A table that cannot be written stands for a full disk.
    #[test]
    fn when_one_table_fails_neither_keeps_the_step() {
        let (step, unit) = rows();
        for fails in [STEPS_FILE, UNITS_FILE] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
            let sizes = || [STEPS_FILE, UNITS_FILE].map(|it| fs::metadata(dir.path().join(it)).unwrap().len());
            let before = sizes();
            let table = if fails == STEPS_FILE { &mut writer.steps } else { &mut writer.units };
            let good = std::mem::replace(&mut table.file, File::open(dir.path().join(fails)).unwrap());
            let error = writer.append(&step, std::slice::from_ref(&unit)).unwrap_err();
            assert!(error.to_string().contains(&format!("append to {}", dir.path().display())), "{error}");
            assert_eq!(sizes(), before, "{fails}");
            let table = if fails == STEPS_FILE { &mut writer.steps } else { &mut writer.units };
            table.file = good;
            writer.append(&step, std::slice::from_ref(&unit)).unwrap();
            assert_eq!(super::super::RunFolder::read(dir.path()).unwrap().units.len(), 1);
        }
    }
}
