//! Publishing: what Cargo built, put into the store.
//!
//! Three passes: files are read and hashed in parallel; keys are made dependencies first,
//! from the contents that are really there (another workspace's build of the same key may
//! have other bytes); entries are written in parallel, files first, manifest last.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::outdated::{UnitFingerprint, outdate};
use super::scripts::{WrittenElsewhere, remember_writer, writes_elsewhere, written_elsewhere};
use super::sessions;
use super::{Decision, RestorePlan, Session};
use crate::files::{FileError, mode_of, set_time, since_epoch};
use crate::graph::layout::{FileSharing, UnitPlace, base_dir, is_uplifted, oldest_stamp, share};
use crate::graph::matching::BuiltUnits;
use crate::graph::{Unit, UnitIndex};
use crate::key::{
    BaseKey, ContentDigest, FieldHasher, Key, KeyInputs, ObservedInputs, depinfo, final_key, package_root, script,
};
use crate::option::StrategyOption;
use crate::parallel;
use crate::store::{Added, Bytes, Entry, FORMAT, FileRecord, check, is_sound_link, remove_damaged, slots, snapshots};
use crate::written::WrittenFiles;

/// Private files up to this size are kept in the manifest, bytes.
const INLINE_LIMIT: u64 = 16 << 10;

/// One published unit.
#[derive(Debug)]
pub struct PublishedUnit {
    /// The unit.
    pub index: UnitIndex,
    /// Its key.
    pub key: Key,
    /// What it exports.
    pub content: ContentDigest,
    /// What the build wrote, in the build directory; `None` where it wrote nothing.
    pub written: Option<WrittenFiles>,
    /// Whether it is new in the store.
    pub added: Added,
}

/// What publishing did.
#[derive(Debug, Default)]
pub struct PublishOutcome {
    /// Units now in the store.
    pub units: Vec<PublishedUnit>,
    /// Units that were built but cannot be published, and why.
    pub left_out: Vec<(UnitIndex, String)>,
}

/// Puts what was built into the store.
///
/// # Errors
/// When the records of the build directory cannot be written. What cannot be published is
/// no error: it is left out, with the reason.
pub fn publish(
    session: &Session<'_>,
    plan: &mut RestorePlan,
    built: &BuiltUnits,
    costs: &HashMap<UnitPlace, f64>,
    publisher: &str,
) -> Result<PublishOutcome, FileError> {
    let layout = &session.context.layout;
    session.context.forget_files();
    let written = written_elsewhere(session, plan, built);
    let mut scanned = scan_all(session, plan, built, &written);
    let artifact = |(key, content), stamp| PublishedArtifact { key, content, stamp };
    let mut artifacts: Vec<Option<PublishedArtifact>> =
        plan.units.iter().map(|unit| unit.artifact().map(|known| artifact(known, unit.stamp))).collect();
    let mut published = PublishOutcome::default();
    let mut entries = Vec::new();
    for &index in &session.graph.order {
        let Some(scan) = scanned.remove(&index) else { continue };
        artifacts[index] = None;
        let finished = scan.and_then(|scan| finish(session, index, scan, &artifacts, costs, publisher));
        match finished {
            Ok(entry) => {
                artifacts[index] = Some(artifact((entry.key, entry.content), entry.stamp));
                entries.push((index, entry));
            }
            Err(why) => {
                if let Some((_, place)) = built.matched.units.get(&index) {
                    plan.installed.forget(place);
                }
                if written.get(&index).is_some_and(|written| written.remembered)
                    && let Some((_, base)) = base_key(session, index, &artifacts)
                {
                    remember_writer(session, &base);
                }
                published.left_out.push((index, why));
            }
        }
    }
    // All times first: one unit's failure to enter the store must not leave the build
    // directory out of order.
    let built_as = |(index, entry): &(UnitIndex, Entry)| UnitFingerprint::built(session, *index, &entry.place);
    let fingerprints: Vec<Option<UnitFingerprint>> = entries.iter().map(built_as).collect();
    let places = built.matched.units.values().map(|(_, place)| place.clone()).collect();
    let changed: HashSet<UnitFingerprint> = fingerprints.iter().flatten().copied().collect();
    outdate(session, plan, &changed, &places)?;
    let timed: Vec<&(UnitIndex, Entry)> =
        entries.iter().zip(fingerprints).filter(|(_, known)| known.is_some()).map(|(entry, _)| entry).collect();
    parallel::for_each(timed.len(), &|at| set_times(session, timed[at].0, &timed[at].1));
    let outcomes = parallel::map(&entries, |(_, entry)| add(session, entry));
    for ((index, entry), outcome) in entries.into_iter().zip(outcomes) {
        match outcome {
            Ok(added) => {
                let dir = layout.unit_dir(&entry.place);
                let written = WrittenFiles::of(&entry, |file| dir.join(&file.path));
                published.units.push(PublishedUnit { index, key: entry.key, content: entry.content, written, added });
            }
            Err(error) => published.left_out.push((index, error.to_string())),
        }
        plan.installed.record(session, index, &entry, entry.stamp, false);
    }
    let used = artifacts.iter().flatten().map(|artifact| artifact.key).collect();
    // Without it a collection by whole builds takes more than it should: slower, not wrong.
    let _ = snapshots::note(session.store.root(), used);
    plan.installed.write(layout)?;
    Ok(published)
}

