//! A report as one HTML file that needs nothing else.
//!
//! In: a [`Document`], and the [`Rows`] its numbers were made of. Out: a page without a
//! single request: style, script and plots are in it, and the rows too, packed. It is
//! whole without JavaScript; the script only adds sorting, filtering, copying, sliders and a reader's own plots.
//!
//! ```rust,ignore
//! let rows = [Rows::of_steps(&run.steps)?];
//! fs::write("report.html", page::render(&document, &rows)?)?;
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `rows.rs` | a table of raw rows as CSV, and where each row ends in it |
//! | `embed.rs` | as many of those rows as fit into a page, packed |
//! | `view.rs`, `raw.rs` | what the templates show |
//!
//! The templates are in `reports/templates/` and are checked when the crate is compiled.
//! Text is escaped by them, and made plain on its way out; only plots, packed rows, style and script go in as they are.

mod embed;
mod raw;
mod rows;
mod view;

use crate::document::Document;
use crate::text::{is_plain, plain};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

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
pub fn render(document: &Document, rows: &[Rows]) -> Result<String, PageError> {
    render_within(document, rows, PAGE_BUDGET)
}

/// As [`render`], with a budget in bytes for the page. The document is whole in any case; the
/// rows get what it leaves.
pub fn render_within(document: &Document, rows: &[Rows], budget: usize) -> Result<String, PageError> {
    let mut page = view::Page::new(document, rows);
    // Filled once more than needed: the plots, which are what takes time, are drawn by then.
    let mut bare = Size(0);
    page.render_into(&mut Plain(&mut bare))?;
    let room = budget.saturating_sub(bare.0 + rows.len() * BESIDE_ROWS);
    let packed = embed::embed(rows, room)?;
    let size = bare.0 + packed.iter().map(|packed| packed.base64.len() + BESIDE_ROWS).sum::<usize>();
    page.fill(packed);
    // Without a first guess the growing string would be copied a dozen times.
    let mut out = String::with_capacity(size);
    page.render_into(&mut Plain(&mut out))?;
    Ok(out)
}

/// Makes all text plain that passes through: no name in the page can turn the text around it,
/// whichever template writes it.
struct Plain<'a, W>(&'a mut W);

impl<W: Write> Write for Plain<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if is_plain(text) { self.0.write_str(text) } else { self.0.write_str(&plain(text)) }
    }
}

struct Size(usize);

impl Write for Size {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// The page's style.
const STYLE: &str = concat!(include_str!("../../templates/style.css"), include_str!("../../templates/tables.css"));

/// The page's script: one module, in an order in which each part finds what it needs.
const SCRIPT: &str = concat!(
    include_str!("../../templates/js/dom.js"),
    include_str!("../../templates/js/csv.js"),
    include_str!("../../templates/js/column.js"),
    include_str!("../../templates/js/query.js"),
    include_str!("../../templates/js/sorting.js"),
    include_str!("../../templates/js/grids.js"),
    include_str!("../../templates/js/rows_table.js"),
    include_str!("../../templates/js/rows_controls.js"),
    include_str!("../../templates/js/week.js"),
    include_str!("../../templates/js/ask.js"),
    include_str!("../../templates/js/rows.js"),
    include_str!("../../templates/js/start.js"),
);

/// Observable Plot and what it needs, as released: `templates/vendor/README.md`.
const LIBRARIES: [&str; 2] =
    [include_str!("../../templates/vendor/d3.min.js"), include_str!("../../templates/vendor/plot.umd.min.js")];

/// The content security policy. Scripts are allowed by their hashes, so that nothing which slips
/// into the page by way of a crate's name or an error message could ever run. Style is allowed
/// inline, since plots may carry style attributes; style alone can fetch nothing here.
fn policy(libraries: &[&str]) -> String {
    let hash = |script: &&str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    let hashes: Vec<String> = libraries.iter().chain([&SCRIPT]).map(hash).collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hashes.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_vendored_is_as_released() {
        let readme = include_str!("../../templates/vendor/README.md");
        for (name, script) in ["d3.min.js", "plot.umd.min.js"].into_iter().zip(LIBRARIES) {
            let hash: String = Sha256::digest(script).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(readme.contains(&format!("{hash}  {name}")), "{name} is {hash}");
        }
    }

    #[test]
    fn style_and_script_stay_in_their_elements() {
        assert!(!STYLE.contains('<'));
        for script in LIBRARIES.iter().chain([&SCRIPT]) {
            assert!(!script.contains("</") && !script.contains("<!--") && is_plain(script));
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert!(!SCRIPT.contains("import ") && !SCRIPT.contains("fetch("));
        // A carriage return would be made a line feed by the browser, before it hashes.
        assert!(!SCRIPT.contains('\r') && !SCRIPT.contains('\0'));
    }
}
