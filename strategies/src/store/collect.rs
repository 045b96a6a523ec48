//! Collection: taking out of a store what its limits no longer allow.
//!
//! ```text
//! 1  the exclusive lock      builds hold a shared one from planning to publishing
//! 2  a survey                everything is read before anything is removed
//! 3  tombstones              what is going to be taken is remembered
//! 4  entries                 from here on they are misses
//! 5  trees, then blobs       of no remaining entry
//! 6  leftovers               what collections put aside, what crashed publishers left
//! 7  input sets              of units neither stored nor remembered
//! ```
//!
//! Each step leaves a store in which every entry is whole, so collection may be cut off
//! anywhere; the next one finds what is left over. A directory is renamed aside before it
//! is emptied, so that no build takes half a directory for a unit.
//!
//! An entry whose files are missing or changed by size or time is taken too: it is never
//! restored. One whose bytes changed under the same size and time would be; such are found
//! and taken with [`Request::deep`].

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::meter::Meter;
use super::survey::{Stray, Survey, Surveyed, changed};
use super::tombstones::{Tombstone, Tombstones};
use super::{Bytes, Damage, Store, remove_whole};
use crate::files::{FileError, since_epoch};
use crate::key::Key;
use crate::retention::{EntryFeatures, Limits, total_bytes};

/// What a crashed publisher left is kept this long, in case it is only slow.
pub const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// What the store must stay within.
    pub limits: Limits,
    /// What time it is.
    pub now: SystemTime,
    /// Wait for builds that use the store; otherwise they end the collection.
    pub wait: bool,
    /// Find out what would go, and remove nothing.
    pub dry_run: bool,
    /// Read every stored file and take entries whose bytes changed, too. Size and time do
    /// not show every change, and a lookup compares no more than these.
    pub deep: bool,
}

/// Why something is removed: stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// An entry beyond the limits.
    Limit,
    /// An entry whose files are missing or changed, or whose manifest cannot be read.
    Damaged,
    /// A tree or blob of no remaining entry.
    Unreferenced,
    /// Left by a crashed publisher or an interrupted collection.
    Leftover,
    /// Input sets of a unit that is neither stored nor remembered.
    Inputs,
}

/// What collection is about to do. Answering `Break` stops it there, as a kill would.
#[derive(Debug)]
pub enum Step<'a> {
    /// A build is using the store.
    Waiting,
    /// Remember what is going to be taken.
    Remember,
    /// Remove this, the `done + 1`st of `total`.
    Remove {
        /// The file or directory.
        path: &'a Path,
        /// Why.
        why: Why,
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

/// An entry that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Its key.
    pub key: Key,
    /// Its package.
    pub package: String,
    /// When it was last used, since the Unix epoch.
    pub last_used: Duration,
    /// Why.
    pub why: Why,
}

/// What collection did, or with `dry_run` would do.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// Entries taken.
    pub taken: Vec<Taken>,
    /// Entries left.
    pub kept: usize,
    /// Allocated bytes of all entries before, shared files once.
    pub bytes_before: u64,
    /// Allocated bytes of the entries left.
    pub bytes_after: u64,
    /// Allocated bytes of everything removed.
    pub promised: u64,
    /// Allocated bytes of what nobody else holds; where files are reflinked, at most these.
    pub freed: u64,
    /// How many files and directories were removed, by reason.
    pub removed: HashMap<Why, usize>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

