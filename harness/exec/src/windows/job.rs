//! A job object: a child with everything it starts, which Windows can account and end as one.
//!
//! It does what a process group and its guardian do elsewhere: its processes are ended together,
//! and also when the harness is gone, because the last handle to the job goes with it. What a
//! child starts between its own start and its assignment, well below a millisecond, would be
//! missed; Cargo starts nothing so early.

use std::io;
use std::mem::size_of;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;
use std::ptr::null;
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes, INFINITE, WaitForSingleObject};

use super::check;

/// The exit code of a process that was ended with its job; Windows has no signals to tell of.
const ENDED: u32 = 1;

/// A child and everything it started. Dropping it ends what is left of them.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// A job that holds a child which was started just now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn holding(child: &Child) -> io::Result<Self> {
        // SAFETY: no attributes and no name are allowed; the handle is checked and owned by us.
        let job = unsafe {
            let handle = CreateJobObjectW(null(), null());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Self(OwnedHandle::from_raw_handle(handle))
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure is the one that belongs to the class, with its own size; both
        // handles are open.
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

    /// Ends everything in it. A job without processes is no error.
    pub fn end(&self) {
        // SAFETY: the handle is open.
        let _ = unsafe { TerminateJobObject(self.0.as_raw_handle(), ENDED) };
    }

    /// CPU time in user mode and in the kernel, of all that ever ran in it.
    ///
    /// # Errors
    /// When the system does not answer.
    pub fn cpu(&self) -> io::Result<(Duration, Duration)> {
        let mut told = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is the one that belongs to the class, with its own size.
        check(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut told).cast(),
                size_of::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>() as u32,
                std::ptr::null_mut(),
            )
        })?;
        Ok((ticks(told.TotalUserTime.unsigned_abs()), ticks(told.TotalKernelTime.unsigned_abs())))
    }
}

/// Blocks until a process has ended.
///
/// # Errors
/// When the system cannot wait for it.
pub fn wait_for_end(process: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open as long as it is borrowed.
    match unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) } {
        WAIT_OBJECT_0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// CPU time of this process so far, user and kernel.
pub fn own_cpu() -> Duration {
    let [mut created, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: four places to write to, and a handle that is always valid.
    let told = unsafe {
        GetProcessTimes(GetCurrentProcess(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user)
    };
    // Cannot fail for this very process; if it did, all differences would be the same 0.
    if told == 0 { Duration::ZERO } else { of(kernel) + of(user) }
}

fn of(time: FILETIME) -> Duration {
    ticks(u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime))
}

/// Windows counts in units of 100 ns.
fn ticks(count: u64) -> Duration {
    Duration::from_nanos(count.saturating_mul(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    fn shell(script: &str) -> Child {
        Command::new("cmd").args(["/C", script]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn the_end_of_a_child_is_waited_for_and_its_time_is_told() {
        let child = shell("ping -n 2 127.0.0.1 >nul");
        let job = Job::holding(&child).unwrap();
        use std::os::windows::io::AsHandle;
        let handle = child.as_handle().try_clone_to_owned().unwrap();
        wait_for_end(&handle).unwrap();
        assert!(job.cpu().is_ok());
    }

    #[test]
    fn a_job_is_ended_as_a_whole_and_when_it_is_dropped() {
        for drop_it in [false, true] {
            let mut child = shell("ping -n 60 127.0.0.1 >nul");
            let began = Instant::now();
            let job = Job::holding(&child).unwrap();
            if drop_it {
                drop(job)
            } else {
                job.end()
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
