//! What is known of sources without a compile: the size of those of a target, the content of a local package, and what a
//! build script watches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use strategies::graph::{Graph, Mode, Unit};
use strategies::key::{Digest, package_root};
use walkdir::{DirEntry, WalkDir};

use simulation::cost::{CostKind, UnitFeatures};

/// Sizes that are known already; registry packages are the same for every workspace.
#[derive(Debug, Default)]
pub(super) struct SourceSizes(Mutex<HashMap<PathBuf, u64>>);

impl SourceSizes {
    /// What is known of a unit; `all_dependencies` is the number of units it depends on at any distance.
    pub(super) fn features(&self, graph: &Graph, unit: &Unit, all_dependencies: usize) -> UnitFeatures {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        UnitFeatures {
            kind: kind(unit),
            source_bytes: self.of(Path::new(&unit.target.src_path), source_bytes),
            foreign_bytes: if compiles_foreign(graph, unit) { self.of(&package_root(unit), foreign_bytes) } else { 0 },
            direct: count(unit.dependencies.len()),
            all: count(all_dependencies),
            features: count(unit.features.len()),
            optimised: unit.profile.opt_level != "0",
            check: unit.mode == Mode::Check,
            debug: has_debug_info(&unit.profile.debuginfo),
        }
    }

    fn of(&self, root: &Path, look: fn(&Path) -> u64) -> u64 {
        let Ok(mut known) = self.0.lock() else { return look(root) };
        *known.entry(root.to_owned()).or_insert_with(|| look(root))
    }
}

const COMPILERS: [&str; 5] = ["cc", "cmake", "autotools", "nasm-rs", "gcc"];

/// Whether a unit is the run of a build script that depends on such a package.
fn compiles_foreign(graph: &Graph, unit: &Unit) -> bool {
    let script = unit.dependencies.iter().map(|it| &graph.units[it.index]).filter(|it| it.target.is_build_script());
    let at_hand = |script: &Unit| {
        let names = script.dependencies.iter().map(|it| graph.units[it.index].package.name.as_str());
        names.into_iter().any(|name| COMPILERS.contains(&name))
    };
    unit.is_script_run() && script.filter(|script| !script.is_script_run()).any(at_hand)
}

/// Bytes of a package's C, C++ and assembler files.
fn foreign_bytes(package: &Path) -> u64 {
    let endings = ["c", "cc", "cpp", "cxx", "S", "s", "asm"];
    sum(WalkDir::new(package).into_iter(), &endings)
}

fn kind(unit: &Unit) -> CostKind {
    let is = |kind: &str| unit.target.kind.iter().any(|known| known == kind);
    match &unit.mode {
        Mode::RunCustomBuild => CostKind::ScriptRun,
        Mode::Test => CostKind::Test,
        _ if unit.target.is_proc_macro() => CostKind::ProcMacro,
        _ if unit.target.is_build_script() => CostKind::BuildScript,
        _ if is("bin") || is("example") => CostKind::Program,
        _ if is("test") || is("bench") => CostKind::Test,
        _ => CostKind::Library,
    }
}

/// Cargo prints a number or a name, or nothing.
fn has_debug_info(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Number(level) => level.as_u64() != Some(0),
        serde_json::Value::String(level) => !matches!(level.as_str(), "0" | "none"),
        _ => true,
    }
}

/// Bytes of the Rust files that belong to a root file: those below its folder where it is the
/// root of a folder of its own (`lib.rs`, `main.rs`), else its own and those of the folder that
/// has its name. A `main.rs` beside a `lib.rs` has the library's modules, not its own.
fn source_bytes(root: &Path) -> u64 {
    let own = || std::fs::metadata(root).map_or(0, |meta| meta.len());
    let (Some(dir), Some(stem)) = (root.parent(), root.file_stem()) else { return own() };
    match stem.to_str() {
        Some("main") if dir.join("lib.rs").is_file() => own(),
        // Roots in the package's own folder: a walk would go through its tests and examples.
        Some("lib" | "main" | "mod") if !dir.join("Cargo.toml").is_file() => rust_files(dir),
        Some("lib" | "main") => beside(dir).max(own()),
        _ => own() + rust_files(&dir.join(stem)),
    }
}

/// Bytes of the Rust files in a package's own folder, and below what is neither tests, examples nor benchmarks.
fn beside(dir: &Path) -> u64 {
    let others = ["tests", "test", "examples", "benches", "target"];
    let is_other = |entry: &DirEntry| entry.depth() == 1 && others.iter().any(|name| entry.file_name() == *name);
    sum(WalkDir::new(dir).into_iter().filter_entry(move |entry| !is_other(entry)), &["rs"])
}

fn rust_files(dir: &Path) -> u64 {
    // Programs have a folder of their own beside a library.
    sum(WalkDir::new(dir).into_iter().filter_entry(|entry| entry.depth() != 1 || entry.file_name() != "bin"), &["rs"])
}

fn sum(entries: impl Iterator<Item = walkdir::Result<DirEntry>>, endings: &[&str]) -> u64 {
    let ends =
        |entry: &DirEntry| entry.path().extension().is_some_and(|own| endings.iter().any(|ending| own == *ending));
    let files = entries.flatten().filter(|entry| entry.file_type().is_file() && ends(entry));
    files.map(|entry| entry.metadata().map_or(0, |meta| meta.len())).sum()
}

