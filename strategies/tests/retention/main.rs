//! Collection in a store that builds use: what it may remove, and what must hold whenever it
//! is cut off.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod beside_builds;
mod cut_off;
mod world;

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use strategies::explain::MissReason;
use strategies::key::{BaseKey, Digest, ObservedInputs};
use strategies::link::LinkMode;
use strategies::retention::{SNAPSHOT_AGE, StoreLimits};
use strategies::store::collect::{CollectError, CollectRequest, CollectStep, LEFTOVER_AGE, RemovalReason, collect};
use strategies::store::{self, OpenError, open_existing};
use world::{UNITS, World, request};

/// Every shape of store, with a link mode that works everywhere.
fn worlds() -> impl Iterator<Item = World> {
    store::ALL.iter().map(|kind| World::new(kind, LinkMode::Hardlink))
}

#[test]
fn what_was_collected_is_missed_as_evicted_and_comes_back() {
    for world in worlds() {
        assert_eq!(world.build(0, "a", true).unwrap().compiled, UNITS);
        assert_eq!(world.build(0, "b", true).unwrap().hits, UNITS);
        let collected = world.collect(Some(0)).unwrap();
        assert_eq!((collected.entries.len(), collected.kept, collected.bytes_after), (UNITS, 0, 0));
        assert!(world.survey().blobs.is_empty() && world.survey().trees.is_empty());

        let missed = world.build(0, "c", true).unwrap();
        assert_eq!((missed.hits, missed.compiled), (0, UNITS));
        assert_eq!(missed.reasons.len(), UNITS);
        assert!(missed.reasons.values().all(|reason| *reason == MissReason::Evicted), "{:?}", missed.reasons);
        // Another variant was never there; its dependencies are.
        let other = world.build(1, "d", true).unwrap();
        assert_eq!(other.hits, UNITS / 2);
        assert!(!other.reasons.values().any(|reason| *reason == MissReason::Evicted), "{:?}", other.reasons);
        assert_eq!(world.build(0, "e", true).unwrap().hits, UNITS);
    }
}

#[test]
fn a_changed_source_is_not_called_evicted() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        world.collect(Some(0)).unwrap();
        std::fs::write(world.path("workspace/src/lib.rs"), "another").unwrap();
        let missed = world.build(0, "b", true).unwrap();
        let own = format!("unit{}", UNITS - 1);
        let evicted = missed.reasons.iter().filter(|(_, reason)| **reason == MissReason::Evicted);
        assert_eq!(evicted.count(), UNITS - 1);
        assert_ne!(missed.reasons[&own], MissReason::Evicted);
    }
}

#[test]
fn the_least_recently_used_go_first_and_a_present_unit_is_used() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        world.build(1, "b", true).unwrap();
        let all = world.survey();
        // Both variants look old; then one is found present in its build directory.
        let store = world.store();
        for surveyed in &all.entries {
            store.touch(&surveyed.entry.key, SystemTime::now() - Duration::from_secs(1000));
        }
        assert_eq!(world.build(0, "a", true).unwrap().present, UNITS);
        let limits = StoreLimits { max_age: Some(Duration::from_secs(500)), max_bytes: None };
        let collected =
            collect(&*store, &CollectRequest { limits, ..request(None) }, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(collected.entries.len(), UNITS / 2, "the upper half of the other variant");
        world.wipe("a");
        assert_eq!(world.build(0, "a", true).unwrap().hits, UNITS);
    }
}

#[test]
fn whole_builds_stay_or_go_and_a_failed_one_renews_nothing() {
    for world in worlds() {
        let by_builds = |max_bytes, age: Duration| {
            let request = CollectRequest { snapshots: true, now: SystemTime::now() + age, ..request(max_bytes) };
            collect(&*world.store(), &request, &mut |_| ControlFlow::Continue(())).unwrap()
        };
        world.build(0, "a", true).unwrap();
        world.build(1, "b", true).unwrap();
        world.build(0, "c", true).unwrap();
        assert_eq!(world.survey().snapshots.len(), 2, "the same twice is one");
        std::fs::write(world.path("no-directory"), "").unwrap();
        world.build(1, "no-directory/d", true).unwrap_err();
        let all = by_builds(None, Duration::ZERO);
        assert_eq!((all.entries.len(), all.removed.len()), (0, 0));
        // By use the failed build would have saved variant 1.
        let smaller = by_builds(Some(all.bytes_before - 1), Duration::ZERO);
        assert_eq!((smaller.entries.len(), smaller.kept), (UNITS / 2, UNITS), "the upper half of variant 1");
        assert_eq!(world.survey().snapshots.len(), 1);
        ["a", "b", "c"].iter().for_each(|dir| world.wipe(dir));
        assert_eq!(world.build(0, "a", true).unwrap().hits, UNITS);
        assert_eq!(by_builds(None, SNAPSHOT_AGE - Duration::from_secs(60)).kept, UNITS);
        assert_eq!(by_builds(None, SNAPSHOT_AGE + Duration::from_secs(60)).kept, 0);
        assert!(world.survey().snapshots.is_empty());
    }
}

