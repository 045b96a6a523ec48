//! Which file system a path is on, how much room it has, and which links work there.
//!
//! What a file system is called says little about what it can do (xfs may or may not have
//! reflinks, containers and network mounts have rules of their own), so link modes are
//! tried in a temporary directory, not looked up.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file system of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSystem {
    /// Its kind, for example `ext4`.
    pub kind: String,
    /// Where it is mounted, when the system tells.
    pub mount_point: Option<PathBuf>,
    /// What is mounted, when the system tells.
    pub device: Option<String>,
    /// Bytes that we may still write.
    pub free_bytes: u64,
    /// Its size in bytes.
    pub total_bytes: u64,
}

/// Whether a way of linking works, tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Support {
    /// It worked.
    Works,
    /// It did not, for this reason.
    Fails(String),
}

impl Support {
    /// Whether it worked.
    pub fn works(&self) -> bool {
        *self == Self::Works
    }

    fn of(result: io::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Works,
            Err(error) => Self::Fails(error.to_string()),
        }
    }
}

/// What works in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSupport {
    /// `link(2)`.
    pub hardlink: Support,
    /// `FICLONE` on Linux, `clonefile` on macOS, block cloning on Windows.
    pub reflink: Support,
    /// `symlink(2)`.
    pub symlink: Support,
}

/// A file system could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {attempt} {}: {source}", path.display())]
pub struct FileSystemError {
    attempt: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileSystem {
    /// Asks about an existing path.
    ///
    /// # Errors
    /// When the path does not exist or the system does not answer.
    pub fn of(path: &Path) -> Result<Self, FileSystemError> {
        let error = |source| FileSystemError { attempt: "find out the file system of", path: path.to_owned(), source };
        let real = path.canonicalize().map_err(error)?;
        let mount = std::fs::read_to_string("/proc/self/mountinfo").ok().and_then(|text| mount_of(&text, &real));
        let Statistics { magic, named, free_bytes, total_bytes } = statistics(&real).map_err(error)?;
        let kind = match (&mount, magic.and_then(name_of)) {
            // ext2, ext3 and ext4 share a number, FUSE hides many: the mount table knows more.
            (Some(mount), _) => mount.kind.clone(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => {
                named.or_else(|| magic.map(|m| format!("unknown ({m:#x})"))).unwrap_or("unknown".to_owned())
            }
        };
        let (mount_point, device) = mount.map_or((None, None), |m| (Some(m.point), Some(m.device)));
        Ok(Self { kind, mount_point, device, free_bytes, total_bytes })
    }
}

/// Bytes that we may still write at `path`.
///
/// # Errors
/// When the path does not exist.
pub fn free_bytes(path: &Path) -> Result<u64, FileSystemError> {
    room(path).map(|(free, _)| free).map_err(|source| FileSystemError {
        attempt: "find out the free space at",
        path: path.to_owned(),
        source,
    })
}

/// Whether a file can be renamed and linked from one path to the other, as far as device
/// numbers tell.
///
/// # Errors
/// When one of them does not exist.
#[cfg(unix)]
pub fn same_file_system(a: &Path, b: &Path) -> Result<bool, FileSystemError> {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| {
        path.metadata().map(|m| m.dev()).map_err(|source| FileSystemError {
            attempt: "find out the device of",
            path: path.to_owned(),
            source,
        })
    };
    Ok(device(a)? == device(b)?)
}

/// Whether both paths start with the same drive.
///
/// # Errors
/// When one of them does not exist.
#[cfg(not(unix))]
pub fn same_file_system(a: &Path, b: &Path) -> Result<bool, FileSystemError> {
    let drive = |path: &Path| {
        path.canonicalize()
            .map(|real| real.components().next().map(|c| c.as_os_str().to_owned()))
            .map_err(|source| FileSystemError { attempt: "find out the drive of", path: path.to_owned(), source })
    };
    Ok(drive(a)? == drive(b)?)
}

impl LinkSupport {
    /// Tries each way of linking in a temporary directory below `dir`.
    ///
    /// # Errors
    /// When nothing can be written there at all.
    pub fn try_in(dir: &Path) -> Result<Self, FileSystemError> {
        let error = |source| FileSystemError { attempt: "try links in", path: dir.to_owned(), source };
        let temp = tempfile::Builder::new().prefix(".links-").tempdir_in(dir).map_err(error)?;
        let original = temp.path().join("original");
        // Long enough to get a block of its own: some file systems keep a few bytes inline.
        std::fs::write(&original, vec![7; 64 * 1024]).map_err(error)?;
        let reads_back = |link: &Path| {
            let same = std::fs::read(link)? == std::fs::read(&original)?;
            if same { Ok(()) } else { Err(io::Error::other("the link reads differently")) }
        };
        let attempt = |name: &str, make: &dyn Fn(&Path) -> io::Result<()>| {
            let link = temp.path().join(name);
            Support::of(make(&link).and_then(|()| reads_back(&link)))
        };
        Ok(Self {
            hardlink: attempt("hardlink", &|link| std::fs::hard_link(&original, link)),
            reflink: attempt("reflink", &|link| reflink_copy::reflink(&original, link)),
            symlink: attempt("symlink", &|link| symlink(&original, link)),
        })
    }
}

#[cfg(unix)]
fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(windows)]
fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(original, link)
}

