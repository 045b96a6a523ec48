//! What a store forgets: policies as pure functions over plain features.
//!
//! In go the features of every entry ([`EntryFeatures`]) and the time; out come the keys to
//! evict. Nothing here reads a clock or a file, so that the same functions decide in a real
//! store ([`crate::store::collect`]) and over a replayed trace.
//!
//! ```text
//! features   what a policy may look at                   (this file)
//! order      who depends on whom, so that nothing is      (order)
//!            evicted from below a kept entry
//! policies   by age, by size with any order of worth      (policy)
//! limits     what a user asks for: both together          (limits)
//! ```
//!
//! Two properties hold for every policy, whatever the features are:
//!
//! - **closed**: an entry goes only together with every entry that depends on it. A unit is
//!   looked up by a key made of its dependencies' keys and contents, so an entry above a gap
//!   takes space and can no longer be found in a fresh build directory.
//! - **repeatable**: the order in which entries are listed changes nothing.

mod limits;
mod order;
mod policy;

use std::time::Duration;

pub use limits::StoreLimits;
pub use policy::{by_age, to_size, to_size_lru, total_bytes};

use crate::key::{BlobId, Key};

/// What a policy may know of one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryFeatures {
    /// The key it is found by.
    pub key: Key,
    /// Bytes that go when it goes: its manifest and inline files.
    pub bytes: u64,
    /// When a build last published, restored or found it present, since the Unix epoch.
    pub last_used: Duration,
    /// When it was first published, since the Unix epoch.
    pub created: Duration,
    /// What it costs to build again, seconds, where that was measured.
    pub cost_s: Option<f64>,
    /// Its stored files, which other entries may share.
    pub blobs: Vec<Blob>,
    /// Keys of the entries it was built on.
    pub dependencies: Vec<Key>,
}

/// A stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// What tells it apart; entries with the same id share it.
    pub id: BlobId,
    /// Bytes that go when the last entry with it goes.
    pub bytes: u64,
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The `n`-th key.
    pub(crate) fn key(n: usize) -> Key {
        Key::of(format!("key {n}").as_bytes())
    }

    /// Up to a dozen entries that share blobs and depend on earlier ones; some dependencies
    /// are gone from the store.
    pub(crate) fn store() -> impl Strategy<Value = Vec<EntryFeatures>> {
        let one = (
            0u64..50,
            0u64..20,
            proptest::option::of(0.0f64..9.0),
            proptest::collection::vec(0usize..8, 0..4),
            proptest::collection::vec(0usize..14, 0..3),
        );
        proptest::collection::vec(one, 0..12).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(n, (bytes, used, cost_s, blobs, below))| EntryFeatures {
                    key: key(n),
                    bytes,
                    last_used: Duration::from_secs(used),
                    created: Duration::ZERO,
                    cost_s,
                    blobs: blobs
                        .into_iter()
                        .map(|id| Blob { id: BlobId::of(&[id as u8]), bytes: 10 * id as u64 })
                        .collect(),
                    dependencies: below.into_iter().filter(|dep| *dep < n || *dep >= 12).map(key).collect(),
                })
                .collect()
        })
    }
}
