//! Content and times of files and directories.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Digest, FieldHasher};
use crate::files::{changed_at, is_build_dir, mode_of};

/// The content of a file, or of everything in a directory.
pub(super) fn content_of(path: &Path) -> Option<Digest> {
    let meta = std::fs::metadata(path).ok()?;
    if meta.is_dir() {
        Some(content_below(&walk(path, &[])))
    } else if meta.is_file() {
        std::fs::read(path).ok().map(|bytes| Digest::of(&bytes))
    } else {
        Some(FieldHasher::new("special file").finish())
    }
}

fn content_below(entries: &[WalkedPath]) -> Digest {
    let mut hasher = FieldHasher::new("directory");
    for found in entries {
        hasher.field(if found.is_file { "name" } else { "directory" }, &found.name);
        hasher.digest("attributes", &attributes_of(&found.path));
        if found.is_file {
            // Reading a pipe would wait for a writer.
            let is_regular = std::fs::metadata(&found.path).is_ok_and(|meta| meta.is_file());
            hasher.field("bytes", if is_regular { std::fs::read(&found.path).unwrap_or_default() } else { Vec::new() });
        }
    }
    hasher.finish()
}

/// What a script can see of a path beside its content: kind, permissions, and where a link leads.
pub(super) fn attributes_of(path: &Path) -> Digest {
    let mut hasher = FieldHasher::new("attributes");
    if let Ok(target) = std::fs::read_link(path) {
        hasher.field("link", target.as_os_str().as_encoded_bytes());
    }
    if let Ok(meta) = std::fs::metadata(path) {
        hasher.field("kind", if meta.is_file() { "file" } else { "other" });
        hasher.field("mode", mode_of(&meta).unwrap_or_default().to_le_bytes());
    }
    hasher.finish()
}

/// The newest time Cargo would find for a watched path: for a directory, that of anything
/// in it, directories and links themselves included.
pub(super) fn newest_below(path: &Path) -> Option<SystemTime> {
    let own = std::fs::metadata(path).ok()?.modified().ok();
    walk(path, &[]).into_iter().filter_map(|found| found.newest).chain(own).max()
}

/// The first of a path and everything in it that changed since a time, but for what is in the
/// directories `apart`. A package's own build directory and history do not count.
pub(super) fn changed_since(path: &Path, apart: &[&Path], time: SystemTime) -> Option<PathBuf> {
    let is_newer = |path: &Path| {
        let metas = [std::fs::symlink_metadata(path), std::fs::metadata(path)];
        metas.iter().flatten().any(|meta| changed_at(meta).is_some_and(|changed| changed >= time))
    };
    let below = walk(path, NOT_SOURCES).into_iter().map(|found| found.path);
    let counts = |path: &PathBuf| !apart.iter().any(|dir| path.starts_with(dir) || dir.starts_with(path));
    [path.to_owned()].into_iter().chain(below).filter(counts).find(|path| is_newer(path))
}

const NOT_SOURCES: &[&str] = &["target", ".git"];

/// Newest file time and content of a package, without its build directory and history.
pub(super) fn whole_package(root: &Path) -> (Duration, Digest) {
    let entries = walk(root, NOT_SOURCES);
    let newest = entries.iter().filter(|found| found.is_file).filter_map(|found| found.newest).max();
    let since_epoch = newest.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    (since_epoch, content_below(&entries))
}

/// A file or directory in a walked directory.
struct WalkedPath {
    name: String,
    path: PathBuf,
    is_file: bool,
    /// The newer of its own time and, for a link, that of what it leads to.
    newest: Option<SystemTime>,
}

/// Everything in a directory and those in it, in a fixed order. Links are followed, as Cargo does, each
/// directory once; names in `left_out` are skipped at the top.
fn walk(root: &Path, left_out: &[&str]) -> Vec<WalkedPath> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    let mut seen = HashSet::new();
    while let Some(dir) = open.pop() {
        if !std::fs::canonicalize(&dir).is_ok_and(|real| seen.insert(real)) {
            continue;
        }
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if dir == root
                && left_out.iter().any(|name| entry.file_name() == *name)
                && (!path.ends_with("target") || is_build_dir(&path))
            {
                continue;
            }
            let (own, target) = (std::fs::symlink_metadata(&path), std::fs::metadata(&path));
            let times = [&own, &target].map(|meta| meta.as_ref().ok().and_then(|meta| meta.modified().ok()));
            let is_dir = target.as_ref().is_ok_and(std::fs::Metadata::is_dir);
            if is_dir {
                open.push(path.clone());
            }
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push(WalkedPath { name, path, is_file: !is_dir, newest: times.into_iter().flatten().max() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_as_new_as_anything_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("file"), "a").unwrap();
        let at = |secs| filetime::FileTime::from_unix_time(secs, 0);
        filetime::set_file_mtime(inner.join("file"), at(1_000)).unwrap();
        filetime::set_file_mtime(&inner, at(3_000)).unwrap();
        filetime::set_file_mtime(dir.path(), at(2_000)).unwrap();
        assert_eq!(newest_below(dir.path()), Some(UNIX_EPOCH + Duration::from_secs(3_000)));
    }

    #[cfg(unix)]
    #[test]
    fn modes_and_links_are_content() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "a").unwrap();
        std::fs::write(dir.path().join("other"), "a").unwrap();
        let first = content_of(dir.path());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let executable = content_of(dir.path());
        symlink("file", &link).unwrap();
        let linked = content_of(dir.path());
        std::fs::remove_file(&link).unwrap();
        symlink("other", &link).unwrap();
        assert_eq!(HashSet::from([first, executable, linked, content_of(dir.path())]).len(), 4);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            return eprintln!("skipped: there is no mkfifo");
        }
        assert!(content_of(&pipe).is_some() && content_of(dir.path()).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("file"), "a").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let before = content_of(dir.path());
        std::fs::write(outside.path().join("file"), "b").unwrap();
        assert_ne!(content_of(dir.path()), before);
    }
}
