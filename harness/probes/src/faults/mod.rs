//! Kills, damage, and disks that are full, foreign or read-only: builds stay right.
//!
//! To survive means: the build succeeds or, where it cannot, fails without harming what was
//! there; programs print what their sources say; and a normal build works afterwards.
//!
//! | file | what it is for |
//! |---|---|
//! | `kills` | SIGKILL while planning, restoring, compiling and publishing |
//! | `damage` | files of our store that are short, changed, missing, or of another version |
//! | `disks` | a store that is read-only, elsewhere, full, or gone |
//! | `disk` | a small disk of a story's own |

mod damage;
mod disk;
mod disks;
mod kills;

pub(super) use disks::gated;

/// Removes the small disks of a run that was killed.
pub fn clear_leftovers(work: &std::path::Path) {
    disk::clear_leftovers(work);
}

use super::bench::Bench;
use super::materials::package;
use super::{Expects, Family, Probe, Told};

const KILLED: &str = "https://github.com/rust-lang/cargo/issues/7767 https://github.com/rust-lang/cargo/issues/8838";
const CORRUPT: &str = "https://github.com/mozilla/sccache/issues/2122 https://github.com/mozilla/sccache/pull/836";
const MISSING: &str = "https://github.com/mozilla/sccache/issues/407";
const UNREADABLE: &str = "https://github.com/mozilla/sccache/pull/119 https://github.com/mozilla/sccache/issues/171";
const VERSION: &str = "https://github.com/mozilla/sccache/issues/464";
const READ_ONLY: &str = "https://github.com/rust-lang/cargo/issues/3256 https://github.com/mozilla/sccache/issues/1852";
const ELSEWHERE: &str = "https://github.com/japaric/xargo/issues/30";
const FULL: &str = "https://github.com/mozilla/sccache/issues/1413 https://github.com/rust-lang/cargo/issues/16804";

type Tell = fn(&mut Bench<'_>) -> Told;

const fn survive(name: &'static str, origin: &'static str, about: &'static str, tell: Tell) -> Probe {
    Probe { name, origin, expects: Expects::Survive, about, tell }
}

/// The family.
pub const FAMILY: Family = Family {
    name: "faults",
    about: "Kills, damage, and disks that are full, foreign or read-only: builds stay right.",
    alone: false,
    probes: &[
        survive(
            "killed-while-publishing",
            KILLED,
            "The build is killed at several points while it fills the store.",
            kills::publishing,
        ),
        survive(
            "killed-while-restoring",
            KILLED,
            "The build is killed at several points while it fills the build directory.",
            kills::restoring,
        ),
        survive(
            "killed-while-building",
            KILLED,
            "The build is killed while it plans, and at several points while Cargo compiles.",
            kills::building,
        ),
        survive("blobs-truncated", CORRUPT, "Every file of the store is half as long as it was.", damage::truncated),
        survive("blobs-flipped", CORRUPT, "Every file of the store has a changed bit.", damage::flipped),
        survive(
            "blobs-flipped-time-kept",
            CORRUPT,
            "Every file of the store has other bytes, and its old size and time.",
            damage::flipped_time_kept,
        ),
        survive("blobs-missing", MISSING, "Every file of the store is gone, the manifests are there.", damage::missing),
        survive("manifests-missing", MISSING, "Every manifest of the store is gone.", damage::no_manifests),
        survive(
            "manifests-truncated",
            UNREADABLE,
            "Every manifest of the store is half as long as it was.",
            damage::short_manifests,
        ),
        survive(
            "manifests-garbage",
            UNREADABLE,
            "Every manifest of the store holds something else.",
            damage::garbage_manifests,
        ),
        survive(
            "entries-of-another-version",
            VERSION,
            "Every entry is of a later format version, and beside it lies a store of one.",
            damage::another_version,
        ),
        survive("store-read-only", READ_ONLY, "The store cannot be written to, but read.", disks::read_only),
        survive(
            "store-on-another-file-system",
            ELSEWHERE,
            "The store is on another file system than the build directories.",
            disks::elsewhere,
        ),
        survive(
            "disk-full-while-publishing",
            FULL,
            "The store's disk is full when the build wants to fill it.",
            disks::full_store,
        ),
        survive(
            "disk-full-while-restoring",
            FULL,
            "The build directory's disk is full when the build wants to fill it.",
            disks::full_tree,
        ),
        survive(
            "store-deleted-during-a-build",
            MISSING,
            "Somebody deletes the whole store while Cargo compiles.",
            disks::deleted,
        ),
    ],
};

/// What every program of these stories prints.
const PRINTS: &str = "as it was built";

/// The dependency says it with some megabytes of data, so that to copy it takes a moment.
fn set_up(bench: &mut Bench<'_>, trees: &[&str]) -> Told {
    let bulky = format!(
        "#[used]\npub static BULK: [u8; 2 << 20] = [7; 2 << 20];\n\
         #[inline(never)]\npub fn word() -> &'static str {{ \"{PRINTS}\" }}\n"
    );
    bench.publish("plain", "1.0.0", "", &[("src/lib.rs", &bulky)])?;
    for tree in trees {
        let manifest = package(tree, "0.1.0", "[dependencies]\nplain = \"1\"\n\n[workspace]\n");
        bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", MAIN)])?;
    }
    Ok(())
}

const MAIN: &str = "fn main() { println!(\"{}\", plain::word()); }\n";

/// A normal build works: from nothing, and in another tree; the store is as it should be.
fn goes_on(bench: &mut Bench<'_>) -> Told {
    bench.wipe("first")?;
    bench.survives("first", PRINTS)?;
    bench.survives("second", PRINTS)?;
    bench.store_is_whole()
}
