//! A report as one HTML file that needs nothing else.
//!
//! In: a [`Document`], and the [`Rows`] its numbers were made of. Out: a page without a
//! single request: style, script and plots stand in it, and the rows too, packed. It is
//! whole without JavaScript; the script only adds sorting, filtering and copying.
//!
//! ```rust,ignore
//! let rows = [Rows::of_steps(&run.steps)?];
//! fs::write("report.html", page::render(&document, &rows)?)?;
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `rows.rs` | a table of raw rows as CSV, and where each row ends in it |
//! | `embed.rs` | as many of those rows as a page may hold, packed |
//! | `sample.rs` | the first of them, for readers without JavaScript |
//! | `view.rs`, `grid.rs`, `figure.rs`, `raw.rs` | what the templates show |
//! | `anchors.rs` | every `id` once |
//! | `policy.rs` | what the page may do: run its own script, and nothing else |
//!
//! The templates are in `reports/templates/` and are checked when the crate is compiled.
//! Text is escaped by them; only plots, packed rows, style and script go in as they are.

mod anchors;
mod embed;
mod figure;
mod grid;
mod policy;
mod raw;
mod rows;
mod sample;
mod view;

use crate::document::Document;
use askama::Template;

pub use rows::Rows;

/// How large all packed rows of a page may be together, in bytes of base64. With that, plots
/// and tables stay well under the 10 MB that mail, chat and CI artifact viewers still take.
pub const ROWS_BUDGET: usize = 8_000_000;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A row that cannot be written as CSV.
    #[error("cannot write a row of {file} as CSV")]
    Row {
        /// The table.
        file: String,
        /// What the CSV writer says.
        source: csv::Error,
    },
    /// Packing failed.
    #[error("cannot pack the rows for the page")]
    Pack(#[from] std::io::Error),
    /// A template failed.
    #[error("cannot fill the page's template")]
    Template(#[from] askama::Error),
}

/// The page, with at most [`ROWS_BUDGET`] of packed rows.
///
/// # Errors
/// Only when memory cannot be written to; none is the reader's or the document's fault.
pub fn render(document: &Document, rows: &[Rows]) -> Result<String, PageError> {
    render_within(document, rows, ROWS_BUDGET)
}

/// As [`render`], with a budget in bytes of base64 for all packed rows together.
///
/// # Errors
/// As [`render`].
pub fn render_within(document: &Document, rows: &[Rows], budget: usize) -> Result<String, PageError> {
    let packed = embed::embed(rows, budget)?;
    let page = view::Page::new(document, rows, &packed);
    // Without a first guess the growing string would be copied a dozen times.
    let mut out = String::with_capacity(packed.iter().map(|packed| packed.base64.len()).sum::<usize>() + (1 << 20));
    page.render_into(&mut out)?;
    // HTML has no such character, and with it tools take the page for no text.
    Ok(if out.contains('\0') { out.replace('\0', "\u{fffd}") } else { out })
}