#[test]
fn bytes_that_build_directories_hold_are_promised_and_not_freed() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        let dry = CollectRequest { dry_run: true, ..request(Some(0)) };
        let foreseen = collect(&*world.store(), &dry, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(world.survey().entries.len(), UNITS, "a dry run removes nothing");
        assert!(foreseen.still_linked() > 0 && foreseen.freed > 0, "{foreseen:?}");
        world.wipe("a");
        let collected = world.collect(Some(0)).unwrap();
        assert_eq!(collected.promised, foreseen.promised);
        assert_eq!((collected.freed, collected.still_linked()), (collected.promised, 0));
    }
}

#[test]
fn trees_made_for_in_place_links_go_and_do_not_hold_bytes() {
    let world = World::new(store::ALL[0], LinkMode::InPlace);
    world.build(0, "a", true).unwrap();
    world.wipe("a");
    world.build(0, "a", true).unwrap();
    assert!(!world.survey().trees.is_empty());
    let collected = world.collect(Some(0)).unwrap();
    assert_eq!(collected.still_linked(), 0, "links in the store itself are no holders");
    assert!(world.survey().trees.is_empty());
    let again = world.build(0, "a", true).unwrap();
    assert_eq!((again.stale, again.compiled), (0, UNITS - 1), "only the unit with private files is still there");
}

#[test]
fn damaged_entries_and_old_leftovers_go_and_young_ones_stay() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        let kind = world.kind;
        let version = world.store_dir().join("v3");
        let leftover = version.join(kind.entries).join("00/.tmp-123-4");
        std::fs::create_dir_all(&leftover).unwrap();
        std::fs::write(version.join(".tmp-9"), "x").unwrap();
        std::fs::create_dir_all(version.join(kind.entries).join("00/.gone-1/out")).unwrap();
        // Another version and a stranger are left alone.
        let foreign = version.join(kind.entries).join("00").join("stranger");
        std::fs::write(&foreign, "x").unwrap();
        let store = world.store();
        let victim = &world.survey().entries[0];
        let file = victim.entry.files.iter().find(|file| file.path.ends_with(".rlib")).unwrap();
        std::fs::remove_file(store.stored(&victim.entry, file)).unwrap();
        assert_eq!(world.verify().broken.len(), 1);

        let collected = world.collect(None).unwrap();
        assert_eq!(collected.removed[&RemovalReason::Damaged], 1);
        assert_eq!(collected.removed[&RemovalReason::Leftover], 1, "what was put aside is nobody's");
        assert!(leftover.exists() && foreign.exists());
        assert!(world.verify().is_intact() && world.verify().orphans.is_empty());

        let later = CollectRequest { now: SystemTime::now() + LEFTOVER_AGE * 2, ..request(None) };
        let collected = collect(&*store, &later, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(collected.removed[&RemovalReason::Leftover], 2);
        assert!(!leftover.exists() && foreign.exists());
    }
}

#[test]
fn input_sets_stay_as_long_as_their_unit_is_stored_or_remembered() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        assert_eq!(world.survey().inputs.len(), 1);
        world.collect(Some(0)).unwrap();
        assert_eq!(world.survey().inputs.len(), 1, "remembered");
        std::fs::remove_file(world.store_dir().join("v3/evicted")).unwrap();
        world.collect(None).unwrap();
        assert_eq!(world.survey().inputs.len(), 0);
    }
}

