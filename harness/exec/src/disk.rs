//! How much disk a set of directory trees takes, in three honest numbers.
//!
//! - **apparent**: the lengths of all files, each name counted. What `ls -l` adds up to, and
//!   what a copy to another disk would need.
//! - **allocated**: blocks given to inodes, each inode once over the whole set asked about.
//!   Hard links within the set share; reflinks do not show.
//! - **physical**: the union of the blocks of all files ([`extents`](super::extents)), plus
//!   those of the directories. Hard links and reflinks share. `None` where the file system
//!   does not say, or a file could not be opened.
//!
//! Symlinks are not followed. Files that vanish while we look are left out. Data not written
//! out yet has no place: call [`extents::sync`](super::extents::sync) before asking for
//! physical bytes.
//!
//! [`scan`] looks at a tree, [`together`] adds up. Who measures the same trees again and again
//! keeps a [`TreeScan`] of each and renews those that changed.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::extents::{DiskExtent, layout, union_bytes};
use super::os::{self, FileNumber};

/// What a set of trees takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeUsage {
    /// Lengths of all files, every name counted.
    pub apparent_bytes: u64,
    /// Blocks of all inodes, directories too, every inode counted once.
    pub allocated_bytes: u64,
    /// Blocks really occupied; `None` where this cannot be known or was not asked for.
    pub physical_bytes: Option<u64>,
    /// Whether `physical_bytes` is an upper bound, because files are compressed.
    pub physical_is_upper_bound: bool,
    /// Names of files: regular ones, symlinks and others.
    pub files: u64,
    /// Directories, the roots included.
    pub dirs: u64,
}

/// What to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Apparent and allocated bytes: a `stat` for each file.
    Blocks,
    /// Physical bytes, too: each file is opened and asked for its extents.
    Extents,
}

/// A tree could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot measure {}: {source}; disk columns of this step stay empty", path.display())]
pub struct DiskError {
    path: PathBuf,
    source: io::Error,
}

/// Looks at one directory tree or file; one that does not exist takes nothing.
/// Fails when a directory exists and cannot be read, or the system does not number files.
pub fn scan(root: &Path, detail: Detail) -> Result<TreeScan, DiskError> {
    // A root that is itself a link (an in-place build directory) is followed; links below not.
    let mut scan = match std::fs::metadata(root) {
        // Without numbers of files, those with several names would be counted several times.
        Ok(metadata) if os::file_number(&metadata).is_none() => {
            return Err(DiskError { path: root.to_owned(), source: io::ErrorKind::Unsupported.into() });
        }
        Ok(metadata) if metadata.is_dir() => walk(root.to_owned(), &metadata, detail)?,
        Ok(metadata) => {
            let mut scan = TreeScan::default();
            scan.add_file(root, &metadata, detail);
            scan
        }
        Err(error) if vanished(&error) => TreeScan::default(),
        Err(source) => return Err(DiskError { path: root.to_owned(), source }),
    };
    scan.unknown_extents |= detail == Detail::Blocks;
    Ok(scan)
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
        usage.files += scan.files;
        usage.dirs += scan.dirs;
        usage.physical_is_upper_bound |= scan.upper_bound;
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

/// One tree as it was found: every inode and every extent.
#[derive(Debug, Clone, Default)]
pub struct TreeScan {
    /// Inode, its allocated bytes, and how many of those FIEMAP does not list.
    inodes: Vec<(FileNumber, u64, u64)>,
    apparent: u64,
    files: u64,
    dirs: u64,
    extents: Vec<DiskExtent>,
    unknown_extents: bool,
    upper_bound: bool,
}

impl TreeScan {
    /// What the tree takes by itself.
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
        self.files += other.files;
        self.dirs += other.dirs;
        self.unknown_extents |= other.unknown_extents;
        self.upper_bound |= other.upper_bound;
        self
    }

    fn add_dir(&mut self, metadata: &Metadata) {
        let Some((inode, allocated)) = os::file_number(metadata) else { return };
        self.dirs += 1;
        self.inodes.push((inode, allocated, allocated));
    }

    fn add_file(&mut self, path: &Path, metadata: &Metadata, detail: Detail) {
        let Some((inode, allocated)) = os::file_number(metadata) else { return };
        self.files += 1;
        self.apparent += metadata.len();
        let mut unlisted = 0;
        if !metadata.is_file() {
            unlisted = allocated; // A symlink too long for its inode has a block.
        } else if detail == Detail::Extents && allocated > 0 {
            match os::open_regular(path).map(|file| layout(&file, inode.device)) {
                Ok(Some(mut layout)) => {
                    self.extents.append(&mut layout.extents);
                    self.upper_bound |= layout.upper_bound;
                    unlisted = layout.unplaced_bytes;
                }
                Err(error) if vanished(&error) => return,
                Ok(None) | Err(_) => self.unknown_extents = true,
            }
        }
        self.inodes.push((inode, allocated, unlisted));
    }
}

fn walk(dir: PathBuf, metadata: &Metadata, detail: Detail) -> Result<TreeScan, DiskError> {
    let mut tree = TreeScan::default();
    let error = |source| DiskError { path: dir.clone(), source };
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if vanished(&error) => return Ok(tree),
        Err(source) => return Err(error(source)),
    };
    tree.add_dir(metadata);
    let mut dirs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(error)?;
        // Of the entry itself, not of what a symlink points to.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => dirs.push((entry.path(), metadata)),
            Ok(metadata) => tree.add_file(&entry.path(), &metadata, detail),
            Err(error) if vanished(&error) => {}
            Err(source) => return Err(DiskError { path: entry.path(), source }),
        }
    }
    let below = dirs
        .into_par_iter()
        .map(|(path, metadata)| walk(path, &metadata, detail))
        .try_reduce(TreeScan::default, |a, b| Ok(a.merge(b)))?;
    Ok(tree.merge(below))
}

/// Deleted, or replaced by something else, since its name was read.
fn vanished(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
#[cfg(unix)]
#[path = "disk_tests.rs"]
pub(crate) mod tests;
