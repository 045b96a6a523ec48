//! SIGKILL at many points of a build. Afterwards the store has no damaged entry, what is left
//! over does not matter, and the very tree that was killed builds right, as do a wiped one
//! and another one.

use std::time::Duration;

use super::{MAIN, PRINTS, goes_on, set_up};
use crate::bench::Bench;
use crate::cut_off::{Cut, Moment};
use crate::materials::package;
use crate::{Told, Wrong};
use runner::build_env::Phase;

const fn after(phase: Phase, ms: u64) -> Cut {
    Cut { phase, at: Moment::After(Duration::from_millis(ms)) }
}

const fn stored(count: usize) -> Cut {
    Cut { phase: Phase::Publish, at: Moment::Made(count, "store") }
}

const fn restored(count: usize) -> Cut {
    Cut { phase: Phase::Restore, at: Moment::Made(count, "target/first") }
}

const PUBLISHING: [Cut; 4] = [stored(1), stored(8), stored(25), stored(60)];
const RESTORING: [Cut; 4] = [after(Phase::Restore, 0), restored(1), restored(4), restored(10)];
const BUILDING: [Cut; 3] = [after(Phase::Plan, 10), after(Phase::Cargo, 60), after(Phase::Cargo, 180)];

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
pub(super) fn publishing(bench: &mut Bench<'_>) -> Told {
    bench.store()?; // Others have no such phase of their own: it is part of what Cargo does.
    set_up(bench, &[])?;
    bench.publish("many", "1.0.0", "", &[("build.rs", SCRIPT), ("src/lib.rs", "")])?;
    for tree in ["first", "second"] {
        let manifest = package(tree, "0.1.0", "[dependencies]\nplain = \"1\"\nmany = \"1\"\n\n[workspace]\n");
        bench.tree(tree, &[("Cargo.toml", &manifest), ("src/main.rs", MAIN)])?;
    }
    rounds(bench, &PUBLISHING, true)
}

pub(super) fn restoring(bench: &mut Bench<'_>) -> Told {
    bench.store()?;
    set_up(bench, &["first", "second"])?;
    bench.build("first")?;
    rounds(bench, &RESTORING, false)
}

pub(super) fn building(bench: &mut Bench<'_>) -> Told {
    set_up(bench, &["first", "second"])?;
    rounds(bench, &BUILDING, true)
}

fn rounds(bench: &mut Bench<'_>, cuts: &[Cut], anew: bool) -> Told {
    let mut killed = 0;
    for (round, cut) in cuts.iter().enumerate() {
        bench.wipe("first")?;
        if anew {
            bench.set("first").rustflags = Some(format!("--cfg=round{round}"));
        }
        killed += u32::from(bench.build_and_kill("first", *cut)?);
        let after = |wrong| match wrong {
            Wrong::Failed(why) => Wrong::Failed(format!("after a kill {cut}: {why}")),
            other => other,
        };
        bench.store_is_whole().map_err(after)?;
        bench.survives("first", PRINTS).map_err(after)?;
    }
    if killed == 0 {
        return Err(Wrong::NotApplicable("every build was over before it could be killed".to_owned()));
    }
    goes_on(bench)
}
