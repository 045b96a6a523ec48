//! Restoring: the hits of a plan are put into the build directory, units in parallel.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enum_map::EnumMap;

use super::installed::{InstalledUnit, is_dangling};
use super::outdated::remove_outdated;
use super::{Decision, PlannedUnit, RestorePlan, Session};
use crate::files::{At, FileError, copy, set_time, temporary_beside};
use crate::graph::layout::{FileSharing, Layout, UnitPlace, base_dir, is_uplifted};
use crate::graph::{Unit, UnitIndex};
use crate::key::Key;
use crate::link::Mechanism;
use crate::parallel;
use crate::store::{Entry, FileRecord};

/// What restoring did.
#[derive(Debug, Default)]
pub struct RestoreOutcome {
    /// Units put into the build directory, with their directories.
    pub units: Vec<(UnitIndex, UnitPlace)>,
    /// Shared files, or whole directories in place, by mechanism.
    pub files: EnumMap<Mechanism, u64>,
    /// Files that always get a copy of their own.
    pub private_files: u64,
    /// Bytes written, by copies of either kind.
    pub copied_bytes: u64,
    /// Units that could not be restored, and why; Cargo builds them.
    pub failed: Vec<(UnitIndex, FileError)>,
}

/// Fills the build directory with the plan's hits.
///
/// # Errors
/// When the build directory itself cannot be prepared. A unit that cannot be restored is
/// no error: it is removed again and Cargo builds it.
pub fn restore(session: &Session<'_>, plan: &mut RestorePlan) -> Result<RestoreOutcome, FileError> {
    let layout = &session.context.layout;
    session.store.root().restore_rustc_info(&session.context.toolchain, &layout.build_dir);
    if !session.units.options.keep_outdated {
        remove_outdated(session, plan)?;
    }
    make_room(session, plan)?;
    stamp_uses(session, plan);
    let mut restored = RestoreOutcome::default();
    if !plan.units.iter().any(|unit| unit.hit().is_some()) {
        return Ok(restored);
    }
    prepare_folders(layout, plan)?;
    let started = plan.started;
    let hits: Vec<(UnitIndex, &PlannedUnit, &Entry)> =
        plan.units.iter().enumerate().filter_map(|(index, planned)| Some((index, planned, planned.hit()?))).collect();
    let outcomes = parallel::map(&hits, |(index, planned, entry)| {
        (*index, restore_unit(session, *index, planned, entry, started))
    });
    for (index, outcome) in outcomes {
        let Some(entry) = plan.units[index].hit() else { continue };
        match outcome {
            Ok(count) => {
                for (mechanism, files) in count.files {
                    restored.files[mechanism] += files;
                }
                restored.private_files += count.private;
                restored.copied_bytes += count.bytes;
                restored.units.push((index, entry.place.clone()));
                plan.installed.record(layout, entry, plan.units[index].stamp, count.whole);
            }
            Err(error) => {
                let _ = fs::remove_dir_all(layout.unit_dir(&entry.place));
                plan.installed.forget(&entry.place);
                restored.failed.push((index, error));
            }
        }
    }
    plan.installed.write(layout)?;
    Ok(restored)
}

/// Stamps every entry this build uses, all at one time: what is restored, and what the
/// build directory holds already, so that nothing in use looks old. One system call each;
/// an entry that is gone is none to stamp.
fn stamp_uses(session: &Session<'_>, plan: &RestorePlan) {
    let now = SystemTime::now();
    let used: Vec<Key> = plan.units.iter().filter_map(|unit| unit.artifact()).map(|(key, _)| key).collect();
    parallel::for_each(used.len(), &|at| session.store.touch(&used[at], now));
}

/// What restoring one unit did.
#[derive(Default)]
struct UnitCount {
    files: EnumMap<Mechanism, u64>,
    private: u64,
    bytes: u64,
    whole: bool,
}