/// An artifact that dependents can be keyed on.
#[derive(Clone, Copy)]
struct PublishedArtifact {
    key: Key,
    content: ContentDigest,
    stamp: Duration,
}

/// A unit directory read and hashed.
struct Scan {
    place: UnitPlace,
    files: Vec<FileRecord>,
    folders: Vec<String>,
    /// Files of its incremental session.
    session: Vec<FileRecord>,
    content: ContentDigest,
    observed: ObservedInputs,
}

/// Reads everything that was built. What Cargo found fresh is not published: it says so by its
/// own rules, and a key holds more than they do.
fn scan_all(
    session: &Session<'_>,
    plan: &RestorePlan,
    built: &BuiltUnits,
    written: &HashMap<UnitIndex, WrittenElsewhere>,
) -> HashMap<UnitIndex, Result<Scan, String>> {
    let is_unknown = |index: &&UnitIndex| matches!(plan.units[**index].decision, Decision::Miss);
    let unknown = built.fresh.iter().filter(|index| session.units.options.publish_fresh && is_unknown(index));
    let wanted = built.compiled.iter().chain(unknown).copied();
    let admitted = wanted.filter(|index| !matches!(plan.units[*index].decision, Decision::Refused(_)));
    let found: Vec<(UnitIndex, UnitPlace)> =
        admitted.filter_map(|index| Some((index, built.matched.units.get(&index)?.1.clone()))).collect();
    let sessions = match session.has(StrategyOption::Incremental) {
        true => sessions::finished_since(session, plan.started),
        false => HashMap::new(),
    };
    let scanned = parallel::map(&found, |(index, place)| {
        let unit = &session.graph.units[*index];
        if unit.is_local() && plan.built_before.contains(place) {
            return Err("it was built again in place".to_owned());
        }
        if unit.is_script_run() && plan.filled_out_dirs.contains(place) {
            return Err("OUT_DIR was not empty when the script began".to_owned());
        }
        if let Some(WrittenElsewhere { path, .. }) = written.get(index) {
            let what = if unit.is_script_run() { "the script" } else { "a proc macro" };
            return Err(format!("{what}, or something else meanwhile, changed {}", path.display()));
        }
        let mut scan = scan(session, *index, place.clone(), plan.started)?;
        if !unit.target.is_build_script() && unit.is_local() {
            // Another unit of that name may have written it: more than is needed, and what rustc does not want it leaves.
            let folder = (base_dir(session.graph, unit), unit.target.name.replace('-', "_"));
            scan.session =
                sessions.get(&folder).map_or(Ok(Vec::new()), |files| sessions::records(session, &folder.0, files))?;
        }
        Ok(scan)
    });
    found.into_iter().map(|(index, _)| index).zip(scanned).collect()
}

