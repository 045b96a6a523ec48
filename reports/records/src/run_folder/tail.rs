//! Where the whole rows of a CSV file end.
//!
//! A row is appended in one write, so a kill can cut only the last one. A row is
//! whole when it ends in a line feed outside quotes. In what the `csv` crate
//! writes, quotes only open, close or come doubled, so a line feed is outside
//! quotes exactly when the number of quotes before it is even. Cutting a file
//! does not change what comes before, so this holds for every prefix of it.

/// Length in bytes of the leading part of `bytes` made of whole rows.
pub(super) fn whole_rows(bytes: &[u8]) -> usize {
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
