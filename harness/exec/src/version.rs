//! What Cargo and rustc print about themselves, as values.

use std::fmt;

/// A release number. Pre-releases carry a [`Channel`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `1` so far.
    pub major: u64,
    /// One more every six weeks.
    pub minor: u64,
    /// Repairs.
    pub patch: u64,
}

impl Version {
    /// Reads the number at the start of `1.97.0-nightly`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split(['-', '+', ' ']).next()?;
        let mut parts = number.split('.').map(|part| part.parse().ok());
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Where a release stands on its way to stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A finished release.
    Stable,
    /// The next release.
    Beta,
    /// The one after, from today's main branch.
    Nightly,
    /// Somebody's own build.
    Dev,
}

impl Channel {
    /// Reads the channel from a release such as `1.97.0-nightly`.
    pub fn of(release: &str) -> Self {
        match release.split_once('-').map(|(_, rest)| rest) {
            None => Self::Stable,
            Some(rest) if rest.starts_with("beta") => Self::Beta,
            Some(rest) if rest.starts_with("nightly") => Self::Nightly,
            Some(_) => Self::Dev,
        }
    }

    /// Whether Cargo takes `-Z` flags without being told that it is a nightly.
    pub fn takes_unstable_flags(self) -> bool {
        matches!(self, Self::Nightly | Self::Dev)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Nightly => "nightly",
            Self::Dev => "dev",
        })
    }
}

/// The value of `name: value` in a `-vV` text.
pub(super) fn field<'a>(verbose: &'a str, name: &str) -> Option<&'a str> {
    verbose.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Version and channel from `cargo -vV`.
pub(super) fn parse_cargo_version(verbose: &str) -> Option<(Version, Channel)> {
    let release = field(verbose, "release")?;
    // Cargo's own builds say `1.97.0` there; the channel is in the first line as well.
    let first = verbose.lines().next()?.split(' ').nth(1)?;
    let channel = match Channel::of(release) {
        Channel::Stable => Channel::of(first),
        channel => channel,
    };
    Some((Version::parse(release)?, channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STABLE: &str = "cargo 1.95.0 (f2d3ce0bd 2026-03-21)\nrelease: 1.95.0\n\
        commit-hash: f2d3ce0bd\nhost: x86_64-unknown-linux-gnu\nos: Debian 12 [64-bit]\n";
    const NIGHTLY: &str = "cargo 1.100.0-nightly (cea272fa3 2026-09-07)\n\
        release: 1.100.0-nightly\nhost: aarch64-apple-darwin\n";

    #[test]
    fn releases_are_read() {
        let version = |minor| Version { major: 1, minor, patch: 0 };
        assert_eq!(parse_cargo_version(STABLE), Some((version(95), Channel::Stable)));
        assert_eq!(parse_cargo_version(NIGHTLY), Some((version(100), Channel::Nightly)));
        assert_eq!(Channel::of("1.100.0-beta.5"), Channel::Beta);
        assert_eq!(Channel::of("1.97.0-dev"), Channel::Dev);
        assert!(version(95) < version(100), "numbers, not text");
        assert_eq!(field(NIGHTLY, "host"), Some("aarch64-apple-darwin"));
    }

    #[test]
    fn other_texts_are_not_versions() {
        for text in ["", "1.95", "1.95.x", "1.2.3.4", "cargo 1.95.0"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
        assert_eq!(parse_cargo_version("something else\n"), None);
    }
}