fn scan(session: &Session<'_>, index: UnitIndex, place: UnitPlace, started: SystemTime) -> Result<Scan, String> {
    let unit = &session.graph.units[index];
    let dir = session.context.layout.unit_dir(&place);
    let uplifted = is_uplifted(session.graph, index);
    let immutable = session.context.is_immutable_package(unit);
    let everything = session.store.kind().hashes_everything || session.has(StrategyOption::Verify);
    let mut files = Vec::new();
    let UnitFiles { files: listed, folders } = list(&dir)?;
    let exported = exported(unit, &listed);
    if exported.is_empty() && unit.target.is_dependency() && !unit.is_script_run() {
        return Err("there is nothing in it that a dependent could read".to_owned());
    }
    for relative in listed {
        let path = dir.join(&relative);
        let meta = fs::symlink_metadata(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let is_exported = exported.contains(&relative);
        if !meta.is_file() {
            files.push(linked(unit, relative, &path)?);
            continue;
        }
        let sharing = share(unit, uplifted, immutable, &relative);
        let mode = mode_of(&meta).filter(|mode| unit.is_script_run() && !matches!(mode, 0o644 | 0o755));
        // The store's copy can be read by all.
        if mode.is_some_and(|mode| mode & 0o044 == 0) && relative.starts_with("out/") {
            return Err(format!("{relative} is for its owner alone"));
        }
        let note = relative.starts_with("fingerprint/") || relative.starts_with("run/") || relative.ends_with(".d");
        let bytes = if sharing == FileSharing::Private && note && meta.len() <= INLINE_LIMIT {
            Bytes::inline(fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?)
        } else if everything || is_exported {
            Bytes::Stored(Some(
                crate::files::hash(&path).map_err(|error| format!("cannot hash {}: {error}", path.display()))?,
            ))
        } else {
            Bytes::Stored(None)
        };
        files.push(FileRecord {
            path: relative,
            size: meta.len(),
            executable: crate::files::is_executable(&meta),
            mode,
            share: sharing,
            bytes,
        });
    }
    let observed = observe(session, unit, &files, &dir)?;
    if let Some(path) = observed.changed_since(session.context, unit, started) {
        return Err(format!("{} changed while it was built", path.display()));
    }
    let content = content_of(unit, &dir, &files, &exported, &folders);
    Ok(Scan { content, place, files, folders, session: Vec::new(), observed })
}

/// What there is in a unit directory, in a fixed order.
#[derive(Default)]
struct UnitFiles {
    files: Vec<String>,
    /// Folders below `out` with nothing in them: a script may have made them for its readers.
    folders: Vec<String>,
}

fn list(dir: &Path) -> Result<UnitFiles, String> {
    let mut found = UnitFiles::default();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        let entries =
            fs::read_dir(dir.join(&folder)).map_err(|error| format!("cannot list {}: {error}", dir.display()))?;
        let mut empty = true;
        for entry in entries {
            empty = false;
            let entry = entry.map_err(|error| format!("cannot list {}: {error}", dir.display()))?;
            let name =
                entry.file_name().into_string().map_err(|name| format!("{} is not a UTF-8 name", name.display()))?;
            let relative = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    if is_narrower(dir, &entry.path()) {
                        return Err(format!("{relative} is not for all who may read the build directory"));
                    }
                    open.push(relative);
                }
                _ => found.files.push(relative),
            }
        }
        if empty && folder.starts_with("out/") {
            found.folders.push(folder);
        }
    }
    found.files.sort();
    found.folders.sort();
    Ok(found)
}

/// Whether a folder is closed to some who may look into the directory around it. A restored one is open to them.
fn is_narrower(dir: &Path, folder: &Path) -> bool {
    let mode = |path: &Path| fs::metadata(path).ok().and_then(|meta| mode_of(&meta)).unwrap_or(0o777);
    mode(dir) & !mode(folder) & 0o055 != 0
}

