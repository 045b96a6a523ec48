//! `~single-slot`: one entry for each unit hash, the last publisher's.
//!
//! ```text
//! <root>/v3/slots/<2 hex>/<digest of the unit's directory>   the key whose entry has the slot
//! ```
//!
//! The name of a unit's directory has Cargo's hash of it; the key is the guard. A key that lost its slot is a miss, whether
//! or not its manifest could be removed.

use std::fs;
use std::path::{Path, PathBuf};

use super::tombstones::{DISPLACED, Tombstone, Tombstones};
use super::{Entry, Root, Store};
use crate::files::{At, FileError, create_parent, write_atomic};
use crate::key::{Digest, Key};

/// The folder of slots.
pub(super) const SLOTS: &str = "slots";

/// Whether an entry has the slot of its unit hash.
pub(crate) fn is_current(root: &Root, entry: &Entry) -> bool {
    holder(&slot(root, entry)) == Some(entry.key)
}

/// Gives an entry that was just published the slot of its unit hash, and removes the one that had it.
pub(crate) fn take(store: &dyn Store, entry: &Entry) -> Result<(), FileError> {
    let path = slot(store.root(), entry);
    let displaced = holder(&path).filter(|key| *key != entry.key);
    create_parent(&path)?;
    write_atomic(&path, entry.key.hex().as_bytes())?;
    if let Some(old) = displaced.and_then(|key| store.lookup(&key)) {
        let stone = Tombstone::of(&old, entry.created as u64);
        Tombstones::append(store.root(), DISPLACED, &stone)?;
        let manifest = store.manifest(&old.key);
        fs::remove_file(&manifest).at("remove", &manifest)?;
    }
    Ok(())
}

/// The key whose entry has a slot.
pub(super) fn holder(slot: &Path) -> Option<Key> {
    Key::from_hex(&fs::read_to_string(slot).ok()?)
}

fn slot(root: &Root, entry: &Entry) -> PathBuf {
    root.sharded(SLOTS, &Digest::of(entry.place.0.as_bytes()).hex())
}
