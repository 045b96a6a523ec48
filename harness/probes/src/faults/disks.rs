//! The store, or a build directory, is where it cannot be used as usual.

use super::disk::{Disk, Elsewhere, put};
use super::{MAIN, PRINTS, goes_on, set_up};
use crate::bench::Bench;
use crate::intact::Snapshot;
use crate::materials::package;
use crate::{Told, Wrong};

/// What is in it must be used, and nothing of it must change.
pub(super) fn read_only(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    let disk = Disk::mount(bench)?;
    put(bench, "store", disk.dir("store"))?;
    bench.open_store()?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    let before = Snapshot::of(bench, &["store/"])?;
    disk.make_writable(false)?;
    bench.note("make the store's file system read-only");
    bench.wipe("first")?;
    bench.survives("first", PRINTS)?;
    bench.survives("second", PRINTS)?;
    if let Some((path, how)) = before.first_difference(&Snapshot::of(bench, &["store/"])?) {
        return Err(Wrong::Failed(format!("{} {how} in a store that is read-only", path.display())));
    }
    disk.make_writable(true)?;
    bench.note("make it writable again");
    bench.wipe("second")?;
    goes_on(bench)
}

pub(super) fn elsewhere(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    let elsewhere = Elsewhere::find(bench)?;
    put(bench, "store", elsewhere.dir("store"))?;
    bench.open_store()?;
    set_up(bench, &["first", "second"])?;
    bench.survives("first", PRINTS)?;
    goes_on(bench)
}

/// A compiler that has room must not fail because its cache has none.
pub(super) fn full_store(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    if bench.strategy().as_units().is_some_and(|units| units.link.name() == "reflink") {
        let why = "the small disk is a file system of its own, and nothing can be reflinked to it";
        return Err(Wrong::NotApplicable(why.to_owned()));
    }
    let disk = Disk::mount(bench)?;
    put(bench, "store", disk.dir("store"))?;
    bench.open_store()?;
    set_up(bench, &["first", "second"])?;
    disk.fill()?;
    bench.note("fill that file system");
    bench.survives("first", PRINTS)?;
    bench.store_is_whole()?;
    disk.clear()?;
    bench.note("make room on it");
    bench.survives("first", PRINTS)?;
    goes_on(bench)?;
    bench.wipe("first")?;
    match bench.build("first")?.must_reuse("plain") {
        // A tool that lives elsewhere, or gave up for good: no wrong build.
        Err(Wrong::Failed(_)) if bench.store().is_err() => Ok(()),
        told => told,
    }
}

/// Cargo itself cannot build there, so the build may fail; nothing may be left half done.
pub(super) fn full_tree(bench: &mut Bench<'_>) -> Told {
    let disk = Disk::mount(bench)?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    put(bench, "target/second", disk.dir("second"))?;
    disk.fill()?;
    bench.note("fill that file system; second may or may not build now");
    match bench.try_build("second")? {
        Ok(_) => bench.prints("second", PRINTS)?,
        Err(Wrong::Failed(_)) => {}
        Err(other) => return Err(other),
    }
    bench.store_is_whole()?;
    disk.clear()?;
    bench.note("make room on it");
    bench.survives("second", PRINTS)?;
    goes_on(bench)
}

/// A script holds the build where its dependencies are restored and its program is not linked.
pub(super) fn deleted(bench: &mut Bench<'_>) -> Told {
    bench.needs_cache()?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    gated(bench, "gated")?;
    let store = bench.store_dir();
    let ended = bench.build_meanwhile("gated", "delete the store", &mut || Ok(exec::dirs::remove_dir(&store)?))?;
    match ended {
        Ok(()) => bench.prints("gated", PRINTS)?,
        Err(why) => return Err(Wrong::Failed(format!("the build failed: {why}"))),
    }
    bench.open_store()?;
    bench.survives("gated", PRINTS)?;
    bench.survives("first", PRINTS)?;
    goes_on(bench)
}

/// A tree on the dependency whose script says `started` and waits until there is a file `go`.
pub(crate) fn gated(bench: &mut Bench<'_>, tree: &str) -> Told {
    let (started, go) = (bench.at("started"), bench.at("go"));
    let script = format!(
        "fn main() {{
    println!(\"cargo::rerun-if-changed=build.rs\");
    std::fs::write({started:?}, \"\").unwrap();
    let began = std::time::Instant::now();
    while !std::path::Path::new({go:?}).exists() {{
        assert!(began.elapsed().as_secs() < 60, \"nobody opened the gate\");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }}
}}
"
    );
    let manifest = package(tree, "0.1.0", "[dependencies]\nplain = \"1\"\n\n[workspace]\n");
    bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", MAIN), ("build.rs", &script)])
}
