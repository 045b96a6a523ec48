//! Q11: what if a file vanishes between lookup and link?
//!
//! Looked for: stories in which a store is collected, emptied or deleted under a build, and
//! the step of the scenario clean that builds after a collection.

use crate::document::{Cell, Grid, Tone};
use crate::probes::ProbeVerdict;
use crate::review::answer::{Answer, State};
use crate::review::command::{self, LINKS, ONE};
use crate::review::evidence::Evidence;
use crate::review::tables::{COMPILED, NOOP, table};
use crate::review::told::{self, Story};
use crate::review::words::{place, plural, seen};

/// What vanishes under a build, or before it.
const PROBES: [&str; 5] = [
    "collected-during-builds",
    "collected-while-cargo-compiles",
    "store-deleted-during-a-build",
    "blobs-missing",
    "dependent-evicted",
];

pub(in crate::review) fn answer(evidence: &Evidence<'_>) -> Answer {
    let mut answer = Answer::default();
    let stories = told::named(evidence, &PROBES);
    answer.grid(grid(&stories));
    told::tell(&mut answer, "builds whose store loses files", &stories);
    let told =
        |names: &[&str]| State::of(stories.iter().any(|it| names.contains(&it.row.probe.as_str()) && it.is_told()));
    answer.part("collection during builds", told(&PROBES[..2]), command::probe("races", LINKS));
    let gone = command::probe("store-deleted-during-a-build,blobs-missing", LINKS);
    answer.part("a store deleted during a build", told(&PROBES[2..3]), &gone);
    answer.part("entries without their files", told(&PROBES[3..4]), &gone);
    let mut after = evidence.all_arms();
    after.retain(|it| it.step.scenario == "clean" && it.step.step == "after-collect" && it.store.is_some());
    answer.grid(table("Built in place after the store was emptied.", &after, &[COMPILED, NOOP]));
    for arm in &after {
        let rows: usize = arm.summary.problems.iter().map(|it| it.rows).sum();
        let (good, name) = (arm.rows().len(), arm.name());
        answer.supports(match rows {
            0 => format!("{}: {name} built and no row failed ({})", place(arm), plural(good, "row")),
            bad => format!("{}: {bad} of {} rows of {name} are not ok", place(arm), good + bad),
        });
    }
    answer.part("builds after a collection", seen(&after), command::compare("clean", ONE));
    if stories.iter().any(Story::is_told) {
        answer.limits("a race that needs a window of microseconds may not have been met: stories are told a few times");
    }
    answer
}

/// A row for each probe: whose builds came through, and whose did not.
fn grid(stories: &[Story<'_>]) -> Grid {
    let heads = ["probe", "passed by", "failed by", "> not told"];
    let mut grid = Grid::new("What vanishes under a build, or before it.", &heads);
    for probe in PROBES {
        let of = |wanted: fn(&Story<'_>) -> bool| -> Vec<Story<'_>> {
            stories.iter().filter(|it| it.row.probe == probe && wanted(it)).copied().collect()
        };
        let passed = of(|it| it.row.verdict == ProbeVerdict::Pass);
        let (failed, untold) = (of(|it| it.row.verdict == ProbeVerdict::Fail), of(|it| !it.is_told()));
        if passed.len() + failed.len() + untold.len() == 0 {
            continue;
        }
        let tone = if failed.is_empty() { Tone::Quiet } else { Tone::Bad };
        grid.row([
            probe.into(),
            Cell::from(told::strategies(&passed).join(", ")),
            Cell::toned(told::strategies(&failed).join(", "), tone),
            Cell::from(untold.len().to_string()),
        ]);
    }
    grid
}
