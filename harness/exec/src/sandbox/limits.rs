//! How much all sandboxed commands may use, and what enforces it: a control group where one can
//! be made, else `setrlimit`.
//!
//! Version 2 has one tree, in which a group may hold processes or give controllers to its children, not both. So ours
//! is made in the nearest group above us that gives out `memory` and `pids` and lets us write. Version 1 has a tree for
//! each controller; ours are made in the groups we are in. Whether it holds is not derived from files: the sandbox is
//! tried before the run, and a process that cannot enter the group fails the trial.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::host::HostFacts;
use crate::identity::ProcessIdentity;

/// Processes and threads of all builds that run at once.
pub const PROCESSES: u32 = 4096;

/// Seconds one command may take.
pub const TIME_S: u64 = 2 * 60 * 60;

/// Where the memory of the machine is not known.
const MEMORY_BYTES: u64 = 8 << 30;

const ROOT: &str = "/sys/fs/cgroup";
const NAME: &str = "cargo-cache-harness-";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxLimits {
    /// Bytes of memory, of all builds that run at once together.
    pub memory_bytes: u64,
    /// Processes and threads, likewise.
    pub processes: u32,
    /// Seconds each command may take.
    pub time_s: u64,
}

impl SandboxLimits {
    /// Three quarters of the machine's memory, whole MiB: the rest keeps the machine alive.
    pub fn default_memory() -> u64 {
        let memory = HostFacts::detect().memory_bytes.map(|all| all / 4 * 3);
        memory.unwrap_or(MEMORY_BYTES) >> 20 << 20
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcer {
    Cgroup2,
    Cgroup1,
    /// `setrlimit`: each process by itself where it is memory (address space, of which compilers
    /// reserve more than they use), the user as a whole where it is processes.
    Rlimit,
    Nothing,
}

impl fmt::Display for Enforcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Enforcer::Cgroup2 => "cgroup v2",
            Enforcer::Cgroup1 => "cgroup v1",
            Enforcer::Rlimit => "rlimit",
            Enforcer::Nothing => "nothing",
        })
    }
}

/// Limits for `setrlimit`, in place of a control group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Bytes of address space of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_space: Option<u64>,
    /// Processes of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
}

/// Control groups of our own that limit memory and processes of all builds together; one in
/// version 2. Dropping it removes them; nothing runs in them by then.
#[derive(Debug)]
pub(super) struct ControlGroup {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    version: Enforcer,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LimitHits {
    pub memory: u64,
    pub processes: u64,
}

impl ControlGroup {
    /// Makes one with these limits; `None` where the system does not let us.
    pub fn make(limits: &SandboxLimits) -> Option<ControlGroup> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        ControlGroup::make_in(Path::new(ROOT), &own, limits)
    }

    fn make_in(root: &Path, own: &str, limits: &SandboxLimits) -> Option<ControlGroup> {
        let two = version_2(root, own).find_map(|parent| {
            let dir = fresh(&parent).ok()?;
            let group = ControlGroup { memory: Some(dir.clone()), pids: Some(dir.clone()), version: Enforcer::Cgroup2 };
            group.limit("memory.max", limits).ok()?;
            // Else what does not fit is swapped out, which is not what was asked for.
            let _ = fs::write(dir.join("memory.swap.max"), "0");
            Some(group)
        });
        two.or_else(|| {
            let of = |controller: &str| fresh(&version_1(root, own, controller)?).ok();
            let group = ControlGroup { memory: of("memory"), pids: of("pids"), version: Enforcer::Cgroup1 };
            group.limit("memory.limit_in_bytes", limits).ok()?;
            (group.memory.is_some() || group.pids.is_some()).then_some(group)
        })
    }

    fn limit(&self, memory: &str, limits: &SandboxLimits) -> io::Result<()> {
        if let Some(dir) = &self.memory {
            fs::write(dir.join(memory), limits.memory_bytes.to_string())?;
        }
        if let Some(dir) = &self.pids {
            fs::write(dir.join("pids.max"), limits.processes.to_string())?;
        }
        Ok(())
    }

