//! Collection cut off at any moment leaves a store that builds can use and the next
//! collection finishes.

use std::ops::ControlFlow;
use std::time::Duration;

use strategies::link::LinkMode;
use strategies::store::{self, collect::collect};

use crate::world::{UNITS, World, request};

/// What must hold after a collection was cut off.
fn is_usable(world: &World, at: &str) {
    let verified = world.verify();
    assert!(verified.is_intact(), "{at}: {:?}", verified.broken);
    let report = world.build(0, "after", true).unwrap();
    assert_eq!((report.stale, report.failed), (0, 0), "{at}");
    assert_eq!(report.hits + report.compiled, UNITS, "{at}");
    world.wipe("after");
    let finished = world.collect(Some(40_000)).unwrap();
    assert!(finished.bytes_after <= 40_000, "{at}");
    let survey = world.survey();
    assert!(
        survey.removed.is_empty() && survey.temporary.is_empty(),
        "{at}: {:?} {:?}",
        survey.removed,
        survey.temporary
    );
    assert!(world.verify().is_intact() && world.verify().orphans.is_empty(), "{at}");
}

#[test]
fn at_every_step() {
    for (kind, links) in
        store::ALL.into_iter().zip([&[LinkMode::Hardlink, LinkMode::InPlace][..], &[LinkMode::Hardlink]])
    {
        for link in links {
            let mut stop = 0;
            loop {
                let world = World::new(kind, *link);
                for round in ["a", "b"] {
                    world.build(0, round, true).unwrap();
                    world.wipe(round);
                }
                let mut step = 0;
                let collected = collect(&*world.store(), &request(Some(20_000)), &mut |_| {
                    step += 1;
                    if step > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                let interrupted = collected.unwrap().interrupted;
                is_usable(&world, &format!("{} {} step {stop}", kind.name, link.name()));
                if !interrupted {
                    break;
                }
                stop += 1;
            }
            assert!(stop > UNITS / 2, "there were steps to stop at");
        }
    }
}

/// Steps of the callback are not all moments there are: here the process is really killed.
#[test]
fn by_a_kill_at_any_moment() {
    let executable = std::env::current_exe().unwrap();
    for round in 0..12 {
        let world = World::new(store::ALL[round % 2], LinkMode::Hardlink);
        for variant in 0..4 {
            world.build(variant, "a", true).unwrap();
            world.wipe("a");
        }
        let mut child = std::process::Command::new(&executable)
            .args(["--exact", "cut_off::child", "--ignored"])
            .env("RETENTION_STORE", world.store_dir())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let wait_for = world.store_dir().join("v3/evicted");
        for _ in 0..2000 {
            if wait_for.exists() {
                break;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(150 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        is_usable(&world, &format!("round {round}"));
    }
}

#[test]
#[ignore = "run by by_a_kill_at_any_moment"]
fn child() {
    let Some(store) = std::env::var_os("RETENTION_STORE") else { return };
    let (_, store) = store::open_existing(store.as_ref()).unwrap();
    collect(&*store, &request(Some(0)), &mut |_| ControlFlow::Continue(())).unwrap();
}
