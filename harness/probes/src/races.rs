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

use crate::context::ProbeContext;
use crate::faults::gated;
use crate::fixtures::{SCRIPT_WORD, build_script, package, variable, workspace};
use crate::{Family, Probe, ProbeError, ProbeResult};

const AT_ONCE: &str = "https://github.com/rust-lang/cargo/issues/16804";
const COLLECTED: &str =
    "https://github.com/firebuild/firebuild/issues/1013 https://github.com/mozilla/sccache/issues/407";
const TOOLCHAINS: &str = "https://github.com/mozilla/sccache/issues/663";

pub(crate) const FAMILY: Family = Family {
    name: "races",
    about: "Several builds and a collection at once: builds stay right.",
    alone: true,
    lists: &[&[
        Probe::survive(
            "four-cold-builds-at-once",
            AT_ONCE,
            "Four checkouts of one workspace are built at once on one empty store, and then a fifth.",
            four_cold_builds,
        ),
        Probe::survive(
            "collected-during-builds",
            COLLECTED,
            "The store is collected to nothing again and again while a tree is built and rebuilt.",
            collected_during_builds,
        ),
        Probe::survive(
            "collected-while-cargo-compiles",
            COLLECTED,
            "The store is collected to nothing after a build has restored, and before it links.",
            collected_while_cargo_compiles,
        ),
        Probe::survive(
            "two-toolchains-at-once",
            TOOLCHAINS,
            "Two toolchains build at once on one store, and then each builds the other's tree.",
            two_toolchains,
        ),
        Probe::survive(
            "restored-program-run-at-once",
            "https://github.com/cargo-bins/cargo-binstall/issues/2184",
            "Twelve build scripts are restored, and all have to run at once.",
            restored_programs_run,
        ),
    ]],
};

/// What every program of these probes prints.
const PRINTS: &str = "as it was built and inner";

/// Checkouts of one workspace: a program on a member and on a dependency.
fn set_up(cx: &mut ProbeContext<'_>, trees: &[&str]) -> ProbeResult {
    let lib = "#[inline(never)]\npub fn word() -> &'static str { \"as it was built\" }\n";
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", lib)])?;
    let manifest = workspace("app", "plain = \"1\"\ninner = { path = \"inner\" }");
    for tree in trees {
        cx.tree(
            tree,
            &[
                ("Cargo.toml", &manifest),
                ("src/main.rs", "fn main() { println!(\"{} and {}\", plain::word(), inner::inner()); }\n"),
                ("inner/Cargo.toml", &package("inner", "0.1.0", "")),
                ("inner/src/lib.rs", "pub fn inner() -> &'static str { \"inner\" }\n"),
            ],
        )?;
        cx.settings(tree).program = Some("app".to_owned());
    }
    Ok(())
}

fn four_cold_builds(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let racing = ["one", "two", "three", "four"];
    set_up(cx, &racing)?;
    set_up(cx, &["five"])?;
    cx.build_together(&racing)?;
    for tree in racing {
        cx.prints(tree, PRINTS)?;
    }
    cx.store_is_whole()?;
    let fifth = cx.build("five")?;
    cx.prints("five", PRINTS)?;
    for tree in racing {
        cx.survives(tree, PRINTS)?;
    }
    cx.store_is_whole()?;
    match cx.needs_cache() {
        Ok(()) if cx.store().is_ok() => fifth.must_reuse("plain"),
        _ => Ok(()),
    }
}

