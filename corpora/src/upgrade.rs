//! Upgrading a dependency: a second lockfile in the place of the first, and back.
//!
//! The second one is whole, so nothing is resolved and everybody upgrades to the same versions.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tempfile::TempDir;

use crate::cargo::{CargoError, CargoProgram};
use crate::checkout::{self, CheckoutError};
use crate::slot::FetchedSource;

#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    #[error("there is no Cargo.lock in {}: without a first lockfile there is nothing to upgrade", .0.display())]
    NoLockfile(PathBuf),
    #[error("it is the same as the first lockfile, {}: upgrade a dependency in it", .0.display())]
    Same(PathBuf),
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Copy(#[from] CheckoutError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Put `text` in the place of the `Cargo.lock` at `lock`, whole and with a newer modification time. Fails when there is
/// no file at `lock`, or it cannot be replaced.
pub fn apply(lock: &Path, text: &str) -> Result<(), UpgradeError> {
    Ok(checkout::replace(lock, text, &fs::metadata(lock)?)?)
}

/// Put the lockfile that was fetched back in the place of the one at `lock`, as [`apply`] does.
/// Fails when the fetched tree has none, or the one at `lock` cannot be replaced.
pub fn revert(fetched: &FetchedSource, lock: &Path) -> Result<(), UpgradeError> {
    apply(lock, &first(fetched)?.1)
}

/// Download every dependency that `lockfile` names, the text of a second lockfile for a fetched
/// workspace. The fetched tree stays as it is: Cargo sees a temporary copy.
/// Fails when the lockfile is the first one again, does not fit the manifests, or a download fails.
pub fn fetch_upgrade(cargo: &CargoProgram, fetched: &FetchedSource, lockfile: &str) -> Result<(), UpgradeError> {
    differs(fetched, lockfile)?;
    Ok(cargo.fetch_dependencies(&upgraded(fetched, lockfile)?.dir)?)
}

pub(crate) fn first(fetched: &FetchedSource) -> Result<(PathBuf, String), UpgradeError> {
    let lock = fetched.lockfile().ok_or_else(|| UpgradeError::NoLockfile(fetched.dir()))?;
    let text = fs::read_to_string(&lock)?;
    Ok((lock, text))
}

/// Refuse a second lockfile that equals the first one: nothing would be upgraded.
pub(crate) fn differs(fetched: &FetchedSource, text: &str) -> Result<(), UpgradeError> {
    let (lock, first) = first(fetched)?;
    // Some checkouts end lines with a carriage return; that is no upgrade.
    if text.lines().eq(first.lines()) { Err(UpgradeError::Same(lock)) } else { Ok(()) }
}

pub(crate) struct Upgraded {
    pub(crate) dir: PathBuf,
    _tree: TempDir,
}

/// Copy the tree, with `text` for its lockfile. The copy is beside the tree, so that it has the
/// same parents and no other workspace can contain it.
pub(crate) fn upgraded(fetched: &FetchedSource, text: &str) -> Result<Upgraded, UpgradeError> {
    let (lock, _) = first(fetched)?;
    let beside = fetched.tree.parent().unwrap_or(&fetched.tree);
    let tree = tempfile::Builder::new().prefix(".upgrade-").tempdir_in(beside)?;
    let dir = checkout::checkout(fetched, tree.path())?;
    let inner = lock.strip_prefix(&fetched.tree).unwrap_or(Path::new("Cargo.lock"));
    apply(&tree.path().join(inner), text)?;
    Ok(Upgraded { dir, _tree: tree })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_second_lockfile_is_newer_and_the_first_comes_back() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree");
        fs::create_dir_all(tree.join("sub")).unwrap();
        fs::write(tree.join("Cargo.lock"), "first").unwrap();
        let fetched = FetchedSource { tree, subdir: "sub".into(), new: true };
        let lock = place.path().join("Cargo.lock");
        fs::write(&lock, "first").unwrap();
        // Newer than any clock would give.
        let ahead = SystemTime::now() + Duration::from_secs(1000);
        fs::File::options().write(true).open(&lock).unwrap().set_modified(ahead).unwrap();
        let time = || fs::metadata(&lock).unwrap().modified().unwrap();
        apply(&lock, "second").unwrap();
        let upgraded = time();
        assert!(upgraded > ahead);
        assert_eq!(fs::read_to_string(&lock).unwrap(), "second");
        revert(&fetched, &lock).unwrap();
        assert!(time() > upgraded);
        assert_eq!(fs::read_to_string(&lock).unwrap(), "first");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_lockfile_that_is_not_there_is_named_and_not_made() {
        let place = tempfile::tempdir().unwrap();
        let lock = place.path().join("Cargo.lock");
        let error = apply(&lock, "second").unwrap_err().to_string();
        assert!(error.contains("Cargo.lock") && !lock.exists(), "{error}");
        let tree = place.path().to_owned();
        let fetched = FetchedSource { tree, subdir: PathBuf::new(), new: true };
        assert!(matches!(revert(&fetched, &lock), Err(UpgradeError::NoLockfile(_))));
    }
}
