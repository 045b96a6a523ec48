//! Inputs that are known only once a unit has been built: the files and variables it read.
//!
//! The store keeps, under a unit's base key, which inputs earlier builds of it looked at
//! ([`InputSet`], names without values). A lookup asks for their values now and adds them
//! to the key, so that an unchanged source means a hit and any change means a miss. This
//! is the two-step scheme of ccache's direct mode.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::depinfo::DepInfo;
use super::script::Watched;
use super::{Context, Digest, FieldHasher};
use crate::graph::{Source, Unit};

/// Stands among the variables of a unit that fits one place only: its value is the workspace
/// root. No variable has an equals sign in its name.
const PLACE: &str = "=workspace-root";

/// Which inputs a unit read, without their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSet {
    /// Files and directories: `pkg:` relative to the package, `ws:` to the workspace, `build:`
    /// to the build directory, `abs:`.
    pub files: Vec<String>,
    /// Environment variables, and `=workspace-root` for a unit that is bound to its place.
    pub env: Vec<String>,
    /// The script watches its whole package. Cargo then stores the newest modification
    /// time in the fingerprint, so that time is an input too.
    pub whole_package: bool,
    /// Places where static libraries would be that rustc is told to link, as for `files`.
    /// Cargo does not look at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
}

impl InputSet {
    /// Whether nothing outside the base key was read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.env.is_empty() && !self.whole_package && self.libraries.is_empty()
    }

    /// The inputs of a compilation.
    pub fn of_compilation(context: &Context, unit: &Unit, info: &DepInfo) -> InputSet {
        let cwd = working_dir(context, unit);
        let files: Vec<PathBuf> = info.files.iter().map(|file| cwd.join(file)).collect();
        let read = info.env.iter().filter(|name| !is_fixed_by_package(name)).cloned();
        let bound = is_watched_by_place(context, unit, &files);
        InputSet {
            files: tokens(context, unit, files.into_iter()),
            env: read.chain(bound.then(|| PLACE.to_owned())).collect(),
            ..InputSet::default()
        }
    }

    /// The inputs of a build-script run.
    pub fn of_script_run(context: &Context, unit: &Unit, watched: &Watched) -> InputSet {
        let root = package_root(unit);
        let cwd = working_dir(context, unit);
        let bound = names_place(&watched.printed, context).then(|| PLACE.to_owned());
        let libraries = watched.static_libraries().map(|path| root.join(path));
        // What an argument of the linker is cannot be told from its text.
        let linked = watched.linked.iter().map(|path| cwd.join(path)).filter(|path| path.is_file());
        InputSet {
            files: tokens(context, unit, watched.paths.iter().map(|path| root.join(path))),
            env: watched.env.iter().cloned().chain(bound).collect(),
            whole_package: watched.is_whole_package() && unit.is_local(),
            libraries: tokens(context, unit, libraries.chain(linked)),
        }
    }

    /// The digest of all values now. A missing file or variable is a value of its own.
    pub fn values(&self, context: &Context, unit: &Unit) -> Digest {
        let mut hasher = FieldHasher::new("observed 1");
        for token in self.files.iter().chain(&self.libraries) {
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
            let (newest, content) = whole_package(&package_root(unit));
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

    /// As [`newest`](Self::newest), and for a script that watches its whole package that too:
    /// whether anything changed while it ran.
    pub fn newest_read(&self, context: &Context, unit: &Unit) -> Option<SystemTime> {
        let package = self.whole_package.then(|| UNIX_EPOCH + whole_package(&package_root(unit)).0);
        let libraries = self.libraries.iter().filter_map(|token| self.resolve(context, unit, token));
        self.newest(context, unit).max(package).max(libraries.filter_map(|path| newest_below(&path)).max())
    }

    fn resolve(&self, context: &Context, unit: &Unit, token: &str) -> Option<PathBuf> {
        let (place, path) = token.split_once(':')?;
        match place {
            "pkg" => Some(package_root(unit).join(path)),
            "ws" => Some(context.workspace_root.join(path)),
            "build" => Some(context.layout.build_dir.join(path)),
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
/// checksum, and what units made by their content. Anything else below the build directory is
/// a file like others.
fn tokens(context: &Context, unit: &Unit, files: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let root = package_root(unit);
    let mut tokens: Vec<String> = files
        .filter(|file| !context.is_immutable(file) && context.layout.place_of(file).is_none())
        .map(|file| match (file.strip_prefix(&context.layout.build_dir), file.strip_prefix(&root)) {
            (Ok(inside), _) => format!("build:{}", inside.display()),
            (Err(_), Ok(inside)) => format!("pkg:{}", inside.display()),
            (Err(_), Err(_)) => context.relative(&file),
        })
        .collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

/// Whether Cargo watches one of these files where this workspace has it. In a unit's
/// fingerprint it names files relative to the build directory and to the package, links
/// followed; every other one by its absolute path. A copy of the unit elsewhere would watch
/// the file of this workspace.
fn is_watched_by_place(context: &Context, unit: &Unit, files: &[PathBuf]) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (root, build_dir) = (real(&package_root(unit)), real(&context.layout.build_dir));
    files.iter().filter(|file| file.starts_with(&context.workspace_root) && !context.is_immutable(file)).any(|file| {
        let file = real(file);
        !file.starts_with(&root) && !file.starts_with(&build_dir)
    })
}

/// Whether the output of a build script leads into this workspace. A package outside of it has
/// its absolute path in the base key already.
fn names_place(printed: &str, context: &Context) -> bool {
    let apart = [&context.layout.build_dir, &context.cargo_home];
    let real = std::fs::canonicalize(&context.workspace_root).ok();
    let leads = |root: &Path| leads_into(printed, root, &apart.map(PathBuf::as_path));
    leads(&context.workspace_root) || real.is_some_and(|real| real != context.workspace_root && leads(&real))
}

/// Whether a text has a path at or below `root` in it that is not below one of the directories
/// that lie apart: Cargo itself moves the OUT_DIR in a script's output, and packages in its
/// home are in one place.
fn leads_into(text: &str, root: &Path, apart: &[&Path]) -> bool {
    let root_text = root.to_string_lossy();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    text.match_indices(&*root_text).any(|(at, found)| {
        let path = text[at..].split(|c: char| c.is_whitespace() || "\"',;".contains(c)).next().unwrap_or_default();
        let is_apart = |dir: &&Path| {
            let rest = path.strip_prefix(&*dir.to_string_lossy());
            !root.starts_with(dir) && rest.is_some_and(|rest| ends(rest) && !rest.contains("/.."))
        };
        ends(&text[at + found.len()..]) && !apart.iter().any(is_apart)
    })
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
        PLACE => Some(context.workspace_root.display().to_string()),
        "CARGO_MANIFEST_DIR" => Some(package_root(unit).display().to_string()),
        "CARGO_MANIFEST_PATH" => Some(package_root(unit).join("Cargo.toml").display().to_string()),
        _ if name.starts_with("CARGO_BIN_EXE_") || name == "CARGO_TARGET_TMPDIR" => {
            Some(context.target_dir.display().to_string())
        }
        _ => context.variable(name).cloned(),
    }
}

/// The content of a file, or of everything below a directory.
pub(super) fn content_of(path: &Path) -> Option<Digest> {
    match std::fs::metadata(path).ok()?.is_dir() {
        false => std::fs::read(path).ok().map(|bytes| Digest::of(&bytes)),
        true => Some(content_below(&walk(path, &[]))),
    }
}

fn content_below(entries: &[Found]) -> Digest {
    let mut hasher = FieldHasher::new("directory");
    for found in entries.iter().filter(|found| found.is_file) {
        hasher.field("name", &found.name);
        hasher.field("bytes", std::fs::read(&found.path).unwrap_or_default());
    }
    hasher.finish()
}

/// The newest time Cargo would find for a watched path: for a directory, that of anything
/// below it, directories and links themselves included.
fn newest_below(path: &Path) -> Option<SystemTime> {
    let own = std::fs::metadata(path).ok()?.modified().ok();
    walk(path, &[]).into_iter().filter_map(|found| found.newest).chain(own).max()
}

/// Newest file time and content of a package, without its build directory and history.
fn whole_package(root: &Path) -> (Duration, Digest) {
    let entries = walk(root, &["target", ".git"]);
    let newest = entries.iter().filter(|found| found.is_file).filter_map(|found| found.newest).max();
    let since_epoch = newest.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    (since_epoch, content_below(&entries))
}

/// Something below a directory.
struct Found {
    name: String,
    path: PathBuf,
    is_file: bool,
    /// The newer of its own time and, for a link, that of what it leads to.
    newest: Option<SystemTime>,
}

/// Everything below a directory in a fixed order. Links are followed, as Cargo does, each
/// directory once; names in `left_out` are skipped at the top.
fn walk(root: &Path, left_out: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    let mut seen = HashSet::new();
    while let Some(dir) = open.pop() {
        if !std::fs::canonicalize(&dir).is_ok_and(|real| seen.insert(real)) {
            continue;
        }
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if dir == root && left_out.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let (own, target) = (std::fs::symlink_metadata(&path), std::fs::metadata(&path));
            let times = [&own, &target].map(|meta| meta.as_ref().ok().and_then(|meta| meta.modified().ok()));
            let is_dir = target.as_ref().is_ok_and(std::fs::Metadata::is_dir);
            if is_dir {
                open.push(path.clone());
            }
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push(Found { name, path, is_file: !is_dir, newest: times.into_iter().flatten().max() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_into_the_workspace_is_told_from_what_lies_apart() {
        let apart = [Path::new("/ws/app/target"), Path::new("/ws/app/home")];
        let leads = |text: &str| leads_into(text, Path::new("/ws/app"), &apart);
        assert!(leads("cargo::rustc-env=DATA=/ws/app/data.txt"));
        assert!(leads("cargo::rustc-env=ROOT=/ws/app\n"));
        assert!(leads("a=/ws/app/target/x/out b=/ws/app/x"));
        assert!(leads("a=/ws/app/target/x/out/../../../x"));
        assert!(leads("a=/ws/app/targets"));
        assert!(!leads("cargo::rustc-link-search=native=/ws/app/target/debug/build/a/0f/out\n"));
        assert!(!leads("cargo::rerun-if-changed=/ws/app/home/registry/src/a/build.rs"));
        assert!(!leads("a=/ws/app-two/x b=/ws/apple c=src/lib.rs"));
        // A workspace below a build directory, as of `cargo package`.
        assert!(leads_into("a=/t/package/x", Path::new("/t/package"), &[Path::new("/t")]));
    }

    #[test]
    fn a_directory_is_as_new_as_anything_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("file"), "a").unwrap();
        let at = |secs| filetime::FileTime::from_unix_time(secs, 0);
        filetime::set_file_mtime(inner.join("file"), at(1_000)).unwrap();
        filetime::set_file_mtime(&inner, at(3_000)).unwrap();
        filetime::set_file_mtime(dir.path(), at(2_000)).unwrap();
        assert_eq!(newest_below(dir.path()), Some(UNIX_EPOCH + Duration::from_secs(3_000)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("file"), "a").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let before = content_of(dir.path());
        std::fs::write(outside.path().join("file"), "b").unwrap();
        assert_ne!(content_of(dir.path()), before);
    }
}