/// A link that a build script made.
fn linked(unit: &Unit, relative: String, path: &Path) -> Result<FileRecord, String> {
    let target = fs::read_link(path).ok().and_then(|target| target.into_os_string().into_string().ok());
    let target = target.filter(|target| unit.is_script_run() && is_sound_link(&relative, target));
    let target = target.ok_or_else(|| format!("{relative} is neither a file nor a link inside OUT_DIR"))?;
    let bytes = Bytes::Link(target);
    Ok(FileRecord { path: relative, size: 0, executable: false, mode: None, share: FileSharing::Private, bytes })
}

/// The files that dependents read: everything that a build script wrote, of a proc macro its
/// library too, the metadata of a library; of what has no metadata, a program or a dynamic
/// library alone, whatever was linked.
fn exported(unit: &Unit, files: &[String]) -> HashSet<String> {
    let extension = |path: &str| Path::new(path).extension().and_then(|it| it.to_str()).unwrap_or("").to_owned();
    let out = || files.iter().filter(|path| path.starts_with("out/"));
    let has_metadata = out().any(|path| extension(path) == "rmeta");
    let reads = |path: &&String| match &*extension(path) {
        _ if unit.is_script_run() => true,
        "rmeta" => true,
        "so" | "dylib" | "dll" => unit.target.is_proc_macro() || !has_metadata,
        "" | "exe" | "rlib" | "a" | "lib" => !has_metadata,
        _ => false,
    };
    out().filter(reads).cloned().collect()
}

fn content_of(
    unit: &Unit,
    dir: &Path,
    files: &[FileRecord],
    exported: &HashSet<String>,
    folders: &[String],
) -> ContentDigest {
    let mut hasher = FieldHasher::new("content 2");
    for file in files.iter().filter(|file| exported.contains(&file.path)) {
        // File names of libraries carry the unit hash; those of scripts are what is read.
        hasher.field("file", if unit.is_script_run() { &file.path } else { "" });
        match &file.bytes {
            Bytes::Stored(Some(digest)) => hasher.digest("bytes", digest),
            Bytes::Stored(None) => hasher.field("bytes", "unknown"),
            Bytes::Link(target) => hasher.field("link", target),
            inline => hasher.field("bytes", inline.as_inline().unwrap_or_default()),
        };
        file.mode.iter().for_each(|mode| {
            hasher.field("mode", mode.to_le_bytes());
        });
    }
    if unit.is_script_run() {
        folders.iter().for_each(|folder| {
            hasher.field("folder", folder);
        });
        // Cargo itself replaces the old OUT_DIR by the new one when it loads this.
        let stdout = fs::read(dir.join("run/stdout")).or_else(|_| fs::read(dir.join("run/output"))).unwrap_or_default();
        let here = dir.join("out").display().to_string();
        hasher.field("stdout", String::from_utf8_lossy(&stdout).replace(&here, "{OUT_DIR}"));
    }
    ContentDigest(hasher.finish())
}

/// What the unit read, from rustc's dep-info or the script's directives.
///
/// # Errors
/// When Cargo would run the script again whatever is restored.
fn observe(session: &Session<'_>, unit: &Unit, files: &[FileRecord], dir: &Path) -> Result<ObservedInputs, String> {
    if unit.is_script_run() {
        let stdout = fs::read(dir.join("run/stdout")).or_else(|_| fs::read(dir.join("run/output"))).unwrap_or_default();
        let watched = script::parse(&stdout);
        if let Some(path) = watched.missing(&package_root(unit)) {
            return Err(format!("Cargo always runs it: it watches {}, which is not there", path.display()));
        }
        let written: Vec<PathBuf> =
            files.iter().filter(|file| file.path.starts_with("out/")).map(|file| dir.join(&file.path)).collect();
        let written = written.iter().map(PathBuf::as_path);
        return Ok(ObservedInputs::of_script_run(session.context, unit, &watched, &dir.join("out"), written));
    }
    let dep_info = files.iter().find(|file| file.path.starts_with("out/") && file.path.ends_with(".d"));
    let text = dep_info.and_then(|file| fs::read_to_string(dir.join(&file.path)).ok()).unwrap_or_default();
    Ok(ObservedInputs::of_compilation(session.context, unit, &depinfo::parse(&text)))
}

