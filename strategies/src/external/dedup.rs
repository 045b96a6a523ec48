//! Identical files of build directories, linked together.
//!
//! Only outputs of registry and git packages take part, and only what Cargo and rustc replace
//! and never rewrite: the files in a unit's `out/`, without dep-info. What is not linked stays
//! as it is; a file that already has links elsewhere is left alone.
//!
//! A link has the time of the file it leads to, and Cargo compares a unit's outputs with those
//! of its dependencies. So all linked files bear one time, and so do the outputs of build-script
//! runs between them, which are no links. It is the time of the oldest output that the store ever
//! saw: newer than the sources of packages, older than what members are built into.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::registry_part;
use crate::files;

/// Its modification time is the one that linked files bear.
const EPOCH: &str = "epoch";

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DedupOutcome {
    /// Files whose content the store did not have.
    pub added: u64,
    /// Files that became links to what it had.
    pub linked: u64,
    /// Bytes that are no longer stored twice.
    pub saved_bytes: u64,
}

/// Links what a build directory has in common with the store, and adds the rest to it.
///
/// # Errors
/// When a file cannot be read, linked or renamed. Nothing is lost then.
pub fn dedup(store: &Path, build_dir: &Path, lockfile: &str) -> io::Result<DedupOutcome> {
    fs::create_dir_all(store)?;
    let packages = registry_part::foreign_packages(lockfile);
    let mut shared: Vec<Vec<PathBuf>> = Vec::new();
    let mut private: Vec<PathBuf> = Vec::new();
    for unit in registry_part::unit_dirs(build_dir, &packages)? {
        let unit = build_dir.join(unit);
        shared.extend(outputs(&unit.join("out"))?.into_values());
        private.extend(Some(unit.join("run").join("stdout")).filter(|path| path.is_file()));
    }
    let mut done = DedupOutcome::default();
    let Some(time) = epoch(store, shared.iter().filter_map(|names| names.first()).chain(&private))? else {
        return Ok(done);
    };
    shared.iter().try_for_each(|names| share(store, names, time, &mut done))?;
    private.iter().try_for_each(|path| files::set_time(path, time))?;
    Ok(done)
}

/// The time of all links, fixed by the first pass that has something to link.
fn epoch<'a>(store: &Path, outputs: impl Iterator<Item = &'a PathBuf>) -> io::Result<Option<SystemTime>> {
    let path = store.join(EPOCH);
    match fs::metadata(&path) {
        Ok(meta) => return meta.modified().map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let times = outputs.map(|output| fs::metadata(output)?.modified()).collect::<io::Result<Vec<SystemTime>>>()?;
    let Some(oldest) = times.into_iter().min() else { return Ok(None) };
    let staged = files::temporary_beside(&path);
    fs::write(&staged, "")?;
    files::set_time(&staged, oldest)?;
    // Of two that begin at once the first one's time counts.
    let linked = fs::hard_link(&staged, &path);
    fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::metadata(path)?.modified().map(Some),
    }
}

/// The files right in a directory that may be shared, by inode, each with all its names there.
/// An inode with names elsewhere is left alone.
fn outputs(out: &Path) -> io::Result<HashMap<u64, Vec<PathBuf>>> {
    let mut found: HashMap<u64, (u64, Vec<PathBuf>)> = HashMap::new();
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let (path, meta) = (entry.path(), entry.metadata()?);
        let shareable = ["rlib", "rmeta", "so", "dylib", "dll", ""];
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
        if meta.is_file() && meta.len() > 0 && shareable.contains(&kind) {
            let (inode, links) = identity(&meta);
            found.entry(inode).or_insert((links, Vec::new())).1.push(path);
        }
    }
    Ok(found.into_iter().filter(|(_, (links, names))| *links == names.len() as u64).map(|(i, it)| (i, it.1)).collect())
}

fn share(store: &Path, names: &[PathBuf], time: SystemTime, done: &mut DedupOutcome) -> io::Result<()> {
    let Some(first) = names.first() else { return Ok(()) };
    let meta = fs::metadata(first)?;
    let digest = files::hash(first)?.to_string();
    // The mode belongs to the file, and links share it.
    let blob =
        store.join(&digest[..2]).join(format!("{digest}{}", if files::is_executable(&meta) { "-x" } else { "" }));
    if let Some(dir) = blob.parent() {
        fs::create_dir_all(dir)?;
    }
    match fs::hard_link(first, &blob) {
        Ok(()) => {
            files::set_time(&blob, time)?;
            done.added += 1;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            for name in names {
                let staged = files::temporary_beside(name);
                fs::hard_link(&blob, &staged)?;
                fs::rename(&staged, name)?;
            }
            done.linked += 1;
            done.saved_bytes += meta.len();
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(unix)]
fn identity(meta: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.ino(), meta.nlink())
}

/// Where there are no inode numbers, every name is a file of its own.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> (u64, u64) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    (NEXT.fetch_add(1, Ordering::Relaxed), 1)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    const LOCK: &str = "[[package]]\nname = \"dep\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";

    fn tree(root: &Path, name: &str, content: &str) -> PathBuf {
        let dir = root.join(name);
        for (path, text) in [
            ("debug/build/dep/1a/out/libdep.rlib", content),
            ("debug/build/dep/1a/out/dep.d", "private"),
            ("debug/build/dep/1a/fingerprint/lib-dep", "private"),
            ("debug/build/own/2b/out/libown.rlib", "same"),
        ] {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn meta(tree: &Path, path: &str) -> fs::Metadata {
        fs::metadata(tree.join("debug/build").join(path)).unwrap()
    }

    #[test]
    fn what_is_identical_is_one_file_with_one_time_and_the_rest_is_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (tree(dir.path(), "a", "same"), tree(dir.path(), "b", "same"));
        let c = tree(dir.path(), "c", "other");
        // A final program: a second name in the same directory.
        fs::write(b.join("debug/build/dep/1a/out/tool"), "program").unwrap();
        fs::hard_link(b.join("debug/build/dep/1a/out/tool"), b.join("debug/tool")).unwrap();
        let store = dir.path().join("store");
        assert_eq!(dedup(&store, &a, LOCK).unwrap(), DedupOutcome { added: 1, linked: 0, saved_bytes: 0 });
        assert_eq!(dedup(&store, &b, LOCK).unwrap(), DedupOutcome { added: 0, linked: 1, saved_bytes: 4 });
        assert_eq!(dedup(&store, &c, LOCK).unwrap().added, 1);
        assert_eq!(dedup(&store, &a, LOCK).unwrap(), DedupOutcome::default(), "a second pass has nothing to do");
        let rlib = "dep/1a/out/libdep.rlib";
        assert_eq!(meta(&a, rlib).ino(), meta(&b, rlib).ino());
        assert_ne!(meta(&a, rlib).ino(), meta(&c, rlib).ino());
        assert_eq!(meta(&a, rlib).modified().unwrap(), meta(&c, rlib).modified().unwrap());
        for private in ["dep/1a/out/dep.d", "dep/1a/fingerprint/lib-dep", "own/2b/out/libown.rlib"] {
            assert_eq!(meta(&b, private).nlink(), 1, "{private}");
        }
        assert_eq!(meta(&b, "dep/1a/out/tool").nlink(), 2, "linked elsewhere already: left alone");
    }
}
