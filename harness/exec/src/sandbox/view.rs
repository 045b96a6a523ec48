//! What a sandboxed process sees of the file system: a list, and nothing beside it.
//!
//! The list is made of what a build needs, not of what is to be hidden: a directory nobody
//! thought of is not there. Everything keeps its path, since paths are inputs of a build.
//!
//! | seen | how | why |
//! |---|---|---|
//! | `/bin`, `/lib*`, `/sbin`, `/usr`, `/etc`, `/opt`, `/nix`, `/gnu` | read-only | compilers, linkers, libraries |
//! | the toolchain, `RUSTUP_HOME`, the directories on `PATH` | read-only | the same |
//! | the observer, tools of the work directory, `CARGO_HOME`, sources that replace a registry | read-only | what a build reads |
//! | the arm that runs now; Cargo's lock of its package cache | writable | what a build writes |
//! | `/tmp`, `/var/tmp`, `TMPDIR`, `/dev/shm` | new and empty each time, in memory | nothing is left behind, nothing is found |
//! | `/proc` | of its own processes, read-only | as root its switches would be writable |
//! | `/sys/fs/cgroup`, `/sys/devices/system/cpu` | read-only | how many cores there are decides Cargo's `--jobs` |
//! | `/dev/null`, `zero`, `full`, `random`, `urandom` | | |
//! | passwords and host keys in `/etc` | empty | as root they would be readable |
//! | the home directory, the work directory | empty | but for what of the above lies in it |

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const SYSTEM: &[&str] =
    &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/opt", "/nix", "/gnu"];

const KERNEL: &[&str] = &["/sys/fs/cgroup", "/sys/devices/system/cpu"];

const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

const SECRETS: &str = "shadow shadow- gshadow gshadow- sudoers sudoers.d ssh ssl/private kubernetes rancher \
    NetworkManager wireguard krb5.keytab";

/// One thing that is seen; its path is the same inside and outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxMount {
    pub(super) path: PathBuf,
    pub(super) shown: MountKind,
}

/// What is seen at a path. Sources are without links on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MountKind {
    ReadOnly(PathBuf),
    Writable(PathBuf),
    Link(PathBuf),
    Device,
    Scratch,
    /// An empty directory, but for what comes after it in the list.
    Empty,
    Blank,
    Proc,
}

impl SandboxMount {
    /// Whether its contents need not be listed again.
    fn shows_contents(&self) -> bool {
        matches!(self.shown, MountKind::ReadOnly(_) | MountKind::Writable(_) | MountKind::Link(_))
    }

    fn is_writable(&self) -> bool {
        matches!(self.shown, MountKind::Writable(_))
    }
}

/// What a build needs beside the system.
#[derive(Debug, Clone, Default)]
pub struct SandboxNeeds {
    pub read: Vec<PathBuf>,
    pub write: Vec<PathBuf>,
    /// Directories of which nothing else is to be seen.
    pub sealed: Vec<PathBuf>,
    pub home: Option<PathBuf>,
    pub path: Vec<PathBuf>,
    pub tmp: Option<PathBuf>,
}

impl SandboxNeeds {
    pub(crate) fn of_system() -> SandboxNeeds {
        SandboxNeeds {
            home: std::env::home_dir(),
            path: std::env::var_os("PATH").map(|path| split(&path)).unwrap_or_default(),
            tmp: std::env::var_os("TMPDIR").map(PathBuf::from),
            ..SandboxNeeds::default()
        }
    }
}

/// The directories of a `PATH`.
pub fn split(path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(path).filter(|dir| dir.is_absolute()).collect()
}

/// Everything that is seen, in the order in which it has to be put there.
pub fn view(needs: &SandboxNeeds) -> Vec<SandboxMount> {
    let mut list = ViewList::default();
    let home = needs.home.as_deref().filter(|home| home.is_dir() && *home != Path::new("/"));
    for path in SYSTEM.iter().map(Path::new) {
        match std::fs::read_link(path) {
            Ok(target) => list.push(path, MountKind::Link(target)),
            Err(_) => list.read(path),
        }
    }
    KERNEL.iter().for_each(|path| list.read(Path::new(path)));
    for path in DEVICES.iter().map(Path::new).filter(|path| path.exists()) {
        list.push(path, MountKind::Device);
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        list.push(Path::new("/dev").join(name), MountKind::Link(format!("/proc/self/fd{target}").into()));
    }
    list.push("/proc", MountKind::Proc);
    let named = needs.tmp.iter().filter(|tmp| tmp.is_absolute() && tmp.is_dir()).cloned();
    for path in ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from).into_iter().chain(named) {
        if !list.0.iter().any(|mount| mount.path == path) {
            list.push(path, MountKind::Scratch);
        }
    }
    for path in SECRETS.split(' ').map(|name| Path::new("/etc").join(name)).filter(|path| path.exists()) {
        let shown = if path.is_dir() { MountKind::Empty } else { MountKind::Blank };
        list.push(path, shown);
    }
    for (path, _) in home.into_iter().chain(needs.sealed.iter().map(PathBuf::as_path)).flat_map(both) {
        list.push(path, MountKind::Empty);
    }
    // A directory on PATH that holds homes or temporary files would show them again.
    let holds_too_much = |dir: &Path| {
        let hidden = list.0.iter().filter(|mount| matches!(mount.shown, MountKind::Scratch | MountKind::Empty));
        hidden.map(|mount| &mount.path).any(|hidden| hidden.starts_with(dir)) || dir.starts_with("/proc")
    };
    let path: Vec<&PathBuf> = needs.path.iter().filter(|dir| dir.is_dir() && !holds_too_much(dir)).collect();
    path.into_iter().chain(&needs.read).for_each(|path| list.read(path));
    needs.write.iter().for_each(|path| list.write(path));
    list.in_order()
}

