//! What a build script did beside writing into OUT_DIR.
//!
//! The run of a script is restored as what it printed and what it wrote into OUT_DIR. So it may
//! be published only if that is all there is: OUT_DIR was empty when it began, and nothing else
//! was written. Cargo does not say what a script wrote; the file system does, by the time at
//! which a file last changed, which nobody can set.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::outdated::candidates;
use super::{Decision, RestorePlan, Session};
use crate::files::changed_at;
use crate::graph::Unit;
use crate::graph::layout::{UnitPlace, base_dir};
use crate::key::{changed_since, package_root};

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

/// Something in a package that changed since its script may have begun, but for build directories.
pub(super) fn written_in_package(session: &Session<'_>, unit: &Unit, since: SystemTime) -> Option<PathBuf> {
    let context = session.context;
    changed_since(&package_root(unit), &[&context.layout.build_dir, &context.target_dir], since)
}

/// Something beside the programs that Cargo did not put there, new since some script may have
/// begun: three levels above OUT_DIR is where scripts like to leave libraries.
pub(super) fn written_beside_programs(session: &Session<'_>, since: SystemTime) -> Option<PathBuf> {
    let graph = session.graph;
    let bases: HashSet<String> = graph.units.iter().map(|unit| base_dir(graph, unit)).collect();
    let names: HashSet<String> = graph.units.iter().map(|unit| unit.target.name.replace('-', "_")).collect();
    let roots: HashSet<&Path> = HashSet::from([&*session.context.layout.build_dir, &session.context.target_dir]);
    let folders = roots.iter().flat_map(|root| bases.iter().map(|base| root.join(base)));
    let folders = folders.flat_map(|base| [base.join("deps"), base.join("examples"), base]);
    let is_cargos = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
        // `app`, `libapp.rlib`, `app.d`, `app-0123456789abcdef`.
        let stem = name.split('.').next().unwrap_or_default();
        let stem = stem.rsplit_once('_').filter(|(_, hash)| is_hash(hash)).map_or(stem, |(stem, _)| stem);
        let own = ["build", "deps", "examples", "incremental"].contains(&&*name) || name.starts_with('.');
        own || names.contains(stem) || stem.strip_prefix("lib").is_some_and(|stem| names.contains(stem))
    };
    let is_new = |path: &PathBuf| {
        fs::symlink_metadata(path).ok().and_then(|meta| changed_at(&meta)).is_some_and(|changed| changed >= since)
    };
    let files = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    files.map(|entry| entry.path()).filter(|path| !is_cargos(path)).find(is_new)
}

fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
