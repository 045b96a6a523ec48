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
//! # or    { members = [{ registry = "…", version = "…", checksum = "…" }, …], lockfile = "members/hexyl.lock" }
//! cargo-args = ["--bin", "hexyl"]
//! test-args = ["--bins"]
//! edit = "src/main.rs"
//! run = { bin = "hexyl", args = ["--version"] }
//! upgrade = "upgrades/hexyl.lock"
//! ```
//!
//! `subdir`, `cargo-args`, `test-args`, `run` and `upgrade` may be left out. With `graphs-only = true` at the top,
//! nothing of the corpus is ever built: only its unit graphs are collected, and `edit` may be left out, too. A path is
//! relative to the manifest. `test-args` are further arguments when tests are built: published packages often lack what
//! their integration tests need. `upgrade` is a whole second Cargo.lock in the manifest's directory or under it. A
//! corpus that was read has been checked in full: names are safe file names, relative paths stay inside their tree,
//! pins are exact, and no argument overrides what the harness decides. `members` are published packages that are made
//! one workspace, each in a directory of its name, with `lockfile` as its Cargo.lock: a workspace as such is never published.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::pins::{self, BadPin, Checksum, CommitId, GitUrl};

/// A named list of workspaces.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Corpus {
    #[serde(deserialize_with = "name")]
    pub name: String,
    #[serde(deserialize_with = "line")]
    pub about: String,
    /// Whether only its unit graphs are collected and nothing is built.
    #[serde(default)]
    pub graphs_only: bool,
    /// Its workspaces in the order of the manifest; never empty, names are unique.
    #[serde(default, rename = "workspace")]
    pub workspaces: Vec<Workspace>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Workspace {
    #[serde(deserialize_with = "name")]
    pub name: String,
    pub source: WorkspaceSource,
    /// Arguments for `cargo build` besides those the harness gives.
    #[serde(default, deserialize_with = "cargo_args")]
    pub cargo_args: Vec<String>,
    /// Further arguments for `cargo test`.
    #[serde(default, deserialize_with = "cargo_args")]
    pub test_args: Vec<String>,
    /// The Rust file that edit steps change, relative to the directory Cargo runs in; empty where
    /// a corpus that is not built names none.
    #[serde(default, deserialize_with = "rust_file")]
    pub edit: PathBuf,
    /// A command whose output proves that the built program runs.
    #[serde(default)]
    pub run: Option<RunCommand>,
    /// A second `Cargo.lock`, in which a dependency is upgraded.
    #[serde(default, deserialize_with = "lockfile")]
    pub upgrade: Option<PinnedLockfile>,
    /// One line: why it is in the corpus.
    #[serde(deserialize_with = "line")]
    pub why: String,
}

impl Workspace {
    /// Every lockfile that it names.
    pub(crate) fn lockfiles(&mut self) -> impl Iterator<Item = &mut PinnedLockfile> {
        let of_source = match &mut self.source {
            WorkspaceSource::Members { lockfile, .. } => Some(lockfile),
            _ => None,
        };
        of_source.into_iter().chain(&mut self.upgrade)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunCommand {
    #[serde(deserialize_with = "name")]
    pub bin: String,
    /// Its arguments, such as `--version`.
    #[serde(default)]
    pub args: Vec<String>,
}

/// A whole `Cargo.lock` that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinnedLockfile {
    /// One that comes along with a shipped corpus: its path in the manifest, and all of its text.
    Shipped(PathBuf, &'static str),
    /// A file of this machine.
    File(PathBuf),
}

impl PinnedLockfile {
    /// The text of the lockfile. Fails when the file cannot be read, or is not UTF-8.
    pub fn text(&self) -> std::io::Result<String> {
        match self {
            Self::Shipped(_, text) => Ok((*text).to_owned()),
            Self::File(path) => fs_err::read_to_string(path),
        }
    }

    /// Its path, as in the manifest where it is shipped.
    pub fn path(&self) -> &Path {
        match self {
            Self::Shipped(name, _) => name,
            Self::File(path) => path,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "SourceKeys")]
pub enum WorkspaceSource {
    /// A published package with its own `Cargo.lock`.
    Registry { name: String, version: Version, checksum: Checksum },
    /// Published packages of one repository as the members of a workspace, since no workspace is published as a whole.
    Members {
        packages: Vec<PublishedPackage>,
        /// The `Cargo.lock` of the workspace.
        lockfile: PinnedLockfile,
    },
    /// A commit of a git repository.
    Git {
        url: GitUrl,
        commit: CommitId,
        /// Where in the repository Cargo runs; the root when empty.
        subdir: PathBuf,
    },
    /// A directory of this machine, copied as it is.
    Path { path: PathBuf },
}

/// A published package, pinned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedPackage {
    #[serde(rename = "registry", deserialize_with = "name")]
    pub name: String,
    #[serde(deserialize_with = "exact_version")]
    pub version: Version,
    pub checksum: Checksum,
}

impl WorkspaceSource {
    /// `registry`, `members`, `git` or `path`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Members { .. } => "members",
            Self::Git { .. } => "git",
            Self::Path { .. } => "path",
        }
    }
}

