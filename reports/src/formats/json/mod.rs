//! A report as JSON, by a published schema.
//!
//! [`wire`] holds the structs that are written, apart from those the program thinks with:
//! a field there is a promise. `reports/schema/report-1.json` is made from them (a test
//! holds the two together); fields may be added within a version, none is renamed or given
//! another meaning.

mod build;
pub mod wire;

use crate::report::Report;

/// Version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

/// The report as JSON text, ended by a line feed.
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&build::report(report)).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON schema of [`wire::Report`], ended by a line feed.
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(wire::Report)).unwrap_or_default();
    text.push('\n');
    text
}
