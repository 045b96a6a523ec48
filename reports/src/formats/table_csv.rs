//! Rows as CSV text.

use serde::Serialize;

/// A header and the rows; numbers as in run folders, missing ones as empty fields.
pub(super) fn csv<T: Serialize>(header: &[&str], rows: &[T]) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Writing into memory cannot fail, and rows of plain fields can always be encoded.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.serialize(row);
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
