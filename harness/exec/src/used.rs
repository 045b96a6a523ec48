//! What a finished child and everything it started used, as the operating system accounted it.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// How a child ended, and what it used together with its descendants.
#[derive(Debug)]
pub(super) struct Used {
    /// How it ended.
    pub status: ExitStatus,
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub sys: Duration,
    /// Largest resident set of any one of them, bytes; `None` where the system keeps none.
    pub max_rss_bytes: Option<u64>,
}

/// Waits for a child and asks what it used: its own and that of every descendant that was
/// waited for.
#[cfg(unix)]
pub(super) fn reap(child: Child) -> io::Result<Used> {
    use wait4::Wait4;
    let used = child.wait4()?;
    let wait4::ResourceUsage { utime, stime, maxrss } = used.rusage;
    Ok(Used { status: used.status, user: utime, sys: stime, max_rss_bytes: Some(maxrss) })
}

/// Waits for a child and asks its job what everything in it used. A job knows how much memory
/// its processes committed, which is not how much they had resident, so that stays unknown.
#[cfg(windows)]
pub(super) fn reap(mut child: Child, job: Option<super::windows::Job>) -> io::Result<Used> {
    let status = child.wait()?;
    let job = job.ok_or_else(|| io::Error::other("its job object is missing"))?;
    let (user, sys) = job.cpu()?;
    Ok(Used { status, user, sys, max_rss_bytes: None })
}
