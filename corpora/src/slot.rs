//! A slot: one directory that holds one fetched source, whole or not at all.
//!
//! ```text
//! <sources>/<slot>/tree/…        the sources
//! <sources>/<slot>/source.txt    which source this is, in full
//! <sources>/.stage-<slot>/       one that is being made
//! <sources>/.lock-<slot>         held while it is being made
//! ```
//!
//! A slot is made under its stage name and renamed when complete, so that it exists only when
//! complete, however it was interrupted. The lock keeps two fetchers of one slot apart; where
//! locks do not work, the first rename wins and the other fetcher uses the winner's.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest, Sha256};

/// A source that is on this machine, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedSource {
    /// The whole tree: a package, a repository's checkout, a copied directory.
    pub tree: PathBuf,
    /// Where in the tree Cargo runs; empty for its root.
    pub subdir: PathBuf,
    /// Whether this call fetched it; false when an earlier one did.
    pub new: bool,
}

impl FetchedSource {
    pub fn dir(&self) -> PathBuf {
        self.tree.join(&self.subdir)
    }

    /// The `Cargo.lock` in [`Self::dir`] or the nearest one in its parents inside the tree.
    pub fn lockfile(&self) -> Option<PathBuf> {
        let dir = self.dir();
        let inside = dir.ancestors().take_while(|dir| dir.starts_with(&self.tree));
        inside.map(|dir| dir.join("Cargo.lock")).find(|lock| lock.is_file())
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) struct SourceSlot {
    root: PathBuf,
    name: String,
    description: String,
}

impl SourceSlot {
    /// The slot for `description` under `root`. `identity` decides the directory: a source with
    /// the same identity and another description takes the older one's place.
    pub(crate) fn new(root: &Path, label: &str, identity: &str, description: String) -> Self {
        let digest = sha256(identity.as_bytes());
        Self { root: root.to_owned(), name: format!("{label}-{}", &digest[..16]), description }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    /// Whether the slot is there, complete, and holds just this source.
    pub(crate) fn is_complete(&self) -> bool {
        let dir = self.dir();
        let marker = fs::read_to_string(dir.join("source.txt"));
        marker.is_ok_and(|text| text == self.description) && dir.join("tree").is_dir()
    }

    /// Make the slot unless it is complete: `fill` gets an empty stage directory to put `tree`
    /// into. Returns whether anything was made.
    pub(crate) fn ensure<E: From<io::Error>>(&self, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<bool, E> {
        if self.is_complete() {
            return Ok(false);
        }
        fs::create_dir_all(&self.root)?;
        let _lock = self.lock()?;
        if self.is_complete() {
            return Ok(false);
        }
        let stage = self.root.join(format!(".stage-{}", self.name));
        remove(&stage)?;
        fs::create_dir(&stage)?;
        let filled = fill(&stage).and_then(|()| Ok(self.commit(&stage)?));
        if filled.is_err() {
            // A failed stage is of no use to anybody; the failure itself matters more.
            let _ = fs::remove_dir_all(&stage);
        }
        filled.map(|()| true)
    }

    fn lock(&self) -> io::Result<Option<fs::File>> {
        let path = self.root.join(format!(".lock-{}", self.name));
        let file = fs::File::create(path)?;
        // Some file systems have no locks; then the first rename decides.
        Ok(file.lock().is_ok().then_some(file))
    }

    fn commit(&self, stage: &Path) -> io::Result<()> {
        fs::write(stage.join("source.txt"), &self.description)?;
        let dir = self.dir();
        if fs::rename(stage, &dir).is_ok() {
            return Ok(());
        }
        if self.is_complete() {
            return remove(stage);
        }
        // Something else is in the way: an older state of this source, or a damaged one.
        remove(&dir)?;
        fs::rename(stage, &dir)
    }
}

/// Remove a directory tree, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(root: &Path, description: &str) -> SourceSlot {
        SourceSlot::new(root, "x", "same", description.to_owned())
    }

    fn fill(text: &str) -> impl FnOnce(&Path) -> io::Result<()> {
        let text = text.to_owned();
        move |stage: &Path| {
            let tree = stage.join("tree");
            fs::create_dir(&tree)?;
            fs::write(tree.join("f"), text)
        }
    }

    #[test]
    fn a_slot_is_made_once_and_again_when_it_is_damaged_or_described_otherwise() {
        let root = tempfile::tempdir().unwrap();
        let one = slot(root.path(), "one");
        let read = || fs::read_to_string(one.dir().join("tree/f")).unwrap();
        assert!(one.ensure(fill("a")).unwrap());
        assert!(!one.ensure(fill("b")).unwrap());
        assert_eq!(read(), "a");
        fs::remove_file(one.dir().join("source.txt")).unwrap();
        assert!(one.ensure(fill("b")).unwrap());
        assert_eq!(read(), "b");
        let two = slot(root.path(), "two");
        assert!(!two.is_complete() && two.dir() == one.dir());
        assert!(two.ensure(fill("c")).unwrap());
        assert_eq!(read(), "c");
    }

    #[test]
    fn a_leftover_stage_is_swept_and_a_failure_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let slot = slot(root.path(), "one");
        let stage = root.path().join(format!(".stage-{}", slot.name));
        fs::create_dir_all(stage.join("tree/half")).unwrap();
        let failed = slot.ensure(|_| Err(io::Error::other("no")));
        assert!(failed.is_err());
        assert!(!stage.exists() && !slot.dir().exists());
        assert!(slot.ensure(fill("a")).unwrap());
        assert!(!slot.dir().join("tree/half").exists());
    }

    #[test]
    fn concurrent_fetchers_make_one() {
        let root = tempfile::tempdir().unwrap();
        let made: usize = std::thread::scope(|scope| {
            let runs: Vec<_> =
                (0..8).map(|_| scope.spawn(|| slot(root.path(), "one").ensure(fill("a")).unwrap())).collect();
            runs.into_iter().map(|run| usize::from(run.join().unwrap())).sum()
        });
        assert_eq!(made, 1);
    }

    #[test]
    fn the_digest_is_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }
}
