//! Link modes: how a stored file reaches a build directory, and a built one the store.
//!
//! Every mode reports the mechanism that really happened. A new mode is a variant of [`LinkMode`]; a new mechanism is
//! one of [`Mechanism`], and a column where rows are written.

use std::io;
use std::path::Path;

use enum_map::Enum;

#[cfg(unix)]
use std::os::unix::fs::symlink as symlink_dir;
#[cfg(unix)]
pub(crate) use std::os::unix::fs::symlink as symlink_file;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir;
#[cfg(windows)]
pub(crate) use std::os::windows::fs::symlink_file;

use crate::files;

/// What really happened to one file (or, in place, to one directory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum Mechanism {
    /// A second name of the same inode.
    Hardlinked,
    /// A new inode that shares its extents.
    Reflinked,
    /// A new inode with its own bytes.
    Copied,
    /// A symbolic link to the file or its directory.
    Symlinked,
}

/// A way for a file to get from one path to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkMode {
    /// Another name of the same inode.
    Hardlink,
    /// A new inode that shares its extents until written.
    Reflink,
    /// A new inode with bytes of its own.
    Copy,
    /// A symbolic link to each stored file.
    Symlink,
    /// A symbolic link in the place of a unit's whole output directory.
    InPlace,
}

impl LinkMode {
    /// Every link mode.
    pub const ALL: [LinkMode; 5] =
        [LinkMode::Hardlink, LinkMode::Reflink, LinkMode::Copy, LinkMode::Symlink, LinkMode::InPlace];

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            LinkMode::Hardlink => "hardlink",
            LinkMode::Reflink => "reflink",
            LinkMode::Copy => "copy",
            LinkMode::Symlink => "symlink",
            LinkMode::InPlace => "in-place",
        }
    }

    /// What it does and what it costs, in a few sentences.
    pub fn about(self) -> &'static str {
        match self {
            LinkMode::Hardlink => {
                "Another name of the same inode: one set of bytes and pages for every build directory, one system call a \
                 file. Times and modes are shared too, and a tool that writes in place writes into the store. Store and \
                 build directory must share a file system."
            }
            LinkMode::Reflink => {
                "A new inode that shares its extents until one side writes: the bytes of a hard link with the safety of a \
                 copy. Needs btrfs, xfs, bcachefs, APFS or ReFS; elsewhere the mode is unsupported, never a silent copy."
            }
            LinkMode::Copy => {
                "A new inode with bytes of its own: safe everywhere, pays for every byte in time and disk."
            }
            LinkMode::Symlink => {
                "A symbolic link to each stored file: works across file systems, but the build directory stops working \
                 when the store goes, and every tool sees the link. What is built enters the store by hard link."
            }
            LinkMode::InPlace => {
                "A unit's whole out directory is one symbolic link into the store: one link a unit whatever it contains, \
                 nothing to free in the build directory. A rebuild would write into the store, so only units that Cargo \
                 never builds again in one place are linked so; of others each file is."
            }
        }
    }

    /// The mechanism a row of this mode must show.
    pub fn mechanism(self) -> Mechanism {
        match self {
            LinkMode::Hardlink => Mechanism::Hardlinked,
            LinkMode::Reflink => Mechanism::Reflinked,
            LinkMode::Copy => Mechanism::Copied,
            LinkMode::Symlink | LinkMode::InPlace => Mechanism::Symlinked,
        }
    }

    /// Whether placed files are the store's own inodes: then their times and modes are those of the store and cannot be
    /// set for one build directory.
    pub fn shares_inodes(self) -> bool {
        matches!(self, LinkMode::Hardlink | LinkMode::Symlink | LinkMode::InPlace)
    }

    /// Whether a unit's whole `out` directory is linked at once.
    pub fn whole_directories(self) -> bool {
        self == LinkMode::InPlace
    }

    /// Brings a stored file to a path in a build directory where nothing is yet.
    ///
    /// # Errors
    /// When neither the mechanism nor its fallback works.
    pub fn place(self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        match self {
            LinkMode::Hardlink => linked_or_copied(std::fs::hard_link(stored, target), self, stored, target),
            LinkMode::Reflink => reflink(stored, target).map(|()| Mechanism::Reflinked),
            LinkMode::Copy => files::copy(stored, target).map(|_| Mechanism::Copied),
            LinkMode::Symlink => linked_or_copied(symlink_file(stored, target), self, stored, target),
            LinkMode::InPlace => symlink_dir(stored, target).map(|()| Mechanism::Symlinked),
        }
    }

    /// Brings a built file into the store, to a name where nothing is yet.
    ///
    /// # Errors
    /// When neither the mechanism nor its fallback works.
    pub fn ingest(self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        match self {
            LinkMode::Symlink | LinkMode::InPlace => LinkMode::Hardlink.place(built, target),
            mode => mode.place(built, target),
        }
    }

    /// Tries the mode in a directory.
    ///
    /// # Errors
    /// One line saying why it does not work there.
    pub fn probe(self, dir: &Path) -> Result<(), String> {
        let attempt = || -> io::Result<Mechanism> {
            let dir = tempfile::tempdir_in(dir)?;
            let from = dir.path().join("from");
            std::fs::write(&from, b"probe")?;
            self.place(&from, &dir.path().join("to"))
        };
        match attempt() {
            Ok(mechanism) if mechanism == self.mechanism() => Ok(()),
            Ok(other) => Err(format!("{} is not possible here, {other:?} happened instead", self.name())),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                Err(format!("this file system has no {}s", self.name()))
            }
            Err(error) => Err(format!("{} is not possible here: {error}", self.name())),
        }
    }
}