fn restored_programs_run(cx: &mut ProbeContext<'_>) -> ProbeResult {
    let names: Vec<String> = (0..12).map(|at| format!("scripted{at}")).collect();
    let script = build_script(&["rerun-if-env-changed=PROBE_WORD"], &variable("PROBE_WORD"));
    let lib = format!("pub fn word() -> &'static str {{ {SCRIPT_WORD} }}\n");
    for name in &names {
        cx.publish(name, "1.0.0", "", &[("src/lib.rs", &lib), ("build.rs", &script)])?;
    }
    let dependencies: String = names.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    let words: Vec<String> = names.iter().map(|name| format!("{name}::word()")).collect();
    let main = format!("fn main() {{ println!(\"{{}}\", [{}].join(\" \")); }}\n", words.join(", "));
    cx.program_tree("app", &dependencies, &main)?;
    for word in ["one", "two", "six"] {
        cx.wipe("app")?;
        cx.settings("app").env.insert("PROBE_WORD".to_owned(), word.to_owned());
        cx.survives("app", &[word; 12].join(" "))?;
    }
    cx.store_restores_no_damage()
}

/// How often the tree is built while the other thread collects.
const ROUNDS: usize = 4;

fn collected_during_builds(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?;
    set_up(cx, &["one", "two"])?;
    cx.build("one")?;
    cx.note("meanwhile, again and again: harness store collect --store store --max-size 0 --no-wait");
    for round in 0..ROUNDS {
        let tree = if round % 2 == 0 { "one" } else { "two" };
        cx.wipe(tree)?;
        collecting(cx, |cx| cx.survives(tree, PRINTS))?;
        // What the build held may be there or gone, but nothing by halves.
        cx.store_is_whole()?;
    }
    cx.survives("one", PRINTS)?;
    cx.survives("two", PRINTS)
}

/// Does something while another thread collects the store to nothing, again and again.
fn collecting(cx: &mut ProbeContext<'_>, act: impl FnOnce(&mut ProbeContext<'_>) -> ProbeResult) -> ProbeResult {
    let over = AtomicBool::new(false);
    let (strategy, dir) = (cx.strategy(), cx.store_dir());
    let (result, collected) = std::thread::scope(|scope| {
        let collecting = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                collect_everything(strategy, &dir)?;
            }
            Ok::<(), ProbeError>(())
        });
        let result = act(cx);
        over.store(true, Ordering::Relaxed);
        (result, collecting.join())
    });
    result?;
    collected.map_err(|_| ProbeError::Failed("the collection panicked".to_owned()))?
}

/// A script holds the build where its dependencies are restored and its program is not linked.
fn collected_while_cargo_compiles(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?;
    set_up(cx, &["one"])?;
    cx.build("one")?;
    gated(cx, "gated")?;
    let (strategy, dir) = (cx.strategy(), cx.store_dir());
    let command = "run `harness store collect --store store --max-size 0`";
    cx.build_meanwhile("gated", command, &mut || collect_everything(strategy, &dir))??;
    cx.prints("gated", "as it was built")?;
    cx.store_is_whole()?;
    cx.wipe("gated")?;
    cx.survives("gated", "as it was built")?;
    cx.survives("one", PRINTS)
}

/// Takes everything out of a store, unless a build keeps it from doing so.
fn collect_everything(strategy: &Strategy, dir: &Path) -> ProbeResult {
    let Some(units) = strategy.as_units() else { return Ok(()) };
    let failed = |error: &dyn std::fmt::Display| ProbeError::Failed(format!("the collection failed: {error}"));
    let store = units.store.open(dir).map_err(|error| failed(&error))?;
    let limits = StoreLimits { max_bytes: Some(0), ..StoreLimits::default() };
    let request =
        CollectRequest { limits, snapshots: false, now: SystemTime::now(), wait: false, dry_run: false, deep: false };
    match collect(store.as_ref(), &request, &mut |_| ControlFlow::Continue(())) {
        Ok(_) | Err(CollectError::Busy(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn two_toolchains(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.needs_second_toolchain()?;
    let trees = ["one", "two"];
    set_up(cx, &trees)?;
    for first in trees {
        for tree in trees {
            cx.wipe(tree)?;
            cx.settings(tree).second_toolchain = tree != first;
        }
        cx.build_together(&trees)?;
        for tree in trees {
            cx.prints(tree, PRINTS)?;
        }
        cx.store_is_whole()?;
    }
    Ok(())
}
