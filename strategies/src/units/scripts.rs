//! What ran during a build and left more behind than Cargo knows of.
//!
//! A script's run is restored as what it printed and what it wrote into OUT_DIR, a compilation as what rustc wrote. Either
//! may be published only if that is all there is: OUT_DIR was empty when the script began, and neither it nor a proc macro
//! wrote anything else. Cargo does not say what they wrote; the file system does, by the time at which a file last
//! changed, which nobody can set. Whatever ran at that time is taken to have written it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::outdated::candidates;
use super::{Decision, RestorePlan, Session};
use crate::files::{Visit, changed_at, changed_below, is_build_dir, since_epoch};
use crate::graph::layout::{UnitPlace, base_dir, invoked_at};
use crate::graph::matching::BuiltUnits;
use crate::graph::{Unit, UnitIndex, UnitTarget};
use crate::key::{BaseKey, ObservedInputs, package_root};
use crate::policy::UnitFacts;

/// The directories in which a script may run in this build, and OUT_DIR is not empty.
pub(super) fn filled_out_dirs(session: &Session<'_>, plan: &RestorePlan) -> HashSet<UnitPlace> {
    let runs = session.graph.units.iter().zip(&plan.units).filter(|(unit, planned)| {
        let may_run = matches!(planned.decision, Decision::Miss | Decision::Present { touched: true, .. });
        unit.is_script_run() && may_run
    });
    let is_filled = |place: &UnitPlace| {
        let out = session.context.layout.unit_dir(place).join("out");
        fs::read_dir(out).is_ok_and(|mut files| files.next().is_some())
    };
    runs.flat_map(|(unit, _)| candidates(session, plan, unit)).filter(is_filled).collect()
}

/// Whether a run of this script was seen to write elsewhere.
pub(super) fn writes_elsewhere(session: &Session<'_>, base: &BaseKey) -> bool {
    session.store.root().inputs(base).iter().any(ObservedInputs::is_of_writer)
}

/// Remembers that it does, in a store that can be written to: no other can publish it.
pub(super) fn remember_writer(session: &Session<'_>, base: &BaseKey) {
    let _ = session.store.root().add_inputs(base, &ObservedInputs::of_writer());
}

/// Something that changed while a unit ran.
pub(super) struct WrittenElsewhere {
    pub path: PathBuf,
    /// It was certainly a script, which may find it there the next time, and write nothing.
    pub remembered: bool,
}

/// Units during whose run something changed that is not theirs: of scripts, and of compilations with a proc macro.
pub(super) fn written_elsewhere(
    session: &Session<'_>,
    plan: &RestorePlan,
    built: &BuiltUnits,
) -> HashMap<UnitIndex, WrittenElsewhere> {
    let facts = UnitFacts::of(session.graph);
    let ran = built.compiled.iter().filter_map(|&index| {
        let unit = &session.graph.units[index];
        let is_published = !matches!(plan.units[index].decision, Decision::Refused(_));
        let runs_code = unit.is_script_run() || facts[index].on_proc_macro;
        let (_, place) = built.matched.units.get(&index).filter(|_| is_published && runs_code)?;
        Some((index, unit, run_time(&session.context.layout.unit_dir(place))))
    });
    let ran: Vec<(UnitIndex, &Unit, RangeInclusive<Duration>)> = ran.collect();
    if ran.is_empty() {
        return HashMap::new();
    }
    let scripts = || ran.iter().filter(|(_, unit, _)| unit.is_script_run());
    let changes = changes(session, &scripts().map(|(_, unit, _)| *unit).collect::<Vec<_>>(), plan.started);
    let written = ran.iter().filter_map(|(index, unit, time)| {
        let mut seen = changes.iter().filter(|change| time.contains(&change.at)).peekable();
        let path = seen.peek()?.path.clone();
        let root = package_root(unit);
        // People edit sources while Cargo builds, and scripts run beside each other.
        let is_certain = |change: &ScriptChange| {
            let alone = || scripts().filter(|(.., time)| time.contains(&change.at)).count() == 1;
            match change.place {
                ChangedPlace::Source if change.path.starts_with(&root) => true,
                ChangedPlace::Source => unit.is_local() && alone(),
                ChangedPlace::Git => alone(),
                // It goes with what else is there.
                ChangedPlace::BuildDirectory => false,
            }
        };
        Some((*index, WrittenElsewhere { path, remembered: unit.is_script_run() && seen.any(is_certain) }))
    });
    written.collect()
}

