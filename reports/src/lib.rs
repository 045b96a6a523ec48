//! What the numbers mean: record schema, statistics, tables, plots, pages.
//!
//! In: what a run measured, one [`record::StepRow`] per step and one
//! [`record::UnitRow`] per unit. Out: a run folder on disk, comparisons with
//! verdicts, and text a person reads. The crate knows nothing of how a number
//! was measured and starts no process; only [`run_folder`] touches files.
//!
//! | module | idea |
//! |---|---|
//! | [`against`] | one run against an older one |
//! | [`analysis`] | runs understood: numbers and verdicts by step and arm |
//! | [`chapters`] | the chapters of a report |
//! | [`document`] | a report before it has a format |
//! | [`formats`] | terminal, Markdown, CSV, JSON |
//! | [`page`] | a report as one HTML file |
//! | `plain` | text that cannot steer what stands beside it |
//! | [`plot`] | plots as SVG |
//! | [`probes`] | what probes found, recorded and as a matrix |
//! | [`report`] | a report and its files |
//! | [`review`] | the open questions one by one, and what to do about them |
//! | [`stats`] | paired comparisons, intervals, p-values, verdicts: pure functions |
//! | [`summary`] | the tables that end `harness compare` |
//! | [`table`] | aligned text tables that fit a terminal |
//!
//! Every file and column is described in `reports/FORMAT.md`.

pub mod against;
pub mod analysis;
pub mod chapters;
pub mod document;
pub mod formats;
pub mod page;
pub mod plain;
pub mod plot;
pub mod probes;
pub mod report;
pub mod review;
pub mod simulation;
pub mod stats;
pub mod summary;
pub mod table;
mod words;
