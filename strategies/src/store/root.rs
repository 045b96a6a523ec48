//! What every store has besides its artifacts.
//!
//! ```text
//! <root>/v3/
//!     inputs/<2 hex>/<base key>/<digest>   which inputs builds of that unit read
//!     evicted                              what collection took, see [`super::tombstones`]
//!     displaced, slots/                    of `~single-slot`, see [`super::slots`]
//!     snapshots/                           what successful builds used, see [`super::snapshots`]
//!     lock                                 shared by builds, exclusive for collection
//! ```

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::Entry;
use crate::files::{At, FileError, write_atomic};
use crate::key::{BaseKey, Digest, Key, ObservedInputs};
use crate::parallel;

/// The directory of a store.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
}

impl Root {
    /// Creates the directory of this format version; those of others are left alone.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open(root: &Path, folders: &[&str]) -> Result<Root, FileError> {
        let dir = root.join(format!("v{}", super::FORMAT));
        for folder in folders.iter().chain(&["inputs"]) {
            let path = dir.join(folder);
            fs::create_dir_all(&path).at("create", &path)?;
        }
        Ok(Root { dir })
    }

    /// A path inside.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.join(relative)
    }

    /// `<folder>/<first two digits>/<name>`.
    pub fn sharded(&self, folder: &str, name: &str) -> PathBuf {
        self.dir.join(folder).join(name.get(..2).unwrap_or("00")).join(name)
    }

    /// Takes the lock that keeps collection away while a build uses the store. A store that
    /// cannot be written to can still be read, and be collected by a user who may write.
    ///
    /// # Errors
    /// When the lock file cannot be opened or locked.
    pub fn lock_shared(&self) -> Result<File, FileError> {
        let path = self.path("lock");
        let file = open_lock(&path).or_else(|error| File::open(&path).map_err(|_| error))?;
        file.lock_shared().at("lock", &path)?;
        Ok(file)
    }

    /// Tries to take the lock that keeps builds away while the store is collected; `None`
    /// while either lock is taken.
    ///
    /// # Errors
    /// When the lock file cannot be opened or locked.
    pub fn try_lock_exclusive(&self) -> Result<Option<File>, FileError> {
        let path = self.path("lock");
        let file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
        }
    }

    /// The input sets of a base key; unreadable ones are skipped.
    pub fn inputs(&self, base: &BaseKey) -> Vec<ObservedInputs> {
        let Ok(entries) = fs::read_dir(self.sharded("inputs", &base.hex())) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().filter_map(|path| serde_json::from_str(&fs::read_to_string(path).ok()?).ok()).collect()
    }

    /// Remembers which inputs a build of this base key read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_inputs(&self, base: &BaseKey, set: &ObservedInputs) -> Result<(), FileError> {
        let json = serde_json::to_vec(set).map_err(std::io::Error::other).at("encode", &self.dir)?;
        let folder = self.sharded("inputs", &base.hex());
        let path = folder.join(Digest::of(&json).short());
        if path.exists() {
            return Ok(());
        }
        fs::create_dir_all(&folder).at("create", &folder)?;
        write_atomic(&path, &json)
    }
}

fn open_lock(path: &Path) -> Result<File, FileError> {
    File::options().create(true).truncate(false).write(true).open(path).at("open", path)
}

/// The entries of a sharded folder whose manifests are at `manifest` in what is named by a key.
pub(super) fn read_entries(folder: &Path, manifest: &str) -> Vec<Entry> {
    let shards = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = shards.flat_map(|shard| fs::read_dir(shard.path()).into_iter().flatten().flatten());
    let keyed: Vec<(Key, PathBuf)> =
        names.filter_map(|named| Some((Key::from_hex(named.file_name().to_str()?)?, named.path()))).collect();
    let path = |path: &PathBuf| if manifest.is_empty() { path.clone() } else { path.join(manifest) };
    parallel::map(&keyed, |(key, named)| Entry::read(&fs::read(path(named)).ok()?, key)).into_iter().flatten().collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_cannot_be_written_still_keeps_collection_away() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path(), &[]).unwrap();
        // Root may write to a read-only file; a directory cannot be opened for writing.
        fs::create_dir(root.path("lock")).unwrap();
        assert!(root.try_lock_exclusive().is_err(), "it cannot be written");
        let _shared = root.lock_shared().unwrap();
        let exclusive = File::open(root.path("lock")).unwrap();
        assert!(matches!(exclusive.try_lock(), Err(TryLockError::WouldBlock)));
    }
}
