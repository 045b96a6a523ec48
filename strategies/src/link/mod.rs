//! Link modes: how a stored file reaches a build directory, and a built one the store.
//!
//! Every mode reports the mechanism that really happened. A new mode is a file here and a
//! line in [`ALL`].

mod copy;
mod hardlink;
mod in_place;
mod reflink;
mod symlink;

use std::fmt::Debug;
use std::io;
use std::path::Path;

/// What really happened to one file (or, in place, to one directory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A way for a file to get from one place to another.
pub trait LinkMode: Debug + Sync {
    /// Stable name.
    fn name(&self) -> &'static str;

    /// What it does and what it costs, in a few sentences.
    fn about(&self) -> &'static str;

    /// The mechanism a row of this mode must show.
    fn mechanism(&self) -> Mechanism;

    /// Brings a stored file to a place in a build directory where nothing is yet.
    ///
    /// # Errors
    /// When neither the mechanism nor its fallback works.
    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism>;

    /// Brings a built file into the store, to a name where nothing is yet.
    ///
    /// # Errors
    /// When neither the mechanism nor its fallback works.
    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism>;

    /// Whether placed files are the store's own inodes: then their times and modes are
    /// those of the store and cannot be set for one build directory.
    fn shares_inodes(&self) -> bool;

    /// Whether a unit's whole `out` directory is linked at once.
    fn whole_directories(&self) -> bool {
        false
    }

    /// Tries the mode in a directory.
    ///
    /// # Errors
    /// One line saying why it does not work there.
    fn probe(&self, dir: &Path) -> Result<(), String> {
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

/// Every link mode.
pub static ALL: [&dyn LinkMode; 5] =
    [&hardlink::Hardlink, &reflink::Reflink, &copy::Copy, &symlink::Symlink, &in_place::InPlace];

/// Copies where linking is impossible between these two places or for this file: another
/// file system, too many links, no such feature. Anything else is an error.
fn copy_where_impossible(error: io::Error, from: &Path, to: &Path) -> io::Result<Mechanism> {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    match error.kind() {
        CrossesDevices | TooManyLinks | Unsupported | PermissionDenied => {
            crate::files::copy(from, to)?;
            Ok(Mechanism::Copied)
        }
        _ => Err(error),
    }
}

/// Makes `to` a reflink of `from`: a new inode, executable where the original is, writable.
///
/// # Errors
/// When `to` exists, or the file system has no reflinks.
pub fn reflink(from: &Path, to: &Path) -> io::Result<()> {
    reflink_copy::reflink(from, to)?;
    let executable = crate::files::is_executable(&std::fs::metadata(from)?);
    crate::files::set_mode(&crate::files::open_to_settle(to)?, executable, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_brings_the_bytes_and_says_how() {
        let dir = tempfile::tempdir().unwrap();
        let stored = dir.path().join("stored");
        std::fs::write(&stored, b"bytes").unwrap();
        for mode in ALL {
            if mode.whole_directories() {
                continue;
            }
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
        let dir = tempfile::tempdir().unwrap();
        let stored = dir.path().join("stored");
        std::fs::write(&stored, b"bytes").unwrap();
        for mode in ALL.iter().filter(|mode| !mode.whole_directories()) {
            let target = dir.path().join(mode.name());
            if mode.place(&stored, &target).is_ok() {
                let same = std::fs::metadata(&target).unwrap().ino() == std::fs::metadata(&stored).unwrap().ino();
                assert_eq!(same, mode.shares_inodes(), "{}", mode.name());
            }
        }
    }

    #[test]
    fn an_existing_target_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (stored, target) = (dir.path().join("stored"), dir.path().join("target"));
        std::fs::write(&stored, b"new").unwrap();
        std::fs::write(&target, b"old").unwrap();
        for mode in ALL.iter().filter(|mode| !mode.whole_directories()) {
            assert!(mode.place(&stored, &target).is_err(), "{}", mode.name());
            assert_eq!(std::fs::read(&target).unwrap(), b"old");
        }
    }
}
