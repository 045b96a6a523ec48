//! Inputs that are known only once a unit has been built: the files and variables it read.
//!
//! The store keeps, under a unit's base key, which inputs earlier builds of it looked at
//! ([`ObservedInputs`], names without values). A lookup asks for their values now and adds them
//! to the key, so that an unchanged source means a hit and any change means a miss. This
//! is the two-step scheme of ccache's direct mode.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::contents::{attributes_of, changed_since, newest_below, whole_package};
use super::depinfo::DepInfo;
use super::script::Watched;
use super::tools::{directory, files_of, named_in};
use super::{Context, Digest, FieldHasher, Input, KeyOptions};
use crate::graph::{PackageSource, Unit};

/// Stands among the variables of a unit that fits one place only: its value is the workspace
/// root. No variable has an equals sign in its name.
const WORKSPACE_ROOT: &str = "=workspace-root";

/// The same for the build directory.
const BUILD_DIRECTORY: &str = "=build-directory";

/// Stands alone: a script wrote elsewhere than into OUT_DIR. One that writes only what differs does not do so again where
/// it ran before, so what was seen once holds for all runs.
const WRITES_ELSEWHERE: &str = "=writes-elsewhere";

/// Which inputs a unit read, without their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedInputs {
    /// Files and directories: `pkg:` relative to the package, `ws:` to the workspace, `build:`
    /// to the build directory, `abs:`.
    pub files: Vec<String>,
    /// Environment variables, and `=workspace-root` for a unit that is bound to its path.
    pub env: Vec<String>,
    /// The script watches its whole package. Cargo then stores the newest modification
    /// time in the fingerprint, so that time is an input too.
    pub whole_package: bool,
    /// Paths of libraries that rustc has to link, as for `files`, and of directories that it searches, with a slash at
    /// the end. Cargo does not look at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
}

