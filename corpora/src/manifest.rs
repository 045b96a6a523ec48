//! A corpus: a named list of pinned workspaces, read from a TOML manifest.
//!
//! ```toml
//! name = "mine"
//! about = "what this corpus is good for"
//!
//! [[workspace]]
//! name = "hexyl"
//! why = "small, quick to build"
//! source = { registry = "hexyl", version = "0.17.0", checksum = "<64 hex digits>" }
//! # or    { git = "https://…", commit = "<40 hex digits>", subdir = "crates/hexyl" }
//! # or    { path = "../hexyl" }
//! cargo-args = ["--bin", "hexyl"]
//! test-args = ["--bins"]
//! edit = "src/main.rs"
//! run = { bin = "hexyl", args = ["--version"] }
//! upgrade = "upgrades/hexyl.lock"
//! ```
//!
//! `subdir`, `cargo-args`, `test-args`, `run` and `upgrade` may be left out. With
//! `graphs-only = true` at the top, nothing of the corpus is ever built: only its unit graphs are
//! collected, and `edit` may be left out, too. A path is relative to the manifest. `test-args` are
//! further arguments when tests are built: published packages often lack what their integration
//! tests need. `upgrade` is a whole second Cargo.lock in the manifest's directory or under it.
//! A corpus that was read has been checked in full: names are safe file names, relative paths
//! stay inside their tree, pins are exact, and no argument overrides what the harness decides.

use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;

use crate::pins::{Checksum, CommitId, GitUrl};

/// A named list of workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// Its name, as given to `--corpus`.
    pub name: String,
    /// One line: what it is good for.
    pub about: String,
    /// Whether only its unit graphs are collected and nothing is built.
    pub graphs_only: bool,
    /// Its workspaces in the order of the manifest; never empty, names are unique.
    pub workspaces: Vec<Workspace>,
}

/// One pinned Cargo workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its name: a safe file name, unique in the corpus.
    pub name: String,
    /// Where its sources come from.
    pub source: WorkspaceSource,
    /// Arguments for `cargo build` besides those the harness gives.
    pub cargo_args: Vec<String>,
    /// Further arguments for `cargo test`.
    pub test_args: Vec<String>,
    /// The Rust file that edit steps change, relative to the directory Cargo runs in; empty where
    /// a corpus that is not built names none.
    pub edit: PathBuf,
    /// A command whose output proves that the built program runs.
    pub run: Option<RunCommand>,
    /// A second `Cargo.lock`, in which a dependency is upgraded.
    pub upgrade: Option<SecondLockfile>,
    /// One line: why it is in the corpus.
    pub why: String,
}

/// A built program and the arguments to start it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCommand {
    /// The binary target's name.
    pub bin: String,
    /// Its arguments, such as `--version`.
    pub args: Vec<String>,
}

/// A whole second `Cargo.lock` of a workspace, for the step that upgrades a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondLockfile {
    /// One that comes along with a shipped corpus.
    Shipped {
        /// Its path in the manifest.
        name: PathBuf,
        /// All of it.
        text: &'static str,
    },
    /// A file of this machine.
    File(PathBuf),
}

impl SecondLockfile {
    /// The text of the lockfile.
    ///
    /// # Errors
    /// When the file cannot be read, or is not UTF-8.
    pub fn text(&self) -> std::io::Result<String> {
        match self {
            Self::Shipped { text, .. } => Ok((*text).to_owned()),
            Self::File(path) => fs_err::read_to_string(path),
        }
    }

    /// Its path, as in the manifest where it is shipped.
    pub fn path(&self) -> &Path {
        match self {
            Self::Shipped { name, .. } => name,
            Self::File(path) => path,
        }
    }
}

/// Where a workspace's sources come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceSource {
    /// A published package with its own `Cargo.lock`.
    Registry {
        /// The package's name.
        name: String,
        /// Its exact version.
        version: Version,
        /// The SHA-256 of its `.crate` file.
        checksum: Checksum,
    },
    /// A commit of a git repository.
    Git {
        /// A URL, or the path of a local repository.
        url: GitUrl,
        /// The full commit.
        commit: CommitId,
        /// Where in the repository Cargo runs; the root when empty.
        subdir: PathBuf,
    },
    /// A directory of this machine, copied as it is.
    Path {
        /// Its absolute path, or one relative to the current directory.
        path: PathBuf,
    },
}

impl WorkspaceSource {
    /// Its kind: `registry`, `git` or `path`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Git { .. } => "git",
            Self::Path { .. } => "path",
        }
    }
}

impl std::fmt::Display for WorkspaceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Registry { name, version, .. } => write!(f, "{name} {version}"),
            Self::Git { url, commit, subdir } => {
                write!(f, "{url} at {commit}")?;
                if subdir.as_os_str().is_empty() {
                    return Ok(());
                }
                write!(f, " in {}", subdir.display())
            }
            Self::Path { path } => write!(f, "{}", path.display()),
        }
    }
}

/// Why a manifest is no corpus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file could not be read.
    #[error("cannot read the manifest: {0}")]
    Read(#[from] std::io::Error),
    /// Something in the file is wrong.
    #[error("{}:{line}: {}{what}", path.display(), key_prefix(key))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The key, empty when the line has none.
        key: String,
        /// What is wrong with it and what it should be.
        what: String,
    },
    /// There is no shipped corpus of this name.
    #[error("there is no corpus {name:?}: {hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name, and all there are.
        hint: String,
    },
}

fn key_prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("`{key}`: ") }
}

impl Corpus {
    /// Only the workspaces of these names, in the corpus' order.
    ///
    /// # Errors
    /// The first name that is not in the corpus.
    pub fn only(&self, names: &[String]) -> Result<Self, String> {
        let known = |name: &&String| self.workspaces.iter().any(|w| w.name == **name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            return Err(unknown.clone());
        }
        let mut chosen = self.clone();
        chosen.workspaces.retain(|w| names.contains(&w.name));
        Ok(chosen)
    }
}
