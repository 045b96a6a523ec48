//! A whole second `Cargo.lock` of a workspace, for the step that upgrades a dependency.

use std::path::{Path, PathBuf};

use crate::slot::{IoError, at};

/// Where a second lockfile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lockfile {
    /// It comes along with a shipped corpus.
    Shipped {
        /// What the manifest calls it.
        name: PathBuf,
        /// All of it.
        text: &'static str,
    },
    /// A file of this machine.
    File(PathBuf),
}

impl Lockfile {
    /// The text of the lockfile.
    ///
    /// # Errors
    /// When the file cannot be read, or is not UTF-8.
    pub fn text(&self) -> Result<String, IoError> {
        match self {
            Self::Shipped { text, .. } => Ok((*text).to_owned()),
            Self::File(path) => std::fs::read_to_string(path).map_err(at("read the second lockfile", path)),
        }
    }

    /// Its path, or what the manifest calls it.
    pub fn path(&self) -> &Path {
        match self {
            Self::Shipped { name, .. } => name,
            Self::File(path) => path,
        }
    }
}
