//! Stores: where artifacts live.
//!
//! A store is a directory `<root>/v3/` that any number of builds read and write at once. Readers take no lock. An entry is
//! whole or absent: its files come first, its manifest last, each by writing aside and renaming. What is missing, short,
//! changed or of another version is a miss, never an error. A new store is a file here and a line in [`ALL`].
//!
//! Nothing is flushed to disk: after a power failure entries may be short, and then they are misses, because sizes and
//! times are compared before a file is used.

mod cas;
pub mod collect;
mod dirs;
mod entry;
pub(crate) mod faulty;
pub mod remote;
mod root;
pub(crate) mod slots;
pub(crate) mod snapshots;
pub mod stats;
pub mod survey;
pub(crate) mod tombstones;
pub mod verify;

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use entry::is_sound_link;
pub use entry::{Bytes, Entry, FORMAT, FileRecord, SESSIONS, StoredInputs};
pub use root::Root;

use crate::files::{
    At, FileError, copy, hash, open_for_attributes, removed_beside, set_mode, set_time, since_epoch, temporary_beside,
};
use crate::graph::layout::FileSharing;
use crate::key::{BaseKey, Digest, Key, ObservedInputs};
use crate::link::{LinkMode, reflink};
use crate::parallel;

/// A kind of store.
#[derive(Debug, Clone, Copy)]
pub struct StoreKind {
    /// Stable name.
    pub name: &'static str,
    /// How artifacts are stored, in a few sentences.
    pub about: &'static str,
    /// The digest of every file is needed, not just of what dependents read.
    pub(crate) hashes_everything: bool,
    /// The folder of manifests, or of directories with a manifest, named by key.
    pub entries: &'static str,
    /// The folder of files that entries share, where the kind has such.
    pub(crate) blobs: Option<&'static str>,
    /// The folder of directories made for in-place links, named by key.
    pub(crate) trees: Option<&'static str>,
    pub(crate) open: fn(&Path) -> Result<Box<dyn Store>, FileError>,
}

/// Every kind of store.
pub static ALL: [&StoreKind; 2] = [&cas::CAS, &dirs::DIRS];

impl StoreKind {
    /// Opens a store, creating its directories.
    ///
    /// # Errors
    /// When they cannot be created.
    pub fn open(&self, root: &Path) -> Result<Box<dyn Store>, FileError> {
        (self.open)(root)
    }
}

/// An open store.
pub trait Store: Debug + Send + Sync {
    /// Its kind.
    fn kind(&self) -> &'static StoreKind;

    /// Directories and records that do not depend on the kind.
    fn root(&self) -> &Root;

    /// The path of a stored file.
    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf;

    /// A directory with the files of the unit's `out`, for linking it whole.
    ///
    /// # Errors
    /// When it cannot be made.
    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError>;

    /// Adds an entry whose files are in `unit_dir`; the link mode brings shared files in.
    ///
    /// # Errors
    /// When a file cannot be brought in; then there is no entry.
    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError>;

    /// The path of the manifest of a key, be it there or not.
    fn manifest(&self, key: &Key) -> PathBuf;

    /// The sound entry under a key.
    fn lookup(&self, key: &Key) -> Option<Entry> {
        Entry::read(&fs::read(self.manifest(key)).ok()?, key)
    }

    /// Every sound entry, in no order.
    fn entries(&self) -> Vec<Entry>;

    /// The input sets of a base key.
    fn inputs(&self, base: &BaseKey) -> Vec<ObservedInputs> {
        self.root().inputs(base)
    }

    /// The part of it on this machine, while a remote one is behind it: what is there is not asked for.
    fn local(&self) -> Option<&dyn Store> {
        None
    }

    /// Whether the files of an entry that was found are still to come. They are compared with their digests as they do.
    fn is_under_way(&self, _: &Key) -> bool {
        false
    }

    /// Waits for everything that is still to come.
    fn settle(&self) {}

    /// Whether every stored file of an entry has the size and time that were published.
    fn is_intact(&self, entry: &Entry) -> bool {
        entry.stored_files().all(|(file, _)| is_sound(&self.stored(entry, file), entry, file))
    }

    /// Takes the lock that keeps collection away while a build uses the store.
    ///
    /// # Errors
    /// When the lock file cannot be opened or locked.
    fn lock_shared(&self) -> Result<Option<File>, FileError> {
        self.root().lock_shared().map(Some)
    }

    /// Stamps an entry as used at `now`: the modification time of its manifest, one system call and no write. Access times
    /// would not do, most systems do not keep them. A newly written manifest has its time from being written. An entry
    /// that cannot be stamped only looks older than it is.
    fn touch(&self, key: &Key, now: SystemTime) {
        let _ = set_time(&self.manifest(key), now);
    }
}

/// What adding an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// The key was published before.
    AlreadyThere,
}

