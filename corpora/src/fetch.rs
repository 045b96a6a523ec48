//! Bringing a workspace's sources to this machine, once.
//!
//! A [`FetchedSource`] is never built in; working copies come from [`crate::checkout`]. Fetching again finds the first
//! one, a changed pin fetches anew, an interrupted fetch leaves nothing that looks complete.

use std::path::PathBuf;

use crate::cargo::CargoProgram;
use crate::git;
use crate::manifest::{Workspace, WorkspaceSource};
use crate::slot::{FetchedSource, SourceSlot};
use crate::source::{self, FetchCause};

#[derive(Debug, Clone)]
pub struct Fetcher {
    /// The directory of all fetched sources.
    pub sources: PathBuf,
    pub cargo: CargoProgram,
}

impl Fetcher {
    /// A fetcher into the directory `sources`, which is made when needed.
    pub fn new(sources: impl Into<PathBuf>, cargo: CargoProgram) -> Self {
        Self { sources: sources.into(), cargo }
    }

    /// The workspace's sources, fetched now or before.
    /// Fails when they cannot be had, or are not what the manifest pins.
    pub fn fetch(&self, workspace: &Workspace) -> Result<FetchedSource, FetchError> {
        self.fetch_source(&workspace.source).map_err(|cause| FetchError { workspace: workspace.name.clone(), cause })
    }

    fn slot(&self, source: &WorkspaceSource) -> Result<SourceSlot, FetchCause> {
        let root = &self.sources;
        Ok(match source {
            WorkspaceSource::Registry { name, version, checksum } => {
                let all = format!("registry {name} {version} sha256:{checksum}\n");
                SourceSlot::new(root, &format!("{name}-{version}"), &all, all.clone())
            }
            WorkspaceSource::Members { packages, lockfile } => {
                let all = format!("members {packages:?}\n{}", lockfile.text()?);
                SourceSlot::new(root, "members", &all, all.clone())
            }
            WorkspaceSource::Git { url, commit, .. } => {
                let all = format!("git {url} {commit}\n");
                SourceSlot::new(root, "git", &all, all.clone())
            }
            WorkspaceSource::Path { path } => {
                let state = source::directory_state(path, root)?;
                let identity = format!("path {}\n", path.display());
                let description = format!("{identity}state {state}\n");
                SourceSlot::new(root, "path", &identity, description)
            }
        })
    }

    fn fetch_source(&self, source: &WorkspaceSource) -> Result<FetchedSource, FetchCause> {
        let slot = self.slot(source)?;
        let new = slot.ensure(|stage| match source {
            WorkspaceSource::Registry { name, version, checksum } => {
                source::registry::fetch(&self.cargo, name, version, checksum, stage)
            }
            WorkspaceSource::Members { packages, lockfile } => {
                source::registry::fetch_members(&self.cargo, packages, &lockfile.text()?, stage)
            }
            WorkspaceSource::Git { url, commit, .. } => git::fetch(url, commit, stage),
            WorkspaceSource::Path { path } => source::copy_directory(path, stage),
        })?;
        let subdir = match source {
            WorkspaceSource::Git { subdir, .. } => subdir.clone(),
            _ => PathBuf::new(),
        };
        let fetched = FetchedSource { tree: slot.dir().join("tree"), subdir, new };
        if !fetched.dir().join("Cargo.toml").is_file() {
            let dir = fetched.subdir.display();
            return Err(FetchCause::NoPackage(format!("{dir}/Cargo.toml")));
        }
        Ok(fetched)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot fetch {workspace}: {cause}")]
pub struct FetchError {
    pub workspace: String,
    #[source]
    pub cause: FetchCause,
}