/// What the system says of the file system under a path.
struct Statistics {
    /// A number for its kind, on Linux.
    magic: Option<u64>,
    /// Its kind in words, elsewhere.
    named: Option<String>,
    free_bytes: u64,
    total_bytes: u64,
}

#[cfg(unix)]
fn statistics(path: &Path) -> io::Result<Statistics> {
    let (free_bytes, total_bytes) = room(path)?;
    #[cfg(target_os = "linux")]
    let (magic, named) = {
        let raw = rustix::fs::statfs(path)?.f_type;
        // The type's width and sign differ between architectures; magic numbers have 32 bits.
        #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast)]
        (Some(raw as u64 & 0xffff_ffff), None)
    };
    #[cfg(target_os = "macos")]
    let (magic, named) = {
        let name = rustix::fs::statfs(path)?.f_fstypename;
        let bytes: Vec<u8> = name.iter().map(|&c| c.cast_unsigned()).take_while(|&byte| byte != 0).collect();
        (None, Some(String::from_utf8_lossy(&bytes).into_owned()))
    };
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    let (magic, named) = (None, None);
    Ok(Statistics { magic, named, free_bytes, total_bytes })
}

/// Free bytes, total bytes: one system call, since it is asked while builds are measured.
#[cfg(unix)]
fn room(path: &Path) -> io::Result<(u64, u64)> {
    let room = rustix::fs::statvfs(path)?;
    // The fields' widths differ between systems.
    #[allow(clippy::useless_conversion)]
    let (free, all) = (u64::from(room.f_bavail), u64::from(room.f_blocks));
    Ok((free * room.f_frsize, all * room.f_frsize))
}

#[cfg(windows)]
fn statistics(path: &Path) -> io::Result<Statistics> {
    let (free_bytes, total_bytes) = room(path)?;
    Ok(Statistics { magic: None, named: super::windows::volume_kind(path), free_bytes, total_bytes })
}

#[cfg(windows)]
fn room(path: &Path) -> io::Result<(u64, u64)> {
    super::windows::room(path)
}

/// Names of magic numbers (include/uapi/linux/magic.h), for systems without a mount table.
fn name_of(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0xef53 => "ext",
        0x9123_683e => "btrfs",
        0x5846_5342 => "xfs",
        0x0102_1994 => "tmpfs",
        0x8584_58f6 => "ramfs",
        0x794c_7630 => "overlay",
        0x2fc1_2fc1 => "zfs",
        0xca45_1a4e => "bcachefs",
        0xf2f5_2010 => "f2fs",
        0x6969 => "nfs",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        0x5346_544e | 0x7366_746e => "ntfs",
        0x4d44 => "vfat",
        _ => return None,
    })
}

struct Mount {
    kind: String,
    point: PathBuf,
    device: String,
}

/// The mount a path lies on, from the text of `/proc/self/mountinfo`: the longest mount
/// point above it, and of equal ones the last, which lies on top.
fn mount_of(mountinfo: &str, path: &Path) -> Option<Mount> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let point = PathBuf::from(unescape(left.split(' ').nth(4)?));
        let mut right = right.split(' ');
        let kind = right.next()?.to_owned();
        Some(Mount { kind, point, device: unescape(right.next()?) })
    });
    mounts.filter(|mount| path.starts_with(&mount.point)).max_by_key(|mount| mount.point.components().count())
}

/// The kernel writes blanks and backslashes in octal: `\040`.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 4).and_then(|d| u8::from_str_radix(d, 8).ok());
        match digits {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "filesystem_tests.rs"]
mod tests;
