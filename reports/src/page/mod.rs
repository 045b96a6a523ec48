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
//! | `text.rs` | text on its way into the page |
//! | `policy.rs` | what the page may do: run its own script, and nothing else |
//!
//! The templates are in `reports/templates/` and are checked when the crate is compiled.
//! Text is escaped by them, and made plain on its way out; only plots, packed rows, style and script go in as they are.

mod anchors;
mod embed;
mod figure;
mod grid;
mod policy;
mod raw;
mod rows;
mod sample;
mod text;
mod view;

use crate::document::Document;
use askama::Template;

pub use rows::Rows;

/// How large a page may be, in bytes: under the 10 MB that mail, chat and CI artifact viewers
/// still take.
pub const PAGE_BUDGET: usize = 9_500_000;

/// What may be added to a page for a table of rows beside its packed rows: that some were
/// left out, and the header, which stays even where there is no room.
const BESIDE_ROWS: usize = 4096;

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

/// The page, with as many rows as fit into [`PAGE_BUDGET`].
///
/// # Errors
/// Only when memory cannot be written to; none is the reader's or the document's fault.
pub fn render(document: &Document, rows: &[Rows]) -> Result<String, PageError> {
    render_within(document, rows, PAGE_BUDGET)
}

/// As [`render`], with a budget in bytes for the page. The document is whole in any case;
/// what it leaves is for the rows.
///
/// # Errors
/// As [`render`].
pub fn render_within(document: &Document, rows: &[Rows], budget: usize) -> Result<String, PageError> {
    let mut page = view::Page::new(document, rows);
    // Filled once more than needed: the plots, which are what takes time, are drawn by then.
    let mut bare = text::Size(0);
    page.render_into(&mut text::Plain(&mut bare))?;
    let room = budget.saturating_sub(bare.0 + rows.len() * BESIDE_ROWS);
    let packed = embed::embed(rows, room)?;
    let size = bare.0 + packed.iter().map(|packed| packed.base64.len() + BESIDE_ROWS).sum::<usize>();
    page.hold(packed);
    // Without a first guess the growing string would be copied a dozen times.
    let mut out = String::with_capacity(size);
    page.render_into(&mut text::Plain(&mut out))?;
    Ok(out)
}