/// A unit's inputs and base key; `None` while a dependency is unknown.
fn base_key(
    session: &Session<'_>,
    index: UnitIndex,
    artifacts: &[Option<PublishedArtifact>],
) -> Option<(KeyInputs, BaseKey)> {
    let options = &session.units.options.key;
    let artifact = |index: UnitIndex| artifacts[index].map(|artifact| (artifact.key, artifact.content));
    let gathered = KeyInputs::gather(session.graph, index, session.context, options, &artifact);
    let base = gathered.inputs.base_key(options);
    gathered.complete.then_some((gathered.inputs, base))
}

fn finish(
    session: &Session<'_>,
    index: UnitIndex,
    scan: Scan,
    artifacts: &[Option<PublishedArtifact>],
    costs: &HashMap<UnitPlace, f64>,
    publisher: &str,
) -> Result<Entry, String> {
    let unit = &session.graph.units[index];
    let options = &session.units.options.key;
    let Some((inputs, base)) = base_key(session, index, artifacts) else {
        return Err("a dependency is not in the store".to_owned());
    };
    if unit.is_script_run() && writes_elsewhere(session, &base) {
        return Err("the script writes elsewhere than into OUT_DIR, as an earlier run of it did".to_owned());
    }
    let read = scan.observed.restricted(options);
    let observed = (!read.is_empty()).then(|| read.values(session.context, unit));
    if observed.is_some() {
        session.store.root().add_inputs(&base, &read).map_err(|error| error.to_string())?;
    }
    let stamps = unit.dependencies.iter().filter_map(|edge| artifacts[edge.index]).map(|artifact| artifact.stamp);
    let watched = if unit.is_script_run() { read.newest(session.context, unit) } else { None };
    Ok(Entry {
        format: FORMAT,
        key: final_key(&base, observed.as_ref()),
        base,
        package: unit.package.name.clone(),
        slot: unit.slot(),
        stamp: oldest_stamp(stamps, watched),
        cost_s: costs.get(&scan.place).copied(),
        place: scan.place,
        inputs: (&inputs).into(),
        observed,
        content: scan.content,
        created: since_epoch(SystemTime::now()).as_secs_f64(),
        publishers: vec![publisher.to_owned()],
        session: (!scan.session.is_empty()).then(|| sessions::place(session)),
        files: [scan.files, scan.session].concat(),
        folders: scan.folders,
    })
}

/// Gives the built files the entry's time, but for final artifacts: nothing depends on
/// them, and people look at their dates.
fn set_times(session: &Session<'_>, index: UnitIndex, entry: &Entry) {
    let unit = &session.graph.units[index];
    if is_uplifted(session.graph, index) && !unit.target.is_dependency() {
        return;
    }
    let dir = session.context.layout.unit_dir(&entry.place);
    let timed = |path: &str| path.starts_with("out/") || path == "run/stdout" || path == "run/output";
    for file in entry.files.iter().filter(|file| timed(&file.path)) {
        // A file that keeps its newer time makes Cargo rebuild what follows: slower, not wrong.
        let _ = set_time(&dir.join(&file.path), entry.time());
    }
}

fn add(session: &Session<'_>, entry: &Entry) -> Result<Added, FileError> {
    // A dependency that was damaged left its dependents without a key: nobody has looked at their entries.
    if session.has(StrategyOption::Verify)
        && let Some(stored) = session.store.lookup(&entry.key)
    {
        let damage = check(session.store, &stored, true);
        if !damage.is_empty() {
            remove_damaged(session.store, &stored, &damage);
        }
    }
    let added = session.store.add(entry, &session.context.layout.unit_dir(&entry.place), session.units.link)?;
    if session.has(StrategyOption::SingleSlot) {
        slots::take(session.store, entry)?;
    }
    if session.units.link.whole_directories() {
        // What is linked in place has to be there as a directory: publishing makes it.
        session.store.out_dir(entry)?;
    }
    Ok(added)
}
