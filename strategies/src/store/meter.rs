//! Bytes promised against bytes freed.
//!
//! Removing a name frees bytes only when it was the last one of its inode. What build
//! directories hold by hard links stays; blobs shared by reflink do not show here, so on a
//! file system with reflinks the freed bytes are an upper bound.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;

use crate::files::allocated;

#[derive(Debug, Clone, Copy)]
struct Inode {
    bytes: u64,
    /// Names before the first was removed.
    names: u64,
    removed: u64,
}

/// Counts what removing names frees.
#[derive(Debug, Default)]
pub(super) struct Meter {
    inodes: HashMap<(u64, u64), Inode>,
    /// Bytes of directories and, where the system has no inodes to tell apart, of files.
    plain: u64,
}

impl Meter {
    /// Takes in that this path is removed, with everything below it. What cannot be read
    /// counts nothing.
    pub fn remove(&mut self, path: &Path) {
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
    fn remove_file(&mut self, meta: &Metadata) {
        use std::os::unix::fs::MetadataExt;
        let inode = self.inodes.entry((meta.dev(), meta.ino())).or_insert(Inode {
            bytes: allocated(meta),
            names: meta.nlink(),
            removed: 0,
        });
        inode.removed += 1;
    }

    #[cfg(not(unix))]
    fn remove_file(&mut self, meta: &Metadata) {
        self.plain += allocated(meta);
    }

    /// Bytes of everything removed, each inode once.
    pub fn promised(&self) -> u64 {
        self.plain + self.inodes.values().map(|inode| inode.bytes).sum::<u64>()
    }

    /// Bytes of inodes whose last name was removed.
    pub fn freed(&self) -> u64 {
        let gone = self.inodes.values().filter(|inode| inode.removed >= inode.names);
        self.plain + gone.map(|inode| inode.bytes).sum::<u64>()
    }
}
