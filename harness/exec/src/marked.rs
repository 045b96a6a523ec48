//! Processes that left their group and session, found by a mark in their environment.
//!
//! A tool may start helpers that detach themselves from everything. They keep the environment
//! they were started with, and in it a mark that no other process has. What bears it is ended
//! when its time is over: by the harness, and by the guardian when the harness is SIGKILLed.
//! Only Linux tells a process's environment; elsewhere nothing is found.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::identity::Identity;

/// The variable that holds the mark.
pub const VARIABLE: &str = "HARNESS_MARK";

/// How long to wait for killed processes to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A mark no other process has: letters, digits and '-' only.
pub fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    format!("{}-{now:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The processes that bear a mark, without our own.
pub fn bearers(mark: &str) -> Vec<Identity> {
    let wanted = format!("{VARIABLE}={mark}");
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let bears = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    pids.filter(|pid| *pid != std::process::id()).filter(bears).map(Identity::of).collect()
}

/// Ends every process that bears a mark, and says how many there were.
pub fn end(mark: &str) -> usize {
    let found = bearers(mark);
    found.iter().for_each(super::orphans::kill);
    let began = Instant::now();
    while found.iter().any(Identity::is_alive) && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    found.iter().filter(|process| !process.is_alive()).count()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn one_that_detached_itself_is_found_and_ended() {
        let mark = fresh();
        assert_ne!(mark, fresh());
        let mut shell = Command::new("sh");
        let mut child = shell.args(["-c", "setsid sleep 987 & wait"]).env(VARIABLE, &mark).spawn().unwrap();
        let began = Instant::now();
        while bearers(&mark).len() < 2 && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(bearers(&fresh()), []);
        assert!(end(&mark) >= 2);
        child.wait().unwrap();
        assert_eq!(bearers(&mark), []);
    }
}
