//! Bringing a workspace's sources to this machine, once.
//!
//! In: a [`Workspace`] and a directory for sources. Out: a [`Fetched`] tree that nobody builds
//! in; working copies come from [`crate::checkout`]. Fetching again finds the first one, a
//! changed pin fetches anew, an interrupted fetch leaves nothing that looks complete.

use std::path::{Path, PathBuf};

use crate::cargo::{CargoError, CargoProgram};
use crate::checkout::CheckoutError;
use crate::manifest::{Source, Workspace};
use crate::slot::{IoError, Slot};
use crate::source;

/// Fetches sources into one directory, with one Cargo.
#[derive(Debug, Clone)]
pub struct Fetcher {
    sources: PathBuf,
    cargo: CargoProgram,
}

/// A source that is here, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The whole tree: a package, a repository's checkout, a copied directory.
    pub tree: PathBuf,
    /// Where in the tree Cargo runs; empty for its root.
    pub subdir: PathBuf,
    /// The commit, for a git source.
    pub commit: Option<crate::pins::CommitId>,
    /// Whether this call brought it here; false when it was here before.
    pub new: bool,
}

impl Fetched {
    /// The directory Cargo would run in.
    pub fn dir(&self) -> PathBuf {
        self.tree.join(&self.subdir)
    }

    /// The nearest `Cargo.lock` at or above [`Self::dir`], inside the tree.
    pub fn lockfile(&self) -> Option<PathBuf> {
        let dir = self.dir();
        let inside = dir.ancestors().take_while(|dir| dir.starts_with(&self.tree));
        inside.map(|dir| dir.join("Cargo.lock")).find(|lock| lock.is_file())
    }
}

impl Fetcher {
    /// A fetcher that keeps everything under `sources`, which is made when needed.
    pub fn new(sources: impl Into<PathBuf>, cargo: CargoProgram) -> Self {
        Self { sources: sources.into(), cargo }
    }

    /// The Cargo it fetches with.
    pub fn cargo(&self) -> &CargoProgram {
        &self.cargo
    }

    /// The directory the sources are kept in.
    pub fn sources(&self) -> &Path {
        &self.sources
    }

    /// The workspace's sources, fetched now or before.
    ///
    /// # Errors
    /// When they cannot be had, or are not what the manifest pins.
    pub fn fetch(&self, workspace: &Workspace) -> Result<Fetched, FetchError> {
        self.fetch_source(&workspace.source).map_err(|cause| FetchError { workspace: workspace.name.clone(), cause })
    }

    /// Whether the workspace's sources are here already, whole. For a path: as it is now.
    pub fn is_fetched(&self, workspace: &Workspace) -> bool {
        self.slot(&workspace.source).is_ok_and(|slot| slot.is_complete())
    }

    fn slot(&self, source: &Source) -> Result<Slot, FetchCause> {
        let root = &self.sources;
        Ok(match source {
            Source::Registry { name, version, checksum } => {
                let all = format!("registry {name} {version} sha256:{checksum}\n");
                Slot::new(root, &format!("{name}-{version}"), &all, all.clone())
            }
            Source::Git { url, commit, .. } => {
                let all = format!("git {url} {commit}\n");
                Slot::new(root, "git", &all, all.clone())
            }
            Source::Path { path } => {
                let state = source::path::state(path, root)?;
                let identity = format!("path {}\n", path.display());
                let description = format!("{identity}state {state}\n");
                Slot::new(root, "path", &identity, description)
            }
        })
    }

    fn fetch_source(&self, source: &Source) -> Result<Fetched, FetchCause> {
        let slot = self.slot(source)?;
        let new = slot.ensure(|stage| match source {
            Source::Registry { name, version, checksum } => {
                source::registry::fetch(&self.cargo, name, version, checksum, stage)
            }
            Source::Git { url, commit, .. } => source::git::fetch(url, commit, stage),
            Source::Path { path } => source::path::fetch(path, stage),
        })?;
        let mut fetched = Fetched { tree: slot.dir().join("tree"), subdir: PathBuf::new(), commit: None, new };
        if let Source::Git { subdir, commit, .. } = source {
            fetched.subdir.clone_from(subdir);
            fetched.commit = Some(commit.clone());
        }
        if !fetched.dir().join("Cargo.toml").is_file() {
            let dir = fetched.subdir.display();
            return Err(FetchCause::NoPackage(format!("{dir}/Cargo.toml")));
        }
        Ok(fetched)
    }
}

/// A workspace that could not be fetched. One line.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch {workspace}: {cause}")]
pub struct FetchError {
    /// The workspace's name.
    pub workspace: String,
    /// Why.
    #[source]
    pub cause: FetchCause,
}

/// Why a source could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchCause {
    /// Cargo could not provide it.
    #[error(transparent)]
    Cargo(#[from] CargoError),
    /// The registry has other bytes under this name and version.
    #[error("checksum mismatch for {package}: the manifest says {expected}, the registry {found}")]
    Checksum {
        /// Name and version.
        package: String,
        /// The manifest's checksum.
        expected: String,
        /// The registry's.
        found: String,
    },
    /// Cargo has it, but nowhere it was looked for.
    #[error("Cargo resolved {package} but left no sources of it{hint}")]
    NotFound {
        /// Name and version.
        package: String,
        /// What was tried.
        hint: String,
    },
    /// A package without a lockfile pins nothing.
    #[error("{0} has no Cargo.lock: choose a version that was published with one")]
    NoLockfile(String),
    /// The tree has no package where the manifest says.
    #[error("there is no {0} in the sources: check `subdir`")]
    NoPackage(String),
    /// The repository does not answer or is none.
    #[error("cannot reach the git repository {url}: {why}")]
    Unreachable {
        /// Its location.
        url: String,
        /// What git said, on one line.
        why: String,
    },
    /// The repository is there, the commit is not.
    #[error("the git repository {url} has no commit {commit}{why}")]
    NoCommit {
        /// Its location.
        url: String,
        /// The commit of the manifest.
        commit: String,
        /// What git said, or nothing.
        why: String,
    },
    /// The commit could not be laid out as files.
    #[error("cannot check out {commit}: {why}")]
    Layout {
        /// The commit.
        commit: String,
        /// What libgit2 said.
        why: String,
    },
    /// A path source that cannot be taken.
    #[error("cannot take the directory {}: {why}", path.display())]
    BadPath {
        /// The directory.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Copying failed.
    #[error(transparent)]
    Copy(#[from] CheckoutError),
    /// Something else with a file.
    #[error(transparent)]
    Io(#[from] IoError),
}
