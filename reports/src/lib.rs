//! What the numbers mean: tables, plots, pages, a design review.
//!
//! In: recorded runs, one [`records::StepRow`] per step and one [`records::UnitRow`] per unit.
//! Out: comparisons with verdicts, and text a person reads. The crate knows nothing of how a
//! number was measured and starts no process.
//!
//! | module | idea |
//! |---|---|
//! | [`ablation`] | runs of `harness ablate` |
//! | [`against`] | one run against an older one |
//! | [`analysis`] | the one model of a run: steps, arms, numbers, verdicts |
//! | [`chapters`] | the chapters of a report |
//! | `delivery` | when one way of delivery beats another |
//! | [`document`] | a report before it has a format |
//! | [`formats`] | terminal, Markdown, CSV, JSON |
//! | [`page`] | a report as one HTML file |
//! | [`plot`] | plots as SVG |
//! | [`probes`] | what probes found, recorded and as a matrix |
//! | [`report`] | a report and its files |
//! | [`review`] | an answer to each open question, with its number and its certainty |
//! | [`simulation`] | runs of `harness simulate` |
//! | [`stats`] | paired comparisons, intervals, p-values, verdicts: own crate |
//! | `summary` | the tables that end `harness compare` |
//! | [`text`] | text made harmless and wrapped, and how numbers look in it |
//!
//! Every file and column is described in `reports/FORMAT.md`.

pub mod ablation;
pub mod against;
pub mod analysis;
pub mod chapters;
mod delivery;
pub mod document;
pub mod formats;
pub mod page;
pub mod plot;
pub mod probes;
pub mod report;
pub mod review;
pub mod simulation;
mod summary;
pub mod text;
mod words;

#[cfg(test)]
mod tests;

pub use stats;
