//! Restoring: the hits of a plan are put into the build directory, units in parallel.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enum_map::EnumMap;

use super::installed::{InstalledUnit, is_dangling};
use super::outdated::outdate_before_restore;
use super::{Decision, PlannedUnit, RestorePlan, Session, sessions};
use crate::files::{At, FileError, copy, open_for_attributes, set_exact_mode, set_time};
use crate::graph::layout::{FileSharing, Layout, UnitPlace, is_uplifted};
use crate::graph::{Unit, UnitIndex};
use crate::key::Key;
use crate::link::Mechanism;
use crate::option::StrategyOption;
use crate::parallel;
use crate::policy::UnitFacts;
use crate::store::{Bytes, Entry, FileRecord};

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
    session.store.settle();
    outdate_before_restore(session, plan)?;
    cut_links(session, plan)?;
    stamp_uses(session, plan);
    let mut restored = RestoreOutcome::default();
    if !plan.units.iter().any(|unit| unit.hit().is_some()) {
        return Ok(restored);
    }
    prepare_folders(layout, plan)?;
    let started = plan.started;
    let hits: Vec<(UnitIndex, &PlannedUnit, &Entry)> =
        plan.units.iter().enumerate().filter_map(|(index, planned)| Some((index, planned, planned.hit()?))).collect();
    let facts = UnitFacts::of(session.graph);
    let outcomes = parallel::map(&hits, |(index, planned, entry)| {
        let scripted = facts[*index].scripted || facts[*index].on_scripted || facts[*index].on_local;
        (*index, restore_unit(session, *index, planned, entry, started, scripted))
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
                plan.installed.record(session, index, entry, plan.units[index].stamp, count.whole);
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

/// Removes directories that are links into the store where Cargo might build: it would write
/// into the store through them. Which directory a unit is built in is Cargo's secret, so only
/// those stay that this plan knows. Links to what was collected go too.
fn cut_links(session: &Session<'_>, plan: &mut RestorePlan) -> Result<(), FileError> {
    let layout = &session.context.layout;
    let stays: HashSet<&UnitPlace> = (plan.units.iter())
        .filter_map(|planned| match &planned.decision {
            Decision::Present { place, touched: false, .. } => Some(place),
            _ => None,
        })
        .collect();
    let is_cut = |place: &UnitPlace, unit: &InstalledUnit| {
        unit.linked && !stays.contains(place) || is_dangling(session.units.link, &layout.unit_dir(place))
    };
    let cut: Vec<UnitPlace> =
        plan.installed.units().filter(|(place, unit)| is_cut(place, unit)).map(|(place, _)| place).collect();
    for place in cut {
        let dir = layout.unit_dir(&place);
        if dir.exists() {
            fs::remove_dir_all(&dir).at("remove", &dir)?;
        }
        plan.installed.forget(&place);
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
    scripted: bool,
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
    // Through a linked directory Cargo would remove and write what is in the store: only what it
    // never builds again in one place may be one.
    count.whole = link.whole_directories()
        && shares
        && session.context.is_immutable_package(unit)
        && entry.observed.is_none()
        && !scripted
        && entry.files.iter().any(|file| file.share == FileSharing::Shared);

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
        entry.files.iter().filter(|file| !file.is_of_session()).partition(|file| file.path.starts_with("fingerprint/"));
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
    if session.has(StrategyOption::Incremental) && entry.session == Some(sessions::place(session)) {
        let (files, bytes) = sessions::restore(session, entry, &dir)?;
        count.private += files;
        count.bytes += bytes;
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
        let final_artifact = self.uplifted && !self.unit.target.is_dependency();
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
            if file.executable {
                crate::files::set_mode(&new, true)?
            }
            file.mode.map_or(Ok(()), |mode| set_exact_mode(&new, mode))
        });
        written.at("write", target)?;
        count.private += 1;
        count.bytes += file.size;
        return Ok(());
    }
    if let Bytes::Link(to) = &file.bytes {
        count.private += 1;
        return crate::link::symlink_file(Path::new(to), target).at("link", target);
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
    if let Some(mode) = file.mode {
        open_for_attributes(target).and_then(|open| set_exact_mode(&open, mode)).at("set the mode of", target)?;
    }
    count.private += 1;
    Ok(())
}
