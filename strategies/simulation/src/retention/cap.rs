//! Size limits as a user writes them: `1GB,5GiB,none`.

use std::str::FromStr;

/// A size limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cap(pub Option<u64>);

/// A size limit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no size limit: write a number and a unit (500MB, 10GB, 5GiB) or `none`, with commas between")]
pub struct CapError(String);

impl Cap {
    /// Reads a list with commas between.
    pub fn list(text: &str) -> Result<Vec<Cap>, CapError> {
        text.split(',').map(|one| one.trim().parse()).collect()
    }
}

impl FromStr for Cap {
    type Err = CapError;

    fn from_str(text: &str) -> Result<Cap, CapError> {
        if text == "none" {
            return Ok(Cap(None));
        }
        let bytes = records::quantity::parse_size(text).map_err(|_| CapError(text.to_owned()))?;
        Ok(Cap(Some(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_they_are_written() {
        let read = Cap::list("1GB, 5GiB,1.5MB,none,12 B").unwrap();
        assert_eq!(read, [Some(1_000_000_000), Some(5 << 30), Some(1_500_000), None, Some(12)].map(Cap));
    }

    #[test]
    fn an_invalid_limit_is_answered_with_the_format() {
        for wrong in ["", "5", "GB", "-1GB", "5GBs", "1e9GB", "1..2GB", "10%", "inf GB", "99999999999TB", "1GB,"] {
            assert!(Cap::list(wrong).is_err(), "{wrong}");
        }
        let error = Cap::list("1GB,big").unwrap_err().to_string();
        assert_eq!(
            error,
            "`big` is no size limit: write a number and a unit (500MB, 10GB, 5GiB) or `none`, with commas between"
        );
    }
}
