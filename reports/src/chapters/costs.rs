//! Units reused and compiled again, seconds by phase, bytes on disk.

use super::{ScenarioView, metric_table};
use crate::analysis::{ArmAnalysis, CauseGroup, StepAnalysis};
use crate::document::{Block, Grid, Section};
use crate::summary::{CAUSES, CauseLimits, cause_tables};
use crate::text::{count, seconds};
use crate::words::capital;
use records::Outcome;

/// Units reused, by count and by compile seconds.
pub(super) fn hits(scenario: &ScenarioView<'_>) -> Option<Section> {
    let steps = scenario.builds(|arm| arm.numbers.hit_rate.is_some());
    let caption = "Hits ÷ units of a clean build, over all rows that count: a hit is a unit that a clean build would have \
                   run and that no compiler ran for; compile seconds are those that the run's none arm took; units \
                   compiled: sum over workspaces of the median round; stale: restored and yet rebuilt, all rows.";
    let metrics = "hit_rate hit_rate_by_cost compiled rustc_runs stale";
    of_metrics(scenario.section("hits", "Hit rate"), caption, &steps, metrics)
}

/// Seconds by phase: plan, restore, Cargo, publish.
pub(super) fn phases(scenario: &ScenarioView<'_>) -> Option<Section> {
    let steps = scenario.builds(|arm| arm.numbers.cargo_s.is_some());
    let caption = "Seconds by phase, and files brought back by mechanism, each the sum over workspaces of the median \
                   round; peak memory: the largest process of any row.";
    let metrics = "plan_s restore_s cargo_s publish_s hardlinked reflinked copied symlinked private_files \
 copied_bytes max_rss_bytes";
    of_metrics(scenario.section("phases", "Phases"), caption, &steps, metrics)
}

/// Seconds and bytes between machines, apart from those of the build.
pub(super) fn delivery(scenario: &ScenarioView<'_>) -> Option<Section> {
    let steps = scenario.builds(|arm| arm.numbers.requests.is_some());
    steps.first()?;
    let mut section = scenario.section("delivery", "Delivery");
    section.say("What a machine waits for besides its build, and what passes the network while it does.");
    let caption = "Seconds by part, bytes and requests as the proxy in front of the server counts them, each the sum over \
                   workspaces of the median round; wall: all parts and the build.";
    let metrics = "wall_s start_s deliver_s unpack_s plan_s restore_s cargo_s publish_s pack_s upload_s down_bytes \
 up_bytes requests unused_bytes";
    section.push(Block::Grid(metric_table(caption, &steps, metrics)));
    Some(section)
}

/// Bytes on disk: three ways of counting, never one number.
pub(super) fn disk(scenario: &ScenarioView<'_>) -> Option<Section> {
    let measured = |arm: &ArmAnalysis| arm.numbers.tree_bytes.or(arm.numbers.tree_allocated_bytes).is_some();
    let steps = scenario.steps.iter().copied().filter(|step| step.arms.iter().any(measured));
    let caption = "Apparent: sizes of files summed; allocated: blocks, each inode once; physical: the union of extents. \
                   Store: after the last workspace (summed where each is alone); trees: build directories summed; a \
                   further workspace: what a step added to store and trees, mean over workspaces.";
    let metrics = "store_bytes store_allocated_bytes store_physical_bytes tree_bytes tree_allocated_bytes \
 tree_physical_bytes all_physical_bytes added_per_workspace_bytes promised_bytes";
    of_metrics(scenario.section("disk", "Disk"), caption, &steps.collect::<Vec<_>>(), metrics)
}

fn of_metrics(mut section: Section, caption: &str, steps: &[&StepAnalysis], metrics: &str) -> Option<Section> {
    section.push(Block::Grid(metric_table(caption, steps, metrics)));
    (!steps.is_empty()).then_some(section)
}

/// Why units were compiled again, the costliest lists first.
pub(super) fn causes(scenario: &ScenarioView<'_>) -> Option<Section> {
    let here: Vec<CauseGroup> =
        scenario.run.causes.iter().filter(|group| group.scenario == scenario.name).cloned().collect();
    let same = same_bytes(&here);
    let (grids, more) = cause_tables(&here, CauseLimits { causes: 12, ..CauseLimits::default() });
    grids.first()?;
    let mut section = scenario.section("causes", "Where the seconds go");
    section.say(format!("{}; they overlap on several cores, so wall time loses less.", capital(CAUSES)));
    section.blocks.extend(grids.into_iter().map(|grid| Block::Details { title: grid.caption.clone(), grid }));
    more.into_iter().for_each(|more| section.say(more));
    if !same.is_empty() {
        section.push(Block::Grid(same));
    }
    Some(section)
}

/// What was compiled again only to be as it was: the most that keys by the content of outputs (early cutoff) could save.
fn same_bytes(groups: &[CauseGroup]) -> Grid {
    let caption = "Compiled again to bytes that were stored already under another key, per round: the most that keys by outputs \
                   instead of inputs (early cutoff) could save. They find a unit only if the libraries that it \
                   depends on export the same (their rmeta).";
    let heads = [
        "step",
        "strategies",
        ">units\ncompiled again",
        ">same\nbytes",
        ">their\ncompile seconds",
        ">libraries",
        ">same\nexports",
    ];
    let mut grid = Grid::new(caption, &heads);
    for group in groups {
        let (mut units, mut lost_s) = (0.0, 0.0);
        for same in group.causes.iter().filter(|cause| cause.outcome == Outcome::Dup) {
            units += same.units;
            lost_s += same.lost_s;
        }
        if units > 0.0 || group.same_exports > 0.0 {
            let strategies = group.strategies.join(", ");
            let known = |number: f64| count((group.libraries > 0.0).then_some(number));
            let numbers = [
                count(Some(group.units)),
                count(Some(units)),
                seconds(Some(lost_s)),
                known(group.libraries),
                known(group.same_exports),
            ];
            grid.row([group.step.clone(), strategies].into_iter().chain(numbers));
        }
    }
    grid
}
