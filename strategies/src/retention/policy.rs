//! Retention policies.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

use super::{Blob, EntryFeatures};
use crate::key::{BlobId, Key};

/// The rank of an entry among the others.
///
/// A build that uses an entry uses all its dependencies. So an entry counts as used when it or a dependent was last used,
/// and among entries used at the same time dependents go first. Sorting by (use, depth) then puts every entry after all of
/// its dependents, and any prefix of that order is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rank {
    /// When it or a dependent was last used.
    used: Duration,
    /// Longest path to it from an entry without dependents.
    depth: usize,
}

/// The graph of a set of entries.
struct Order {
    /// For each entry, the entries it depends on, each once.
    dependencies: Vec<Vec<usize>>,
    ranks: Vec<Rank>,
}

impl Order {
    /// Reads the graph. Keys that name no entry are left out; entries that depend on each
    /// other in a circle, which only a damaged store has, keep their own rank.
    fn of(entries: &[EntryFeatures]) -> Order {
        let at: HashMap<Key, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.key, at)).collect();
        let dependencies: Vec<Vec<usize>> = entries
            .iter()
            .map(|entry| {
                let mut indexes: Vec<usize> =
                    entry.dependencies.iter().filter_map(|key| at.get(key).copied()).collect();
                indexes.sort_unstable();
                indexes.dedup();
                indexes
            })
            .collect();
        let mut ranks: Vec<Rank> = entries.iter().map(|entry| Rank { used: entry.last_used, depth: 0 }).collect();
        let mut dependents: Vec<usize> = vec![0; entries.len()];
        dependencies.iter().flatten().for_each(|dependency| dependents[*dependency] += 1);
        let mut ready: Vec<usize> = (0..entries.len()).filter(|at| dependents[*at] == 0).collect();
        while let Some(top) = ready.pop() {
            let Rank { used, depth } = ranks[top];
            for &dependency in &dependencies[top] {
                let lower = &mut ranks[dependency];
                lower.used = lower.used.max(used);
                lower.depth = lower.depth.max(depth + 1);
                dependents[dependency] -= 1;
                if dependents[dependency] == 0 {
                    ready.push(dependency);
                }
            }
        }
        Order { dependencies, ranks }
    }
}

/// Entries that were not used within `max_age` of `now`, nor any of their dependents.
pub fn by_age(entries: &[EntryFeatures], now: Duration, max_age: Duration) -> Vec<Key> {
    let order = Order::of(entries);
    let mut evicted: Vec<Key> = entries
        .iter()
        .zip(&order.ranks)
        .filter(|(_, rank)| now.saturating_sub(rank.used) > max_age)
        .map(|(entry, _)| entry.key)
        .collect();
    evicted.sort_unstable();
    evicted
}

/// The least recently used entries, as many as must go for the rest to fit into `cap`.
pub fn to_size_lru(entries: &[EntryFeatures], cap: u64) -> Vec<Key> {
    to_size(entries, cap, |_, used| used.as_secs_f64())
}

/// The entries of least worth, as many as must go for the rest to fit into `cap`, in the
/// order in which they go. `worth` is asked once for each entry, with the time at which it
/// or a dependent was last used; a dependency is worth at least as much as its dependents. A worth that is not a number counts as the least.
pub fn to_size(entries: &[EntryFeatures], cap: u64, worth: impl Fn(&EntryFeatures, Duration) -> f64) -> Vec<Key> {
    let order = Order::of(entries);
    let mut total = total_bytes(entries);
    let mut holders: HashMap<BlobId, usize> = HashMap::new();
    for blob in entries.iter().flat_map(distinct) {
        *holders.entry(blob.id).or_default() += 1;
    }
    let mut evicted = Vec::new();
    for at in by_worth(entries, &order, worth) {
        if total <= cap {
            break;
        }
        let entry = &entries[at];
        total -= entry.bytes;
        for blob in distinct(entry) {
            let left = holders.entry(blob.id).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                total -= blob.bytes;
            }
        }
        evicted.push(entry.key);
    }
    evicted
}

/// The bytes of a set of entries: shared files once.
pub fn total_bytes(entries: &[EntryFeatures]) -> u64 {
    let blobs: HashMap<BlobId, u64> =
        entries.iter().flat_map(|entry| &entry.blobs).map(|blob| (blob.id, blob.bytes)).collect();
    entries.iter().map(|entry| entry.bytes).sum::<u64>() + blobs.values().sum::<u64>()
}

/// Entries from the first to go to the last, dependents before what they depend on.
fn by_worth(entries: &[EntryFeatures], order: &Order, worth: impl Fn(&EntryFeatures, Duration) -> f64) -> Vec<usize> {
    let mut worths: Vec<f64> = entries
        .iter()
        .zip(&order.ranks)
        .map(|(entry, rank)| worth(entry, rank.used))
        .map(|worth| if worth.is_nan() { f64::NEG_INFINITY } else { worth })
        .collect();
    let mut top_down: Vec<usize> = (0..entries.len()).collect();
    top_down.sort_by_key(|at| order.ranks[*at].depth);
    for &at in &top_down {
        for &dependency in &order.dependencies[at] {
            worths[dependency] = worths[dependency].max(worths[at]);
        }
    }
    let mut sorted = top_down;
    sorted.sort_by(|a, b| {
        let depth = |at: usize| order.ranks[at].depth;
        worths[*a]
            .partial_cmp(&worths[*b])
            .unwrap_or(Ordering::Equal)
            .then(depth(*a).cmp(&depth(*b)))
            .then(entries[*a].key.cmp(&entries[*b].key))
    });
    sorted
}

