//! What can go wrong with a run folder, and what to do about it.

use crate::{SCHEMA_VERSION, StepKey};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A run folder could not be written or read; each names its path.
#[derive(Debug, Error)]
pub enum RunError {
    /// The operating system refused: what was attempted, e.g. `append to`, and on which path.
    #[error("cannot {0} {path}", path = .1.display())]
    Io(&'static str, PathBuf, #[source] std::io::Error),
    /// There is no such folder, or it holds no run: what is missing or wrong.
    #[error(
        "{path} is not a run folder: {1}; give a folder that `harness compare`, `harness probe` or `harness simulate` wrote",
        path = .0.display()
    )]
    NotARun(PathBuf, String),
    /// Another, newer harness wrote it: the version found.
    #[error("{path} has schema version {1}, this harness reads up to {SCHEMA_VERSION}; update the harness", path = .0.display())]
    Newer(PathBuf, u64),
    /// A row does not fit the columns: its line in the table, from 1, and why.
    #[error("cannot read {path} line {1}: {2}; restore the file or delete that row", path = .0.display())]
    Row(PathBuf, u64, String),
    /// A table has other columns than this version writes.
    #[error("cannot append to {path}: its columns are not those this harness writes; start a new run", path = .0.display())]
    Columns(PathBuf),
    /// `create` would overwrite a run.
    #[error("{path} already holds a run; resume it or choose another folder", path = .0.display())]
    Exists(PathBuf),
    /// Another process is writing this run.
    #[error("{path} is being written by another harness; wait for it to end", path = .0.display())]
    Busy(PathBuf),
    /// The step was recorded before.
    #[error("cannot record {1} twice in {path}; skip the steps that `RunWriter::contains`", path = .0.display())]
    Twice(PathBuf, Box<StepKey>),
    /// A unit row names another step than the one it was given with.
    #[error("cannot record {0}: a unit row given with it belongs to {1}")]
    StrangeUnit(Box<StepKey>, Box<StepKey>),
    /// A row could not be turned into a line; a defect of this crate.
    #[error("cannot encode a row for {path}", path = .0.display())]
    Encode(PathBuf, #[source] csv::Error),
}

impl RunError {
    /// An operation on a file that failed.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| RunError::Io(action, path, source)
    }

    /// A folder that holds no run, and why.
    pub fn not_a_run(dir: &Path, why: impl Into<String>) -> Self {
        RunError::NotARun(dir.into(), why.into())
    }
}
