//! Hard links: another name of the same inode.

use std::io;
use std::path::Path;

use super::{LinkMode, Mechanism};

/// Hard links: another name of the same inode.
#[derive(Debug)]
pub struct Hardlink;

impl LinkMode for Hardlink {
    fn name(&self) -> &'static str {
        "hardlink"
    }

    fn about(&self) -> &'static str {
        "Another name of the same inode: one set of bytes and pages for every build directory, one system call a file. Times and modes are shared too, and a tool that writes in place writes into the store. Store and build directory must share a file system."
    }

    fn mechanism(&self) -> Mechanism {
        Mechanism::Hardlinked
    }

    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        match std::fs::hard_link(stored, target) {
            Ok(()) => Ok(Mechanism::Hardlinked),
            Err(error) => super::copy_where_impossible(error, stored, target),
        }
    }

    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        match std::fs::hard_link(built, target) {
            Ok(()) => Ok(Mechanism::Hardlinked),
            Err(error) => super::copy_where_impossible(error, built, target),
        }
    }

    fn shares_inodes(&self) -> bool {
        true
    }
}
