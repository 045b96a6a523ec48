//! Several builds and a collection at once: builds stay right.
//!
//! Builds that race are processes of their own, as they are for people.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use strategies::Strategy;
use strategies::retention::StoreLimits;
use strategies::store::collect::{CollectError, CollectRequest, collect};

use super::bench::Bench;
use super::faults::gated;
use super::materials::package;
use super::{Expects, Family, Probe, Told, Wrong};

const AT_ONCE: &str = "https://github.com/rust-lang/cargo/issues/16804";
const COLLECTED: &str =
    "https://github.com/firebuild/firebuild/issues/1013 https://github.com/mozilla/sccache/issues/407";
const TOOLCHAINS: &str = "https://github.com/mozilla/sccache/issues/663";

type Tell = fn(&mut Bench<'_>) -> Told;

const fn survive(name: &'static str, origin: &'static str, about: &'static str, tell: Tell) -> Probe {
    Probe { name, origin, expects: Expects::Survive, about, tell }
}

/// The family.
pub const FAMILY: Family = Family {
    name: "races",
    about: "Several builds and a collection at once: builds stay right.",
    alone: true,
    probes: &[
        survive(
            "four-cold-builds-at-once",
            AT_ONCE,
            "Four checkouts of one workspace are built at once on one empty store, and then a fifth.",
            four_cold_builds,
        ),
        survive(
            "collected-during-builds",
            COLLECTED,
            "The store is collected to nothing again and again while a tree is built and rebuilt.",
            collected_during_builds,
        ),
        survive(
            "collected-while-cargo-compiles",
            COLLECTED,
            "The store is collected to nothing after a build has restored, and before it links.",
            collected_while_cargo_compiles,
        ),
        survive(
            "two-toolchains-at-once",
            TOOLCHAINS,
            "Two toolchains build at once on one store, and then each builds the other's tree.",
            two_toolchains,
        ),
    ],
};

/// What every program of these stories prints.
const PRINTS: &str = "as it was built and inner";

/// Checkouts of one workspace: a program on a member and on a dependency.
fn set_up(bench: &mut Bench<'_>, trees: &[&str]) -> Told {
    let lib = "#[inline(never)]\npub fn word() -> &'static str { \"as it was built\" }\n";
    bench.publish("plain", "1.0.0", "", &[("src/lib.rs", lib)])?;
    let depends = "[dependencies]\nplain = \"1\"\n";
    let manifest = package("app", "0.1.0", &format!("{depends}inner = {{ path = \"inner\" }}\n\n[workspace]\n"));
    for tree in trees {
        bench.tree(
            tree,
            &[
                ("Cargo.toml", &manifest),
                ("src/main.rs", "fn main() { println!(\"{} and {}\", plain::word(), inner::inner()); }\n"),
                ("inner/Cargo.toml", &package("inner", "0.1.0", "")),
                ("inner/src/lib.rs", "pub fn inner() -> &'static str { \"inner\" }\n"),
            ],
        )?;
        bench.set(tree).program = Some("app".to_owned());
    }
    Ok(())
}

fn four_cold_builds(bench: &mut Bench<'_>) -> Told {
    let racing = ["one", "two", "three", "four"];
    set_up(bench, &racing)?;
    set_up(bench, &["five"])?;
    bench.build_together(&racing)?;
    for tree in racing {
        bench.prints(tree, PRINTS)?;
    }
    bench.store_is_whole()?;
    let fifth = bench.build("five")?;
    bench.prints("five", PRINTS)?;
    for tree in racing {
        bench.survives(tree, PRINTS)?;
    }
    bench.store_is_whole()?;
    match bench.needs_cache() {
        Ok(()) if bench.store().is_ok() => fifth.must_reuse("plain"),
        _ => Ok(()),
    }
}

/// How often the tree is built while the other thread collects.
const ROUNDS: usize = 4;

fn collected_during_builds(bench: &mut Bench<'_>) -> Told {
    bench.store()?;
    set_up(bench, &["one", "two"])?;
    bench.build("one")?;
    bench.note("meanwhile, again and again: harness store collect --store store --max-size 0 --no-wait");
    for round in 0..ROUNDS {
        let tree = if round % 2 == 0 { "one" } else { "two" };
        bench.wipe(tree)?;
        collecting(bench, |bench| bench.survives(tree, PRINTS))?;
        // What the build held may be there or gone, but nothing by halves.
        bench.store_is_whole()?;
    }
    bench.survives("one", PRINTS)?;
    bench.survives("two", PRINTS)
}

/// Does something while another thread collects the store to nothing, again and again.
fn collecting(bench: &mut Bench<'_>, act: impl FnOnce(&mut Bench<'_>) -> Told) -> Told {
    let over = AtomicBool::new(false);
    let (strategy, dir) = (bench.strategy(), bench.store_dir());
    let (told, collected) = std::thread::scope(|scope| {
        let collecting = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                collect_everything(strategy, &dir)?;
            }
            Ok::<(), Wrong>(())
        });
        let told = act(bench);
        over.store(true, Ordering::Relaxed);
        (told, collecting.join())
    });
    told?;
    collected.map_err(|_| Wrong::Failed("the collection panicked".to_owned()))?
}

/// A script holds the build where its dependencies are restored and its program is not linked.
fn collected_while_cargo_compiles(bench: &mut Bench<'_>) -> Told {
    bench.store()?;
    set_up(bench, &["one"])?;
    bench.build("one")?;
    gated(bench, "gated")?;
    let (strategy, dir) = (bench.strategy(), bench.store_dir());
    let ended =
        bench.build_meanwhile("gated", "run `harness store collect --store store --max-size 0`", &mut || {
            collect_everything(strategy, &dir)
        })?;
    ended.map_err(|why| Wrong::Failed(format!("the build failed: {why}")))?;
    bench.prints("gated", "as it was built")?;
    bench.store_is_whole()?;
    bench.wipe("gated")?;
    bench.survives("gated", "as it was built")?;
    bench.survives("one", PRINTS)
}

/// Takes everything out of a store, unless a build keeps it from doing so.
fn collect_everything(strategy: &Strategy, dir: &Path) -> Told {
    let Some(units) = strategy.as_units() else { return Ok(()) };
    let failed = |error: &dyn std::fmt::Display| Wrong::Failed(format!("the collection failed: {error}"));
    let store = units.store.open(dir).map_err(|error| failed(&error))?;
    let limits = StoreLimits { max_bytes: Some(0), ..StoreLimits::default() };
    let request = CollectRequest { limits, now: SystemTime::now(), wait: false, dry_run: false, deep: false };
    match collect(store.as_ref(), &request, &mut |_| ControlFlow::Continue(())) {
        Ok(_) | Err(CollectError::Busy(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn two_toolchains(bench: &mut Bench<'_>) -> Told {
    bench.needs_second_toolchain()?;
    let trees = ["one", "two"];
    set_up(bench, &trees)?;
    for first in trees {
        for tree in trees {
            bench.wipe(tree)?;
            bench.set(tree).second_toolchain = tree != first;
        }
        bench.build_together(&trees)?;
        for tree in trees {
            bench.prints(tree, PRINTS)?;
        }
        bench.store_is_whole()?;
    }
    Ok(())
}
