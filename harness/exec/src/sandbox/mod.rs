//! Builds of strangers' code in a closed room: `--sandbox`.
//!
//! No network but a loopback of its own, a file system of which little is seen and less can be
//! written, no way out of it by privileges, and limits on memory, processes and time. It wraps a
//! [`CommandSpec`]: what was to be run is run inside, with the same paths, user and environment.
//!
//! | file | its one idea |
//! |---|---|
//! | [`view`] | what is seen of the file system |
//! | [`limits`], [`cgroup`] | how much may be used, and what enforces it |
//! | [`entry`] | the harness in front of every sandboxed program: limits, and counting |
//! | [`bubblewrap`] | the view as arguments of Bubblewrap |
//! | `namespaces`, `mounts`, `mountinfo`, `loopback` | the same made by ourselves |
//! | [`obstacle`] | why there is none, and what to do |
//! | [`overhead`] | what starting a program in it costs |
//! | [`escape`] | links a build left for the harness to follow |

pub mod bubblewrap;
pub mod cgroup;
pub mod entry;
pub mod escape;
pub mod limits;
#[cfg(target_os = "linux")]
mod loopback;
#[cfg(target_os = "linux")]
mod mountinfo;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod namespaces;
pub mod obstacle;
pub mod overhead;
pub mod view;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::CommandSpec;
use super::interrupt::Supervisor;
use super::process;
use super::toolchain::on_path;
use cgroup::{Group, Hits};
use entry::Job;
use limits::{By, Limits, Rlimits};
pub use obstacle::SandboxError;
use view::{Mount, Needs};

/// How a sandbox is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By Bubblewrap (`bwrap`).
    Bubblewrap,
    /// By ourselves.
    Namespaces,
}

impl Kind {
    /// The one taken where it can be had comes first.
    pub const ALL: [Kind; 2] = [Kind::Bubblewrap, Kind::Namespaces];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Bubblewrap => "bubblewrap",
            Kind::Namespaces => "namespaces",
        })
    }
}

/// The sandbox that was asked for, as a run keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxSpec {
    /// How it is made.
    pub kind: Kind,
    /// How much may be used in it.
    #[serde(flatten)]
    pub limits: Limits,
    /// What can be read besides what is always there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<PathBuf>,
}

/// A sandbox that was tried.
#[derive(Debug)]
pub struct Sandbox {
    spec: SandboxSpec,
    exe: PathBuf,
    bwrap: Option<PathBuf>,
    version: Option<String>,
    group: Option<Group>,
    rlimits: Rlimits,
    view: Vec<Mount>,
    told: Mutex<Hits>,
}

/// What enforces each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enforced {
    /// Memory.
    pub memory: By,
    /// Processes.
    pub processes: By,
}

impl Sandbox {
    /// The first kind that works here, tried on a trivial program, and what limits it.
    ///
    /// # Errors
    /// When none does: one line that says why and what to do.
    pub fn find(supervisor: &Supervisor) -> Result<(Kind, Enforced), SandboxError> {
        let mut why = None;
        for kind in Kind::ALL {
            match Sandbox::try_kind(kind, supervisor) {
                Ok(enforced) => return Ok((kind, enforced)),
                Err(error @ SandboxError::Interrupted(_)) => return Err(error),
                // Of two reasons the one that lies in the system tells more than "not installed".
                Err(error) => why = Some(error),
            }
        }
        Err(why.unwrap_or(SandboxError::NotLinux))
    }

    /// Whether this kind works here, and what limits it.
    ///
    /// # Errors
    /// When it does not: one line that says why and what to do.
    pub fn try_kind(kind: Kind, supervisor: &Supervisor) -> Result<Enforced, SandboxError> {
        let limits = Limits { memory_bytes: Limits::default_memory(), processes: limits::PROCESSES, time_s: 20 };
        let spec = SandboxSpec { kind, limits, read: Vec::new() };
        Sandbox::open(spec, Needs::of_system(), supervisor).map(|sandbox| sandbox.enforced())
    }

