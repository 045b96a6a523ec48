//! Probes by strategies, as text.
//!
//! Strategies stand as numbers over the columns, with their names above, since names are long
//! and there may be many. Below the matrix every failure, and every error of the harness, is told
//! once with the strategies it hit; what is not applicable is told in the records only.

use std::fmt::Write as _;

use super::failures::{distinct, told_once};
use super::row::{ProbeRow, Verdict};
use crate::document::Grid;
use crate::formats::terminal;

/// The matrix with its legend and, below it, what went wrong; at most `width` columns wide.
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
    let cell = |row: &ProbeRow| if brief { initial(row) } else { cell(row) };
    let heads: Vec<String> = (1..=strategies.len()).map(|at| format!(">{at}")).collect();
    let mut columns = vec!["", "expects"];
    columns.extend(heads.iter().map(String::as_str));
    for family in distinct(rows.iter().map(|row| row.family.as_str())) {
        let mut table = Grid::new(family, &columns);
        for probe in distinct(rows.iter().filter(|row| row.family == family).map(|row| row.probe.as_str())) {
            let of = |strategy: &&str| rows.iter().find(|row| row.probe == probe && row.strategy == **strategy);
            let expects = rows.iter().find(|row| row.probe == probe).map_or("", |row| row.expects.as_str());
            let cells = strategies.iter().map(|strategy| of(strategy).map_or("", &cell).to_owned());
            table.row([probe.to_owned(), expects.to_owned()].into_iter().chain(cells));
        }
        out += &terminal::grid(&table, width);
    }
    out + &failures(rows)
}

/// More strategies than that get letters for words.
const ROOMY: usize = 8;

fn initial(row: &ProbeRow) -> &'static str {
    match row.verdict {
        Verdict::Pass => "P",
        Verdict::Fail if !row.known.is_empty() => "f",
        Verdict::Fail => "F",
        Verdict::NotApplicable => "-",
        Verdict::Error => "E",
    }
}

fn cell(row: &ProbeRow) -> &'static str {
    match row.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail if !row.known.is_empty() => "fail*",
        Verdict::Fail => "FAIL",
        Verdict::NotApplicable => "-",
        Verdict::Error => "ERR",
    }
}

fn tally(rows: &[ProbeRow], strategy: &str) -> String {
    let count = |verdict: Verdict| rows.iter().filter(|row| row.strategy == strategy && row.verdict == verdict).count();
    let known = rows
        .iter()
        .filter(|row| row.strategy == strategy && row.verdict == Verdict::Fail && !row.known.is_empty())
        .count();
    let of_known = if known > 0 { format!(" ({known} of them known*)") } else { String::new() };
    let of_errors = match count(Verdict::Error) {
        0 => String::new(),
        errors => format!(", {errors} could not be told (ERR)"),
    };
    format!(
        "{} pass, {} fail{of_known}, {} n/a (-){of_errors}",
        count(Verdict::Pass),
        count(Verdict::Fail),
        count(Verdict::NotApplicable)
    )
}

fn failures(rows: &[ProbeRow]) -> String {
    let mut out = String::new();
    for (row, strategies) in told_once(rows) {
        let _ = writeln!(out, "\n{} under {}: {}", row.probe, strategies.join(", "), row.detail);
        if row.verdict == Verdict::Fail && row.attempts > 1 {
            let _ = writeln!(out, "  seen {} times of {0}; plain Cargo passes", row.attempts);
        }
        if !row.known.is_empty() {
            let _ = writeln!(out, "  *known: {}", row.known);
        }
        let _ = writeln!(out, "  origin: {}", row.origin);
        let _ = writeln!(out, "  by hand: harness probe --story {}", row.probe);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(probe: &str, strategy: &str, verdict: Verdict, detail: &str, known: &str) -> ProbeRow {
        ProbeRow {
            run: "r".into(),
            family: "stale".into(),
            probe: probe.into(),
            expects: "rebuild".into(),
            origin: "https://example.org/1".into(),
            strategy: strategy.into(),
            verdict,
            detail: detail.into(),
            known: known.into(),
            attempts: 1,
            wall_s: 0.5,
        }
    }

    #[test]
    fn a_matrix_with_legend_and_failures_told_once() {
        let rows = [
            row("one", "a", Verdict::Pass, "", ""),
            row("one", "b", Verdict::Fail, "printed 1", ""),
            row("one", "c", Verdict::Fail, "printed 1", ""),
            row("two", "a", Verdict::NotApplicable, "no store", ""),
            row("two", "b", Verdict::Fail, "printed 2", "KEYS.md"),
            row("two", "c", Verdict::Error, "no space left", ""),
        ];
        insta::assert_snapshot!(render(&rows, 100), @r"
          1  a: 1 pass, 0 fail, 1 n/a (-)
          2  b: 0 pass, 2 fail (1 of them known*), 0 n/a (-)
          3  c: 0 pass, 1 fail, 0 n/a (-), 1 could not be told (ERR)

        stale
             expects     1      2     3
        one  rebuild  pass   FAIL  FAIL
        two  rebuild     -  fail*   ERR

        one under b, c: printed 1
          origin: https://example.org/1
          by hand: harness probe --story one

        two under b: printed 2
          *known: KEYS.md
          origin: https://example.org/1
          by hand: harness probe --story two

        two under c: no space left
          origin: https://example.org/1
          by hand: harness probe --story two
        ");
    }
}
