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

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A path and what could not be done with it.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct IoError {
    /// What was attempted, such as `create`.
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// Put action and path to an input or output error.
pub(crate) fn at<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> IoError + 'a {
    move |source| IoError { action, path: path.to_owned(), source }
}

/// SHA-256 as lowercase hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A slot's name and the description of what belongs into it.
pub(crate) struct Slot {
    root: PathBuf,
    name: String,
    description: String,
}

impl Slot {
    /// The slot for `description` under `root`. `identity` decides the directory: a source with
    /// the same identity and another description takes the older one's place.
    pub(crate) fn new(root: &Path, label: &str, identity: &str, description: String) -> Self {
        let digest = sha256(identity.as_bytes());
        Self { root: root.to_owned(), name: format!("{label}-{}", &digest[..16]), description }
    }

    /// Where the finished slot is.
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
    pub(crate) fn ensure<E: From<IoError>>(&self, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<bool, E> {
        if self.is_complete() {
            return Ok(false);
        }
        fs::create_dir_all(&self.root).map_err(at("create", &self.root))?;
        let _lock = self.lock()?;
        if self.is_complete() {
            return Ok(false);
        }
        let stage = self.root.join(format!(".stage-{}", self.name));
        remove(&stage)?;
        fs::create_dir(&stage).map_err(at("create", &stage))?;
        let filled = fill(&stage).and_then(|()| Ok(self.commit(&stage)?));
        if filled.is_err() {
            // A failed stage is of no use to anybody; the failure itself matters more.
            let _ = fs::remove_dir_all(&stage);
        }
        filled.map(|()| true)
    }

    fn lock(&self) -> Result<Option<File>, IoError> {
        let path = self.root.join(format!(".lock-{}", self.name));
        let file = File::create(&path).map_err(at("create", &path))?;
        // Some file systems have no locks; then the rename below decides.
        Ok(file.lock().is_ok().then_some(file))
    }

    fn commit(&self, stage: &Path) -> Result<(), IoError> {
        let marker = stage.join("source.txt");
        fs::write(&marker, &self.description).map_err(at("write", &marker))?;
        let dir = self.dir();
        if fs::rename(stage, &dir).is_ok() {
            return Ok(());
        }
        if self.is_complete() {
            return remove(stage);
        }
        // Something else is in the way: an older state of this source, or a damaged one.
        remove(&dir)?;
        fs::rename(stage, &dir).map_err(at("put the fetched source at", &dir))
    }
}

/// Remove a directory tree or file, if it is there.
fn remove(path: &Path) -> Result<(), IoError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(root: &Path, description: &str) -> Slot {
        Slot::new(root, "x", "same", description.to_owned())
    }

    fn fill(text: &str) -> impl FnOnce(&Path) -> Result<(), IoError> {
        let text = text.to_owned();
        move |stage: &Path| {
            let tree = stage.join("tree");
            fs::create_dir(&tree).map_err(at("create", &tree))?;
            fs::write(tree.join("f"), text).map_err(at("write", &tree))
        }
    }

    #[test]
    fn a_slot_is_made_once() {
        let root = tempfile::tempdir().unwrap();
        let slot = slot(root.path(), "one");
        assert!(slot.ensure(fill("a")).unwrap());
        assert!(!slot.ensure(fill("b")).unwrap());
        assert_eq!(fs::read(slot.dir().join("tree/f")).unwrap(), b"a");
    }

    #[test]
    fn another_description_takes_its_place() {
        let root = tempfile::tempdir().unwrap();
        slot(root.path(), "one").ensure(fill("a")).unwrap();
        let two = slot(root.path(), "two");
        assert!(!two.is_complete());
        assert!(two.ensure(fill("b")).unwrap());
        assert_eq!(fs::read(two.dir().join("tree/f")).unwrap(), b"b");
    }

    #[test]
    fn a_leftover_stage_is_swept_and_a_failure_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let slot = slot(root.path(), "one");
        let stage = root.path().join(format!(".stage-{}", slot.name));
        fs::create_dir_all(stage.join("tree/half")).unwrap();
        let failed = slot.ensure(|_| Err(at("test", Path::new("p"))(io::Error::other("no"))));
        assert!(failed.is_err());
        assert!(!stage.exists() && !slot.dir().exists());
        assert!(slot.ensure(fill("a")).unwrap());
        assert!(!slot.dir().join("tree/half").exists());
    }

    #[test]
    fn a_damaged_slot_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let slot = slot(root.path(), "one");
        slot.ensure(fill("a")).unwrap();
        fs::remove_file(slot.dir().join("source.txt")).unwrap();
        assert!(slot.ensure(fill("b")).unwrap());
        assert_eq!(fs::read(slot.dir().join("tree/f")).unwrap(), b"b");
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