#[test]
fn a_script_that_writes_elsewhere_is_remembered_without_an_entry() {
    for world in worlds() {
        let writes = ObservedInputs { env: vec!["=writes-elsewhere".to_owned()], ..ObservedInputs::default() };
        world.store().root().add_inputs(&BaseKey(Digest::of(b"script")), &writes).unwrap();
        world.collect(Some(0)).unwrap();
        assert_eq!(world.survey().inputs.len(), 1);
    }
}

#[test]
fn a_build_keeps_collection_away_and_it_says_so() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        let store = world.store();
        let lock = store.root().lock_shared().unwrap();
        let impatient = CollectRequest { wait: false, ..request(Some(0)) };
        let refused = collect(&*store, &impatient, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(refused, CollectError::Busy(_)));
        let mut waited = 0;
        let given_up = collect(&*store, &request(Some(0)), &mut |step| {
            waited += usize::from(matches!(step, CollectStep::Waiting));
            if waited < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(given_up.unwrap().interrupted);
        assert_eq!(world.survey().entries.len(), UNITS);
        drop(lock);
        assert_eq!(collect(&*store, &impatient, &mut |_| ControlFlow::Continue(())).unwrap().kept, 0);
    }
}

#[test]
fn a_manifest_that_cannot_be_read_now_ends_collection_and_nothing_is_lost() {
    let world = World::new(store::ALL[0], LinkMode::Hardlink);
    world.build(0, "a", true).unwrap();
    let store = world.store();
    let manifest = store.manifest(&world.survey().entries[0].entry.key);
    let json = std::fs::read(&manifest).unwrap();
    // A directory in its place: an error that is not "not there", for root as well.
    std::fs::remove_file(&manifest).unwrap();
    std::fs::create_dir(&manifest).unwrap();
    assert!(matches!(world.collect(None), Err(CollectError::File(_))));
    std::fs::remove_dir(&manifest).unwrap();
    std::fs::write(&manifest, json).unwrap();
    assert!(world.verify().is_intact());
    assert_eq!(world.survey().entries.len(), UNITS);
}

#[test]
fn changed_bytes_are_found_and_named() {
    for world in worlds() {
        world.build(0, "a", true).unwrap();
        world.wipe("a");
        let store = world.store();
        let survey = world.survey();
        let victim = &survey.entries[0].entry;
        let file = victim.files.iter().find(|file| file.path.ends_with(".rmeta")).unwrap();
        let path = store.stored(victim, file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        filetime::set_file_mtime(&path, victim.time().into()).unwrap();
        let verified = world.verify();
        assert!(!verified.is_intact());
        assert_eq!(verified.broken.len(), 1);
        assert_eq!((verified.broken[0].key, verified.broken[0].damage[0].what), (victim.key, "bytes changed"));

        assert_eq!(world.collect(None).unwrap().entries, vec![], "size and time do not show it");
        let deep = CollectRequest { deep: true, ..request(None) };
        let collected = collect(&*store, &deep, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(collected.entries.iter().map(|entry| entry.key).collect::<Vec<_>>(), [victim.key]);
        assert!(world.verify().is_intact() && world.verify().orphans.is_empty());
    }
}

#[test]
fn a_store_is_opened_by_what_it_holds() {
    for world in worlds() {
        assert!(matches!(open_existing(&world.store_dir()), Err(OpenError::NotAStore(_))));
        world.store();
        assert_eq!(open_existing(&world.store_dir()).unwrap().0.name, world.kind.name);
        store::ALL.iter().for_each(|kind| drop(kind.open(&world.store_dir()).unwrap()));
        assert!(matches!(open_existing(&world.store_dir()), Err(OpenError::Mixed(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_remains_is_whole_and_within_the_cap(variants in proptest::collection::vec(0usize..4, 1..5), cap in 0u64..400_000, shape in 0usize..2) {
        let world = World::new(store::ALL[shape], LinkMode::Hardlink);
        for (at, variant) in variants.iter().enumerate() {
            world.build(*variant, &format!("b{at}"), true).unwrap();
        }
        let collected = world.collect(Some(cap)).unwrap();
        prop_assert!(collected.bytes_after <= cap);
        prop_assert!(collected.bytes_before >= collected.bytes_after);
        let verified = world.verify();
        prop_assert!(verified.is_intact() && verified.orphans.is_empty());
        prop_assert_eq!(verified.entries, collected.kept);
        prop_assert_eq!(world.collect(Some(cap)).unwrap().entries, vec![]);
    }
}
