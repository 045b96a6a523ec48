//! Symbolic links to the stored file.

use std::io;
use std::path::Path;

use super::{LinkMode, Mechanism};

/// Symbolic links to the stored file.
#[derive(Debug)]
pub struct Symlink;

impl LinkMode for Symlink {
    fn name(&self) -> &'static str {
        "symlink"
    }

    fn about(&self) -> &'static str {
        "A symbolic link to each stored file: works across file systems, but the build directory stops working when the store goes, and every tool sees the link. What is built enters the store by hard link."
    }

    fn mechanism(&self) -> Mechanism {
        Mechanism::Symlinked
    }

    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        match symlink_file(stored, target) {
            Ok(()) => Ok(Mechanism::Symlinked),
            Err(error) => super::copy_where_impossible(error, stored, target),
        }
    }

    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        super::hardlink::Hardlink.ingest(built, target)
    }

    fn shares_inodes(&self) -> bool {
        true
    }
}

#[cfg(unix)]
use std::os::unix::fs::symlink as symlink_file;
#[cfg(windows)]
use std::os::windows::fs::symlink_file;
