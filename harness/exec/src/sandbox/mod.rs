//! Builds of untrusted code in a sandbox made by Bubblewrap: `--sandbox`.
//!
//! No network but a loopback of its own, a view of the file system in which little is seen and less can be written
//! ([`view`]), no privileges and no way to gain any ([`entry`]), and limits on memory, processes and time ([`limits`]).
//! A command runs inside with the paths, user and environment that it would have outside.
//!
//! [`run`] is the one place through which every sandboxed command goes. The harness, outside,
//! then restores, publishes and edits files in the tree that the command wrote, so [`run`] also
//! looks through that tree before it returns (`links`).

pub mod entry;
pub mod limits;
mod links;
pub mod view;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::interrupt::{Interrupted, Supervisor};
use super::process::{CommandSpec, Finished, ProcessError, Stream};
use super::toolchain::on_path;
use super::{os, process};
use entry::SandboxJob;
use limits::{ControlGroup, Enforcer, LimitHits, ResourceLimits, SandboxLimits};
use view::SandboxNeeds;

const PATIENCE: Duration = Duration::from_secs(20);

/// What makes the sandbox. Run folders have had a second word for it, `namespaces`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxKind {
    #[default]
    Bubblewrap,
}

impl SandboxKind {
    /// The name in run folders.
    pub fn as_str(self) -> &'static str {
        "bubblewrap"
    }
}

