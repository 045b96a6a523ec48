//! Working copies: a fetched tree copied to where it is built.
//!
//! Structure, executable bits and modification times stay as they are. A symbolic link is copied
//! as a link and never followed; one that leads out of the tree is left out, since a
//! copy must not read or write anything beside itself. Files of a copy are replaced whole.

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use walkdir::{DirEntry, WalkDir};

use crate::slot::FetchedSource;

pub(crate) struct EscapingLink {
    pub(crate) link: PathBuf,
    pub(crate) target: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("cannot make a working copy at {}: it is not empty", .0.display())]
    Occupied(PathBuf),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Copy a fetched tree to `dest`, which must be missing or empty. Returns the directory in it that Cargo runs in. Fails
/// when `dest` has anything in it, or a file cannot be read or written.
pub fn checkout(fetched: &FetchedSource, dest: &Path) -> Result<PathBuf, CheckoutError> {
    copy_tree(&fetched.tree, dest, &[])?;
    Ok(dest.join(&fetched.subdir))
}

pub(crate) fn is_copied(entry: &DirEntry, left_out: &[&str]) -> bool {
    entry.depth() == 0 || !left_out.iter().any(|name| entry.file_name() == *name)
}

/// Copy a fetched tree in the place of the working copy at `dest`; as after a fresh clone, every file has the time of now.
///
/// # Errors
/// When a file cannot be removed, read or written.
pub fn checkout_anew(fetched: &FetchedSource, dest: &Path) -> Result<(), CheckoutError> {
    match fs::remove_dir_all(dest) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => checkout(fetched, dest)?,
    };
    let now = SystemTime::now();
    for entry in WalkDir::new(dest) {
        let entry = entry.map_err(io::Error::from)?;
        if entry.file_type().is_file() {
            fs::File::open(entry.path()).and_then(|file| file.set_modified(now))?;
        }
    }
    Ok(())
}

/// The permission bits, 0 where there are none.
#[cfg(unix)]
pub(crate) fn mode(data: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o777
}

/// A copy is made to be built, which is `unsupported` there.
#[cfg(not(unix))]
pub(crate) fn mode(_: &std::fs::Metadata) -> u32 {
    0
}

/// Copy a tree without the entries of the names in `left_out`. Returns the links that lead out of
/// it, which are left out, too.
pub(crate) fn copy_tree(from: &Path, to: &Path, left_out: &[&str]) -> Result<Vec<EscapingLink>, CheckoutError> {
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CheckoutError::Occupied(to.to_owned()));
    }
    let root = from.canonicalize()?;
    let mut dirs = Vec::new();
    let mut escaping = Vec::new();
    let walk = WalkDir::new(&root).into_iter();
    for entry in walk.filter_entry(|entry| is_copied(entry, left_out)) {
        let entry = entry.map_err(io::Error::from)?;
        let inner = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let target = if inner.as_os_str().is_empty() { to.to_owned() } else { to.join(inner) };
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            dirs.push((entry.path().to_owned(), target));
        } else if kind.is_symlink() {
            let leads_to = fs::read_link(entry.path())?;
            if stays_inside(&root, entry.path(), &leads_to) {
                symlink(&leads_to, &target)?;
            } else {
                escaping.push(EscapingLink { link: inner.to_owned(), target: leads_to });
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
    Ok(escaping)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    // The owner must be able to edit a working copy.
    let data = fs::metadata(to)?;
    make_writable(to, &data)?;
    copy_time(from, to)
}

#[cfg(unix)]
fn make_writable(path: &Path, data: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if data.permissions().mode() & 0o200 != 0 {
        return Ok(());
    }
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode(data) | 0o200))
}

#[cfg(not(unix))]
fn make_writable(_: &Path, _: &std::fs::Metadata) -> io::Result<()> {
    Ok(())
}

fn copy_time(from: &Path, to: &Path) -> io::Result<()> {
    let time = fs::metadata(from).and_then(|data| data.modified())?;
    fs::File::open(to).and_then(|file| file.set_modified(time))
}

/// Whether a link at `link` that says `leads_to` stays inside `root`. One that ends nowhere is judged by its text.
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
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    fs::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other("symbolic links are not supported here"))
}

/// How much a time is put forward when the clock gave no newer one. File systems resolve this much.
const TICK: Duration = Duration::from_millis(10);

/// Replace the file at `path` whole, so that Cargo sees that it has changed. The new one has the
/// mode of `before` and a strictly newer modification time.
pub(crate) fn replace(path: &Path, text: &str, before: &std::fs::Metadata) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut staged = tempfile::Builder::new().prefix(".harness-").tempfile_in(dir)?;
    staged.write_all(text.as_bytes())?;
    staged.as_file().set_permissions(before.permissions())?;
    put_forward(staged.as_file(), before.modified().ok())?;
    staged.persist(path)?;
    Ok(())
}

/// Give a just written file a time strictly newer than `before`.
fn put_forward(file: &std::fs::File, before: Option<SystemTime>) -> io::Result<()> {
    let now = file.metadata()?.modified()?;
    match before {
        Some(before) if now <= before => file.set_modified(before + TICK),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/run.sh"), "x").unwrap();
        let mode = std::fs::Permissions::from_mode(0o555);
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
        fs::create_dir_all(from.join("x/other")).unwrap();
        let to = outer.path().join("to");
        copy_tree(&from, &to, &["target"]).unwrap();
        assert!(to.join("x/other").is_dir() && !to.join("x/target").exists());
    }

    #[test]
    fn only_links_that_lead_out_are_left_out() {
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
        let escaping = copy_tree(from.path(), to.path(), &[]).unwrap();
        let mut left: Vec<_> = escaping.iter().map(|e| e.link.to_str().unwrap()).collect();
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
