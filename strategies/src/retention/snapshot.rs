//! Retention by whole builds: what one successful build used stays or goes together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{EntryFeatures, StoreLimits};
use crate::key::{BlobId, Key};

/// How long a build stays a root where no other age is asked for.
pub const SNAPSHOT_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What one successful build used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSnapshot {
    /// When it ended, since the Unix epoch.
    pub at: Duration,
    /// The keys of what it used, ascending.
    pub keys: Vec<Key>,
}

/// What goes by whole builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotEviction {
    /// Entries that no remaining snapshot reaches, ascending.
    pub keys: Vec<Key>,
    /// Indexes of snapshots that are too old, or went for the size, ascending.
    pub snapshots: Vec<usize>,
}

/// What goes where snapshots of builds are the roots: those too old, then the oldest until what the others reach fits. A
/// snapshot reaches its keys and all that they depend on.
pub fn to_snapshots(
    entries: &[EntryFeatures],
    snapshots: &[BuildSnapshot],
    limits: &StoreLimits,
    now: Duration,
) -> SnapshotEviction {
    let by_key: HashMap<Key, &EntryFeatures> = entries.iter().map(|entry| (entry.key, entry)).collect();
    let max_age = limits.max_age.unwrap_or(SNAPSHOT_AGE);
    let mut newest_first: Vec<usize> = (0..snapshots.len()).collect();
    newest_first.sort_by_key(|at| std::cmp::Reverse((snapshots[*at].at, &snapshots[*at].keys)));
    let mut reached: HashSet<Key> = HashSet::new();
    let (mut blobs, mut total): (HashSet<BlobId>, u64) = (HashSet::new(), 0);
    let mut stay = 0;
    for snapshot in newest_first.iter().map(|at| &snapshots[*at]) {
        let mut new = HashSet::new();
        let mut open = snapshot.keys.clone();
        while let Some(key) = open.pop() {
            let Some(entry) = by_key.get(&key).filter(|_| reached.insert(key)) else { continue };
            new.insert(key);
            let its_own = entry.blobs.iter().filter(|blob| blobs.insert(blob.id));
            total += entry.bytes + its_own.map(|blob| blob.bytes).sum::<u64>();
            open.extend(&entry.dependencies);
        }
        if now.saturating_sub(snapshot.at) > max_age || limits.max_bytes.is_some_and(|cap| total > cap) {
            reached.retain(|key| !new.contains(key));
            break;
        }
        stay += 1;
    }
    let mut gone = newest_first.split_off(stay);
    gone.sort_unstable();
    let mut keys: Vec<Key> = entries.iter().map(|entry| entry.key).filter(|key| !reached.contains(key)).collect();
    keys.sort_unstable();
    SnapshotEviction { keys, snapshots: gone }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{key, store};
    use super::super::total_bytes;
    use super::*;

    fn snapshots() -> impl Strategy<Value = Vec<BuildSnapshot>> {
        let one = (0u64..40, proptest::collection::vec(0usize..14, 0..5));
        let snapshot = one.prop_map(|(at, keys)| BuildSnapshot {
            at: Duration::from_secs(at),
            keys: keys.into_iter().map(key).collect(),
        });
        proptest::collection::vec(snapshot, 0..6)
    }

    fn without<T: Clone>(all: &[T], gone: impl Fn(usize) -> bool) -> Vec<T> {
        all.iter().enumerate().filter(|(at, _)| !gone(*at)).map(|(_, it)| it.clone()).collect()
    }

    proptest! {
        #[test]
        fn what_stays_is_what_the_newest_builds_reach(
            entries in store(), snapshots in snapshots(), cap in proptest::option::of(0u64..800), age in 0u64..40,
        ) {
            let now = Duration::from_secs(40);
            let limits = StoreLimits { max_age: Some(Duration::from_secs(age)), max_bytes: cap };
            let gone = to_snapshots(&entries, &snapshots, &limits, now);
            let left = without(&entries, |at| gone.keys.contains(&entries[at].key));
            let roots = without(&snapshots, |at| gone.snapshots.contains(&at));
            prop_assert!(cap.is_none_or(|cap| total_bytes(&left) <= cap));
            prop_assert!(roots.iter().all(|root| now - root.at <= Duration::from_secs(age)));
            let of_roots: HashSet<Key> = roots.iter().flat_map(|root| root.keys.clone()).collect();
            for entry in &entries {
                let stays = !gone.keys.contains(&entry.key);
                let reached = of_roots.contains(&entry.key) || left.iter().any(|it| it.dependencies.contains(&entry.key));
                prop_assert_eq!(stays, reached);
            }
            let again = to_snapshots(&left, &roots, &limits, now);
            prop_assert_eq!(again, SnapshotEviction::default(), "a second collection has nothing to do");
            // The newest that went is too old, or does not fit beside those that stay.
            let newest_gone = gone.snapshots.iter().map(|at| &snapshots[*at]).max_by_key(|it| (it.at, &it.keys));
            if let Some(newest) = newest_gone.filter(|it| now - it.at <= Duration::from_secs(age)) {
                let no_cap = StoreLimits { max_bytes: None, ..limits };
                let with = [roots, vec![newest.clone()]].concat();
                let evicted = to_snapshots(&entries, &with, &no_cap, now).keys;
                let kept = without(&entries, |at| evicted.contains(&entries[at].key));
                prop_assert!(cap.is_some_and(|cap| total_bytes(&kept) > cap));
            }
        }
    }
}