/// The blobs of an entry, each once: two of its files may have the same bytes.
fn distinct(entry: &EntryFeatures) -> Vec<Blob> {
    let mut blobs = entry.blobs.clone();
    blobs.sort_unstable_by_key(|blob| blob.id);
    blobs.dedup_by_key(|blob| blob.id);
    blobs
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::tests::{key, store};
    use super::*;

    fn kept(entries: &[EntryFeatures], evicted: &[Key]) -> Vec<EntryFeatures> {
        entries.iter().filter(|entry| !evicted.contains(&entry.key)).cloned().collect()
    }

    /// No kept entry lost something it depends on.
    fn is_closed(entries: &[EntryFeatures], evicted: &[Key]) -> bool {
        kept(entries, evicted).iter().flat_map(|entry| &entry.dependencies).all(|key| !evicted.contains(key))
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_nothing_went_needlessly(entries in store(), cap in 0u64..800) {
            let evicted = to_size_lru(&entries, cap);
            prop_assert!(total_bytes(&kept(&entries, &evicted)) <= cap);
            prop_assert_eq!(evicted.iter().collect::<HashSet<_>>().len(), evicted.len());
            if let Some((_, before_last)) = evicted.split_last() {
                prop_assert!(total_bytes(&kept(&entries, before_last)) > cap);
            }
        }

        #[test]
        fn no_dependency_of_a_kept_entry_is_evicted(entries in store(), cap in 0u64..800, age in 0u64..20) {
            prop_assert!(is_closed(&entries, &to_size_lru(&entries, cap)));
            prop_assert!(is_closed(&entries, &to_size(&entries, cap, |entry, _| entry.cost_s.unwrap_or(f64::NAN))));
            prop_assert!(is_closed(&entries, &by_age(&entries, Duration::from_secs(20), Duration::from_secs(age))));
        }

        #[test]
        fn the_order_of_listing_changes_nothing(entries in store(), cap in 0u64..800) {
            let backwards: Vec<_> = entries.iter().rev().cloned().collect();
            prop_assert_eq!(to_size_lru(&entries, cap), to_size_lru(&backwards, cap));
        }

        #[test]
        fn a_smaller_cap_evicts_those_and_more(entries in store(), cap in 0u64..800, less in 0u64..800) {
            let (large, small) = (to_size_lru(&entries, cap), to_size_lru(&entries, cap.saturating_sub(less)));
            prop_assert_eq!(&small[..large.len()], &large[..]);
        }

        #[test]
        fn no_entry_used_later_goes_before_an_independent_one(mut entries in store(), cap in 0u64..800) {
            entries.iter_mut().for_each(|entry| entry.dependencies.clear());
            let evicted = to_size_lru(&entries, cap);
            let used = |key: &Key| entries.iter().find(|entry| entry.key == *key).unwrap().last_used;
            let newest_gone = evicted.iter().map(used).max();
            let oldest_kept = kept(&entries, &evicted).iter().map(|entry| entry.last_used).min();
            if let (Some(gone), Some(kept)) = (newest_gone, oldest_kept) {
                prop_assert!(gone <= kept);
            }
        }
    }

    fn entry(n: usize, used: u64, dependencies: &[usize]) -> EntryFeatures {
        EntryFeatures {
            key: key(n),
            bytes: 1,
            last_used: Duration::from_secs(used),
            created: Duration::ZERO,
            cost_s: None,
            blobs: vec![],
            dependencies: dependencies.iter().map(|n| key(*n)).collect(),
        }
    }

    #[test]
    fn age_counts_from_the_last_use_of_any_dependent() {
        let entries = [entry(0, 0, &[]), entry(1, 90, &[0]), entry(2, 0, &[])];
        let evicted = by_age(&entries, Duration::from_secs(100), Duration::from_secs(30));
        assert_eq!(evicted, [key(2)]);
        assert!(by_age(&entries, Duration::from_secs(5), Duration::from_secs(30)).is_empty(), "clocks may go back");
    }

    #[test]
    fn of_one_build_dependents_go_first() {
        let entries = [entry(0, 5, &[]), entry(1, 5, &[0]), entry(2, 5, &[1])];
        assert_eq!(to_size_lru(&entries, 1), [key(2), key(1)]);
    }

    #[test]
    fn a_circle_in_a_damaged_store_ends() {
        let entries = [entry(0, 5, &[1]), entry(1, 6, &[0]), entry(2, 7, &[2])];
        assert_eq!(to_size_lru(&entries, 0).len(), 3);
    }

    #[test]
    fn a_shared_file_goes_with_its_last_entry() {
        let blob = Blob { id: BlobId::of(b"b"), bytes: 100 };
        let sharing = |n, used| EntryFeatures { blobs: vec![blob, blob], ..entry(n, used, &[]) };
        let entries = [sharing(0, 1), sharing(1, 2), sharing(2, 3)];
        assert_eq!(total_bytes(&entries), 103);
        assert_eq!(to_size_lru(&entries, 102), [key(0)]);
        assert_eq!(to_size_lru(&entries, 100).len(), 3);
    }
}