/// Frees what the store shares with the build directory where Cargo is going to build. It
/// would write into the store through a linked directory, and rustc refuses to replace a
/// read-only file, which every inode of the store is. Which directory a unit without a known
/// artifact will be built in is Cargo's secret, so all of its profile that ever had one of its
/// kind are freed. Links to what was collected go too: nothing can be built through them.
fn make_room(session: &Session<'_>, plan: &mut RestorePlan) -> Result<(), FileError> {
    let layout = &session.context.layout;
    let mut stays: HashSet<&UnitPlace> = HashSet::new();
    let mut rebuilt: Vec<(String, String)> = Vec::new();
    for (unit, planned) in session.graph.units.iter().zip(&plan.units) {
        match &planned.decision {
            Decision::Present { place, touched: false, .. } => drop(stays.insert(place)),
            Decision::Hit(_) => {}
            Decision::Miss | Decision::Refused(_) | Decision::Present { touched: true, .. } => {
                rebuilt.push((base_dir(session.graph, unit), unit.slot()));
            }
        }
    }
    let is_rebuilt = |place: &UnitPlace, unit: &InstalledUnit| {
        rebuilt.iter().any(|(base, slot)| *slot == unit.slot && Path::new(&place.0).starts_with(base))
    };
    let mut freed: Vec<(UnitPlace, bool)> = Vec::new();
    for (place, unit) in plan.installed.units().filter(|(place, _)| !stays.contains(place)) {
        let dangling = is_dangling(session.units.link, &layout.unit_dir(&place));
        if dangling || is_rebuilt(&place, unit) {
            freed.push((place, dangling || unit.linked));
        }
    }
    for (place, linked) in freed {
        let dir = layout.unit_dir(&place);
        if !linked {
            unshare(&dir.join("out"))?;
            continue;
        }
        if dir.exists() {
            fs::remove_dir_all(&dir).at("remove", &dir)?;
        }
        plan.installed.forget(&place);
    }
    Ok(())
}

/// Gives a directory writable files of its own in place of links and read-only ones; Cargo
/// may yet find them fresh, so their times stay.
fn unshare(dir: &Path) -> Result<(), FileError> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        // What has gone from the store has nothing to give.
        let (Ok(own), Ok(meta)) = (fs::symlink_metadata(&path), fs::metadata(&path)) else { continue };
        if own.is_dir() {
            unshare(&path)?;
        } else if meta.is_file() && (own.is_symlink() || meta.permissions().readonly()) {
            let temporary = temporary_beside(&path);
            copy(&path, &temporary).at("copy", &path)?;
            meta.modified().and_then(|time| set_time(&temporary, time)).at("set the time of", &temporary)?;
            fs::rename(&temporary, &path).at("rename into place", &path)?;
        }
    }
    Ok(())
}

/// Makes the package folders once each, so that units need not race for them.
fn prepare_folders(layout: &Layout, plan: &RestorePlan) -> Result<(), FileError> {
    let mut folders: Vec<PathBuf> = plan
        .units
        .iter()
        .filter_map(PlannedUnit::hit)
        .filter_map(|entry| layout.unit_dir(&entry.place).parent().map(Path::to_path_buf))
        .collect();
    folders.sort();
    folders.dedup();
    folders.iter().try_for_each(|folder| fs::create_dir_all(folder).at("create", folder))
}