impl Collected {
    /// Bytes that were removed here and stay, because build directories hold them.
    pub fn held(&self) -> u64 {
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
    request: &Request,
    step: &mut dyn FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Result<Collected, CollectError> {
    let _lock = loop {
        match store.root().try_lock_exclusive()? {
            Some(lock) => break lock,
            None if !request.wait => return Err(CollectError::Busy(store.root().path(""))),
            None if step(&Step::Waiting).is_break() => {
                return Ok(Collected { interrupted: true, ..Collected::default() });
            }
            None => std::thread::sleep(RETRY),
        }
    };
    let mut survey = Survey::of(store)?;
    if request.deep {
        let broken: HashMap<Key, Vec<Damage>> = super::verify::verify(store, &survey, &|_| ())
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
    if !request.dry_run && (!chosen.taken.is_empty() || !tombstones.is_empty()) {
        if step(&Step::Remember).is_break() {
            return Ok(Collected { interrupted: true, ..collected });
        }
        tombstones.write(store.root())?;
    }
    for (done, Victim { stray, why }) in victims.iter().enumerate() {
        let path = &stray.path;
        if step(&Step::Remove { path, why: *why, done, total: victims.len() }).is_break() {
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
    taken: Vec<(&'a Surveyed, Why)>,
    kept: Vec<&'a Surveyed>,
}

impl<'a> Chosen<'a> {
    fn of(survey: &'a Survey, request: &Request) -> Chosen<'a> {
        let (sound, damaged): (Vec<&Surveyed>, Vec<&Surveyed>) =
            survey.entries.iter().partition(|surveyed| surveyed.damage.is_empty());
        let features: Vec<EntryFeatures> = sound.iter().map(|surveyed| surveyed.features.clone()).collect();
        let evicted: HashSet<Key> = request.limits.evict(&features, since_epoch(request.now)).into_iter().collect();
        let (limited, kept): (Vec<&Surveyed>, Vec<&Surveyed>) =
            sound.into_iter().partition(|surveyed| evicted.contains(&surveyed.entry.key));
        let damaged = damaged.into_iter().map(|surveyed| (surveyed, Why::Damaged));
        Chosen { taken: limited.into_iter().map(|surveyed| (surveyed, Why::Limit)).chain(damaged).collect(), kept }
    }

    fn summary(&self, survey: &Survey) -> Collected {
        let kept: Vec<EntryFeatures> = self.kept.iter().map(|surveyed| surveyed.features.clone()).collect();
        let taken = self.taken.iter().map(|(surveyed, why)| Taken {
            key: surveyed.entry.key,
            package: surveyed.entry.package.clone(),
            last_used: surveyed.features.last_used,
            why: *why,
        });
        Collected {
            taken: taken.collect(),
            kept: kept.len(),
            bytes_before: total_bytes(&survey.features()),
            bytes_after: total_bytes(&kept),
            ..Collected::default()
        }
    }
}

/// What will be remembered: entries beyond the limits. A damaged one was not evicted.
fn tombstones(store: &dyn Store, survey: &Survey, chosen: &Chosen<'_>, now: SystemTime) -> Tombstones {
    let at = since_epoch(now).as_secs();
    let there: HashSet<Key> = survey.entries.iter().map(|surveyed| surveyed.entry.key).collect();
    let new = chosen.taken.iter().filter(|(_, why)| *why == Why::Limit);
    let evicted: HashSet<Key> = new.clone().map(|(surveyed, _)| surveyed.entry.key).collect();
    Tombstones::read(store.root()).with(new.map(|(surveyed, _)| Tombstone::of(&surveyed.entry, at)), |key| {
        there.contains(key) && !evicted.contains(key)
    })
}

struct Victim {
    stray: Stray,
    why: Why,
}

/// Everything to remove, in the order in which it is safe.
fn victims(
    store: &dyn Store,
    survey: &Survey,
    chosen: &Chosen<'_>,
    tombstones: &Tombstones,
    now: SystemTime,
) -> Vec<Victim> {
    let kept: HashSet<Key> = chosen.kept.iter().map(|surveyed| surveyed.entry.key).collect();
    let stored = |surveyed: &&Surveyed| -> Vec<PathBuf> {
        let files = surveyed.entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_)));
        files.map(|file| store.stored(&surveyed.entry, file)).collect()
    };
    let referenced: HashSet<PathBuf> = chosen.kept.iter().flat_map(stored).collect();
    let remembered: HashSet<Key> = chosen
        .kept
        .iter()
        .map(|surveyed| surveyed.entry.base)
        .chain(tombstones.iter().map(|stone| stone.base))
        .collect();
    let is_empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    let is_old = |stray: &&Stray| {
        changed(&stray.path).is_some_and(|at| now.duration_since(at).is_ok_and(|age| age >= LEFTOVER_AGE))
    };

    let units_are_dirs = store.shape().blobs.is_none();
    let mut victims = Vec::new();
    let mut add = |path: &Path, is_dir: bool, why: Why| {
        victims.push(Victim { stray: Stray { path: path.to_owned(), is_dir }, why });
    };
    chosen.taken.iter().for_each(|(surveyed, why)| add(&surveyed.path, units_are_dirs, *why));
    survey.unreadable.iter().for_each(|stray| add(&stray.path, stray.is_dir, Why::Damaged));
    for (_, tree) in survey.trees.iter().filter(|(key, _)| !kept.contains(key)) {
        add(tree, true, Why::Unreferenced);
    }
    for blob in survey.blobs.iter().filter(|blob| !referenced.contains(*blob)) {
        add(blob, false, Why::Unreferenced);
    }
    for stray in survey.removed.iter().chain(survey.temporary.iter().filter(is_old)) {
        add(&stray.path, stray.is_dir, Why::Leftover);
    }
    for (_, folder) in survey.inputs.iter().filter(|(base, path)| !remembered.contains(base) || is_empty(path)) {
        add(folder, true, Why::Inputs);
    }
    victims
}
