//! Kills, damage, and disks that are full, foreign or read-only: builds stay right.
//!
//! To survive means: the build succeeds or, where it cannot, fails without harming what was
//! there; programs print what their sources say; and a normal build works afterwards.
//!
//! `damage` is about files of our store that are short, changed, missing, or of another version,
//! `disks` about a store that is read-only, on another file system, full, or gone.

mod damage;
mod disks;

use std::time::Duration;

pub(crate) use disks::gated;
pub use disks::remove_leftover_disks;

use crate::child_build::{KillAt, KillPoint};
use crate::context::ProbeContext;
use crate::{Family, Probe, ProbeError, ProbeResult};
use runner::build_env::Phase;

const KILLED: &str = "https://github.com/rust-lang/cargo/issues/7767 https://github.com/rust-lang/cargo/issues/8838";
const CORRUPT: &str = "https://github.com/mozilla/sccache/issues/2122 https://github.com/mozilla/sccache/pull/836";
const MISSING: &str = "https://github.com/mozilla/sccache/issues/407";
const UNREADABLE: &str = "https://github.com/mozilla/sccache/pull/119 https://github.com/mozilla/sccache/issues/171";
const VERSION: &str = "https://github.com/mozilla/sccache/issues/464";
const READ_ONLY: &str = "https://github.com/rust-lang/cargo/issues/3256 https://github.com/mozilla/sccache/issues/1852";
const ELSEWHERE: &str = "https://github.com/japaric/xargo/issues/30";
const FULL: &str = "https://github.com/mozilla/sccache/issues/1413 https://github.com/rust-lang/cargo/issues/16804";

pub(crate) const FAMILY: Family = Family {
    name: "faults",
    about: "Kills, damage, and disks that are full, foreign or read-only: builds stay right.",
    alone: false,
    lists: &[&[
        Probe::survive(
            "killed-while-publishing",
            KILLED,
            "The build is killed at several points while it fills the store.",
            killed_while_publishing,
        ),
        Probe::survive(
            "killed-while-restoring",
            KILLED,
            "The build is killed at several points while it fills the build directory.",
            killed_while_restoring,
        ),
        Probe::survive(
            "restore-cut-off-then-edited",
            KILLED,
            "The build is killed while it fills the build directory; then a source is edited.",
            restore_cut_off_then_edited,
        ),
        Probe::survive(
            "killed-while-building",
            KILLED,
            "The build is killed while it plans, and at several points while Cargo compiles.",
            killed_while_building,
        ),
        Probe::survive(
            "blobs-truncated",
            CORRUPT,
            "Every file of the store is half as long as it was.",
            damage::truncated,
        ),
        Probe::survive("blobs-flipped", CORRUPT, "Every file of the store has a changed bit.", damage::flipped),
        Probe::survive(
            "blobs-flipped-time-kept",
            CORRUPT,
            "Every file of the store has other bytes, and its old size and time.",
            damage::flipped_time_kept,
        ),
        Probe::survive(
            "blobs-missing",
            MISSING,
            "Every file of the store is gone, the manifests are there.",
            damage::missing,
        ),
        Probe::survive("manifests-missing", MISSING, "Every manifest of the store is gone.", damage::no_manifests),
        Probe::survive(
            "manifests-truncated",
            UNREADABLE,
            "Every manifest of the store is half as long as it was.",
            damage::short_manifests,
        ),
        Probe::survive(
            "manifests-garbage",
            UNREADABLE,
            "Every manifest of the store holds something else.",
            damage::garbage_manifests,
        ),
        Probe::survive(
            "entries-of-another-version",
            VERSION,
            "Every entry is of a later format version, and beside it lies a store of one.",
            damage::another_version,
        ),
        Probe::survive("store-read-only", READ_ONLY, "The store cannot be written to, but read.", disks::read_only),
        Probe::survive(
            "store-on-another-file-system",
            ELSEWHERE,
            "The store is on another file system than the build directories.",
            disks::elsewhere,
        ),
        Probe::survive(
            "disk-full-while-publishing",
            FULL,
            "The store's disk is full when the build wants to fill it.",
            disks::full_store,
        ),
        Probe::survive(
            "disk-full-while-restoring",
            FULL,
            "The build directory's disk is full when the build wants to fill it.",
            disks::full_tree,
        ),
        Probe::survive(
            "store-deleted-during-a-build",
            MISSING,
            "Somebody deletes the whole store while Cargo compiles.",
            disks::deleted,
        ),
    ]],
};

/// What every program of these probes prints.
const PRINTS: &str = "as it was built";

const MAIN: &str = "fn main() { println!(\"{}\", plain::word()); }\n";

/// The dependency contains some megabytes of data, so that copying it takes a moment.
fn set_up(cx: &mut ProbeContext<'_>, trees: &[&str]) -> ProbeResult {
    let bulky = format!(
        "#[used]\npub static BULK: [u8; 2 << 20] = [7; 2 << 20];\n\
         #[inline(never)]\npub fn word() -> &'static str {{ \"{PRINTS}\" }}\n"
    );
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", &bulky)])?;
    trees.iter().try_for_each(|tree| tree_on(cx, tree, "plain = \"1\""))
}

