//! Probes by strategies, as text.
//!
//! Columns have numbers for strategies, and the names come above, since names are long and there
//! may be many. Probes that all pass are counted. After the matrix every failure, and every error of the harness, is
//! listed once with the strategies it hit; why something is not applicable is in the records only.

use std::fmt::Write as _;

use super::row::{ProbeRow, ProbeVerdict, failing, passed, problems};
use crate::document::Grid;
use crate::formats::terminal;
use crate::text::wrap;
use crate::words::distinct;

/// The matrix with its legend and, after it, what went wrong; at most `width` columns wide.
pub fn render(rows: &[ProbeRow], width: usize) -> String {
    let strategies = distinct(rows.iter().map(|row| row.strategy.as_str()));
    let mut out = String::new();
    for (at, strategy) in strategies.iter().enumerate() {
        let _ = writeln!(out, "{:>3}  {strategy}: {}", at + 1, tally(rows, strategy));
    }
    let brief = strategies.len() > ROOMY;
    if brief {
        out += "     P pass, F fail, f a known failure, E an error of the harness, - not applicable\n";
    }
    let cell = |row: &ProbeRow| if brief { result(row).1 } else { result(row).0 };
    let heads: Vec<String> = (1..=strategies.len()).map(|at| format!(">{at}")).collect();
    let mut columns = vec!["", "expects"];
    columns.extend(heads.iter().map(String::as_str));
    let mut table = Grid::new("", &columns);
    for probe in failing(rows) {
        let of = |strategy: &&str| rows.iter().find(|row| row.probe == probe && row.strategy == **strategy);
        let expects = rows.iter().find(|row| row.probe == probe).map_or("", |row| row.expects.as_str());
        let cells = strategies.iter().map(|strategy| of(strategy).map_or("", &cell).to_owned());
        table.row([probe.to_owned(), expects.to_owned()].into_iter().chain(cells));
    }
    if !table.is_empty() {
        out += &terminal::grid(&table, width);
    }
    if !rows.is_empty() {
        out += &format!("\n{}", wrap(&passed(rows), width, 0));
    }
    out + &failures(rows)
}

/// More strategies than that get letters for words.
const ROOMY: usize = 8;

/// The result in a word, and as a letter.
fn result(row: &ProbeRow) -> (&'static str, &'static str) {
    match row.verdict {
        ProbeVerdict::Pass => ("pass", "P"),
        ProbeVerdict::Fail if row.is_known_failure() => ("fail*", "f"),
        ProbeVerdict::Fail => ("FAIL", "F"),
        ProbeVerdict::NotApplicable => ("-", "-"),
        ProbeVerdict::Error => ("ERR", "E"),
    }
}

fn tally(rows: &[ProbeRow], strategy: &str) -> String {
    let count =
        |verdict: ProbeVerdict| rows.iter().filter(|row| row.strategy == strategy && row.verdict == verdict).count();
    let known = rows.iter().filter(|row| row.strategy == strategy && row.is_known_failure()).count();
    let of_known = if known > 0 { format!(" ({known} of them known*)") } else { String::new() };
    let of_errors = match count(ProbeVerdict::Error) {
        0 => String::new(),
        errors => format!(", {errors} could not be run (ERR)"),
    };
    format!(
        "{} pass, {} fail{of_known}, {} n/a (-){of_errors}",
        count(ProbeVerdict::Pass),
        count(ProbeVerdict::Fail),
        count(ProbeVerdict::NotApplicable)
    )
}

fn failures(rows: &[ProbeRow]) -> String {
    let mut out = String::new();
    for (row, strategies) in problems(rows) {
        let _ = writeln!(out, "\n{} under {}: {}", row.probe, strategies.join(", "), row.detail);
        if row.verdict == ProbeVerdict::Fail && row.attempts > 1 {
            let _ = writeln!(out, "  seen {} times of {0}; plain Cargo passes", row.attempts);
        }
        if !row.known.is_empty() {
            let _ = writeln!(out, "  *known: {}", row.known);
        }
        let _ = writeln!(out, "  origin: {}", row.origin);
        // A history is repeated by the script that its line names.
        if row.family != "histories" {
            let _ = writeln!(out, "  by hand: harness probe --script {}", row.probe);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(probe: &str, strategy: &str, verdict: ProbeVerdict, detail: &str, known: &str) -> ProbeRow {
        ProbeRow {
            family: "stale".into(),
            probe: probe.into(),
            expects: "rebuild".into(),
            origin: "https://example.org/1".into(),
            strategy: strategy.into(),
            verdict,
            detail: detail.into(),
            known: known.into(),
            ..ProbeRow::default()
        }
    }

    #[test]
    fn a_matrix_with_legend_and_failures_listed_once() {
        let rows = [
            row("one", "a", ProbeVerdict::Pass, "", ""),
            row("one", "b", ProbeVerdict::Fail, "printed 1", ""),
            row("one", "c", ProbeVerdict::Fail, "printed 1", ""),
            row("two", "a", ProbeVerdict::NotApplicable, "no store", ""),
            row("two", "b", ProbeVerdict::Fail, "printed 2", "KEYS.md"),
            row("two", "c", ProbeVerdict::Error, "no space left", ""),
            row("three", "a", ProbeVerdict::Pass, "", ""),
            row("three", "b", ProbeVerdict::NotApplicable, "no store", ""),
            row("three", "broken:all", ProbeVerdict::Fail, "printed 3", ""),
        ];
        insta::assert_snapshot!(render(&rows, 100), @r"
          1  a: 2 pass, 0 fail, 1 n/a (-)
          2  b: 0 pass, 2 fail (1 of them known*), 1 n/a (-)
          3  c: 0 pass, 1 fail, 0 n/a (-), 1 could not be run (ERR)
          4  broken:all: 0 pass, 1 fail, 0 n/a (-)

             expects     1      2     3  4
        one  rebuild  pass   FAIL  FAIL
        two  rebuild     -  fail*   ERR

        Passed wherever applicable: 1 of 3 stale.

        one under b, c: printed 1
          origin: https://example.org/1
          by hand: harness probe --script one

        two under b: printed 2
          *known: KEYS.md
          origin: https://example.org/1
          by hand: harness probe --script two

        two under c: no space left
          origin: https://example.org/1
          by hand: harness probe --script two

        three under broken:all: printed 3
          origin: https://example.org/1
          by hand: harness probe --script three
        ");
    }
}
