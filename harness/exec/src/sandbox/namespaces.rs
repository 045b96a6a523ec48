//! A sandbox of our own, where Bubblewrap is not installed: namespaces, mounts, no privileges.
//!
//! Root makes the namespaces as it is; others, and a root that may not, make a user namespace
//! first, in which they may, and in which their numbers stay what they are.

use std::ffi::OsString;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getegid, geteuid, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitySet, UnshareFlags, capabilities, clear_ambient_capability_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, unshare_unsafe,
};

use super::entry::{Job, linux};
use super::{loopback, mounts};

/// What is needed inside until everything is in place.
const NEEDED: [CapabilitySet; 3] = [CapabilitySet::SYS_ADMIN, CapabilitySet::NET_ADMIN, CapabilitySet::SETPCAP];

/// Leaves the namespaces of the system. What is started next is the first process of its own.
pub fn unshare() -> Result<(), String> {
    let flags =
        UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if geteuid().is_root() && leave(flags).is_ok() {
        return Ok(());
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    leave(flags | UnshareFlags::NEWUSER).map_err(|error| format!("the system allows no user namespace: {error}"))?;
    let write = |file: &str, text: String| {
        std::fs::write(format!("/proc/self/{file}"), text)
            .map_err(|error| format!("the system allows no users in a namespace ({file}): {error}"))
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{uid} {uid} 1"))?;
    write("gid_map", format!("{gid} {gid} 1"))?;
    // Else they would be gone when the next program is started by somebody who is not root.
    let refused = |error| format!("the system allows no capabilities in a namespace: {error}");
    let mut own = capabilities(None).map_err(refused)?;
    own.inheritable = own.permitted;
    set_capabilities(None, own).map_err(refused)?;
    NEEDED.into_iter().try_for_each(|one| configure_capability_in_ambient_set(one, true)).map_err(refused)
}

fn leave(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: only `CLONE_FILES` could take a file descriptor away from code that owns it.
    #[allow(unsafe_code)]
    unsafe {
        unshare_unsafe(flags)
    }
}

/// The first process inside: makes the view, gives up every right, runs the program, and waits
/// for all that is left to it.
pub fn inside(job: &Job, argv: &[OsString]) -> Result<i32, String> {
    die_with_parent()?;
    loopback::up().map_err(|error| format!("cannot bring up the loopback: {error}"))?;
    mounts::make(&job.view)?;
    give_up_rights().map_err(|error| format!("cannot give up rights: {error}"))?;
    std::env::set_current_dir(&job.cwd).map_err(|error| format!("cannot enter {}: {error}", job.cwd.display()))?;
    // What the program leaves behind ends with this process.
    linux::first(argv)
}

/// Our parent is in another namespace, so its number tells nothing; but it holds the other end
/// of our standard input for as long as it lives.
fn die_with_parent() -> Result<(), String> {
    let failed = |error| format!("cannot follow the parent's end: {error}");
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed)?;
    let stdin = std::io::stdin();
    let mut ends = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::empty())];
    poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).map_err(failed)?;
    match ends[0].revents().is_empty() {
        true => Ok(()),
        false => Err("its parent is gone".to_owned()),
    }
}

fn give_up_rights() -> rustix::io::Result<()> {
    clear_ambient_capability_set()?;
    // Those this kernel does not know are refused.
    for one in (0..64).filter_map(|bit| CapabilitySet::from_bits(1 << bit)) {
        let _ = remove_capability_from_bounding_set(one);
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, rustix::thread::CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    set_no_new_privs(true)
}
