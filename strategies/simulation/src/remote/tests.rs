//! Properties of every simulated build.

use proptest::prelude::*;

use super::schedule::PreparedJob;
use super::times::{alone, times};
use super::*;

/// Up to 14 units on each other; the last is a root, and so may others be.
fn jobs() -> impl Strategy<Value = Vec<RemoteUnit>> {
    let one = (0u32..40, 0u32..50, proptest::collection::vec(0usize..14, 0..4), 0u8..8, any::<bool>());
    proptest::collection::vec(one, 1..14).prop_map(|rows| {
        let last = rows.len() - 1;
        rows.into_iter()
            .enumerate()
            .map(|(at, (seconds, bytes, dependency, kind, available))| RemoteUnit {
                seconds: f64::from(seconds) / 4.0,
                bytes: f64::from(bytes) * 1e5,
                dependencies: dependency.into_iter().filter(|id| *id < at).map(|id| id as u32).collect(),
                available,
                library: kind % 4 != 0,
                root: at == last || kind == 5,
            })
            .collect()
    })
}

fn links() -> impl Strategy<Value = Link> {
    (1u32..200, 0u32..2000, 1u32..9).prop_map(|(mbit, ms, transfers)| Link {
        bits_per_s: f64::from(mbit) * 1e6,
        latency_s: f64::from(ms) / 1000.0,
        transfers,
    })
}

fn lookups() -> impl Strategy<Value = Lookup> {
    prop_oneof![Just(Lookup::ByLevel), Just(Lookup::AtOnce)]
}

fn all(job: &[RemoteUnit], available: bool) -> Vec<RemoteUnit> {
    job.iter().map(|unit| RemoteUnit { available, ..unit.clone() }).collect()
}

/// Seconds on the longest path to a root, over units that a root needs.
fn critical_path(job: &[RemoteUnit]) -> f64 {
    let mut paths: Vec<f64> = Vec::new();
    for unit in job {
        paths.push(unit.seconds + unit.dependencies.iter().map(|id| paths[*id as usize]).fold(0.0, f64::max));
    }
    job.iter().zip(paths).filter(|(unit, _)| unit.root).map(|(_, path)| path).fold(0.0, f64::max)
}

const CLOSE: f64 = 1e-6;

