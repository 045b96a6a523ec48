//! A report in its formats: a [`Report`] in, text out.
//!
//! | format | for | made from |
//! |---|---|---|
//! | [`terminal`] | whoever just ran it | the document, in 100 columns |
//! | [`markdown`] | a CI job summary, a forum post | the document |
//! | `wide`, `long` | spreadsheets, data frames | the numbers |
//! | `json` | programs | the numbers, by a published schema |
//!
//! [`Report`]: crate::report::Report

use std::borrow::Cow;

use records::number;
use serde::Serialize;

use crate::analysis::ArmNumbers;
use crate::stats::Judgement;

pub(crate) mod json;
pub(crate) mod long;
pub mod markdown;
pub mod terminal;
pub(crate) mod wide;

mod simulated;

#[derive(Default)]
struct WideRow<'a> {
    run: &'a str,
    scenario: &'a str,
    step: &'a str,
    strategy: &'a str,
    baseline: &'a str,
    workspaces: usize,
    rounds: usize,
    judgement: Option<&'a Judgement>,
    numbers: ArmNumbers,
    problems: String,
}

#[derive(Default, Serialize)]
struct LongRow<'a> {
    run: &'a str,
    scenario: &'a str,
    step: Cow<'a, str>,
    strategy: Cow<'a, str>,
    /// Empty for all workspaces together.
    workspace: &'a str,
    metric: &'a str,
    unit: &'a str,
    #[serde(with = "number")]
    value: Option<f64>,
    #[serde(with = "number")]
    low: Option<f64>,
    #[serde(with = "number")]
    high: Option<f64>,
    n: Option<usize>,
    verdict: &'a str,
    /// The place of a simulated number on its axis; empty for a run.
    at: Cow<'a, str>,
    /// What that is.
    at_unit: Cow<'a, str>,
}

/// A header and rows as CSV text; numbers as in run folders, missing ones as empty fields.
fn csv<T: Serialize>(header: &[&str], rows: &[T]) -> String {
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Writing into memory cannot fail, and rows of plain fields can always be encoded.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.serialize(row);
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
