//! Process groups that outlived the run that started them.
//!
//! A harness that is SIGKILLed is survived by its guardian, which ends its children. If that
//! was killed as well (the kernel running out of memory is not choosy), compilers work on and
//! write into a tree that the next run is about to use. So the running groups also stand in
//! the lock file; the next run ends what is left of them, after making sure that they are
//! the same processes:
//!
//! - a leader that still runs must have started at the recorded moment;
//! - if the leader is gone, its number cannot have been reused while members of the group
//!   are left, unless the whole group ended in between; so each member must also work in, or
//!   have its `CARGO_HOME` in, this very work directory.

use std::path::Path;
use std::time::{Duration, Instant};

use super::identity::{Identity, stat};

/// How long to wait for killed processes to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends what is left of the groups led by `leaders`, and returns how many processes that was.
pub(super) fn end(leaders: &[Identity], work: &Path) -> usize {
    let leaders: Vec<_> = leaders.iter().filter(|l| l.is_of_this_boot() && !l.was_replaced()).collect();
    if leaders.is_empty() {
        return 0;
    }
    let left: Vec<Identity> = processes()
        .filter(|&pid| pid != std::process::id())
        .filter(|&pid| {
            leaders.iter().any(|leader| match stat(pid) {
                Some(stat) if stat.group == leader.pid && !stat.is_zombie => leader.is_alive() || works_in(pid, work),
                _ => false,
            })
        })
        .map(Identity::of)
        .collect();
    left.iter().for_each(kill);
    let started = Instant::now();
    while left.iter().any(Identity::is_alive) && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    left.len()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn works_in(pid: u32, work: &Path) -> bool {
    let in_it = std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|d| d.starts_with(work));
    in_it || has_its_cargo_home(pid, work)
}

#[cfg(unix)]
fn has_its_cargo_home(pid: u32, work: &Path) -> bool {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|&byte| byte == 0)
        .filter_map(|variable| variable.strip_prefix(b"CARGO_HOME="))
        .any(|home| Path::new(OsStr::from_bytes(home)).starts_with(work))
}

#[cfg(not(unix))]
fn has_its_cargo_home(_pid: u32, _work: &Path) -> bool {
    false
}

#[cfg(unix)]
pub(super) fn kill(process: &Identity) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid.filter(|_| process.is_alive()) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
pub(super) fn kill(_process: &Identity) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    /// A shell in a group of its own with a sleeping child, whose number is returned.
    fn group(cwd: &Path) -> (Child, u32) {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 987 & echo $!; wait"])
            .current_dir(cwd)
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (shell, line.trim().parse().unwrap())
    }

    #[test]
    fn a_recorded_group_is_ended_and_a_stranger_with_its_number_is_not() {
        let (mut shell, sleeper) = group(Path::new("/"));
        let leader = Identity::of(shell.id());
        let text = serde_json::to_string(&leader).unwrap();
        let stranger = text.replace("\"started\":", "\"started\":9");
        let stranger: Identity = serde_json::from_str(&stranger).unwrap();
        assert_eq!(end(&[stranger], Path::new("/no/such")), 0);
        assert!(stat(sleeper).is_some());
        assert_eq!(end(&[leader], Path::new("/no/such")), 2);
        shell.wait().unwrap();
        assert!(stat(sleeper).is_none_or(|stat| stat.is_zombie));
    }

    #[test]
    fn without_its_leader_a_group_is_ours_only_if_it_works_here() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().canonicalize().unwrap();
        let (mut shell, sleeper) = group(&work);
        let leader = Identity::of(shell.id());
        shell.kill().unwrap(); // the leader alone
        shell.wait().unwrap();
        let sleeper = Identity::of(sleeper);
        assert_eq!(end(std::slice::from_ref(&leader), Path::new("/no/such")), 0);
        assert!(sleeper.is_alive());
        assert_eq!(end(&[leader], &work), 1);
        assert!(!sleeper.is_alive());
    }
}
