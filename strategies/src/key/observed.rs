//! Inputs that are known only once a unit has been built: the files and variables it read.
//!
//! The store keeps, under a unit's base key, which inputs earlier builds of it looked at
//! ([`InputSet`], names without values). A lookup asks for their values now and adds them
//! to the key, so that an unchanged source means a hit and any change means a miss. This
//! is the two-step scheme of ccache's direct mode.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::depinfo::DepInfo;
use super::script::Watched;
use super::{Context, Digest, FieldHasher};
use crate::graph::{Source, Unit};

/// Which inputs a unit read, without their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSet {
    /// Files and directories: `pkg:` relative to the package, `ws:` to the workspace, `abs:`.
    pub files: Vec<String>,
    /// Environment variables.
    pub env: Vec<String>,
    /// The script watches its whole package. Cargo then stores the newest modification
    /// time in the fingerprint, so that time is an input too.
    pub whole_package: bool,
}

impl InputSet {
    /// Whether nothing outside the base key was read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.env.is_empty() && !self.whole_package
    }

    /// The inputs of a compilation.
    pub fn of_compilation(context: &Context, unit: &Unit, info: &DepInfo) -> InputSet {
        let cwd = working_dir(context, unit);
        let files = info.files.iter().map(|file| cwd.join(file));
        InputSet {
            files: tokens(context, unit, files),
            env: info.env.iter().filter(|name| !is_fixed_by_package(name)).cloned().collect(),
            whole_package: false,
        }
    }

    /// The inputs of a build-script run.
    pub fn of_script_run(context: &Context, unit: &Unit, watched: &Watched) -> InputSet {
        let root = package_root(unit);
        InputSet {
            files: tokens(context, unit, watched.paths.iter().map(|path| root.join(path))),
            env: watched.env.clone(),
            whole_package: watched.is_whole_package() && unit.is_local(),
        }
    }

    /// The digest of all values now. A missing file or variable is a value of its own.
    pub fn values(&self, context: &Context, unit: &Unit) -> Digest {
        let mut hasher = FieldHasher::new("observed 1");
        for token in &self.files {
            hasher.field("file", token);
            match self.resolve(context, unit, token).and_then(|path| context.file_content(&path)) {
                Some(content) => hasher.digest("content", &content),
                None => hasher.field("content", "missing"),
            };
        }
        for name in &self.env {
            hasher.field("env", name);
            match value_of(context, unit, name) {
                Some(value) => hasher.field("set", value),
                None => hasher.field("unset", ""),
            };
        }
        if self.whole_package {
            let (newest, content) = whole_package(context, &package_root(unit));
            hasher.field("newest", newest.as_nanos().to_le_bytes()).digest("content", &content);
        }
        hasher.finish()
    }

    /// The newest modification time among the watched files that Cargo would look at.
    pub fn newest(&self, context: &Context, unit: &Unit) -> Option<SystemTime> {
        self.files
            .iter()
            .filter_map(|token| self.resolve(context, unit, token))
            .filter(|path| !context.is_immutable(path))
            .filter_map(|path| newest_below(&path))
            .max()
    }

    fn resolve(&self, context: &Context, unit: &Unit, token: &str) -> Option<PathBuf> {
        let (place, path) = token.split_once(':')?;
        match place {
            "pkg" => Some(package_root(unit).join(path)),
            "ws" => Some(context.workspace_root.join(path)),
            "abs" => Some(PathBuf::from(path)),
            _ => None,
        }
    }
}

/// Directory of the package's manifest.
pub fn package_root(unit: &Unit) -> PathBuf {
    match &unit.package.source {
        Source::Path(dir) => dir.clone(),
        // The manifest lies in the nearest folder above the target's source that has one.
        Source::Registry | Source::Git => Path::new(&unit.target.src_path)
            .ancestors()
            .skip(1)
            .find(|dir| dir.join("Cargo.toml").is_file())
            .map_or_else(PathBuf::new, Path::to_path_buf),
    }
}

/// Where Cargo runs rustc: the workspace root for packages inside it, else the package.
fn working_dir(context: &Context, unit: &Unit) -> PathBuf {
    match Path::new(&unit.target.src_path).starts_with(&context.workspace_root) {
        true => context.workspace_root.clone(),
        false => package_root(unit),
    }
}

/// Names files relative to what moves with them. Immutable ones are in the base key by
/// checksum, and files of the build directory by the content of the unit that made them.
fn tokens(context: &Context, unit: &Unit, files: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let root = package_root(unit);
    let mut tokens: Vec<String> = files
        .filter(|file| !context.is_immutable(file) && !file.starts_with(&context.layout.build_dir))
        .map(|file| match file.strip_prefix(&root) {
            Ok(inside) => format!("pkg:{}", inside.display()),
            Err(_) => context.relative(&file),
        })
        .collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

/// Variables Cargo sets from what the base key already holds (manifest, checksum, target),
/// and OUT_DIR, whose content is in the key and whose place is not: see KEYS.md.
fn is_fixed_by_package(name: &str) -> bool {
    name == "OUT_DIR"
        || name.starts_with("CARGO_PKG_")
        || matches!(name, "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "CARGO")
}

/// What a variable is for this unit in this place.
fn value_of(context: &Context, unit: &Unit, name: &str) -> Option<String> {
    match name {
        "CARGO_MANIFEST_DIR" => Some(package_root(unit).display().to_string()),
        "CARGO_MANIFEST_PATH" => Some(package_root(unit).join("Cargo.toml").display().to_string()),
        _ if name.starts_with("CARGO_BIN_EXE_") || name == "CARGO_TARGET_TMPDIR" => {
            Some(context.target_dir.display().to_string())
        }
        _ => context.env.get(name).cloned(),
    }
}

/// The content of a file, or of everything below a directory.
pub(super) fn content_of(path: &Path) -> Option<Digest> {
    let meta = std::fs::metadata(path).ok()?;
    if meta.is_file() {
        return std::fs::read(path).ok().map(|bytes| Digest::of(&bytes));
    }
    let mut hasher = FieldHasher::new("directory");
    for (name, file) in files_below(path) {
        hasher.field("name", name);
        hasher.field("bytes", std::fs::read(&file).unwrap_or_default());
    }
    Some(hasher.finish())
}

/// Files below a directory in a fixed order, by name relative to it; `.git` and `target`
/// left out, symbolic links not followed.
fn files_below(root: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let skipped = dir == root && (name == "target" || name == ".git");
            if kind.is_dir() && !skipped {
                open.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let relative = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                found.push((relative, path));
            }
        }
    }
    found.sort();
    found
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    let meta = std::fs::metadata(path).ok()?;
    let own = meta.modified().ok();
    if !meta.is_dir() {
        return own;
    }
    let below = files_below(path).into_iter().filter_map(|(_, file)| std::fs::metadata(file).ok()?.modified().ok());
    below.chain(own).max()
}

fn whole_package(context: &Context, root: &Path) -> (Duration, Digest) {
    let newest =
        files_below(root).into_iter().filter_map(|(_, file)| std::fs::metadata(file).ok()?.modified().ok()).max();
    let content = context.file_content(root).unwrap_or_else(|| Digest::of(b""));
    (newest.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default(), content)
}
