//! What probes found. Strategies that are wrong on purpose (`broken:…`) only show that probes can fail.

use crate::document::Grid;
use crate::probes::{ProbeRow, ProbeVerdict};
use crate::review::evidence::Evidence;
use crate::review::measure::{Measure, Population, Unit};
use crate::words::{distinct, listed};

/// Rows of probes that ended, of all runs.
pub(in crate::review) fn named<'a>(evidence: &Evidence<'a>, wanted: impl Fn(&ProbeRow) -> bool) -> Vec<&'a ProbeRow> {
    let rows = evidence.probes.iter().flat_map(|run| &run.rows);
    let ended = |row: &&ProbeRow| matches!(row.verdict, ProbeVerdict::Pass | ProbeVerdict::Fail);
    rows.filter(ended).filter(|row| !row.strategy.starts_with("broken:") && wanted(row)).collect()
}

/// Failures that no design explains.
pub(in crate::review) fn failures<'a>(evidence: &Evidence<'a>, strategy: &str) -> Vec<&'a str> {
    let failed = named(evidence, |row| row.strategy == strategy && row.is_unexplained_failure());
    distinct(failed.into_iter().map(|row| row.probe.as_str()))
}

/// `Probes of scripts: 2 of 14 failed.`, or nothing.
pub(super) fn sentence(evidence: &Evidence<'_>, what: &str, wanted: impl Fn(&ProbeRow) -> bool) -> String {
    let rows = named(evidence, wanted);
    let failed = rows.iter().filter(|row| row.verdict == ProbeVerdict::Fail).count();
    if rows.is_empty() { String::new() } else { format!("Probes of {what}: {failed} of {} failed.", rows.len()) }
}

/// Q11. Probes in which something vanishes under a build.
pub(super) fn collection(evidence: &Evidence<'_>) -> Vec<Measure> {
    let vanishing = ["store-deleted-during-a-build", "blobs-missing"];
    let rows = named(evidence, |row| row.family == "races" || vanishing.contains(&row.probe.as_str()));
    let failed: Vec<&&ProbeRow> = rows.iter().filter(|row| row.verdict == ProbeVerdict::Fail).collect();
    let mut table = Grid::new("", &["strategy", "> ended", "> failed"]);
    let tried = distinct(rows.iter().map(|row| row.strategy.as_str()));
    for strategy in &tried {
        let of = |rows: &[&ProbeRow]| rows.iter().filter(|row| row.strategy == **strategy).count().to_string();
        let lost: Vec<&ProbeRow> = failed.iter().map(|row| **row).collect();
        table.row([(*strategy).to_owned(), of(&rows), of(&lost)]);
    }
    let breaking = distinct(failed.iter().map(|row| row.strategy.as_str()));
    let who = match breaking.len() {
        0..=2 => listed(&breaking),
        many => format!("{many} of {} strategies", tried.len()),
    };
    let worst = failed.first().map_or(String::new(), |row| format!("The first: {} under {}.", row.probe, row.strategy));
    let found = Measure {
        run: "P1".into(),
        effect: failed.len() as f64,
        unit: Unit::Count,
        interval: None,
        side: None,
        n: format!("{} results", rows.len()),
        weight: rows.len(),
        population: Population::TheseWorkspaces,
        what: "failed probes of races and of what vanishes".into(),
        assumes: Vec::new(),
        words: vec![
            ("results", rows.len().to_string()),
            ("failed", failed.len().to_string()),
            ("worst", worst),
            ("who", who),
        ],
        table,
    };
    if rows.is_empty() { Vec::new() } else { vec![found.beyond(0.0, 0.0)] }
}
