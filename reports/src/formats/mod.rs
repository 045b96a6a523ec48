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

pub mod json;
pub mod long;
pub mod markdown;
pub mod terminal;
pub mod wide;

mod simulated;
mod table_csv;
