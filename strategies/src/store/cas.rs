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

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::root::read_entries;
use super::{
    Added, Bytes, Entry, FileRecord, Root, Store, StoreKind, bring_in, check, is_sound, remove_whole, rename_file,
};
use crate::files::{At, FileError, create_parent, temporary_beside, write_atomic};
use crate::graph::layout::NORMAL_STAMP;
use crate::key::Key;
use crate::link::LinkMode;

/// Content-addressed storage.
pub(crate) static CAS: StoreKind = StoreKind {
    name: "cas",
    about: "Files by content (BLAKE3) and a manifest for each unit: equal bytes are stored once, damage can be found, a \
            remote store can be filled file by file. Every published file is hashed.",
    hashes_everything: true,
    entries: "entries",
    blobs: Some("blobs"),
    trees: Some("trees"),
    open: |root| Ok(Box::new(Cas { root: Root::open(root, &["blobs", "entries", "trees"])? })),
};

#[derive(Debug)]
struct Cas {
    root: Root,
}

impl Cas {
    /// Links a tree that is there to the blobs that are there now, file by file: builds may have
    /// linked to it, and must never find it missing. Otherwise it would keep the inodes
    /// that a damaged entry had.
    fn renew_tree(&self, entry: &Entry) -> Result<(), FileError> {
        let tree = self.root.sharded("trees", &entry.key.hex());
        if !tree.is_dir() {
            return Ok(());
        }
        let renewed = || {
            for (file, target) in entry.files_in(&tree) {
                create_parent(&target)?;
                match file.bytes.as_inline() {
                    Some(bytes) => write_atomic(&target, &bytes)?,
                    None => {
                        let temporary = temporary_beside(&target);
                        fs::hard_link(self.stored(entry, file), &temporary).at("link", &temporary)?;
                        rename_file(&temporary, &target).at("rename into place", &target)?;
                    }
                }
            }
            entry.make_folders(&tree)
        };
        // A tree that is no such directory any more is made anew when it is asked for.
        renewed().or_else(|_| remove_whole(&tree, true))
    }
}

impl Cas {
    /// Links the files of the unit's `out` into a new directory.
    fn fill_tree(&self, entry: &Entry, dir: &Path) -> Result<(), FileError> {
        fs::create_dir_all(dir).at("create", dir)?;
        for (file, target) in entry.files_in(dir) {
            create_parent(&target)?;
            match file.bytes.as_inline() {
                Some(bytes) => fs::write(&target, bytes).at("write", &target)?,
                None => fs::hard_link(self.stored(entry, file), &target).at("link", &target)?,
            }
        }
        entry.make_folders(dir)
    }
}

impl Store for Cas {
    fn kind(&self) -> &'static StoreKind {
        &CAS
    }

    fn root(&self) -> &Root {
        &self.root
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.root.sharded("entries", &key.hex())
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        let mut name = match &file.bytes {
            Bytes::Stored(Some(digest)) => digest.hex(),
            // An entry without digests is of another store: a name that does not exist.
            _ => "none".to_owned(),
        };
        if file.executable {
            name.push_str("-x");
        }
        if entry.stamp != NORMAL_STAMP {
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
        let made = self.fill_tree(entry, &temporary).and_then(|()| match fs::rename(&temporary, &dir) {
            Err(_) if dir.is_dir() => Ok(()),
            other => other.at("rename into place", &dir),
        });
        // What was renamed is no longer there; what failed half-way would stay.
        let _ = fs::remove_dir_all(&temporary);
        made.map(|()| dir)
    }

    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError> {
        if self.lookup(&entry.key).is_some_and(|stored| check(self, &stored, false).is_empty()) {
            self.touch(&entry.key, SystemTime::now());
            return Ok(Added::AlreadyThere);
        }
        for (file, _) in entry.stored_files() {
            let blob = self.stored(entry, file);
            if !is_sound(&blob, entry, file) {
                create_parent(&blob)?;
                bring_in(entry, file, &file.built(unit_dir), &blob, link)?;
            }
        }
        self.renew_tree(entry)?;
        let path = self.manifest(&entry.key);
        create_parent(&path)?;
        write_atomic(&path, &entry.encode().at("encode", &path)?)?;
        Ok(Added::New)
    }

    fn entries(&self) -> Vec<Entry> {
        read_entries(&self.root.path("entries"), "")
    }
}
