//! Sizes and times as people read and type them: always with a unit.

use std::time::Duration;

/// A size as `12.3 MiB`, with a minus sign where it is what was lost.
pub fn bytes(size: f64) -> String {
    if size < 0.0 {
        return format!("-{}", bytes(-size));
    }
    let mut size = size;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        // 1023.95 would round up to 1024.0 of this unit.
        if size < 1023.95 {
            let decimals = usize::from(unit != "B");
            return format!("{size:.decimals$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} TiB")
}

/// Reads `5GiB`, `500 MB`, `1024B`: binary units with an `i`, decimal ones without.
///
/// # Errors
/// One line saying what is expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("B", 1),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
    ];
    let bytes = scaled(text, &UNITS).filter(|bytes| *bytes < u64::MAX as f64);
    bytes.map(|bytes| bytes.round() as u64).ok_or_else(|| "a size has a number and a unit: 5GiB, 500MiB, 2GB".into())
}

/// Reads `30d`, `12h`, `90m`, `45s`.
///
/// # Errors
/// One line saying what is expected.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];
    let seconds = scaled(text, &UNITS).ok_or("a time has a number and a unit: 30d, 12h, 90m, 45s")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// A number that is not negative, times its unit, whose case does not matter.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = (text.get(..split)?, text.get(split..)?.trim());
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    Some(number.parse::<f64>().ok()? * *factor as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("5GiB"), Ok(5 << 30));
        assert_eq!(parse_size("1.5 mib"), Ok(3 << 19));
        assert_eq!(parse_size("2GB"), Ok(2_000_000_000));
        assert_eq!(parse_size("0B"), Ok(0));
        for wrong in ["", "5", "GiB", "-1GiB", "5 GiBs", "1..2GiB", "5G i B", "99999999999TB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(parse_age("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(parse_age("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_age("0s"), Ok(Duration::ZERO));
        for wrong in ["", "30", "d", "30 months", "-1d", "99999999999999999999999d"] {
            assert!(parse_age(wrong).is_err(), "{wrong}");
        }
    }
}
