//! How much disk a set of directory trees takes, in three honest numbers.
//!
//! - **apparent**: the lengths of all files, each name counted: what a copy to another disk would need.
//! - **allocated**: blocks given to inodes, each inode once over the whole set. Hard links within the set share; reflinks
//!   do not show.
//! - **physical**: the union of the blocks of all files, plus those of the directories. Hard links and reflinks share.
//!   `None` where the file system does not report them, or a file could not be opened.
//!
//! Linux's FIEMAP (`os/unix.rs`) lists the extents of a file. How each is counted:
//!
//! | extent | counted as |
//! |---|---|
//! | plain, shared | its blocks; the union counts shared ones once |
//! | unwritten (reserved, never written) | its blocks: nobody else can use them |
//! | inline (in the inode or the tree) | nothing: it takes no data block |
//! | not placed yet (delayed allocation) | its length; [`sync`] first to have none |
//! | encoded (compressed) | from its start to its *uncompressed* length or the next extent, an upper bound, since FIEMAP does not report the compressed length |
//!
//! Physical addresses mean something within one file system only, so extents carry the device number. (Subvolumes of
//! btrfs have device numbers of their own: what they share with each other is counted in each.)
//!
//! Symlinks are not followed. Files that vanish meanwhile are left out. Who measures the same trees again and again keeps
//! a [`TreeScan`] of each and renews those that changed.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::os::{self, ExtentPlace, FileNumber};

/// What a set of trees takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeUsage {
    /// Lengths of all files, every name counted.
    pub apparent_bytes: u64,
    /// Blocks of all inodes, directories too, every inode counted once.
    pub allocated_bytes: u64,
    /// Blocks really occupied; `None` where this cannot be known.
    pub physical_bytes: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot measure {}: {source}; disk columns of this step stay empty", path.display())]
pub struct DiskError {
    path: PathBuf,
    source: io::Error,
}

/// A run of blocks: device, first byte on it, length.
type DiskExtent = (u64, u64, u64);

/// Writes out everything a file system still holds back, so that its extents are placed.
/// Fails when `path` cannot be opened or the system reports a write error.
pub fn sync(path: &Path) -> io::Result<()> {
    os::sync_file_system(&File::open(path)?)
}

/// Looks at one directory tree or file; one that does not exist takes nothing.
/// Fails when a directory exists and cannot be read, or the system does not number files.
pub fn scan(root: &Path) -> Result<TreeScan, DiskError> {
    let failed = |source| DiskError { path: root.to_owned(), source };
    // A root that is itself a link (an in-place build directory) is followed; links in it are not.
    match std::fs::metadata(root) {
        // Without numbers of files, those with several names would be counted several times.
        Ok(metadata) if os::file_number(&metadata).is_none() => Err(failed(io::ErrorKind::Unsupported.into())),
        Ok(metadata) if metadata.is_dir() => walk(root.to_owned(), &metadata),
        Ok(metadata) => {
            let mut scan = TreeScan::default();
            scan.add_file(root, &metadata);
            Ok(scan)
        }
        Err(error) if vanished(&error) => Ok(TreeScan::default()),
        Err(source) => Err(failed(source)),
    }
}

/// What several trees take as one set: inodes and blocks they share are counted once. None of
/// them may lie within another, whose names would be counted twice.
pub fn together<'a>(scans: impl IntoIterator<Item = &'a TreeScan>) -> TreeUsage {
    let mut seen = HashSet::new();
    let mut usage = TreeUsage::default();
    let mut extents: Vec<DiskExtent> = Vec::new();
    let (mut unlisted_bytes, mut unknown_extents) = (0, false);
    for scan in scans {
        usage.apparent_bytes += scan.apparent;
        unknown_extents |= scan.unknown_extents;
        extents.extend(&scan.extents);
        for &(inode, allocated, unlisted) in &scan.inodes {
            if seen.insert(inode) {
                usage.allocated_bytes += allocated;
                unlisted_bytes += unlisted;
            }
        }
    }
    usage.physical_bytes = (!unknown_extents).then(|| union_bytes(&mut extents) + unlisted_bytes);
    usage
}

fn union_bytes(extents: &mut [DiskExtent]) -> u64 {
    extents.sort_unstable();
    let mut covered = 0;
    let mut reached = (0, 0); // (device, end)
    for &(device, start, length) in extents.iter() {
        let end = start.saturating_add(length);
        let from = if reached.0 == device { start.max(reached.1) } else { start };
        covered += end.saturating_sub(from);
        reached = (device, if reached.0 == device { end.max(reached.1) } else { end });
    }
    covered
}

/// One tree as it was found: every inode and every extent.
#[derive(Debug, Clone, Default)]
pub struct TreeScan {
    /// Inode, its allocated bytes, and how many of those FIEMAP does not list.
    inodes: Vec<(FileNumber, u64, u64)>,
    apparent: u64,
    extents: Vec<DiskExtent>,
    unknown_extents: bool,
}

impl TreeScan {
    pub fn usage(&self) -> TreeUsage {
        together([self])
    }

    fn merge(mut self, mut other: Self) -> Self {
        if self.inodes.len() < other.inodes.len() {
            std::mem::swap(&mut self, &mut other);
        }
        self.inodes.append(&mut other.inodes);
        self.extents.append(&mut other.extents);
        self.apparent += other.apparent;
        self.unknown_extents |= other.unknown_extents;
        self
    }

    fn add_file(&mut self, path: &Path, metadata: &Metadata) {
        let Some((inode, allocated)) = os::file_number(metadata) else { return };
        let mut unlisted = 0;
        if !metadata.is_file() {
            unlisted = allocated; // A symlink too long for its inode has a block.
        } else if allocated > 0 {
            match os::open_regular(path).map(|file| os::file_extents(&file)) {
                Ok(Some(extents)) => {
                    for extent in extents {
                        match extent.place {
                            ExtentPlace::Inline => {}
                            ExtentPlace::Unplaced => unlisted += extent.length,
                            ExtentPlace::Blocks => self.extents.push((inode.device, extent.start, extent.length)),
                        }
                    }
                }
                Err(error) if vanished(&error) => return,
                Ok(None) | Err(_) => self.unknown_extents = true,
            }
        }
        self.apparent += metadata.len();
        self.inodes.push((inode, allocated, unlisted));
    }
}

fn walk(dir: PathBuf, metadata: &Metadata) -> Result<TreeScan, DiskError> {
    let mut tree = TreeScan::default();
    let failed = |source| DiskError { path: dir.clone(), source };
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if vanished(&error) => return Ok(tree),
        Err(source) => return Err(failed(source)),
    };
    // FIEMAP lists nothing of a directory.
    tree.inodes.extend(os::file_number(metadata).map(|(inode, allocated)| (inode, allocated, allocated)));
    let mut dirs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // Of the entry itself, not of what a symlink points to.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => dirs.push((entry.path(), metadata)),
            Ok(metadata) => tree.add_file(&entry.path(), &metadata),
            Err(error) if vanished(&error) => {}
            Err(source) => return Err(DiskError { path: entry.path(), source }),
        }
    }
    let inner = dirs.into_par_iter().map(|(path, metadata)| walk(path, &metadata));
    Ok(tree.merge(inner.try_reduce(TreeScan::default, |a, b| Ok(a.merge(b)))?))
}

/// Deleted, or replaced by something else, since its name was read.
fn vanished(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
#[path = "disk_tests.rs"]
pub(crate) mod tests;