    pub(crate) fn memory_by(&self) -> Option<Enforcer> {
        self.memory.as_ref().map(|_| self.version)
    }

    pub(crate) fn processes_by(&self) -> Option<Enforcer> {
        self.pids.as_ref().map(|_| self.version)
    }

    pub fn cgroup_procs(&self) -> Vec<PathBuf> {
        let dirs = [&self.memory, &self.pids].into_iter().flatten();
        let mut files: Vec<PathBuf> = dirs.map(|dir| dir.join("cgroup.procs")).collect();
        files.dedup();
        files
    }

    pub fn hits(&self) -> LimitHits {
        let read = |dir: &Option<PathBuf>, file: &str, name: &str| {
            let text = fs::read_to_string(dir.as_ref()?.join(file)).ok()?;
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        };
        let file = if self.version == Enforcer::Cgroup2 { "memory.events" } else { "memory.oom_control" };
        LimitHits {
            memory: read(&self.memory, file, "oom_kill ").unwrap_or(0),
            processes: read(&self.pids, "pids.events", "max ").unwrap_or(0),
        }
    }
}

impl Drop for ControlGroup {
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

fn version_2<'a>(root: &'a Path, own: &str) -> impl Iterator<Item = PathBuf> + use<'a> {
    let place = own.lines().find_map(|line| line.strip_prefix("0::/")).map(|path| root.join(path));
    let above: Vec<PathBuf> = place.iter().flat_map(|place| place.ancestors().map(Path::to_owned)).collect();
    let gives_out = |dir: &PathBuf| {
        let text = fs::read_to_string(dir.join("cgroup.subtree_control")).unwrap_or_default();
        ["memory", "pids"].iter().all(|controller| text.split_whitespace().any(|word| word == *controller))
    };
    above.into_iter().take_while(move |dir| dir.starts_with(root)).filter(gives_out)
}

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

/// A new group in `parent`, after removing those of runs that are no more.
fn fresh(parent: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(parent)?.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid: u32| !ProcessIdentity::of(pid).is_alive()) {
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

    const LIMITS: SandboxLimits = SandboxLimits { memory_bytes: 1 << 30, processes: 77, time_s: 1 };

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
    fn version_2_goes_up_to_the_group_that_gives_out_controllers() {
        let tree = tree(&[
            ("cgroup.subtree_control", "cpu memory pids"),
            ("user/cgroup.subtree_control", "memory pids"),
            ("user/app/cgroup.subtree_control", "memory"),
        ]);
        let group = ControlGroup::make_in(tree.path(), "0::/user/app\n", &LIMITS).unwrap();
        let dir = group.memory.clone().unwrap();
        assert_eq!(dir.parent().unwrap(), tree.path().join("user"));
        assert_eq!(fs::read_to_string(dir.join("memory.max")).unwrap(), (1u64 << 30).to_string());
        assert_eq!(fs::read_to_string(dir.join("pids.max")).unwrap(), "77");
        assert_eq!(group.cgroup_procs(), [dir.join("cgroup.procs")]);
        assert_eq!((group.memory_by(), group.processes_by()), (Some(Enforcer::Cgroup2), Some(Enforcer::Cgroup2)));
        fs::write(dir.join("memory.events"), "oom 3\noom_kill 2\n").unwrap();
        fs::write(dir.join("pids.events"), "max 5\n").unwrap();
        assert_eq!(group.hits(), LimitHits { memory: 2, processes: 5 });
    }

    #[test]
    fn version_1_has_a_group_for_each_controller() {
        let tree = tree(&[("memory/mine/cgroup.procs", ""), ("pids/cgroup.procs", "")]);
        let own = "8:pids:/gone\n4:memory:/mine\n0::/\n";
        let group = ControlGroup::make_in(tree.path(), own, &LIMITS).unwrap();
        assert_eq!(group.cgroup_procs().len(), 2);
        assert_eq!(group.memory.as_ref().unwrap().parent().unwrap(), tree.path().join("memory/mine"));
        assert_eq!(group.memory_by(), Some(Enforcer::Cgroup1));
        assert!(ControlGroup::make_in(tree.path(), "0::/\n", &LIMITS).is_none());
    }
}
