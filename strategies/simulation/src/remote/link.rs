//! The network to a remote cache, as a user writes it: `fiber`, `100Mbit/20ms/8`.

use std::fmt;
use std::str::FromStr;

/// The network to a remote cache.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Bits a second, all transfers together.
    pub bits_per_s: f64,
    /// Seconds from a request to the first byte of its answer.
    pub latency_s: f64,
    /// Transfers at a time.
    pub transfers: u32,
}

/// A link with its name on the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkSpec {
    /// `fiber`, or the figures.
    pub name: String,
    /// The link.
    pub link: Link,
}

/// A link that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no link: write bandwidth/latency/transfers (100Mbit/20ms/8), or one of {names}, with commas between",
    names = NAMED.map(|(name, ..)| name).join(", ")
)]
pub struct LinkError(String);

/// Links by name.
pub const NAMED: [(&str, Link, &str); 4] = [
    ("adsl", Link { bits_per_s: 16e6, latency_s: 0.030, transfers: 8 }, "a DSL line at home"),
    ("fiber", Link { bits_per_s: 300e6, latency_s: 0.015, transfers: 8 }, "a fiber line at home"),
    ("lan", Link { bits_per_s: 1e9, latency_s: 0.001, transfers: 8 }, "a server in the same office"),
    ("ci", Link { bits_per_s: 5e9, latency_s: 0.010, transfers: 32 }, "a CI runner beside an object store"),
];

impl LinkSpec {
    /// Reads a list with commas between.
    pub fn list(text: &str) -> Result<Vec<LinkSpec>, LinkError> {
        text.split(',').map(|one| one.trim().parse()).collect()
    }
}

impl FromStr for LinkSpec {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<LinkSpec, LinkError> {
        if let Some((name, link, _)) = NAMED.iter().find(|(name, ..)| *name == text) {
            return Ok(LinkSpec { name: (*name).to_owned(), link: *link });
        }
        let link = read(text).ok_or_else(|| LinkError(text.to_owned()))?;
        Ok(LinkSpec { name: link.to_string(), link })
    }
}

fn read(text: &str) -> Option<Link> {
    let mut parts = text.split('/').map(str::trim);
    let (bandwidth, latency, transfers) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let link = Link {
        bits_per_s: amount(bandwidth, &[("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3)])?,
        latency_s: amount(latency, &[("ms", 1e-3), ("s", 1.0)])?,
        transfers: transfers.parse().ok()?,
    };
    (link.bits_per_s > 0.0 && link.transfers > 0).then_some(link)
}

fn amount(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, factor) = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim(), *factor)))?;
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value = number.parse::<f64>().ok().filter(|value| plain && value.is_finite())?;
    // Divided where that is exact: 20 ms are 0.02 s.
    let value = if factor < 1.0 { value / (1.0 / factor) } else { value * factor };
    value.is_finite().then_some(value)
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (factor, unit) = match self.bits_per_s {
            bits if bits >= 1e9 => (1e9, "Gbit"),
            bits if bits >= 1e6 => (1e6, "Mbit"),
            _ => (1e3, "kbit"),
        };
        write!(f, "{}{unit}/{}ms/{}", self.bits_per_s / factor, self.latency_s * 1000.0, self.transfers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_read_as_they_are_written() {
        let read = LinkSpec::list("adsl, 100Mbit/20ms/8,2.5Gbit/0.5ms/1,64kbit/1s/2").unwrap();
        let names: Vec<_> = read.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(names, ["adsl", "100Mbit/20ms/8", "2.5Gbit/0.5ms/1", "64kbit/1000ms/2"]);
        assert_eq!(read[1].link, Link { bits_per_s: 1e8, latency_s: 0.02, transfers: 8 });
        let named = NAMED.iter().map(|(name, ..)| name.parse().unwrap());
        for spec in read.into_iter().chain(named) {
            assert_eq!(spec.link.to_string().parse::<LinkSpec>().unwrap().link, spec.link);
            assert_eq!(spec.name.parse(), Ok(spec));
        }
    }

    #[test]
    fn an_invalid_link_is_answered_with_the_format() {
        let wrong = ["", "dsl", "100Mbit", "100Mbit/20ms", "100Mbit/20ms/0", "0Mbit/1ms/1", "1Mbit/1ms/1/1"];
        for wrong in wrong.into_iter().chain(["-1Mbit/1ms/1", "1MB/1ms/1", "1Mbit/1/1", "1e3Mbit/1ms/1", "adsl,"]) {
            assert!(LinkSpec::list(wrong).is_err(), "{wrong}");
        }
        let error = LinkSpec::list("adsl,moon").unwrap_err().to_string();
        assert_eq!(
            error,
            "`moon` is no link: write bandwidth/latency/transfers (100Mbit/20ms/8), \
             or one of adsl, fiber, lan, ci, with commas between"
        );
    }
}
