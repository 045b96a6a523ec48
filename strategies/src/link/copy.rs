//! Copies: a new inode with bytes of its own.

use std::io;
use std::path::Path;

use super::{LinkMode, Mechanism};

/// Copies: a new inode with bytes of its own.
#[derive(Debug)]
pub struct Copy;

impl LinkMode for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn about(&self) -> &'static str {
        "A new inode with bytes of its own: safe everywhere, pays for every byte in time and disk."
    }

    fn mechanism(&self) -> Mechanism {
        Mechanism::Copied
    }

    fn place(&self, stored: &Path, target: &Path) -> io::Result<Mechanism> {
        crate::files::copy(stored, target)?;
        Ok(Mechanism::Copied)
    }

    fn ingest(&self, built: &Path, target: &Path) -> io::Result<Mechanism> {
        crate::files::copy(built, target)?;
        Ok(Mechanism::Copied)
    }

    fn shares_inodes(&self) -> bool {
        false
    }
}
