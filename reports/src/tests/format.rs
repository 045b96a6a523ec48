//! FORMAT.md lists the very columns that are written: its tables are made from the row types and
//! the metrics.
use crate::analysis::METRICS;
use crate::formats::wide;
use records::{Column, MissReason, StepRow, UnitRow};

const HEAD: &str = "| column | value | meaning |\n|---|---|---|\n";

/// FORMAT.md with the first table of columns behind `marker` replaced.
fn with_table(text: &str, marker: &str, table: &str) -> String {
    let from = text.find(marker).unwrap_or_else(|| panic!("FORMAT.md has no {marker:?}"));
    let start = from + text[from..].find(HEAD).unwrap();
    let end = start + text[start..].find("\n\n").unwrap() + 1;
    format!("{}{table}{}", &text[..start], &text[end..])
}

#[test]
fn the_tables_of_columns_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FORMAT.md");
    let text = std::fs::read_to_string(path).unwrap();
    let metrics: Vec<Column> =
        METRICS.iter().map(|it| Column { name: it.name, value: it.unit.as_str(), doc: it.doc }).collect();
    let tables = [
        ("\n## `steps.csv`", Column::markdown(StepRow::DESCRIBED)),
        ("\n## `units.csv`", Column::markdown(UnitRow::DESCRIBED)),
        ("\nThen every metric", Column::markdown(&metrics)),
    ];
    let made = tables.iter().fold(text.clone(), |text, (marker, table)| with_table(&text, marker, table));
    if std::env::var_os("UPDATE_FORMAT").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text == made, "FORMAT.md lists other columns: run this test with UPDATE_FORMAT=1");
    for reason in MissReason::ALL {
        assert!(text.contains(&format!("\n| `{reason}` | ")), "FORMAT.md does not explain the miss reason {reason}");
    }
    for column in wide::columns() {
        assert!(text.contains(&format!("`{column}`")), "FORMAT.md does not explain {column} of summary-wide.csv");
    }
}
