//! What can go wrong with a run folder, and what to do about it.

use crate::{SCHEMA_VERSION, StepKey};
use std::path::PathBuf;
use thiserror::Error;

/// A run folder could not be written or read.
#[derive(Debug, Error)]
pub enum RunError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted, e.g. `append to`.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no such folder, or it holds no run.
    #[error(
        "{} is not a run folder: {why}; give a folder that `harness compare`, `harness probe` or `harness simulate` wrote",
        path.display()
    )]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// Another, newer harness wrote it.
    #[error(
        "{} has schema version {found}, this harness reads up to {SCHEMA_VERSION}; update the harness",
        path.display()
    )]
    Newer {
        /// The `run.json` in question.
        path: PathBuf,
        /// The version found.
        found: u64,
    },
    /// A row does not fit the columns.
    #[error("cannot read {} line {line}: {why}; restore the file or delete that row", path.display())]
    Row {
        /// The table.
        path: PathBuf,
        /// Line in the file, from 1.
        line: u64,
        /// What does not fit.
        why: String,
    },
    /// A table has other columns than this version writes.
    #[error(
        "cannot append to {}: its columns are not those this harness writes; start a new run",
        path.display()
    )]
    Columns {
        /// The table.
        path: PathBuf,
    },
    /// `create` would overwrite a run.
    #[error("{} already holds a run; resume it or choose another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Another process is writing this run.
    #[error("{} is being written by another harness; wait for it to end", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The step was recorded before.
    #[error("cannot record {key} twice in {}; skip the steps that `RunWriter::contains`", path.display())]
    Twice {
        /// The step.
        key: Box<StepKey>,
        /// The table.
        path: PathBuf,
    },
    /// A unit row names another step than the one it was handed in with.
    #[error("cannot record {key}: a unit row handed in with it belongs to {other}")]
    StrangeUnit {
        /// The step.
        key: Box<StepKey>,
        /// The step the unit row names.
        other: Box<StepKey>,
    },
    /// A row could not be turned into a line; a defect of this crate.
    #[error("cannot encode a row for {}", path.display())]
    Encode {
        /// The table.
        path: PathBuf,
        /// What the encoder said.
        source: csv::Error,
    },
}

impl RunError {
    /// An operation on a file that failed.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| RunError::Io { action, path, source }
    }
}
