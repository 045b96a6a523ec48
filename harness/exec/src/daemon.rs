//! A process that serves builds from the side: started, watched and ended by the harness. It is a child like any other,
//! but that its output goes to a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use super::interrupt::{GRACE, Supervisor};
use super::os::has_ended;
use super::process::{CommandSpec, ProcessError};

const PAUSE: Duration = Duration::from_millis(10);

/// A running daemon. Dropping it ends it.
#[derive(Debug)]
pub struct DaemonProcess {
    child: Option<Child>,
    supervisor: Supervisor,
    log: PathBuf,
}

impl DaemonProcess {
    /// Starts it, with its output appended to `log`.
    /// Fails when it cannot be started, or the supervisor was interrupted.
    pub fn start(spec: &CommandSpec, log: &Path, supervisor: &Supervisor) -> Result<DaemonProcess, ProcessError> {
        let failed = |source| ProcessError::Spawn { command: spec.display(), cwd: spec.cwd.clone(), source };
        let output = File::options().create(true).append(true).open(log).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        let (child, _) = spec.spawn(supervisor, output.into(), errors.into())?;
        Ok(DaemonProcess { child: Some(child), supervisor: supervisor.clone(), log: log.to_owned() })
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| !has_ended(child))
    }

    pub fn last_line(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().rfind(|line| !line.trim().is_empty());
        line.map_or_else(|| "it said nothing".to_owned(), str::to_owned)
    }

    pub fn wait(&mut self, limit: Duration) -> bool {
        let began = Instant::now();
        while self.is_running() {
            if began.elapsed() >= limit {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        true
    }

    /// Ends it: SIGTERM to its group, SIGKILL to what is left after a while.
    pub fn end(&mut self) {
        let Some(group) = self.pid() else { return };
        self.supervisor.terminate_group(group);
        self.wait(GRACE);
        // Also what the leader left behind in its group.
        self.supervisor.kill_group(group);
        if let Some(child) = self.child.take() {
            let _ = self.supervisor.reap(child);
        }
    }
}

impl Drop for DaemonProcess {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::identity::ProcessIdentity;
    use crate::process::tests::sh;

    fn shell(script: &str, dir: &Path, supervisor: &Supervisor) -> DaemonProcess {
        DaemonProcess::start(&sh(script), &dir.join("log"), supervisor).unwrap()
    }

    #[test]
    fn it_is_ended_with_its_whole_group_however_stubborn() {
        let dir = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new();
        let mut daemon = shell("trap '' TERM; sleep 987 & echo $!; wait; wait", dir.path(), &supervisor);
        while std::fs::read_to_string(dir.path().join("log")).unwrap().lines().count() < 1 {
            std::thread::sleep(PAUSE);
        }
        let sleeper = ProcessIdentity::of(daemon.last_line().parse().unwrap());
        let leader = ProcessIdentity::of(daemon.pid().unwrap());
        assert!(daemon.is_running() && sleeper.is_alive() && leader.is_alive());
        assert!(crate::cpu::of_process(leader.pid).is_some());
        daemon.end();
        assert!(!daemon.is_running() && !leader.is_alive());
        let began = Instant::now();
        while sleeper.is_alive() && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(PAUSE);
        }
        assert!(!sleeper.is_alive());
    }

    #[test]
    fn its_end_is_seen_and_its_last_line_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut daemon = shell("echo first; echo 'address in use' >&2; exit 3", dir.path(), &Supervisor::new());
        assert!(daemon.wait(Duration::from_secs(5)));
        assert_eq!(daemon.last_line(), "address in use");
    }
}
