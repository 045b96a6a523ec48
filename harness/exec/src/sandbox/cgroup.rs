//! A control group of our own, which limits memory and processes of all builds together.
//!
//! Version 2 has one tree, in which a group may hold processes or give controllers to its
//! children, not both. So ours is made below the nearest group above us that hands out `memory`
//! and `pids` and lets us write: below our own where we are its only kind of inhabitant, below
//! the session's or the user's otherwise. Version 1 has a tree for each controller; ours go
//! below the groups we are in.
//!
//! Whether it holds is not derived from files: the sandbox is tried before the run, and a
//! process that cannot enter the group fails the trial.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::limits::{By, Limits};
use crate::identity::Identity;

const ROOT: &str = "/sys/fs/cgroup";
const NAME: &str = "cargo-cache-harness-";

/// Our group. Dropping it removes it; nothing runs in it by then.
#[derive(Debug)]
pub struct Group {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    by: By,
}

/// How often a limit was hit since the group exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hits {
    /// Processes ended for want of memory.
    pub memory: u64,
    /// Processes that could not be started.
    pub processes: u64,
}

impl Group {
    /// Makes one with these limits, as far as the system lets us; `None` where it does not.
    pub fn make(limits: &Limits) -> Option<Group> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        Group::make_in(Path::new(ROOT), &own, limits)
    }

    fn make_in(root: &Path, own: &str, limits: &Limits) -> Option<Group> {
        let two = version_2(root, own).find_map(|parent| {
            let dir = fresh(&parent).ok()?;
            let group = Group { memory: Some(dir.clone()), pids: Some(dir), by: By::Cgroup2 };
            group.limit("memory.max", limits).ok()?;
            // Else what does not fit is swapped out, which is not what was asked for.
            let _ = group.memory.as_ref().map(|dir| fs::write(dir.join("memory.swap.max"), "0"));
            Some(group)
        });
        two.or_else(|| {
            let of = |controller: &str| fresh(&version_1(root, own, controller)?).ok();
            let group = Group { memory: of("memory"), pids: of("pids"), by: By::Cgroup1 };
            group.limit("memory.limit_in_bytes", limits).ok()?;
            (group.memory.is_some() || group.pids.is_some()).then_some(group)
        })
    }

    fn limit(&self, memory: &str, limits: &Limits) -> io::Result<()> {
        if let Some(dir) = &self.memory {
            fs::write(dir.join(memory), limits.memory_bytes.to_string())?;
        }
        if let Some(dir) = &self.pids {
            fs::write(dir.join("pids.max"), limits.processes.to_string())?;
        }
        Ok(())
    }

    /// What limits memory, if it does.
    pub fn memory_by(&self) -> Option<By> {
        self.memory.as_ref().map(|_| self.by)
    }

    /// What limits processes, if it does.
    pub fn processes_by(&self) -> Option<By> {
        self.pids.as_ref().map(|_| self.by)
    }

    /// The files a process enters it by, writing its number.
    pub fn doors(&self) -> Vec<PathBuf> {
        let mut doors: Vec<PathBuf> =
            [&self.memory, &self.pids].into_iter().flatten().map(|dir| dir.join("cgroup.procs")).collect();
        doors.dedup();
        doors
    }

    /// How often its limits were hit.
    pub fn hits(&self) -> Hits {
        let read = |dir: &Option<PathBuf>, file: &str, name: &str| {
            let text = fs::read_to_string(dir.as_ref()?.join(file)).ok()?;
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        };
        let memory = match self.by {
            By::Cgroup2 => read(&self.memory, "memory.events", "oom_kill "),
            _ => read(&self.memory, "memory.oom_control", "oom_kill "),
        };
        Hits { memory: memory.unwrap_or(0), processes: read(&self.pids, "pids.events", "max ").unwrap_or(0) }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for dir in [&self.memory, &self.pids].into_iter().flatten() {
            // The kernel lets go of the last process a moment after it was waited for.
            for _ in 0..50 {
                match fs::remove_dir(dir) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                    _ => break,
                }
            }
        }
    }
}

/// Groups of version 2 below which ours could be, the nearest first.
fn version_2<'a>(root: &'a Path, own: &str) -> impl Iterator<Item = PathBuf> + use<'a> {
    let place = own.lines().find_map(|line| line.strip_prefix("0::/")).map(|path| root.join(path));
    let above: Vec<PathBuf> = place.iter().flat_map(|place| place.ancestors().map(Path::to_owned)).collect();
    let hands_out = |dir: &PathBuf| {
        let text = fs::read_to_string(dir.join("cgroup.subtree_control")).unwrap_or_default();
        ["memory", "pids"].iter().all(|controller| text.split_whitespace().any(|word| word == *controller))
    };
    above.into_iter().take_while(move |dir| dir.starts_with(root)).filter(hands_out)
}

/// The group of version 1 that we are in, of one controller.
fn version_1(root: &Path, own: &str, controller: &str) -> Option<PathBuf> {
    let place = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        let path = fields.next()?;
        controllers.split(',').any(|one| one == controller).then_some(path)
    })?;
    // In a container the path may be one of the host's.
    let dir = root.join(controller);
    [dir.join(place.trim_start_matches('/')), dir].into_iter().find(|dir| dir.join("cgroup.procs").exists())
}

/// A new group below `parent`, after removing those of runs that are no more.
fn fresh(parent: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(parent)?.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid: u32| !Identity::of(pid).is_alive()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
    let mut number = 0;
    loop {
        let dir = parent.join(format!("{NAME}{}-{number}", std::process::id()));
        match fs::create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| dir),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_bytes: 1 << 30, processes: 77, time_s: 1 };

    /// A made-up tree of control groups: plain files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn version_2_goes_up_to_the_group_that_hands_out_controllers() {
        let tree = tree(&[
            ("cgroup.subtree_control", "cpu memory pids"),
            ("user/cgroup.subtree_control", "memory pids"),
            ("user/app/cgroup.subtree_control", "memory"),
        ]);
        let group = Group::make_in(tree.path(), "0::/user/app\n", &LIMITS).unwrap();
        let dir = group.memory.clone().unwrap();
        assert_eq!(dir.parent().unwrap(), tree.path().join("user"));
        assert_eq!(fs::read_to_string(dir.join("memory.max")).unwrap(), (1u64 << 30).to_string());
        assert_eq!(fs::read_to_string(dir.join("pids.max")).unwrap(), "77");
        assert_eq!(group.doors(), [dir.join("cgroup.procs")]);
        assert_eq!((group.memory_by(), group.processes_by()), (Some(By::Cgroup2), Some(By::Cgroup2)));
        fs::write(dir.join("memory.events"), "oom 3\noom_kill 2\n").unwrap();
        fs::write(dir.join("pids.events"), "max 5\n").unwrap();
        assert_eq!(group.hits(), Hits { memory: 2, processes: 5 });
    }

    #[test]
    fn version_1_has_a_group_for_each_controller() {
        let tree = tree(&[("memory/mine/cgroup.procs", ""), ("pids/cgroup.procs", "")]);
        let own = "8:pids:/gone\n4:memory:/mine\n0::/\n";
        let group = Group::make_in(tree.path(), own, &LIMITS).unwrap();
        assert_eq!(group.doors().len(), 2);
        assert_eq!(group.memory.as_ref().unwrap().parent().unwrap(), tree.path().join("memory/mine"));
        assert_eq!(group.memory_by(), Some(By::Cgroup1));
        assert!(Group::make_in(tree.path(), "0::/\n", &LIMITS).is_none());
    }
}
