//! What must be as it was: the files of others and the entries of the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use strategies::key::Digest;
use strategies::store::survey::Survey;
use strategies::store::verify::{VerifyOutcome, verify};

use crate::context::ProbeContext;
use crate::{ProbeError, ProbeResult};

/// Bytes and mode of every file below some directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSnapshot(BTreeMap<PathBuf, (Digest, u32)>);

impl FileSnapshot {
    /// A snapshot of directories of a probe; one that is not there holds nothing.
    pub(crate) fn take(cx: &ProbeContext<'_>, dirs: &[&str]) -> ProbeResult<FileSnapshot> {
        let mut files = BTreeMap::new();
        for dir in dirs.iter().map(|dir| cx.path(dir)).filter(|dir| dir.exists()) {
            for entry in walkdir::WalkDir::new(&dir) {
                let entry = entry.context("cannot walk a probe's directory")?;
                if entry.file_type().is_file() {
                    let meta = entry.metadata().context("cannot look at a file of a probe")?;
                    let digest = strategies::files::hash(entry.path())?;
                    files.insert(entry.into_path(), (digest, mode(&meta)));
                }
            }
        }
        Ok(FileSnapshot(files))
    }

    /// The first file that is not the same in both, and what is different.
    pub(crate) fn first_difference<'a>(&'a self, later: &'a FileSnapshot) -> Option<(&'a Path, &'static str)> {
        let changed = self.0.iter().find_map(|(path, (digest, mode))| match later.0.get(path) {
            None => Some((path.as_path(), "is gone")),
            Some((now, _)) if now != digest => Some((path.as_path(), "has other bytes")),
            Some((_, now)) if now != mode => Some((path.as_path(), "has another mode")),
            Some(_) => None,
        });
        let new = || later.0.keys().find(|path| !self.0.contains_key(*path)).map(|path| (path.as_path(), "is new"));
        changed.or_else(new)
    }
}

#[cfg(unix)]
fn mode(meta: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(meta: &std::fs::Metadata) -> u32 {
    u32::from(meta.permissions().readonly())
}

impl ProbeContext<'_> {
    /// The store of a `units` strategy with every byte read; `None` for others, whose stores only
    /// their owners can judge.
    fn verified(&self) -> ProbeResult<Option<VerifyOutcome>> {
        let Ok(store) = self.store() else { return Ok(None) };
        let survey =
            Survey::of(store).map_err(|error| ProbeError::Failed(format!("the store cannot be read: {error}")))?;
        Ok(Some(verify(store, &survey, &|_| ())))
    }

    /// The store of a `units` strategy holds nothing that is damaged.
    pub(crate) fn store_is_whole(&self) -> ProbeResult {
        let Some(verified) = self.verified()? else { return Ok(()) };
        if let Some(broken) = verified.broken.first() {
            let what = broken.damage.first().map_or("damaged", |damage| damage.what);
            return ProbeError::failed(format!("the store keeps a damaged entry: {} ({what})", broken.package));
        }
        match verified.unreadable.first() {
            Some(path) => ProbeError::failed(format!("the store keeps an unreadable manifest: {}", path.display())),
            None => Ok(()),
        }
    }

    /// The store of a `units` strategy would restore nothing that is damaged: what is missing or
    /// has another size or time is a miss and does no harm; other bytes alone go unnoticed.
    pub(crate) fn store_restores_no_damage(&self) -> ProbeResult {
        let Some(verified) = self.verified()? else { return Ok(()) };
        let unnoticed = |what: &str| what == "bytes changed";
        match verified.broken.iter().find(|it| it.damage.iter().all(|damage| unnoticed(damage.what))) {
            Some(broken) => ProbeError::failed(format!(
                "the store would restore damaged bytes: {} ({})",
                broken.package, broken.slot
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_seen() {
        let file = |name: &str, bytes: &[u8], mode: u32| (PathBuf::from(name), (Digest::of(bytes), mode));
        let snapshot = |files: &[(PathBuf, (Digest, u32))]| FileSnapshot(files.iter().cloned().collect());
        let before = snapshot(&[file("a", b"a", 0o644)]);
        let what = |later: &FileSnapshot| before.first_difference(later).map(|(_, what)| what);
        assert_eq!(what(&before), None);
        assert_eq!(what(&snapshot(&[file("a", b"b", 0o644)])), Some("has other bytes"));
        assert_eq!(what(&snapshot(&[file("a", b"a", 0o755)])), Some("has another mode"));
        assert_eq!(what(&snapshot(&[])), Some("is gone"));
        assert_eq!(what(&snapshot(&[file("a", b"a", 0o644), file("b", b"", 0)])), Some("is new"));
    }
}
