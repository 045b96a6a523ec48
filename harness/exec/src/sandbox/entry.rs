//! The hidden subcommand in front of every sandboxed program: `harness sandbox-enter JOB PROGRAM ARGS…`, which starts
//! `bwrap`, which starts another `bwrap` as process 1 of the new PID namespace, which starts Cargo.
//!
//! A process of ours has to be in front, because a limit must be in force before the program begins, and because
//! `bwrap` ends with the program without waiting for process 1, which holds the CPU time of all that ended inside.
//! `sandbox-enter` is a subreaper: it inherits process 1 and waits for it, and so the harness's `wait4` has all of the
//! time. `--die-with-parent` ends whatever is left inside as soon as `bwrap` is gone, also when it is killed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::limits::ResourceLimits;
use super::view::{MountKind, SandboxMount};
use crate::os;

/// First argument of the process in front of the sandbox.
pub const ENTER: &str = "sandbox-enter";

const FAILED: i32 = 125;

/// The arguments of `sandbox-enter`, but for the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxJob {
    pub bwrap: PathBuf,
    /// The `cgroup.procs` files of the control groups to enter.
    pub cgroup_procs: Vec<PathBuf>,
    /// Limits in place of control groups.
    pub rlimits: ResourceLimits,
    pub view: Vec<SandboxMount>,
    pub cwd: PathBuf,
}

/// Enters a sandbox when this process was started for it, and then never returns.
pub fn main_if_invoked() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|role| role != ENTER) {
        return;
    }
    let job = args.next().and_then(|job| job.into_string().ok()).ok_or("its first argument is missing".to_owned());
    let job = job.and_then(|text| serde_json::from_str(&text).map_err(|error| format!("its first argument: {error}")));
    let code = job.and_then(|job| enter(&job, args)).unwrap_or_else(|why| {
        eprintln!("error: sandbox: {why}");
        FAILED
    });
    std::process::exit(code)
}

fn enter(job: &SandboxJob, program: impl Iterator<Item = OsString>) -> Result<i32, String> {
    // A directory that the harness was started with would lead out of the sandbox.
    os::close_on_exec().map_err(|error| format!("cannot close inherited files: {error}"))?;
    for file in &job.cgroup_procs {
        std::fs::write(file, std::process::id().to_string())
            .map_err(|error| format!("cannot enter the control group by {}: {error}", file.display()))?;
    }
    let ResourceLimits { address_space, processes } = job.rlimits;
    os::set_limits(address_space, processes).map_err(|error| format!("cannot set limits: {error}"))?;
    os::become_subreaper().map_err(|error| format!("cannot become a subreaper: {error}"))?;
    let mut command = Command::new(&job.bwrap);
    let child = command.args(bubblewrap_arguments(&job.view, &job.cwd)).arg("--").args(program).spawn();
    let child = child.map_err(|error| format!("cannot start {}: {error}", job.bwrap.display()))?;
    let mut code = 1;
    while let Some((pid, its_code)) = os::wait_for_any_child().map_err(|error| format!("lost track of it: {error}"))? {
        if pid == child.id() {
            code = its_code;
        }
    }
    Ok(code)
}

/// The arguments of `bwrap` before the program: no network, own processes, no capabilities, no
/// way to gain any, and the list of what is seen.
fn bubblewrap_arguments(view: &[SandboxMount], cwd: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"].map(OsString::from).to_vec();
    // Without a session of its own it could type into our terminal.
    args.extend(["--new-session", "--die-with-parent", "--cap-drop", "ALL"].map(OsString::from));
    let mut sealed: Vec<&Path> = Vec::new();
    for SandboxMount { path, shown } in view {
        let words: Vec<OsString> = match shown {
            MountKind::ReadOnly(source) => vec!["--ro-bind".into(), source.into(), path.into()],
            MountKind::Writable(source) => vec!["--bind".into(), source.into(), path.into()],
            MountKind::Link(target) => vec!["--symlink".into(), target.into(), path.into()],
            MountKind::Device => vec!["--dev-bind".into(), path.into(), path.into()],
            MountKind::Scratch => vec!["--perms".into(), "1777".into(), "--tmpfs".into(), path.into()],
            MountKind::Blank => vec!["--ro-bind".into(), "/dev/null".into(), path.into()],
            MountKind::Empty => vec!["--tmpfs".into(), path.into()],
            MountKind::Proc => vec!["--proc".into(), path.into()],
        };
        if matches!(shown, MountKind::Empty | MountKind::Proc) {
            sealed.push(path);
        }
        args.extend(words);
    }
    // Only now is everything in them in place.
    for path in sealed.into_iter().chain([Path::new("/")]) {
        args.extend(["--remount-ro".into(), path.into()]);
    }
    args.extend(["--chdir".into(), cwd.into()]);
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_directories_are_sealed_after_what_is_put_into_them() {
        let view = [
            ("/home/me", MountKind::Empty),
            ("/home/me/work", MountKind::Writable("/disk/work".into())),
            ("/proc", MountKind::Proc),
        ]
        .map(|(path, shown)| SandboxMount { path: path.into(), shown });
        let args: Vec<_> = bubblewrap_arguments(&view, Path::new("/home/me/work"));
        let text = args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        assert!(
            text.ends_with(
                "--tmpfs /home/me --bind /disk/work /home/me/work --proc /proc --remount-ro /home/me \
             --remount-ro /proc --remount-ro / --chdir /home/me/work"
            ),
            "{text}"
        );
        assert!(text.contains("--unshare-net") && text.contains("--cap-drop ALL"));
    }
}
