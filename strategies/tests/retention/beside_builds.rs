//! Collection in a loop beside builds: no build may ever fail.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use strategies::link::LinkMode;
use strategies::store;

use crate::world::{UNITS, World};

const BUILDERS: usize = 3;
const BUILDS: usize = 12;

/// Builds in threads while another collects; returns hits of all builds, and entries removed.
fn race(world: &World, locked: bool) -> (usize, usize) {
    let (hits, removed, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    world.build(0, "first", true).unwrap();
    let cap = world.collect(None).unwrap().bytes_after;
    std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut small = false;
            while !done.load(Ordering::Relaxed) {
                small = !small;
                let cap = if small { cap / 3 } else { cap };
                let collected = world.collect(Some(cap)).unwrap();
                assert!(collected.bytes_after <= cap);
                removed.fetch_add(collected.entries.len(), Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_micros(500));
            }
        });
        let builders: Vec<_> = (0..BUILDERS)
            .map(|builder| {
                let hits = &hits;
                scope.spawn(move || {
                    let tree = format!("tree{builder}");
                    for round in 0..BUILDS {
                        if round % 3 != 2 {
                            world.wipe(&tree);
                        }
                        let report = world.build((builder + round / 2) % 3, &tree, locked).unwrap();
                        if locked {
                            assert_eq!((report.stale, report.failed), (0, 0), "{report:?}");
                        }
                        hits.fetch_add(report.hits, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let results: Vec<_> = builders.into_iter().map(|builder| builder.join()).collect();
        done.store(true, Ordering::Relaxed);
        collector.join().unwrap();
        results.into_iter().for_each(|result| result.unwrap());
    });
    let last = world.collect(Some(cap)).unwrap();
    assert!(last.bytes_after <= cap);
    let verified = world.verify();
    assert!(verified.is_intact(), "{:?}", verified.broken);
    assert!(verified.orphans.is_empty());
    (hits.into_inner(), removed.into_inner())
}

#[test]
fn no_build_fails_whatever_the_store_and_the_link() {
    for kind in store::ALL {
        for link in [LinkMode::Hardlink, LinkMode::Copy, LinkMode::Symlink, LinkMode::InPlace] {
            let (_, removed) = race(&World::new(kind, link), true);
            assert!(removed > UNITS, "{} {link:?}: collection took part", kind.name);
        }
    }
}

/// Where locks do nothing, as on some network file systems, what vanishes between a lookup
/// and a link is a miss. Modes whose files stay links into the store need the lock.
#[test]
fn without_locks_what_vanishes_is_built() {
    for kind in store::ALL {
        for link in [LinkMode::Hardlink, LinkMode::Copy] {
            race(&World::new(kind, link), false);
        }
    }
}
