//! Deliberate mistakes, to show that probes can fail.
//!
//! A probe that every strategy passes proves something only if it would catch one that is
//! wrong. Each strategy here is `hardlink+aggressive` (`symlink+aggressive` for a missing lock)
//! with one mistake that a design could really make. They are called `broken:<mistake>`, no glob but `broken:*` picks them, and
//! nothing but `harness probe` takes them.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::catalog::Strategy;
use crate::files::{At, FileError, set_mode};
use crate::key::{Key, Recipe};
use crate::link::{self, LinkMode};
use crate::policy;
use crate::store::{self, Added, Bytes, Entry, FileRecord, Root, Shape, Store, StoreKind};
use crate::units::Units;

/// What their names begin with.
pub const PREFIX: &str = "broken:";

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Keys hold names and versions and nothing else: no features, flags, sources, contents.
    NarrowKey,
    /// Keys leave out what dependencies hand over.
    NoContent,
    /// Files that Cargo rewrites are shared with the store like all others.
    SharedFingerprints,
    /// Fingerprints keep the old time, so that sources look newer than what was made of them.
    OldFingerprints,
    /// Files in the store stay writable.
    WritableStore,
    /// Stored files are used without a look at size and time.
    Trusting,
    /// Manifests are written before the files they name.
    ManifestFirst,
    /// Files get their final name and look before they have their bytes.
    TornFiles,
    /// Builds take no lock that would keep collection away.
    NoLock,
    /// What stands on a restored unit stays, whatever it was compiled against.
    KeepsOutdated,
    /// Whatever Cargo finds fresh is published as what its key says now.
    Adopts,
    /// Every step of planning reads every entry of the store.
    ReadsAll,
}

impl Flaw {
    const ALL: [(&'static str, Flaw, &'static str); 12] = [
        ("narrow-key", Flaw::NarrowKey, "keys hold names and versions only"),
        ("no-content", Flaw::NoContent, "keys leave out the contents of dependencies"),
        ("shared-fingerprints", Flaw::SharedFingerprints, "files that Cargo rewrites are shared with the store"),
        ("old-fingerprints", Flaw::OldFingerprints, "restored fingerprints are older than the sources"),
        ("writable-store", Flaw::WritableStore, "files in the store stay writable"),
        ("trusting", Flaw::Trusting, "stored files are used without a look at size and time"),
        ("manifest-first", Flaw::ManifestFirst, "manifests are written before the files they name"),
        ("torn-files", Flaw::TornFiles, "files have their final name before their bytes"),
        ("no-lock", Flaw::NoLock, "builds do not keep collection away"),
        (
            "keeps-outdated",
            Flaw::KeepsOutdated,
            "what stands on a restored unit stays, whatever it was compiled against",
        ),
        ("adopts", Flaw::Adopts, "what Cargo finds fresh is published as what its key says now"),
        ("reads-all", Flaw::ReadsAll, "every step of planning reads the whole store"),
    ];

    /// The mistake in a few words.
    pub fn about(self) -> &'static str {
        Flaw::ALL.iter().find(|(_, flaw, _)| *flaw == self).map_or("", |(_, _, about)| about)
    }

    /// Makes a description as poor as this mistake has it.
    pub(crate) fn spoil(self, recipe: &mut Recipe) {
        match self {
            Flaw::NarrowKey => {
                let Recipe { version, .. } = std::mem::replace(recipe, Recipe::empty());
                recipe.version = version;
            }
            Flaw::NoContent => {
                for dependency in &mut recipe.dependencies {
                    dependency.content = Key::of(b"");
                }
            }
            _ => {}
        }
    }

    fn link(self) -> &'static dyn LinkMode {
        // What collection takes away is missed only where trees point into the store.
        let wanted = if self == Flaw::NoLock { "symlink" } else { "hardlink" };
        link::ALL.into_iter().find(|link| link.name() == wanted).unwrap_or(link::ALL[0])
    }

    fn store(self) -> &'static dyn StoreKind {
        match self {
            Flaw::WritableStore => &Spoilt(Flaw::WritableStore),
            Flaw::ManifestFirst => &Spoilt(Flaw::ManifestFirst),
            Flaw::TornFiles => &Spoilt(Flaw::TornFiles),
            _ => store::ALL[0],
        }
    }
}