impl ObservedInputs {
    /// Whether nothing outside the base key was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.env.is_empty() && !self.whole_package && self.libraries.is_empty()
    }

    /// What is stored for a script that writes elsewhere.
    pub(crate) fn of_writer() -> ObservedInputs {
        ObservedInputs { env: vec![WRITES_ELSEWHERE.to_owned()], ..ObservedInputs::default() }
    }

    /// Whether it was stored for a script that writes elsewhere.
    pub(crate) fn is_of_writer(&self) -> bool {
        self.env.iter().any(|name| name == WRITES_ELSEWHERE)
    }

    /// What is left without the inputs that the options leave out.
    pub(crate) fn restricted(mut self, options: &KeyOptions) -> ObservedInputs {
        let has = |input: Input| options.has(input);
        self.files.retain(|_| has(Input::Files));
        self.env.retain(|name| {
            has(match name.as_str() {
                WORKSPACE_ROOT => Input::WorkspaceRoot,
                BUILD_DIRECTORY => Input::BuildDirectory,
                _ => Input::Variables,
            })
        });
        self.libraries.retain(|_| has(Input::StaticLibraries));
        self.whole_package &= has(Input::PackageTime);
        self
    }

    /// The inputs of a compilation.
    pub(crate) fn of_compilation(context: &Context, unit: &Unit, info: &DepInfo) -> ObservedInputs {
        let cwd = working_dir(context, unit);
        let files: Vec<PathBuf> = info.files.iter().map(|file| cwd.join(file)).collect();
        let read = info.env.iter().filter(|name| !is_fixed_by_package(name)).cloned();
        let bound =
            is_watched_by_path(context, unit, &files) || files.iter().any(|file| is_beside(context, unit, file));
        ObservedInputs {
            files: tokens(context, unit, files.into_iter()),
            env: read.chain(bound.then(|| WORKSPACE_ROOT.to_owned())).collect(),
            ..ObservedInputs::default()
        }
    }

    /// The inputs of a build-script run; `written` are the files in OUT_DIR, which is `out`.
    pub(crate) fn of_script_run<'a>(
        context: &Context,
        unit: &Unit,
        watched: &Watched,
        out: &Path,
        written: impl Iterator<Item = &'a Path>,
    ) -> ObservedInputs {
        let root = package_root(unit);
        let names =
            |bytes: &[u8], roots: &[String]| roots.iter().any(|it| memmem::find(bytes, it.as_bytes()).is_some());
        let (roots, build_dirs) = (spellings(&context.workspace_root), spellings(&context.layout.build_dir));
        let apart = [&*build_dirs, &spellings(&context.cargo_home)].concat();
        // Cargo rewrites OUT_DIR in what a script prints, and in nothing that it writes.
        let printed = watched.printed.replace(&*out.to_string_lossy(), "");
        let mut on_build_dir = build_dirs.iter().any(|dir| leads_into(&printed, dir, &[]));
        // A package outside of the workspace has its absolute path in the base key already.
        let mut on_workspace =
            roots.iter().any(|root| leads_into(&watched.printed, root, &apart)) || names_beside(context, unit, watched);
        for path in written {
            let bytes = std::fs::read(path).unwrap_or_default();
            match names(&bytes, &build_dirs) {
                true => on_build_dir = true,
                // A build directory inside the workspace has its path in its own.
                false => on_workspace |= names(&bytes, &roots),
            }
        }
        let bound = [(on_workspace, WORKSPACE_ROOT), (on_build_dir, BUILD_DIRECTORY)];
        let bound = bound.into_iter().filter(|(bound, _)| *bound).map(|(_, name)| name.to_owned());
        ObservedInputs {
            files: tokens(context, unit, watched.paths.iter().map(|path| root.join(path))),
            env: watched.env.iter().cloned().chain(bound).collect(),
            whole_package: watched.is_whole_package() && !context.is_immutable_package(unit),
            libraries: ObservedInputs::libraries(context, unit, watched),
        }
    }

    /// What rustc and the linker read because of a script: files that their arguments name, and directories that they
    /// search, as a path with a slash at its end.
    fn libraries(context: &Context, unit: &Unit, watched: &Watched) -> Vec<String> {
        // rustc takes relative paths from where it runs; Cargo documents some for the package.
        let bases = [package_root(unit), working_dir(context, unit)];
        let bases = bases.each_ref().map(PathBuf::as_path);
        let anywhere = |path: PathBuf| bases.map(|base| base.join(&path));
        let searched = watched.searched.iter().flat_map(|dir| anywhere(dir.into())).filter(|dir| dir.is_dir());
        let named = named_in(watched.linked.iter().map(String::as_str), &bases);
        let (folders, mut files): (Vec<_>, Vec<_>) = searched.chain(named).partition(|path| path.is_dir());
        // Where the build itself or the system writes, only what is looked for counts.
        let is_own = |dir: &Path| {
            let others = [&context.layout.build_dir, &context.target_dir];
            !others.iter().any(|other| dir.starts_with(other)) && !context.is_of_system(dir)
        };
        let whole: Vec<PathBuf> = folders.into_iter().filter(|dir| is_own(dir)).collect();
        let libraries = watched.static_libraries().flat_map(anywhere);
        files.extend(libraries.filter(|file| !whole.iter().any(|dir| file.parent() == Some(&**dir))));
        let whole = tokens(context, unit, whole.into_iter()).into_iter();
        let whole = whole.map(|dir| if dir.ends_with(':') { dir + "./" } else { dir + "/" });
        tokens(context, unit, files.into_iter()).into_iter().chain(whole).collect()
    }

    /// The digest of all values now. A missing file or variable is a value of its own.
    pub(crate) fn values(&self, context: &Context, unit: &Unit) -> Digest {
        let mut hasher = FieldHasher::new("observed 1");
        for token in self.files.iter().chain(&self.libraries) {
            hasher.field("file", token);
            let path = self.resolve(context, unit, token);
            if let Some(path) = path.as_ref().filter(|_| unit.is_script_run()) {
                hasher.digest("attributes", &attributes_of(path));
            }
            let content = |path: PathBuf| match token.ends_with('/') {
                true => path.is_dir().then(|| directory(&path, &|file| context.file_content(file))),
                false => context.file_content(&path),
            };
            match path.and_then(content) {
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
            // Of others Cargo takes the version.
            let newest = if unit.is_local() { newest } else { Duration::ZERO };
            hasher.field("newest", newest.as_nanos().to_le_bytes()).digest("content", &content);
        }
        hasher.finish()
    }

    /// The newest modification time among the watched files that Cargo would look at.
    pub(crate) fn newest(&self, context: &Context, unit: &Unit) -> Option<SystemTime> {
        self.files
            .iter()
            .filter_map(|token| self.resolve(context, unit, token))
            .filter(|path| !context.is_immutable(path))
            .filter_map(|path| newest_below(&path))
            .max()
    }

    /// What was read and changed since a time, by the clock of the file system.
    pub(crate) fn changed_since(&self, context: &Context, unit: &Unit, time: SystemTime) -> Option<PathBuf> {
        let resolve = |token: &String| Some((token.ends_with('/'), self.resolve(context, unit, token)?));
        let read = self.files.iter().chain(&self.libraries).filter_map(resolve);
        let read = read.flat_map(|(is_searched, path)| if is_searched { files_of(&path) } else { vec![path] });
        let package = self.whole_package.then(|| package_root(unit));
        let apart = [&*context.layout.build_dir, &context.target_dir];
        read.chain(package).find_map(|path| {
            // What it read below the build directory counts by itself.
            let apart = if path.starts_with(apart[0]) { &[][..] } else { &apart };
            changed_since(&path, apart, time)
        })
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
        PackageSource::Path(dir) => dir.clone(),
        PackageSource::Registry | PackageSource::Git => {
            let above = || Path::new(&unit.target.src_path).ancestors().skip(1);
            // Cargo leaves one of these in what it vendors or unpacks; a package may have other manifests in it.
            let marks: &[&str] = match unit.package.source {
                PackageSource::Registry => &[".cargo-checksum.json", ".cargo-ok"],
                _ => &[".cargo-checksum.json"],
            };
            let marked = above().find(|dir| marks.iter().any(|mark| dir.join(mark).is_file()));
            let root = marked.or_else(|| above().find(|dir| dir.join("Cargo.toml").is_file()));
            root.map_or_else(PathBuf::new, Path::to_path_buf)
        }
    }
}

