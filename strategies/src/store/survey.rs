//! Everything in a store, seen once: what statistics, verification and collection start
//! from.
//!
//! [`super::Store::entries`] leaves out what it cannot read, which is right for a lookup
//! and wrong here: a manifest skipped because of a passing error would make its blobs look
//! unreferenced. So here such an error ends the survey.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::slots::{SLOTS, holder};
use super::snapshots::{self, SNAPSHOTS};
use super::{Bytes, Entry, FORMAT, FileDamage, Store, check};
use crate::files::{At, FileError, REMOVED, TEMPORARY, allocated, since_epoch};
use crate::key::{BaseKey, BlobId, Key};
use crate::parallel;
use crate::retention::{Blob, BuildSnapshot, EntryFeatures};

/// An entry with its features.
#[derive(Debug)]
pub struct SurveyedEntry {
    /// The entry.
    pub entry: Entry,
    /// Its manifest, or the directory that it is in.
    pub path: PathBuf,
    /// Features, bytes as allocated.
    pub features: EntryFeatures,
    /// What is wrong with its files by size and time; such an entry is never restored.
    pub damage: Vec<FileDamage>,
}

/// A name in the store that leads to no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The file or directory.
    pub path: PathBuf,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// Everything in a store.
#[derive(Debug, Default)]
pub struct Survey {
    /// Entries that can be read, by key.
    pub entries: Vec<SurveyedEntry>,
    /// Manifests of this format that cannot be read: nothing finds them.
    pub unreadable: Vec<Stray>,
    /// Files in the blob folder.
    pub blobs: Vec<PathBuf>,
    /// Directories made for in-place links, with their keys.
    pub trees: Vec<(Key, PathBuf)>,
    /// Slots with the keys that have them; one that cannot be read is nobody's.
    pub slots: Vec<(Option<Key>, PathBuf)>,
    /// What successful builds used, and the files that say so.
    pub snapshots: Vec<(PathBuf, BuildSnapshot)>,
    /// Folders of input sets with the base keys they are for.
    pub inputs: Vec<(BaseKey, PathBuf)>,
    /// What a publisher was writing; it may still be at it.
    pub temporary: Vec<Stray>,
    /// What an earlier collection had put aside for deletion.
    pub removed: Vec<Stray>,
}

impl Survey {
    /// Looks at everything. Hold one of the store's locks.
    ///
    /// # Errors
    /// When a folder or a manifest exists and cannot be read.
    pub fn of(store: &dyn Store) -> Result<Survey, FileError> {
        let root = store.root();
        let kind = store.kind();
        let mut survey = Survey::default();
        let in_root = list(&root.path(""))?;
        survey.leftovers(in_root);
        if let Some(folder) = kind.blobs {
            let files = survey.sharded(&root.path(folder))?;
            survey.blobs = files.into_iter().filter(|file| !file.is_dir).map(|file| file.path).collect();
        }
        if let Some(folder) = kind.trees {
            survey.trees = named(survey.sharded(&root.path(folder))?, Key::from_hex);
        }
        let slots = survey.sharded(&root.path(SLOTS))?;
        survey.slots = slots.into_iter().map(|slot| (holder(&slot.path), slot.path)).collect();
        let notes = survey.sharded(&root.path(SNAPSHOTS))?;
        survey.snapshots = notes.into_iter().filter_map(|note| snapshots::read(note.path)).collect();
        survey.inputs = named(survey.sharded(&root.path("inputs"))?, BaseKey::from_hex);
        for (_, folder) in &survey.inputs.clone() {
            let sets = list(folder)?;
            survey.leftovers(sets);
        }
        let entries = survey.sharded(&root.path(kind.entries))?;
        for read in parallel::map(&entries, |at| read(store, at)) {
            match read? {
                Read::Entry(surveyed) => survey.entries.push(*surveyed),
                Read::Unreadable(stray) => survey.unreadable.push(stray),
                Read::Foreign => {}
            }
        }
        survey.entries.sort_by_key(|surveyed| surveyed.entry.key);
        Ok(survey)
    }

    /// Features of every entry.
    pub fn features(&self) -> Vec<EntryFeatures> {
        self.entries.iter().map(|surveyed| surveyed.features.clone()).collect()
    }

    /// Names in a sharded folder, without leftovers, which are noted.
    fn sharded(&mut self, folder: &Path) -> Result<Vec<Stray>, FileError> {
        let mut found = Vec::new();
        let shards = list(folder)?;
        for shard in self.leftovers(shards).into_iter().filter(|shard| shard.is_dir) {
            let names = list(&shard.path)?;
            found.extend(self.leftovers(names));
        }
        Ok(found)
    }

