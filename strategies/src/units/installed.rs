//! What is already in a build directory.
//!
//! `.unit-cache.json` at its root says which key each unit directory has. Cargo may have
//! rebuilt a unit behind our back, so a record counts only while the unit's
//! `invoked.timestamp`, which every build rewrites, is the one that was seen.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::files::{FileError, write_atomic};
use crate::graph::layout::{Layout, UnitPlace, invoked_at};
use crate::key::{ContentDigest, Key};
use crate::link::{LinkMode, Mechanism};
use crate::store::Entry;

const FILE: &str = ".unit-cache.json";
const FORMAT: u32 = 1;

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
}

impl InstalledUnits {
    /// Reads the records; none are there before the first build.
    pub(crate) fn read(layout: &Layout) -> InstalledUnits {
        let json = std::fs::read_to_string(layout.build_dir.join(FILE)).unwrap_or_default();
        let read = serde_json::from_str::<InstalledUnits>(&json).ok();
        read.filter(|installed| installed.format == FORMAT).unwrap_or_default()
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), FileError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        write_atomic(&layout.build_dir.join(FILE), &json)
    }

    /// Units by key, for those directories that are as recorded.
    pub(crate) fn by_key(&self, layout: &Layout) -> HashMap<Key, (UnitPlace, &InstalledUnit)> {
        let recorded = self.units().filter(|(place, _)| self.is_recorded(layout, place));
        recorded.map(|(place, unit)| (unit.key, (place, unit))).collect()
    }

    /// Every record.
    pub(crate) fn units(&self) -> impl Iterator<Item = (UnitPlace, &InstalledUnit)> {
        self.units.iter().map(|(place, unit)| (UnitPlace(place.clone()), unit))
    }

    /// Whether a directory is as it was recorded.
    pub(crate) fn is_recorded(&self, layout: &Layout, place: &UnitPlace) -> bool {
        self.units.get(&place.0).is_some_and(|unit| invoked_at(&layout.unit_dir(place)) == Some(unit.invoked))
    }

    /// What kind of unit a directory is recorded as.
    pub(crate) fn slot_of(&self, place: &UnitPlace) -> Option<&str> {
        self.units.get(&place.0).map(|unit| unit.slot.as_str())
    }

    /// Records that a unit directory has the artifact of an entry, with its outputs at `stamp`.
    pub(crate) fn record(&mut self, layout: &Layout, entry: &Entry, stamp: Duration, linked: bool) {
        self.format = FORMAT;
        let Some(invoked) = invoked_at(&layout.unit_dir(&entry.place)) else { return self.forget(&entry.place) };
        let (key, content, slot) = (entry.key, entry.content, entry.slot.clone());
        self.units.insert(entry.place.0.clone(), InstalledUnit { key, content, stamp, slot, linked, invoked });
    }

    pub(crate) fn forget(&mut self, place: &UnitPlace) {
        self.units.remove(&place.0);
    }
}

/// Forgets what a build directory has, as if no strategy had seen it.
///
/// # Errors
/// When the records are there and cannot be removed.
pub fn forget_installed(build_dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(build_dir.join(FILE)) {
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
    let files = std::fs::read_dir(&out).into_iter().flatten().flatten();
    dangles(&out) || files.map(|file| file.path()).any(|file| dangles(&file))
}