/// Why a directory was not opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there.
    #[error("{} is not a store; name the directory that has v{FORMAT}/ in it", .0.display())]
    NotAStore(PathBuf),
    /// Two kinds of store in one directory.
    #[error("{} has stores of two kinds in it; move one of them away", .0.display())]
    Mixed(PathBuf),
    /// It is one and cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Opens the store in a directory, whatever its kind; makes none.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub fn open_existing(root: &Path) -> Result<(&'static StoreKind, Box<dyn Store>), OpenError> {
    let folder = root.join(format!("v{FORMAT}"));
    let mut found = ALL.into_iter().filter(|kind| folder.join(kind.entries).is_dir());
    match (found.next(), found.next()) {
        (Some(kind), None) => Ok((kind, kind.open(root)?)),
        (None, _) => Err(OpenError::NotAStore(root.to_owned())),
        (Some(_), Some(_)) => Err(OpenError::Mixed(root.to_owned())),
    }
}

/// Whether a stored file still is what was published: its size and its modification time, which every write changes.
pub fn is_sound(path: &Path, entry: &Entry, file: &FileRecord) -> bool {
    let Ok(meta) = fs::symlink_metadata(path) else { return false };
    let time = meta.modified().map(since_epoch).unwrap_or_default();
    meta.is_file() && meta.len() == file.size && time == entry.stamp
}

/// A stored file that is not what was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDamage {
    /// The file in the store.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What is wrong with a stored file; its bytes are compared where a digest is given.
fn damage(path: &Path, entry: &Entry, file: &FileRecord, digest: Option<Digest>) -> Option<&'static str> {
    if !path.is_file() {
        Some("missing")
    } else if !is_sound(path, entry, file) {
        Some("size or time changed")
    } else {
        digest.is_some_and(|digest| hash(path).ok() != Some(digest)).then_some("bytes changed")
    }
}

/// Compares an entry's stored files with what was published: sizes and times, and with `deep` the bytes where their digest
/// is known.
pub fn check(store: &dyn Store, entry: &Entry, deep: bool) -> Vec<FileDamage> {
    let stored: Vec<_> = entry.stored_files().collect();
    let compare = |(file, digest): &(&FileRecord, Option<Digest>)| {
        let path = store.stored(entry, file);
        let what = damage(&path, entry, file, digest.filter(|_| deep))?;
        Some(FileDamage { path, what })
    };
    match deep {
        true => parallel::map(&stored, compare).into_iter().flatten().collect(),
        // A look at a file is too short to be given to another thread.
        false => stored.iter().filter_map(compare).collect(),
    }
}

/// Removes what is wrong with an entry and its manifest, so that the next publisher brings it in anew.
pub(crate) fn remove_damaged(store: &dyn Store, entry: &Entry, damage: &[FileDamage]) {
    // The manifest last: cut off before, the entry is a miss for want of its files. What cannot be removed is found again.
    let files = damage.iter().map(|file| file.path.clone());
    files.chain([store.manifest(&entry.key)]).for_each(|path| drop(fs::remove_file(path)));
}

/// Bytes of incremental sessions in a store, each file once.
pub fn session_bytes(store: &dyn Store) -> u64 {
    let entries = store.entries();
    let sessions = entries.iter().flat_map(|entry| {
        let files = entry.stored_files().filter(|(file, _)| file.is_of_session());
        files.map(|(file, _)| (store.stored(entry, file), file.size))
    });
    sessions.collect::<HashMap<PathBuf, u64>>().values().sum()
}

/// Removes a file or a directory in two steps: first its name, by which it is found, then its content. A directory cut off
/// half-way is then never mistaken for a whole one.
fn remove_whole(path: &Path, is_dir: bool) -> Result<(), FileError> {
    if !is_dir {
        return unless_gone(fs::remove_file(path)).at("remove", path);
    }
    let aside = removed_beside(path);
    unless_gone(fs::rename(path, &aside)).at("move aside", path)?;
    unless_gone(fs::remove_dir_all(&aside)).at("remove", &aside)
}

fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Renames a temporary file to its final name, which then has the file, whoever was first.
fn rename_file(temporary: &Path, target: &Path) -> io::Result<()> {
    fs::rename(temporary, target)?;
    // Renaming one name of an inode onto another of the same inode does nothing and leaves both.
    unless_gone(fs::remove_file(temporary))
}

/// Brings one file into the store beside its final name, sets mode and time, and renames it into place.
fn bring_in(entry: &Entry, file: &FileRecord, built: &Path, target: &Path, link: LinkMode) -> Result<(), FileError> {
    let temporary = temporary_beside(target);
    if file.share == FileSharing::Shared || !link.shares_inodes() {
        link.ingest(built, &temporary).at("bring into the store", built)?;
    } else {
        // A private file must not end up as the build directory's inode: it is a new one, the cheapest way there is.
        reflink(built, &temporary).or_else(|_| copy(built, &temporary).map(drop)).at("copy into the store", built)?;
    }
    let finish = || {
        // Writable: rustc refuses to replace a read-only output. See KEYS.md, who can write to the store.
        set_mode(&open_for_attributes(&temporary)?, file.executable)?;
        set_time(&temporary, entry.time())?;
        rename_file(&temporary, target)
    };
    finish().at("rename into the store", target)
}
