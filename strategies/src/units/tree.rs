//! What is already in a build directory.
//!
//! `.unit-cache.json` at its root says which key each unit directory holds. Cargo may have
//! rebuilt a unit behind our back, so a record counts only while the unit's
//! `invoked.timestamp`, which every build rewrites, is the one that was seen.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::files::{FileError, since_epoch, write_atomic};
use crate::graph::layout::{Layout, UnitPlace};
use crate::key::{Content, Key};
use crate::link::{LinkMode, Mechanism};
use crate::store::Entry;

const FILE: &str = ".unit-cache.json";
const FORMAT: u32 = 1;

/// The records of one build directory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tree {
    format: u32,
    units: HashMap<String, Held>,
}

/// What one unit directory holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    /// Key of the artifact.
    pub key: Key,
    /// What it hands over.
    pub content: Content,
    /// Time of its outputs.
    pub stamp: Duration,
    /// Package, target and mode, as in entries.
    pub slot: String,
    /// `out` is a link into the store.
    pub linked: bool,
    /// Time of `invoked.timestamp` when this was recorded.
    mark: Duration,
}

impl Tree {
    /// Reads the records; none are there before the first build.
    pub fn read(layout: &Layout) -> Tree {
        let read = || serde_json::from_slice::<Tree>(&std::fs::read(layout.build_dir.join(FILE)).ok()?).ok();
        read().filter(|tree| tree.format == FORMAT).unwrap_or_default()
    }

    /// Writes the records.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, layout: &Layout) -> Result<(), FileError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        write_atomic(&layout.build_dir.join(FILE), &json)
    }

    /// Units by key, for those directories that are as recorded.
    pub fn by_key(&self, layout: &Layout) -> HashMap<Key, (UnitPlace, &Held)> {
        self.units
            .iter()
            .map(|(place, held)| (UnitPlace(place.clone()), held))
            .filter(|(place, held)| mark(&layout.unit_dir(place)) == Some(held.mark))
            .map(|(place, held)| (held.key, (place, held)))
            .collect()
    }

    /// Every record.
    pub fn units(&self) -> impl Iterator<Item = (UnitPlace, &Held)> {
        self.units.iter().map(|(place, held)| (UnitPlace(place.clone()), held))
    }

    /// Whether a directory is as it was recorded.
    pub fn is_recorded(&self, layout: &Layout, place: &UnitPlace) -> bool {
        self.units.get(&place.0).is_some_and(|held| mark(&layout.unit_dir(place)) == Some(held.mark))
    }

    /// What kind of unit a directory is recorded as.
    pub fn slot_of(&self, place: &UnitPlace) -> Option<&str> {
        self.units.get(&place.0).map(|held| held.slot.as_str())
    }

    /// Records that a unit directory holds the artifact of an entry, with its outputs at
    /// `stamp`.
    pub fn hold(&mut self, layout: &Layout, entry: &Entry, stamp: Duration, linked: bool) {
        self.format = FORMAT;
        match mark(&layout.unit_dir(&entry.place)) {
            Some(mark) => {
                let held =
                    Held { key: entry.key, content: entry.content, stamp, slot: entry.slot.clone(), linked, mark };
                self.units.insert(entry.place.0.clone(), held);
            }
            None => self.forget(&entry.place),
        }
    }

    /// Forgets a unit directory.
    pub fn forget(&mut self, place: &UnitPlace) {
        self.units.remove(&place.0);
    }
}

/// Forgets what a build directory holds, as if no strategy had seen it.
///
/// # Errors
/// When the records are there and cannot be removed.
pub fn forget_all(build_dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(build_dir.join(FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a unit's outputs are links to something that is no longer in the store: then the
/// directory holds nothing. Links into a store last only as long as their entry.
pub fn leads_nowhere(link: &dyn LinkMode, unit_dir: &Path) -> bool {
    if link.mechanism() != Mechanism::Symlinked {
        return false;
    }
    let out = unit_dir.join("out");
    let dangles = |path: &Path| path.symlink_metadata().is_ok() && !path.exists();
    let files = std::fs::read_dir(&out).into_iter().flatten().flatten();
    dangles(&out) || files.map(|file| file.path()).any(|file| dangles(&file))
}

/// The time of `invoked.timestamp`, of a compilation or of a build-script run.
pub fn mark(unit_dir: &Path) -> Option<Duration> {
    let time = |relative: &str| std::fs::metadata(unit_dir.join(relative)).and_then(|meta| meta.modified()).ok();
    time("fingerprint/invoked.timestamp").or_else(|| time("run/invoked.timestamp")).map(since_epoch)
}
