//! What tells the policies apart, one small history each.

use super::flat::Flat;
use super::tests::history;
use super::*;
use crate::history::{Artifact, ArtifactId, Build, History};

/// What is stored after each build.
fn stored(flat: &Flat, policy: &str, cap: u64) -> Vec<Vec<u32>> {
    let mut replay = Replay::new(flat, by_name(policy).unwrap(), Some(cap));
    let mut after = Vec::new();
    while replay.step() {
        after.push((0..flat.artifacts() as u32).filter(|id| replay.store().has(*id)).collect());
    }
    after
}

fn last(artifacts: &[(f32, u32)], wanted: &[&[u32]], policy: &str, cap: u64) -> Vec<u32> {
    stored(&Flat::of(&history(artifacts, wanted)), policy, cap).pop().unwrap()
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
fn age_counts_what_stands_above() {
    let artifact = |below: &[u32]| Artifact {
        seconds: 1.0,
        bytes: 1.0,
        local: false,
        below: below.iter().map(|id| ArtifactId(*id)).collect(),
    };
    let mut history = History { artifacts: vec![artifact(&[]), artifact(&[0]), artifact(&[])], ..History::default() };
    let build = |day: u32| Build { at: day * 86_400, ..Build::default() };
    history.push(build(0), &[], &[0, 1, 2].map(ArtifactId));
    history.push(build(DAYS), &[ArtifactId(1)], &[]);
    history.push(build(DAYS + 1), &[], &[]);
    history.push(build(2 * DAYS + 1), &[], &[]);
    let mut replay = Replay::new(Box::leak(Box::new(Flat::of(&history))), by_name("age").unwrap(), None);
    let mut left = Vec::new();
    while replay.step() {
        left.push((0..3).filter(|id| replay.store().has(*id)).count());
    }
    assert_eq!(left, [3, 3, 2, 0], "30 days are no more than 30 days; 0 stays as long as 1 does");
}

/// Commands in workspaces that want artifacts of one byte.
fn commands(builds: &[(u32, u32, &[u32])]) -> Flat {
    let mut history = history(&[(1.0, 1); 6], &[]);
    for (workspace, command, wanted) in builds {
        let ids: Vec<ArtifactId> = wanted.iter().map(|id| ArtifactId(*id)).collect();
        history.push(Build { workspace: *workspace, command: *command, ..Build::default() }, &[], &ids);
    }
    Flat::of(&history)
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
    let kept = |policy| stored(&Flat::of(&history(&[(9.0, 1), (1.0, 1)], uses)), policy, 1)[0].clone();
    assert_eq!(kept("offline-belady"), [1]);
    assert_eq!(kept("offline-value"), [0]);
}

#[test]
fn what_has_waited_long_is_worth_more_than_when_it_came() {
    // After build 0, 0 is worth 4 s ÷ 4 builds. After build 3 one build is left, and 4 s.
    let uses: &[&[u32]] = &[&[0], &[], &[], &[1], &[0], &[1]];
    let flat = Flat::of(&history(&[(4.0, 1), (5.0, 1)], uses));
    assert_eq!(stored(&flat, "offline-value", 1)[3], [0], "4 s for one build against 5 s for two");
}

#[test]
fn outcomes_add_up() {
    let flat = Flat::of(&history(&[(2.0, 6), (3.0, 6), (1.0, 1)], &[&[0, 2], &[1, 2], &[0, 2]]));
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
