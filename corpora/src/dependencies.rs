//! Downloading what a workspace's lockfile names, before anything is timed.

use std::path::Path;

use crate::cargo::{CargoError, CargoProgram};
use crate::fetch::Fetched;
use crate::upgrade::{self, UpgradeError};

/// Download every dependency of the workspace in `dir` into Cargo's home, exactly as locked.
///
/// Cargo runs at the root of the file system, not in `dir`: there it would obey a `.cargo/config.toml`
/// or `rust-toolchain.toml` of the tree, and those can name programs to run.
///
/// # Errors
/// When the lockfile is missing or not up to date, or a download fails. The error keeps
/// Cargo's last lines.
pub fn fetch_dependencies(cargo: &CargoProgram, dir: &Path) -> Result<(), CargoError> {
    let manifest = dir.join("Cargo.toml");
    let args = ["fetch".as_ref(), "--locked".as_ref(), "--manifest-path".as_ref(), manifest.as_os_str()];
    cargo.run(neutral(dir), &args)?;
    Ok(())
}

/// Download every dependency that `lockfile` names, the text of a second lockfile for a fetched
/// workspace. The fetched tree stays as it is: Cargo sees a passing copy.
///
/// # Errors
/// When the lockfile is the first one again, does not fit the manifests, or a download fails.
pub fn fetch_upgrade(cargo: &CargoProgram, fetched: &Fetched, lockfile: &str) -> Result<(), UpgradeError> {
    upgrade::differs(fetched, lockfile)?;
    let copy = upgrade::upgraded(fetched, lockfile)?;
    Ok(fetch_dependencies(cargo, &copy.dir)?)
}

/// A directory whose parents hold no configuration of a fetched tree.
pub(crate) fn neutral(dir: &Path) -> &Path {
    dir.ancestors().last().filter(|root| root.is_absolute()).unwrap_or(Path::new("."))
}
