//! What must be as it was: other people's files, the store's entries, what programs print.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use strategies::key::Digest;
use strategies::store::survey::Survey;
use strategies::store::verify::{VerifyOutcome, verify};

use super::bench::Bench;
use super::{Told, Wrong};

/// Bytes and mode of every file below some directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, (Digest, u32)>);

impl Snapshot {
    /// Of some directories below the place of a bench; one that is not there holds nothing.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(bench: &Bench<'_>, dirs: &[&str]) -> Result<Snapshot, Wrong> {
        let mut files = BTreeMap::new();
        for dir in dirs.iter().map(|dir| bench.at(dir)).filter(|dir| dir.exists()) {
            for entry in walkdir::WalkDir::new(&dir) {
                let entry = entry.context("cannot walk the place of a story")?;
                if entry.file_type().is_file() {
                    let meta = entry.metadata().context("cannot look at a file of a story")?;
                    let digest = strategies::files::hash(entry.path())?;
                    files.insert(entry.into_path(), (digest, mode(&meta)));
                }
            }
        }
        Ok(Snapshot(files))
    }

    /// The first file that is not in both alike, and what is different.
    pub fn first_difference<'a>(&'a self, later: &'a Snapshot) -> Option<(&'a Path, &'static str)> {
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

impl Bench<'_> {
    /// Everything in the store of a `units` strategy with every byte read; `None` for others,
    /// whose stores only their owners can judge.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verified(&self) -> Result<Option<VerifyOutcome>, Wrong> {
        let Ok(store) = self.store() else { return Ok(None) };
        let survey = Survey::of(store).map_err(|error| Wrong::Failed(format!("the store cannot be read: {error}")))?;
        Ok(Some(verify(store, &survey, &|_| ())))
    }

    /// The store of a `units` strategy holds nothing that is damaged.
    ///
    /// # Errors
    /// When it does.
    pub fn store_is_whole(&self) -> Told {
        let Some(verified) = self.verified()? else { return Ok(()) };
        if let Some(broken) = verified.broken.first() {
            let what = broken.damage.first().map_or("damaged", |damage| damage.what);
            return Err(Wrong::Failed(format!("the store keeps a damaged entry: {} ({what})", broken.package)));
        }
        match verified.unreadable.first() {
            Some(path) => Err(Wrong::Failed(format!("the store keeps an unreadable manifest: {}", path.display()))),
            None => Ok(()),
        }
    }

    /// The store of a `units` strategy hands out nothing that is damaged: what is missing or
    /// has another size or time is a miss and does no harm; other bytes alone go unnoticed.
    ///
    /// # Errors
    /// When it does.
    pub fn store_hands_out_no_damage(&self) -> Told {
        let Some(verified) = self.verified()? else { return Ok(()) };
        let unnoticed = |what: &str| what == "bytes changed";
        match verified.broken.iter().find(|it| it.damage.iter().all(|damage| unnoticed(damage.what))) {
            Some(broken) => Err(Wrong::Failed(format!(
                "the store would hand out damaged bytes: {} ({})",
                broken.package, broken.slot
            ))),
            None => Ok(()),
        }
    }

    /// Builds a tree, whatever of it is reused or rebuilt, and looks at what it prints.
    ///
    /// # Errors
    /// When the build fails or the program prints something else.
    pub fn survives(&mut self, tree: &str, prints: &str) -> Told {
        self.try_build(tree)?.map_err(brief)?;
        self.prints(tree, prints)
    }
}

/// A linker that is given damaged files talks at length.
fn brief(wrong: Wrong) -> Wrong {
    const ENOUGH: usize = 160;
    match wrong {
        Wrong::Failed(why) if why.chars().count() > ENOUGH => {
            Wrong::Failed(format!("{} …", why.chars().take(ENOUGH).collect::<String>().trim_end()))
        }
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_seen() {
        let file = |name: &str, bytes: &[u8], mode: u32| (PathBuf::from(name), (Digest::of(bytes), mode));
        let snapshot = |files: &[(PathBuf, (Digest, u32))]| Snapshot(files.iter().cloned().collect());
        let before = snapshot(&[file("a", b"a", 0o644)]);
        let what = |later: &Snapshot| before.first_difference(later).map(|(_, what)| what);
        assert_eq!(what(&before), None);
        assert_eq!(what(&snapshot(&[file("a", b"b", 0o644)])), Some("has other bytes"));
        assert_eq!(what(&snapshot(&[file("a", b"a", 0o755)])), Some("has another mode"));
        assert_eq!(what(&snapshot(&[])), Some("is gone"));
        assert_eq!(what(&snapshot(&[file("a", b"a", 0o644), file("b", b"", 0)])), Some("is new"));
    }
}
