//! SIGKILL at many points of a build. Afterwards the store has no damaged entry, what is left
//! over does not matter, and the very tree that was killed builds right, as do a wiped one
//! and another one.

use std::time::Duration;

use super::{PRINTS, goes_on, set_up};
use crate::experiment::lab::Phase;
use crate::probe::bench::Bench;
use crate::probe::cut_off::Cut;
use crate::probe::{Told, Wrong};

const fn cut(phase: Phase, ms: u64) -> Cut {
    Cut { phase, after: Duration::from_millis(ms) }
}

const PUBLISHING: [Cut; 4] =
    [cut(Phase::Publish, 0), cut(Phase::Publish, 2), cut(Phase::Publish, 4), cut(Phase::Publish, 8)];
const RESTORING: [Cut; 3] = [cut(Phase::Restore, 0), cut(Phase::Restore, 1), cut(Phase::Restore, 3)];
const BUILDING: [Cut; 3] = [cut(Phase::Plan, 10), cut(Phase::Cargo, 60), cut(Phase::Cargo, 180)];

/// Each round has RUSTFLAGS of its own: everything is built, and published under new keys.
pub(super) fn publishing(bench: &mut Bench<'_>) -> Told {
    set_up(bench, &["first", "second"])?;
    rounds(bench, &PUBLISHING, true)
}

pub(super) fn restoring(bench: &mut Bench<'_>) -> Told {
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
            Wrong::Failed(why) => Wrong::Failed(format!("after a kill {:?} into {:?}: {why}", cut.after, cut.phase)),
            other => other,
        };
        bench.store_is_whole().map_err(after)?;
        bench.survives("first", PRINTS).map_err(after)?;
    }
    if killed == 0 {
        return Err(Wrong::NotApplicable("it has no such phase of its own to be killed in".to_owned()));
    }
    goes_on(bench)
}
