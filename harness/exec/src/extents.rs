//! Where a file's bytes really lie on the disk: the FIEMAP ioctl of Linux.
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
//! | encoded (compressed) | from its start to its *uncompressed* length or the next extent, an upper bound, since FIEMAP does not tell the compressed length |
//!
//! Physical addresses mean something within one file system only, so extents carry the
//! device number. (Subvolumes of btrfs have device numbers of their own: what they share
//! with each other is counted in each.)
//!
//! Source: Documentation/filesystems/fiemap.rst and include/uapi/linux/fiemap.h of Linux.

use std::fs::File;
use std::path::Path;

/// A run of blocks on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    /// The file system's device number.
    pub device: u64,
    /// First byte on it.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

/// The extents of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The runs of blocks it has.
    pub extents: Vec<Extent>,
    /// Bytes that have no place yet.
    pub unplaced_bytes: u64,
    /// Whether a length is an upper bound, because an extent is compressed.
    pub upper_bound: bool,
}

/// Bytes covered by at least one extent.
pub fn union_bytes(extents: &mut [Extent]) -> u64 {
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
///
/// # Errors
/// When `path` cannot be opened or the system reports a write error.
pub fn sync(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&file)?;
    #[cfg(not(target_os = "linux"))]
    file.sync_all()?;
    Ok(())
}

/// The extents of an open file; `None` where the file system cannot tell.
#[cfg(target_os = "linux")]
pub fn layout(file: &File, device: u64) -> Option<Layout> {
    let mut layout = Layout::default();
    let mut request = Box::new(fiemap::Request::new());
    let mut from = 0;
    loop {
        let extents = request.ask(file, from).ok()?;
        let Some(last) = extents.last() else { return Some(layout) };
        let next = last.logical.saturating_add(last.length);
        let done = last.flags & fiemap::LAST != 0 || next <= from;
        extents.iter().for_each(|raw| layout.add(raw, device));
        if done {
            return Some(layout);
        }
        from = next;
    }
}

/// The extents of an open file: not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn layout(_file: &File, _device: u64) -> Option<Layout> {
    None
}

#[cfg(target_os = "linux")]
impl Layout {
    fn add(&mut self, raw: &fiemap::RawExtent, device: u64) {
        let has = |flag| raw.flags & flag != 0;
        if has(fiemap::DATA_INLINE) {
        } else if has(fiemap::UNKNOWN) || has(fiemap::DELALLOC) {
            self.unplaced_bytes += raw.length;
        } else {
            self.upper_bound |= has(fiemap::ENCODED);
            self.extents.push(Extent { device, start: raw.physical, length: raw.length });
        }
    }
}

#[cfg(target_os = "linux")]
mod fiemap {
    use std::ffi::c_void;
    use std::fs::File;

    use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

    pub const LAST: u32 = 0x0001;
    pub const UNKNOWN: u32 = 0x0002;
    pub const DELALLOC: u32 = 0x0004;
    pub const ENCODED: u32 = 0x0008;
    pub const DATA_INLINE: u32 = 0x0200;

    /// How many extents one call returns at most: most files of a build have one.
    const ROOM: usize = 64;

    /// `struct fiemap` without its flexible tail.
    #[repr(C)]
    struct Header {
        start: u64,
        length: u64,
        flags: u32,
        mapped: u32,
        room: u32,
        reserved: u32,
    }

    /// `struct fiemap_extent`.
    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct RawExtent {
        pub logical: u64,
        pub physical: u64,
        pub length: u64,
        reserved64: [u64; 2],
        pub flags: u32,
        reserved: [u32; 3],
    }

    const EMPTY: RawExtent =
        RawExtent { logical: 0, physical: 0, length: 0, reserved64: [0; 2], flags: 0, reserved: [0; 3] };

    /// `struct fiemap` with room for [`ROOM`] extents.
    #[repr(C)]
    pub struct Request {
        header: Header,
        extents: [RawExtent; ROOM],
    }

    impl Request {
        pub fn new() -> Self {
            let header = Header { start: 0, length: 0, flags: 0, mapped: 0, room: 0, reserved: 0 };
            Self { header, extents: [EMPTY; ROOM] }
        }

        /// The extents of `file` from the byte `from` on, as many as there is room for.
        pub fn ask(&mut self, file: &File, from: u64) -> rustix::io::Result<&[RawExtent]> {
            self.header =
                Header { start: from, length: u64::MAX - from, flags: 0, mapped: 0, room: ROOM as u32, reserved: 0 };
            // SAFETY: FS_IOC_FIEMAP reads the header and writes to it and to at most `room`
            // extents behind it. `Request` is laid out as the kernel's structure, has room
            // for exactly that many, and is borrowed mutably for the whole call.
            let mapped = unsafe { ioctl(file, Call(self)) }?;
            Ok(&self.extents[..(mapped as usize).min(ROOM)])
        }
    }

    struct Call<'r>(&'r mut Request);

    // SAFETY: the opcode is FS_IOC_FIEMAP, `_IOWR('f', 11, struct fiemap)`, whose size is the
    // header's; the pointer is to a live `Request`, and the output is read from that.
    unsafe impl Ioctl for Call<'_> {
        type Output = u32;
        const IS_MUTATING: bool = true;

        fn opcode(&self) -> Opcode {
            opcode::read_write::<Header>(b'f', 11)
        }

        fn as_ptr(&mut self) -> *mut c_void {
            std::ptr::from_mut::<Request>(self.0).cast()
        }

        unsafe fn output_from_ptr(_: IoctlOutput, request: *mut c_void) -> rustix::io::Result<Self::Output> {
            // SAFETY: `request` is what `as_ptr` returned, and the kernel is done with it.
            Ok(unsafe { (*request.cast::<Request>()).header.mapped })
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn structures_have_the_kernels_sizes() {
            assert_eq!(size_of::<Header>(), 32);
            assert_eq!(size_of::<RawExtent>(), 56);
            assert_eq!(size_of::<Request>(), 32 + ROOM * 56);
        }

        fn raw(flags: u32) -> RawExtent {
            RawExtent { physical: 4096, length: 8192, flags, ..EMPTY }
        }

        #[test]
        fn each_kind_of_extent_is_counted_as_documented() {
            use crate::extents::{Extent, Layout};
            let layout = |flags| {
                let mut layout = Layout::default();
                layout.add(&raw(flags), 7);
                layout
            };
            let blocks = vec![Extent { device: 7, start: 4096, length: 8192 }];
            for plain in [0, 0x800 /* unwritten */, 0x2000 /* shared */, LAST] {
                assert_eq!(layout(plain).extents, blocks);
                assert!(!layout(plain).upper_bound);
            }
            assert_eq!(layout(DATA_INLINE | 0x100), Layout::default());
            for floating in [UNKNOWN, DELALLOC | UNKNOWN] {
                assert_eq!(layout(floating).unplaced_bytes, 8192);
                assert!(layout(floating).extents.is_empty());
            }
            assert_eq!(layout(ENCODED).extents, blocks);
            assert!(layout(ENCODED).upper_bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(runs: &[(u64, u64, u64)]) -> Vec<Extent> {
        let extent = |&(device, start, length)| Extent { device, start, length };
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
