//! Ctrl-C: ending exactly the processes this harness started, and nothing else.
//!
//! A [`Supervisor`] keeps the process groups of the running children. On the first SIGINT,
//! SIGTERM or SIGHUP it raises a flag, sends SIGTERM to those groups and, two seconds later,
//! SIGKILL to the ones still there; the run that waited for them ends with an `Interrupted`
//! error, so that guards are dropped and the records written so far stay resumable. A second
//! signal kills at once and leaves with code 130.
//!
//! Starting, signalling and reaping share one lock. So no child can start after the flag was
//! raised, and no signal can reach a process number that was reaped and given to a stranger.
//!
//! A guard may raise the same flag, with its reason ([`Supervisor::halt`]).
//!
//! On Windows a job object takes the place of a process group (`windows/job.rs`):
//! the console delivers Ctrl-C to the children itself, and what is left is ended with its job.

use std::fmt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::guardian::Guardian;
use super::used::{Used, reap};
#[cfg(windows)]
use super::windows::Job;

/// How long a child has between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(2);

/// The exit code of a harness ended by a second Ctrl-C: 128 + SIGINT.
pub const EXIT_CODE: i32 = 130;

/// The run was interrupted by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; what was recorded so far is kept and `--resume` continues it")]
pub struct Interrupted;

/// The handler could not be put in place.
#[derive(Debug, thiserror::Error)]
#[error("cannot take over Ctrl-C: {0}; is a handler installed already?")]
pub struct InstallError(#[from] ctrlc::Error);

/// Told after every change which process groups (by number) are running now.
type Journal = Box<dyn Fn(&[u32]) + Send + Sync>;

#[derive(Default)]
struct State {
    groups: Vec<u32>,
    #[cfg(windows)]
    jobs: std::collections::BTreeMap<u32, Job>,
    guardian: Option<Guardian>,
    journal: Option<Journal>,
}

impl State {
    fn changed(&self) {
        if let Some(journal) = &self.journal {
            journal(&self.groups);
        }
    }

    fn signal_all(&self, signal: GroupSignal) {
        for &group in &self.groups {
            self.signal(group, signal);
        }
    }

    #[cfg(unix)]
    fn signal(&self, group: u32, signal: GroupSignal) {
        signal_group(group, signal);
    }

    /// There is no polite signal that reaches only some processes of a console.
    #[cfg(windows)]
    fn signal(&self, group: u32, signal: GroupSignal) {
        if let (GroupSignal::Kill, Some(job)) = (signal, self.jobs.get(&group)) {
            job.end();
        }
    }
}

#[derive(Default)]
struct Inner {
    interrupted: AtomicBool,
    /// A signal came; a guard may have raised the flag before.
    signalled: AtomicBool,
    /// Why a guard raised the flag.
    halted: OnceLock<String>,
    state: Mutex<State>,
}

/// The children that are running, and whether they should be. Clones share one state.
#[derive(Clone, Default)]
pub struct Supervisor(Arc<Inner>);

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("interrupted", &self.is_interrupted())
            .field("groups", &self.lock().groups)
            .finish()
    }
}

impl Supervisor {
    /// A supervisor of no children yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets SIGINT, SIGTERM and SIGHUP of this process interrupt this supervisor.
    ///
    /// # Errors
    /// When a handler is installed already; there can be one in a process.
    pub fn install_signal_handler(&self) -> Result<(), InstallError> {
        let supervisor = self.clone();
        // The crate calls this on a thread of its own, not in signal context, so locks are fine.
        ctrlc::set_handler(move || {
            if supervisor.0.signalled.swap(true, Ordering::SeqCst) {
                supervisor.kill();
                std::process::exit(EXIT_CODE);
            }
            supervisor.interrupt();
        })?;
        Ok(())
    }

