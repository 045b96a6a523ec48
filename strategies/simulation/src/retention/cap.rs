//! Size limits as a user writes them: `1GB,5GiB,none`.

use std::fmt;
use std::str::FromStr;

/// A size limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cap(pub Option<u64>);

/// A size limit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no size limit: write a number and a unit (500MB, 10GB, 5GiB) or `none`, with commas between")]
pub struct CapError(String);

/// Units, the larger one of two with the same ending first.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

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
        let wrong = || CapError(text.to_owned());
        let (number, factor) =
            UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor))).ok_or_else(wrong)?;
        let number = number.trim();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(wrong());
        }
        let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
        if bytes < u64::MAX as f64 { Ok(Cap(Some(bytes.round() as u64))) } else { Err(wrong()) }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bytes) = self.0 else { return f.write_str("none") };
        let exact = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes % factor == 0);
        let (unit, factor) = exact.unwrap_or(&("B", 1));
        write!(f, "{}{unit}", bytes / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_they_are_written() {
        let read = Cap::list("1GB, 5GiB,1.5MB,none,12 B").unwrap();
        assert_eq!(read, [Some(1_000_000_000), Some(5 << 30), Some(1_500_000), None, Some(12)].map(Cap));
        let shown: Vec<_> = read.iter().map(Cap::to_string).collect();
        assert_eq!(shown, ["1GB", "5GiB", "1500kB", "none", "12B"]);
        for cap in read {
            assert_eq!(cap.to_string().parse(), Ok(cap));
        }
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
