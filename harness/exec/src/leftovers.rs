//! Ends processes of a run that nothing else has ended. They are found by a variable in their
//! environment, which whatever they start inherits, also what leaves its group and session.
//!
//! | gone | who ends what is left |
//! |---|---|
//! | an external tool; a helper it started detached itself | the harness, by [`TOOL_MARK`] |
//! | a harness that another one started and killed | that other one, by [`CHILD_MARK`] |
//! | the harness, by SIGKILL: no handler, no destructor runs | the `Guardian`, by `WORK_MARK` |
//! | both, as when the kernel ran out of memory | the next run in the same work directory, likewise |
//!
//! Why not simpler: a parent-death signal would reach Cargo but not the compilers it started, and asking for it takes a
//! hook between fork and exec, without `posix_spawn`: from a harness that holds 200 MiB the start of a child then takes
//! 11 ms instead of 0.1 ms and counts as the child's CPU time. A subreaper has to be an ancestor of the builds that
//! survives, so the harness could be none, and a process between it and the builds would be measured with each of them.
//!
//! Only Linux shows a process's environment; elsewhere nothing is found.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::identity::ProcessIdentity;
use super::os::{self, ChildGroup};

/// The variable of every command of a run; its value is the work directory.
pub(crate) const WORK_MARK: &str = "HARNESS_WORK";

/// The variable of every command under an external tool; its value is one of [`fresh_mark`].
pub const TOOL_MARK: &str = "HARNESS_TOOL";

/// The variable of a harness that another one starts and may kill, and of all its commands; its
/// value is one of [`fresh_mark`].
pub const CHILD_MARK: &str = "HARNESS_CHILD";

const PATIENCE: Duration = Duration::from_secs(5);

/// A value no other process has: letters, digits and '-' only.
pub fn fresh_mark() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    format!("{}-{now:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Ends every process but this one in whose environment a variable has this value; how many.
pub fn end(variable: &str, value: &OsStr) -> usize {
    let mut ended = BTreeSet::new();
    let began = Instant::now();
    // One that is being started while others are killed is found in the next pass.
    loop {
        let left = marked(variable, value);
        if left.is_empty() || began.elapsed() > PATIENCE {
            return ended.len();
        }
        for process in left {
            os::kill(process.pid);
            ended.insert(process.pid);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn marked(variable: &str, value: &OsStr) -> Vec<ProcessIdentity> {
    let mut wanted = OsString::from(variable);
    wanted.push("=");
    wanted.push(value);
    let wanted = wanted.as_encoded_bytes();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_marked = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
    };
    let pids = pids.filter(|pid| *pid != std::process::id()).filter(is_marked);
    pids.map(ProcessIdentity::of).filter(ProcessIdentity::is_alive).collect()
}

/// Waits for the end of its input; then ends what has the variable in its environment, until
/// nothing has. It ignores the signals of a terminal: the harness decides what those mean.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r end
passes=0
while [ $passes -lt 100 ]; do
    files=$(grep -lszFx -e "$1" /proc/[0-9]*/environ)
    [ -n "$files" ] || break
    for file in $files; do
        process=${file%/environ}
        kill -s KILL "${process#/proc/}"
    done
    passes=$((passes + 1))
    sleep 0.05 || sleep 1
done
"#;

/// A shell at the other end of a pipe, which outlives the harness by a moment. Dropping it lets it go.
#[derive(Debug)]
pub(crate) struct Guardian(Child);

impl Guardian {
    /// Starts the one of a work directory. It shares the lock of that, so that the next run begins
    /// when it is done. `None` where it could find nothing, or there is no shell.
    pub fn start(work: &Path, lock: &File) -> Option<Guardian> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let mut mark = OsString::from(WORK_MARK);
        mark.push("=");
        mark.push(work);
        let mut command = Command::new("/bin/sh");
        ChildGroup::lead(&mut command);
        command
            .args(["-c", SCRIPT, "cargo-cache-harness-guardian"])
            .arg(mark)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::from(lock.try_clone().ok()?))
            .stderr(Stdio::null());
        command.spawn().ok().map(Guardian)
    }

    #[cfg(all(test, target_os = "linux"))]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn what_detached_itself_is_ended_and_what_has_another_mark_is_not() {
        let (mark, other) = (fresh_mark(), fresh_mark());
        assert_ne!(mark, other);
        let start = |mark: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "setsid sleep 987 & wait"]).env(TOOL_MARK, mark).spawn().unwrap()
        };
        let children = [start(&mark), start(&other)];
        let began = Instant::now();
        let count = |mark: &str| marked(TOOL_MARK, mark.as_ref()).len();
        while (count(&mark) < 2 || count(&other) < 2) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(end(TOOL_MARK, fresh_mark().as_ref()), 0);
        assert_eq!(end(WORK_MARK, mark.as_ref()), 0, "the same value in another variable");
        assert_eq!(end(TOOL_MARK, mark.as_ref()), 2);
        assert_eq!((count(&mark), count(&other)), (0, 2));
        assert_eq!(end(TOOL_MARK, other.as_ref()), 2);
        for mut child in children {
            child.wait().unwrap();
        }
    }
}