/// Whether a file that a unit reads cannot change. A path package below Cargo's home can.
fn is_immutable(context: &Context, unit: &Unit, file: &Path) -> bool {
    context.is_immutable(file) && !(unit.is_local() && file.starts_with(package_root(unit)))
}

/// Where Cargo runs rustc: the workspace root for path packages inside it, else the package.
pub(super) fn working_dir(context: &Context, unit: &Unit) -> PathBuf {
    match unit.is_local() && Path::new(&unit.target.src_path).starts_with(&context.workspace_root) {
        true => context.workspace_root.clone(),
        false => package_root(unit),
    }
}

/// Names files relative to what moves with them. Immutable ones are in the base key by
/// checksum, and what units made by their content. Anything else in the build directory is
/// a file like others.
fn tokens(context: &Context, unit: &Unit, files: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let root = package_root(unit);
    let mut tokens: Vec<String> = files
        .filter(|file| !is_immutable(context, unit, file) && context.layout.place_of(file).is_none())
        // Without a slash at the end.
        .map(|file| file.components().collect::<PathBuf>())
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

/// Whether Cargo watches one of these files at its path in this workspace. In a unit's
/// fingerprint it names files relative to the build directory and to the package, links
/// followed; every other one by its absolute path. A copy of the unit elsewhere would watch
/// the file of this workspace.
fn is_watched_by_path(context: &Context, unit: &Unit, files: &[PathBuf]) -> bool {
    let (root, build_dir) = (real(&package_root(unit)), real(&context.layout.build_dir));
    files.iter().filter(|file| file.starts_with(&context.workspace_root) && !context.is_immutable(file)).any(|file| {
        let file = real(file);
        !file.starts_with(&root) && !file.starts_with(&build_dir)
    })
}

/// How a path may be written: as it is and with links resolved; each as the text of a string
/// literal and of a URL, too.
fn spellings(path: &Path) -> Vec<String> {
    let mut spellings = Vec::new();
    for path in [path, &real(path)] {
        let plain = path.to_string_lossy().into_owned();
        let literal = format!("{plain:?}");
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"#%<>?`{}".contains(&byte);
        let url =
            plain.bytes().map(|byte| if is_plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") });
        spellings.extend([url.collect(), literal[1..literal.len() - 1].to_owned(), plain]);
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

/// A path with links resolved, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there =
        path.ancestors().find_map(|dir| Some(std::fs::canonicalize(dir).ok()?.join(path.strip_prefix(dir).ok()?)));
    // Without a slash at the end.
    there.map_or_else(|| path.to_owned(), |real| real.components().collect())
}

/// Whether a path was made from where the checkout lies, though it is not in it: it is neither in the package nor in a
/// place that all checkouts share.
fn is_beside(context: &Context, unit: &Unit, path: &Path) -> bool {
    let own = [&context.workspace_root, &context.layout.build_dir, &context.cargo_home, &package_root(unit)];
    path.is_absolute() && !own.iter().any(|dir| path.starts_with(dir)) && !context.is_of_system(path)
}

/// Whether a script watches or passes on a path beside the checkout.
fn names_beside(context: &Context, unit: &Unit, watched: &Watched) -> bool {
    let words = watched.printed.split(|c: char| c.is_whitespace() || "\"',;=:".contains(c));
    // `-L/dir` is a path, `name/dir` is none.
    let paths = words.filter_map(|word| Some((word, word.find('/')?)));
    let paths = paths.filter(|(word, at)| *at == 0 || word.starts_with('-')).map(|(word, at)| Path::new(&word[at..]));
    // Other text looks like paths.
    let there = paths.filter(|path| path.parent().is_some() && path.exists());
    watched.paths.iter().map(Path::new).chain(there).any(|path| is_beside(context, unit, path))
}

/// Whether a text has a path at or below `root` in it that is not inside one of the directories
/// `apart`: Cargo itself moves the OUT_DIR in a script's output, and packages in its
/// home are in one place.
fn leads_into(text: &str, root: &str, apart: &[String]) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
    text.match_indices(root).any(|(at, found)| {
        let path = text[at..].split(|c: char| c.is_whitespace() || "\"',;".contains(c)).next().unwrap_or_default();
        let is_apart = |dir: &String| {
            let rest = path.strip_prefix(&**dir);
            !Path::new(root).starts_with(dir) && rest.is_some_and(|rest| ends(rest) && !rest.contains("/.."))
        };
        ends(&text[at + found.len()..]) && !apart.iter().any(is_apart)
    })
}

/// Variables Cargo sets from what the base key already contains (manifest, checksum, target),
/// and OUT_DIR, whose content is in the key and whose place is not: see KEYS.md.
fn is_fixed_by_package(name: &str) -> bool {
    name == "OUT_DIR"
        || name.starts_with("CARGO_PKG_")
        || matches!(name, "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "CARGO")
}

/// What a variable is for this unit in this place.
fn value_of(context: &Context, unit: &Unit, name: &str) -> Option<String> {
    match name {
        // A package may be a link to elsewhere.
        WORKSPACE_ROOT => Some(format!("{} {}", context.workspace_root.display(), real(&package_root(unit)).display())),
        BUILD_DIRECTORY => Some(spellings(&context.layout.build_dir).join(" ")),
        "CARGO_MANIFEST_DIR" => Some(package_root(unit).display().to_string()),
        "CARGO_MANIFEST_PATH" => Some(package_root(unit).join("Cargo.toml").display().to_string()),
        _ if name.starts_with("CARGO_BIN_EXE_") || name == "CARGO_TARGET_TMPDIR" => {
            Some(context.target_dir.display().to_string())
        }
        _ => context.variable(name).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::InputStage;

    #[test]
    fn every_observed_input_can_be_left_out() {
        let list = || vec!["ws:a".to_owned()];
        let env = ["A", WORKSPACE_ROOT, BUILD_DIRECTORY].map(str::to_owned).to_vec();
        let all = ObservedInputs { files: list(), env, whole_package: true, libraries: list() };
        let observed: Vec<Input> = Input::all().filter(|input| input.info().stage == InputStage::Observed).collect();
        let mut left: Vec<ObservedInputs> = vec![all.clone()];
        for input in &observed {
            let restricted = all.clone().restricted(&KeyOptions::without([*input]));
            assert!(!left.contains(&restricted), "{input:?} is one of the lists");
            left.push(restricted);
        }
        assert!(all.restricted(&KeyOptions::without(observed)).is_empty());
    }

    #[test]
    fn paths_are_recognised_as_literals_and_in_urls() {
        let spelled = spellings(Path::new("/no where/cafe\u{301}"));
        let expected = ["/no where/cafe\u{301}", "/no where/cafe\\u{301}", "/no%20where/cafe%CC%81"];
        assert!(spelled.len() == 3 && expected.iter().all(|it| spelled.iter().any(|own| own == it)), "{spelled:?}");
        assert_eq!(spellings(Path::new("/nowhere")), ["/nowhere"]);
    }

    #[test]
    fn paths_into_the_workspace_are_recognised() {
        let apart = ["/ws/app/target", "/ws/app/home"].map(str::to_owned);
        let leads = |text: &str| leads_into(text, "/ws/app", &apart);
        assert!(leads("cargo::rustc-env=DATA=/ws/app/data.txt"));
        assert!(leads("cargo::rustc-env=ROOT=/ws/app\n"));
        assert!(leads("a=/ws/app/target/x/out b=/ws/app/x"));
        assert!(leads("a=/ws/app/target/x/out/../../../x"));
        assert!(leads("a=/ws/app/targets"));
        assert!(!leads("cargo::rustc-link-search=native=/ws/app/target/debug/build/a/0f/out\n"));
        assert!(!leads("cargo::rerun-if-changed=/ws/app/home/registry/src/a/build.rs"));
        assert!(!leads("a=/ws/app-two/x b=/ws/apple c=src/lib.rs"));
        // A workspace below a build directory, as of `cargo package`.
        assert!(leads_into("a=/t/package/x", "/t/package", &["/t".to_owned()]));
    }
}
