//! Where a file's bytes really lie on the disk: the FIEMAP ioctl of Linux (`os/unix.rs`).
//!
//! Reflinked files have inodes of their own and share blocks, so counting inodes counts the
//! shared blocks twice. The file system itself knows the blocks: FIEMAP lists the extents of
//! a file, and the union of all extents of a set of files is what the set occupies.
//!
//! | extent | counted as |
//! |---|---|
//! | plain, shared | its blocks; the union counts shared ones once |
//! | unwritten (reserved, never written) | its blocks: nobody else can use them |
//! | inline (in the inode or the tree) | nothing: it takes no data block |
//! | not placed yet (delayed allocation) | its length; [`sync`] first to have none |
//! | encoded (compressed) | from its start to its *uncompressed* length or the next extent, an upper bound, since FIEMAP does not report the compressed length |
//!
//! Physical addresses mean something within one file system only, so extents carry the
//! device number. (Subvolumes of btrfs have device numbers of their own: what they share
//! with each other is counted in each.)

use std::fs::File;
use std::path::Path;

use super::os::{self, ExtentPlace, FileExtent};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DiskExtent {
    pub device: u64,
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileLayout {
    pub extents: Vec<DiskExtent>,
    /// Bytes that have no place yet.
    pub unplaced_bytes: u64,
    /// Whether a length is an upper bound, because an extent is compressed.
    pub upper_bound: bool,
}

/// Bytes covered by at least one extent.
pub(crate) fn union_bytes(extents: &mut [DiskExtent]) -> u64 {
    extents.sort_unstable();
    let mut covered = 0;
    let mut reached: Option<(u64, u64)> = None; // (device, end)
    for extent in extents.iter() {
        let end = extent.start.saturating_add(extent.length);
        let from = match reached {
            Some((device, reached)) if device == extent.device => extent.start.max(reached),
            _ => extent.start,
        };
        covered += end.saturating_sub(from);
        reached = match reached {
            Some((device, reached)) if device == extent.device => Some((device, reached.max(end))),
            _ => Some((extent.device, end)),
        };
    }
    covered
}

/// Writes out everything a file system still holds back, so that its extents are placed.
/// Fails when `path` cannot be opened or the system reports a write error.
pub fn sync(path: &Path) -> std::io::Result<()> {
    os::sync_file_system(&File::open(path)?)
}

/// The extents of an open file; `None` where the file system does not report them.
pub(crate) fn layout(file: &File, device: u64) -> Option<FileLayout> {
    let mut layout = FileLayout::default();
    for FileExtent { start, length, place } in os::file_extents(file)? {
        match place {
            ExtentPlace::Inline => {}
            ExtentPlace::Unplaced => layout.unplaced_bytes += length,
            ExtentPlace::Blocks => layout.extents.push(DiskExtent { device, start, length }),
            ExtentPlace::Compressed => {
                layout.upper_bound = true;
                layout.extents.push(DiskExtent { device, start, length });
            }
        }
    }
    Some(layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(runs: &[(u64, u64, u64)]) -> Vec<DiskExtent> {
        let extent = |&(device, start, length)| DiskExtent { device, start, length };
        runs.iter().map(extent).collect()
    }

    #[test]
    fn a_union_counts_each_byte_once_within_a_device() {
        let bytes = |runs: &[_]| union_bytes(&mut extents(runs));
        assert_eq!(bytes(&[]), 0);
        assert_eq!(bytes(&[(1, 0, 10), (1, 0, 10)]), 10, "the same");
        assert_eq!(bytes(&[(1, 5, 10), (1, 0, 10)]), 15, "overlapping");
        assert_eq!(bytes(&[(1, 0, 100), (1, 10, 5), (1, 50, 60)]), 110, "inside, then beyond");
        assert_eq!(bytes(&[(1, 0, 10), (1, 20, 10)]), 20, "apart");
        assert_eq!(bytes(&[(1, 0, 10), (2, 0, 10)]), 20, "other device");
        assert_eq!(bytes(&[(1, 90, 10), (2, 0, 10)]), 20, "other device, lower address");
    }

    #[test]
    fn a_union_agrees_with_counting_byte_by_byte() {
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..200 {
            let count = random(12);
            let runs: Vec<_> = (0..count).map(|_| (random(2), random(60), random(20))).collect();
            let mut covered = std::collections::HashSet::new();
            for &(device, start, length) in &runs {
                covered.extend((start..start + length).map(|byte| (device, byte)));
            }
            assert_eq!(union_bytes(&mut extents(&runs)), covered.len() as u64, "{runs:?}");
        }
    }
}