/// From when a unit's code ran until Cargo noted that it had.
fn run_time(unit_dir: &Path) -> RangeInclusive<Duration> {
    let notes = ["fingerprint", "run"].into_iter().flat_map(|folder| fs::read_dir(unit_dir.join(folder))).flatten();
    let noted = notes.flatten().filter_map(|note| changed_at(&note.metadata().ok()?)).max();
    invoked_at(unit_dir).unwrap_or_default()..=noted.map_or(Duration::MAX, since_epoch)
}

struct ScriptChange {
    path: PathBuf,
    at: Duration,
    place: ChangedPlace,
}

#[derive(Clone, Copy)]
enum ChangedPlace {
    Source,
    Git,
    BuildDirectory,
}

/// What changed since a time in the workspace, in the packages of these scripts, and beside what Cargo builds.
fn changes(session: &Session<'_>, scripts: &[&Unit], since: SystemTime) -> Vec<ScriptChange> {
    let context = session.context;
    let mut changes = Vec::new();
    let mut look = |place: ChangedPlace, root: &Path, visit: &dyn Fn(&Path) -> Visit| {
        let changed = changed_below(root, since, visit).into_iter();
        changes.extend(changed.map(|(path, at)| ScriptChange { path, at: since_epoch(at), place }));
    };
    let build_dirs: HashSet<&Path> = HashSet::from([&*context.layout.build_dir, &context.target_dir]);
    let store = session.store.root().path("");
    let is_apart =
        |path: &Path| build_dirs.contains(path) || [&context.cargo_home, &store].into_iter().any(|it| it == path);

    let members = session.graph.units.iter().filter(|unit| unit.is_local()).chain(scripts.iter().copied());
    let mut roots: HashSet<PathBuf> = members.map(package_root).collect();
    // Packages in the workspace are looked at with it.
    roots.retain(|root| !root.starts_with(&context.workspace_root) || root.starts_with(&context.cargo_home));
    roots.insert(context.workspace_root.clone());
    let source = |path: &Path| match is_apart(path) || path.ends_with(".git") || is_build_dir(path) {
        true => Visit::Skip,
        false => Visit::Count,
    };
    roots.iter().for_each(|root| look(ChangedPlace::Source, root, &source));
    for path in git_dir(&context.workspace_root).iter().flat_map(|git| [git.join("hooks"), git.join("config")]) {
        look(ChangedPlace::Git, &path, &|_| Visit::Count);
    }
    let cargos = CargosFiles::of(session);
    for root in &build_dirs {
        look(ChangedPlace::BuildDirectory, root, &|path| match path.strip_prefix(root) {
            Ok(inside) if path == *root || !is_apart(path) => cargos.visit(inside),
            _ => Visit::Skip,
        });
    }
    changes
}

/// The repository that a directory is in: the main one's, of a worktree.
fn git_dir(dir: &Path) -> Option<PathBuf> {
    let git = dir.ancestors().map(|dir| dir.join(".git")).find(|git| git.exists())?;
    if git.is_dir() {
        return Some(git);
    }
    let link = fs::read_to_string(&git).ok()?;
    let own = git.parent()?.join(link.trim().strip_prefix("gitdir: ")?);
    let common = fs::read_to_string(own.join("commondir")).unwrap_or_default();
    Some(own.join(common.trim()))
}

/// What Cargo itself puts into a build directory.
struct CargosFiles {
    bases: HashSet<String>,
    /// Names of what it links beside the programs.
    uplifted: HashSet<String>,
}

impl CargosFiles {
    fn of(session: &Session<'_>) -> CargosFiles {
        let units = &session.graph.units;
        CargosFiles {
            bases: units.iter().map(|unit| base_dir(session.graph, unit)).collect(),
            uplifted: units.iter().flat_map(|unit| uplifted_names(&unit.target)).collect(),
        }
    }