/// Every strategy with a mistake, by name.
pub fn all() -> Vec<(String, Strategy)> {
    let of = |(name, flaw, _): &(&str, Flaw, &str)| {
        let policy = policy::ALL[policy::ALL.len() - 1];
        let units = Units { policy, link: flaw.link(), store: flaw.store(), flaw: Some(*flaw) };
        (format!("{PREFIX}{name}"), Strategy::Units(units))
    };
    Flaw::ALL.iter().map(of).collect()
}

/// The usual store with a mistake in how it adds.
#[derive(Debug)]
struct Spoilt(Flaw);

impl StoreKind for Spoilt {
    fn name(&self) -> &'static str {
        store::ALL[0].name()
    }

    fn about(&self) -> &'static str {
        self.0.about()
    }

    fn hashes_everything(&self) -> bool {
        store::ALL[0].hashes_everything()
    }

    fn shape(&self) -> Shape {
        store::ALL[0].shape()
    }

    fn open(&self, root: &Path) -> Result<Box<dyn Store>, FileError> {
        Ok(Box::new(SpoiltStore { flaw: self.0, inner: store::ALL[0].open(root)? }))
    }
}

#[derive(Debug)]
struct SpoiltStore {
    flaw: Flaw,
    inner: Box<dyn Store>,
}

impl SpoiltStore {
    fn write_manifest(&self, entry: &Entry) -> Result<(), FileError> {
        let path = self.inner.manifest(&entry.key);
        let made = || {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            std::fs::write(&path, entry.encode()?)
        };
        made().at("write", &path)
    }

    fn files<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = (PathBuf, &'a FileRecord)> {
        let stored = entry.files.iter().filter(|file| matches!(file.bytes, Bytes::Stored(_)));
        stored.map(|file| (self.inner.stored(entry, file), file))
    }

    /// Each file as a hole of the right size and time, then the manifest, then the bytes.
    fn add_torn(&self, entry: &Entry, unit_dir: &Path) -> Result<(), FileError> {
        let hole = |path: &Path, file: &FileRecord| {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            let hole = std::fs::File::create(path)?;
            hole.set_len(file.size)?;
            hole.set_modified(entry.time())
        };
        for (path, file) in self.files(entry).filter(|(path, _)| !path.exists()) {
            hole(&path, file).at("write", &path)?;
        }
        self.write_manifest(entry)?;
        std::thread::sleep(Duration::from_millis(100));
        for (path, file) in self.files(entry) {
            let fill = || {
                let bytes = std::fs::read(unit_dir.join(&file.path))?;
                let mut filled = std::fs::File::options().write(true).open(&path)?;
                std::io::Write::write_all(&mut filled, &bytes)?;
                filled.set_modified(entry.time())?;
                set_mode(&filled, file.executable, false)
            };
            fill().at("fill", &path)?;
        }
        Ok(())
    }
}

impl Store for SpoiltStore {
    fn root(&self) -> &Root {
        self.inner.root()
    }

    fn lookup(&self, key: &Key) -> Option<Entry> {
        self.inner.lookup(key)
    }

    fn stored(&self, entry: &Entry, file: &FileRecord) -> PathBuf {
        self.inner.stored(entry, file)
    }

    fn out_dir(&self, entry: &Entry) -> Result<PathBuf, FileError> {
        self.inner.out_dir(entry)
    }

    fn add(&self, entry: &Entry, unit_dir: &Path, link: &dyn LinkMode) -> Result<Added, FileError> {
        match self.flaw {
            Flaw::ManifestFirst => {
                self.write_manifest(entry)?;
                // What a crash would have to hit; a slow disk makes it as wide.
                std::thread::sleep(Duration::from_millis(5));
            }
            Flaw::TornFiles if self.inner.lookup(&entry.key).is_none() => {
                self.add_torn(entry, unit_dir)?;
                return Ok(Added::New);
            }
            _ => {}
        }
        let added = self.inner.add(entry, unit_dir, link)?;
        if self.flaw == Flaw::WritableStore {
            for (path, file) in self.files(entry) {
                let opened =
                    crate::files::open_to_settle(&path).and_then(|open| set_mode(&open, file.executable, true));
                opened.at("open up", &path)?;
            }
        }
        Ok(added)
    }

    fn entries(&self) -> Vec<Entry> {
        self.inner.entries()
    }

    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn manifest(&self, key: &Key) -> PathBuf {
        self.inner.manifest(key)
    }

    fn touch(&self, key: &Key, now: SystemTime) {
        self.inner.touch(key, now);
    }
}
