//! A store that is wrong on purpose: it shows that probes can fail.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::cas::CAS;
use super::{Added, Bytes, Entry, FileRecord, Root, Store, StoreKind};
use crate::files::{At, FileError, create_parent, set_mode};
use crate::graph::layout::FileSharing;
use crate::key::{Digest, Key};
use crate::link::LinkMode;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreFault {
    /// Files that Cargo rewrites are shared with build directories like all others.
    SharedFingerprints,
    /// Stored files are used whatever their size and time.
    Trusting,
    /// Manifests are written before the files they name.
    ManifestFirst,
    /// Files get their final name and look before they have their bytes.
    TornFiles,
    /// Builds take no lock that would keep collection away.
    NoLock,
    /// Every lookup reads every entry.
    ReadsAll,
}

/// How often every entry is read at each lookup, so that it shows in a small store.
const READINGS: usize = 5;

/// A `cas` store with a fault, which `open` has to give to [`open_faulty`].
pub(crate) const fn faulty(open: fn(&Path) -> Result<Box<dyn Store>, FileError>) -> StoreKind {
    StoreKind { open, ..CAS }
}

pub(crate) fn open_faulty(root: &Path, fault: StoreFault) -> Result<Box<dyn Store>, FileError> {
    Ok(Box::new(FaultyStore { fault, inner: CAS.open(root)? }))
}

#[derive(Debug)]
struct FaultyStore {
    fault: StoreFault,
    inner: Box<dyn Store>,
}

impl FaultyStore {
    fn write_manifest(&self, entry: &Entry) -> Result<(), FileError> {
        let path = self.inner.manifest(&entry.key);
        create_parent(&path)?;
        entry.encode().and_then(|bytes| fs::write(&path, bytes)).at("write", &path)
    }

    fn files<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = (PathBuf, &'a FileRecord)> {
        entry.stored_files().map(|(file, _)| (self.inner.stored(entry, file), file))
    }

    /// Each file as a hole of the right size and time, then the manifest, then the bytes.
    fn add_torn(&self, entry: &Entry, unit_dir: &Path) -> Result<(), FileError> {
        let hole = |path: &Path, file: &FileRecord| {
            let hole = File::create(path)?;
            hole.set_len(file.size)?;
            hole.set_modified(entry.time())
        };
        for (path, file) in self.files(entry).filter(|(path, _)| !path.exists()) {
            create_parent(&path)?;
            hole(&path, file).at("write", &path)?;
        }
        self.write_manifest(entry)?;
        std::thread::sleep(Duration::from_millis(100));
        for (path, file) in self.files(entry) {
            let fill = || {
                let mut filled = File::options().write(true).open(&path)?;
                filled.write_all(&fs::read(unit_dir.join(&file.path))?)?;
                filled.set_modified(entry.time())?;
                set_mode(&filled, file.executable)
            };
            fill().at("fill", &path)?;
        }
        Ok(())
    }
}

/// The entry with every file stored and shared.
fn all_shared(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    for file in &mut entry.files {
        file.share = FileSharing::Shared;
        if let Some(bytes) = file.bytes.as_inline() {
            file.bytes = Bytes::Stored(Some(Digest::of(&bytes)));
        }
    }
    entry
}

impl Store for FaultyStore {
    fn add(&self, entry: &Entry, unit_dir: &Path, link: LinkMode) -> Result<Added, FileError> {
        match self.fault {
            StoreFault::SharedFingerprints => self.inner.add(&all_shared(entry), unit_dir, link),
            StoreFault::ManifestFirst => {
                self.write_manifest(entry)?;
                // What a crash would have to hit; a slow disk makes it as wide.
                std::thread::sleep(Duration::from_millis(5));
                self.inner.add(entry, unit_dir, link)
            }
            StoreFault::TornFiles if self.inner.lookup(&entry.key).is_none() => {
                self.add_torn(entry, unit_dir).map(|()| Added::New)
            }
            _ => self.inner.add(entry, unit_dir, link),
        }
    }

    fn lookup(&self, key: &Key) -> Option<Entry> {
        if self.fault == StoreFault::ReadsAll {
            (0..READINGS).for_each(|_| drop(self.inner.entries()));
        }
        self.inner.lookup(key)
    }

    fn is_intact(&self, entry: &Entry) -> bool {
        self.fault == StoreFault::Trusting || self.inner.is_intact(entry)
    }

    fn lock_shared(&self) -> Result<Option<File>, FileError> {
        if self.fault == StoreFault::NoLock { Ok(None) } else { self.inner.lock_shared() }
    }

    fn kind(&self) -> &'static StoreKind {
        self.inner.kind()
    }

    fn root(&self) -> &Root {
        self.inner.root()
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        self.inner.stored(entry, file)
    }

    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError> {
        self.inner.out_dir(entry)
    }

    fn entries(&self) -> Vec<Entry> {
        self.inner.entries()
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.inner.manifest(key)
    }

    fn touch(&self, key: &Key, now: SystemTime) {
        self.inner.touch(key, now);
    }
}