fn tree_on(cx: &mut ProbeContext<'_>, tree: &str, dependencies: &str) -> ProbeResult {
    cx.program_tree(tree, dependencies, MAIN)
}

/// A normal build works: from nothing, and in another tree; the store is as it should be.
fn builds_go_on(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.wipe("first")?;
    cx.survives("first", PRINTS)?;
    cx.survives("second", PRINTS)?;
    cx.store_is_whole()
}

// SIGKILL at many points of a build. Afterwards the store has no damaged entry, leftovers do no
// harm, and the very tree that was killed builds right, as do a wiped one and another one.

const fn after(phase: Phase, ms: u64) -> KillAt {
    KillAt { phase, point: KillPoint::After(Duration::from_millis(ms)) }
}

const fn published(count: usize) -> KillAt {
    KillAt { phase: Phase::Publish, point: KillPoint::Files(count, "store") }
}

const fn restored(count: usize) -> KillAt {
    KillAt { phase: Phase::Restore, point: KillPoint::Files(count, "target/first") }
}

const PUBLISHING: [KillAt; 4] = [published(1), published(8), published(25), published(60)];
const RESTORING: [KillAt; 4] = [after(Phase::Restore, 0), restored(1), restored(4), restored(10)];
const BUILDING: [KillAt; 3] = [after(Phase::Plan, 10), after(Phase::Cargo, 60), after(Phase::Cargo, 180)];

/// Hundreds of files in one unit: to publish them takes long enough to be killed half-way,
/// whatever the link mode. They differ from round to round, or a store that keeps equal files
/// once would have them already.
const SCRIPT: &str = "fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    let out = std::env::var(\"OUT_DIR\").unwrap();
    let round = std::env::var(\"CARGO_ENCODED_RUSTFLAGS\").unwrap();
    (0..120).for_each(|n| std::fs::write(format!(\"{out}/file-{n}\"), format!(\"{round} {n}\")).unwrap());
}
";

/// Each round has RUSTFLAGS of its own: everything is built, and published under new keys.
fn killed_while_publishing(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?; // Others have no such phase of their own: it is part of what Cargo does.
    set_up(cx, &[])?;
    cx.publish("many", "1.0.0", "", &[("build.rs", SCRIPT), ("src/lib.rs", "")])?;
    tree_on(cx, "first", "plain = \"1\"\nmany = \"1\"")?;
    tree_on(cx, "second", "plain = \"1\"\nmany = \"1\"")?;
    killed_at(cx, &PUBLISHING, true)
}

fn killed_while_restoring(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?;
    set_up(cx, &["first", "second"])?;
    cx.build("first")?;
    killed_at(cx, &RESTORING, false)
}

fn restore_cut_off_then_edited(cx: &mut ProbeContext<'_>) -> ProbeResult {
    cx.store()?;
    let main = |word: &str| format!("fn main() {{ println!(\"{{}} {word}\", plain::word()); }}\n");
    cx.publish("plain", "1.0.0", "", &[("src/lib.rs", "pub fn word() -> &'static str { \"plain\" }\n")])?;
    cx.program_tree("app", "plain = \"1\"", &main("one"))?;
    cx.build("app")?;
    for (word, kill_at) in ["two", "six"].into_iter().zip(&RESTORING) {
        cx.wipe("app")?;
        cx.build_and_kill("app", *kill_at)?;
        cx.write("ws/app/src/main.rs", &main(word))?;
        cx.survives("app", &format!("plain {word}"))?;
        // And the library that may be there in part.
        cx.settings("app").profile = Some("release".to_owned());
        cx.survives("app", &format!("plain {word}"))?;
        cx.settings("app").profile = None;
    }
    Ok(())
}

fn killed_while_building(cx: &mut ProbeContext<'_>) -> ProbeResult {
    set_up(cx, &["first", "second"])?;
    killed_at(cx, &BUILDING, true)
}

fn killed_at(cx: &mut ProbeContext<'_>, points: &[KillAt], anew: bool) -> ProbeResult {
    let mut killed = 0;
    for (round, kill_at) in points.iter().enumerate() {
        cx.wipe("first")?;
        if anew {
            cx.settings("first").rustflags = Some(format!("--cfg=round{round}"));
        }
        killed += u32::from(cx.build_and_kill("first", *kill_at)?);
        let survived = cx.store_is_whole().and_then(|()| cx.survives("first", PRINTS));
        survived.map_err(|error| match error {
            ProbeError::Failed(why) => ProbeError::Failed(format!("after a kill {kill_at}: {why}")),
            other => other,
        })?;
    }
    if killed == 0 {
        return ProbeError::not_applicable("every build was over before it could be killed");
    }
    builds_go_on(cx)
}
