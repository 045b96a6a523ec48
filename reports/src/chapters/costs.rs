//! Units reused and compiled again, seconds by phase, bytes on disk.

use super::{ScenarioView, metric_table};
use crate::analysis::{ArmAnalysis, Cause, CauseGroup, StepAnalysis};
use crate::document::{Block, Section};
use crate::summary::cause_table;
use crate::text::{bytes, factor, percent, seconds};
use crate::words::{gathered, listed, plural};
use records::Outcome;

/// Causes that a table shows, the costliest; the rest is one line.
const CAUSES: usize = 12;
/// Groups of strategies with a table of causes, the costliest.
const GROUPS: usize = 6;

/// Units reused, by count and by compile seconds.
pub(super) fn hits(scenario: &ScenarioView<'_>) -> Option<Section> {
    let steps = scenario.builds(|arm| arm.numbers.hit_rate.is_some());
    steps.first()?;
    let mut section = scenario.section("hits", "Hit rate");
    let found: Vec<String> = steps.iter().filter_map(|step| most_hits(step)).collect();
    section.say(format!(
        "{}. A hit is a unit that a clean build would have run and that no compiler ran for; compile seconds are those \
         that the run's none arm took.",
        found.join("; ")
    ));
    let caption = "Hits ÷ units of a clean build, over all rows that count; units compiled: sum over workspaces of the \
                   median round; stale: restored and yet rebuilt, all rows.";
    let metrics = "hit_rate hit_rate_by_cost compiled rustc_runs stale";
    section.push(Block::Grid(metric_table(caption, &steps, metrics)));
    Some(section)
}

fn most_hits(step: &StepAnalysis) -> Option<String> {
    let rate = |arm: &ArmAnalysis| arm.numbers.hit_rate_by_cost.or(arm.numbers.hit_rate);
    let arms = step.whole().filter(|arm| rate(arm).is_some());
    let best = arms.clone().max_by(|a, b| rate(a).unwrap_or(0.0).total_cmp(&rate(b).unwrap_or(0.0)))?;
    if rate(best) == Some(0.0) {
        return Some(format!("{}: nothing was reused", step.step));
    }
    let by = if best.numbers.hit_rate_by_cost.is_some() { "compile seconds" } else { "units" };
    // Rates that show as the same number are no lead.
    let as_good = arms.filter(|arm| percent(rate(arm)) == percent(rate(best)));
    let names: Vec<&str> = as_good.map(ArmAnalysis::name).collect();
    Some(format!("{}: at most {} of {by}, by {}", step.step, percent(rate(best)), listed(&names)))
}

/// Seconds by phase: plan, restore, Cargo, publish.
pub(super) fn phases(scenario: &ScenarioView<'_>) -> Option<Section> {
    let steps = scenario.builds(|arm| arm.numbers.cargo_s.is_some());
    steps.first()?;
    let own = |arm: &ArmAnalysis| {
        let it = arm.numbers;
        it.plan_s.unwrap_or(0.0) + it.restore_s.unwrap_or(0.0) + it.publish_s.unwrap_or(0.0)
    };
    let all = steps.iter().flat_map(|step| step.whole().map(move |arm| (step, arm)));
    let timed = all.filter(|(_, arm)| arm.integration.as_deref() == Some("units") && arm.numbers.cargo_s.is_some());
    let worst = timed.max_by(|(_, a), (_, b)| own(a).total_cmp(&own(b)));
    let mut section = scenario.section("phases", "Phases");
    section.say(match worst {
        Some((step, arm)) => format!(
            "Outside Cargo (plan, restore, publish) most was spent by {} in {}: {} of {}.",
            arm.name(),
            step.step,
            seconds(Some(own(arm))),
            seconds(arm.numbers.cargo_s.map(|cargo| cargo + own(arm))),
        ),
        None => "No strategy here has phases of its own besides Cargo.".into(),
    });
    let caption = "Seconds by phase, and files brought back by mechanism, each the sum over workspaces of the median \
                   round; peak memory: the largest process of any row.";
    let metrics = "plan_s restore_s cargo_s publish_s hardlinked reflinked copied symlinked private_files \
 copied_bytes max_rss_bytes";
    section.push(Block::Grid(metric_table(caption, &steps, metrics)));
    Some(section)
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
    let steps: Vec<&StepAnalysis> = steps.collect();
    steps.first()?;
    let physical = steps.iter().any(|step| step.arms.iter().any(|arm| arm.numbers.all_physical_bytes.is_some()));
    let how = match (physical, scenario.run.info.alone()) {
        (true, false) => "Physical: the union of extents of store and build directories, after the last workspace.",
        (true, true) => "Physical: the union of extents, each workspace with a store of its own, summed.",
        (false, _) => "Allocated: blocks, each inode once; physical sizes were not measured.",
    };
    let mut section = scenario.section("disk", "Disk");
    section.say(least_disk(scenario, &steps, physical).unwrap_or_default() + how);
    let caption = "Apparent: sizes of files summed; allocated: blocks, each inode once; physical: the union of extents. \
                   Store: after the last workspace (summed where each is alone); trees: build directories summed; a \
                   further workspace: what a step added to store and trees, mean over workspaces.";
    let metrics = "store_bytes store_allocated_bytes store_physical_bytes tree_bytes tree_allocated_bytes \
 tree_physical_bytes all_physical_bytes added_per_workspace_bytes promised_bytes";
    section.push(Block::Grid(metric_table(caption, &steps, metrics)));
    Some(section)
}

