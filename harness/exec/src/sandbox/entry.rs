//! The hidden way into a sandbox: `harness sandbox-enter JOB PROGRAM ARGS…`.
//!
//! The harness starts itself in front of every sandboxed program, because a limit has to be in
//! force before the program begins, and because what surrounds the program has to count it:
//!
//! ```text
//! harness
//!   └ sandbox-enter       enters the control group; waits for everything below; counts it
//!       └ bwrap …           or nothing: then what is next makes the view itself
//!           └ sandbox-first   or sandbox-inside: the first process of the new namespaces
//!               └ cargo …
//! ```
//!
//! `sandbox-enter` is the subreaper of all below: the CPU time of every process that ended is
//! its own children's, and so the harness's `wait4` has it. The first process inside is ours under
//! Bubblewrap, too: Bubblewrap's own waits for all that a program leaves behind, ours ends with the
//! program, and the kernel ends everything with it. When it is killed, what is below dies with it
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

/// First argument of the first process inside, where Bubblewrap made everything.
pub const FIRST: &str = "sandbox-first";

/// What the outer process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which sandbox.
    pub kind: Kind,
    /// The harness, which can be seen inside.
    pub exe: PathBuf,
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
    if role == FIRST {
        let argv: Vec<OsString> = args.collect();
        leave(linux::first(&argv));
    }
    #[cfg(target_os = "linux")]
    if role == ENTER || role == INSIDE {
        let outcome = read(args.next()).and_then(|job| {
            let argv: Vec<OsString> = args.collect();
            if role == ENTER { linux::enter(&job, &argv) } else { super::namespaces::inside(&job, &argv) }
        });
        leave(outcome);
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
fn leave(outcome: Result<i32, String>) -> ! {
    let code = outcome.unwrap_or_else(|why| {
        eprintln!("error: sandbox: {why}");
        FAILED
    });
    std::process::exit(code)
}

#[cfg(target_os = "linux")]
fn read(job: Option<OsString>) -> Result<Job, String> {
    let text = job.and_then(|job| job.into_string().ok()).ok_or("it was not told what to do")?;
    serde_json::from_str(&text).map_err(|error| format!("it was told nonsense: {error}"))
}

#[cfg(target_os = "linux")]
pub(super) mod linux {
    use std::ffi::OsString;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, ExitStatus, Stdio};

    use rustix::process::{Pid, WaitOptions, set_child_subreaper};

    use super::{FIRST, INSIDE, Job};
    use crate::sandbox::{Kind, bubblewrap, namespaces};

    /// The outer process: limits first, then what makes the sandbox.
    pub fn enter(job: &Job, argv: &[OsString]) -> Result<i32, String> {
        close_what_was_inherited().map_err(|error| format!("cannot close inherited files: {error}"))?;
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
                command.args(bubblewrap::arguments(&job.view, &job.cwd)).arg("--").arg(&job.exe).arg(FIRST).args(argv);
                command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?
            }
            Kind::Namespaces => {
                namespaces::unshare()?;
                let told = serde_json::to_string(job).map_err(|error| error.to_string())?;
                // The link, not the file: that may have been replaced since.
                let mut command = Command::new("/proc/self/exe");
                command.arg(INSIDE).arg(told).args(argv).stdin(Stdio::piped());
                command.spawn().map_err(|error| format!("cannot start the first process inside: {error}"))?
            }
        };
        wait_for_all(child)
    }

    /// Keeps every open file but the three standard ones from whatever is started: a directory that
    /// the harness was started with would lead out of the sandbox.
    fn close_what_was_inherited() -> std::io::Result<()> {
        for entry in std::fs::read_dir("/proc/self/fd")? {
            let number = entry?.file_name().to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
            if number > 2 {
                // SAFETY: a file of this process that stays open for the call; the only one that may be
                // closed meanwhile is the listing's own, which is closed after the loop.
                #[allow(unsafe_code)]
                let file = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
                rustix::io::fcntl_setfd(file, rustix::io::FdFlags::CLOEXEC)?;
            }
        }
        Ok(())
    }

    /// Runs the program as the first process of its namespaces, and ends when it does.
    pub fn first(argv: &[OsString]) -> Result<i32, String> {
        let [program, args @ ..] = argv else { return Err("there is nothing to run".to_owned()) };
        let child = Command::new(program).args(args).stdin(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("cannot start {}: {error}", program.to_string_lossy()))?;
        wait_for(child)
    }

    /// Waits until this child ends, and meanwhile for whatever is left to this process; its exit code.
    fn wait_for(child: Child) -> Result<i32, String> {
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
    ///
    /// Once that has ended, what is left is ended as well: it was to end with it.
    pub fn wait_for_all(child: Child) -> Result<i32, String> {
        let leader = Pid::from_child(&child);
        let mut code = None;
        loop {
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) if pid == leader => {
                    code = Some(code_of(ExitStatus::from_raw(status.as_raw())));
                    end_the_rest();
                }
                // One that was adopted meanwhile.
                Ok(Some(_)) if code.is_some() => end_the_rest(),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CHILD) => {
                    drop(child);
                    return Ok(code.unwrap_or(1));
                }
                Err(error) => return Err(format!("lost track of what runs inside: {error}")),
            }
        }
    }

    /// Kills every child of this process: none of them was waited for, so none is a stranger.
    fn end_the_rest() {
        let own = std::process::id();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_child = |pid: &i32| {
            let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = text.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
            parent == Some(own)
        };
        for pid in numbers.filter(is_child).filter_map(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }

    /// As shells have it.
    fn code_of(status: ExitStatus) -> i32 {
        status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
    }
}
