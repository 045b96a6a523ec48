//! A report in its formats: a [`Report`] in, text out.
//!
//! | format | for | made from |
//! |---|---|---|
//! | [`terminal`] | whoever just ran it | the document, in 100 columns |
//! | [`markdown`] | a CI job summary, a forum post | the document |
//! | [`wide`], [`long`] | spreadsheets, data frames | the numbers |
//! | [`json`] | programs | the numbers, by a published schema |
//!
//! [`Report`]: crate::report::Report

use serde::Serialize;

pub mod json;
pub mod long;
pub mod markdown;
pub mod terminal;
pub mod wide;

mod simulated;

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
