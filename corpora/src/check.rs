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
    /// The workspace's name.
    pub workspace: String,
    /// Its sources, if they could be fetched.
    pub fetched: Option<FetchedSource>,
    /// How many packages its lockfile resolves to, members included.
    pub packages: Option<usize>,
    /// Everything that is wrong; empty when it can be built.
    pub problems: Vec<CorpusProblem>,
}

impl CheckedWorkspace {
    /// Whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong with a workspace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusProblem {
    /// Its sources cannot be fetched.
    #[error("{0}")]
    Fetch(FetchError),
    /// There is no lockfile in the directory Cargo runs in, nor in its parents.
    #[error("there is no Cargo.lock: its dependencies are not pinned")]
    NoLockfile,
    /// The file that edit steps change is missing.
    #[error("there is no {} to edit: correct `edit`", .0.display())]
    NoEditFile(PathBuf),
    /// The lockfile does not agree with the manifests, or a dependency cannot be downloaded.
    #[error("{0}")]
    Locked(CargoError),
    /// Cargo's answer could not be read.
    #[error("cannot read the output of `cargo metadata`: {0}")]
    Metadata(serde_json::Error),
    /// No member has the binary that proves the build.
    #[error("no member has a binary {0:?}: correct `run`")]
    NoBinary(String),
    /// The second lockfile does not fit the workspace, or its packages cannot be downloaded.
    #[error("the second lockfile does not fit: {0}")]
    Upgrade(UpgradeError),
    /// A member asks for a newer Rust than the one that would build it.
    #[error("{0} needs Rust {1}: choose a newer toolchain")]
    RustTooOld(String, String),
}

/// Check every workspace of a corpus, fetching what is missing. `done` is called after
/// each, for a progress display.
pub fn check(corpus: &Corpus, fetcher: &Fetcher, mut done: impl FnMut(&CheckedWorkspace)) -> Vec<CheckedWorkspace> {
    let mut all = Vec::new();
    for workspace in &corpus.workspaces {
        let checked = check_workspace(workspace, fetcher);
        done(&checked);
        all.push(checked);
    }
    all
}

/// Check one workspace.
pub fn check_workspace(workspace: &Workspace, fetcher: &Fetcher) -> CheckedWorkspace {
    let mut checked =
        CheckedWorkspace { workspace: workspace.name.clone(), fetched: None, packages: None, problems: Vec::new() };
    match fetcher.fetch(workspace) {
        Err(error) => checked.problems.push(CorpusProblem::Fetch(error)),
        Ok(fetched) => {
            check_fetched(workspace, &fetched, fetcher, &mut checked);
            checked.fetched = Some(fetched);
        }
    }
    checked
}

fn check_fetched(workspace: &Workspace, fetched: &FetchedSource, fetcher: &Fetcher, checked: &mut CheckedWorkspace) {
    let edited = !workspace.edit.as_os_str().is_empty();
    if edited && !fetched.dir().join(&workspace.edit).is_file() {
        let problem = CorpusProblem::NoEditFile(workspace.edit.clone());
        checked.problems.push(problem);
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
    fetcher.cargo().run_on_manifest(dir, &["metadata", "--locked", "--format-version=1"])
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
    let Some(rust) = rust_version(fetcher, &dir) else {
        return problems;
    };
    let built = members.iter().find(|package| package.manifest_path == dir.join("Cargo.toml"));
    if let Some(package) = built
        && let Some(needs) = &package.rust_version
        && *needs > rust
    {
        problems.push(CorpusProblem::RustTooOld(package.name.to_string(), needs.to_string()));
    }
    problems
}

/// The version of the Rust that comes with the fetcher's Cargo. They are released together.
fn rust_version(fetcher: &Fetcher, dir: &Path) -> Option<cargo_metadata::semver::Version> {
    let said = fetcher.cargo().run(file_system_root(dir), &["--version"]).ok()?;
    let said = String::from_utf8(said).ok()?;
    said.split_whitespace().nth(1)?.parse().ok()
}
