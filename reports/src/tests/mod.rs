//! Whole reports, summaries and reviews of handmade runs.
mod against;
mod document;
mod format;
mod many;
mod page;
mod report;
mod review;
pub(crate) mod rows;
mod simulated_run;
mod simulation;
mod summary;
mod verdicts;
