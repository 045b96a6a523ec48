//! In place: a unit's output directory is itself a link into the store.

use std::io;
use std::path::Path;

use super::{LinkMode, Mechanism};

/// In place: a unit's output directory is itself a link into the store.
#[derive(Debug)]
pub struct InPlace;

impl LinkMode for InPlace {
    fn name(&self) -> &'static str {
        "in-place"
    }

    fn about(&self) -> &'static str {
        "A unit's whole out directory is one symbolic link into the store: one link a unit whatever it holds, nothing to free in the build directory. A rebuild that Cargo starts on its own would write into the store, so such links are cut before Cargo runs wherever a rebuild is to be expected."
    }

    fn mechanism(&self) -> Mechanism {
        Mechanism::Symlinked
    }

    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        symlink_dir(stored, target)?;
        Ok(Mechanism::Symlinked)
    }

    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        super::hardlink::Hardlink.ingest(built, target)
    }

    fn shares_inodes(&self) -> bool {
        true
    }

    fn whole_directories(&self) -> bool {
        true
    }
}

#[cfg(unix)]
use std::os::unix::fs::symlink as symlink_dir;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir;