impl std::fmt::Display for WorkspaceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Registry { name, version, .. } => write!(f, "{name} {version}"),
            Self::Members { packages, .. } => {
                let all: Vec<String> = packages.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
                write!(f, "{}", all.join(", "))
            }
            Self::Git { url, commit, subdir } if subdir.as_os_str().is_empty() => write!(f, "{url} at {commit}"),
            Self::Git { url, commit, subdir } => write!(f, "{url} at {commit} in {}", subdir.display()),
            Self::Path { path } => write!(f, "{}", path.display()),
        }
    }
}

/// Every key a source may have. `registry`, `members`, `git` or `path` decides which ones do.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceKeys {
    #[serde(default, deserialize_with = "optional_name")]
    registry: Option<String>,
    #[serde(default, deserialize_with = "version")]
    version: Option<Version>,
    checksum: Option<Checksum>,
    members: Option<Vec<PublishedPackage>>,
    #[serde(default, deserialize_with = "lockfile")]
    lockfile: Option<PinnedLockfile>,
    git: Option<GitUrl>,
    commit: Option<CommitId>,
    #[serde(default, deserialize_with = "inner_path")]
    subdir: Option<PathBuf>,
    #[serde(default, deserialize_with = "optional_line")]
    path: Option<String>,
}

impl TryFrom<SourceKeys> for WorkspaceSource {
    type Error = BadPin;

    fn try_from(keys: SourceKeys) -> Result<Self, BadPin> {
        fn needed<T>(value: Option<T>, key: &str) -> Result<T, BadPin> {
            value.ok_or_else(|| BadPin(format!("the source needs a `{key}`")))
        }
        let SourceKeys { registry, version, checksum, members, lockfile, git, commit, subdir, path } = keys;
        let given = [
            ("registry", registry.is_some()),
            ("version", version.is_some()),
            ("checksum", checksum.is_some()),
            ("members", members.is_some()),
            ("lockfile", lockfile.is_some()),
            ("git", git.is_some()),
            ("commit", commit.is_some()),
            ("subdir", subdir.is_some()),
            ("path", path.is_some()),
        ];
        let only = |kind: &str, allowed: &[&str]| {
            let other = given.iter().find(|(key, is_given)| *is_given && !allowed.contains(key));
            other.map_or(Ok(()), |(key, _)| Err(BadPin(format!("`{key}` does not belong in a {kind} source"))))
        };
        if let Some(name) = registry {
            only("registry", &["registry", "version", "checksum"])?;
            let (version, checksum) = (needed(version, "version")?, needed(checksum, "checksum")?);
            Ok(Self::Registry { name, version, checksum })
        } else if let Some(packages) = members {
            only("members", &["members", "lockfile"])?;
            match packages.is_empty() {
                true => Err(BadPin("`members` names no package".to_owned())),
                false => Ok(Self::Members { packages, lockfile: needed(lockfile, "lockfile")? }),
            }
        } else if let Some(url) = git {
            only("git", &["git", "commit", "subdir"])?;
            Ok(Self::Git { url, commit: needed(commit, "commit")?, subdir: subdir.unwrap_or_default() })
        } else {
            only("path", &["path"])?;
            match path {
                Some(path) => Ok(Self::Path { path: path.into() }),
                None => Err(BadPin("the source needs one of `registry`, `members`, `git` or `path`".to_owned())),
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("cannot read the manifest: {0}")]
    Read(#[from] std::io::Error),
    /// Something is wrong in this line, counted from 1, with this key, if it has one.
    #[error("{}:{}: {}{}", .0.display(), .1, key_prefix(.2), .3)]
    Invalid(PathBuf, usize, String, String),
    #[error("there is no corpus {0:?}: {1}")]
    Unknown(String, String),
}

fn key_prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("`{key}`: ") }
}

impl Corpus {
    /// Read the manifest in `path`. Fails when it cannot be read or anything in it is wrong.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        Self::parse(&fs_err::read_to_string(path)?, path)
    }