/// The arm that holds least after the last step in which that can be compared.
fn least_disk(scenario: &ScenarioView<'_>, steps: &[&StepAnalysis], physical: bool) -> Option<String> {
    let size = |arm: &ArmAnalysis| match physical {
        true => arm.numbers.all_physical_bytes,
        false => Some(arm.numbers.store_allocated_bytes.unwrap_or(0.0) + arm.numbers.tree_allocated_bytes?),
    };
    let baseline = &scenario.run.baseline;
    steps.iter().rev().find_map(|step| {
        // Sums over other workspaces cannot be compared.
        let base = step.whole().find(|arm| arm.name() == baseline).and_then(size).filter(|size| *size > 0.0)?;
        let others = step.whole().filter(|arm| arm.name() != baseline && !arm.is_control());
        let (least, arm) = others.filter_map(|arm| Some((size(arm)?, arm))).min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        Some(format!(
            "After {} {} holds {}, {} of the {} of {baseline}. ",
            step.step,
            arm.name(),
            bytes(Some(least)),
            factor(Some(least / base)),
            bytes(Some(base)),
        ))
    })
}

pub(super) fn causes(scenario: &ScenarioView<'_>) -> Option<Section> {
    let of_scenario = |group: &&CauseGroup| group.scenario == scenario.name && group.lost_s > 0.0;
    let mut groups: Vec<&CauseGroup> = scenario.run.causes.iter().filter(of_scenario).collect();
    groups.sort_by(|a, b| b.avoidable_s().unwrap_or(0.0).total_cmp(&a.avoidable_s().unwrap_or(0.0)));
    let first = groups.first()?;
    let mut section = scenario.section("causes", "Where the seconds go");
    let top = costliest_reason(first)
        .map_or_else(String::new, |(name, lost)| format!(", most by {name} ({})", percent(Some(lost / first.lost_s))));
    let more = match groups.len().saturating_sub(GROUPS) {
        0 => String::new(),
        more => format!(" {} more are in the records.", plural(more, "list")),
    };
    section.say(format!(
        "{} lost {} a round in {}{top}. Seconds are those the run's none arm took for the same units; they overlap on \
         several cores, so wall time loses less.{more}",
        first.strategies.join(", "),
        seconds(Some(first.lost_s)),
        first.step,
    ));
    for group in groups.iter().take(GROUPS) {
        let title = format!("{} in {}: {} lost", group.strategies.join(", "), group.step, seconds(Some(group.lost_s)));
        let caption = format!("{} in {}: per round, all workspaces", group.strategies.join(", "), group.step);
        section.push(Block::Details { title, grid: cause_table(caption, group, CAUSES) });
    }
    Some(section)
}

/// The outcome and reason that lost most, e.g. `miss: version`: what a design decides is the reason.
fn costliest_reason(group: &CauseGroup) -> Option<(String, f64)> {
    let name = |cause: &Cause| match (cause.outcome, cause.reason.as_str()) {
        (Outcome::Miss, "") => "miss: no reason recorded".into(),
        (outcome, "") => outcome.to_string(),
        (outcome, reason) => format!("{outcome}: {reason}"),
    };
    let sums = gathered(group.causes.iter().map(|cause| (name(cause), cause.lost_s)));
    // Of equals the first.
    let sums = sums.into_iter().map(|(name, lost)| (name, lost.iter().sum::<f64>()));
    sums.rev().max_by(|a, b| a.1.total_cmp(&b.1))
}
