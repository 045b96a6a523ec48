//! How fetching fails.

use std::path::PathBuf;

use crate::cargo::CargoError;
use crate::checkout::CheckoutError;
use crate::pins::{CommitId, GitUrl};

/// Why a run of `git` failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The program could not be started.
    #[error("cannot run git, install it: {0}")]
    Start(#[from] std::io::Error),
    /// Git ran and failed.
    #[error("{0}")]
    Failed(String),
}

/// Why a source could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchCause {
    /// Cargo could not provide it.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// The registry has other bytes under this name and version.
    #[error("checksum mismatch for {0}: the manifest says {1}, the registry {2}")]
    Checksum(String, String, String),
    /// Cargo has it, but nowhere it was looked for.
    #[error("Cargo resolved {0} but left no sources of it{1}")]
    NotFound(String, &'static str),
    /// A package without a lockfile pins nothing.
    #[error("{0} has no Cargo.lock: choose a version that was published with one")]
    NoLockfile(String),
    /// The tree has no package where the manifest says.
    #[error("there is no {0} in the sources: check `subdir`")]
    NoPackage(String),
    /// The repository does not answer or is none.
    #[error("cannot reach the git repository {0}: {1}")]
    Unreachable(GitUrl, GitError),
    /// The repository is there, the commit is not.
    #[error("the git repository {0} has no commit {1} in any branch or tag")]
    NoCommit(GitUrl, CommitId),
    /// The files of the commit could not be written.
    #[error("cannot check out {0}: {1}")]
    GitCheckout(CommitId, GitError),
    /// A directory that is no usable source.
    #[error("cannot use the directory {}: {}", .0.display(), .1)]
    BadPath(PathBuf, String),
    /// Copying failed.
    #[error(transparent)]
    Copy(#[from] CheckoutError),
    /// Something else with a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
