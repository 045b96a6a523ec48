//! Windows. A job object takes the place of a process group: it is accounted and ended as one, and ended also when the
//! harness is gone, because the last handle to it goes with the harness. What a child starts between its own start and
//! its assignment, well below a millisecond, would be missed; Cargo starts nothing so early.

use std::fs::{File, Metadata};
use std::io;
use std::mem::size_of;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes, INFINITE, WaitForSingleObject};

use super::{FileExtent, FileNumber, ResourceUse};

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Most calls answer 0 when they failed.
fn check(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The job of a child: it and everything it started. Dropping it ends what is left of them.
#[derive(Debug)]
pub struct ChildGroup(OwnedHandle);

impl ChildGroup {
    pub fn lead(_: &mut Command) {}

    pub fn of(child: &Child) -> io::Result<ChildGroup> {
        // SAFETY: no attributes and no name are allowed; the handle is checked and owned by us.
        let job = unsafe {
            let handle = CreateJobObjectW(null(), null());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            ChildGroup(OwnedHandle::from_raw_handle(handle))
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure is the one that belongs to the class, with its own size; both handles are open.
        unsafe {
            check(SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32,
            ))?;
            check(AssignProcessToJobObject(job.0.as_raw_handle(), child.as_raw_handle()))?;
        }
        Ok(job)
    }

    /// There is no polite signal that reaches only some processes of a console.
    pub fn terminate(&self) {}

    pub fn kill(&self) {
        // Windows has no signals: the processes end with this exit code. SAFETY: the handle is open.
        let _ = unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) };
    }

    /// A job knows how much memory its processes committed, which is not how much they had
    /// resident, so that stays unknown.
    pub fn reap(self, mut child: Child) -> io::Result<ResourceUse> {
        let status = child.wait()?;
        let mut accounted = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is the one that belongs to the class, with its own size.
        check(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut accounted).cast(),
                size_of::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>() as u32,
                null_mut(),
            )
        })?;
        let (user, sys) = (accounted.TotalUserTime.unsigned_abs(), accounted.TotalKernelTime.unsigned_abs());
        Ok(ResourceUse { status, user: ticks(user), sys: ticks(sys), max_rss_bytes: None })
    }
}

/// A handle of our own keeps the child's number from being given to another process.
pub fn end_of(child: &Child) -> io::Result<impl FnOnce() -> io::Result<bool> + Send + 'static> {
    let process = child.as_handle().try_clone_to_owned()?;
    // SAFETY: the handle is open as long as the closure has it.
    Ok(move || match unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) } {
        WAIT_OBJECT_0 => Ok(false),
        _ => Err(io::Error::last_os_error()),
    })
}

pub fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Without `/proc` no leftover is ever found, so none is to be ended.
pub fn kill(_: u32) {}

pub fn ending_signal(_: ExitStatus) -> Option<i32> {
    None
}

pub fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn wait_for_any_child() -> io::Result<Option<(u32, i32)>> {
    unsupported()
}

pub fn close_on_exec() -> io::Result<()> {
    unsupported()
}

pub fn set_limits(_: Option<u64>, _: Option<u64>) -> io::Result<()> {
    unsupported()
}

pub fn become_subreaper() -> io::Result<()> {
    unsupported()
}

pub fn is_root() -> bool {
    false
}

/// CPU time of this process so far, all its threads.
pub fn own_cpu() -> Duration {
    let [mut created, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: four places to write to, and a handle that is always valid.
    let answer = unsafe {
        GetProcessTimes(GetCurrentProcess(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user)
    };
    let of = |time: FILETIME| ticks(u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime));
    // Cannot fail for this very process; if it did, all differences would be the same 0.
    if answer == 0 { Duration::ZERO } else { of(kernel) + of(user) }
}

/// Windows counts in units of 100 ns.
fn ticks(count: u64) -> Duration {
    Duration::from_nanos(count.saturating_mul(100))
}

pub fn kernel() -> Option<String> {
    None
}

pub fn sysctl(_: &str) -> Option<String> {
    None
}

pub fn memory_bytes() -> (Option<u64>, Option<u64>) {
    (None, None)
}

pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}

pub fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(original, link)
}

pub fn file_number(_: &Metadata) -> Option<(FileNumber, u64)> {
    None
}

pub fn open_regular(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub fn sync_file_system(file: &File) -> io::Result<()> {
    file.sync_all()
}

pub fn file_extents(_: &File) -> Option<Vec<FileExtent>> {
    None
}

pub fn room(_: &Path) -> io::Result<(u64, u64)> {
    unsupported()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;
    use std::time::Instant;

    fn shell(script: &str) -> Child {
        Command::new("cmd").args(["/C", script]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn a_job_is_accounted_and_ended_as_a_whole_and_when_it_is_dropped() {
        let child = shell("ping -n 2 127.0.0.1 >nul");
        let job = ChildGroup::of(&child).unwrap();
        end_of(&child).unwrap()().unwrap();
        assert!(job.reap(child).is_ok());
        for drop_it in [false, true] {
            let mut child = shell("ping -n 60 127.0.0.1 >nul");
            let began = Instant::now();
            let job = ChildGroup::of(&child).unwrap();
            if drop_it {
                drop(job)
            } else {
                job.kill()
            }
            child.wait().unwrap();
            assert!(began.elapsed() < Duration::from_secs(20));
        }
    }

    #[test]
    fn time_is_in_units_of_100_ns() {
        assert_eq!(ticks(10_000_000), Duration::from_secs(1));
        let before = own_cpu();
        let mut sum = 0u64;
        while own_cpu() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }
}
