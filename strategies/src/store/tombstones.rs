//! What collection took: so that a later miss can be told apart from one never seen.
//!
//! ```text
//! <root>/v2/evicted     a line an entry, newest last:
//!                       <key> <base key> <content> <seconds since the epoch>
//! ```
//!
//! One file, written whole at each collection before anything is removed, and bounded
//! ([`LIMIT`]). With key and content of what is gone, the keys of units above it can still
//! be made, so that a whole evicted subgraph is recognised. A key that was published again
//! counts as there; the next collection drops its line.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Entry, Root};
use crate::files::{FileError, write_atomic};
use crate::key::{BaseKey, ContentDigest, Digest, Key};

/// How many evicted entries are remembered: about 4 MiB.
pub const LIMIT: usize = 20_000;

/// An entry that collection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// The key it was found by.
    pub key: Key,
    /// Its base key, under which its input sets stay.
    pub base: BaseKey,
    /// Digest of what it exported.
    pub content: ContentDigest,
    /// When it was taken, seconds since the Unix epoch.
    pub at: u64,
}

impl Tombstone {
    /// Remembers an entry.
    pub fn of(entry: &Entry, at: u64) -> Tombstone {
        Tombstone { key: entry.key, base: entry.base, content: entry.content, at }
    }

    fn parse(line: &str) -> Option<Tombstone> {
        let mut words = line.split(' ');
        let mut digest = || Digest::from_hex(words.next()?);
        let (key, base, content) = (Key(digest()?), BaseKey(digest()?), ContentDigest(digest()?));
        Some(Tombstone { key, base, content, at: words.next()?.parse().ok()? })
    }
}

/// Everything a store remembers of what was taken from it.
#[derive(Debug, Clone, Default)]
pub struct Tombstones(Vec<Tombstone>);

impl Tombstones {
    /// Reads them; lines that are damaged are skipped.
    pub fn read(root: &Root) -> Tombstones {
        let text = std::fs::read_to_string(root.path("evicted")).unwrap_or_default();
        Tombstones(text.lines().filter_map(Tombstone::parse).collect())
    }

    /// Adds newer ones, leaves out keys that are there (again), and forgets the oldest.
    #[must_use]
    pub fn with(self, new: impl Iterator<Item = Tombstone>, is_there: impl Fn(&Key) -> bool) -> Tombstones {
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

    /// Writes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, root: &Root) -> Result<(), FileError> {
        let mut text = String::new();
        for Tombstone { key, base, content, at } in &self.0 {
            let _ = writeln!(text, "{key} {base} {content} {at}");
        }
        write_atomic(&root.path("evicted"), text.as_bytes())
    }

    /// Each of them, the newest last.
    pub fn iter(&self) -> impl Iterator<Item = &Tombstone> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was taken.
    pub fn is_empty(&self) -> bool {
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
        assert!(Tombstones::read(&root).is_empty());
        let many = Tombstones::default().with((0..LIMIT as u64 + 5).map(stone), |_| false);
        assert_eq!(many.len(), LIMIT);
        assert_eq!(many.iter().next(), Some(&stone(5)), "the oldest are forgotten");
        many.write(&root).unwrap();
        let mut read = Tombstones::read(&root);
        assert_eq!(read.0, many.0);
        read = read.with([stone(9)].into_iter(), |key| *key == stone(7).key);
        assert_eq!(read.iter().last(), Some(&stone(9)), "the newest line counts");
        assert_eq!(read.len(), LIMIT - 1, "each key once, and none that is there again");
    }

    #[test]
    fn a_damaged_file_is_read_as_far_as_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path(), &[]).unwrap();
        Tombstones::default().with([stone(1), stone(2)].into_iter(), |_| false).write(&root).unwrap();
        let text = std::fs::read_to_string(root.path("evicted")).unwrap();
        std::fs::write(root.path("evicted"), &text[..text.len() - 20]).unwrap();
        assert_eq!(Tombstones::read(&root).0, [stone(1)]);
    }
}
