//! Collection: removing from a store what its limits no longer allow.
//!
//! ```text
//! 1  the exclusive lock      builds hold a shared one from planning to publishing
//! 2  a survey                everything is read before anything is removed
//! 3  tombstones              what is going to be evicted is remembered
//! 4  entries                 from here on they are misses
//! 5  trees, slots, blobs     of no remaining entry; notes of builds that are too old
//! 6  leftovers               what collections put aside, what crashed publishers left
//! 7  input sets              of units neither stored nor remembered
//! ```
//!
//! Each step leaves a store in which every entry is whole, so collection may be cut off
//! anywhere; the next one finds what is left over. A directory is renamed aside before it
//! is emptied, so that no build takes half a directory for a unit.
//!
//! An entry whose files are missing or changed by size or time is removed too: it is never
//! restored. One whose bytes changed under the same size and time would be; such are found
//! and removed with [`CollectRequest::deep`].

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::survey::{Stray, Survey, SurveyedEntry, changed};
use super::tombstones::{DISPLACED, EVICTED, Tombstone, Tombstones};
use super::{FileDamage, Store, remove_whole};
use crate::files::{FileError, allocated, since_epoch};
use crate::key::{BaseKey, Key, ObservedInputs};
use crate::retention::{BuildSnapshot, EntryFeatures, StoreLimits, to_snapshots, total_bytes};

/// What a crashed publisher left is kept this long, in case it is only slow.
pub const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// How long to wait before a lock is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct CollectRequest {
    /// What the store must stay within.
    pub limits: StoreLimits,
    /// What successful builds used stays, and nothing else; the oldest build goes first. Without an age in the limits they
    /// count for [`SNAPSHOT_AGE`](crate::retention::SNAPSHOT_AGE).
    pub snapshots: bool,
    /// What time it is.
    pub now: SystemTime,
    /// Wait for builds that use the store; otherwise they end the collection.
    pub wait: bool,
    /// Find out what would go, and remove nothing.
    pub dry_run: bool,
    /// Read every stored file and remove entries whose bytes changed, too. Size and time do
    /// not show every change, and a lookup compares no more than these.
    pub deep: bool,
}

/// Why something is removed: stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemovalReason {
    /// An entry beyond the limits.
    Limit,
    /// An entry whose files are missing or changed, or whose manifest cannot be read.
    Damaged,
    /// A tree, blob or slot of no remaining entry, or the note of a build that is too old.
    Unreferenced,
    /// Left by a crashed publisher or an interrupted collection.
    Leftover,
    /// Input sets of a unit that is neither stored nor remembered.
    Inputs,
}

/// What collection is about to do. Answering `Break` stops it there, as a kill would.
#[derive(Debug)]
pub enum CollectStep {
    /// A build is using the store.
    Waiting,
    /// Remember what is going to be evicted.
    Remember,
    /// Remove this, the `done + 1`st of `total`.
    Remove {
        /// How many were removed before.
        done: usize,
        /// How many there are to remove.
        total: usize,
    },
}

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Builds use the store.
    #[error("a build is using the store {}; collect later, or wait for it", .0.display())]
    Busy(PathBuf),
    /// The store cannot be read or changed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An entry that was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectedEntry {
    /// Its key.
    pub key: Key,
    /// Its package.
    pub package: String,
    /// When it was last used, since the Unix epoch.
    pub last_used: Duration,
    /// Why.
    pub why: RemovalReason,
}

