//! Stores: where artifacts live.
//!
//! A store is a directory `<root>/v2/` that any number of builds read and write at once.
//! Readers take no lock. An entry is whole or absent: its files come first, its manifest
//! last, each by writing aside and renaming. What is missing, short, changed or of another
//! version is a miss, never an error. A new store is a file here and a line in [`ALL`].
//!
//! Nothing is flushed to disk: after a power failure entries may be short, and then they
//! are misses, because sizes and times are compared before a file is used.

mod cas;
pub mod collect;
mod dirs;
mod entry;
pub(crate) mod faulty;
mod meter;
mod root;
pub(crate) mod stamp;
pub mod stats;
pub mod survey;
pub mod tombstones;
pub mod verify;

use std::fmt::Debug;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use entry::{Bytes, Entry, FORMAT, FileRecord, StoredInputs};
pub use root::Root;

use crate::files::FileError;
use crate::key::Key;
use crate::link::LinkMode;

/// A shape of store.
pub trait StoreKind: Debug + Sync {
    /// Stable name.
    fn name(&self) -> &'static str;
    /// How it keeps things, in a few sentences.
    fn about(&self) -> &'static str;
    /// Whether the digest of every file is needed, not just of what dependents read.
    fn hashes_everything(&self) -> bool;
    /// Which folders it has.
    fn shape(&self) -> StoreShape;
    /// Opens a store, creating its directories.
    ///
    /// # Errors
    /// When they cannot be created.
    fn open(&self, root: &Path) -> Result<Box<dyn Store>, FileError>;
}

/// An open store.
pub trait Store: Debug + Send + Sync {
    /// Directories and records that do not depend on the shape.
    fn root(&self) -> &Root;

    /// The sound entry under a key.
    fn lookup(&self, key: &Key) -> Option<Entry>;

    /// Where the bytes of a stored file are.
    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf;

    /// A directory with the files of the unit's `out`, for linking it whole.
    ///
    /// # Errors
    /// When it cannot be made.
    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError>;

    /// Adds an entry whose files lie in `unit_dir`; the link mode brings shared files in.
    ///
    /// # Errors
    /// When a file cannot be brought in; then there is no entry.
    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError>;

    /// Every sound entry, in no order.
    fn entries(&self) -> Vec<Entry>;

    /// Which folders it has.
    fn shape(&self) -> StoreShape;

    /// Where the manifest of a key is, or would be.
    fn manifest(&self, key: &Key) -> PathBuf;

    /// Whether every stored file of an entry has the size and time that were published.
    fn is_intact(&self, entry: &Entry) -> bool {
        let stored = entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_)));
        stored.into_iter().all(|file| is_sound(&self.stored(entry, file), entry, file))
    }

    /// Takes the lock that keeps collection away while a build uses the store.
    ///
    /// # Errors
    /// When the lock file cannot be opened or locked.
    fn lock_shared(&self) -> Result<Option<File>, FileError> {
        self.root().lock_shared().map(Some)
    }

    /// Stamps an entry as used at `now`: the modification time of its manifest, one system
    /// call and no write. Access times would not do, most systems do not keep them. A newly
    /// written manifest has its time from being written. An entry that cannot be stamped
    /// only looks older than it is.
    fn touch(&self, key: &Key, now: SystemTime) {
        let _ = crate::files::set_time(&self.manifest(key), now);
    }
}

/// The folders of a store, each with two-digit folders in it, below its root.
#[derive(Debug, Clone, Copy)]
pub struct StoreShape {
    /// Manifests, or directories with a manifest, named by key.
    pub entries: &'static str,
    /// Files that entries share, where the shape has such.
    pub blobs: Option<&'static str>,
    /// Directories made for in-place links, named by key.
    pub trees: Option<&'static str>,
}

