//! `cas`: files by content, entries as manifests.
//!
//! ```text
//! blobs/<2 hex>/<blake3>[-x][-t<stamp>]   read-only files
//! entries/<2 hex>/<key>                   manifests
//! trees/<2 hex>/<key>/                    hard links to blobs, made when a unit is first
//!                                         linked in place
//! ```
//!
//! Whatever a hard link shares with its blob must be in the blob's name: the exec bit, and
//! a modification time other than the normal one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use super::root::sharded_names;
use super::{
    Added, Bytes, Entry, FileRecord, Root, Store, StoreKind, StoreShape, bring_in, is_sound, remove_whole, stamp,
};
use crate::files::{At, FileError, temporary_beside, write_atomic};
use crate::key::Key;
use crate::link::LinkMode;

const SHAPE: StoreShape = StoreShape { entries: "entries", blobs: Some("blobs"), trees: Some("trees") };

/// Content-addressed storage.
#[derive(Debug)]
pub struct CasKind;

impl StoreKind for CasKind {
    fn name(&self) -> &'static str {
        "cas"
    }

    fn about(&self) -> &'static str {
        "Files by content (BLAKE3) and a manifest for each unit: equal bytes are kept once, damage \
         can be found, a remote store can be filled file by file. Every published file is hashed."
    }

    fn hashes_everything(&self) -> bool {
        true
    }

    fn shape(&self) -> StoreShape {
        SHAPE
    }

    fn open(&self, root: &Path) -> Result<Box<dyn Store>, FileError> {
        Ok(Box::new(Cas { root: Root::open(root, &["blobs", "entries", "trees"])? }))
    }
}

#[derive(Debug)]
struct Cas {
    root: Root,
}

impl Cas {
    /// Links a tree that is there to the blobs that are there now, file by file: builds may have
    /// linked to it, and must not find it gone for a moment. Otherwise it would keep the inodes
    /// that a damaged entry had.
    fn renew_tree(&self, entry: &Entry) -> Result<(), FileError> {
        let tree = self.root.sharded("trees", &entry.key.hex());
        if !tree.is_dir() {
            return Ok(());
        }
        let renewed = || {
            for file in &entry.files {
                let Some(name) = file.path.strip_prefix("out/") else { continue };
                self.renew_file(entry, file, &tree.join(name))?;
            }
            entry.make_folders(&tree)
        };
        // A tree that is no such directory any more is made anew when it is asked for.
        renewed().or_else(|_| remove_whole(&tree, true))
    }

    fn renew_file(&self, entry: &Entry, file: &FileRecord, target: &Path) -> Result<(), FileError> {
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).at("create", parent)?;
        }
        if let Some(bytes) = file.bytes.as_inline() {
            return write_atomic(target, &bytes);
        }
        let temporary = temporary_beside(target);
        std::fs::hard_link(self.stored(entry, file), &temporary).at("link", &temporary)?;
        let renamed = std::fs::rename(&temporary, target).at("rename into place", target);
        // Renaming one name of an inode onto another of the same inode leaves both.
        let _ = std::fs::remove_file(&temporary);
        renamed
    }
}

impl Store for Cas {
    fn root(&self) -> &Root {
        &self.root
    }

    fn shape(&self) -> StoreShape {
        SHAPE
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.root.sharded("entries", &key.hex())
    }

    fn lookup(&self, key: &Key) -> Option<Entry> {
        Entry::read(&std::fs::read(self.manifest(key)).ok()?, key)
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        let digest = match &file.bytes {
            Bytes::Stored(Some(digest)) => digest.hex(),
            // An entry without digests is of another store: a name that does not exist.
            _ => "none".to_owned(),
        };
        let mut name = digest;
        if file.executable {
            name.push_str("-x");
        }
        if entry.stamp != stamp::NORMAL {
            name.push_str(&format!("-t{}", entry.stamp.as_nanos()));
        }
        self.root.sharded("blobs", &name)
    }

    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError> {
        let dir = self.root.sharded("trees", &entry.key.hex());
        if dir.is_dir() {
            return Ok(dir);
        }
        let temporary = temporary_beside(&dir);
        std::fs::create_dir_all(&temporary).at("create", &temporary)?;
        for file in &entry.files {
            let Some(name) = file.path.strip_prefix("out/") else { continue };
            let target = temporary.join(name);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).at("create", parent)?;
            }
            match file.bytes.as_inline() {
                Some(bytes) => std::fs::write(&target, bytes).at("write", &target)?,
                None => std::fs::hard_link(self.stored(entry, file), &target).at("link", &target)?,
            }
        }
        entry.make_folders(&temporary)?;
        match std::fs::rename(&temporary, &dir) {
            Err(_) if dir.is_dir() => std::fs::remove_dir_all(&temporary).at("remove", &temporary)?,
            other => other.at("rename into place", &dir)?,
        }
        Ok(dir)
    }

    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError> {
        if self.lookup(&entry.key).is_some_and(|known| super::check(self, &known, false).is_empty()) {
            self.touch(&entry.key, SystemTime::now());
            return Ok(Added::Known);
        }
        for file in entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_))) {
            let blob = self.stored(entry, file);
            if is_sound(&blob, entry, file) {
                continue;
            }
            if let Some(shard) = blob.parent() {
                std::fs::create_dir_all(shard).at("create", shard)?;
            }
            bring_in(entry, file, &unit_dir.join(&file.path), &blob, link)?;
        }
        self.renew_tree(entry)?;
        let path = self.manifest(&entry.key);
        if let Some(shard) = path.parent() {
            std::fs::create_dir_all(shard).at("create", shard)?;
        }
        write_atomic(&path, &entry.encode().at("encode", &path)?)?;
        Ok(Added::New)
    }

    fn entries(&self) -> Vec<Entry> {
        sharded_names(&self.root.path("entries"))
            .into_par_iter()
            .filter_map(|(name, path)| Entry::read(&std::fs::read(path).ok()?, &Key::from_hex(&name)?))
            .collect()
    }
}
