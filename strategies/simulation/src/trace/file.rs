//! The format of a trace on disk; `simulation/FORMAT.md` describes it.
//!
//! ```text
//! cargo-cache-trace 1\n         magic and version
//! {"title": …}\n                [`About`] as JSON in one line
//! raw length      u64 LE        bytes of the tables
//! packed length   u64 LE        bytes of what follows the digest
//! digest          32 bytes      BLAKE3 of the JSON line and the packed tables
//! packed          …             the tables, postcard, deflated
//! ```

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::{About, Trace, check};

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

const MAGIC: &str = "cargo-cache-trace ";

/// Tables of a hundred million unit builds are smaller; more is not read into memory.
const MOST_BYTES: u64 = 8 << 30;

/// Why a trace could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read.
    #[error("cannot read the trace {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write the trace {path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is no trace; `harness trace collect` makes one")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another version of this program.
    #[error("the trace {path} has version {found}, this harness reads version {VERSION}; collect or generate it anew")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// It ends early, or was changed.
    #[error("the trace {path} is damaged: {what}; collect or generate it anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        what: String,
    },
}

impl Trace {
    /// Reads and checks a trace.
    ///
    /// # Errors
    /// When there is none, or it does not hold together.
    pub fn read(path: &Path) -> Result<Trace, TraceError> {
        let bytes = std::fs::read(path).map_err(|error| TraceError::Read { path: path.to_owned(), error })?;
        Trace::parse(&bytes, path)
    }

    /// Reads a trace from bytes; `path` is for messages.
    ///
    /// # Errors
    /// When it is none, or does not hold together.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Trace, TraceError> {
        let path = path.to_owned();
        let Some((magic, rest)) = line(bytes) else { return Err(TraceError::Foreign { path }) };
        let Some(version) = magic.strip_prefix(MAGIC) else { return Err(TraceError::Foreign { path }) };
        if version != VERSION.to_string() {
            return Err(TraceError::Version { path, found: version.chars().take(20).collect() });
        }
        unpack(rest).map_err(|what| TraceError::Damaged { path, what })
    }

    /// The trace as bytes.
    ///
    /// # Errors
    /// Never for tables that fit into memory twice.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let about = serde_json::to_string(&self.about)?;
        let tables =
            (&self.strings, &self.units, &self.nodes, &self.edges, &self.workspaces, &self.plans, &self.events);
        let raw = postcard::to_stdvec(&tables).map_err(std::io::Error::other)?;
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::new(6));
        packer.write_all(&raw)?;
        let packed = packer.finish()?;
        let mut bytes = format!("{MAGIC}{VERSION}\n{about}\n").into_bytes();
        bytes.extend((raw.len() as u64).to_le_bytes());
        bytes.extend((packed.len() as u64).to_le_bytes());
        bytes.extend(digest(about.as_bytes(), &packed).as_bytes());
        bytes.extend(packed);
        Ok(bytes)
    }

    /// Writes the trace; a file that was there is replaced at once or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TraceError> {
        let written = || -> std::io::Result<()> {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::create_dir_all(dir)?;
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".part");
            let part = dir.join(name);
            let bytes = self.to_bytes()?;
            let done = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
            if done.is_err() {
                let _ = std::fs::remove_file(&part);
            }
            done
        };
        written().map_err(|error| TraceError::Write { path: path.to_owned(), error })
    }
}

/// The first line as text, and what follows it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

fn unpack(bytes: &[u8]) -> Result<Trace, String> {
    let (text, rest) = line(bytes).ok_or("it ends in its description")?;
    let (head, packed) = rest.split_at_checked(48).ok_or("it ends before its tables")?;
    let number = |at: usize| head[at..at + 8].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (raw_len, packed_len) = (number(0), number(8));
    if packed.len() as u64 != packed_len {
        return Err(format!("its tables have {} bytes instead of {packed_len}", packed.len()));
    }
    if digest(text.as_bytes(), packed).as_bytes()[..] != head[16..] {
        return Err("its digest is another one".to_owned());
    }
    if raw_len > MOST_BYTES {
        return Err(format!("its tables would take {raw_len} bytes"));
    }
    let about: About = serde_json::from_str(text).map_err(|error| format!("its description: {error}"))?;
    let mut raw = Vec::new();
    let read = DeflateDecoder::new(packed).take(raw_len + 1).read_to_end(&mut raw);
    if read.is_err() || raw.len() as u64 != raw_len {
        return Err("its tables do not unpack".to_owned());
    }
    let ((strings, units, nodes, edges, workspaces, plans, events), rest) =
        postcard::take_from_bytes(&raw).map_err(|error| format!("its tables: {error}"))?;
    if !rest.is_empty() {
        return Err("something follows its tables".to_owned());
    }
    let trace = Trace { about, strings, units, nodes, edges, workspaces, plans, events };
    check::check(&trace)?;
    Ok(trace)
}

fn digest(about: &[u8], packed: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(about).update(b"\n").update(packed).finalize()
}

/// Ascending indexes as the differences between them, which pack well.
pub(super) mod ascending {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::trace::NodeId;

    /// Writes the differences.
    pub fn serialize<S: Serializer>(nodes: &[NodeId], serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        serializer.collect_seq(nodes.iter().map(|node| {
            let step = node.0.wrapping_sub(before);
            before = node.0;
            step
        }))
    }

    /// Reads them back; what does not ascend is found by the check.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NodeId>, D::Error> {
        let mut nodes = Vec::<u32>::deserialize(deserializer)?;
        let mut before = 0u32;
        for node in &mut nodes {
            before = before.wrapping_add(*node);
            *node = before;
        }
        Ok(nodes.into_iter().map(NodeId).collect())
    }
}
