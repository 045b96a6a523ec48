//! Unix, and what only Linux of them has.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};

use super::{FileNumber, ResourceUse};

#[cfg(not(target_os = "linux"))]
pub(crate) use super::other::*;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

/// The process group that a child leads: it and everything it started and that stayed.
#[derive(Debug)]
pub struct ChildGroup(Pid);

impl ChildGroup {
    pub fn lead(command: &mut Command) {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }

    pub fn of(child: &Child) -> io::Result<ChildGroup> {
        Ok(ChildGroup(Pid::from_child(child)))
    }

    /// Asks every process of it to end. A group that is gone is no error.
    pub fn terminate(&self) {
        let _ = rustix::process::kill_process_group(self.0, Signal::TERM);
    }

    pub fn kill(&self) {
        let _ = rustix::process::kill_process_group(self.0, Signal::KILL);
    }

    /// Waits for the leader; what it and all its descendants that were waited for used.
    pub fn reap(self, child: Child) -> io::Result<ResourceUse> {
        let used = wait4::Wait4::wait4(child)?;
        let wait4::ResourceUsage { utime, stime, maxrss } = used.rusage;
        Ok(ResourceUse { status: used.status, user: utime, sys: stime, max_rss_bytes: Some(maxrss) })
    }
}

/// A function that blocks until a child ends, and returns whether a signal killed it. It does not
/// reap: until that is done the number, and so the group, cannot be given to another process.
pub fn end_of(child: &Child) -> io::Result<impl FnOnce() -> io::Result<bool> + Send + 'static> {
    let pid = Pid::from_child(child);
    Ok(move || {
        loop {
            match rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                Ok(status) => return Ok(status.is_some_and(|s| s.killed() || s.dumped())),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    })
}

/// Whether a child has ended; it is not reaped.
pub fn has_ended(child: &mut Child) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(rustix::process::waitid(WaitId::Pid(Pid::from_child(child)), options), Ok(None))
}

pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

pub fn ending_signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

pub fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Waits until some child ends: its number and exit code (128 + signal as shells have it);
/// `None` when there is none left.
pub fn wait_for_any_child() -> io::Result<Option<(u32, i32)>> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
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

/// Whether permission bits do not bind this process.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// CPU time of this process so far, all its threads.
pub fn own_cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

pub fn kernel() -> Option<String> {
    let uname = rustix::system::uname();
    Some(format!("{} {}", uname.sysname().to_str().ok()?, uname.release().to_str().ok()?))
}

pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

pub fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

/// The number of a file and the bytes of its blocks; `None` where the system does not report them.
pub fn file_number(metadata: &Metadata) -> Option<(FileNumber, u64)> {
    use std::os::unix::fs::MetadataExt;
    // `st_blocks` is in units of 512 bytes whatever the file system's block size is.
    Some((FileNumber { device: metadata.dev(), number: metadata.ino() }, metadata.blocks() * 512))
}

/// Opens a file, but waits for no pipe and follows no link that took its name.
pub fn open_regular(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Free bytes, total bytes: one system call, since it is asked while builds are measured.
pub fn room(path: &Path) -> io::Result<(u64, u64)> {
    let room = rustix::fs::statvfs(path)?;
    // The fields' widths differ between systems.
    #[allow(clippy::useless_conversion)]
    let (free, all) = (u64::from(room.f_bavail), u64::from(room.f_blocks));
    Ok((free * room.f_frsize, all * room.f_frsize))
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use crate::os::{ExtentPlace, FileExtent, bytes_of};
    use fiemap::{Fiemap, FiemapExtent, FiemapExtentFlags as Flags};
    use rustix::process::{Resource, Rlimit, getrlimit, set_child_subreaper, setrlimit};

    /// Lets no program started from now on inherit open files but the three standard ones.
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
    pub fn set_limits(address_space: Option<u64>, processes: Option<u64>) -> io::Result<()> {
        for (resource, limit) in [(Resource::As, address_space), (Resource::Nproc, processes)] {
            if let Some(limit) = limit {
                let limit = Some(getrlimit(resource).maximum.map_or(limit, |hard| hard.min(limit)));
                setrlimit(resource, Rlimit { current: limit, maximum: limit })?;
            }
        }
        Ok(())
    }

    /// Makes this process the parent of all its descendants that lose theirs.
    pub fn become_subreaper() -> io::Result<()> {
        Ok(set_child_subreaper(Pid::from_raw(1))?)
    }

    pub fn memory_bytes() -> (Option<u64>, Option<u64>) {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        (bytes_of(&text, "MemTotal:"), bytes_of(&text, "MemAvailable:"))
    }

    /// Writes out everything that a file's file system still holds back.
    pub fn sync_file_system(file: &File) -> io::Result<()> {
        Ok(rustix::fs::syncfs(file)?)
    }

    /// The extents of an open file; `None` where the file system does not report them.
    pub fn file_extents(file: &File) -> Option<Vec<FileExtent>> {
        let read = |extent: io::Result<FiemapExtent>| {
            let FiemapExtent { fe_physical: start, fe_length: length, fe_flags, .. } = extent.ok()?;
            Some(FileExtent { start, length, place: place(fe_flags) })
        };
        Fiemap::new(file).map(read).collect()
    }

    /// Source: Documentation/filesystems/fiemap.rst of Linux.
    fn place(flags: Flags) -> ExtentPlace {
        match flags {
            _ if flags.contains(Flags::DATA_INLINE) => ExtentPlace::Inline,
            _ if flags.intersects(Flags::UNKNOWN | Flags::DELALLOC) => ExtentPlace::Unplaced,
            _ => ExtentPlace::Blocks,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn each_kind_of_extent_is_read_as_documented() {
            for (flags, expected) in [
                (Flags::empty(), ExtentPlace::Blocks),
                (Flags::UNWRITTEN, ExtentPlace::Blocks),
                (Flags::SHARED, ExtentPlace::Blocks),
                (Flags::LAST, ExtentPlace::Blocks),
                (Flags::DATA_INLINE | Flags::NOT_ALIGNED, ExtentPlace::Inline),
                (Flags::UNKNOWN, ExtentPlace::Unplaced),
                (Flags::DELALLOC | Flags::UNKNOWN, ExtentPlace::Unplaced),
                (Flags::ENCODED, ExtentPlace::Blocks),
            ] {
                assert_eq!(place(flags), expected, "{flags:?}");
            }
        }

        #[test]
        fn memory_is_read_in_bytes() {
            assert_eq!(bytes_of("MemTotal:       24 kB\nMemFree: 1 kB\n", "MemTotal:"), Some(24 * 1024));
            assert!(memory_bytes().0.is_some_and(|bytes| bytes > 64 << 20));
        }
    }
}