/// What collection did, or with `dry_run` would do.
#[derive(Debug, Clone, Default)]
pub struct CollectOutcome {
    /// Entries removed.
    pub entries: Vec<CollectedEntry>,
    /// Entries left.
    pub kept: usize,
    /// Allocated bytes of all entries before, shared files once.
    pub bytes_before: u64,
    /// Allocated bytes of the entries left.
    pub bytes_after: u64,
    /// Allocated bytes of everything removed.
    pub promised: u64,
    /// Allocated bytes of inodes without another name; where files are reflinked, at most these.
    pub freed: u64,
    /// How many files and directories were removed, by reason.
    pub removed: HashMap<RemovalReason, usize>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

impl CollectOutcome {
    /// Bytes that were removed here and stay, because build directories link to them.
    pub fn still_linked(&self) -> u64 {
        self.promised - self.freed
    }
}

/// Collects a store.
///
/// # Errors
/// When builds use the store and waiting was not asked for, or the store cannot be read or
/// changed. Then whatever is left is whole.
pub fn collect(
    store: &dyn Store,
    request: &CollectRequest,
    step: &mut dyn FnMut(&CollectStep) -> ControlFlow<()>,
) -> Result<CollectOutcome, CollectError> {
    let _lock = loop {
        match store.root().try_lock_exclusive()? {
            Some(lock) => break lock,
            None if !request.wait => return Err(CollectError::Busy(store.root().path(""))),
            None if step(&CollectStep::Waiting).is_break() => {
                return Ok(CollectOutcome { interrupted: true, ..CollectOutcome::default() });
            }
            None => std::thread::sleep(RETRY),
        }
    };
    let mut survey = Survey::of(store)?;
    if request.deep {
        let broken: HashMap<Key, Vec<FileDamage>> = super::verify::verify(store, &survey, &|_| ())
            .broken
            .into_iter()
            .map(|broken| (broken.key, broken.damage))
            .collect();
        for surveyed in &mut survey.entries {
            surveyed.damage = broken.get(&surveyed.entry.key).cloned().unwrap_or_default();
        }
    }
    let chosen = Chosen::of(&survey, request);
    let tombstones = tombstones(store, &survey, &chosen, request.now);
    let victims = victims(store, &survey, &chosen, &tombstones, request.now);
    let mut collected = chosen.summary(&survey);
    let mut meter = Meter::default();
    if !request.dry_run && (!chosen.removed.is_empty() || !tombstones.is_empty()) {
        if step(&CollectStep::Remember).is_break() {
            return Ok(CollectOutcome { interrupted: true, ..collected });
        }
        tombstones.write(store.root(), EVICTED)?;
    }
    let displaced = Tombstones::read(store.root(), DISPLACED);
    if !request.dry_run && !displaced.is_empty() {
        displaced.with(iter::empty(), |_| false).write(store.root(), DISPLACED)?;
    }
    for (done, Victim { stray, why }) in victims.iter().enumerate() {
        let path = &stray.path;
        if step(&CollectStep::Remove { done, total: victims.len() }).is_break() {
            collected.interrupted = true;
            break;
        }
        meter.remove(path);
        if !request.dry_run {
            remove_whole(path, stray.is_dir)?;
        }
        *collected.removed.entry(*why).or_default() += 1;
    }
    collected.promised = meter.promised();
    collected.freed = meter.freed();
    Ok(collected)
}

/// Which entries go and which stay.
struct Chosen<'a> {
    removed: Vec<(&'a SurveyedEntry, RemovalReason)>,
    stays: Vec<&'a SurveyedEntry>,
    /// Notes of builds that are roots no longer.
    snapshots: Vec<&'a Path>,
}

impl<'a> Chosen<'a> {
    fn of(survey: &'a Survey, request: &CollectRequest) -> Chosen<'a> {
        let (sound, damaged): (Vec<&SurveyedEntry>, Vec<&SurveyedEntry>) =
            survey.entries.iter().partition(|surveyed| surveyed.damage.is_empty());
        let features: Vec<EntryFeatures> = sound.iter().map(|surveyed| surveyed.features.clone()).collect();
        let now = since_epoch(request.now);
        let builds: Vec<BuildSnapshot> = survey.snapshots.iter().map(|(_, snapshot)| snapshot.clone()).collect();
        let limits = if request.snapshots { request.limits } else { StoreLimits::default() };
        let by_builds = to_snapshots(&features, &builds, &limits, now);
        let evicted = if request.snapshots { by_builds.keys } else { request.limits.evict(&features, now) };
        let evicted: HashSet<Key> = evicted.into_iter().collect();
        let (limited, stays): (Vec<&SurveyedEntry>, Vec<&SurveyedEntry>) =
            sound.into_iter().partition(|surveyed| evicted.contains(&surveyed.entry.key));
        let damaged = damaged.into_iter().map(|surveyed| (surveyed, RemovalReason::Damaged));
        Chosen {
            removed: limited.into_iter().map(|surveyed| (surveyed, RemovalReason::Limit)).chain(damaged).collect(),
            stays,
            snapshots: by_builds.snapshots.into_iter().map(|at| survey.snapshots[at].0.as_path()).collect(),
        }
    }

    fn summary(&self, survey: &Survey) -> CollectOutcome {
        let kept: Vec<EntryFeatures> = self.stays.iter().map(|surveyed| surveyed.features.clone()).collect();
        let removed = self.removed.iter().map(|(surveyed, why)| CollectedEntry {
            key: surveyed.entry.key,
            package: surveyed.entry.package.clone(),
            last_used: surveyed.features.last_used,
            why: *why,
        });
        CollectOutcome {
            entries: removed.collect(),
            kept: kept.len(),
            bytes_before: total_bytes(&survey.features()),
            bytes_after: total_bytes(&kept),
            ..CollectOutcome::default()
        }
    }
}

/// What will be remembered: entries beyond the limits. A damaged one was not evicted.
fn tombstones(store: &dyn Store, survey: &Survey, chosen: &Chosen<'_>, now: SystemTime) -> Tombstones {
    let at = since_epoch(now).as_secs();
    let there: HashSet<Key> = survey.entries.iter().map(|surveyed| surveyed.entry.key).collect();
    let new = chosen.removed.iter().filter(|(_, why)| *why == RemovalReason::Limit);
    let evicted: HashSet<Key> = new.clone().map(|(surveyed, _)| surveyed.entry.key).collect();
    Tombstones::read(store.root(), EVICTED).with(new.map(|(surveyed, _)| Tombstone::of(&surveyed.entry, at)), |key| {
        there.contains(key) && !evicted.contains(key)
    })
}

struct Victim {
    stray: Stray,
    why: RemovalReason,
}

/// Everything to remove, in the order in which it is safe.
fn victims(
    store: &dyn Store,
    survey: &Survey,
    chosen: &Chosen<'_>,
    tombstones: &Tombstones,
    now: SystemTime,
) -> Vec<Victim> {
    let kept: HashSet<Key> = chosen.stays.iter().map(|surveyed| surveyed.entry.key).collect();
    let stored = |entry: &&'_ SurveyedEntry| -> Vec<PathBuf> {
        entry.entry.stored_files().map(|(file, _)| store.stored(&entry.entry, file)).collect()
    };
    let referenced: HashSet<PathBuf> = chosen.stays.iter().flat_map(stored).collect();
    let remembered: HashSet<BaseKey> = chosen
        .stays
        .iter()
        .map(|surveyed| surveyed.entry.base)
        .chain(tombstones.iter().map(|stone| stone.base))
        .collect();
    let is_empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    let is_old = |stray: &&Stray| {
        changed(&stray.path).is_some_and(|at| now.duration_since(at).is_ok_and(|age| age >= LEFTOVER_AGE))
    };

