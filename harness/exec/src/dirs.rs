//! Directory trees as a whole.

use std::path::Path;

use anyhow::{Context as _, Result};

/// Removes a directory tree, if it is there. Fails when something in it cannot be removed.
pub fn remove_dir(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}
