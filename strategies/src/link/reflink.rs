//! Reflinks: a new inode that shares its extents until written.

use std::io;
use std::path::Path;

use super::{LinkMode, Mechanism};

/// Reflinks: a new inode that shares its extents until written.
#[derive(Debug)]
pub struct Reflink;

impl LinkMode for Reflink {
    fn name(&self) -> &'static str {
        "reflink"
    }

    fn about(&self) -> &'static str {
        "A new inode that shares its extents until one side writes: the bytes of a hard link with the safety of a copy. Needs btrfs, xfs, bcachefs, APFS or ReFS; elsewhere the mode is unsupported, never a silent copy."
    }

    fn mechanism(&self) -> Mechanism {
        Mechanism::Reflinked
    }

    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        super::reflink(stored, target)?;
        Ok(Mechanism::Reflinked)
    }

    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        super::reflink(built, target)?;
        Ok(Mechanism::Reflinked)
    }

    fn shares_inodes(&self) -> bool {
        false
    }
}
