//! Evicted entries, remembered so that a later miss of one is recognised as such.
//!
//! ```text
//! <root>/v3/evicted     a line an entry, newest last:
//!                       <key> <base key> <content> <seconds since the epoch>
//! ```
//!
//! One file, written whole at each collection before anything is removed, and bounded
//! ([`LIMIT`]). With key and content of an evicted entry, the keys of its dependents can still
//! be made, so that a whole evicted subgraph is recognised. A key that was published again
//! counts as there; the next collection drops its line.

use std::collections::HashMap;
use std::io::Write as _;

use super::{Entry, Root};
use crate::files::{At, FileError, write_atomic};
use crate::key::{BaseKey, ContentDigest, Digest, Key};

/// The file of what collection took.
pub(crate) const EVICTED: &str = "evicted";

/// The file of what another entry of the same unit hash took the place of: appended a line an entry, bounded at each
/// collection.
pub(crate) const DISPLACED: &str = "displaced";

/// How many evicted entries are remembered: about 4 MiB.
const LIMIT: usize = 20_000;

/// An evicted entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tombstone {
    /// The key it was found by.
    pub key: Key,
    /// Its base key, under which its input sets stay.
    pub base: BaseKey,
    /// Digest of what it exported.
    pub content: ContentDigest,
    /// When it was evicted, seconds since the Unix epoch.
    pub at: u64,
}

impl Tombstone {
    /// Remembers an entry.
    pub(crate) fn of(entry: &Entry, at: u64) -> Tombstone {
        Tombstone { key: entry.key, base: entry.base, content: entry.content, at }
    }

    fn line(&self) -> String {
        let Tombstone { key, base, content, at } = self;
        format!("{key} {base} {content} {at}\n")
    }

    fn parse(line: &str) -> Option<Tombstone> {
        let mut words = line.split(' ');
        let mut digest = || Digest::from_hex(words.next()?);
        let (key, base, content) = (Key(digest()?), BaseKey(digest()?), ContentDigest(digest()?));
        Some(Tombstone { key, base, content, at: words.next()?.parse().ok()? })
    }
}

/// Every evicted entry that a store remembers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tombstones(Vec<Tombstone>);

impl Tombstones {
    /// Reads them; lines that are damaged are skipped.
    pub(crate) fn read(root: &Root, file: &str) -> Tombstones {
        let text = std::fs::read_to_string(root.path(file)).unwrap_or_default();
        Tombstones(text.lines().filter_map(Tombstone::parse).collect())
    }

    /// Adds one to the end of a file.
    pub(crate) fn append(root: &Root, file: &str, stone: &Tombstone) -> Result<(), FileError> {
        let path = root.path(file);
        let open = std::fs::File::options().create(true).append(true).open(&path);
        // One write a line: appended lines of several builds do not run together.
        open.and_then(|mut open| open.write_all(stone.line().as_bytes())).at("append to", &path)
    }

    /// Adds newer ones, leaves out keys that are there (again), and forgets the oldest.
    pub(crate) fn with(self, new: impl Iterator<Item = Tombstone>, is_there: impl Fn(&Key) -> bool) -> Tombstones {
        let mut last: HashMap<Key, usize> = HashMap::new();
        let all: Vec<Tombstone> = self.0.into_iter().chain(new).filter(|stone| !is_there(&stone.key)).collect();
        for (at, stone) in all.iter().enumerate() {
            last.insert(stone.key, at);
        }
        let mut kept: Vec<Tombstone> =
            all.iter().enumerate().filter(|(at, stone)| last.get(&stone.key) == Some(at)).map(|(_, s)| *s).collect();
        kept.drain(..kept.len().saturating_sub(LIMIT));
        Tombstones(kept)
    }

    /// Writes them to a file.
    pub(crate) fn write(&self, root: &Root, file: &str) -> Result<(), FileError> {
        let mut text = String::new();
        self.0.iter().for_each(|stone| text.push_str(&stone.line()));
        write_atomic(&root.path(file), text.as_bytes())
    }

    /// Each of them, the newest last.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tombstone> {
        self.0.iter()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone(n: u64) -> Tombstone {
        let digest = Digest::of(&n.to_le_bytes());
        Tombstone { key: Key(digest), base: BaseKey(digest), content: ContentDigest(digest), at: n }
    }

    #[test]
    fn they_are_read_as_written_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path(), &[]).unwrap();
        assert!(Tombstones::read(&root, EVICTED).is_empty());
        let many = Tombstones::default().with((0..LIMIT as u64 + 5).map(stone), |_| false);
        assert_eq!(many.iter().count(), LIMIT);
        assert_eq!(many.iter().next(), Some(&stone(5)), "the oldest are forgotten");
        many.write(&root, EVICTED).unwrap();
        let mut read = Tombstones::read(&root, EVICTED);
        assert_eq!(read.0, many.0);
        read = read.with([stone(9)].into_iter(), |key| *key == stone(7).key);
        assert_eq!(read.iter().last(), Some(&stone(9)), "the newest line counts");
        assert_eq!(read.iter().count(), LIMIT - 1, "each key once, and none that is there again");
    }

    #[test]
    fn a_damaged_file_is_read_as_far_as_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path(), &[]).unwrap();
        Tombstones::default().with([stone(1), stone(2)].into_iter(), |_| false).write(&root, EVICTED).unwrap();
        let text = std::fs::read_to_string(root.path("evicted")).unwrap();
        std::fs::write(root.path("evicted"), &text[..text.len() - 20]).unwrap();
        assert_eq!(Tombstones::read(&root, EVICTED).0, [stone(1)]);
    }
}
