//! Entries: what the store knows of one unit.
//!
//! The wire form is one file an entry: a line of JSON, and the digest of that line. A reader
//! takes an entry only when it is whole, of this format version, and leads nowhere outside
//! the directories it is meant for; everything else is a miss.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::files::{At, FileError};
use crate::graph::layout::{FileSharing, UnitPlace, is_plain_relative};
use crate::key::{BaseKey, ContentDigest, Digest, Key, KeyInputs};

/// The version of the on-disk format; other versions are ignored, never deleted.
pub const FORMAT: u32 = 3;

/// One cached unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Format version.
    pub format: u32,
    /// The key it is found by.
    pub key: Key,
    /// The key without what the unit was seen to read.
    pub base: BaseKey,
    /// Package name.
    pub package: String,
    /// Target kind, name and mode, for finding the nearest entry.
    pub slot: String,
    /// Its directory, relative to the build directory.
    pub place: UnitPlace,
    /// The inputs of the base key; dependencies are the entry's pins.
    pub inputs: StoredInputs,
    /// Digest of the observed values that led from the base key to the key.
    pub observed: Option<Digest>,
    /// Digest of what it exports to dependents.
    pub content: ContentDigest,
    /// Modification time of its outputs, since the Unix epoch.
    pub stamp: Duration,
    /// Compile or run time in seconds, where it was measured.
    pub cost_s: Option<f64>,
    /// When it was published, seconds since the Unix epoch.
    pub created: f64,
    /// Workspaces that published it.
    pub publishers: Vec<String>,
    /// Its files.
    pub files: Vec<FileRecord>,
    /// Where its incremental session is of use, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Digest>,
    /// Folders below `out` with nothing in them, relative to the unit directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
}

/// Inputs stored to explain later misses: planning reads every entry and needs none of
/// them, so they stay text until they are asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredInputs(Box<RawValue>);

impl StoredInputs {
    /// The inputs; `None` if the text is damaged.
    pub fn read(&self) -> Option<KeyInputs> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl From<&KeyInputs> for StoredInputs {
    fn from(inputs: &KeyInputs) -> StoredInputs {
        // Inputs are strings, digests and lists: there is nothing that JSON cannot express.
        StoredInputs(serde_json::value::to_raw_value(inputs).unwrap_or_default())
    }
}

/// One file of an entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path relative to the unit directory; of a session's file to the profile's, [`SESSIONS`] being its first folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Whether the owner may execute it.
    pub executable: bool,
    /// The mode that a build script gave it, where it is neither 0644 nor 0755.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Whether a build directory may share its inode.
    pub share: FileSharing,
    /// Where its bytes are.
    pub bytes: Bytes,
}

/// The folder of incremental sessions in a profile's directory. No unit directory has one of this name.
pub const SESSIONS: &str = "incremental/";

impl FileRecord {
    /// Whether it belongs to an incremental session.
    pub fn is_of_session(&self) -> bool {
        self.path.starts_with(SESSIONS)
    }

    /// Where it is in a build directory, given the directory of its unit.
    pub(crate) fn built(&self, unit_dir: &Path) -> PathBuf {
        match unit_dir.ancestors().nth(3) {
            Some(profile) if self.is_of_session() => profile.join(&self.path),
            _ => unit_dir.join(&self.path),
        }
    }
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bytes {
    /// Here: small private text.
    Text(String),
    /// Here: small private bytes, in hexadecimal.
    Hex(String),
    /// It is a symbolic link, relative and not out of its directory.
    Link(String),
    /// In a file of the store, with its digest where the store hashes.
    Stored(Option<Digest>),
}

impl Bytes {
    /// Small private content, kept in the entry itself.
    pub(crate) fn inline(bytes: Vec<u8>) -> Bytes {
        match String::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text),
            Err(error) => Bytes::Hex(error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    /// The inline content, if it is here.
    pub(crate) fn as_inline(&self) -> Option<Vec<u8>> {
        match self {
            Bytes::Text(text) => Some(text.clone().into_bytes()),
            Bytes::Hex(hex) => {
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
            }
            Bytes::Link(_) | Bytes::Stored(_) => None,
        }
    }
}

/// Whether a link at a path of the unit directory stays below its `out`.
pub(crate) fn is_sound_link(path: &str, target: &str) -> bool {
    let mut depth = path.split('/').count() - 1;
    let is_sound = |part: &str| match part {
        "" => false,
        ".." => {
            depth = depth.saturating_sub(1);
            depth > 0
        }
        "." => true,
        _ => {
            depth += 1;
            true
        }
    };
    path.starts_with("out/") && !target.contains(['\\', '\0']) && target.split('/').all(is_sound)
}

impl Entry {
    /// The bytes of its file.
    ///
    /// # Errors
    /// None that can happen with the fields of an entry.
    pub fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        let seal = seal(&bytes);
        bytes.extend_from_slice(seal.as_bytes());
        Ok(bytes)
    }

