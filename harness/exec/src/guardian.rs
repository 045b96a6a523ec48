//! A process that outlives the harness by a moment, to end its children.
//!
//! A SIGKILLed harness cannot clean up, and Cargo would go on writing into a tree that the
//! next run resumes. Linux could signal a child whose parent dies, but only that child, not
//! the compilers below it, and asking for it needs a hook between fork and exec. With the
//! hook a child can no longer be started by `posix_spawn`: from a harness that holds 200 MiB
//! the start then takes 11 ms instead of 0.1 ms, and the copying counts as the child's CPU
//! time.
//!
//! So a tiny shell waits at the other end of a pipe. It is told which process groups come
//! and go; when the pipe closes, for whatever reason, it kills those that are left.

use std::io::Write;
use std::process::Child;
#[cfg(unix)]
use std::process::{Command, Stdio};

/// Reads `+ GROUP` and `- GROUP`, and at the end of its input kills what is left; then whatever
/// bears a mark it read as `= MARK`, and left its group (Linux only). It ignores the signals of a
/// terminal, since the harness decides what those mean.
#[cfg(unix)]
const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups=
marks=
while read -r change group; do
    case $change in
    +) groups="$groups $group" ;;
    =) marks="$marks $group" ;;
    -)
        left=
        for one in $groups; do
            [ "$one" = "$group" ] || left="$left $one"
        done
        groups=$left
        ;;
    esac
done
for one in $groups; do
    kill -s KILL -- "-$one"
done
for mark in $marks; do
    for file in /proc/[0-9]*/environ; do
        if grep -qsz "^HARNESS_MARK=$mark\$" "$file"; then
            process=${file%/environ}
            kill -s KILL "${process#/proc/}"
        fi
    done
done
"#;

/// The waiting shell. Dropping it lets it go.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts one; `None` where there is no shell, and children then outlive a killed harness.
    #[cfg(unix)]
    pub fn start() -> Option<Self> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "cargo-cache-harness-guardian"])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        command.spawn().ok().map(Self)
    }

    /// None is needed: a job object ends its processes when the harness is gone.
    #[cfg(not(unix))]
    pub fn start() -> Option<Self> {
        None
    }

    /// Tells it of a group that started.
    pub fn watch(&mut self, group: u32) {
        self.tell('+', group);
    }

    /// Tells it of a group that ended.
    pub fn forget(&mut self, group: u32) {
        self.tell('-', group);
    }

    /// Tells it of a mark that processes of ours bear.
    pub fn watch_mark(&mut self, mark: &str) {
        self.tell('=', mark);
    }

    fn tell(&mut self, change: char, group: impl std::fmt::Display) {
        if let Some(pipe) = &mut self.0.stdin {
            let _ = writeln!(pipe, "{change} {group}");
        }
    }

    #[cfg(all(test, unix))]
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
