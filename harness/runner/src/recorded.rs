//! What a run has recorded, also by an earlier part of it.
//!
//! The rounds of a budget follow from the rows before them, and a resumed run must choose the
//! same. So rows are kept as a reader of the folder finds them, with six decimals, and not as
//! they were measured.

use anyhow::Result;
use records::run_folder::{RunFolder, RunWriter};
use records::{RunInfo, StepKey, StepRow, UnitRow};

/// The run folder and every step in it.
#[derive(Debug)]
pub struct Records {
    writer: RunWriter,
    rows: Vec<StepRow>,
}

impl Records {
    /// What a folder holds already.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(writer: RunWriter) -> Result<Records> {
        let rows = RunFolder::read(writer.dir())?.steps;
        Ok(Records { writer, rows })
    }

    /// Every step, in the order in which they were recorded.
    pub fn rows(&self) -> &[StepRow] {
        &self.rows
    }

    /// `run.json`.
    pub fn info(&self) -> &RunInfo {
        self.writer.info()
    }

    /// Whether a step is recorded.
    pub fn contains(&self, key: &StepKey) -> bool {
        self.writer.contains(key)
    }

    /// Records a finished step with its units.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<()> {
        self.rows.push(self.writer.append(step, units)?);
        Ok(())
    }

    /// The folder, for what comes after the last step.
    pub fn into_writer(self) -> RunWriter {
        self.writer
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
