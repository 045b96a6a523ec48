//! Why units were compiled again, in lost seconds.

use super::Scene;
use super::words::plural;
use crate::document::{Block, Cell, Grid, Section};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::analysis::{Cause, CauseGroup};
use crate::table::{count, percent, seconds};
use records::Outcome;

/// Causes shown in a plot and a table, the costliest; the rest is one line.
const MOST: usize = 12;
/// Lists plotted, the costliest.
const LISTS: usize = 6;

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let mut groups: Vec<&CauseGroup> =
        scene.run.causes.iter().filter(|group| group.scenario == scene.scenario && group.lost_s > 0.0).collect();
    groups.sort_by(|a, b| b.avoidable_s().unwrap_or(0.0).total_cmp(&a.avoidable_s().unwrap_or(0.0)));
    let first = groups.first()?;
    let mut section = Section::new(&scene.id("causes"), "Where the seconds go", 1);
    let panels = groups.iter().take(LISTS).map(|group| panel(group)).collect();
    section.push(Block::Plot(Plot {
        id: scene.id("causes"),
        title: format!("Compile seconds lost, by outcome and reason, scenario {}", scene.scenario),
        finding: finding(first, groups.len()),
        chart: Chart::Bars { unit: Unit::Seconds, series: vec!["lost".into()], stacked: false, panels },
    }));
    for group in groups.iter().take(LISTS) {
        let title = format!("{} in {}: {} lost", group.strategies.join(", "), group.step, seconds(Some(group.lost_s)));
        section.push(Block::Details { title, grid: table(group) });
    }
    Some(section)
}

/// Causes of one outcome and reason are one bar: what a design decides is the reason.
fn by_reason(group: &CauseGroup) -> Vec<(String, f64)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for cause in &group.causes {
        let name = name(cause);
        match sums.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += cause.lost_s,
            None => sums.push((name, cause.lost_s)),
        }
    }
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

/// `miss: version`, `refused: build-script`, `stale`.
fn name(cause: &Cause) -> String {
    match (cause.outcome, cause.reason.as_str()) {
        (outcome, "") => match outcome {
            Outcome::Miss => "miss: no reason told".into(),
            outcome => outcome.to_string(),
        },
        (outcome, reason) => format!("{outcome}: {reason}"),
    }
}

fn panel(group: &CauseGroup) -> Panel<Bar> {
    Panel {
        title: format!("{}, {}", group.step, group.strategies.join(", ")),
        rows: by_reason(group)
            .into_iter()
            .take(MOST)
            .map(|(label, lost)| Bar { label, values: vec![Some(lost)] })
            .collect(),
    }
}

fn finding(group: &CauseGroup, lists: usize) -> String {
    let reasons = by_reason(group);
    let top = reasons
        .first()
        .map_or_else(String::new, |(name, lost)| format!(", most by {name} ({})", percent(Some(lost / group.lost_s))));
    let more = if lists > LISTS {
        format!(" {} more are in the records.", plural(lists - LISTS, "list"))
    } else {
        String::new()
    };
    format!(
        "{} lost {} a round in {}{top}. Seconds are those the run's none arm took for the same units; they overlap on \
         several cores, so wall time loses less.{more}",
        group.strategies.join(", "),
        seconds(Some(group.lost_s)),
        group.step,
    )
}

fn table(group: &CauseGroup) -> Grid {
    let mut grid = Grid::new(
        format!("{} in {}: per round, all workspaces", group.strategies.join(", "), group.step),
        &[">lost", ">share", ">units", "outcome", "reason or rule", "because"],
    );
    for cause in group.causes.iter().take(MOST) {
        grid.row([
            seconds(Some(cause.lost_s)),
            percent(Some(cause.lost_s / group.lost_s)),
            count(Some(cause.units)),
            cause.outcome.to_string(),
            cause.reason.clone(),
            cause.because.clone(),
        ]);
    }
    let rest = group.causes.get(MOST..).unwrap_or_default();
    if !rest.is_empty() {
        let lost: f64 = rest.iter().map(|cause| cause.lost_s).sum();
        grid.row([
            Cell::from(seconds(Some(lost))),
            Cell::from(percent(Some(lost / group.lost_s))),
            Cell::from(count(Some(rest.iter().map(|cause| cause.units).sum()))),
            Cell::from(format!("{} more", rest.len())),
        ]);
    }
    grid
}