    /// Raises the flag and ends every running child: SIGTERM now, SIGKILL after [`GRACE`].
    pub fn interrupt(&self) {
        {
            let state = self.lock();
            self.0.interrupted.store(true, Ordering::SeqCst);
            state.signal_all(GroupSignal::Terminate);
        }
        let supervisor = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            supervisor.kill();
        });
    }

    /// Raises the flag and sends SIGKILL to every running child at once.
    pub fn kill(&self) {
        let state = self.lock();
        self.0.interrupted.store(true, Ordering::SeqCst);
        state.signal_all(GroupSignal::Kill);
    }

    /// Ends every running child at once, for a reason of our own, and raises the flag, unless a
    /// signal did: what follows is what follows a Ctrl-C.
    pub fn halt(&self, why: &str) {
        let state = self.lock();
        if !self.0.interrupted.swap(true, Ordering::SeqCst) {
            let _ = self.0.halted.set(why.to_owned());
        }
        state.signal_all(GroupSignal::Kill);
    }

    /// Why the run was halted, if it was.
    pub fn halted(&self) -> Option<&str> {
        self.0.halted.get().map(String::as_str)
    }

    /// Whether a signal arrived, or the run was halted.
    pub fn is_interrupted(&self) -> bool {
        self.0.interrupted.load(Ordering::SeqCst)
    }

    /// An error once a signal arrived: for the steps between children.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted() { Err(Interrupted) } else { Ok(()) }
    }

    /// Calls `journal` with the running process groups now and after every change, so that
    /// they can be found again should this process be SIGKILLed.
    pub fn set_journal(&self, journal: impl Fn(&[u32]) + Send + Sync + 'static) {
        let mut state = self.lock();
        state.journal = Some(Box::new(journal));
        state.changed();
    }

    /// Forgets the journal.
    pub fn clear_journal(&self) {
        self.lock().journal = None;
    }

    /// Starts a child that leads its own process group, unless a signal arrived; returns it
    /// with the moment it was asked for.
    pub(super) fn spawn(&self, command: &mut Command) -> Result<(Child, Instant), SpawnError> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut state = self.lock();
        self.check()?;
        if state.guardian.is_none() {
            state.guardian = Guardian::start();
        }
        let started = Instant::now();
        let child = command.spawn()?;
        #[cfg(windows)]
        let child = {
            let mut child = child;
            match Job::holding(&child) {
                Ok(job) => state.jobs.insert(child.id(), job),
                Err(error) => {
                    let _ = child.kill();
                    return Err(error.into());
                }
            };
            child
        };
        if let Some(guardian) = &mut state.guardian {
            guardian.watch(child.id());
        }
        state.groups.push(child.id());
        state.changed();
        Ok((child, started))
    }

    /// Sends SIGKILL to the group of a child that was not reaped yet.
    pub(super) fn kill_group(&self, group: u32) {
        self.signal_one(group, GroupSignal::Kill);
    }

    /// Signals the group of a child that was not reaped yet.
    pub(super) fn signal_one(&self, group: u32, signal: GroupSignal) {
        let state = self.lock();
        if state.groups.contains(&group) {
            state.signal(group, signal);
        }
    }

    /// Has whatever bears a [mark](super::marked) ended, should this process be SIGKILLed.
    pub fn mark(&self, mark: &str) {
        let mut state = self.lock();
        if state.guardian.is_none() {
            state.guardian = Guardian::start();
        }
        if let Some(guardian) = &mut state.guardian {
            guardian.watch_mark(mark);
        }
    }

    /// Reaps an ended child (blocks if it still runs) and returns what it used.
    pub(super) fn reap(&self, child: Child) -> std::io::Result<Used> {
        let group = child.id();
        let mut state = self.lock();
        #[cfg(unix)]
        let used = reap(child);
        #[cfg(windows)]
        let used = reap(child, state.jobs.remove(&group));
        state.groups.retain(|&other| other != group);
        if let Some(guardian) = &mut state.guardian {
            guardian.forget(group);
        }
        state.changed();
        used
    }

    #[cfg(all(test, unix))]
    pub(super) fn guardian_pid(&self) -> Option<u32> {
        self.lock().guardian.as_ref().map(Guardian::pid)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a child did not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpawnError {
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The two signals the harness ever sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum GroupSignal {
    Terminate,
    Kill,
}

/// Signals every process of a group. A group that is gone is no error.
#[cfg(unix)]
pub(super) fn signal_group(group: u32, signal: GroupSignal) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = match signal {
        GroupSignal::Terminate => Signal::TERM,
        GroupSignal::Kill => Signal::KILL,
    };
    // Group 1 would be init's, group 0 our own: neither can come from a spawned child.
    if let Some(pid) = i32::try_from(group).ok().filter(|&g| g > 1).and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "interrupt_tests.rs"]
mod tests;
