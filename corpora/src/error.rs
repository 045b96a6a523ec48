//! How fetching fails.

use std::path::PathBuf;

use crate::cargo::CargoError;
use crate::checkout::CheckoutError;
use crate::pins::{CommitId, GitUrl};

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("cannot run git, install it: {0}")]
    Start(#[from] std::io::Error),
    #[error("{0}")]
    Failed(String),
}

#[derive(Debug, thiserror::Error)]
pub enum FetchCause {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error("checksum mismatch for {0}: the manifest says {1}, the registry {2}")]
    Checksum(String, String, String),
    #[error("Cargo resolved {0} but left no sources of it{1}")]
    NotFound(String, &'static str),
    #[error("{0} has no Cargo.lock: choose a version that was published with one")]
    NoLockfile(String),
    #[error("there is no {0} in the sources: check `subdir`")]
    NoPackage(String),
    #[error("cannot reach the git repository {0}: {1}")]
    Unreachable(GitUrl, GitError),
    #[error("the git repository {0} has no commit {1} in any branch or tag")]
    NoCommit(GitUrl, CommitId),
    #[error("cannot check out {0}: {1}")]
    GitCheckout(CommitId, GitError),
    #[error("cannot use the directory {}: {}", .0.display(), .1)]
    BadPath(PathBuf, String),
    #[error(transparent)]
    Copy(#[from] CheckoutError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