/// A path as it is written and, if another, without links on the way; each with its source.
fn both(path: &Path) -> Vec<(PathBuf, PathBuf)> {
    let Ok(source) = path.canonicalize() else { return Vec::new() };
    let plain = (source.clone(), source.clone());
    if source == path { vec![plain] } else { vec![(path.to_owned(), source), plain] }
}

#[derive(Default)]
struct ViewList(Vec<SandboxMount>);

impl ViewList {
    fn push(&mut self, path: impl Into<PathBuf>, shown: MountKind) {
        self.0.push(SandboxMount { path: path.into(), shown });
    }

    fn read(&mut self, path: &Path) {
        for (path, source) in both(path) {
            if !self.0.iter().any(|mount| mount.path == path && mount.shows_contents()) {
                self.push(path, MountKind::ReadOnly(source));
            }
        }
    }

    fn write(&mut self, path: &Path) {
        for (path, source) in both(path) {
            self.0.retain(|mount| mount.path != path);
            self.push(path, MountKind::Writable(source));
        }
    }

    /// Parents first, and without what a parent shows already.
    fn in_order(self) -> Vec<SandboxMount> {
        let mut all = self.0;
        // Of two at one path the one that shows something comes last, and wins.
        all.sort_by(|a, b| a.path.cmp(&b.path).then(a.shows_contents().cmp(&b.shows_contents())));
        let mut kept: Vec<SandboxMount> = Vec::new();
        for mount in all {
            let above = kept.iter().rfind(|above| mount.path.starts_with(&above.path));
            let shown = above.is_some_and(|above| above.shows_contents() && above.path != mount.path);
            let again =
                matches!(mount.shown, MountKind::ReadOnly(_)) && shown && !above.is_some_and(SandboxMount::is_writable);
            if !again {
                kept.push(mount);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(list: &[SandboxMount], path: &Path) -> Option<usize> {
        list.iter().position(|mount| mount.path == path)
    }

    #[test]
    fn the_home_is_empty_but_for_what_is_needed_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap().join("home");
        for part in [".ssh", ".cargo/bin", "work/arm", "work/bin", "work/arm/kept"] {
            std::fs::create_dir_all(home.join(part)).unwrap();
        }
        let needs = SandboxNeeds {
            home: Some(home.clone()),
            // A home on PATH would show everything in it.
            path: vec![home.join(".cargo/bin"), home.clone(), "/".into()],
            read: vec![home.join("work/bin"), home.join("work/arm/kept")],
            write: vec![home.join("work/arm")],
            tmp: Some(dir.path().to_owned()),
            ..SandboxNeeds::default()
        };
        let list = view(&needs);
        let hidden = at(&list, &home).unwrap();
        assert_eq!(list[hidden].shown, MountKind::Empty);
        assert!(at(&list, &home.join(".cargo/bin")).unwrap() > hidden);
        let arm = at(&list, &home.join("work/arm")).unwrap();
        assert!(list[arm].is_writable());
        assert!(at(&list, &home.join("work/arm/kept")).unwrap() > arm, "what is read-only in it stays so");
        assert!(at(&list, &home.join(".ssh")).is_none() && at(&list, Path::new("/")).is_none());
        assert!(at(&list, Path::new("/run")).is_none() && at(&list, Path::new("/sys")).is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_is_seen_and_what_lies_below_is_not_listed_again() {
        let list = view(&SandboxNeeds { path: vec!["/usr/bin".into(), "/bin".into()], ..SandboxNeeds::default() });
        assert!(matches!(list[at(&list, Path::new("/usr")).unwrap()].shown, MountKind::ReadOnly(_)));
        assert!(at(&list, Path::new("/usr/bin")).is_none());
        assert!(list.iter().filter(|mount| mount.path == Path::new("/bin")).count() == 1);
        assert!(!list.iter().any(SandboxMount::is_writable));
        let proc = at(&list, Path::new("/proc")).unwrap();
        assert_eq!(list[proc].shown, MountKind::Proc);
    }

    #[test]
    fn a_path_through_a_link_is_seen_at_both_places() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("disk")).unwrap();
        crate::os::symlink(&real.join("disk"), &real.join("link")).unwrap();
        let list = view(&SandboxNeeds { write: vec![real.join("link")], ..SandboxNeeds::default() });
        for name in ["link", "disk"] {
            let mount = &list[at(&list, &real.join(name)).unwrap()];
            assert_eq!(mount.shown, MountKind::Writable(real.join("disk")));
        }
    }
}
