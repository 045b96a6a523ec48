//! What is already in a build directory.
//!
//! `.unit-cache.json` at its root says which key each unit directory has. Cargo may have
//! rebuilt a unit behind our back, so a record counts only while the unit's
//! `invoked.timestamp`, which every build rewrites, is the one that was seen.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Session;
use crate::files::{FileError, changed_at, since_epoch, write_atomic};
use crate::graph::UnitIndex;
use crate::graph::layout::{Layout, UnitPlace, invoked_at, is_uplifted};
use crate::key::{ContentDigest, Digest, FieldHasher, Key};
use crate::link::{LinkMode, Mechanism};
use crate::parallel;
use crate::store::Entry;

const FILE: &str = ".unit-cache.json";
const FORMAT: u32 = 2;

/// The records of one build directory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct InstalledUnits {
    format: u32,
    units: HashMap<String, InstalledUnit>,
}

/// The artifact in one unit directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InstalledUnit {
    pub key: Key,
    pub content: ContentDigest,
    /// Time of its outputs.
    pub stamp: Duration,
    /// Target and mode, as in entries.
    pub slot: String,
    /// `out` is a link into the store.
    pub linked: bool,
    /// Time of `invoked.timestamp` when this was recorded.
    #[serde(rename = "mark")]
    invoked: Duration,
    /// Sizes and times of its outputs when this was recorded.
    outputs: Digest,
    /// Whether Cargo has its outputs linked to another place.
    uplifted: bool,
}

impl InstalledUnits {
    /// Reads the records; none are there before the first build.
    pub(crate) fn read(layout: &Layout) -> InstalledUnits {
        let json = fs::read_to_string(layout.build_dir.join(FILE)).unwrap_or_default();
        let read = serde_json::from_str::<InstalledUnits>(&json).ok();
        read.filter(|installed| installed.format == FORMAT).unwrap_or_default()
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), FileError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        write_atomic(&layout.build_dir.join(FILE), &json)
    }

    /// Units by key, for those directories that are as recorded.
    ///
    /// One whose outputs were written to since is none: it would be linked into what is built
    /// now, and published under a key that says nothing of it.
    pub(crate) fn by_key(&self, session: &Session<'_>) -> HashMap<Key, (UnitPlace, &InstalledUnit)> {
        let layout = &session.context.layout;
        let units: Vec<(UnitPlace, &InstalledUnit)> = self.units().collect();
        let recorded = parallel::map(&units, |(place, unit)| {
            let dir = layout.unit_dir(place);
            invoked_at(&dir) == Some(unit.invoked) && outputs(&dir, session.units.link, unit.uplifted) == unit.outputs
        });
        let recorded = units.into_iter().zip(recorded).filter(|(_, is_recorded)| *is_recorded);
        recorded.map(|((place, unit), _)| (unit.key, (place, unit))).collect()
    }

    /// Every record.
    pub(crate) fn units(&self) -> impl Iterator<Item = (UnitPlace, &InstalledUnit)> {
        self.units.iter().map(|(place, unit)| (UnitPlace(place.clone()), unit))
    }

    /// What kind of unit a directory is recorded as.
    pub(crate) fn slot_of(&self, place: &UnitPlace) -> Option<&str> {
        self.units.get(&place.0).map(|unit| unit.slot.as_str())
    }

    /// Records that a unit directory has the artifact of an entry, with its outputs at `stamp`.
    pub(crate) fn record(
        &mut self,
        session: &Session<'_>,
        index: UnitIndex,
        entry: &Entry,
        stamp: Duration,
        linked: bool,
    ) {
        self.format = FORMAT;
        let dir = session.context.layout.unit_dir(&entry.place);
        let Some(invoked) = invoked_at(&dir) else { return self.forget(&entry.place) };
        // Cargo links a compiled build script to a second name beside it, again in each build.
        let is_script = session.graph.units[index].target.is_build_script();
        let uplifted = is_script || is_uplifted(session.graph, index);
        let outputs = outputs(&dir, session.units.link, uplifted);
        let (key, content, slot) = (entry.key, entry.content, entry.slot.clone());
        let unit = InstalledUnit { key, content, stamp, slot, linked, invoked, outputs, uplifted };
        self.units.insert(entry.place.0.clone(), unit);
    }

    pub(crate) fn forget(&mut self, place: &UnitPlace) {
        self.units.remove(&place.0);
    }
}

/// Sizes and times of a unit's outputs, but for `.d` files. Of an inode that has no other name, the
/// time at which anything of it changed, too: that of its content can be set.
fn outputs(unit_dir: &Path, link: LinkMode, uplifted: bool) -> Digest {
    let mut hasher = FieldHasher::new("outputs");
    let mut open = vec![unit_dir.join("out")];
    let alone = !link.shares_inodes() && !uplifted;
    while let Some(dir) = open.pop() {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&dir).into_iter().flatten().flatten().map(|file| file.path()).collect();
        files.sort();
        for path in files.into_iter().filter(|path| path.extension().is_none_or(|extension| extension != "d")) {
            let Ok(meta) = fs::metadata(&path) else { continue };
            let times = [meta.modified().ok(), if alone { changed_at(&meta) } else { None }];
            hasher.field("file", path.file_name().unwrap_or_default().as_encoded_bytes());
            match meta.is_dir() {
                true => open.push(path),
                false => times.into_iter().flatten().map(since_epoch).for_each(|time| {
                    hasher.field("size", meta.len().to_le_bytes()).field("time", time.as_nanos().to_le_bytes());
                }),
            }
        }
    }
    hasher.finish()
}

/// Forgets what a build directory has, as if no strategy had seen it.
///
/// # Errors
/// When the records are there and cannot be removed.
pub fn forget_installed(build_dir: &Path) -> std::io::Result<()> {
    match fs::remove_file(build_dir.join(FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a unit's outputs are links to something that is no longer in the store: links into a store last only as long
/// as their entry.
pub(crate) fn is_dangling(link: LinkMode, unit_dir: &Path) -> bool {
    if link.mechanism() != Mechanism::Symlinked {
        return false;
    }
    let out = unit_dir.join("out");
    let dangles = |path: &Path| path.symlink_metadata().is_ok() && !path.exists();
    let files = fs::read_dir(&out).into_iter().flatten().flatten();
    dangles(&out) || files.map(|file| file.path()).any(|file| dangles(&file))
}
