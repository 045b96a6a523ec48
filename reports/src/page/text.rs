//! Text on its way into the page.

use crate::plain::{is_plain, plain};
use std::fmt::{Result, Write};

/// Makes all text plain that passes through: no name in the page can turn the text beside
/// it around, whichever template it stands in.
pub(super) struct Plain<'a, W>(pub &'a mut W);

impl<W: Write> Write for Plain<'_, W> {
    fn write_str(&mut self, text: &str) -> Result {
        if is_plain(text) { self.0.write_str(text) } else { self.0.write_str(&plain(text)) }
    }
}

/// Counts bytes and keeps none.
pub(super) struct Size(pub usize);

impl Write for Size {
    fn write_str(&mut self, text: &str) -> Result {
        self.0 += text.len();
        Ok(())
    }
}
