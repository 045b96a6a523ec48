//! The TOML form of a manifest, parsed into a [`Corpus`]. Values keep their position in the text,
//! so that an error can name line and key.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use serde::Deserialize;
use toml::Spanned;

use crate::manifest::{Corpus, ManifestError, RunCommand, SecondLockfile, Workspace, WorkspaceSource};
use crate::pins::{self, BadPin, Checksum, CommitId, GitUrl};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCorpus {
    name: Spanned<String>,
    about: Spanned<String>,
    #[serde(default)]
    graphs_only: bool,
    #[serde(default)]
    workspace: Vec<RawWorkspace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawWorkspace {
    name: Spanned<String>,
    why: Spanned<String>,
    source: Spanned<RawSource>,
    #[serde(default)]
    cargo_args: Vec<Spanned<String>>,
    #[serde(default)]
    test_args: Vec<Spanned<String>>,
    edit: Option<Spanned<String>>,
    run: Option<RawRun>,
    upgrade: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRun {
    bin: Spanned<String>,
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    registry: Option<Spanned<String>>,
    version: Option<Spanned<String>>,
    checksum: Option<Spanned<String>>,
    git: Option<Spanned<String>>,
    commit: Option<Spanned<String>>,
    subdir: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
}

/// Something wrong, and where in the text.
struct ManifestFault {
    span: Range<usize>,
    key: Option<&'static str>,
    what: String,
}

impl ManifestFault {
    fn new(span: Range<usize>, key: &'static str, what: impl Into<String>) -> Self {
        Self { span, key: Some(key), what: what.into() }
    }

    /// The line, counted from 1, and the key.
    fn place(&self, text: &str) -> (usize, String) {
        let start = self.span.start.min(text.len());
        let before = text.get(..start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let key = match self.key {
            Some(key) => key.to_owned(),
            None => {
                let shown = text.lines().nth(line - 1).unwrap_or("");
                let word = shown.split('=').next().unwrap_or("");
                word.trim().trim_matches(['[', ']']).to_owned()
            }
        };
        (line, key)
    }
}

impl Corpus {
    /// Read the manifest in `path`.
    ///
    /// # Errors
    /// When it cannot be read or anything in it is wrong.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        Self::parse(&fs_err::read_to_string(path)?, path)
    }

    /// Parse a manifest's text. `path` is the file to name in errors; relative `path` sources
    /// and local git repositories are taken from its directory.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        corpus(text, path.parent().unwrap_or(Path::new(""))).map_err(|fault| {
            let (line, key) = fault.place(text);
            ManifestError::Invalid { path: path.to_owned(), line, key, what: fault.what }
        })
    }
}

/// Parse and check a whole manifest; `base` is the directory relative paths start from.
fn corpus(text: &str, base: &Path) -> Result<Corpus, ManifestFault> {
    let raw: RawCorpus = toml::from_str(text).map_err(|error| ManifestFault {
        span: error.span().unwrap_or(0..0),
        key: None,
        what: error.message().trim().replace('\n', "; "),
    })?;
    let mut seen = BTreeSet::new();
    let mut workspaces = Vec::new();
    for entry in &raw.workspace {
        let workspace = workspace(entry, base, raw.graphs_only)?;
        if !seen.insert(workspace.name.to_ascii_lowercase()) {
            let what = format!("there are two workspaces called {:?}", workspace.name);
            return Err(ManifestFault::new(entry.name.span(), "name", what));
        }
        workspaces.push(workspace);
    }
    if workspaces.is_empty() {
        let what = "the corpus has no [[workspace]]";
        return Err(ManifestFault::new(raw.name.span(), "workspace", what));
    }
    Ok(Corpus {
        name: checked(&raw.name, "name", pins::name)?,
        about: checked(&raw.about, "about", line)?,
        graphs_only: raw.graphs_only,
        workspaces,
    })
}

fn workspace(raw: &RawWorkspace, base: &Path, graphs_only: bool) -> Result<Workspace, ManifestFault> {
    let edit = edit(raw, graphs_only)?;
    let args = |args: &[Spanned<String>], key| -> Result<Vec<String>, ManifestFault> {
        args.iter().map(|arg| checked(arg, key, cargo_arg)).collect()
    };
    let run = match &raw.run {
        None => None,
        Some(run) => Some(RunCommand { bin: checked(&run.bin, "bin", pins::name)?, args: run.args.clone() }),
    };
    let upgrade = match &raw.upgrade {
        None => None,
        Some(path) => Some(SecondLockfile::File(base.join(checked(path, "upgrade", pins::inner_path)?))),
    };
    Ok(Workspace {
        name: checked(&raw.name, "name", pins::name)?,
        source: source(&raw.source, base)?,
        cargo_args: args(&raw.cargo_args, "cargo-args")?,
        test_args: args(&raw.test_args, "test-args")?,
        edit,
        run,
        upgrade,
        why: checked(&raw.why, "why", line)?,
    })
}

