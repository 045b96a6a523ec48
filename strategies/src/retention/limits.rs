//! What a user asks a store to stay within.

use std::collections::HashSet;
use std::time::Duration;

use super::{EntryFeatures, by_age, to_size_lru};
use crate::key::Key;

/// StoreLimits of a store; without one, nothing is evicted for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreLimits {
    /// Longest time since the last use.
    pub max_age: Option<Duration>,
    /// Most bytes that entries may take together.
    pub max_bytes: Option<u64>,
}

impl StoreLimits {
    /// The keys that must go: those too old, then the least recently used of the rest, then
    /// what was kept only for an entry that is gone now.
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
mod tests {
    use proptest::prelude::*;

    use super::super::tests::store;
    use super::*;
    use crate::retention::total_bytes;

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
