//! The part of a build directory that came from registry and git packages: what a CI action
//! keeps between jobs.
//!
//! By the lockfile, a package with a `source` is not a member. A name that both a
//! member and a registry package have is left out, since unit directories have names only.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names of the packages that are not members or path dependencies.
pub fn foreign_packages(lockfile: &str) -> BTreeSet<String> {
    let lockfile = lockfile.parse::<toml::Table>().unwrap_or_default();
    let packages = lockfile.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let (foreign, local): (Vec<_>, Vec<_>) = packages.partition(|package| package.get("source").is_some());
    let name = |package: &toml::Value| package.get("name")?.as_str().map(str::to_owned);
    let local: BTreeSet<String> = local.into_iter().filter_map(name).collect();
    foreign.into_iter().filter_map(name).filter(|name| !local.contains(name)).collect()
}

/// The unit directories of these packages, `<profile>/build/<package>/<hash>` or the same in that of
/// a target triple, relative to the build directory.
///
/// # Errors
/// When a directory cannot be read. A build directory that is not there has none.
pub fn unit_dirs(build_dir: &Path, packages: &BTreeSet<String>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for profile in directories(build_dir, Path::new(""))? {
        let nested = directories(build_dir, &profile)?;
        let is_build = |path: &Path| path.file_name().is_some_and(|name| name == "build");
        for inner in nested {
            if is_build(&inner) {
                collect(build_dir, &inner, packages, &mut found)?;
            } else if build_dir.join(&inner).join("build").is_dir() {
                collect(build_dir, &inner.join("build"), packages, &mut found)?;
            }
        }
    }
    found.sort();
    Ok(found)
}

fn collect(build_dir: &Path, build: &Path, packages: &BTreeSet<String>, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for package in directories(build_dir, build)? {
        if package.file_name().and_then(|name| name.to_str()).is_some_and(|name| packages.contains(name)) {
            found.extend(directories(build_dir, &package)?);
        }
    }
    Ok(())
}

/// Directories in a directory, relative to the root. Links are not followed.
fn directories(root: &Path, relative: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root.join(relative)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            dirs.push(relative.join(entry.file_name()));
        }
    }
    Ok(dirs)
}

/// Why a path in an archive must not be unpacked; archives come from elsewhere.
pub fn escapes(path: &str) -> bool {
    use std::path::Component;
    path.is_empty()
        || Path::new(path).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\
        [[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\
        [[package]]\nname = \"libc\"\nversion = \"0.2.0\"\nsource = \"registry+x\"\n\
        [[package]]\nname = \"both\"\nversion = \"1.0.0\"\n\
        [[package]]\nname = \"both\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\n";

    #[test]
    fn members_and_names_that_are_also_members_are_left_out() {
        assert_eq!(foreign_packages(LOCK), BTreeSet::from(["libc".to_owned()]));
        assert_eq!(foreign_packages("not a lockfile"), BTreeSet::new());
    }

    #[test]
    fn unit_directories_are_found_in_every_profile_and_target() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [
            "debug/build/libc/1a/out",
            "debug/build/own/2b/out",
            "debug/incremental/libc/x",
            "x86_64-unknown-linux-gnu/release/build/libc/3c/out",
            "tmp/libc",
        ];
        paths.iter().for_each(|path| fs::create_dir_all(dir.path().join(path)).unwrap());
        let found = unit_dirs(dir.path(), &foreign_packages(LOCK)).unwrap();
        let expected = ["debug/build/libc/1a", "x86_64-unknown-linux-gnu/release/build/libc/3c"];
        assert_eq!(found, expected.map(PathBuf::from));
        assert_eq!(unit_dirs(Path::new("/no/such"), &BTreeSet::new()).unwrap(), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn a_path_that_leads_out_is_seen() {
        for bad in ["", "/etc/passwd", "../x", "a/../../x"] {
            assert!(escapes(bad), "{bad}");
        }
        assert!(!escapes("debug/build/libc/1a/out/liblibc.rlib") && !escapes("./debug"));
    }
}