    let units_are_dirs = store.kind().blobs.is_none();
    let mut victims = Vec::new();
    let mut add = |path: &Path, is_dir: bool, why: RemovalReason| {
        victims.push(Victim { stray: Stray { path: path.to_owned(), is_dir }, why });
    };
    chosen.removed.iter().for_each(|(surveyed, why)| add(&surveyed.path, units_are_dirs, *why));
    survey.unreadable.iter().for_each(|stray| add(&stray.path, stray.is_dir, RemovalReason::Damaged));
    for (_, tree) in survey.trees.iter().filter(|(key, _)| !kept.contains(key)) {
        add(tree, true, RemovalReason::Unreferenced);
    }
    for (_, slot) in survey.slots.iter().filter(|(key, _)| !key.is_some_and(|key| kept.contains(&key))) {
        add(slot, false, RemovalReason::Unreferenced);
    }
    chosen.snapshots.iter().for_each(|note| add(note, false, RemovalReason::Unreferenced));
    for blob in survey.blobs.iter().filter(|blob| !referenced.contains(*blob)) {
        add(blob, false, RemovalReason::Unreferenced);
    }
    for stray in survey.removed.iter().chain(survey.temporary.iter().filter(is_old)) {
        add(&stray.path, stray.is_dir, RemovalReason::Leftover);
    }
    // A script that writes elsewhere has no entry by which it would be remembered.
    let is_needed =
        |base| remembered.contains(base) || store.root().inputs(base).iter().any(ObservedInputs::is_of_writer);
    for (_, folder) in survey.inputs.iter().filter(|(base, path)| is_empty(path) || !is_needed(base)) {
        add(folder, true, RemovalReason::Inputs);
    }
    victims
}

#[derive(Debug, Clone, Copy)]
struct MeteredInode {
    bytes: u64,
    /// Names before the first was removed.
    names: u64,
    removed: u64,
}

/// Counts what removing names frees: only the last name of an inode does. What build directories link to
/// stays; blobs shared by reflink do not show here, so on a file system with reflinks it is an upper bound.
#[derive(Debug, Default)]
struct Meter {
    inodes: HashMap<(u64, u64), MeteredInode>,
    /// Bytes of directories and, where the system has no inodes, of files.
    plain: u64,
}

impl Meter {
    /// Counts a path that is removed, with everything in it; nothing where it cannot be read.
    fn remove(&mut self, path: &Path) {
        let Ok(meta) = std::fs::symlink_metadata(path) else { return };
        if !meta.is_dir() {
            return self.remove_file(&meta);
        }
        self.plain += allocated(&meta);
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            self.remove(&entry.path());
        }
    }

    #[cfg(unix)]
    fn remove_file(&mut self, meta: &std::fs::Metadata) {
        use std::os::unix::fs::MetadataExt;
        let inode = self.inodes.entry((meta.dev(), meta.ino())).or_insert(MeteredInode {
            bytes: allocated(meta),
            names: meta.nlink(),
            removed: 0,
        });
        inode.removed += 1;
    }

    #[cfg(not(unix))]
    fn remove_file(&mut self, meta: &std::fs::Metadata) {
        self.plain += allocated(meta);
    }

    /// Bytes of everything removed, each inode once.
    fn promised(&self) -> u64 {
        self.plain + self.inodes.values().map(|inode| inode.bytes).sum::<u64>()
    }

    /// Bytes of inodes whose last name was removed.
    fn freed(&self) -> u64 {
        let gone = self.inodes.values().filter(|inode| inode.removed >= inode.names);
        self.plain + gone.map(|inode| inode.bytes).sum::<u64>()
    }
}
