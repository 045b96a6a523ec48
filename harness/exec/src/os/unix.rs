//! Unix, and what only Linux of them has.

use std::io;

/// Whether permission bits do not bind this process.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets no program started from now on inherit open files but the three standard ones.
#[cfg(target_os = "linux")]
pub fn close_on_exec() -> io::Result<()> {
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

/// Limits this process and all it starts: bytes of address space of each, processes of the user.
#[cfg(target_os = "linux")]
pub fn set_limits(address_space: Option<u64>, processes: Option<u64>) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, limit) in [(Resource::As, address_space), (Resource::Nproc, processes)] {
        if let Some(limit) = limit {
            let limit = Some(getrlimit(resource).maximum.map_or(limit, |hard| hard.min(limit)));
            setrlimit(resource, Rlimit { current: limit, maximum: limit })?;
        }
    }
    Ok(())
}

/// Makes this process the parent of all its descendants that lose theirs.
#[cfg(target_os = "linux")]
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1))?)
}

/// Waits until some child ends: its number and exit code (128 + signal as shells have it);
/// `None` when there is none left.
pub fn wait_for_any_child() -> io::Result<Option<(u32, i32)>> {
    use rustix::process::{WaitOptions, wait};
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                let of_signal = status.terminating_signal().map(|signal| 128 + signal);
                let code = status.exit_status().or(of_signal).unwrap_or(1);
                return Ok(Some((pid.as_raw_nonzero().get().unsigned_abs(), code)));
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CHILD) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}
