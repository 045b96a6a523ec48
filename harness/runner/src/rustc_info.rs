//! Cargo's notes on the compiler (`.rustc_info.json`), the same for every arm.
//!
//! In a fresh build directory Cargo asks rustc about itself anew. That is no property of a strategy, so a directory has the
//! notes before any build, outside all timing. Cargo checks them against rustc's path and time, and the wrappers around it.

use std::path::{Path, PathBuf};

/// The notes of one build directory, and those that are kept for the next one.
#[derive(Debug, Clone)]
pub struct RustcInfo {
    file: PathBuf,
    kept: PathBuf,
}

impl RustcInfo {
    /// Of this build directory; kept in `folder`.
    pub fn of(build_dir: &Path, folder: &Path) -> RustcInfo {
        RustcInfo { file: build_dir.join(".rustc_info.json"), kept: folder.join("rustc-info.json") }
    }

    /// Copies what is kept into a directory that has none; whether it has any now.
    pub fn restore(&self) -> bool {
        if self.kept.exists()
            && !self.file.exists()
            && let Some(dir) = self.file.parent()
            && std::fs::create_dir_all(dir).is_ok()
        {
            // Without it Cargo asks: slower, not wrong.
            let _ = std::fs::copy(&self.kept, &self.file);
        }
        self.file.exists()
    }

    /// Keeps the answers of a build that asked for more.
    pub fn keep(&self) {
        let size = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
        if size(&self.file) > size(&self.kept)
            && let Some(folder) = self.kept.parent()
            && let Ok(staged) = tempfile::NamedTempFile::new_in(folder)
            && std::fs::copy(&self.file, staged.path()).is_ok()
        {
            let _ = staged.persist(&self.kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_new_directory_has_the_longest_notes_and_none_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str| RustcInfo::of(&dir.path().join(name), dir.path());
        assert!(!of("a").restore(), "nothing is kept yet");
        for (name, text) in [("a", "long notes"), ("b", "notes")] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            std::fs::write(of(name).file, text).unwrap();
            of(name).keep();
        }
        assert!(of("c").restore() && of("b").restore());
        assert_eq!(std::fs::read(of("c").file).unwrap(), b"long notes");
        assert_eq!(std::fs::read(of("b").file).unwrap(), b"notes");
    }
}
