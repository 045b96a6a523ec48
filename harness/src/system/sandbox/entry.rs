//! The hidden way into a sandbox: `harness sandbox-enter JOB PROGRAM ARGS…`.
//!
//! The harness starts itself in front of every sandboxed program, because a limit has to be in
//! force before the program begins, and because what surrounds the program has to count it:
//!
//! ```text
//! harness
//!   └ sandbox-enter       enters the control group; waits for everything below; counts it
//!       └ bwrap …           or: sandbox-inside, the first process of the new namespaces
//!           └ cargo …
//! ```
//!
//! `sandbox-enter` is the subreaper of all below: the CPU time of every process that ended is
//! its own children's, and so the harness's `wait4` has it, also what Bubblewrap itself leaves
//! behind without waiting for it. When it is killed, what is below dies with it
//! (`PR_SET_PDEATHSIG`, and the first process of a PID namespace takes all others along).

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Kind;
use super::limits::Rlimits;
use super::view::Mount;

/// First argument of the outer process.
pub const ENTER: &str = "sandbox-enter";

/// First argument of the first process inside.
#[cfg(target_os = "linux")]
pub const INSIDE: &str = "sandbox-inside";

/// What the outer process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which sandbox.
    pub kind: Kind,
    /// Bubblewrap itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bwrap: Option<PathBuf>,
    /// Files of a control group to enter by.
    pub doors: Vec<PathBuf>,
    /// Other limits.
    pub rlimits: Rlimits,
    /// What is seen.
    pub view: Vec<Mount>,
    /// Where the program starts.
    pub cwd: PathBuf,
}

/// Enters a sandbox when this process was started for it, and then never returns. Called before
/// any thread is started: namespaces are for processes that have one.
pub fn main_if_invoked() {
    let mut args = std::env::args_os().skip(1);
    let Some(role) = args.next() else { return };
    #[cfg(target_os = "linux")]
    if role == ENTER || role == INSIDE {
        let outcome = read(args.next()).and_then(|job| {
            let argv: Vec<OsString> = args.collect();
            if role == ENTER { linux::enter(&job, &argv) } else { super::namespaces::inside(&job, &argv) }
        });
        match outcome {
            Ok(code) => std::process::exit(code),
            Err(why) => {
                eprintln!("error: sandbox: {why}");
                std::process::exit(FAILED);
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    if role == ENTER {
        let _: Vec<OsString> = args.collect();
        eprintln!("error: sandbox: there is none on this system");
        std::process::exit(125);
    }
}

/// The exit code of a sandbox that could not be entered.
#[cfg(target_os = "linux")]
const FAILED: i32 = 125;

#[cfg(target_os = "linux")]
fn read(job: Option<OsString>) -> Result<Job, String> {
    let text = job.and_then(|job| job.into_string().ok()).ok_or("it was not told what to do")?;
    serde_json::from_str(&text).map_err(|error| format!("it was told nonsense: {error}"))
}

#[cfg(target_os = "linux")]
pub(super) mod linux {
    use std::ffi::OsString;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, ExitStatus};

    use rustix::process::{Pid, WaitOptions, set_child_subreaper};

    use super::{INSIDE, Job};
    use crate::system::sandbox::{Kind, bubblewrap, namespaces};

    /// The outer process: limits first, then what makes the sandbox.
    pub fn enter(job: &Job, argv: &[OsString]) -> Result<i32, String> {
        for door in &job.doors {
            std::fs::write(door, std::process::id().to_string())
                .map_err(|error| format!("cannot enter the control group by {}: {error}", door.display()))?;
        }
        job.rlimits.apply().map_err(|error| format!("cannot set limits: {error}"))?;
        set_child_subreaper(Pid::from_raw(1)).map_err(|error| format!("cannot become a subreaper: {error}"))?;
        let child = match job.kind {
            Kind::Bubblewrap => {
                let program = job.bwrap.as_deref().ok_or("nothing says where bwrap is")?;
                let mut command = Command::new(program);
                command.args(bubblewrap::arguments(&job.view, &job.cwd)).arg("--").args(argv);
                command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?
            }
            Kind::Namespaces => {
                namespaces::unshare()?;
                let told = serde_json::to_string(job).map_err(|error| error.to_string())?;
                // The link, not the file: that may have been replaced since.
                let mut command = Command::new("/proc/self/exe");
                command.arg(INSIDE).arg(told).args(argv).stdin(std::process::Stdio::piped());
                command.spawn().map_err(|error| format!("cannot start the first process inside: {error}"))?
            }
        };
        wait_for_all(child)
    }

    /// Waits until this child ends, and meanwhile for whatever is left to this process; its exit code.
    pub fn wait_for(child: Child) -> Result<i32, String> {
        let leader = Pid::from_child(&child);
        loop {
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) if pid == leader => return Ok(code_of(ExitStatus::from_raw(status.as_raw()))),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(format!("lost track of the program: {error}")),
            }
        }
    }

    /// Waits until nothing is left below this process; the exit code of `child`.
    pub fn wait_for_all(child: Child) -> Result<i32, String> {
        let leader = Pid::from_child(&child);
        let mut code = 0;
        loop {
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) if pid == leader => code = code_of(ExitStatus::from_raw(status.as_raw())),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CHILD) => {
                    drop(child);
                    return Ok(code);
                }
                Err(error) => return Err(format!("lost track of what runs inside: {error}")),
            }
        }
    }

    /// As shells have it.
    fn code_of(status: ExitStatus) -> i32 {
        status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
    }
}
