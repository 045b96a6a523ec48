//! Which file system a path is on, how much room it has, and which links work there.
//!
//! What a file system is called says little about what it can do (xfs may or may not have reflinks, containers and
//! network mounts have rules of their own), so link modes are tried in a temporary directory, not looked up.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::os;

/// A file system on which times of restoring mean little.
pub const EXT4_WITHOUT_JOURNAL: &str = "ext4 without a journal";
/// Why: it passes over the inodes that were freed in the last minutes, one by one.
pub const WITHOUT_JOURNAL_WHY: &str =
    "files that are made within minutes after others were removed take up to 20 times as long";
/// What to do about it.
pub const WITHOUT_JOURNAL_REMEDY: &str = "`--volume ext4:16G` makes a file system with a journal (as root)";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSystemFacts {
    /// As the kernel names it, or [`EXT4_WITHOUT_JOURNAL`].
    pub kind: String,
    pub mount_point: Option<PathBuf>,
    pub device: Option<String>,
    /// Bytes that we may still write.
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// What works in a directory, tried; what does not, for which reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSupport {
    pub hardlink: Result<(), String>,
    /// `FICLONE` on Linux, `clonefile` on macOS, block cloning on Windows.
    pub reflink: Result<(), String>,
    pub symlink: Result<(), String>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot {attempt} {}: {source}", path.display())]
pub struct FileSystemError {
    attempt: &'static str,
    path: PathBuf,
    source: io::Error,
}

pub(crate) fn failed(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileSystemError + use<> {
    let path = path.to_owned();
    move |source| FileSystemError { attempt, path, source }
}

impl FileSystemFacts {
    /// Asks about an existing path. Fails when the path does not exist or the system does not answer.
    pub fn of(path: &Path) -> Result<Self, FileSystemError> {
        let error = || failed("find out the file system of", path);
        let real = path.canonicalize().map_err(error())?;
        let mount = std::fs::read_to_string("/proc/self/mountinfo").ok().and_then(|text| mount_of(&text, &real));
        let (free_bytes, total_bytes) = os::room(&real).map_err(error())?;
        let unknown = Self { kind: "unknown".to_owned(), mount_point: None, device: None, free_bytes, total_bytes };
        Ok(Self { free_bytes, total_bytes, ..mount.unwrap_or(unknown) })
    }
}

/// Removes a directory tree, if it is there. Fails when something in it cannot be removed.
pub fn remove_dir(dir: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Bytes that we may still write at `path`. Fails when the path does not exist.
pub fn free_bytes(path: &Path) -> Result<u64, FileSystemError> {
    os::room(path).map(|(free, _)| free).map_err(failed("find out the free space at", path))
}

/// Whether a file can be renamed and linked from one path to the other, as far as device numbers show. Fails when one
/// of them does not exist.
pub fn same_file_system(a: &Path, b: &Path) -> Result<bool, FileSystemError> {
    let device = |path: &Path| {
        let number = path.metadata().map(|metadata| os::file_number(&metadata).map(|(file, _)| file.device));
        number.map_err(failed("find out the device of", path))
    };
    Ok(device(a)? == device(b)?)
}

impl LinkSupport {
    /// Tries each way of linking in a temporary directory below `dir`. Fails when nothing can be written there at all.
    pub fn try_in(dir: &Path) -> Result<Self, FileSystemError> {
        let temp = tempfile::Builder::new().prefix(".links-").tempdir_in(dir).map_err(failed("try links in", dir))?;
        let original = temp.path().join("original");
        // Long enough to get a block of its own: some file systems keep a few bytes inline.
        std::fs::write(&original, vec![7; 64 * 1024]).map_err(failed("try links in", dir))?;
        let reads_back = |link: &Path| {
            let same = std::fs::read(link)? == std::fs::read(&original)?;
            if same { Ok(()) } else { Err(io::Error::other("the link reads differently")) }
        };
        let attempt = |name: &str, make: &dyn Fn(&Path) -> io::Result<()>| {
            let link = temp.path().join(name);
            make(&link).and_then(|()| reads_back(&link)).map_err(|error| error.to_string())
        };
        Ok(Self {
            hardlink: attempt("hardlink", &|link| std::fs::hard_link(&original, link)),
            reflink: attempt("reflink", &|link| reflink_copy::reflink(&original, link)),
            symlink: attempt("symlink", &|link| os::symlink(&original, link)),
        })
    }
}

/// The mount a path lies on, from the text of `/proc/self/mountinfo`: the longest mount
/// point above it, and of equal ones the last, which lies on top.
fn mount_of(mountinfo: &str, path: &Path) -> Option<FileSystemFacts> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let [_, _, number, _, point, ..] = left.split(' ').collect::<Vec<_>>()[..] else { return None };
        let point = PathBuf::from(unescape(point));
        let mut right = right.split(' ');
        let (kind, device) = (right.next()?, Some(unescape(right.next()?)));
        let kind = if kind == "ext4" && lacks_journal(number) { EXT4_WITHOUT_JOURNAL } else { kind }.to_owned();
        let depth = path.starts_with(&point).then(|| point.components().count())?;
        Some((depth, FileSystemFacts { kind, mount_point: Some(point), device, free_bytes: 0, total_bytes: 0 }))
    });
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, mount)| mount)
}

