//! Package ids as Cargo prints them (the Package ID Specification syntax).

use std::path::PathBuf;

/// Where a package's source comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PackageSource {
    /// An immutable package of a registry.
    Registry,
    /// A git checkout at a fixed commit.
    Git,
    /// A directory that may be edited.
    Path(PathBuf),
}

impl PackageSource {
    /// The word used in records.
    pub fn as_str(&self) -> &'static str {
        match self {
            PackageSource::Registry => "registry",
            PackageSource::Git => "git",
            PackageSource::Path(_) => "path",
        }
    }
}

/// A parsed package id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PackageId {
    /// The id exactly as Cargo printed it.
    pub raw: String,
    /// Package name.
    pub name: String,
    /// Package version.
    pub version: String,
    /// Where it comes from.
    pub source: PackageSource,
}

impl PackageId {
    /// Parses `kind+url[#[name@]version]`.
    ///
    /// An id this cannot read is treated as a path package at an unknown path: local
    /// packages are the ones no policy trusts blindly.
    pub fn parse(raw: &str) -> PackageId {
        let (url, fragment) = raw.split_once('#').unwrap_or((raw, ""));
        let (kind, location) = url.split_once('+').unwrap_or(("", url));
        let place = location.split('?').next().unwrap_or(location);
        let (name, version) = match fragment.rsplit_once('@') {
            Some((name, version)) => (name.to_owned(), version.to_owned()),
            None => {
                let last = place.trim_end_matches('/').rsplit('/').next().unwrap_or(place);
                (percent_decode(last.trim_end_matches(".git")), fragment.to_owned())
            }
        };
        let source = match kind {
            "registry" | "sparse" | "local-registry" | "directory" => PackageSource::Registry,
            "git" => PackageSource::Git,
            _ => PackageSource::Path(PathBuf::from(percent_decode(place.strip_prefix("file://").unwrap_or(place)))),
        };
        PackageId { raw: raw.to_owned(), name, version, source }
    }
}

/// Decodes `%20` and its like; anything malformed stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let decoded = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(raw: &str) -> (String, String, PackageSource) {
        let id = PackageId::parse(raw);
        (id.name, id.version, id.source)
    }

    #[test]
    fn ids_of_every_source_are_parsed() {
        assert_eq!(
            parts("registry+https://example.org/index#anstream@0.6.17"),
            ("anstream".into(), "0.6.17".into(), PackageSource::Registry)
        );
        assert_eq!(
            parts("path+file:///tmp/x/hexyl#0.17.0"),
            ("hexyl".into(), "0.17.0".into(), PackageSource::Path("/tmp/x/hexyl".into()))
        );
        assert_eq!(
            parts("path+file:///tmp/a%20b/dir#name@1.0.0"),
            ("name".into(), "1.0.0".into(), PackageSource::Path("/tmp/a b/dir".into()))
        );
        assert_eq!(
            parts("git+https://example.org/repo.git?branch=main#0.2.0"),
            ("repo".into(), "0.2.0".into(), PackageSource::Git)
        );
        assert_eq!(
            parts("git+file:///srv/r?rev=abc#inner@0.2.0"),
            ("inner".into(), "0.2.0".into(), PackageSource::Git)
        );
    }
}
