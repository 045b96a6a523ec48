//! Working copies: a fetched tree copied to where it is built.
//!
//! Structure, executable bits and modification times stay as they are. A symbolic link is copied
//! as a link and never followed; one that leads out of the tree is left out and reported, since
//! a copy must not read or write anything beside itself.

use std::fs;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::fetch::Fetched;
use crate::slot::{IoError, at};

/// A working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The copied tree.
    pub tree: PathBuf,
    /// The directory Cargo runs in.
    pub dir: PathBuf,
    /// Links that were left out because they lead out of the tree.
    pub escaping: Vec<Escaping>,
}

/// A symbolic link that leads out of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escaping {
    /// The link, relative to the tree.
    pub link: PathBuf,
    /// What it says.
    pub target: PathBuf,
}

/// Why a tree could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// There is something at the destination.
    #[error("cannot make a working copy at {}: it is not empty", .0.display())]
    Occupied(PathBuf),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// Copy a fetched tree to `dest`, which must be missing or empty.
///
/// # Errors
/// When `dest` has anything in it, or a file cannot be read or written.
pub fn checkout(fetched: &Fetched, dest: &Path) -> Result<Checkout, CheckoutError> {
    let copied = copy_tree(&fetched.tree, dest, &[])?;
    Ok(Checkout { tree: dest.to_owned(), dir: dest.join(&fetched.subdir), escaping: copied.escaping })
}

pub(crate) struct Copied {
    pub(crate) escaping: Vec<Escaping>,
}

/// Whether an entry is part of a copy that leaves out entries of these names.
pub(crate) fn taken(entry: &DirEntry, left_out: &[&str]) -> bool {
    entry.depth() == 0 || !left_out.iter().any(|name| entry.file_name() == *name)
}

/// The permission bits, 0 where there are none.
#[cfg(unix)]
pub(crate) fn mode(data: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o777
}

/// The permission bits, 0 where there are none.
#[cfg(not(unix))]
pub(crate) fn mode(_: &fs::Metadata) -> u32 {
    0
}

/// Copy a tree without the entries of the names in `left_out`.
pub(crate) fn copy_tree(from: &Path, to: &Path, left_out: &[&str]) -> Result<Copied, CheckoutError> {
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CheckoutError::Occupied(to.to_owned()));
    }
    let root = from.canonicalize().map_err(at("read", from))?;
    let mut dirs = Vec::new();
    let mut escaping = Vec::new();
    let walk = WalkDir::new(&root).into_iter();
    for entry in walk.filter_entry(|entry| taken(entry, left_out)) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(from).to_owned();
            at("read", &path)(error.into())
        })?;
        let inner = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let target = match inner.as_os_str().is_empty() {
            true => to.to_owned(),
            false => to.join(inner),
        };
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir_all(&target).map_err(at("create", &target))?;
            dirs.push((entry.path().to_owned(), target));
        } else if kind.is_symlink() {
            let leads_to = fs::read_link(entry.path()).map_err(at("read", entry.path()))?;
            if stays_inside(&root, entry.path(), &leads_to) {
                symlink(&leads_to, &target).map_err(at("create", &target))?;
            } else {
                escaping.push(Escaping { link: inner.to_owned(), target: leads_to });
            }
        } else if kind.is_file() {
            copy_file(entry.path(), &target)?;
        }
        // Sockets, pipes and devices are no sources.
    }
    // A directory's time changes with its entries, so it is set last, the deepest first.
    for (from, to) in dirs.iter().rev() {
        copy_time(from, to)?;
    }
    Ok(Copied { escaping })
}

fn copy_file(from: &Path, to: &Path) -> Result<(), IoError> {
    fs::copy(from, to).map_err(at("copy", from))?;
    // The owner must be able to edit a working copy.
    let data = fs::metadata(to).map_err(at("read", to))?;
    make_writable(to, &data).map_err(at("make writable", to))?;
    copy_time(from, to)
}

#[cfg(unix)]
fn make_writable(path: &Path, data: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if data.permissions().mode() & 0o200 != 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode(data) | 0o200))
}

#[cfg(not(unix))]
fn make_writable(path: &Path, data: &fs::Metadata) -> std::io::Result<()> {
    let mut permissions = data.permissions();
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

fn copy_time(from: &Path, to: &Path) -> Result<(), IoError> {
    let time = fs::metadata(from).and_then(|data| data.modified()).map_err(at("read the time of", from))?;
    let set = fs::File::open(to).and_then(|file| file.set_modified(time));
    set.map_err(at("set the time of", to))
}

/// Whether a link at `link` that says `leads_to` stays inside `root`. One that ends nowhere is
/// judged by its text.
fn stays_inside(root: &Path, link: &Path, leads_to: &Path) -> bool {
    if leads_to.is_absolute() {
        return false;
    }
    if let Ok(end) = link.canonicalize() {
        return end.starts_with(root);
    }
    let Some(Ok(inner)) = link.parent().map(|dir| dir.strip_prefix(root)) else {
        return false;
    };
    let mut depth = inner.components().count();
    for part in leads_to.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("symbolic links are not supported here"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/run.sh"), "x").unwrap();
        let mode = fs::Permissions::from_mode(0o555);
        fs::set_permissions(dir.path().join("a/b/run.sh"), mode).unwrap();
        let file = fs::File::open(dir.path().join("a/b/run.sh")).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1000)).unwrap();
        dir
    }

    #[test]
    fn mode_time_and_structure_stay() {
        let from = tree();
        let to = tempfile::tempdir().unwrap();
        copy_tree(from.path(), to.path(), &[]).unwrap();
        let data = fs::metadata(to.path().join("a/b/run.sh")).unwrap();
        assert_eq!(mode(&data), 0o755);
        assert_eq!(data.modified().unwrap(), UNIX_EPOCH + Duration::from_secs(1000));
    }

    #[test]
    fn names_are_left_out_at_any_depth_but_not_the_root() {
        let outer = tempfile::tempdir().unwrap();
        let from = outer.path().join("target");
        fs::create_dir_all(from.join("x/target")).unwrap();
        fs::create_dir_all(from.join("x/kept")).unwrap();
        let to = outer.path().join("to");
        copy_tree(&from, &to, &["target"]).unwrap();
        assert!(to.join("x/kept").is_dir() && !to.join("x/target").exists());
    }

    #[test]
    fn links_that_leave_are_left_out_and_others_kept() {
        let from = tree();
        let link = |to: &str, at: &str| symlink(to, from.path().join(at)).unwrap();
        link("b/run.sh", "a/inside");
        link("missing", "a/broken");
        link("/etc/passwd", "absolute");
        link("../..", "a/out");
        link("../../gone", "a/out-broken");
        // `a/b/up/../..` looks like the root, and is one above it.
        link("..", "a/b/up");
        link("b/up/../..", "a/sly");
        let to = tempfile::tempdir().unwrap();
        let copied = copy_tree(from.path(), to.path(), &[]).unwrap();
        let mut left: Vec<_> = copied.escaping.iter().map(|e| e.link.to_str().unwrap()).collect();
        left.sort_unstable();
        assert_eq!(left, ["a/out", "a/out-broken", "a/sly", "absolute"]);
        assert_eq!(fs::read_to_string(to.path().join("a/inside")).unwrap(), "x");
        assert!(to.path().join("a/broken").is_symlink());
    }

    #[test]
    fn an_occupied_destination_is_refused() {
        let from = tree();
        let to = tree();
        let error = copy_tree(from.path(), to.path(), &[]).err().unwrap();
        assert!(error.to_string().ends_with("it is not empty"), "{error}");
    }
}