    /// Makes one for these needs and tries it.
    ///
    /// # Errors
    /// When it does not work here: one line that says why and what to do.
    pub fn open(spec: SandboxSpec, mut needs: Needs, supervisor: &Supervisor) -> Result<Sandbox, SandboxError> {
        if !cfg!(target_os = "linux") {
            return Err(SandboxError::NotLinux);
        }
        let bwrap = match spec.kind {
            Kind::Bubblewrap => Some(on_path("bwrap").ok_or(SandboxError::NoBubblewrap)?),
            Kind::Namespaces => None,
        };
        let exe = std::env::current_exe().map_err(SandboxError::NoSelf)?;
        needs.read.extend(spec.read.iter().chain([&exe]).cloned());
        let group = Group::make(&spec.limits);
        let missing = |by: Option<By>| by.is_none();
        let rlimits = Rlimits {
            address_space: missing(group.as_ref().and_then(Group::memory_by)).then_some(spec.limits.memory_bytes),
            processes: missing(group.as_ref().and_then(Group::processes_by)).then_some(spec.limits.processes.into()),
        };
        let mut sandbox = Sandbox {
            exe,
            bwrap,
            version: None,
            group,
            rlimits,
            view: view::view(&needs),
            told: Mutex::default(),
            spec,
        };
        sandbox.try_out(supervisor)?;
        sandbox.version = sandbox.bwrap.as_deref().and_then(|bwrap| version(bwrap, supervisor));
        Ok(sandbox)
    }

    fn try_out(&self, supervisor: &Supervisor) -> Result<(), SandboxError> {
        let trivial = on_path("true").ok_or(SandboxError::NothingToTry)?;
        let spec = self.confine(CommandSpec::new(trivial, "/")).timeout(Duration::from_secs(20));
        match process::run(&spec, supervisor, &mut |_, _| ()) {
            Ok(finished) if finished.status.success() => Ok(()),
            Ok(finished) => Err(obstacle::explain(self.spec.kind, &finished.stderr_text())),
            Err(process::ProcessError::Interrupted(interrupted)) => Err(interrupted.into()),
            Err(error) => Err(obstacle::explain(self.spec.kind, &error.to_string())),
        }
    }

    /// The same command inside. Its limit is the shorter of its own and the sandbox's.
    #[must_use]
    pub fn confine(&self, spec: CommandSpec) -> CommandSpec {
        let job = Job {
            kind: self.spec.kind,
            exe: self.exe.clone(),
            bwrap: self.bwrap.clone(),
            doors: self.group.iter().flat_map(Group::doors).collect(),
            rlimits: self.rlimits,
            view: self.view.clone(),
            cwd: spec.cwd.clone(),
        };
        let limit = Duration::from_secs(self.spec.limits.time_s);
        let CommandSpec { program, args, timeout, .. } = &spec;
        // A list of plain values: it cannot fail to become text.
        let told = serde_json::to_string(&job).unwrap_or_default();
        let inner = std::iter::once(program.clone().into_os_string()).chain(args.iter().cloned());
        let args = [OsString::from(entry::ENTER), told.into()].into_iter().chain(inner).collect();
        let timeout = Some(timeout.map_or(limit, |own| own.min(limit)));
        let shown = Some(spec.display());
        CommandSpec { program: self.exe.clone(), args, timeout, shown, ..spec }
    }

    /// What was asked for.
    pub fn spec(&self) -> &SandboxSpec {
        &self.spec
    }

    /// Bubblewrap's version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// What enforces its limits.
    pub fn enforced(&self) -> Enforced {
        let group = self.group.as_ref();
        // Root is exempt from the system's limit on processes of a user.
        let fallback = if crate::identity::is_root() { By::Nothing } else { By::Rlimit };
        Enforced {
            memory: group.and_then(Group::memory_by).unwrap_or(By::Rlimit),
            processes: group.and_then(Group::processes_by).unwrap_or(fallback),
        }
    }

    /// Which limits were hit since this was asked the last time; nothing where nobody counts.
    pub fn news(&self) -> Option<String> {
        let now = self.group.as_ref()?.hits();
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = std::mem::replace(&mut *told, now);
        let memory = now.memory > before.memory;
        let processes = now.processes > before.processes;
        let parts = [
            memory.then(|| format!("its memory limit of {} MiB ended a process", self.spec.limits.memory_bytes >> 20)),
            processes.then(|| format!("its limit of {} processes was reached", self.spec.limits.processes)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// The first line of `bwrap --version`.
fn version(bwrap: &Path, supervisor: &Supervisor) -> Option<String> {
    let spec = CommandSpec::new(bwrap, "/").arg("--version").timeout(Duration::from_secs(20));
    let (_, stdout) = process::run_captured(&spec, supervisor).ok()?;
    Some(stdout.first()?.trim_start_matches("bubblewrap").trim().to_owned())
}