    /// Parse a manifest's text. `path` is the file to name in errors; relative `path` sources and local git
    /// repositories are taken from its directory. Fails when anything in it is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let invalid = |(line, key): (usize, String), what| ManifestError::Invalid(path.to_owned(), line, key, what);
        let mut corpus: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            invalid(line_and_key(text, start), error.message().trim().replace('\n', "; "))
        })?;
        corpus.check().map_err(|(name, key, what)| invalid((line_of_name(text, &name), key.to_owned()), what))?;
        let base = path.parent().unwrap_or(Path::new(""));
        for workspace in &mut corpus.workspaces {
            match &mut workspace.source {
                WorkspaceSource::Git { url, .. } => *url = url.relative_to(base),
                WorkspaceSource::Path { path } => *path = base.join(&path),
                WorkspaceSource::Members { .. } | WorkspaceSource::Registry { .. } => {}
            }
            for lockfile in workspace.lockfiles() {
                if let PinnedLockfile::File(path) = lockfile {
                    *path = base.join(&path);
                }
            }
        }
        Ok(corpus)
    }

    /// What is wrong although every value by itself is sound: the name to look for, key and text.
    fn check(&self) -> Result<(), (String, &'static str, String)> {
        let mut seen = BTreeSet::new();
        for Workspace { name, edit, .. } in &self.workspaces {
            if !self.graphs_only && edit.as_os_str().is_empty() {
                let what = "the workspace needs an `edit`: a Rust file that edit steps change (or the corpus \
                            `graphs-only = true`)";
                return Err((name.clone(), "edit", what.to_owned()));
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err((name.clone(), "name", format!("there are two workspaces called {name:?}")));
            }
        }
        match self.workspaces.is_empty() {
            true => Err((self.name.clone(), "workspace", "the corpus has no [[workspace]]".to_owned())),
            false => Ok(()),
        }
    }

    /// Only the workspaces of these names, in the corpus' order. Fails with the first name that is not in it.
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

/// The line, counted from 1, and the key of the value at `start`.
fn line_and_key(text: &str, start: usize) -> (usize, String) {
    let start = start.min(text.len());
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let before_value = match before[line_start..].rsplit_once('=') {
        Some((key, _)) => key,
        // The error is in the key itself.
        None => text[line_start..].split(['=', '\n']).next().unwrap_or(""),
    };
    let separators = [' ', '{', ',', '[', ']'];
    let key = before_value.trim_end_matches(separators).rsplit(separators).next().unwrap_or("");
    (before.matches('\n').count() + 1, key.to_owned())
}

/// The line, counted from 1, with the last `name = "NAME"`.
fn line_of_name(text: &str, name: &str) -> usize {
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    let is_name = |line: &str| line.trim_start().starts_with("name") && quoted.iter().any(|name| line.contains(name));
    text.lines().enumerate().filter(|(_, line)| is_name(line)).last().map_or(1, |(at, _)| at + 1)
}

fn parsed<'de, D: Deserializer<'de>, T>(d: D, parse: impl Fn(&str) -> Result<T, BadPin>) -> Result<T, D::Error> {
    parse(&String::deserialize(d)?).map_err(D::Error::custom)
}

/// Readers of values that are checked.
macro_rules! readers {
    ($($name:ident: $type:ty = $parse:expr;)*) => {$(
        fn $name<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
            parsed(d, $parse)
        }
    )*};
}

readers! {
    name: String = pins::name;
    optional_name: Option<String> = |text| pins::name(text).map(Some);
    line: String = pins::line;
    optional_line: Option<String> = |text| pins::line(text).map(Some);
    inner_path: Option<PathBuf> = |text| pins::inner_path(text).map(Some);
    lockfile: Option<PinnedLockfile> = |text| Ok(Some(PinnedLockfile::File(pins::inner_path(text)?)));
}

fn rust_file<'de, D: Deserializer<'de>>(d: D) -> Result<PathBuf, D::Error> {
    let path = parsed(d, pins::inner_path)?;
    match path.extension().is_some_and(|ext| ext == "rs") {
        true => Ok(path),
        false => Err(D::Error::custom("an edit step changes a Rust file: its name must end in .rs")),
    }
}

fn version<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Version>, D::Error> {
    exact_version(d).map(Some)
}

fn exact_version<'de, D: Deserializer<'de>>(d: D) -> Result<Version, D::Error> {
    let wrong = |text: &str, error| BadPin(format!("{text:?} is not an exact version such as 1.2.3: {error}"));
    parsed(d, |text| Version::parse(text).map_err(|error| wrong(text, error)))
}

fn cargo_args<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    let args = Vec::<String>::deserialize(d)?;
    args.iter().map(|arg| pins::cargo_arg(arg)).collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
