//! Retention: which entries a store evicts, as pure functions over plain features.
//!
//! In go the features of every entry ([`EntryFeatures`]) and the time; out come the keys to evict. Nothing here reads a clock
//! or a file, so that the same functions decide in a real store ([`crate::store::collect`]) and over a replayed trace.
//!
//! Two properties hold for every policy, whatever the features are:
//!
//! - **closed**: an entry goes only together with all its dependents. A unit is looked up by a key made of its dependencies'
//!   keys and contents, so an entry without one of its dependencies takes space and can no longer be found in a fresh build
//!   directory.
//! - **repeatable**: the order in which entries are listed changes nothing.

mod policy;
mod snapshot;

use std::collections::HashSet;
use std::time::Duration;

pub use policy::{by_age, to_size, to_size_lru, total_bytes};
pub use snapshot::{BuildSnapshot, SNAPSHOT_AGE, SnapshotEviction, to_snapshots};

use crate::key::{BlobId, Key};

/// The features of one entry that policies look at.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryFeatures {
    /// Its key.
    pub key: Key,
    /// Bytes of its manifest and inline files.
    pub bytes: u64,
    /// When a build last published, restored or found it present, since the Unix epoch.
    pub last_used: Duration,
    /// When it was first published, since the Unix epoch.
    pub created: Duration,
    /// Seconds to build it again, where that was measured.
    pub cost_s: Option<f64>,
    /// Its stored files, which other entries may share.
    pub blobs: Vec<Blob>,
    /// Keys of its dependencies.
    pub dependencies: Vec<Key>,
}

/// A stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Entries with the same id share it.
    pub id: BlobId,
    /// Bytes that go when the last entry with it goes.
    pub bytes: u64,
}

/// Limits of a store; without one, nothing is evicted for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreLimits {
    /// Longest time since the last use.
    pub max_age: Option<Duration>,
    /// Most bytes that entries may take together.
    pub max_bytes: Option<u64>,
}

impl StoreLimits {
    /// The keys that must go: those too old, then the least recently used of the rest, then
    /// what stayed only for a dependent that is gone now.
    pub fn evict(&self, entries: &[EntryFeatures], now: Duration) -> Vec<Key> {
        let mut left = entries.to_vec();
        let mut evicted = Vec::new();
        let mut drop_all = |left: &mut Vec<EntryFeatures>, keys: Vec<Key>| {
            let keys: HashSet<Key> = keys.into_iter().collect();
            left.retain(|entry| !keys.contains(&entry.key));
            evicted.extend(keys);
        };
        let old = |left: &[EntryFeatures]| self.max_age.map_or_else(Vec::new, |age| by_age(left, now, age));
        let keys = old(&left);
        drop_all(&mut left, keys);
        let keys = self.max_bytes.map_or_else(Vec::new, |cap| to_size_lru(&left, cap));
        drop_all(&mut left, keys);
        let keys = old(&left);
        drop_all(&mut left, keys);
        evicted.sort_unstable();
        evicted
    }
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
                .map(|(n, (bytes, used, cost_s, blobs, dependencies))| EntryFeatures {
                    key: key(n),
                    bytes,
                    last_used: Duration::from_secs(used),
                    created: Duration::ZERO,
                    cost_s,
                    blobs: blobs
                        .into_iter()
                        .map(|id| Blob { id: BlobId::of(&[id as u8]), bytes: 10 * id as u64 })
                        .collect(),
                    dependencies: dependencies.into_iter().filter(|dep| *dep < n || *dep >= 12).map(key).collect(),
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn both_limits_hold_at_once(entries in store(), age in 0u64..20, cap in 0u64..800) {
            let now = Duration::from_secs(20);
            let max_age = Duration::from_secs(age);
            let limits = StoreLimits { max_age: Some(max_age), max_bytes: Some(cap) };
            let evicted = limits.evict(&entries, now);
            let left: Vec<_> = entries.iter().filter(|entry| !evicted.contains(&entry.key)).cloned().collect();
            prop_assert!(total_bytes(&left) <= cap);
            prop_assert!(by_age(&left, now, max_age).is_empty());
            prop_assert!(limits.evict(&left, now).is_empty(), "a second collection has nothing to do");
        }

        #[test]
        fn no_limit_evicts_nothing(entries in store()) {
            prop_assert!(StoreLimits::default().evict(&entries, Duration::from_secs(1000)).is_empty());
        }
    }
}