/// Why a directory was not taken for a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there.
    #[error("{} is not a store; name the directory that holds v{FORMAT}/", .0.display())]
    NotAStore(PathBuf),
    /// Two shapes of store in one directory.
    #[error("{} holds stores of two shapes; move one of them away", .0.display())]
    Mixed(PathBuf),
    /// It is one and cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Opens the store that a directory holds, whatever its shape; makes none.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub fn open_existing(root: &Path) -> Result<(&'static dyn StoreKind, Box<dyn Store>), OpenError> {
    let folder = root.join(format!("v{FORMAT}"));
    let holds = |kind: &&&'static dyn StoreKind| folder.join(kind.shape().entries).is_dir();
    let mut found = ALL.iter().filter(holds);
    match (found.next(), found.next()) {
        (Some(kind), None) => Ok((*kind, kind.open(root)?)),
        (None, _) => Err(OpenError::NotAStore(root.to_owned())),
        (Some(_), Some(_)) => Err(OpenError::Mixed(root.to_owned())),
    }
}

/// What adding an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// Somebody published this key before.
    Known,
}

/// Every store.
pub static ALL: [&dyn StoreKind; 2] = [&cas::CasKind, &dirs::DirsKind];

/// Whether a stored file still is what was published: its size and its modification time,
/// which every write changes.
pub fn is_sound(path: &Path, entry: &Entry, file: &FileRecord) -> bool {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return false };
    let time = meta.modified().map(crate::files::since_epoch).unwrap_or_default();
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

/// Compares an entry's stored files with what was published: sizes and times, and with
/// `deep` the bytes where their digest is known.
pub fn check(store: &dyn Store, entry: &Entry, deep: bool) -> Vec<FileDamage> {
    let stored = entry.files.iter().filter_map(|file| match &file.bytes {
        Bytes::Stored(digest) => Some((store.stored(entry, file), file, digest)),
        Bytes::Text(_) | Bytes::Hex(_) => None,
    });
    let mut damage = Vec::new();
    for (path, file, digest) in stored {
        let what = if !path.is_file() {
            Some("missing")
        } else if !is_sound(&path, entry, file) {
            Some("size or time changed")
        } else if deep && digest.is_some_and(|digest| crate::files::hash(&path).ok() != Some(digest)) {
            Some("bytes changed")
        } else {
            None
        };
        damage.extend(what.map(|what| FileDamage { path, what }));
    }
    damage
}

/// Removes a file or a directory in two steps: first its name, by which it is found, then
/// what it holds. A directory cut off half-way is then never taken for a whole one.
fn remove_whole(path: &Path, is_dir: bool) -> Result<(), FileError> {
    use crate::files::{At, removed_beside};
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if !is_dir {
        return gone(std::fs::remove_file(path)).at("remove", path);
    }
    let aside = removed_beside(path);
    gone(std::fs::rename(path, &aside)).at("move aside", path)?;
    gone(std::fs::remove_dir_all(&aside)).at("remove", &aside)
}

/// Brings one file into the store beside its final name, sets mode and time, and renames
/// it into place. The final name then has the file, whoever was first.
fn bring_in(entry: &Entry, file: &FileRecord, built: &Path, target: &Path, link: LinkMode) -> Result<(), FileError> {
    use crate::files::{At, open_for_attributes, set_mode, set_time, temporary_beside};
    let temporary = temporary_beside(target);
    let shared = file.share == crate::graph::layout::FileSharing::Shared;
    // A private file must not end up as the build directory's inode: it is a new one, the
    // cheapest way there is.
    let private_copy = || match crate::link::reflink(built, &temporary) {
        Ok(()) => Ok(()),
        Err(_) => crate::files::copy(built, &temporary).map(|_| ()),
    };
    if shared || !link.shares_inodes() {
        link.ingest(built, &temporary).at("bring into the store", built)?;
    } else {
        private_copy().at("copy into the store", built)?;
    }
    let settle = || {
        // A linked inode may already be read-only.
        set_mode(&open_for_attributes(&temporary)?, file.executable, false)?;
        set_time(&temporary, entry.time())?;
        std::fs::rename(&temporary, target)?;
        // Renaming one name of an inode onto another of the same inode does nothing and
        // leaves both.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    };
    settle().at("settle in the store", target)
}
