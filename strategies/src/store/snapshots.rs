//! What successful builds used: the roots of collection by whole builds.
//!
//! ```text
//! <root>/v3/snapshots/<2 hex>/<digest of its lines>    the keys, a line each; its time is that of the build
//! ```
//!
//! A build that used the same again renews the time. One that failed comes to no publishing, and renews nothing.

use std::fs;
use std::path::PathBuf;

use super::Root;
use crate::files::{FileError, create_parent, since_epoch, write_atomic};
use crate::key::{Digest, Key};
use crate::retention::BuildSnapshot;

/// The folder of snapshots.
pub(super) const SNAPSHOTS: &str = "snapshots";

/// Notes that a build used these entries, and succeeded.
pub(crate) fn note(root: &Root, mut keys: Vec<Key>) -> Result<(), FileError> {
    keys.sort_unstable();
    keys.dedup();
    let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let path = root.sharded(SNAPSHOTS, &Digest::of(text.as_bytes()).hex());
    create_parent(&path)?;
    write_atomic(&path, text.as_bytes())
}

/// Reads one; nothing where it cannot be read.
pub(super) fn read(path: PathBuf) -> Option<(PathBuf, BuildSnapshot)> {
    let at = since_epoch(fs::metadata(&path).ok()?.modified().ok()?);
    let keys = fs::read_to_string(&path).ok()?.lines().filter_map(Key::from_hex).collect();
    Some((path, BuildSnapshot { at, keys }))
}