/// Copies where linking is impossible between these two paths or for this file: another file system, too many links, no
/// such feature. Anything else is an error.
fn linked_or_copied(linked: io::Result<()>, mode: LinkMode, from: &Path, to: &Path) -> io::Result<Mechanism> {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    match linked {
        Ok(()) => Ok(mode.mechanism()),
        Err(error) => match error.kind() {
            CrossesDevices | TooManyLinks | Unsupported | PermissionDenied => {
                files::copy(from, to).map(|_| Mechanism::Copied)
            }
            _ => Err(error),
        },
    }
}

/// Makes `to` a reflink of `from`: a new inode, executable where the original is, writable.
pub(crate) fn reflink(from: &Path, to: &Path) -> io::Result<()> {
    reflink_copy::reflink(from, to)?;
    let executable = files::is_executable(&std::fs::metadata(from)?);
    files::set_mode(&files::open_for_attributes(to)?, executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stored file, and the modes that bring single files.
    fn stored() -> (tempfile::TempDir, std::path::PathBuf, impl Iterator<Item = LinkMode>) {
        let dir = tempfile::tempdir().unwrap();
        let stored = dir.path().join("stored");
        std::fs::write(&stored, b"bytes").unwrap();
        (dir, stored, LinkMode::ALL.into_iter().filter(|mode| !mode.whole_directories()))
    }

    #[test]
    fn every_mode_brings_the_bytes_and_says_how() {
        let (dir, stored, modes) = stored();
        for mode in modes {
            let target = dir.path().join(mode.name());
            match mode.place(&stored, &target) {
                Ok(mechanism) => {
                    assert_eq!(mechanism, mode.mechanism(), "{}", mode.name());
                    assert_eq!(std::fs::read(&target).unwrap(), b"bytes");
                }
                Err(error) => assert_eq!(mode.name(), "reflink", "{error}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_modes_that_say_so_share_inodes() {
        use std::os::unix::fs::MetadataExt;
        let (dir, stored, modes) = stored();
        for mode in modes {
            let target = dir.path().join(mode.name());
            if mode.place(&stored, &target).is_ok() {
                let same = std::fs::metadata(&target).unwrap().ino() == std::fs::metadata(&stored).unwrap().ino();
                assert_eq!(same, mode.shares_inodes(), "{}", mode.name());
            }
        }
    }

    #[test]
    fn an_existing_target_is_never_overwritten() {
        let (dir, stored, modes) = stored();
        let target = dir.path().join("target");
        std::fs::write(&target, b"old").unwrap();
        for mode in modes {
            assert!(mode.place(&stored, &target).is_err(), "{}", mode.name());
            assert_eq!(std::fs::read(&target).unwrap(), b"old");
        }
    }
}
