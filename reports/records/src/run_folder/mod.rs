//! A run on disk: `run.json`, `steps.csv`, `units.csv`.
//!
//! [`RunWriter`] appends each finished step at once, so that a kill at any time
//! loses at most the step under way. [`RunFolder`] reads a folder back, also one
//! that was cut off: it leaves out a last line without its end, and the units of
//! a step that was never recorded. Everything else that does not fit is an error
//! in one line, never a guess.

mod error;
mod reader;
mod table_file;
mod writer;

use std::fs;
use std::path::Path;

pub use error::RunError;
pub use reader::{CutOff, RunFolder, read_info, read_rows};
pub use writer::RunWriter;

/// The description of the run.
pub const RUN_FILE: &str = "run.json";
/// A row per measured step, arm and round.
pub const STEPS_FILE: &str = "steps.csv";
/// A row per unit per step.
pub const UNITS_FILE: &str = "units.csv";

/// Writes a file of a folder whole, in the place of an older one.
///
/// # Errors
/// When it cannot be written; the older one is still there then.
pub fn replace_file(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), RunError> {
    let (staged, path) = (dir.join(format!("{name}.new")), dir.join(name));
    let written = fs::write(&staged, bytes).map_err(RunError::io("write", &staged));
    let replaced = written.and_then(|()| fs::rename(&staged, &path).map_err(RunError::io("replace", &path)));
    replaced.inspect_err(|_| drop(fs::remove_file(&staged)))
}

/// Length in bytes of the leading part of a CSV table made of whole rows.
///
/// A row is appended in one write, so a kill can cut only the last one. A row is whole when it ends in a line
/// feed outside quotes. In what the `csv` crate writes, quotes only open, close or come doubled, so a line feed
/// is outside quotes exactly when the number of quotes before it is even.
fn whole_rows(bytes: &[u8]) -> usize {
    let mut quoted = false;
    let mut end = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::whole_rows;

    #[test]
    fn a_line_feed_inside_quotes_ends_no_row() {
        assert_eq!(whole_rows(b""), 0);
        assert_eq!(whole_rows(b"a,b"), 0);
        assert_eq!(whole_rows(b"a,b\nc,"), 4);
        assert_eq!(whole_rows(b"a\n\"x\ny\"\n"), 8);
        assert_eq!(whole_rows(b"a\n\"x\ny"), 2);
        assert_eq!(whole_rows(b"a\n\"x\"\"\ny\",\"z\n"), 2);
    }
}