/// The sandbox that was asked for, as the options of a run record it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxSpec {
    pub kind: SandboxKind,
    #[serde(flatten)]
    pub limits: SandboxLimits,
    /// What can be read besides what is always there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("`--sandbox` needs Linux; leave it out, or run in a virtual machine")]
    NotLinux,
    #[error("`--sandbox` needs `bwrap`, which is not on PATH; on Debian: apt-get install bubblewrap")]
    NoBubblewrap,
    #[error("`--sandbox` cannot be tried without the program `true`; put it on PATH")]
    NothingToTry,
    #[error("`--sandbox` cannot find the harness itself: {0}; start it by its path")]
    NoSelf(std::io::Error),
    #[error("`--sandbox` does not work here ({reason}); {remedy}")]
    Refused { reason: String, remedy: &'static str },
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A sandbox that was tried.
#[derive(Debug)]
pub struct Sandbox {
    pub spec: SandboxSpec,
    exe: PathBuf,
    pub version: Option<String>,
    pub enforcers: Enforcers,
    group: Option<ControlGroup>,
    /// Of any command; each has its own directory.
    job: SandboxJob,
    writable: Vec<PathBuf>,
    reported: Mutex<LimitHits>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enforcers {
    pub memory: Enforcer,
    pub processes: Enforcer,
}

/// Median times of starting a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartOverhead {
    pub inside: Duration,
    pub outside: Duration,
}

/// Runs a command of untrusted code: in the sandbox, if there is one.
///
/// After a sandboxed command, however it ended, links that lead out of the writable directories
/// and special files are removed from them. How long that took is [`Finished::inspection`].
pub fn run(
    sandbox: Option<&Sandbox>,
    spec: &CommandSpec,
    supervisor: &Supervisor,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Finished, ProcessError> {
    let Some(sandbox) = sandbox else { return process::run(spec, supervisor, on_line) };
    let outcome = process::run(&sandbox.confine(spec), supervisor, on_line);
    let began = Instant::now();
    let mut found = Vec::new();
    for tree in &sandbox.writable {
        let left = links::remove_leading_out(tree);
        found.extend(left.map_err(|source| ProcessError::Inspection { tree: tree.clone(), source })?);
    }
    match outcome {
        Err(ProcessError::Interrupted(interrupted)) => Err(interrupted.into()),
        _ if !found.is_empty() => Err(ProcessError::LeftLinks { found }),
        outcome => outcome.map(|finished| Finished { inspection: began.elapsed(), ..finished }),
    }
}

/// Runs a command as [`run`] and keeps its standard output, line by line.
pub fn run_captured(
    sandbox: Option<&Sandbox>,
    spec: &CommandSpec,
    supervisor: &Supervisor,
) -> Result<(Finished, Vec<String>), ProcessError> {
    process::captured(|on_line| run(sandbox, spec, supervisor, on_line))
}

impl Sandbox {
    /// What limits a sandbox here, tried on a trivial program.
    /// Fails when it does not work here: one line that says why and what to do.
    pub fn probe(supervisor: &Supervisor) -> Result<Enforcers, SandboxError> {
        let memory_bytes = SandboxLimits::default_memory();
        let limits = SandboxLimits { memory_bytes, processes: limits::PROCESSES, time_s: PATIENCE.as_secs() };
        let spec = SandboxSpec { kind: SandboxKind::Bubblewrap, limits, read: Vec::new() };
        Sandbox::open(spec, SandboxNeeds::of_system(), supervisor).map(|sandbox| sandbox.enforcers)
    }

    /// Makes one for these needs and tries it. Fails when it does not work here: one line that says why and what to do.
    pub fn open(spec: SandboxSpec, mut needs: SandboxNeeds, supervisor: &Supervisor) -> Result<Sandbox, SandboxError> {
        if !cfg!(target_os = "linux") {
            return Err(SandboxError::NotLinux);
        }
        let bwrap = on_path("bwrap").ok_or(SandboxError::NoBubblewrap)?;
        let exe = std::env::current_exe().map_err(SandboxError::NoSelf)?;
        needs.read.extend(spec.read.iter().cloned());
        let group = ControlGroup::make(&spec.limits);
        let by = |of: fn(&ControlGroup) -> Option<Enforcer>| group.as_ref().and_then(of);
        let (memory, processes) = (by(ControlGroup::memory_by), by(ControlGroup::processes_by));
        let rlimits = ResourceLimits {
            address_space: memory.is_none().then_some(spec.limits.memory_bytes),
            processes: processes.is_none().then_some(spec.limits.processes.into()),
        };
        // Root is exempt from the system's limit on processes of a user.
        let fallback = if os::is_root() { Enforcer::Nothing } else { Enforcer::Rlimit };
        let enforcers =
            Enforcers { memory: memory.unwrap_or(Enforcer::Rlimit), processes: processes.unwrap_or(fallback) };
        let job = SandboxJob {
            cgroup_procs: group.iter().flat_map(ControlGroup::cgroup_procs).collect(),
            rlimits,
            view: view::view(&needs),
            cwd: PathBuf::from("/"),
            bwrap,
        };
        let version = version(&job.bwrap, supervisor);
        let writable = needs.write.into_iter().filter(|path| path.is_dir()).collect();
        let sandbox = Sandbox { spec, exe, version, enforcers, group, job, writable, reported: Mutex::default() };
        let trivial = CommandSpec::new(on_path("true").ok_or(SandboxError::NothingToTry)?, "/").timeout(PATIENCE);
        match run(Some(&sandbox), &trivial, supervisor, &mut |_, _| ()) {
            Ok(finished) if finished.status.success() => Ok(sandbox),
            Ok(finished) => Err(refused(&finished.stderr_text())),
            Err(ProcessError::Interrupted(interrupted)) => Err(SandboxError::from(interrupted)),
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    /// The same command inside. Its limit is the shorter of its own and the sandbox's.
    fn confine(&self, spec: &CommandSpec) -> CommandSpec {
        let job = SandboxJob { cwd: spec.cwd.clone(), ..self.job.clone() };
        let limit = Duration::from_secs(self.spec.limits.time_s);
        // A list of plain values: it cannot fail to become text.
        let job = serde_json::to_string(&job).unwrap_or_default();
        let inner = std::iter::once(spec.program.clone().into_os_string()).chain(spec.args.iter().cloned());
        CommandSpec {
            program: self.exe.clone(),
            args: [OsString::from(entry::ENTER), job.into()].into_iter().chain(inner).collect(),
            timeout: Some(spec.timeout.map_or(limit, |own| own.min(limit))),
            shown: Some(spec.display()),
            ..spec.clone()
        }
    }

    /// Which limits were hit since the last call; `None` where nobody counts.
    pub fn limit_events(&self) -> Option<String> {
        let now = self.group.as_ref()?.hits();
        let before = std::mem::replace(&mut *self.reported.lock().unwrap_or_else(PoisonError::into_inner), now);
        let SandboxLimits { memory_bytes, processes, .. } = self.spec.limits;
        let mut events = Vec::new();
        if now.memory > before.memory {
            events.push(format!("its memory limit of {} MiB ended a process", memory_bytes >> 20));
        }
        if now.processes > before.processes {
            events.push(format!("its limit of {processes} processes was reached"));
        }
        (!events.is_empty()).then(|| events.join(", "))
    }

    /// Measures what it costs to start a program inside, best one that does next to nothing.
    /// Fails when the program cannot be run, or the run is interrupted.
    pub fn start_overhead(
        &self,
        program: &CommandSpec,
        supervisor: &Supervisor,
    ) -> Result<StartOverhead, ProcessError> {
        let wall = |sandbox| Ok::<_, ProcessError>(run(sandbox, program, supervisor, &mut |_, _| ())?.wall);
        let [outside, inside] = process::medians(|| wall(None), || wall(Some(self)))?;
        Ok(StartOverhead { inside, outside })
    }
}

fn version(bwrap: &Path, supervisor: &Supervisor) -> Option<String> {
    let spec = CommandSpec::new(bwrap, "/").arg("--version").timeout(PATIENCE);
    let (_, stdout) = process::run_captured(&spec, supervisor).ok()?;
    Some(stdout.first()?.trim_start_matches("bubblewrap").trim().to_owned())
}

fn refused(stderr: &str) -> SandboxError {
    let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let reason = last.trim_start_matches("error: sandbox: ").trim_start_matches("bwrap: ").to_owned();
    SandboxError::Refused { reason, remedy: remedy(Path::new("/proc/sys")) }
}

fn remedy(sysctls: &Path) -> &'static str {
    let is =
        |name: &str, value: &str| std::fs::read_to_string(sysctls.join(name)).is_ok_and(|text| text.trim() == value);
    if is("kernel/unprivileged_userns_clone", "0") {
        "as root: sysctl kernel.unprivileged_userns_clone=1"
    } else if is("user/max_user_namespaces", "0") {
        "as root: sysctl user.max_user_namespaces=10000"
    } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        "AppArmor forbids user namespaces; as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    } else {
        "in a container it takes --privileged, or --cap-add SYS_ADMIN with --security-opt seccomp=unconfined, \
         apparmor=unconfined and systempaths=unconfined; elsewhere run as root"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_that_forbids_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (name, word) in [
            ("kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone=1"),
            ("user/max_user_namespaces", "user.max_user_namespaces"),
        ] {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "0\n").unwrap();
            assert!(remedy(dir.path()).contains(word), "{name}");
            std::fs::write(&file, "1\n").unwrap();
        }
        assert!(remedy(dir.path()).contains("container"));
        std::fs::write(dir.path().join("kernel/apparmor_restrict_unprivileged_userns"), "1\n").unwrap();
        assert!(remedy(dir.path()).contains("AppArmor"));
    }

    #[test]
    fn a_refusal_is_one_line_with_the_last_line() {
        let error = refused("noise\nbwrap: No permissions to create new namespace\n").to_string();
        assert!(
            error.starts_with("`--sandbox` does not work here (No permissions to create new namespace); "),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
    }

    #[test]
    fn run_folders_have_the_kind_and_one_of_another_kind_is_refused() {
        let text = r#"{"kind":"bubblewrap","memory_bytes":1,"processes":2,"time_s":3}"#;
        let spec: SandboxSpec = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), text);
        let older = text.replace("bubblewrap", "namespaces");
        let error = serde_json::from_str::<SandboxSpec>(&older).unwrap_err().to_string();
        assert!(error.contains("`namespaces`") && error.contains("`bubblewrap`"), "{error}");
    }
}
