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

/// Where a system keeps what programs need to run.
const SYSTEM: &[&str] =
    &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/opt", "/nix", "/gnu"];

/// What is told about cores there.
const KERNEL: &[&str] = &["/sys/fs/cgroup", "/sys/devices/system/cpu"];

const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// In `/etc`, and no business of a build.
const SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/kubernetes",
    "/etc/rancher",
    "/etc/NetworkManager",
    "/etc/wireguard",
    "/etc/krb5.keytab",
];

/// One thing that is there; its path is the same inside and outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// A file or directory with everything below it, read-only.
    ReadOnly {
        /// Where it is seen.
        path: PathBuf,
        /// Where it is, without links on the way.
        source: PathBuf,
    },
    /// The same, writable.
    Writable {
        /// Where it is seen.
        path: PathBuf,
        /// Where it is, without links on the way.
        source: PathBuf,
    },
    /// A symbolic link.
    Link {
        /// Where it is.
        path: PathBuf,
        /// What it says.
        target: PathBuf,
    },
    /// A device.
    Device {
        /// Its node.
        path: PathBuf,
    },
    /// An empty directory in memory that anybody may write to.
    Scratch {
        /// Where.
        path: PathBuf,
    },
    /// An empty directory, but for what comes after it in the list.
    Empty {
        /// Where.
        path: PathBuf,
    },
    /// A file that reads as empty.
    Blank {
        /// Where.
        path: PathBuf,
    },
    /// The process file system of the sandbox, read-only.
    Proc,
}

impl Mount {
    /// Where it is seen.
    pub fn path(&self) -> &Path {
        match self {
            Mount::ReadOnly { path, .. }
            | Mount::Writable { path, .. }
            | Mount::Link { path, .. }
            | Mount::Device { path }
            | Mount::Scratch { path }
            | Mount::Empty { path }
            | Mount::Blank { path } => path,
            Mount::Proc => Path::new("/proc"),
        }
    }

    /// Whether something below it need not be listed again.
    fn shows_what_is_below(&self) -> bool {
        matches!(self, Mount::ReadOnly { .. } | Mount::Writable { .. } | Mount::Link { .. })
    }
}

/// What a build needs beside the system.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// To be read.
    pub read: Vec<PathBuf>,
    /// To be written.
    pub write: Vec<PathBuf>,
    /// Directories of which nothing else is to be seen.
    pub sealed: Vec<PathBuf>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// Where temporary files go, if that is said.
    pub tmp: Option<PathBuf>,
}

impl Needs {
    /// What any program of this system needs: nothing is writable.
    pub fn of_system() -> Needs {
        Needs {
            home: std::env::home_dir(),
            path: std::env::var_os("PATH").map(|path| split(&path)).unwrap_or_default(),
            tmp: std::env::var_os("TMPDIR").map(PathBuf::from),
            ..Needs::default()
        }
    }
}

/// The directories of a `PATH`.
pub fn split(path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(path).filter(|dir| dir.is_absolute()).collect()
}

/// Everything that is seen, in the order in which it has to be put there.
pub fn view(needs: &Needs) -> Vec<Mount> {
    let mut list = List::default();
    let home = needs.home.as_deref().filter(|home| home.is_dir() && *home != Path::new("/"));
    for path in SYSTEM.iter().map(Path::new) {
        match std::fs::read_link(path) {
            Ok(target) => list.0.push(Mount::Link { path: path.to_owned(), target }),
            Err(_) => list.read(path),
        }
    }
    KERNEL.iter().for_each(|path| list.read(Path::new(path)));
    for path in DEVICES.iter().map(PathBuf::from).filter(|path| path.exists()) {
        list.0.push(Mount::Device { path });
    }
    for (path, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        let (path, target) = (Path::new("/dev").join(path), format!("/proc/self/fd{target}").into());
        list.0.push(Mount::Link { path, target });
    }
    list.0.push(Mount::Proc);
    let named = needs.tmp.iter().filter(|tmp| tmp.is_absolute() && tmp.is_dir()).cloned();
    for path in ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from).into_iter().chain(named) {
        if !list.0.iter().any(|mount| mount.path() == path) {
            list.0.push(Mount::Scratch { path });
        }
    }
    for path in SECRETS.iter().map(PathBuf::from).filter(|path| path.exists()) {
        list.0.push(if path.is_dir() { Mount::Empty { path } } else { Mount::Blank { path } });
    }
    for (path, _) in home.into_iter().chain(needs.sealed.iter().map(PathBuf::as_path)).flat_map(both) {
        list.0.push(Mount::Empty { path });
    }
    // A directory on PATH that holds homes or temporary files would show them again.
    let holds_too_much = |dir: &Path| {
        let scratch = list.0.iter().filter(|mount| matches!(mount, Mount::Scratch { .. } | Mount::Empty { .. }));
        scratch.map(Mount::path).any(|hidden| hidden.starts_with(dir)) || dir.starts_with("/proc")
    };
    let path: Vec<&PathBuf> = needs.path.iter().filter(|dir| dir.is_dir() && !holds_too_much(dir)).collect();
    path.into_iter().for_each(|dir| list.read(dir));
    needs.read.iter().for_each(|path| list.read(path));
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
struct List(Vec<Mount>);

impl List {
    fn read(&mut self, path: &Path) {
        for (path, source) in both(path) {
            if !self.0.iter().any(|mount| mount.path() == path && mount.shows_what_is_below()) {
                self.0.push(Mount::ReadOnly { path, source });
            }
        }
    }

    fn write(&mut self, path: &Path) {
        for (path, source) in both(path) {
            self.0.retain(|mount| mount.path() != path);
            self.0.push(Mount::Writable { path, source });
        }
    }

    /// Parents first, and without what a parent shows already.
    fn in_order(self) -> Vec<Mount> {
        let mut all = self.0;
        // Of two at one path the one that shows something comes last, and wins.
        all.sort_by(|a, b| a.path().cmp(b.path()).then(a.shows_what_is_below().cmp(&b.shows_what_is_below())));
        let mut kept: Vec<Mount> = Vec::new();
        for mount in all {
            let above = kept.iter().rfind(|above| mount.path().starts_with(above.path()));
            let shown = above.is_some_and(|above| above.shows_what_is_below() && above.path() != mount.path());
            let again = matches!(mount, Mount::ReadOnly { .. }) && shown && !above.is_some_and(is_writable);
            if !again {
                kept.push(mount);
            }
        }
        kept
    }
}

fn is_writable(mount: &Mount) -> bool {
    matches!(mount, Mount::Writable { .. })
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