    /// By a path relative to the build directory.
    fn visit(&self, path: &Path) -> Visit {
        if self.bases.iter().any(|base| Path::new(base).starts_with(path)) {
            return Visit::Pass;
        }
        let base = self.bases.iter().find_map(|base| path.strip_prefix(base).ok());
        let parts: Vec<String> = base.unwrap_or(path).iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (base, &*parts) {
            (_, [name]) if name.starts_with(".cargo-") && name.ends_with("lock") => Visit::Skip,
            (None, [name]) if AT_THE_ROOT.contains(name) => Visit::Skip,
            (Some(_), ["incremental"]) => Visit::Skip,
            (Some(_), ["build" | "deps" | "examples"] | ["build", _]) => Visit::Pass,
            (Some(_), ["build", _, hash]) if is_hash(hash) => Visit::Skip,
            (Some(_), [name] | ["deps" | "examples", name]) if self.uplifted.contains(*name) => Visit::Skip,
            _ => Visit::Count,
        }
    }
}

const AT_THE_ROOT: &[&str] = &[
    ".future-incompat-report.json",
    ".rustc_info.json",
    ".unit-cache.json",
    "CACHEDIR.TAG",
    "cargo-timings",
    "doc",
    "package",
    "tmp",
];

fn uplifted_names(target: &UnitTarget) -> Vec<String> {
    let (name, krate) = (&target.name, target.name.replace('-', "_"));
    let library = ["rlib", "rmeta", "so", "dylib", "a", "d"].map(|extension| format!("lib{krate}.{extension}"));
    let linked =
        ["d", "dll", "dll.lib", "dwp", "exp", "lib", "pdb", "wasm"].map(|extension| format!("{krate}.{extension}"));
    let program = ["", ".d", ".dSYM", ".dwp", ".exe", ".js", ".pdb", ".wasm"];
    let program = program.iter().flat_map(|extension| [format!("{name}{extension}"), format!("{krate}{extension}")]);
    match target.is_linkable() || target.is_proc_macro() {
        true => library.into_iter().chain(linked).collect(),
        false => program.chain(library).chain(linked).collect(),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_puts_into_a_build_directory_does_not_count() {
        let target = |kind: &str, name: &str| UnitTarget {
            kind: vec![kind.to_owned()],
            crate_types: vec![kind.to_owned()],
            name: name.to_owned(),
            src_path: String::new(),
            edition: "2024".to_owned(),
        };
        let cargos = CargosFiles {
            bases: ["debug", "x86/debug"].map(str::to_owned).into(),
            uplifted: uplifted_names(&target("bin", "my-app"))
                .into_iter()
                .chain(uplifted_names(&target("lib", "dep")))
                .collect(),
        };
        let visit = |path: &str| cargos.visit(Path::new(path));
        for passed in ["", "x86", "x86/debug", "debug", "debug/build", "debug/build/dep", "debug/examples"] {
            assert_eq!(visit(passed), Visit::Pass, "{passed}");
        }
        for skipped in [
            "tmp",
            "debug/.cargo-lock",
            "debug/my-app",
            "debug/my-app.d",
            "debug/libdep.rlib",
            "debug/incremental",
            "x86/debug/build/dep/0123456789abcdef",
        ] {
            assert_eq!(visit(skipped), Visit::Skip, "{skipped}");
        }
        for counted in
            ["data", "debug/dep", "debug/my-app.toml", "debug/.env", "debug/build/dep/data", "x86/data", "debug/tmp"]
        {
            assert_eq!(visit(counted), Visit::Count, "{counted}");
        }
    }

    #[test]
    fn hooks_of_a_worktree_are_those_of_its_repository() {
        let dir = tempfile::tempdir().unwrap();
        let (main, tree) = (dir.path().join("main"), dir.path().join("tree/inner"));
        let own = main.join(".git/worktrees/tree");
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(&tree).unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        fs::write(dir.path().join("tree/.git"), format!("gitdir: {}\n", own.display())).unwrap();
        let real = |path: &Path| fs::canonicalize(path).unwrap();
        assert_eq!(git_dir(&main), Some(main.join(".git")));
        assert_eq!(real(&git_dir(&tree).unwrap()), real(&main.join(".git")));
    }
}