proptest! {
    #[test]
    fn compiling_takes_the_critical_path_or_longer(job in jobs(), link in links(), lookup in lookups(), cores in 1u32..5) {
        let prepared = PreparedJob::new(&job);
        let nothing = vec![false; job.len()];
        let run = prepared.run(&nothing, link, lookup, Some(cores));
        let path = critical_path(&job);
        let least = path.max(run.compiled_s / f64::from(cores));
        // Graham's bound: list scheduling takes no longer than work ÷ cores + path.
        let most = run.compiled_s / f64::from(cores) + path;
        prop_assert!(run.seconds >= least - CLOSE && run.seconds <= most + CLOSE, "{} {} {}", least, run.seconds, most);
        prop_assert!((prepared.run(&nothing, link, lookup, None).seconds - path).abs() < CLOSE);
        prop_assert_eq!(run.moved_bytes, 0.0);
    }

    #[test]
    fn no_choice_beats_its_work_or_its_bytes(
        job in jobs(), link in links(), lookup in lookups(), cores in 1u32..5, wish in any::<u16>(),
    ) {
        let fetched: Vec<bool> =
            job.iter().enumerate().map(|(at, unit)| unit.available && wish >> at & 1 == 1).collect();
        let run = PreparedJob::new(&job).run(&fetched, link, lookup, Some(cores));
        prop_assert!(run.seconds >= run.compiled_s / f64::from(cores) - CLOSE);
        prop_assert!(run.seconds >= 8.0 * run.moved_bytes / link.bits_per_s - CLOSE);
        let needs = NeededUnits::of(&job, &fetched, lookup);
        let first = job.iter().enumerate().filter(|(at, _)| needs.needed[*at] && fetched[*at]);
        for (_, unit) in first {
            prop_assert!(run.seconds >= alone(unit, link) - CLOSE);
        }
        let free = Link { bits_per_s: f64::INFINITY, latency_s: 0.0, transfers: 1 };
        let floor = PreparedJob::new(&job).run(&fetched, free, lookup, None).seconds;
        prop_assert!(run.seconds >= floor - CLOSE, "what is compiled takes its longest path: {} {}", floor, run.seconds);
    }

    #[test]
    fn with_nothing_to_fetch_all_ways_are_one(job in jobs(), link in links(), lookup in lookups(), cores in 1u32..5) {
        let times = times(&all(&job, false), link, lookup, cores);
        prop_assert_eq!((times.fetch_s, times.choose_s), (times.compile_s, times.compile_s));
        prop_assert_eq!(times.critical_choose_s, times.critical_compile_s);
        prop_assert_eq!((times.moved_bytes, times.available), (0.0, 0));
    }

    #[test]
    fn a_perfect_link_with_everything_takes_no_time(job in jobs(), lookup in lookups(), cores in 1u32..5) {
        let link = Link { bits_per_s: f64::INFINITY, latency_s: 0.0, transfers: 1 };
        let times = times(&all(&job, true), link, lookup, cores);
        prop_assert_eq!((times.fetch_s, times.choose_s, times.critical_choose_s), (0.0, 0.0, 0.0));
    }

    #[test]
    fn choosing_is_never_worse(job in jobs(), link in links(), lookup in lookups(), cores in 1u32..5) {
        let times = times(&job, link, lookup, cores);
        prop_assert!(times.choose_s <= times.compile_s.min(times.fetch_s));
        prop_assert!(times.critical_choose_s <= times.critical_compile_s.min(times.critical_fetch_s));
        prop_assert!(times.critical_compile_s <= times.compile_s + CLOSE);
    }

    /// On few cores, or with lookups that end in another order, a fetch that comes sooner may start things in a worse
    /// order (Graham's anomalies), so this holds for those alone.
    #[test]
    fn more_bandwidth_never_hurts_one_transfer(job in jobs(), link in links(), more in 1.0f64..50.0) {
        let one = Link { transfers: 1, ..link };
        let wide = Link { bits_per_s: one.bits_per_s * more, ..one };
        let fetch = |link| times(&job, link, Lookup::AtOnce, 1).critical_fetch_s;
        prop_assert!(fetch(wide) <= fetch(one) + CLOSE);
    }

    #[test]
    fn keys_known_at_once_never_hurt_on_ample_links(job in jobs(), link in links()) {
        let ample = Link { transfers: 100, bits_per_s: f64::INFINITY, ..link };
        let fetch = |lookup| times(&job, ample, lookup, 1).critical_fetch_s;
        prop_assert!(fetch(Lookup::AtOnce) <= fetch(Lookup::ByLevel) + CLOSE);
    }
}

fn unit(seconds: f64, bytes: f64, dependencies: &[u32], available: bool) -> RemoteUnit {
    RemoteUnit { seconds, bytes, dependencies: dependencies.to_vec(), available, library: true, root: false }
}

#[test]
fn transfers_share_the_bandwidth() {
    let link = |transfers| Link { bits_per_s: 8e6, latency_s: 1.0, transfers };
    let roots = [3e6, 1e6].map(|bytes| RemoteUnit { root: true, ..unit(9.0, bytes, &[], true) });
    let job = roots.to_vec();
    let seconds = |transfers| times(&job, link(transfers), Lookup::AtOnce, 1).fetch_s;
    assert_eq!(seconds(2), 6.0, "lookup, first byte, then both in 4 s");
    assert_eq!(seconds(1), 7.0, "the second request waits for the first transfer");
}

#[test]
fn the_longest_path_starts_first() {
    let root = |unit| RemoteUnit { root: true, ..unit };
    let units = vec![
        root(unit(3.0, 0.0, &[], false)),
        root(unit(3.0, 0.0, &[], false)),
        unit(1.0, 0.0, &[], false),
        root(unit(5.0, 0.0, &[2], false)),
    ];
    let link = Link { bits_per_s: 1e6, latency_s: 0.0, transfers: 1 };
    let compile = times(&units, link, Lookup::AtOnce, 2).compile_s;
    assert_eq!(compile, 6.0, "in the order of the list it would be 9");
}

#[test]
fn a_compile_waits_for_all_libraries_it_reads() {
    let link = Link { bits_per_s: 8e6, latency_s: 0.0, transfers: 1 };
    let units = vec![
        unit(9.0, 5e6, &[], true),
        unit(9.0, 1e6, &[0], true),
        RemoteUnit { root: true, ..unit(2.0, 0.0, &[1], false) },
    ];
    let job = units;
    let run = times(&job, link, Lookup::AtOnce, 1);
    assert_eq!((run.fetch_s, run.moved_bytes), (8.0, 6e6));
}

