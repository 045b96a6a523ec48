//! One CSV table on disk, for appending.
//!
//! In: rows. Out: whole lines, each batch in one write; a write that fails
//! half-way is taken back, so that the next one does not join a torn line.

use super::{RunError, whole_rows};
use crate::StepKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// One CSV file, open for appending and locked against a second writer.
#[derive(Debug)]
pub(super) struct AppendedTable {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) length: u64,
    header_length: u64,
}

impl AppendedTable {
    /// Opens or makes the file, writes the header once, cuts an unfinished line.
    pub(super) fn open(dir: &Path, name: &str, columns: &[&str]) -> Result<Self, RunError> {
        let path = dir.join(name);
        let file =
            OpenOptions::new().append(true).create(true).read(true).open(&path).map_err(RunError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunError::Busy(dir.into())),
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
                return Err(RunError::Columns(table.path));
            }
            table.cut(0)?;
            table.write(header.as_bytes())?;
        } else if !bytes.starts_with(header.as_bytes()) {
            return Err(RunError::Columns(table.path));
        } else if whole < bytes.len() {
            table.cut(whole as u64)?;
        }
        Ok(table)
    }

    /// Whether there is anything but the header.
    pub(super) fn rows(&self) -> bool {
        self.length > self.header_length
    }

    pub(super) fn append<T: Serialize>(&mut self, rows: &[T]) -> Result<(), RunError> {
        let bytes = self.encode(rows)?;
        self.write(&bytes)
    }

    /// What a reader will find of a row: numbers lose decimals on their way.
    pub(super) fn as_written<T: Serialize + DeserializeOwned + Clone>(&self, row: &T) -> Result<T, RunError> {
        let bytes = self.encode(std::slice::from_ref(row))?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        let written = reader.deserialize().next();
        written.unwrap_or_else(|| Ok(row.clone())).map_err(|source| self.encoding(source))
    }

    fn encode<T: Serialize>(&self, rows: &[T]) -> Result<Vec<u8>, RunError> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(|source| self.encoding(source))?;
        }
        writer.into_inner().map_err(|error| self.encoding(error.into_error().into()))
    }

    fn encoding(&self, source: csv::Error) -> RunError {
        RunError::Encode(self.path.clone(), source)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        if let Err(error) = self.file.write_all(bytes) {
            // Part of a line may be in the file; the error above is the one to report.
            let _ = self.file.set_len(self.length);
            return Err(RunError::io("append to", &self.path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Shortens the file to `length` bytes.
    pub(super) fn cut(&mut self, length: u64) -> Result<(), RunError> {
        self.file.set_len(length).map_err(RunError::io("shorten", &self.path))?;
        self.length = length;
        Ok(())
    }

    /// The key and the byte offset of every row.
    pub(super) fn keys(&mut self) -> Result<Vec<(StepKey, u64)>, RunError> {
        let bytes = fs::read(&self.path).map_err(RunError::io("read", &self.path))?;
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let mut keys = Vec::new();
        let header = reader.headers().cloned().unwrap_or_default();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap_or(0);
        let [run, round, workspace, scenario, step, strategy] =
            ["run", "round", "workspace", "scenario", "step", "strategy"].map(place);
        for record in reader.records() {
            let bad_row = |line: u64, why: String| RunError::Row(self.path.clone(), line, why);
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
