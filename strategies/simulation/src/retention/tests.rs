//! Properties of every policy, against the real store, an exhaustive search and the bound, and what distinguishes the
//! policies, one small history each.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use strategies::key::Key;
use strategies::retention::{EntryFeatures, StoreLimits, by_age, to_size_lru};

use super::flat::FlatHistory;
use super::*;
use crate::history::{ArtifactId, History, HistoryArtifact, HistoryBuild};

/// Builds a day apart that want artifacts of these seconds and bytes.
pub(super) fn history(artifacts: &[(f32, u32)], wanted: &[&[u32]]) -> History {
    let artifacts = artifacts
        .iter()
        .map(|(seconds, bytes)| HistoryArtifact {
            seconds: *seconds,
            bytes: *bytes as f32,
            local: false,
            dependencies: vec![],
        })
        .collect();
    let mut history = History { artifacts, ..History::default() };
    for (wanted, day) in wanted.iter().zip(0u32..) {
        let ids: Vec<ArtifactId> = wanted.iter().map(|id| ArtifactId(*id)).collect();
        history.push(HistoryBuild { at: day * 86_400, ..HistoryBuild::default() }, &[], &ids);
    }
    history
}

/// Up to `artifacts` of them on each other, used by up to `builds` builds, days apart.
fn histories(artifacts: usize, builds: usize, edges: usize) -> impl Strategy<Value = History> {
    let one = (0u32..40, 0u32..30, proptest::collection::vec(0usize..artifacts, 0..=edges));
    let uses = proptest::collection::vec(0u8..3, artifacts);
    let build = (0u32..20, 0u32..3, 0u32..2, uses);
    (proptest::collection::vec(one, artifacts), proptest::collection::vec(build, 0..=builds)).prop_map(
        |(artifacts, builds)| {
            let artifacts = artifacts
                .into_iter()
                .enumerate()
                .map(|(at, (seconds, bytes, dependencies))| HistoryArtifact {
                    seconds: seconds as f32 / 4.0,
                    bytes: bytes as f32,
                    local: false,
                    dependencies: dependencies
                        .into_iter()
                        .filter(|id| *id < at)
                        .map(|id| ArtifactId(id as u32))
                        .collect(),
                })
                .collect();
            let mut history = History { artifacts, ..History::default() };
            let mut day = 0;
            for (days, workspace, command, uses) in builds {
                day += days;
                let of = |kind: u8| -> Vec<ArtifactId> {
                    (0u32..).zip(&uses).filter(|(_, use_)| **use_ == kind).map(|(id, _)| ArtifactId(id)).collect()
                };
                history.push(
                    HistoryBuild { at: day * 86_400, workspace, command, ..HistoryBuild::default() },
                    &of(1),
                    &of(2),
                );
            }
            history
        },
    )
}

/// Keys that order as the artifacts do.
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
    let flat = FlatHistory::of(history);
    let keys = keys(history.artifacts.len());
    let mut last_used = vec![Duration::ZERO; keys.len()];
    let mut replay = RetentionReplay::new(&flat, by_name(policy).unwrap(), cap);
    for (number, build) in history.builds.iter().enumerate() {
        let mut stored: HashSet<usize> = (0..keys.len()).filter(|id| replay.store().has(*id as u32)).collect();
        stored.extend(history.wanted(build).iter().map(|id| id.at()));
        for id in history.present(build).iter().chain(history.wanted(build)) {
            last_used[id.at()] = stamp(number);
        }
        let entries: Vec<EntryFeatures> = stored
            .iter()
            .map(|id| EntryFeatures {
                key: keys[*id],
                bytes: history.artifacts[*id].bytes as u64,
                last_used: last_used[*id],
                created: Duration::ZERO,
                cost_s: None,
                blobs: vec![],
                dependencies: history.artifacts[*id]
                    .dependencies
                    .iter()
                    .map(|dependencies| keys[dependencies.at()])
                    .collect(),
            })
            .collect();
        let evicted = evict(&entries, stamp(number));
        replay.step();
        for id in stored {
            prop_assert_eq!(replay.store().has(id as u32), !evicted.contains(&keys[id]), "{} after {}", id, number);
        }
    }
    Ok(())
}