fn restore_unit(
    session: &Session<'_>,
    index: UnitIndex,
    planned: &PlannedUnit,
    entry: &Entry,
    started: SystemTime,
) -> Result<UnitCount, FileError> {
    let unit = &session.graph.units[index];
    let link = session.units.link;
    let dir = session.context.layout.unit_dir(&entry.place);
    // Whatever an earlier build left there is of another key.
    if let Err(error) = fs::create_dir(&dir) {
        if error.kind() != std::io::ErrorKind::AlreadyExists {
            return Err(error).at("create", &dir);
        }
        fs::remove_dir_all(&dir).at("remove", &dir)?;
        fs::create_dir(&dir).at("create", &dir)?;
    }
    let mut count = UnitCount::default();
    let old = session.units.options.old_fingerprints;
    let times = Times { unit, uplifted: is_uplifted(session.graph, index), stamp: planned.stamp, started, old };
    // The store's inode has the store's time: where a newer one is needed it cannot be shared.
    let retimed = planned.stamp != entry.stamp;
    let shares = !(retimed && link.shares_inodes());
    count.whole =
        link.whole_directories() && shares && entry.files.iter().any(|file| file.share == FileSharing::Shared);

    let mut made: Vec<&str> = Vec::new();
    if count.whole {
        let out = session.store.out_dir(entry)?;
        count.files[link.place(&out, &dir.join("out")).at("link", &out)?] += 1;
    } else {
        fs::create_dir(dir.join("out")).at("create", &dir)?;
    }
    made.push("out");
    let whole = count.whole;
    // Cargo's notes come last: cut off before that, the directory is nothing it could take for
    // fresh.
    let (notes, rest): (Vec<&FileRecord>, Vec<&FileRecord>) =
        entry.files.iter().partition(|file| file.path.starts_with("fingerprint/"));
    for file in rest.into_iter().chain(notes).filter(|file| !(whole && file.path.starts_with("out/"))) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !folder.is_empty() && !made.contains(&folder) {
            let path = dir.join(folder);
            fs::create_dir_all(&path).at("create", &path)?;
            made.push(folder);
        }
        place_file(session, entry, file, &dir.join(&file.path), shares, &times, &mut count)?;
    }
    if !whole {
        entry.make_folders(&dir.join("out"))?;
    }
    Ok(count)
}

/// Which time a restored private file gets; see [`crate::graph::layout`].
struct Times<'a> {
    unit: &'a Unit,
    uplifted: bool,
    stamp: Duration,
    started: SystemTime,
    /// Fingerprints get that of the store, too.
    old: bool,
}

impl Times<'_> {
    fn of(&self, path: &str) -> SystemTime {
        let final_artifact = self.uplifted && !self.unit.target.is_linkable();
        if (path.starts_with("fingerprint/") && !self.old) || final_artifact {
            self.started
        } else {
            UNIX_EPOCH + self.stamp
        }
    }
}

fn place_file(
    session: &Session<'_>,
    entry: &Entry,
    file: &FileRecord,
    target: &Path,
    shares: bool,
    times: &Times<'_>,
    count: &mut UnitCount,
) -> Result<(), FileError> {
    let link = session.units.link;
    if let Some(bytes) = file.bytes.as_inline() {
        let written = fs::File::create_new(target).and_then(|mut new| {
            std::io::Write::write_all(&mut new, &bytes)?;
            new.set_modified(times.of(&file.path))?;
            if file.executable { crate::files::set_mode(&new, true, true) } else { Ok(()) }
        });
        written.at("write", target)?;
        count.private += 1;
        count.bytes += file.size;
        return Ok(());
    }
    let stored = session.store.stored(entry, file);
    if file.share == FileSharing::Shared && shares {
        let mechanism = link.place(&stored, target).at("link", target)?;
        if mechanism == Mechanism::Copied {
            count.bytes += file.size;
        }
        if !link.shares_inodes() || mechanism == Mechanism::Copied {
            set_time(target, times.of(&file.path)).at("set the time of", target)?;
        }
        count.files[mechanism] += 1;
        return Ok(());
    }
    // A private inode, the cheapest way there is; under `copy`, a copy.
    let extents_shared = link.mechanism() != Mechanism::Copied && crate::link::reflink(&stored, target).is_ok();
    if !extents_shared {
        copy(&stored, target).at("copy", target)?;
        count.bytes += file.size;
    }
    set_time(target, times.of(&file.path)).at("set the time of", target)?;
    count.private += 1;
    Ok(())
}
