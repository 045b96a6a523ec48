//! What rustc or a build script wrote, so that the same bytes under another key are
//! recognised.
//!
//! Private or not, every file below `out/` counts but `.d` files, which contain paths; Cargo's
//! notes do not. File names carry the unit's hash, so they are compared without it. Bytes are
//! read only where a store does not hash them and everything else is equal.

use std::path::{Path, PathBuf};

use crate::key::{Digest, FieldHasher};
use crate::shadow;
use crate::store::{Bytes, Entry, FileRecord};

/// What one unit wrote.
#[derive(Debug)]
pub struct WrittenFiles {
    /// Digest of names, sizes and what is exported: equal where the bytes may be.
    pub outline: Digest,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    digest: Option<Digest>,
}

impl WrittenFiles {
    /// Of an entry whose files are where `place` says, by path relative to the unit directory;
    /// `None` where nothing was written.
    pub fn of(entry: &Entry, place: impl Fn(&FileRecord) -> PathBuf) -> Option<WrittenFiles> {
        let hash = Path::new(&entry.place.0).file_name().and_then(|hash| hash.to_str()).unwrap_or_default();
        let name = |path: &str| if hash.is_empty() { path.to_owned() } else { path.replace(hash, "") };
        let wrote = entry.files.iter().filter(|file| shadow::counts(&file.path));
        let mut wrote: Vec<_> = wrote.map(|file| (name(&file.path), file)).collect();
        if wrote.is_empty() {
            return None;
        }
        wrote.sort_by(|a, b| a.0.cmp(&b.0));
        let mut hasher = FieldHasher::new("written 1");
        hasher.digest("content", &entry.content);
        for (name, file) in &wrote {
            hasher.field("file", name);
            hasher.field("size", file.size.to_string());
        }
        let files = wrote.into_iter().map(|(_, file)| File {
            path: place(file),
            digest: match &file.bytes {
                Bytes::Stored(digest) => *digest,
                Bytes::Link(target) => Some(Digest::of(target.as_bytes())),
                inline => inline.as_inline().map(|bytes| Digest::of(&bytes)),
            },
        });
        Some(WrittenFiles { outline: hasher.finish(), files: files.collect() })
    }

    /// Whether the bytes are the same. A file that cannot be read is like no other.
    pub fn is_same(&self, other: &WrittenFiles) -> bool {
        let same = |(a, b): (&File, &File)| match (a.digest, b.digest) {
            (Some(a), Some(b)) => a == b,
            _ => shadow::same_bytes(&a.path, &b.path).unwrap_or(false),
        };
        self.outline == other.outline
            && self.files.len() == other.files.len()
            && self.files.iter().zip(&other.files).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_is_like_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let written = |name: &str| {
            let path = dir.path().join(name);
            WrittenFiles { outline: Digest::of(b"outline"), files: vec![File { path, digest: None }] }
        };
        ["a", "b"].iter().for_each(|name| std::fs::write(dir.path().join(name), "bytes").unwrap());
        assert!(written("a").is_same(&written("b")));
        assert!(!written("a").is_same(&written("gone")) && !written("gone").is_same(&written("gone")));
    }
}
