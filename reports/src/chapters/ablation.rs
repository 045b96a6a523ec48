//! What each input of the key buys: a row for each input that was left out.

use crate::ablation::{AblationRun, CANDIDATE, FREE, NEEDED};
use crate::document::{Block, Grid, Section};
use crate::simulation::AblationRow;
use crate::text::{UNMEASURED, seconds};
use crate::words::plural;

/// The table of these rows, and what a reader has to know of them.
pub fn section(rows: &[AblationRow]) -> Section {
    let mut section = Section::new("ablation", "Inputs of the key", 0);
    section.push(Block::Grid(table(rows)));
    for (verdict, what) in
        [(FREE, "Nothing is gained without"), (CANDIDATE, "Gained, and nothing seen to break, without")]
    {
        let names: Vec<&str> = single(rows, verdict).collect();
        if !names.is_empty() {
            section.say(format!("{what}: {}.", names.join(", ")));
        }
    }
    let sum = |of: fn(&AblationRow) -> Option<u64>| rows.iter().filter_map(of).sum::<u64>();
    if sum(|row| row.compared_units) > 0 {
        let (agreeing, compared) = (sum(|row| row.agreeing_units), sum(|row| row.compared_units));
        section.say(format!("Replays of these builds agree in {agreeing} of {compared} units."));
    }
    section
}

pub(super) fn lead(run: &AblationRun) -> String {
    let rows = &run.rows;
    format!(
        "{}: {} of the key left out, one at a time: {} needed, {} free, {} to gain from.",
        run.info.name,
        plural(run.inputs().count(), "input"),
        single(rows, NEEDED).count(),
        single(rows, FREE).count(),
        single(rows, CANDIDATE).count(),
    )
}

fn single<'a>(rows: &'a [AblationRow], verdict: &'a str) -> impl Iterator<Item = &'a str> {
    rows.iter().filter(move |row| row.verdict == verdict && !row.input.contains('+')).map(|row| row.input.as_str())
}

fn table(rows: &[AblationRow]) -> Grid {
    let caption = "Each input left out of the key. replayed: units and seconds gained in the trace; built: units gained, of \
                   them identical, and units restored that Cargo built again; probes: tried, and broken with a wrong \
                   program, a failed build, or a restore for nothing.";
    let heads = [
        "input",
        "verdict",
        ">replayed\nunits",
        ">replayed",
        ">built\nunits",
        ">built",
        ">iden-\ntical",
        ">rebuilt\nby Cargo",
        ">probes",
        ">wrong",
        ">failed",
        ">for\nnothing",
    ];
    let mut grid = Grid::new(caption, &heads);
    for row in rows {
        let count = |value: Option<u64>| value.map_or_else(|| UNMEASURED.to_owned(), |value| value.to_string());
        let broken = |list: &str| count(row.probes.map(|_| list.split_whitespace().count() as u64));
        grid.row([
            row.input.clone(),
            row.verdict.clone(),
            format!("{:+.0}", row.replayed_units),
            seconds(Some(row.replayed_s)),
            count(row.built_units),
            seconds(row.built_s),
            count(row.identical_units.filter(|_| row.built_units > Some(0))),
            count(row.rebuilt_units),
            count(row.probes),
            broken(&row.wrong),
            broken(&row.failed),
            broken(&row.caught),
        ]);
    }
    grid
}