/// The most microseconds that any choice of evictions reuses, closed or not: over all sets of artifacts that may be
/// stored after each build.
fn exhaustive(flat: &FlatHistory, cap: u64) -> u64 {
    let sets = 1usize << flat.artifacts();
    let bytes =
        |set: usize| (0..flat.artifacts()).filter(|id| set >> id & 1 == 1).map(|id| flat.bytes[id]).sum::<u64>();
    let mut best: Vec<Option<u64>> = vec![None; sets];
    best[0] = Some(0);
    for build in &flat.builds {
        let wanted = &flat.uses[build.wanted as usize..build.end as usize];
        let mut then: Vec<Option<u64>> = vec![None; sets];
        for (set, reused) in best.iter().enumerate() {
            let Some(reused) = reused else { continue };
            let hits = wanted.iter().filter(|id| set >> **id & 1 == 1).map(|id| flat.cost[*id as usize]).sum::<u64>();
            let during = wanted.iter().fold(set, |set, id| set | 1 << id);
            for (kept, best) in then.iter_mut().enumerate() {
                if kept & !during == 0 && bytes(kept) <= cap {
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
    fn a_store_keeps_its_cap_and_what_kept_artifacts_were_made_from(history in histories(9, 12, 3), cap in 0u64..200) {
        let flat = FlatHistory::of(&history);
        for policy in &ALL {
            let mut replay = RetentionReplay::new(&flat, policy, Some(cap));
            let mut before: HashSet<u32> = HashSet::new();
            let mut number = 0;
            while replay.step() {
                let wanted = history.wanted(&history.builds[number]).iter().map(|id| id.0);
                let during: HashSet<u32> = before.iter().copied().chain(wanted).collect();
                let after: HashSet<u32> = (0..9).filter(|id| replay.store().has(*id)).collect();
                let bytes = after.iter().map(|id| flat.bytes[*id as usize]).sum::<u64>();
                prop_assert_eq!(bytes, replay.store().total());
                prop_assert!(bytes <= cap, "{}", policy.name);
                prop_assert!(after.is_subset(&during), "{}", policy.name);
                for gone in during.difference(&after) {
                    prop_assert!(after.iter().all(|id| !flat.dependencies(*id).contains(gone)), "{}", policy.name);
                }
                before = after;
                number += 1;
            }
            prop_assert!(replay.tally().peak_bytes <= cap);
        }
    }

    #[test]
    fn nobody_beats_an_exhaustive_search_nor_that_the_bound(history in histories(5, 7, 2), cap in 0u64..90) {
        let flat = FlatHistory::of(&history);
        let best = exhaustive(&flat, cap);
        let intervals = ReuseIntervals::of(&flat);
        let (knapsack, density) = intervals.knapsack(cap);
        prop_assert!(best <= knapsack, "{} > {}", best, knapsack);
        // By prices, from wherever they start.
        for density in [density.unwrap_or(0.0), 0.0, 1e6] {
            let priced = intervals.priced(cap, u64::MAX, density);
            prop_assert!(best <= priced, "{} > {}", best, priced);
        }
        for policy in &ALL {
            let tally = replay(&flat, policy, Some(cap));
            prop_assert!(tally.reused_us <= best, "{}: {} > {}", policy.name, tally.reused_us, best);
        }
    }

    #[test]
    fn belady_is_the_optimum_for_equal_sizes_and_costs(mut history in histories(6, 8, 0), slots in 0u64..6) {
        for artifact in &mut history.artifacts {
            (artifact.seconds, artifact.bytes) = (3.0, 10.0);
        }
        let flat = FlatHistory::of(&history);
        let belady = replay(&flat, by_name("offline-belady").unwrap(), Some(slots * 10));
        prop_assert_eq!(belady.reused_us, exhaustive(&flat, slots * 10));
    }

    #[test]
    fn without_a_limit_only_age_forgets(history in histories(9, 12, 3)) {
        let flat = FlatHistory::of(&history);
        let bound = ReuseIntervals::of(&flat).most_reused(None);
        for policy in ALL.iter().filter(|policy| policy.name != "age") {
            let tally = replay(&flat, policy, None);
            prop_assert_eq!((tally.evicted_bytes, tally.again_us, tally.reused_us), (0, 0, bound), "{}", policy.name);
        }
    }

    #[test]
    fn the_bound_falls_with_the_cap(history in histories(9, 12, 0), cap in 0u64..200, less in 0u64..200) {
        let intervals = ReuseIntervals::of(&FlatHistory::of(&history));
        prop_assert!(intervals.knapsack(cap.saturating_sub(less)).0 <= intervals.knapsack(cap).0);
    }
}

/// What is stored after each build.
fn stored(flat: &FlatHistory, policy: &str, cap: u64) -> Vec<Vec<u32>> {
    let mut replay = RetentionReplay::new(flat, by_name(policy).unwrap(), Some(cap));
    let mut after = Vec::new();
    while replay.step() {
        after.push((0..flat.artifacts() as u32).filter(|id| replay.store().has(*id)).collect());
    }
    after
}

fn last(artifacts: &[(f32, u32)], wanted: &[&[u32]], policy: &str, cap: u64) -> Vec<u32> {
    stored(&FlatHistory::of(&history(artifacts, wanted)), policy, cap).pop().unwrap()
}

const EQUAL: [(f32, u32); 4] = [(1.0, 1); 4];

#[test]
fn names_are_unique_and_each_says_what_it_does() {
    for (at, policy) in ALL.iter().enumerate() {
        assert!(ALL[..at].iter().all(|other| other.name != policy.name && other.about != policy.about));
        assert_eq!(by_name(policy.name).unwrap().about, policy.about);
        assert_eq!(policy.offline, policy.name.starts_with("offline-"));
    }
    assert!(by_name("fifo").is_none());
}

#[test]
fn lru_goes_by_the_last_use_and_lfu_by_how_many() {
    let uses: &[&[u32]] = &[&[0], &[0], &[0], &[1], &[1], &[2]];
    assert_eq!(last(&EQUAL, uses, "lru", 2), [1, 2]);
    assert_eq!(last(&EQUAL, uses, "lfu", 2), [0, 1]);
}

#[test]
fn an_old_favourite_leaves_only_where_counts_age() {
    let uses: &[&[u32]] = &[&[0], &[0], &[0], &[1], &[2], &[1], &[2], &[1], &[2], &[1], &[2]];
    assert_eq!(last(&EQUAL, uses, "lfu", 1), [0]);
    assert_eq!(last(&EQUAL, uses, "lfu-aged", 1), [2]);
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
fn size_lets_the_largest_go_whatever_it_costs() {
    assert_eq!(last(&[(99.0, 5), (1.0, 4), (1.0, 1)], &[&[0], &[1, 2]], "size", 5), [1, 2]);
}

#[test]
fn age_counts_dependents() {
    let artifact = |dependencies: &[u32]| HistoryArtifact {
        seconds: 1.0,
        bytes: 1.0,
        local: false,
        dependencies: dependencies.iter().map(|id| ArtifactId(*id)).collect(),
    };
    let mut history = History { artifacts: vec![artifact(&[]), artifact(&[0]), artifact(&[])], ..History::default() };
    let build = |day: u32| HistoryBuild { at: day * 86_400, ..HistoryBuild::default() };
    history.push(build(0), &[], &[0, 1, 2].map(ArtifactId));
    history.push(build(DAYS), &[ArtifactId(1)], &[]);
    history.push(build(DAYS + 1), &[], &[]);
    history.push(build(2 * DAYS + 1), &[], &[]);
    let mut replay =
        RetentionReplay::new(Box::leak(Box::new(FlatHistory::of(&history))), by_name("age").unwrap(), None);
    let mut left = Vec::new();
    while replay.step() {
        left.push((0..3).filter(|id| replay.store().has(*id)).count());
    }
    assert_eq!(left, [3, 3, 2, 0], "30 days are no more than 30 days; 0 stays as long as 1 does");
}

/// Commands in workspaces that want artifacts of one byte.
fn commands(builds: &[(u32, u32, &[u32])]) -> FlatHistory {
    let mut history = history(&[(1.0, 1); 6], &[]);
    for (workspace, command, wanted) in builds {
        let ids: Vec<ArtifactId> = wanted.iter().map(|id| ArtifactId(*id)).collect();
        history.push(HistoryBuild { workspace: *workspace, command: *command, ..HistoryBuild::default() }, &[], &ids);
    }
    FlatHistory::of(&history)
}

#[test]
fn a_snapshot_goes_as_a_whole_and_what_no_root_has_before_it() {
    let flat = commands(&[(0, 0, &[0, 1]), (0, 1, &[1, 2]), (0, 0, &[1, 3]), (1, 0, &[4])]);
    assert_eq!(stored(&flat, "snapshot", 4).pop().unwrap(), [1, 2, 3, 4], "the build before had 0 alone");
    assert_eq!(stored(&flat, "snapshot", 3).pop().unwrap(), [1, 3, 4], "of the oldest root, what no other has");
    assert_eq!(stored(&flat, "snapshot", 2).pop().unwrap(), [4], "half a snapshot is none");
    assert_eq!(stored(&flat, "lru", 2).pop().unwrap(), [3, 4]);
    assert_eq!(stored(&flat, "snapshot", 5).pop().unwrap(), [0, 1, 2, 3, 4], "nothing goes while there is room");
}

#[test]
fn a_root_that_went_comes_back_with_its_next_build() {
    let flat = commands(&[(0, 0, &[0]), (1, 0, &[1, 2]), (0, 0, &[0]), (2, 0, &[3])]);
    assert_eq!(stored(&flat, "snapshot", 2), [vec![0], vec![1, 2], vec![0], vec![0, 3]]);
}

#[test]
fn offline_policies_know_what_comes() {
    // 0 is dear and comes late, 1 is cheap and comes soon.
    let uses: &[&[u32]] = &[&[0, 1], &[1], &[0]];
    let kept = |policy| stored(&FlatHistory::of(&history(&[(9.0, 1), (1.0, 1)], uses)), policy, 1)[0].clone();
    assert_eq!(kept("offline-belady"), [1]);
    assert_eq!(kept("offline-value"), [0]);
}

#[test]
fn what_has_waited_long_is_worth_more_than_when_it_came() {
    // After build 0, 0 is worth 4 s ÷ 4 builds. After build 3 one build is left, and 4 s.
    let uses: &[&[u32]] = &[&[0], &[], &[], &[1], &[0], &[1]];
    let flat = FlatHistory::of(&history(&[(4.0, 1), (5.0, 1)], uses));
    assert_eq!(stored(&flat, "offline-value", 1)[3], [0], "4 s for one build against 5 s for two");
}

#[test]
fn outcomes_add_up() {
    let flat = FlatHistory::of(&history(&[(2.0, 6), (3.0, 6), (1.0, 1)], &[&[0, 2], &[1, 2], &[0, 2]]));
    let caps = [Cap(Some(8)), Cap(None)];
    let rows = table(&flat, &[by_name("lru").unwrap(), by_name("offline-value").unwrap()], &caps);
    let named: Vec<_> = rows.iter().map(|row| (row.policy, row.cap_bytes)).collect();
    let expected = [("lru", Some(8)), ("lru", None), ("offline-value", Some(8)), ("offline-value", None)];
    assert_eq!(named, expected);
    let lru = rows[0];
    assert_eq!((lru.lookups, lru.hit_rate, lru.hit_rate_by_cost), (6, 2.0 / 6.0, 2.0 / 10.0));
    assert_eq!((lru.rebuilt_s, lru.bound_s, lru.rebuilt_again_s), (8.0, 6.0, 2.0));
    assert_eq!((lru.evicted_bytes, lru.peak_bytes), (12.0, 7.0));
    assert_eq!(lru.rebuilt_s_per_gb, Some(2.0 / 12e-9));
    let free = rows[1];
    assert_eq!((free.rebuilt_s, free.bound_s, free.evicted_bytes, free.rebuilt_s_per_gb), (6.0, 6.0, 0.0, None));
    assert_eq!(rows[2].rebuilt_s, 6.0);
}
