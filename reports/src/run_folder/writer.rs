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

use super::{RUN_FILE, RunError, STEPS_FILE, UNITS_FILE, reader, tail::whole_rows};
use crate::record::{RunInfo, StepKey, StepRow, UnitRow};
use serde::Serialize;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Appends finished steps to a run folder.
#[derive(Debug)]
pub struct RunWriter {
    dir: PathBuf,
    info: RunInfo,
    steps: Table,
    units: Table,
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
            return Err(RunError::Exists { path: dir.into() });
        }
        let steps = Table::open(dir, STEPS_FILE, StepRow::COLUMNS)?;
        let units = Table::open(dir, UNITS_FILE, UnitRow::COLUMNS)?;
        if steps.rows() || units.rows() {
            return Err(RunError::Exists { path: dir.into() });
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
                let why = format!("it has no {file}");
                return Err(RunError::NotARun { path: dir.into(), why });
            }
        }
        let mut steps = Table::open(dir, STEPS_FILE, StepRow::COLUMNS)?;
        let mut units = Table::open(dir, UNITS_FILE, UnitRow::COLUMNS)?;
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

    /// Records a finished step with its units, both or neither.
    ///
    /// # Errors
    /// When the step is recorded already, a unit row belongs to another step, or
    /// the files cannot be written; nothing of the step is kept then.
    pub fn append(&mut self, step: &StepRow, units: &[UnitRow]) -> Result<(), RunError> {
        let key = StepKey::of_step(step);
        if self.done.contains(&key) {
            return Err(RunError::Twice { key: Box::new(key), path: self.steps.path.clone() });
        }
        if let Some(other) = units.iter().map(StepKey::of_unit).find(|other| *other != key) {
            return Err(RunError::StrangeUnit { key: Box::new(key), other: Box::new(other) });
        }
        let before = self.units.length;
        self.units.append(units)?;
        if let Err(error) = self.steps.append(std::slice::from_ref(step)) {
            self.units.cut(before)?;
            return Err(error);
        }
        self.done.insert(key);
        Ok(())
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
    ///
    /// # Errors
    /// When the file cannot be replaced.
    pub fn update_info(&mut self, change: impl FnOnce(&mut RunInfo)) -> Result<(), RunError> {
        change(&mut self.info);
        self.write_info()
    }

    /// Marks the run complete: every planned step is recorded.
    ///
    /// # Errors
    /// When `run.json` cannot be replaced.
    pub fn finish(mut self) -> Result<(), RunError> {
        self.update_info(|info| info.complete = true)
    }

    fn write_info(&self) -> Result<(), RunError> {
        let path = self.dir.join(RUN_FILE);
        let staged = self.dir.join("run.json.new");
        let mut text =
            serde_json::to_vec_pretty(&self.info).map_err(|error| RunError::io("encode", &path)(error.into()))?;
        text.push(b'\n');
        fs::write(&staged, text).map_err(RunError::io("write", &staged))?;
        fs::rename(&staged, &path).map_err(RunError::io("replace", &path))
    }
}

/// One CSV file, open for appending and locked against a second writer.
#[derive(Debug)]
struct Table {
    path: PathBuf,
    file: File,
    length: u64,
    header_length: u64,
}

impl Table {
    /// Opens or makes the file, writes the header once, cuts an unfinished line.
    fn open(dir: &Path, name: &str, columns: &[&str]) -> Result<Self, RunError> {
        let path = dir.join(name);
        let file =
            OpenOptions::new().append(true).create(true).read(true).open(&path).map_err(RunError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunError::Busy { path: dir.into() }),
            // A file system without locks, as some network ones are: go on.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(RunError::io("lock", path)(error)),
        }
        let header = format!("{}\n", columns.join(","));
        let bytes = fs::read(&path).map_err(RunError::io("read", &path))?;
        let whole = whole_rows(&bytes);
        let mut table = Self { path, file, length: bytes.len() as u64, header_length: header.len() as u64 };
        if whole == 0 {
            if !header.as_bytes().starts_with(&bytes) {
                return Err(RunError::Columns { path: table.path });
            }
            table.cut(0)?;
            table.write(header.as_bytes())?;
        } else if !bytes.starts_with(header.as_bytes()) {
            return Err(RunError::Columns { path: table.path });
        } else if whole < bytes.len() {
            table.cut(whole as u64)?;
        }
        Ok(table)
    }

    fn rows(&self) -> bool {
        self.length > self.header_length
    }

    /// Appends rows in one write.
    fn append<T: Serialize>(&mut self, rows: &[T]) -> Result<(), RunError> {
        let encode = |source| RunError::Encode { path: self.path.clone(), source };
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(encode)?;
        }
        let bytes = writer.into_inner().map_err(|error| encode(error.into_error().into()))?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        if let Err(error) = self.file.write_all(bytes) {
            // Part of a line may be in the file; the error above is the one to tell.
            let _ = self.file.set_len(self.length);
            return Err(RunError::io("append to", &self.path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn cut(&mut self, length: u64) -> Result<(), RunError> {
        self.file.set_len(length).map_err(RunError::io("shorten", &self.path))?;
        self.length = length;
        Ok(())
    }

    /// The key and the byte offset of every row.
    fn keys(&mut self) -> Result<Vec<(StepKey, u64)>, RunError> {
        let bytes = fs::read(&self.path).map_err(RunError::io("read", &self.path))?;
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let mut keys = Vec::new();
        let header = reader.headers().cloned().unwrap_or_default();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap_or(0);
        let [run, round, workspace, scenario, step, strategy] =
            ["run", "round", "workspace", "scenario", "step", "strategy"].map(place);
        for record in reader.records() {
            let bad_row = |line: u64, why: String| RunError::Row { path: self.path.clone(), line, why };
            let record =
                record.map_err(|error| bad_row(error.position().map_or(1, csv::Position::line), error.to_string()))?;
            let (line, start) = record.position().map_or((1, 0), |at| (at.line(), at.byte()));
            let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let round = field(round);
            let key = StepKey {
                run: field(run),
                round: round.parse().map_err(|_| bad_row(line, format!("`{round}` is no round")))?,
                workspace: field(workspace),
                scenario: field(scenario),
                step: field(step),
                strategy: field(strategy),
            };
            keys.push((key, start));
        }
        Ok(keys)
    }
}
