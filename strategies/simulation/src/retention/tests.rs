//! What every policy keeps to, against the real store, an exhaustive search and the bound.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use strategies::key::Key;
use strategies::retention::{EntryFeatures, StoreLimits, by_age, to_size_lru};

use super::flat::Flat;
use super::*;
use crate::history::{Artifact, ArtifactId, Build, History};

/// Builds a day apart that want artifacts of these seconds and bytes.
pub(super) fn history(artifacts: &[(f32, u32)], wanted: &[&[u32]]) -> History {
    let artifacts = artifacts
        .iter()
        .map(|(seconds, bytes)| Artifact { seconds: *seconds, bytes: *bytes as f32, local: false, below: vec![] })
        .collect();
    let mut history = History { artifacts, ..History::default() };
    for (wanted, day) in wanted.iter().zip(0u32..) {
        let ids: Vec<ArtifactId> = wanted.iter().map(|id| ArtifactId(*id)).collect();
        history.push(Build { at: day * 86_400, ..Build::default() }, &[], &ids);
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
                .map(|(at, (seconds, bytes, below))| Artifact {
                    seconds: seconds as f32 / 4.0,
                    bytes: bytes as f32,
                    local: false,
                    below: below.into_iter().filter(|id| *id < at).map(|id| ArtifactId(id as u32)).collect(),
                })
                .collect();
            let mut history = History { artifacts, ..History::default() };
            let mut day = 0;
            for (days, workspace, command, uses) in builds {
                day += days;
                let of = |kind: u8| -> Vec<ArtifactId> {
                    (0u32..).zip(&uses).filter(|(_, use_)| **use_ == kind).map(|(id, _)| ArtifactId(id)).collect()
                };
                history.push(Build { at: day * 86_400, workspace, command, ..Build::default() }, &of(1), &of(2));
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
    let flat = Flat::of(history);
    let keys = keys(history.artifacts.len());
    let mut last_used = vec![Duration::ZERO; keys.len()];
    let mut replay = Replay::new(&flat, by_name(policy).unwrap(), cap);
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
                dependencies: history.artifacts[*id].below.iter().map(|below| keys[below.at()]).collect(),
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

/// The most microseconds that any choice of evictions reuses, closed or not: over all sets of
/// artifacts that may be stored after each build.
fn exhaustive(flat: &Flat, cap: u64) -> u64 {
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
        let flat = Flat::of(&history);
        for policy in &ALL {
            let mut replay = Replay::new(&flat, policy, Some(cap));
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
                    prop_assert!(after.iter().all(|id| !flat.below(*id).contains(gone)), "{}", policy.name);
                }
                before = after;
                number += 1;
            }
            prop_assert!(replay.tally().peak_bytes <= cap);
        }
    }

    #[test]
    fn nobody_beats_an_exhaustive_search_nor_that_the_bound(history in histories(5, 7, 2), cap in 0u64..90) {
        let flat = Flat::of(&history);
        let best = exhaustive(&flat, cap);
        let intervals = Intervals::of(&flat);
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
        let flat = Flat::of(&history);
        let belady = replay(&flat, by_name("offline-belady").unwrap(), Some(slots * 10));
        prop_assert_eq!(belady.reused_us, exhaustive(&flat, slots * 10));
    }

    #[test]
    fn without_a_limit_only_age_forgets(history in histories(9, 12, 3)) {
        let flat = Flat::of(&history);
        let bound = Intervals::of(&flat).most_reused(None);
        for policy in ALL.iter().filter(|policy| policy.name != "age") {
            let tally = replay(&flat, policy, None);
            prop_assert_eq!((tally.evicted_bytes, tally.again_us, tally.reused_us), (0, 0, bound), "{}", policy.name);
        }
    }

    #[test]
    fn the_bound_falls_with_the_cap(history in histories(9, 12, 0), cap in 0u64..200, less in 0u64..200) {
        let intervals = Intervals::of(&Flat::of(&history));
        prop_assert!(intervals.knapsack(cap.saturating_sub(less)).0 <= intervals.knapsack(cap).0);
    }
}