/// The number of units that each one depends on at any distance.
pub(super) fn all_dependencies(graph: &Graph) -> Vec<usize> {
    let words = graph.units.len().div_ceil(64);
    let mut reached: Vec<Vec<u64>> = vec![Vec::new(); graph.units.len()];
    for &unit in &graph.order {
        let mut own = vec![0u64; words];
        for dependency in &graph.units[unit].dependencies {
            own[dependency.index / 64] |= 1 << (dependency.index % 64);
            own.iter_mut().zip(&reached[dependency.index]).for_each(|(own, theirs)| *own |= theirs);
        }
        reached[unit] = own;
    }
    reached.iter().map(|bits| bits.iter().map(|word| word.count_ones() as usize).sum()).collect()
}

/// Digests of local packages, hexadecimal: names and contents of everything in the package's
/// folder but what belongs to a package inside of it, to its history or to a build.
#[derive(Debug, Default)]
pub(super) struct PackageDigests(HashMap<PathBuf, String>);

impl PackageDigests {
    pub(super) fn of(&mut self, package: &Path) -> &str {
        self.0.entry(package.to_owned()).or_insert_with(|| content(package))
    }
}

fn content(package: &Path) -> String {
    let apart = |entry: &DirEntry| {
        let name = entry.file_name();
        entry.depth() > 0
            && (entry.depth() == 1 && (name == "target" || name == ".git")
                || entry.file_type().is_dir() && entry.path().join("Cargo.toml").is_file())
    };
    let walk = WalkDir::new(package).sort_by_file_name().into_iter().filter_entry(|entry| !apart(entry));
    let mut text = Vec::new();
    for entry in walk.flatten().filter(|entry| !entry.file_type().is_dir()) {
        let name = entry.path().strip_prefix(package).unwrap_or(entry.path());
        let content = Digest::of(&std::fs::read(entry.path()).unwrap_or_default());
        text.extend(format!("{} {:?}\n", content.hex(), name).into_bytes());
    }
    Digest::of(&text).hex()
}

/// The paths that the source of a build script watches, relative to the package, a line each; `.` for a script that names
/// nothing, since Cargo then runs it again when anything in its package changes. Scripts are read, never run: a path that
/// the script composes is not found, nor whether the line is reached.
pub(super) fn watched_paths(source: &str) -> String {
    if !source.contains("rerun-if-") {
        return ".".to_owned();
    }
    let mut paths: Vec<&str> = source
        .split("rerun-if-changed=")
        .skip(1)
        .filter_map(|rest| rest.split_once(['"', '\\', '\n']).map(|(path, _)| path))
        .filter(|path| !path.is_empty() && !path.contains(['{', '}']))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, files: &[(&str, usize)]) {
        for (name, bytes) in files {
            std::fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            std::fs::write(dir.join(name), "x".repeat(*bytes)).unwrap();
        }
    }

    #[test]
    fn a_target_is_as_large_as_the_files_that_belong_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let files = [
            ("Cargo.toml", 1),
            ("build.rs", 10),
            ("build/more.rs", 5),
            ("src/lib.rs", 100),
            ("src/a/b.rs", 200),
            ("src/data.bin", 7777),
            ("src/main.rs", 30),
            ("src/bin/other.rs", 50),
            ("src/bin/other/part.rs", 4),
            ("tests/it.rs", 60),
            ("flat/Cargo.toml", 1),
            ("flat/lib.rs", 9),
            ("flat/imp/x.rs", 90),
            ("flat/tests/y.rs", 900),
        ];
        write(dir, &files);
        let bytes = |root: &str| source_bytes(&dir.join(root));
        assert_eq!(bytes("src/lib.rs"), 330);
        assert_eq!(bytes("src/main.rs"), 30);
        assert_eq!(bytes("src/bin/other.rs"), 54);
        assert_eq!(bytes("build.rs"), 15);
        assert_eq!(bytes("tests/it.rs"), 60);
        assert_eq!(bytes("flat/lib.rs"), 99);
        assert_eq!(bytes("no/such.rs"), 0);
        write(dir, &[("vendor/a.c", 11), ("vendor/b/c.S", 22), ("vendor/d.h", 33)]);
        assert_eq!(foreign_bytes(dir), 33);
    }

    #[test]
    fn a_packages_content_is_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let files = [("Cargo.toml", 1), ("src/lib.rs", 3), ("inner/Cargo.toml", 1), ("inner/src/lib.rs", 3)];
        write(dir, &files);
        let before = content(dir);
        assert_eq!(before.len(), 64);
        write(dir, &[("inner/src/lib.rs", 4), ("target/x", 1)]);
        assert_eq!(content(dir), before, "a package inside is another, and a build is none");
        write(dir, &[("src/lib.rs", 4)]);
        assert_ne!(content(dir), before);
        let mut contents = PackageDigests::default();
        let known = contents.of(dir).to_owned();
        write(dir, &[("src/lib.rs", 5)]);
        assert_eq!(contents.of(dir), known, "read once");
    }

    #[test]
    fn literal_paths_are_found() {
        assert_eq!(watched_paths("fn main() {}"), ".");
        let script = r#"println!("cargo:rerun-if-changed=src/"); println!("cargo::rerun-if-changed=build.rs\n");"#;
        assert_eq!(watched_paths(script), "build.rs\nsrc/");
        assert_eq!(watched_paths(r#"println!("cargo:rerun-if-changed={path}");"#), "");
        assert_eq!(watched_paths(r#"println!("cargo:rerun-if-env-changed=CC");"#), "");
    }
}
