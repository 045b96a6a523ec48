//! What kind of volume, and how large: `btrfs:12G`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A file system a volume can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Has reflinks and subvolumes, keeps small files inline, can compress.
    Btrfs,
    /// Has reflinks since 2017.
    Xfs,
    /// Has none; what most Linux machines have.
    Ext4,
    /// Lives in memory; has neither reflinks nor extents.
    Tmpfs,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Btrfs, Self::Xfs, Self::Ext4, Self::Tmpfs];

    /// The program that formats it, and the Debian package that has it.
    pub(super) fn mkfs(self) -> (&'static str, &'static str) {
        match self {
            Self::Btrfs => ("mkfs.btrfs", "btrfs-progs"),
            Self::Xfs => ("mkfs.xfs", "xfsprogs"),
            Self::Ext4 => ("mkfs.ext4", "e2fsprogs"),
            Self::Tmpfs => ("mount", "mount"),
        }
    }

    /// Arguments before the image. The defaults of each tool, as users have them, except
    /// that ext4 must not format lazily: the kernel would write beside the measurement.
    pub(super) fn mkfs_args(self) -> &'static [&'static str] {
        match self {
            Self::Btrfs | Self::Xfs => &["-q"],
            Self::Ext4 => &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
            Self::Tmpfs => &[],
        }
    }

    /// What its tool accepts at least.
    fn minimum_bytes(self) -> u64 {
        match self {
            Self::Btrfs => 128 << 20,
            Self::Xfs => 300 << 20,
            Self::Ext4 => 16 << 20,
            Self::Tmpfs => 1 << 20,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Btrfs => "btrfs",
            Self::Xfs => "xfs",
            Self::Ext4 => "ext4",
            Self::Tmpfs => "tmpfs",
        })
    }
}

/// Kind and size of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VolumeSpec {
    /// The file system.
    pub kind: Kind,
    /// Its size in bytes. Images are sparse: they take what is written to them.
    pub size_bytes: u64,
}

/// A text that is no volume.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not `kind:size`.
    #[error("`{0}` is not KIND:SIZE; write for example btrfs:12G")]
    Shape(String),
    /// A kind we cannot make.
    #[error("`{0}` is no kind of volume; known are btrfs, xfs, ext4 and tmpfs")]
    Kind(String),
    /// Not a size.
    #[error("`{0}` is not a size; write a whole number and K, M, G or T, for example 12G")]
    Size(String),
    /// Less than the file system needs for itself.
    #[error("{kind} needs at least {}M", minimum >> 20)]
    TooSmall {
        /// The file system.
        kind: Kind,
        /// The least size in bytes.
        minimum: u64,
    },
}

impl VolumeSpec {
    /// Whether it takes memory instead of disk.
    pub fn is_in_memory(self) -> bool {
        self.kind == Kind::Tmpfs
    }
}

impl FromStr for VolumeSpec {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (kind, size) = text.split_once(':').ok_or_else(|| ParseError::Shape(text.to_owned()))?;
        let kind = Kind::ALL
            .into_iter()
            .find(|known| known.to_string() == kind)
            .ok_or_else(|| ParseError::Kind(kind.to_owned()))?;
        let size_bytes = parse_size(size).ok_or_else(|| ParseError::Size(size.to_owned()))?;
        let minimum = kind.minimum_bytes();
        if size_bytes < minimum {
            return Err(ParseError::TooSmall { kind, minimum });
        }
        Ok(Self { kind, size_bytes })
    }
}

impl TryFrom<String> for VolumeSpec {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<VolumeSpec> for String {
    fn from(spec: VolumeSpec) -> String {
        spec.to_string()
    }
}

impl fmt::Display for VolumeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shift, unit) = [(40, "T"), (30, "G"), (20, "M"), (10, "K"), (0, "")]
            .into_iter()
            .find(|(shift, _)| self.size_bytes.trailing_zeros() >= *shift)
            .unwrap_or((0, ""));
        write!(f, "{}:{}{unit}", self.kind, self.size_bytes >> shift)
    }
}

/// `12G` in bytes; the units are powers of 1024.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<VolumeSpec, ParseError> {
        text.parse()
    }

    #[test]
    fn kind_and_size_are_read_and_written_back() {
        let spec = VolumeSpec { kind: Kind::Btrfs, size_bytes: 12 << 30 };
        assert_eq!(parse("btrfs:12G"), Ok(spec));
        assert_eq!(parse("btrfs:12288MiB"), Ok(spec));
        for text in ["btrfs:12G", "xfs:512M", "ext4:1T", "tmpfs:1025K", "tmpfs:1048577"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_say_what_is_wrong_with_them() {
        assert_eq!(parse("btrfs"), Err(ParseError::Shape("btrfs".into())));
        assert_eq!(parse("zfs:1G"), Err(ParseError::Kind("zfs".into())));
        for size in ["", "G", "1.5G", "-1G", "12Q", "99999999999T", "1G2"] {
            assert_eq!(parse(&format!("xfs:{size}")), Err(ParseError::Size(size.into())));
        }
        let error = parse("xfs:10M").unwrap_err();
        assert_eq!(error.to_string(), "xfs needs at least 300M");
    }
}