/// Whether the ext4 on a device, `major:minor`, has no journal: with one, its options say what goes through it.
fn lacks_journal(number: &str) -> bool {
    let name = std::fs::read_link(Path::new("/sys/dev/block").join(number));
    let name = name.ok().and_then(|link| Some(link.file_name()?.to_owned()));
    let options = name.map(|name| std::fs::read_to_string(Path::new("/proc/fs/ext4").join(name).join("options")));
    options.and_then(Result::ok).is_some_and(|text| !text.lines().any(|line| line.starts_with("data=")))
}

/// The kernel writes blanks and backslashes in octal: `\040`.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => out.extend([&*char::from(byte).to_string(), &part[3..]]),
            None => out.extend(["\\", part]),
        }
    }
    out
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 0:24 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 0:25 / /mnt rw - tmpfs tmpfs rw,size=1k\n\
        31 30 0:26 / /mnt/with\\040blank rw - xfs /dev/loop\\134x rw\n\
        32 22 0:27 / /mnt rw - btrfs /dev/loop1 rw\n";

    #[test]
    fn the_longest_and_topmost_mount_wins() {
        let on = |path: &str| mount_of(MOUNTS, Path::new(path)).unwrap();
        assert_eq!(on("/home/x").kind, "ext4");
        assert_eq!(on("/mnt/x").kind, "btrfs", "mounted over the tmpfs");
        assert_eq!(on("/mntx").kind, "ext4", "a name that only starts alike");
        let odd = on("/mnt/with blank/deep");
        assert_eq!((odd.kind.as_str(), odd.device.as_deref()), ("xfs", Some("/dev/loop\\x")));
    }

    #[test]
    fn this_file_system_is_described() {
        let fs = FileSystemFacts::of(Path::new("/proc")).unwrap();
        assert_eq!((fs.kind.as_str(), fs.mount_point.as_deref()), ("proc", Some(Path::new("/proc"))));
        let dir = tempfile::tempdir().unwrap();
        let fs = FileSystemFacts::of(dir.path()).unwrap();
        assert!(fs.free_bytes > 0 && fs.free_bytes <= fs.total_bytes, "{fs:?}");
        assert!(same_file_system(dir.path(), dir.path()).unwrap());
        assert!(!same_file_system(dir.path(), Path::new("/proc")).unwrap());
    }

    #[test]
    fn a_path_that_is_not_there_is_named() {
        let error = FileSystemFacts::of(Path::new("/no/such")).unwrap_err().to_string();
        assert!(error.starts_with("cannot find out the file system of /no/such: "), "{error}");
    }

    #[test]
    fn links_are_really_tried_and_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let support = LinkSupport::try_in(dir.path()).unwrap();
        assert!(support.hardlink.is_ok() && support.symlink.is_ok(), "{support:?}");
        let kind = FileSystemFacts::of(dir.path()).unwrap().kind;
        match kind.as_str() {
            "ext4" | EXT4_WITHOUT_JOURNAL | "tmpfs" => assert!(support.reflink.is_err(), "{kind} has no reflinks"),
            "btrfs" => assert!(support.reflink.is_ok(), "{support:?}"),
            other => skip::skip("the reflink part", &format!("nothing is certain about {other}")),
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(LinkSupport::try_in(Path::new("/proc")).is_err());
    }
}