    /// Reads an entry; anything but a sound one of this version under its own key is `None`.
    pub fn read(bytes: &[u8], key: &Key) -> Option<Entry> {
        let (json, sealed) = bytes.split_at(bytes.len().checked_sub(SEAL)?);
        if seal(json).as_bytes() != sealed {
            return None;
        }
        let entry: Entry = serde_json::from_str(std::str::from_utf8(json).ok()?).ok()?;
        let sound = entry.format == FORMAT
            && entry.key == *key
            && entry.place.is_sound()
            && entry.files.iter().map(|file| &file.path).chain(&entry.folders).all(|path| is_plain_relative(path))
            && entry.files.iter().all(|file| match &file.bytes {
                Bytes::Link(target) => is_sound_link(&file.path, target),
                _ => true,
            });
        sound.then_some(entry)
    }

    /// The modification time of its outputs.
    pub fn time(&self) -> SystemTime {
        UNIX_EPOCH + self.stamp
    }

    /// Its files in the store, with their digests where these are known.
    pub fn stored_files(&self) -> impl Iterator<Item = (&FileRecord, Option<Digest>)> {
        self.files.iter().filter_map(|file| match file.bytes {
            Bytes::Stored(digest) => Some((file, digest)),
            Bytes::Text(_) | Bytes::Hex(_) | Bytes::Link(_) => None,
        })
    }

    /// Its files in `out`, with their paths in a directory that replaces it.
    pub(crate) fn files_in(&self, out: &Path) -> impl Iterator<Item = (&FileRecord, PathBuf)> {
        self.files.iter().filter_map(move |file| Some((file, out.join(file.path.strip_prefix("out/")?))))
    }

    /// Makes its empty folders in a directory that replaces the unit's `out`.
    pub(crate) fn make_folders(&self, out: &Path) -> Result<(), FileError> {
        let inner = self.folders.iter().filter_map(|folder| folder.strip_prefix("out/"));
        inner.map(|folder| out.join(folder)).try_for_each(|path| fs::create_dir_all(&path).at("create", &path))
    }

    /// Total size of its files in bytes.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// A line feed and 64 hexadecimal digits.
const SEAL: usize = 65;

/// What follows the JSON: without it a changed path or mode would go unnoticed.
fn seal(json: &[u8]) -> String {
    format!("\n{}", Digest::of(json))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn entry(key: Key) -> Entry {
        Entry {
            format: FORMAT,
            key,
            base: BaseKey(*key),
            package: "a".into(),
            slot: "lib a build".into(),
            place: UnitPlace("debug/build/a/0f".into()),
            inputs: StoredInputs::from(&KeyInputs::default()),
            observed: None,
            content: ContentDigest(*key),
            stamp: Duration::from_secs(1_000_000_000),
            cost_s: Some(0.5),
            created: 0.0,
            publishers: vec!["w".into()],
            files: Vec::new(),
            session: None,
            folders: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn inline_bytes_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(Bytes::inline(bytes.clone()).as_inline(), Some(bytes));
        }

        #[test]
        fn a_damaged_manifest_is_a_miss_not_a_panic(cut in 0usize..600, flip in any::<(usize, u8)>()) {
            let key = Key::of(b"k");
            let mut bytes = entry(key).encode().unwrap();
            let at = flip.0 % bytes.len();
            bytes[at] ^= flip.1;
            bytes.truncate(bytes.len().saturating_sub(cut));
            prop_assert_eq!(Entry::read(&bytes, &key).is_some(), cut == 0 && flip.1 == 0);
        }
    }

    #[test]
    fn entries_that_lead_elsewhere_or_are_of_another_version_are_misses() {
        let key = Key::of(b"k");
        let read = |entry: &Entry| Entry::read(&entry.encode().unwrap(), &key);
        assert!(read(&entry(key)).is_some());
        assert!(read(&entry(Key::of(b"other"))).is_none());
        assert!(read(&Entry { format: FORMAT + 1, ..entry(key) }).is_none());
        assert!(read(&Entry { place: UnitPlace("debug/build/../../x".into()), ..entry(key) }).is_none());
        let escaping = FileRecord {
            path: "../x".into(),
            size: 0,
            executable: false,
            mode: None,
            share: FileSharing::Private,
            bytes: Bytes::Text(String::new()),
        };
        assert!(read(&Entry { files: vec![escaping], ..entry(key) }).is_none());
    }
}
