//! What the page may do: show itself and run its own script.
//!
//! The script is allowed by its hash, so that nothing which slips into the page by way of a
//! crate's name or an error message could ever run. Style is allowed inline, since plots
//! may carry style attributes; style alone can fetch nothing here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The page's style.
pub(super) const STYLE: &str =
    concat!(include_str!("../../templates/style.css"), include_str!("../../templates/tables.css"));

/// The page's script: one module, in an order in which each part finds what it needs.
pub(super) const SCRIPT: &str = concat!(
    include_str!("../../templates/js/dom.js"),
    include_str!("../../templates/js/csv.js"),
    include_str!("../../templates/js/column.js"),
    include_str!("../../templates/js/query.js"),
    include_str!("../../templates/js/sorting.js"),
    include_str!("../../templates/js/grids.js"),
    include_str!("../../templates/js/rows_table.js"),
    include_str!("../../templates/js/rows_controls.js"),
    include_str!("../../templates/js/rows.js"),
    include_str!("../../templates/js/start.js"),
);

/// The content security policy.
pub(super) fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; \
         base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_stay_in_their_elements() {
        assert!(!STYLE.contains('<'));
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert!(!SCRIPT.contains("import ") && !SCRIPT.contains("fetch("));
        // A carriage return would be made a line feed by the browser, before it hashes.
        assert!(!SCRIPT.contains('\r') && !SCRIPT.contains('\0'));
    }
}
