//! Which designs gave a wrong build: probes by strategies.

use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::probes::{ProbeRow, ProbeRun, ProbeVerdict, failing, passed, problems};
use crate::words::distinct;

pub(super) fn section(run: &ProbeRun, at: usize) -> Section {
    let mut section = Section::new(&format!("probes-{}", at + 1), format!("Probes ({})", run.info.name), 0);
    section.say(
        "Small scenarios with an expected end, run under each strategy. A failure marked * is a property of the policy that \
         its documentation explains; a failure of an external tool was seen three times while plain Cargo passed.",
    );
    let strategies = distinct(run.rows.iter().map(|row| row.strategy.as_str()));
    section.push(Block::Grid(tally(run)));
    let matrix = matrix(run, &strategies);
    if !matrix.is_empty() {
        section.push(Block::Grid(matrix));
    }
    section.say(passed(&run.rows));
    let failures = failures(run);
    if !failures.is_empty() {
        section.push(Block::Grid(failures));
    }
    section
}

/// How often each strategy passed and failed.
pub fn tally(run: &ProbeRun) -> Grid {
    let mut grid = Grid::new(
        "How each strategy fared.",
        &["strategy", ">passed", ">failed, unexplained", ">failed, explained", ">not applicable", ">error"],
    );
    for strategy in distinct(run.rows.iter().map(|row| row.strategy.as_str())) {
        let count =
            |of: &dyn Fn(&ProbeRow) -> bool| run.rows.iter().filter(|row| row.strategy == strategy && of(row)).count();
        let unexplained = count(&ProbeRow::is_unexplained_failure);
        let tone = if unexplained > 0 { Tone::Bad } else { Tone::Plain };
        grid.row([
            Cell::from(strategy),
            Cell::from(count(&|row| row.verdict == ProbeVerdict::Pass).to_string()),
            Cell::toned(unexplained.to_string(), tone),
            Cell::from(count(&ProbeRow::is_known_failure).to_string()),
            Cell::from(count(&|row| row.verdict == ProbeVerdict::NotApplicable).to_string()),
            Cell::from(count(&|row| row.verdict == ProbeVerdict::Error).to_string()),
        ]);
    }
    grid
}

fn matrix(run: &ProbeRun, strategies: &[&str]) -> Grid {
    let heads: Vec<&str> = ["probe", "must"].iter().chain(strategies).copied().collect();
    let mut grid = Grid::new("Probes that some strategy does not pass.", &heads);
    for probe in failing(&run.rows) {
        let rows: Vec<&ProbeRow> = run.rows.iter().filter(|row| row.probe == probe).collect();
        let expects = rows.first().map_or("", |row| row.expects.as_str());
        let cells = strategies.iter().map(|strategy| {
            rows.iter().find(|row| row.strategy == *strategy).map_or_else(Cell::default, |row| cell(row))
        });
        grid.row([Cell::from(probe), Cell::from(expects)].into_iter().chain(cells));
    }
    grid
}

fn cell(row: &ProbeRow) -> Cell {
    match row.verdict {
        ProbeVerdict::Pass => Cell::toned("pass", Tone::Good),
        ProbeVerdict::Fail if row.known.is_empty() => Cell::toned("FAIL", Tone::Bad),
        ProbeVerdict::Fail => Cell::toned("fail*", Tone::Bad),
        ProbeVerdict::NotApplicable => Cell::toned("n/a", Tone::Quiet),
        ProbeVerdict::Error => Cell::toned("error", Tone::Bad),
    }
}

/// Every failure and every error, once for all strategies that end in the same words.
fn failures(run: &ProbeRun) -> Grid {
    let mut grid = Grid::new(
        "What went wrong, each once for all strategies it hit; by hand: harness probe --script PROBE.",
        &["probe", "under", "what was wrong", "explained in"],
    );
    for (row, under) in problems(&run.rows) {
        grid.row([row.probe.clone(), under.join(", "), row.detail.clone(), row.known.clone()]);
    }
    grid
}
