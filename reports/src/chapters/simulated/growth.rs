//! What a store without limits gains a day.

use super::{LINES, Scene, plural};
use crate::document::{Block, Grid, Section};
use crate::plot::{Chart, Line, Plot, Unit};
use crate::simulation::GrowthRow;
use crate::simulation::grown::{Gain, Grown, grown};
use crate::table::{UNMEASURED, bytes, percent};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let all = grown(scene.run);
    all.first()?;
    let mut section = Section::new(&scene.id("growth"), "Growth", 1);
    if all.iter().any(|grown| grown.rows.len() > 1) {
        section.push(Block::Plot(Plot {
            id: scene.id("growth"),
            title: "What a store without limits holds at the end of each day".into(),
            finding: finding(scene, &all),
            chart: Chart::Lines {
                x: "day".into(),
                y: "bytes stored".into(),
                unit: Unit::Bytes,
                log_x: false,
                lines: lines(&all),
            },
        }));
    }
    section.push(Block::Grid(table(&all)));
    Some(section)
}

/// All of each store, and the part of path packages where there is one.
fn lines(all: &[Grown<'_>]) -> Vec<Line> {
    let line = |name: String, grown: &Grown<'_>, of: fn(&GrowthRow) -> f64| Line {
        name,
        points: grown.rows.iter().map(|row| (f64::from(row.day), of(row))).collect(),
        band: Vec::new(),
    };
    let mut lines: Vec<Line> =
        all.iter().map(|grown| line(grown.key.to_owned(), grown, |row| row.stored_bytes)).collect();
    for grown in all.iter().filter(|grown| grown.last().local_entries > 0) {
        lines.push(line(format!("{}, path packages", grown.key), grown, |row| row.local_bytes));
    }
    lines.truncate(LINES);
    lines
}

fn finding(scene: &Scene<'_>, all: &[Grown<'_>]) -> String {
    let told = |grown: &Grown<'_>| {
        let gain = grown.gain()?;
        let local = match local(&gain) {
            Some(part) if gain.local_bytes != 0.0 => format!(", {} of that of path packages", percent(Some(part))),
            _ => ", nothing of that of path packages".into(),
        };
        Some(format!("under {} the store gains {} a day{local}", grown.key, bytes(Some(gain.bytes))))
    };
    let told: Vec<String> = all.iter().filter_map(told).collect();
    let days = all.iter().filter_map(|grown| grown.gain()).map(|gain| gain.days).max().unwrap_or(0);
    let bytes = match scene.run.trace.bytes_in_short() {
        known if known.is_empty() => known,
        known => format!("; {known}"),
    };
    format!(
        "After the first day, which fills it, {} (mean over {days} days; nothing is ever evicted). n: {}{bytes}.",
        told.join("; "),
        plural(scene.run.trace.workspaces as usize, "workspace"),
    )
}

/// The part of what is gained that is of path packages; `None` where nothing is gained.
fn local(gain: &Gain) -> Option<f64> {
    (gain.bytes > 0.0).then(|| gain.local_bytes / gain.bytes)
}

fn table(all: &[Grown<'_>]) -> Grid {
    let mut grid = Grid::new(
        "What a store without limits gains a day after the first, in the mean; local: of path packages; late: bytes a day \
         over the last half of the days.",
        &[
            "key policy",
            "> days",
            "> builds a day",
            "> entries a day",
            "> local",
            "> bytes a day",
            "> local",
            "> late",
            "> in the end",
        ],
    );
    for grown in all {
        let gain = grown.gain();
        let number = |value: Option<f64>| value.map_or_else(|| UNMEASURED.into(), |value| format!("{value:.1}"));
        let builds: u64 = grown.rows.iter().map(|row| row.builds).sum();
        grid.row([
            grown.key.to_owned(),
            grown.rows.len().to_string(),
            number(Some(builds as f64 / grown.rows.len() as f64)),
            number(gain.map(|gain| gain.entries)),
            number(gain.map(|gain| gain.local_entries)),
            bytes(gain.map(|gain| gain.bytes)),
            bytes(gain.map(|gain| gain.local_bytes)),
            bytes(grown.late().map(|gain| gain.bytes)),
            bytes(Some(grown.last().stored_bytes)),
        ]);
    }
    grid
}