#[test]
fn a_key_of_contents_waits_for_the_compile_of_the_dependency() {
    let link = Link { bits_per_s: f64::INFINITY, latency_s: 0.5, transfers: 8 };
    let units = vec![unit(3.0, 0.0, &[], false), RemoteUnit { root: true, ..unit(10.0, 0.0, &[0], true) }];
    let job = units;
    assert_eq!(times(&job, link, Lookup::ByLevel, 1).fetch_s, 4.0);
    assert_eq!(times(&job, link, Lookup::AtOnce, 1).fetch_s, 1.0);
}

#[test]
fn totals_sum_jobs_link_by_link() {
    let root = |seconds, bytes, available| RemoteUnit { root: true, ..unit(seconds, bytes, &[], available) };
    let first = vec![root(9.0, 1e6, true), root(1.0, 0.0, false)];
    let second = vec![root(3.0, 4e6, true)];
    let link = |bits_per_s| Link { bits_per_s, latency_s: 0.0, transfers: 1 };
    let rows = totals(&[first, second], &[link(8e6), link(80e6)], Lookup::AtOnce, 1);
    let (slow, fast) = (&rows[0], &rows[1]);
    assert_eq!((slow.bits_per_s, slow.transfers, slow.jobs, slow.workspaces, slow.units), (8e6, 1, 1, 2, 3));
    assert_eq!((slow.available, slow.worth_fetching, fast.worth_fetching), (2.0 / 3.0, 0.5, 1.0));
    assert_eq!((slow.compile_s, slow.fetch_s, slow.choose_s, slow.moved_bytes), (13.0, 5.0, 4.0, 5e6));
    assert_eq!((slow.critical_compile_s, fast.fetch_s, fast.critical_choose_s), (12.0, 1.4, 1.4));
}

/// A build script, its run, a library, a macro that depends on it, a library, a binary.
fn small_job() -> Vec<RemoteUnit> {
    let unit = |dependencies: &[u32], library, root: bool| RemoteUnit {
        seconds: 1.0,
        bytes: 1.0,
        dependencies: dependencies.to_vec(),
        available: !root,
        library,
        root,
    };
    vec![
        unit(&[], false, false),
        unit(&[0], false, false),
        unit(&[], true, false),
        unit(&[2], false, false),
        unit(&[], true, false),
        unit(&[1, 3, 4], true, false),
        unit(&[5], false, true),
    ]
}

fn needed(job: &[RemoteUnit], fetched: &[usize], lookup: Lookup) -> Vec<usize> {
    let fetched: Vec<bool> = (0..job.len()).map(|at| fetched.contains(&at)).collect();
    let needs = NeededUnits::of(job, &fetched, lookup);
    (0..fetched.len()).filter(|at| needs.needed[*at]).collect()
}

#[test]
fn of_the_dependencies_of_a_fetched_library_only_libraries_are_needed() {
    let job = small_job();
    assert_eq!(needed(&job, &[], Lookup::AtOnce), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(needed(&job, &[0, 1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6], "no script, no run, no macro");
    assert_eq!(needed(&job, &[5], Lookup::AtOnce), [4, 5, 6], "what is read is needed, fetched or not");
    assert_eq!(needed(&job, &[3], Lookup::AtOnce), [0, 1, 3, 4, 5, 6], "nothing reads the dependencies of a macro");
}

#[test]
fn a_fetched_root_needs_nothing() {
    let mut units = small_job();
    units[6].available = true;
    assert_eq!(needed(&units, &[6], Lookup::ByLevel), [6]);
}

#[test]
fn keys_made_of_contents_need_what_the_cache_has_not() {
    let mut units = small_job();
    units[0].available = false;
    let job = units;
    assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::AtOnce), [4, 5, 6]);
    assert_eq!(needed(&job, &[1, 2, 3, 4, 5], Lookup::ByLevel), [0, 4, 5, 6], "the run's key, for 5's key");
    let needs = NeededUnits::of(&job, &[false, true, true, true, true, true, false], Lookup::ByLevel);
    assert_eq!(needs.looked_up, [false, true, true, true, true, true, false]);
    let needs = NeededUnits::of(&job, &[false, true, true, true, true, true, false], Lookup::AtOnce);
    assert_eq!(needs.looked_up, [false, false, false, false, true, true, false]);
}
