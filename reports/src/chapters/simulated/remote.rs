//! From which bandwidth on fetching beats compiling.

use super::{LINES, Scene};
use crate::document::{Block, Grid, Section};
use crate::plot::{Chart, Line, Plot, Unit};
use crate::simulation::RemoteRow;
use crate::simulation::moved::{Moved, megabits, moved, ratio};
use crate::table::{bytes, percent, seconds};

/// Networks and commands that are plotted.
const PLOTS: usize = 4;

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let groups = moved(scene.run);
    groups.first()?;
    let mut section = Section::new(&scene.id("remote"), "Fetching what others have built", 1);
    section.say(
        "An empty machine fetches what other workspaces have built, as far as the key finds it. Transfers and compiles run \
         beside each other as the unit graph allows; nothing was moved over a network.",
    );
    let curves = |group: &&Vec<Moved<'_>>| group.iter().any(|moved| moved.rows.len() > 1);
    for (at, group) in groups.iter().filter(curves).take(PLOTS).enumerate() {
        section.push(Block::Plot(Plot {
            id: scene.plot("remote", at),
            title: format!("Time ÷ time of compiling all, {}", network(group[0].setup())),
            finding: finding(scene, group),
            chart: Chart::Lines {
                x: "bandwidth, Mbit/s".into(),
                y: "time, 100% is compiling all of it".into(),
                unit: Unit::Share,
                log_x: true,
                lines: lines(group),
            },
        }));
    }
    for group in &groups {
        section.push(Block::Grid(table(group)));
    }
    Some(section)
}

/// `dev build, 50 ms latency, 8 transfers beside 4 compiles`.
fn network(row: &RemoteRow) -> String {
    format!(
        "{}, {} latency, {} transfers beside {} compiles at a time, {}",
        row.command,
        latency(row),
        row.transfers,
        row.jobs,
        match row.lookup.as_str() {
            "at-once" => "all keys known at once",
            _ => "keys known level by level",
        }
    )
}

fn latency(row: &RemoteRow) -> String {
    format!("{} ms", (row.latency_s * 1e6).round() / 1e3)
}

/// For each policy what is chosen, then what fetching all would take.
fn lines(group: &[Moved<'_>]) -> Vec<Line> {
    let line = |moved: &Moved<'_>, what: &str, of: fn(&RemoteRow) -> f64| Line {
        name: format!("{}, {what}", moved.policy),
        points: moved.rows.iter().filter_map(|row| Some((megabits(row.bits_per_s), ratio(row, of(row))?))).collect(),
        band: Vec::new(),
    };
    let mut lines: Vec<Line> = group.iter().map(|moved| line(moved, "what is worth it", |row| row.choose_s)).collect();
    // What takes ten times as long as compiling would press all else to the floor.
    let near = |line: &mut Line| line.points.retain(|(_, ratio)| *ratio <= 3.0);
    let all = group.iter().map(|moved| line(moved, "everything", |row| row.fetch_s));
    lines.extend(all.filter_map(|mut line| {
        near(&mut line);
        (!line.points.is_empty()).then_some(line)
    }));
    lines.truncate(LINES);
    lines
}

fn finding(scene: &Scene<'_>, group: &[Moved<'_>]) -> String {
    let told = |moved: &Moved<'_>| {
        let row = moved.setup();
        let available = percent(Some(row.available));
        format!(
            "under {} ({available} of units available) {}",
            moved.policy,
            moved.break_even(|row| row.fetch_s).words()
        )
    };
    let told: Vec<String> = group.iter().map(told).collect();
    format!(
        "Fetching everything that is available beats compiling {}. Lines end where time is more than three times that of \
         compiling. n: {} workspaces; {}.",
        told.join("; "),
        group[0].setup().workspaces,
        scene.run.trace.seconds_in_short(),
    )
}

fn table(group: &[Moved<'_>]) -> Grid {
    let setup = group[0].setup();
    let mut grid = Grid::new(
        format!(
            "{}: seconds until everything is there, sum over workspaces. Compiling all takes {}; chosen: fetching what is \
             worth it; ratio: that ÷ compiling all; many cores: the same ratio on the critical path.",
            network(setup),
            seconds(Some(setup.compile_s)),
        ),
        &[
            "policy",
            "> Mbit/s",
            "> available",
            "> worth it",
            "> moved",
            "> fetch all",
            "> chosen",
            "> ratio",
            "> many cores",
        ],
    );
    for moved in group {
        for row in &moved.rows {
            let critical = (row.critical_compile_s > 0.0).then(|| row.critical_choose_s / row.critical_compile_s);
            grid.row([
                moved.policy.to_owned(),
                format!("{}", (megabits(row.bits_per_s) * 1e3).round() / 1e3),
                percent(Some(row.available)),
                percent(Some(row.worth_fetching)),
                bytes(Some(row.moved_bytes)),
                seconds(Some(row.fetch_s)),
                seconds(Some(row.choose_s)),
                percent(ratio(row, row.choose_s)),
                percent(critical),
            ]);
        }
    }
    grid
}
