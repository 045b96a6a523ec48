//! Properties of every policy, against the real store, an exhaustive search and the bound, and what distinguishes the
//! policies, one small history each.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use strategies::key::Key;
use strategies::retention::{BuildSnapshot, EntryFeatures, StoreLimits, by_age, to_size_lru, to_snapshots};

use super::policies::DAYS;
use super::*;
use crate::history::HistoryBuild;

fn by_name(name: &str) -> &'static RetentionPolicy {
    ALL.iter().find(|policy| policy.name == name).unwrap()
}

pub(super) fn history(artifacts: &[(f32, u32)], wanted: &[&[u32]]) -> History {
    let builds: Vec<_> = wanted.iter().map(|wanted| (1, 0, 0, &[][..], *wanted)).collect();
    world(&artifacts.iter().map(|(seconds, bytes)| (*seconds, *bytes, &[][..])).collect::<Vec<_>>(), &builds)
}

/// Days since the build before, workspace, command, what is present and what is wanted.
type BuildRow<'a> = (u32, u32, u32, &'a [u32], &'a [u32]);

/// Artifacts of these seconds, bytes and dependencies; builds, each so many days after the one before, by workspace,
/// command, what is present and what is wanted.
fn world(artifacts: &[(f32, u32, &[u32])], builds: &[BuildRow<'_>]) -> History {
    let mut history = History::default();
    for (seconds, bytes, dependencies) in artifacts {
        history.add_artifact(*seconds, *bytes as f32, false, dependencies.iter().copied());
    }
    let mut day = 0;
    for (days, workspace, command, present, wanted) in builds {
        day += days;
        let (workspace, command) = (*workspace, *command);
        history.add_build(
            HistoryBuild { at: day * 86_400, workspace, command, ..HistoryBuild::default() },
            present,
            wanted,
        );
    }
    history.finish()
}

/// Up to `artifacts` of them on each other, used by up to `builds` builds, days apart.
fn histories(artifacts: usize, builds: usize, edges: usize) -> impl Strategy<Value = History> {
    let one = (0u32..40, 0u32..30, proptest::collection::vec(0..artifacts as u32, 0..=edges));
    let uses = proptest::collection::vec(0u8..3, artifacts);
    let build = (0u32..20, 0u32..3, 0u32..2, uses);
    (proptest::collection::vec(one, artifacts), proptest::collection::vec(build, 0..=builds)).prop_map(
        |(artifacts, builds)| {
            let artifacts: Vec<_> = artifacts
                .iter()
                .map(|(seconds, bytes, dependencies)| (*seconds as f32 / 4.0, *bytes, dependencies.as_slice()))
                .collect();
            let of = |uses: &[u8], kind: u8| -> Vec<u32> {
                (0u32..).zip(uses).filter(|(_, used)| **used == kind).map(|(id, _)| id).collect()
            };
            let uses: Vec<_> = builds.iter().map(|(.., uses)| (of(uses, 1), of(uses, 2))).collect();
            let builds: Vec<_> = builds
                .iter()
                .zip(&uses)
                .map(|((days, workspace, command, _), (present, wanted))| {
                    (*days, *workspace, *command, present.as_slice(), wanted.as_slice())
                })
                .collect();
            world(&artifacts, &builds)
        },
    )
}

fn keys(artifacts: usize) -> Vec<Key> {
    let mut keys: Vec<Key> = (0..artifacts).map(|id| Key::of(&id.to_le_bytes())).collect();
    keys.sort_unstable();
    keys
}

/// What the real store would evict after each build, given what the simulated one had before it.
fn real_evicts(
    history: &History,
    policy: &str,
    cap: Option<u64>,
    stamp: impl Fn(usize) -> Duration,
    evict: impl Fn(&[EntryFeatures], Duration) -> Vec<Key>,
) -> Result<(), TestCaseError> {
    let keys = keys(history.artifacts());
    let mut last_used = vec![Duration::ZERO; keys.len()];
    let mut replay = RetentionReplay::new(history, by_name(policy), cap);
    for (number, build) in history.builds.iter().enumerate() {
        let mut stored: HashSet<usize> = (0..keys.len()).filter(|id| replay.store.has(*id as u32)).collect();
        stored.extend(history.wanted(build).iter().map(|id| *id as usize));
        for id in history.used(build) {
            last_used[*id as usize] = stamp(number);
        }
        let entries: Vec<EntryFeatures> = stored
            .iter()
            .map(|id| EntryFeatures {
                key: keys[*id],
                bytes: history.bytes[*id],
                last_used: last_used[*id],
                created: Duration::ZERO,
                cost_s: None,
                blobs: vec![],
                dependencies: history.dependencies(*id as u32).iter().map(|id| keys[*id as usize]).collect(),
            })
            .collect();
        let evicted = evict(&entries, stamp(number));
        replay.step();
        for id in stored {
            prop_assert_eq!(replay.store.has(id as u32), !evicted.contains(&keys[id]), "{} after {}", id, number);
        }
    }
    Ok(())
}

/// The most microseconds that any choice of evictions reuses, closed or not: over all sets of artifacts that may be
/// stored after each build.
fn exhaustive(history: &History, cap: u64) -> u64 {
    let sets = 1usize << history.artifacts();
    let bytes =
        |set: usize| (0..history.artifacts()).filter(|id| set >> id & 1 == 1).map(|id| history.bytes[id]).sum::<u64>();
    let mut best: Vec<Option<u64>> = vec![None; sets];
    best[0] = Some(0);
    for build in &history.builds {
        let wanted = history.wanted(build);
        let mut then: Vec<Option<u64>> = vec![None; sets];
        for (set, reused) in best.iter().enumerate() {
            let Some(reused) = reused else { continue };
            let hits =
                wanted.iter().filter(|id| set >> **id & 1 == 1).map(|id| history.cost[*id as usize]).sum::<u64>();
            let during = wanted.iter().fold(set, |set, id| set | 1 << id);
            for (after, best) in then.iter_mut().enumerate() {
                if after & !during == 0 && bytes(after) <= cap {
                    *best = (*best).max(Some(reused + hits));
                }
            }
        }
        best = then;
    }
    best.into_iter().flatten().max().unwrap_or(0)
}

proptest! {
    #[test]
    fn lru_evicts_what_the_real_store_does(history in histories(9, 12, 3), cap in 0u64..200) {
        let stamp = |build: usize| Duration::from_secs(build as u64);
        real_evicts(&history, "lru", Some(cap), stamp, |entries, _| to_size_lru(entries, cap))?;
    }

    #[test]
    fn age_evicts_what_the_real_store_does(history in histories(9, 12, 3), cap in 0u64..200) {
        let stamp = |build: usize| Duration::from_secs(u64::from(history.builds[build].at));
        let max_age = Duration::from_secs(u64::from(DAYS) * 86_400);
        real_evicts(&history, "age", None, stamp, |entries, now| by_age(entries, now, max_age))?;
        let exact = |build: usize| stamp(build) + Duration::from_millis(build as u64);
        let limits = StoreLimits { max_age: Some(max_age + Duration::from_millis(100)), max_bytes: Some(cap) };
        real_evicts(&history, "age", Some(cap), exact, |entries, now| limits.evict(entries, now))?;
    }

    #[test]
    fn snapshot_evicts_what_the_real_store_does(history in histories(9, 12, 3), cap in proptest::option::of(0u64..200)) {
        let stamp = |build: usize| Duration::from_millis(u64::from(history.builds[build].at) * 1000 + build as u64);
        let max_age = Some(Duration::from_secs(u64::from(DAYS) * 86_400) + Duration::from_millis(100));
        let limits = StoreLimits { max_age, max_bytes: cap };
        let keys = keys(history.artifacts());
        let roots: RefCell<Vec<BuildSnapshot>> = RefCell::default();
        let builds = RefCell::new(history.builds.iter());
        real_evicts(&history, "snapshot", cap, stamp, |entries, now| {
            let used = builds.borrow_mut().next().map_or(&[][..], |build| history.used(build));
            let mut roots = roots.borrow_mut();
            roots.push(BuildSnapshot { at: now, keys: used.iter().map(|id| keys[*id as usize]).collect() });
            let gone = to_snapshots(entries, &roots, &limits, now);
            gone.snapshots.iter().rev().for_each(|at| drop(roots.remove(*at)));
            gone.keys
        })?;
    }

    #[test]
    fn a_store_keeps_its_cap_and_what_kept_artifacts_were_made_from(history in histories(9, 12, 3), cap in 0u64..200) {
        for policy in &ALL {
            let mut replay = RetentionReplay::new(&history, policy, Some(cap));
            let mut before: HashSet<u32> = HashSet::new();
            let mut number = 0;
            while replay.step() {
                let wanted = history.wanted(&history.builds[number]).iter().copied();
                let during: HashSet<u32> = before.iter().copied().chain(wanted).collect();
                let after: HashSet<u32> = (0..9).filter(|id| replay.store.has(*id)).collect();
                let bytes = after.iter().map(|id| history.bytes[*id as usize]).sum::<u64>();
                prop_assert_eq!(bytes, replay.store.total);
                prop_assert!(bytes <= cap, "{}", policy.name);
                prop_assert!(after.is_subset(&during), "{}", policy.name);
                for gone in during.difference(&after) {
                    prop_assert!(after.iter().all(|id| !history.dependencies(*id).contains(gone)), "{}", policy.name);
                }
                before = after;
                number += 1;
            }
            prop_assert!(replay.tally().peak_bytes <= cap);
        }
    }

    #[test]
    fn nobody_beats_an_exhaustive_search_nor_that_the_bound(history in histories(5, 7, 2), cap in 0u64..90) {
        let best = exhaustive(&history, cap);
        let intervals = ReuseIntervals::of(&history);
        let bound = intervals.most_reused(Some(cap));
        prop_assert!(best <= bound, "{} > {}", best, bound);
        for policy in &ALL {
            let tally = replay(&history, policy, Some(cap));
            prop_assert!(tally.reused_us <= best, "{}: {} > {}", policy.name, tally.reused_us, best);
        }
    }

    #[test]
    fn without_a_limit_nothing_is_forgotten_but_for_its_age(history in histories(9, 12, 3)) {
        let bound = ReuseIntervals::of(&history).most_reused(None);
        for policy in ALL.iter().filter(|policy| !["age", "snapshot"].contains(&policy.name)) {
            let tally = replay(&history, policy, None);
            prop_assert_eq!((tally.evicted_bytes, tally.again_us, tally.reused_us), (0, 0, bound), "{}", policy.name);
        }
    }

    #[test]
    fn the_bound_falls_with_the_cap(history in histories(9, 12, 0), cap in 0u64..200, less in 0u64..200) {
        let intervals = ReuseIntervals::of(&history);
        prop_assert!(intervals.most_reused(Some(cap.saturating_sub(less))) <= intervals.most_reused(Some(cap)));
    }
}

/// What is stored after each build.
fn stored(history: &History, policy: &str, cap: u64) -> Vec<Vec<u32>> {
    let mut replay = RetentionReplay::new(history, by_name(policy), Some(cap));
    let mut after = Vec::new();
    while replay.step() {
        after.push((0..history.artifacts() as u32).filter(|id| replay.store.has(*id)).collect());
    }
    after
}

fn last(artifacts: &[(f32, u32)], wanted: &[&[u32]], policy: &str, cap: u64) -> Vec<u32> {
    stored(&history(artifacts, wanted), policy, cap).pop().unwrap()
}

#[test]
fn names_are_unique_and_each_says_what_it_does() {
    for (at, policy) in ALL.iter().enumerate() {
        assert!(ALL[..at].iter().all(|other| other.name != policy.name && other.about != policy.about));
    }
}

#[test]
fn lru_goes_by_the_last_use() {
    assert_eq!(last(&[(1.0, 1); 4], &[&[0], &[0], &[0], &[1], &[1], &[2]], "lru", 2), [1, 2]);
}

#[test]
fn gdsf_follows_its_formula() {
    // H = L + frequency × cost ÷ size, in seconds a byte.
    let artifacts = [(8.0, 4), (3.0, 2), (4.0, 2), (2.5, 1)];
    // H: 2.0, 1.5, 2.0: over 6 bytes, 1 goes and L is 1.5.
    assert_eq!(last(&artifacts, &[&[0, 1, 2]], "gdsf", 6), [0, 2]);
    // Then 3 comes with 1.5 + 2.5 = 4.0: 0 and 2 have 2.0 each, the older goes and L is 2.0.
    assert_eq!(last(&artifacts, &[&[0, 1, 2], &[3]], "gdsf", 6), [2, 3]);
    // Used twice, 0 has 1.5 + 2 × 2.0 = 5.5 and outlives 2.
    assert_eq!(last(&artifacts, &[&[0, 1, 2], &[0], &[3]], "gdsf", 6), [0, 3]);
    // The count of what went begins again: 1 has 2.0 + 1.5, not 2.0 + 2 × 1.5, and 3 has 4.0.
    assert_eq!(last(&artifacts, &[&[0, 1, 2], &[0], &[3], &[1]], "gdsf", 6), [0, 3]);
}

#[test]
fn age_counts_dependents() {
    let artifacts: [(f32, u32, &[u32]); 3] = [(1.0, 1, &[]), (1.0, 1, &[0]), (1.0, 1, &[])];
    let builds: [BuildRow<'_>; 4] =
        [(0, 0, 0, &[], &[0, 1, 2]), (DAYS, 0, 0, &[1], &[]), (1, 0, 0, &[], &[]), (DAYS, 0, 0, &[], &[])];
    let left: Vec<usize> = stored(&world(&artifacts, &builds), "age", u64::MAX).iter().map(Vec::len).collect();
    assert_eq!(left, [3, 3, 2, 0], "30 days are no more than 30 days; 0 stays as long as 1 does");
}

fn commands(builds: &[(u32, u32, &[u32])]) -> History {
    let builds = builds.iter().map(|(workspace, command, wanted)| (0, *workspace, *command, &[][..], *wanted));
    world(&[(1.0, 1, &[][..]); 6], &builds.collect::<Vec<_>>())
}

#[test]
fn a_snapshot_goes_as_a_whole_the_oldest_first() {
    let history = commands(&[(0, 0, &[0, 1]), (0, 1, &[1, 2]), (0, 0, &[1, 3]), (1, 0, &[4])]);
    let last = |cap| stored(&history, "snapshot", cap).pop().unwrap();
    assert_eq!(last(5), [0, 1, 2, 3, 4], "nothing goes while there is room");
    assert_eq!(last(4), [1, 2, 3, 4], "the oldest had 0 alone");
    assert_eq!(last(3), [1, 3, 4]);
    assert_eq!(last(2), [4], "half a snapshot is none");
    assert_eq!(stored(&history, "lru", 2).pop().unwrap(), [3, 4]);
}

#[test]
fn builds_stay_for_thirty_days() {
    let builds: [BuildRow<'_>; 4] =
        [(0, 0, 0, &[], &[0, 1]), (DAYS, 0, 0, &[1], &[]), (1, 0, 0, &[], &[2]), (DAYS, 0, 0, &[], &[])];
    let history = world(&[(1.0, 1, &[][..]); 3], &builds);
    assert_eq!(stored(&history, "snapshot", u64::MAX), [vec![0, 1], vec![0, 1], vec![1, 2], vec![2]]);
}

#[test]
fn an_offline_policy_knows_what_comes() {
    // 0 is dear and comes late, 1 is cheap and comes soon.
    assert_eq!(stored(&history(&[(9.0, 1), (1.0, 1)], &[&[0, 1], &[1], &[0]]), "offline-value", 1)[0], [0]);
}

#[test]
fn what_has_waited_long_is_worth_more_than_when_it_came() {
    // After build 0, 0 is worth 4 s ÷ 4 builds. After build 3 one build is left, and 4 s.
    let uses: &[&[u32]] = &[&[0], &[], &[], &[1], &[0], &[1]];
    let history = history(&[(4.0, 1), (5.0, 1)], uses);
    assert_eq!(stored(&history, "offline-value", 1)[3], [0], "4 s for one build against 5 s for two");
}

#[test]
fn outcomes_add_up() {
    let history = history(&[(2.0, 6), (3.0, 6), (1.0, 1)], &[&[0, 2], &[1, 2], &[0, 2]]);
    let bounds = bounds(&history, &[Cap(Some(8)), Cap(None)]);
    let rows = ["lru", "offline-value"].map(|name| outcomes(&history, "aggressive", by_name(name), &bounds)).concat();
    let named: Vec<_> = rows.iter().map(|row| (row.policy.as_str(), row.cap_bytes)).collect();
    let expected = [("lru", Some(8)), ("lru", None), ("offline-value", Some(8)), ("offline-value", None)];
    assert_eq!(named, expected);
    let lru = &rows[0];
    assert_eq!((lru.hit_rate, lru.hit_rate_by_cost), (2.0 / 6.0, 2.0 / 10.0));
    assert_eq!((lru.rebuilt_s, lru.bound_s, lru.rebuilt_again_s), (8.0, 6.0, 2.0));
    assert_eq!((lru.evicted_bytes, lru.peak_bytes), (12.0, 7.0));
    assert_eq!(lru.rebuilt_s_per_gb, Some(2.0 / 12e-9));
    let free = &rows[1];
    assert_eq!((free.rebuilt_s, free.bound_s, free.evicted_bytes, free.rebuilt_s_per_gb), (6.0, 6.0, 0.0, None));
    assert_eq!(rows[2].rebuilt_s, 6.0);
}
