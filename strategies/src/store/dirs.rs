//! `dirs`: a directory a unit.
//!
//! ```text
//! units/<2 hex>/<key>/entry.json   the manifest
//! units/<2 hex>/<key>/out/…        the files, where the unit directory has them
//! ```
//!
//! Published by renaming a staged directory; only what dependents read is hashed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use super::root::sharded_names;
use super::{Added, Bytes, Entry, FileRecord, Root, Store, StoreKind, StoreShape, bring_in};
use crate::files::{At, FileError, temporary_beside};
use crate::key::Key;
use crate::link::LinkMode;

const SHAPE: StoreShape = StoreShape { entries: "units", blobs: None, trees: None };

/// A directory for each unit.
#[derive(Debug)]
pub struct DirsKind;

impl StoreKind for DirsKind {
    fn name(&self) -> &'static str {
        "dirs"
    }

    fn about(&self) -> &'static str {
        "A directory for each unit, published by one rename: nothing is hashed but what dependents \
         read, a unit is deleted by deleting its directory, and equal bytes of two units are kept twice."
    }

    fn hashes_everything(&self) -> bool {
        false
    }

    fn shape(&self) -> StoreShape {
        SHAPE
    }

    fn open(&self, root: &Path) -> Result<Box<dyn Store>, FileError> {
        Ok(Box::new(Dirs { root: Root::open(root, &["units"])? }))
    }
}

#[derive(Debug)]
struct Dirs {
    root: Root,
}

impl Dirs {
    fn unit_dir(&self, key: &Key) -> PathBuf {
        self.root.sharded("units", &key.hex())
    }

    fn stage(&self, entry: &Entry, unit_dir: &Path, staged: &Path, link: LinkMode) -> Result<(), FileError> {
        std::fs::create_dir_all(staged.join("out")).at("create", staged)?;
        for file in
            entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_)) || file.path.starts_with("out/"))
        {
            let target = staged.join(&file.path);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).at("create", parent)?;
            }
            match file.bytes.as_inline() {
                Some(bytes) => std::fs::write(&target, bytes).at("write", &target)?,
                None => bring_in(entry, file, &unit_dir.join(&file.path), &target, link)?,
            }
        }
        entry.make_folders(&staged.join("out"))?;
        let manifest = staged.join("entry.json");
        let bytes = entry.encode().at("encode", &manifest)?;
        std::fs::write(&manifest, bytes).at("write", &manifest)
    }

    fn has_sound(&self, key: &Key) -> bool {
        self.lookup(key).is_some_and(|known| super::check(self, &known, false).is_empty())
    }

    /// Puts a staged unit into place. What is there and sound stays: builds may have linked
    /// to it, and must not find it gone for a moment.
    fn settle(&self, key: &Key, staged: &Path, dir: &Path) -> Result<Added, FileError> {
        // Fails where there is a directory with something in it.
        let Err(error) = std::fs::rename(staged, dir) else { return Ok(Added::New) };
        if self.has_sound(key) {
            std::fs::remove_dir_all(staged).at("remove", staged)?;
            return Ok(Added::Known);
        }
        if !dir.exists() {
            return Err(error).at("rename into place", dir);
        }
        // A damaged unit makes room; builds that look now see a miss.
        let aside = temporary_beside(dir);
        std::fs::rename(dir, &aside).at("move aside", dir)?;
        let settled = std::fs::rename(staged, dir).at("rename into place", dir);
        std::fs::remove_dir_all(&aside).at("remove", &aside)?;
        settled.map(|()| Added::New)
    }
}

impl Store for Dirs {
    fn root(&self) -> &Root {
        &self.root
    }

    fn shape(&self) -> StoreShape {
        SHAPE
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.unit_dir(key).join("entry.json")
    }

    fn lookup(&self, key: &Key) -> Option<Entry> {
        Entry::read(&std::fs::read(self.manifest(key)).ok()?, key)
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
            return Ok(Added::Known);
        }
        let dir = self.unit_dir(&entry.key);
        if let Some(shard) = dir.parent() {
            std::fs::create_dir_all(shard).at("create", shard)?;
        }
        let staged = temporary_beside(&dir);
        let outcome = self.stage(entry, unit_dir, &staged, link).and_then(|()| self.settle(&entry.key, &staged, &dir));
        match outcome {
            Ok(added) => Ok(added),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&staged);
                // Somebody else was faster: theirs is as good.
                if self.lookup(&entry.key).is_some() { Ok(Added::Known) } else { Err(error) }
            }
        }
    }

    fn entries(&self) -> Vec<Entry> {
        sharded_names(&self.root.path("units"))
            .into_par_iter()
            .filter_map(|(name, path)| {
                Entry::read(&std::fs::read(path.join("entry.json")).ok()?, &Key::from_hex(&name)?)
            })
            .collect()
    }
}