    /// Notes leftovers and gives back the rest.
    fn leftovers(&mut self, names: Vec<Stray>) -> Vec<Stray> {
        let begins = |stray: &Stray, with: &str| name(&stray.path).starts_with(with);
        let (removed, rest): (Vec<_>, Vec<_>) = names.into_iter().partition(|stray| begins(stray, REMOVED));
        let (temporary, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|stray| begins(stray, TEMPORARY));
        self.removed.extend(removed);
        self.temporary.extend(temporary);
        rest
    }
}

enum Read {
    Entry(Box<SurveyedEntry>),
    Unreadable(Stray),
    /// Of another version, or not ours: left alone.
    Foreign,
}

fn read(store: &dyn Store, at: &Stray) -> Result<Read, FileError> {
    let Some(key) = Key::from_hex(&name(&at.path)) else { return Ok(Read::Foreign) };
    let manifest = store.manifest(&key);
    let looked = fs::read(&manifest).and_then(|json| Ok((json, fs::metadata(&manifest)?)));
    let (json, meta) = match looked {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Read::Unreadable(at.clone()));
        }
        other => other.at("read", &manifest)?,
    };
    let Some(entry) = Entry::read(&json, &key) else {
        let format = serde_json::from_str::<serde_json::Value>(&String::from_utf8_lossy(&json)).ok();
        let format = format.and_then(|value| value.get("format")?.as_u64());
        let foreign = format.is_some_and(|format| format != u64::from(FORMAT));
        return Ok(if foreign { Read::Foreign } else { Read::Unreadable(at.clone()) });
    };
    let last_used = meta.modified().map(since_epoch).unwrap_or_default();
    let features = features(store, &entry, last_used, allocated(&meta));
    let damage = check(store, &entry, false);
    Ok(Read::Entry(Box::new(SurveyedEntry { path: at.path.clone(), features, damage, entry })))
}

fn features(store: &dyn Store, entry: &Entry, last_used: Duration, manifest: u64) -> EntryFeatures {
    let size = |path: &Path| fs::symlink_metadata(path).map_or(0, |meta| allocated(&meta));
    let mut bytes = manifest;
    let mut blobs = Vec::new();
    for file in &entry.files {
        let path = store.stored(entry, file);
        match &file.bytes {
            Bytes::Stored(_) => {
                blobs.push(Blob { id: BlobId::of(path.as_os_str().as_encoded_bytes()), bytes: size(&path) });
            }
            // A directory a unit has files for what is in its manifest, too.
            Bytes::Text(_) | Bytes::Hex(_) if store.kind().blobs.is_none() => bytes += size(&path),
            Bytes::Text(_) | Bytes::Hex(_) | Bytes::Link(_) => {}
        }
    }
    EntryFeatures {
        key: entry.key,
        bytes,
        last_used,
        created: Duration::try_from_secs_f64(entry.created).unwrap_or_default(),
        cost_s: entry.cost_s,
        blobs,
        dependencies: entry
            .inputs
            .read()
            .into_iter()
            .flat_map(|inputs| inputs.dependencies)
            .map(|pin| pin.key)
            .collect(),
    }
}

/// When a leftover was last touched: its inode's change time, since what is being published
/// gets a modification time long past.
pub(super) fn changed(path: &Path) -> Option<SystemTime> {
    let meta = fs::symlink_metadata(path).ok()?;
    let modified = meta.modified().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let since = Duration::new(u64::try_from(meta.ctime()).ok()?, u32::try_from(meta.ctime_nsec()).ok()?);
        Some(modified.max(SystemTime::UNIX_EPOCH + since))
    }
    #[cfg(not(unix))]
    Some(modified)
}

/// Directories with the keys that are their names.
fn named<K>(strays: Vec<Stray>, key: impl Fn(&str) -> Option<K>) -> Vec<(K, PathBuf)> {
    let folders = strays.into_iter().filter(|stray| stray.is_dir);
    folders.filter_map(|stray| Some((key(&name(&stray.path))?, stray.path))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The content of a folder, by name; one that is not there is empty.
fn list(folder: &Path) -> Result<Vec<Stray>, FileError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.at("list", folder)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.at("list", folder)?;
        let is_dir = entry.file_type().at("look at", &entry.path())?.is_dir();
        found.push(Stray { path: entry.path(), is_dir });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
