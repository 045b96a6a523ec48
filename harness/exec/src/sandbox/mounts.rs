//! Puts a [`view`](super::view) in place: the inside of the new mount namespace.
//!
//! ```text
//! /tmp      a file system in memory, of which the old root becomes /old
//!   /old    where everything comes from
//!   /new    the view
//! ```
//!
//! First into a place of our own, with the old root below it, so that nothing is in the way of
//! where it comes from; then the view becomes the root and the old one is let go.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::process::pivot_root;

use super::mountinfo;
use super::view::Mount;

/// Any directory that is on every system: it is covered for this process alone.
const BASE: &str = "/tmp";

/// What no mount of a sandbox allows.
const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

/// Makes the view the root of this process.
pub fn make(view: &[Mount]) -> Result<(), String> {
    let tmpfs = |path: &Path, mode: &str| {
        mount("tmpfs", path, "tmpfs", SAFE, mount_data(mode).as_deref()).map_err(told("cover", path))
    };
    // What is mounted here must not be seen outside.
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .map_err(told("part with", "/"))?;
    tmpfs(Path::new(BASE), "0755")?;
    let base = Path::new(BASE);
    for dir in ["old", "new"] {
        fs::create_dir(base.join(dir)).map_err(|error| format!("cannot make a new root: {error}"))?;
    }
    pivot_root(base, base.join("old")).map_err(told("change the root to", base))?;
    std::env::set_current_dir("/").map_err(|error| format!("cannot enter the new root: {error}"))?;
    tmpfs(Path::new("/new"), "0755")?;
    let mut sealed = vec![PathBuf::from("/new")];
    for one in view {
        let path = below("/new", one.path());
        match one {
            Mount::ReadOnly { source, .. } => {
                bind(source, &path)?;
                protect(&path, MountFlags::RDONLY)?;
            }
            Mount::Writable { source, .. } => {
                bind(source, &path)?;
                protect(&path, MountFlags::empty())?;
            }
            Mount::Device { path: node } => bind(node, &path)?,
            Mount::Blank { .. } => bind(Path::new("/dev/null"), &path)?,
            Mount::Link { target, .. } => {
                make_dir(path.parent().unwrap_or(Path::new("/new")))?;
                std::os::unix::fs::symlink(target, &path).map_err(|error| failed("link", &path, error))?;
            }
            Mount::Scratch { .. } => {
                make_dir(&path)?;
                tmpfs(&path, "1777")?;
            }
            Mount::Empty { .. } => {
                make_dir(&path)?;
                tmpfs(&path, "0755")?;
                sealed.push(path);
            }
            Mount::Proc => {
                make_dir(&path)?;
                let flags = SAFE | MountFlags::NOEXEC | MountFlags::RDONLY;
                mount("proc", &path, "proc", flags, None).map_err(told("mount processes at", "/proc"))?;
            }
        }
    }
    // Deepest first is not needed: each is a mount of its own.
    for path in sealed {
        mount_remount(&path, MountFlags::BIND | MountFlags::RDONLY | SAFE, "").map_err(told("seal", &path))?;
    }
    unmount("/old", UnmountFlags::DETACH).map_err(told("let go of", "/old"))?;
    std::env::set_current_dir("/new").map_err(|error| format!("cannot enter the view: {error}"))?;
    pivot_root(".", ".").map_err(told("change the root to", "/new"))?;
    unmount(".", UnmountFlags::DETACH).map_err(told("let go of", "the old root"))?;
    std::env::set_current_dir("/").map_err(|error| format!("cannot enter the view: {error}"))
}

fn mount_data(mode: &str) -> Option<std::ffi::CString> {
    std::ffi::CString::new(format!("mode={mode}")).ok()
}

fn below(root: &str, path: &Path) -> PathBuf {
    Path::new(root).join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows a file or directory of the old root at `path`.
fn bind(source: &Path, path: &Path) -> Result<(), String> {
    let from = below("/old", source);
    let about = fs::symlink_metadata(&from).map_err(|error| failed("show", source, error))?;
    if about.is_dir() {
        make_dir(path)?;
    } else if fs::symlink_metadata(path).is_err() {
        make_dir(path.parent().unwrap_or(Path::new("/new")))?;
        fs::File::create(path).map_err(|error| failed("make a place for", source, error))?;
    }
    mount_bind_recursive(&from, path).map_err(told("show", source))
}

/// A mount and all that are mounted below it. Flags that are set must be kept: they cannot be
/// taken away by somebody who did not set them.
fn protect(path: &Path, more: MountFlags) -> Result<(), String> {
    let table =
        fs::read_to_string("/old/proc/self/mountinfo").map_err(|error| format!("no table of mounts: {error}"))?;
    for (point, flags) in mountinfo::below(&table, path) {
        let flags = MountFlags::BIND | SAFE | more | flags;
        mount_remount(&point, flags, "").map_err(told("protect", &point))?;
    }
    Ok(())
}

fn make_dir(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| failed("make a place at", path, error))
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

fn told<P: AsRef<Path> + ?Sized>(what: &str, path: &P) -> impl Fn(rustix::io::Errno) -> String {
    let line = format!("cannot {what} {}", path.as_ref().display());
    move |error| format!("{line}: {error}")
}
