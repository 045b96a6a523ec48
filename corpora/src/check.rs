//! Whether a corpus can be built, found out before anybody builds it.
//!
//! Cargo resolves each workspace but compiles nothing, and runs outside of the fetched tree, so
//! that neither a build script nor a configuration file of the tree gets a say.

use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;

use crate::cargo::{CargoError, file_system_root};
use crate::fetch::{FetchError, Fetcher};
use crate::manifest::{Corpus, PinnedLockfile, Workspace};
use crate::slot::FetchedSource;
use crate::upgrade::{self, UpgradeError};

/// The result of the check of one workspace.
#[derive(Debug)]
pub struct CheckedWorkspace {
    pub workspace: String,
    /// How many packages its lockfile resolves to, members included.
    pub packages: Option<usize>,
    /// Everything that is wrong; empty when it can be built.
    pub problems: Vec<CorpusProblem>,
}

impl CheckedWorkspace {
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CorpusProblem {
    #[error("{0}")]
    Fetch(FetchError),
    #[error("there is no Cargo.lock: its dependencies are not pinned")]
    NoLockfile,
    #[error("there is no {} to edit: correct `edit`", .0.display())]
    NoEditFile(PathBuf),
    #[error("{0}")]
    Locked(CargoError),
    #[error("cannot read the output of `cargo metadata`: {0}")]
    Metadata(serde_json::Error),
    #[error("no member has a binary {0:?}: correct `run`")]
    NoBinary(String),
    #[error("the second lockfile does not fit: {0}")]
    Upgrade(UpgradeError),
    #[error("{0} needs Rust {1}: choose a newer toolchain")]
    RustTooOld(String, String),
}

/// Check every workspace of a corpus, fetching what is missing. `done` is called after each, for a progress display.
pub fn check(corpus: &Corpus, fetcher: &Fetcher, mut done: impl FnMut(&CheckedWorkspace)) -> Vec<CheckedWorkspace> {
    let checked = corpus.workspaces.iter().map(|workspace| check_workspace(workspace, fetcher));
    checked.inspect(|checked| done(checked)).collect()
}

pub fn check_workspace(workspace: &Workspace, fetcher: &Fetcher) -> CheckedWorkspace {
    let mut checked = CheckedWorkspace { workspace: workspace.name.clone(), packages: None, problems: Vec::new() };
    match fetcher.fetch(workspace) {
        Err(error) => checked.problems.push(CorpusProblem::Fetch(error)),
        Ok(fetched) => check_fetched(workspace, &fetched, fetcher, &mut checked),
    }
    checked
}

fn check_fetched(workspace: &Workspace, fetched: &FetchedSource, fetcher: &Fetcher, checked: &mut CheckedWorkspace) {
    let edited = !workspace.edit.as_os_str().is_empty();
    if edited && !fetched.dir().join(&workspace.edit).is_file() {
        checked.problems.push(CorpusProblem::NoEditFile(workspace.edit.clone()));
    }
    if fetched.lockfile().is_none() {
        checked.problems.push(CorpusProblem::NoLockfile);
        return;
    }
    match metadata(&fetched.dir(), fetcher) {
        Err(problem) => checked.problems.push(problem),
        Ok(metadata) => {
            checked.packages = Some(metadata.packages.len());
            checked.problems.extend(check_members(workspace, fetched, &metadata, fetcher));
            let second = workspace.upgrade.as_ref().map(|second| fits(second, fetched, fetcher));
            checked.problems.extend(second.and_then(Result::err).map(CorpusProblem::Upgrade));
        }
    }
}

fn metadata(dir: &Path, fetcher: &Fetcher) -> Result<Metadata, CorpusProblem> {
    let stdout = locked(dir, fetcher).map_err(CorpusProblem::Locked)?;
    serde_json::from_slice(&stdout).map_err(CorpusProblem::Metadata)
}

fn locked(dir: &Path, fetcher: &Fetcher) -> Result<Vec<u8>, CargoError> {
    fetcher.cargo.run_on_manifest(dir, &["metadata", "--locked", "--format-version=1"])
}

/// Refuse a second lockfile that is not one of this workspace, or that upgrades nothing.
fn fits(second: &PinnedLockfile, fetched: &FetchedSource, fetcher: &Fetcher) -> Result<(), UpgradeError> {
    let text = second.text()?;
    upgrade::differs(fetched, &text)?;
    locked(&upgrade::upgraded(fetched, &text)?.dir, fetcher)?;
    Ok(())
}

fn check_members(
    workspace: &Workspace,
    fetched: &FetchedSource,
    metadata: &Metadata,
    fetcher: &Fetcher,
) -> Vec<CorpusProblem> {
    let mut problems = Vec::new();
    let members = metadata.workspace_packages();
    if let Some(run) = &workspace.run {
        let mut targets = members.iter().flat_map(|package| &package.targets);
        if !targets.any(|target| target.is_bin() && target.name == run.bin) {
            problems.push(CorpusProblem::NoBinary(run.bin.clone()));
        }
    }
    let dir = fetched.dir();
    let built = members.iter().find(|package| package.manifest_path == dir.join("Cargo.toml"));
    if let (Some(package), Some(rust)) = (built, rust_version(fetcher, &dir))
        && let Some(needs) = package.rust_version.as_ref().filter(|needs| **needs > rust)
    {
        problems.push(CorpusProblem::RustTooOld(package.name.to_string(), needs.to_string()));
    }
    problems
}

/// The version of the Rust that comes with the fetcher's Cargo. They are released together.
fn rust_version(fetcher: &Fetcher, dir: &Path) -> Option<cargo_metadata::semver::Version> {
    let said = fetcher.cargo.run(file_system_root(dir), &["--version"]).ok()?;
    let said = String::from_utf8(said).ok()?;
    said.split_whitespace().nth(1)?.parse().ok()
}
