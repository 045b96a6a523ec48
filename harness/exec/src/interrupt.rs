//! Ctrl-C: ending exactly the processes this harness started, and nothing else.
//!
//! A [`Supervisor`] keeps the process groups of the running children. On the first SIGINT, SIGTERM or SIGHUP it raises
//! a flag, sends SIGTERM to those groups and, two seconds later, SIGKILL to the ones still there; the run ends with an
//! `Interrupted` error, so that what was recorded stays resumable. A second signal kills at once and leaves with code
//! 130. A guard may raise the same flag, with its reason ([`Supervisor::halt`]).
//!
//! Starting, signalling and reaping share one lock: no child can start after the flag was raised, and no signal can
//! reach a process number that was reaped and given to a stranger.

use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::os::{ChildGroup, ResourceUse};

/// How long a child has between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(2);

/// The exit code of a harness ended by a second Ctrl-C: 128 + SIGINT.
pub const EXIT_CODE: i32 = 130;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; what was recorded so far is kept and `--resume` continues it")]
pub struct Interrupted;

#[derive(Debug, thiserror::Error)]
#[error("cannot take over Ctrl-C: {0}; is a handler installed already?")]
pub struct HandlerError(#[from] ctrlc::Error);

/// The groups of the running children, by the number of the child that leads each.
type ChildGroups = BTreeMap<u32, ChildGroup>;

#[derive(Debug, Default)]
struct Inner {
    interrupted: AtomicBool,
    /// A signal came; a guard may have raised the flag before.
    signalled: AtomicBool,
    halted: OnceLock<String>,
    groups: Mutex<ChildGroups>,
}

/// The children that are running, and whether they should be. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Arc<Inner>);

impl Supervisor {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets SIGINT, SIGTERM and SIGHUP of this process interrupt this supervisor.
    /// Fails when a handler is installed already; there can be one in a process.
    pub fn install_signal_handler(&self) -> Result<(), HandlerError> {
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
            let groups = self.lock();
            self.0.interrupted.store(true, Ordering::SeqCst);
            groups.values().for_each(ChildGroup::terminate);
        }
        let supervisor = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            supervisor.kill();
        });
    }

    /// Raises the flag and sends SIGKILL to every running child at once.
    pub fn kill(&self) {
        let groups = self.lock();
        self.0.interrupted.store(true, Ordering::SeqCst);
        groups.values().for_each(ChildGroup::kill);
    }

    /// Ends every running child at once, for a reason of our own, and raises the flag, unless a
    /// signal did: what follows is what follows a Ctrl-C.
    pub fn halt(&self, why: &str) {
        let groups = self.lock();
        if !self.0.interrupted.swap(true, Ordering::SeqCst) {
            let _ = self.0.halted.set(why.to_owned());
        }
        groups.values().for_each(ChildGroup::kill);
    }

    pub fn halted(&self) -> Option<&str> {
        self.0.halted.get().map(String::as_str)
    }

    /// Whether a signal arrived, or the run was halted.
    pub fn is_interrupted(&self) -> bool {
        self.0.interrupted.load(Ordering::SeqCst)
    }

    /// An error once a signal arrived: for the steps between children. Fails with [`Interrupted`].
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted() { Err(Interrupted) } else { Ok(()) }
    }

    /// Starts a child that leads its own process group, unless a signal arrived; returns it with the moment at which it
    /// was to start.
    pub(crate) fn spawn(&self, mut command: Command) -> Result<std::io::Result<(Child, Instant)>, Interrupted> {
        ChildGroup::lead(&mut command);
        let mut groups = self.lock();
        self.check()?;
        let started = Instant::now();
        Ok(command.spawn().and_then(|mut child| {
            let group = ChildGroup::of(&child).inspect_err(|_| {
                let _ = child.kill();
            })?;
            groups.insert(child.id(), group);
            Ok((child, started))
        }))
    }

    pub(crate) fn terminate_group(&self, leader: u32) {
        self.lock().get(&leader).into_iter().for_each(ChildGroup::terminate);
    }

    pub(crate) fn kill_group(&self, leader: u32) {
        self.lock().get(&leader).into_iter().for_each(ChildGroup::kill);
    }

    /// Reaps an ended child (blocks if it still runs) and returns what it used.
    pub(crate) fn reap(&self, child: Child) -> std::io::Result<ResourceUse> {
        let mut groups = self.lock();
        groups.remove(&child.id()).ok_or_else(|| std::io::Error::other("reaped already"))?.reap(child)
    }

    fn lock(&self) -> MutexGuard<'_, ChildGroups> {
        self.0.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "interrupt_tests.rs"]
mod tests;
