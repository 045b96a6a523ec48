//! `dirs`: a directory a unit.
//!
//! ```text
//! units/<2 hex>/<key>/entry.json   the manifest
//! units/<2 hex>/<key>/out/…        the files, where the unit directory has them
//! ```
//!
//! Published by renaming a staged directory; only what dependents read is hashed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::root::read_entries;
use super::{Added, Bytes, Entry, FileRecord, Root, Store, StoreKind, bring_in, check};
use crate::files::{At, FileError, create_parent, temporary_beside};
use crate::key::Key;
use crate::link::LinkMode;

/// A directory for each unit.
pub(crate) static DIRS: StoreKind = StoreKind {
    name: "dirs",
    about: "A directory for each unit, published by one rename: nothing is hashed but what dependents read, a unit is \
            deleted by deleting its directory, and equal bytes of two units are stored twice.",
    hashes_everything: false,
    entries: "units",
    blobs: None,
    trees: None,
    open: |root| Ok(Box::new(Dirs { root: Root::open(root, &["units"])? })),
};

#[derive(Debug)]
struct Dirs {
    root: Root,
}

impl Dirs {
    fn unit_dir(&self, key: &Key) -> PathBuf {
        self.root.sharded("units", &key.hex())
    }

    fn stage(&self, entry: &Entry, unit_dir: &Path, staged: &Path, link: LinkMode) -> Result<(), FileError> {
        let out = staged.join("out");
        fs::create_dir_all(&out).at("create", &out)?;
        let is_kept = |file: &&FileRecord| match file.bytes {
            Bytes::Stored(_) => true,
            // A link is in the manifest alone.
            Bytes::Link(_) => false,
            Bytes::Text(_) | Bytes::Hex(_) => file.path.starts_with("out/"),
        };
        for file in entry.files.iter().filter(is_kept) {
            let target = staged.join(&file.path);
            create_parent(&target)?;
            match file.bytes.as_inline() {
                Some(bytes) => fs::write(&target, bytes).at("write", &target)?,
                None => bring_in(entry, file, &file.built(unit_dir), &target, link)?,
            }
        }
        entry.make_folders(&out)?;
        let manifest = staged.join("entry.json");
        let bytes = entry.encode().at("encode", &manifest)?;
        fs::write(&manifest, bytes).at("write", &manifest)
    }

    fn has_sound(&self, key: &Key) -> bool {
        self.lookup(key).is_some_and(|stored| check(self, &stored, false).is_empty())
    }

    /// Renames a staged unit into place. A sound one that is there stays: builds may have linked
    /// to it, and must never find it missing.
    fn install(&self, key: &Key, staged: &Path, dir: &Path) -> Result<Added, FileError> {
        // Fails where there is a directory that is not empty.
        let Err(error) = fs::rename(staged, dir) else { return Ok(Added::New) };
        if self.has_sound(key) {
            fs::remove_dir_all(staged).at("remove", staged)?;
            return Ok(Added::AlreadyThere);
        }
        if !dir.exists() {
            return Err(error).at("rename into place", dir);
        }
        // A damaged unit makes room; builds that look now see a miss.
        let aside = temporary_beside(dir);
        fs::rename(dir, &aside).at("move aside", dir)?;
        let installed = fs::rename(staged, dir).at("rename into place", dir);
        fs::remove_dir_all(&aside).at("remove", &aside)?;
        installed.map(|()| Added::New)
    }
}

impl Store for Dirs {
    fn kind(&self) -> &'static StoreKind {
        &DIRS
    }

    fn root(&self) -> &Root {
        &self.root
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.unit_dir(key).join("entry.json")
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        self.unit_dir(&entry.key).join(&file.path)
    }

    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError> {
        Ok(self.unit_dir(&entry.key).join("out"))
    }

    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError> {
        if self.has_sound(&entry.key) {
            self.touch(&entry.key, SystemTime::now());
            return Ok(Added::AlreadyThere);
        }
        let dir = self.unit_dir(&entry.key);
        create_parent(&dir)?;
        let staged = temporary_beside(&dir);
        let outcome = self.stage(entry, unit_dir, &staged, link).and_then(|()| self.install(&entry.key, &staged, &dir));
        outcome.or_else(|error| {
            let _ = fs::remove_dir_all(&staged);
            // Another publisher was faster: its entry is as good.
            self.lookup(&entry.key).map(|_| Added::AlreadyThere).ok_or(error)
        })
    }

    fn entries(&self) -> Vec<Entry> {
        read_entries(&self.root.path("units"), "entry.json")
    }
}