/// The file to edit; the empty path where there is none because nothing is ever built.
fn edit(raw: &RawWorkspace, graphs_only: bool) -> Result<PathBuf, ManifestFault> {
    let Some(given) = &raw.edit else {
        let what =
            "the workspace needs an `edit`: a Rust file that edit steps change (or the corpus `graphs-only = true`)";
        return if graphs_only { Ok(PathBuf::new()) } else { Err(ManifestFault::new(raw.name.span(), "edit", what)) };
    };
    let edit = checked(given, "edit", pins::inner_path)?;
    match edit.extension().is_some_and(|ext| ext == "rs") {
        true => Ok(edit),
        false => {
            let what = "an edit step changes a Rust file: its name must end in .rs";
            Err(ManifestFault::new(given.span(), "edit", what))
        }
    }
}

fn source(raw: &Spanned<RawSource>, base: &Path) -> Result<WorkspaceSource, ManifestFault> {
    let span = raw.span();
    let raw = raw.get_ref();
    let only = |kind: &str, allowed: &[&str]| {
        let given = [
            ("registry", &raw.registry),
            ("version", &raw.version),
            ("checksum", &raw.checksum),
            ("git", &raw.git),
            ("commit", &raw.commit),
            ("subdir", &raw.subdir),
            ("path", &raw.path),
        ];
        for (key, value) in given {
            if let Some(value) = value
                && !allowed.contains(&key)
            {
                let what = format!("`{key}` does not belong in a {kind} source");
                return Err(ManifestFault::new(value.span(), "source", what));
            }
        }
        Ok(())
    };
    let need = |value: &'_ Option<Spanned<String>>, key: &'static str| {
        let what = format!("the source needs a `{key}`");
        let missing = || ManifestFault::new(span.clone(), "source", what);
        value.clone().ok_or_else(missing)
    };
    if let Some(name) = &raw.registry {
        only("registry", &["registry", "version", "checksum"])?;
        return Ok(WorkspaceSource::Registry {
            name: checked(name, "registry", pins::name)?,
            version: checked(&need(&raw.version, "version")?, "version", version)?,
            checksum: checked(&need(&raw.checksum, "checksum")?, "checksum", Checksum::parse)?,
        });
    }
    if let Some(url) = &raw.git {
        only("git", &["git", "commit", "subdir"])?;
        let url = checked(url, "git", GitUrl::parse)?;
        let subdir = match &raw.subdir {
            Some(subdir) => checked(subdir, "subdir", pins::inner_path)?,
            None => PathBuf::new(),
        };
        return Ok(WorkspaceSource::Git {
            url: url.relative_to(base),
            commit: checked(&need(&raw.commit, "commit")?, "commit", CommitId::parse)?,
            subdir,
        });
    }
    if let Some(path) = &raw.path {
        only("path", &["path"])?;
        let path = checked(path, "path", line)?;
        return Ok(WorkspaceSource::Path { path: base.join(path) });
    }
    let what = "the source needs one of `registry`, `git` or `path`";
    Err(ManifestFault::new(span, "source", what))
}

fn checked<T>(
    value: &Spanned<String>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, BadPin>,
) -> Result<T, ManifestFault> {
    parse(value.get_ref()).map_err(|bad| ManifestFault::new(value.span(), key, bad.0))
}

/// One line of prose, or a path: not empty, no control characters.
fn line(text: &str) -> Result<String, BadPin> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(BadPin(format!("{text:?} must be one line, and not empty")));
    }
    Ok(text.to_owned())
}

fn version(text: &str) -> Result<Version, BadPin> {
    Version::parse(text).map_err(|error| BadPin(format!("{text:?} is not an exact version such as 1.2.3: {error}")))
}

/// Options of `cargo build` that belong to the harness or would step around its measuring.
const OWNED: [&str; 23] = [
    "--target-dir",
    "--build-dir",
    "--profile",
    "--release",
    "--manifest-path",
    "--message-format",
    "--jobs",
    "--config",
    "--locked",
    "--offline",
    "--frozen",
    "--quiet",
    "--verbose",
    "--color",
    "--timings",
    "--unit-graph",
    "--build-plan",
    "--artifact-dir",
    "--lockfile-path",
    "--keep-going",
    "--future-incompat-report",
    "--out-dir",
    "--target",
];

fn cargo_arg(text: &str) -> Result<String, BadPin> {
    let option = text.split('=').next().unwrap_or(text);
    let short = ["-Z", "-j", "-r", "-v", "-q", "-C", "-m"];
    let owned = OWNED.contains(&option) || short.iter().any(|s| text.starts_with(s));
    if owned || text == "--" || text.starts_with('+') {
        let what = format!("{option:?} is for the harness to decide, not for a manifest");
        return Err(BadPin(what));
    }
    line(text)
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
