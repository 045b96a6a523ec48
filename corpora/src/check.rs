//! Whether a corpus can be built, told before anybody builds it.
//!
//! Cargo resolves each workspace but compiles nothing, and runs outside of the fetched tree, so
//! that neither a build script nor a configuration file of the tree gets a say.

use std::fmt;
use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;

use crate::cargo::CargoError;
use crate::dependencies::neutral;
use crate::fetch::{FetchError, Fetched, Fetcher};
use crate::lockfile::Lockfile;
use crate::manifest::{Corpus, Workspace};
use crate::upgrade::{self, UpgradeError};

/// What the check of one workspace found.
#[derive(Debug)]
pub struct Checked {
    /// The workspace's name.
    pub workspace: String,
    /// Its sources as they are here, if they could be had.
    pub fetched: Option<Fetched>,
    /// How many packages its lockfile resolves to, members included.
    pub packages: Option<usize>,
    /// Everything that is wrong; empty when it can be built.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong with a workspace.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// Its sources cannot be had.
    Fetch(FetchError),
    /// There is no lockfile at or above the directory Cargo runs in.
    NoLockfile,
    /// The file an edit step changes is not there.
    NoEditFile(PathBuf),
    /// The lockfile does not agree with the manifests, or a dependency cannot be had.
    Locked(CargoError),
    /// Cargo's answer could not be read.
    Metadata(String),
    /// No member has the binary that proves the build.
    NoBinary(String),
    /// The second lockfile does not fit the workspace, or cannot be had.
    Upgrade(UpgradeError),
    /// A member asks for a newer Rust than the one that would build it.
    RustTooOld {
        /// The package.
        package: String,
        /// The Rust it asks for.
        needs: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => write!(f, "{error}"),
            Self::NoLockfile => {
                write!(f, "there is no Cargo.lock: its dependencies are not pinned")
            }
            Self::NoEditFile(file) => {
                write!(f, "there is no {} to edit: correct `edit`", file.display())
            }
            Self::Locked(error) => write!(f, "{error}"),
            Self::Metadata(why) => write!(f, "cannot read what `cargo metadata` said: {why}"),
            Self::NoBinary(bin) => write!(f, "no member has a binary {bin:?}: correct `run`"),
            Self::Upgrade(error) => write!(f, "the second lockfile does not fit: {error}"),
            Self::RustTooOld { package, needs } => {
                write!(f, "{package} needs Rust {needs}: choose a newer toolchain")
            }
        }
    }
}

/// Check every workspace of a corpus, fetching what is not here yet. `done` is called after
/// each, for a progress display.
pub fn check(corpus: &Corpus, fetcher: &Fetcher, mut done: impl FnMut(&Checked)) -> Vec<Checked> {
    let mut all = Vec::new();
    for workspace in &corpus.workspaces {
        let checked = check_workspace(workspace, fetcher);
        done(&checked);
        all.push(checked);
    }
    all
}

/// Check one workspace.
pub fn check_workspace(workspace: &Workspace, fetcher: &Fetcher) -> Checked {
    let mut checked =
        Checked { workspace: workspace.name.clone(), fetched: None, packages: None, problems: Vec::new() };
    match fetcher.fetch(workspace) {
        Err(error) => checked.problems.push(Problem::Fetch(error)),
        Ok(fetched) => {
            look_at(workspace, &fetched, fetcher, &mut checked);
            checked.fetched = Some(fetched);
        }
    }
    checked
}

fn look_at(workspace: &Workspace, fetched: &Fetched, fetcher: &Fetcher, checked: &mut Checked) {
    let edited = !workspace.edit.as_os_str().is_empty();
    if edited && !fetched.dir().join(&workspace.edit).is_file() {
        let problem = Problem::NoEditFile(workspace.edit.clone());
        checked.problems.push(problem);
    }
    if fetched.lockfile().is_none() {
        checked.problems.push(Problem::NoLockfile);
        return;
    }
    match metadata(&fetched.dir(), fetcher) {
        Err(problem) => checked.problems.push(problem),
        Ok(metadata) => {
            checked.packages = Some(metadata.packages.len());
            checked.problems.extend(look_into(workspace, fetched, &metadata, fetcher));
            let second = workspace.upgrade.as_ref().map(|second| fits(second, fetched, fetcher));
            checked.problems.extend(second.and_then(Result::err).map(Problem::Upgrade));
        }
    }
}

fn metadata(dir: &Path, fetcher: &Fetcher) -> Result<Metadata, Problem> {
    let stdout = locked(dir, fetcher).map_err(Problem::Locked)?;
    serde_json::from_slice(&stdout).map_err(|error| Problem::Metadata(error.to_string()))
}

/// What Cargo says of a workspace when it must take the lockfile as it is.
fn locked(dir: &Path, fetcher: &Fetcher) -> Result<Vec<u8>, CargoError> {
    let manifest = dir.join("Cargo.toml");
    let mut args =
        ["metadata", "--locked", "--format-version=1", "--manifest-path"].map(std::ffi::OsString::from).to_vec();
    args.push(manifest.into());
    fetcher.cargo().run(neutral(dir), &args)
}

/// Whether a second lockfile is one of this workspace, and says something new.
fn fits(second: &Lockfile, fetched: &Fetched, fetcher: &Fetcher) -> Result<(), UpgradeError> {
    let text = second.text()?;
    upgrade::differs(fetched, &text)?;
    locked(&upgrade::upgraded(fetched, &text)?.dir, fetcher)?;
    Ok(())
}

fn look_into(workspace: &Workspace, fetched: &Fetched, metadata: &Metadata, fetcher: &Fetcher) -> Vec<Problem> {
    let mut problems = Vec::new();
    let members = metadata.workspace_packages();
    if let Some(run) = &workspace.run {
        let mut targets = members.iter().flat_map(|package| &package.targets);
        if !targets.any(|target| target.is_bin() && target.name == run.bin) {
            problems.push(Problem::NoBinary(run.bin.clone()));
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
        problems.push(Problem::RustTooOld { package: package.name.to_string(), needs: needs.to_string() });
    }
    problems
}

/// The version of the Rust that comes with the fetcher's Cargo. They are released together.
fn rust_version(fetcher: &Fetcher, dir: &Path) -> Option<cargo_metadata::semver::Version> {
    let said = fetcher.cargo().run(neutral(dir), &["--version"]).ok()?;
    let said = String::from_utf8(said).ok()?;
    said.split_whitespace().nth(1)?.parse().ok()
}
