//! The strategy files that come with the harness.

use super::External;

/// Their texts, in the order in which they are listed.
const FILES: [(&str, &str); 6] = [
    ("sccache", include_str!("../../catalog/sccache.toml")),
    ("kache", include_str!("../../catalog/kache.toml")),
    ("mbx", include_str!("../../catalog/mbx.toml")),
    ("rust-cache", include_str!("../../catalog/rust-cache.toml")),
    ("dedup", include_str!("../../catalog/dedup.toml")),
    ("cargo-z", include_str!("../../catalog/cargo-z.toml")),
];

/// All of them. A test reads each, so none is left out.
pub fn shipped() -> Vec<External> {
    FILES.iter().filter_map(|(_, text)| External::parse(text).ok()).collect()
}

/// Each with what is wrong with it.
#[cfg(test)]
pub(super) fn checked() -> Vec<(&'static str, Result<External, super::ExternalError>)> {
    FILES.iter().map(|(name, text)| (*name, External::parse(text))).collect()
}
