//! One child process from start to end: the measured unit.
//!
//! CPU time and peak memory are what the operating system accounted to the child and to every descendant that was
//! waited for (`wait4`; on Windows, to everything in its job object), not a sample. The child leads its own process
//! group, so that the whole tree can be ended. It is started without a hook between fork and exec, which keeps its
//! start at 0.1 ms however large the harness is. Both pipes are read by threads of their own: no output volume can
//! block the child for ever. The clock stops when the leader ends, not when the pipes are drained.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::interrupt::{Interrupted, Supervisor};
use super::os::{self, ResourceUse};

/// How many lines of standard error are kept unless the spec says otherwise.
pub(crate) const STDERR_TAIL: usize = 40;

/// What to run. The environment is complete: nothing is inherited.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// The program, best as an absolute path.
    pub program: PathBuf,
    pub args: Vec<OsString>,
    /// The whole environment of the child.
    pub env: BTreeMap<OsString, OsString>,
    /// The directory it starts in.
    pub cwd: PathBuf,
    /// Ends the child's process group after this long.
    pub timeout: Option<Duration>,
    pub stderr_tail: usize,
    /// What [`display`](Self::display) says instead of program and arguments.
    pub shown: Option<String>,
}

impl CommandSpec {
    /// Starts it as a child of the supervisor; returns it with the moment at which it was to start.
    pub(crate) fn spawn(
        &self,
        supervisor: &Supervisor,
        stdout: Stdio,
        stderr: Stdio,
    ) -> Result<(Child, Instant), ProcessError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(&self.cwd);
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let failed = |source| ProcessError::Spawn { command: self.display(), cwd: self.cwd.clone(), source };
        supervisor.spawn(command)?.map_err(failed)
    }

    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: cwd.into(),
            timeout: None,
            stderr_tail: STDERR_TAIL,
            shown: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    #[must_use]
    pub fn envs<K, V>(mut self, vars: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        self.env.extend(vars.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }

    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The command as a person would type it, for messages and logs.
    pub fn display(&self) -> String {
        if let Some(shown) = &self.shown {
            return shown.clone();
        }
        let mut line = self.program.display().to_string();
        for arg in &self.args {
            line.push(' ');
            let arg = arg.to_string_lossy();
            if arg.is_empty() || arg.contains([' ', '\'', '"', '$', '*', ';']) {
                line.push_str(&format!("'{}'", arg.replace('\'', r"'\''")));
            } else {
                line.push_str(&arg);
            }
        }
        line
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// A child that ran to its end, successfully or not.
#[derive(Debug, Clone)]
pub struct Finished {
    pub status: ExitStatus,
    /// From just before its start to the moment its leader ended.
    pub wall: Duration,
    /// User CPU time of the leader and all descendants that were waited for.
    pub user: Duration,
    /// System CPU time, likewise.
    pub sys: Duration,
    /// Peak resident set of the largest single process in the tree (not their sum).
    ///
    /// `None` where the system has none, or where it cannot be distinguished from our own: Linux
    /// starts a child's peak at the peak of the process that started it.
    pub max_rss_bytes: Option<u64>,
    pub stderr_tail: Vec<String>,
    /// Whether processes still held the pipes after the leader ended, and were killed for it.
    pub lingering: bool,
    /// Time spent afterwards on looking through what a sandboxed command left; not in `wall`.
    pub inspection: Duration,
}

impl Finished {
    pub fn stderr_text(&self) -> String {
        self.stderr_tail.join("\n")
    }

    /// Exit code, or 128 + signal as shells have it.
    pub fn code(&self) -> i32 {
        let of_signal = os::ending_signal(self.status).map(|signal| 128 + signal);
        of_signal.or(self.status.code()).unwrap_or(-1)
    }
}

/// Why a child did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("cannot start `{command}` in {}: {source}; check that both exist", cwd.display())]
    Spawn { command: String, cwd: PathBuf, source: std::io::Error },
    #[error("lost track of `{command}`: {source}")]
    Wait { command: String, source: std::io::Error },
    /// It ran longer than its limit and was killed with its whole group.
    #[error("`{command}` was killed after its limit of {} s; its last line: {}", limit.as_secs_f64(), stderr_tail.last().map_or("none", String::as_str))]
    TimedOut { command: String, limit: Duration, stderr_tail: Vec<String> },
    /// A sandboxed command left files that would lead the harness out of its directories.
    #[error("it left {} links that lead out of its directories, or special files, now removed: {}", found.len(), first_of(found))]
    LeftLinks { found: Vec<PathBuf> },
    #[error("cannot look through {} after a sandboxed command: {source}", tree.display())]
    Inspection { tree: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn first_of(paths: &[PathBuf]) -> String {
    paths.iter().take(3).map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// How long the pipes may stay open after the leader ended before its leftovers are killed.
const DRAIN: Duration = Duration::from_secs(1);

enum ChildEvent {
    Line(Stream, String),
    Closed,
    /// The leader ended at this moment; `true` if it was killed by a signal.
    Ended(Instant, bool),
    LostTrack(std::io::Error),
}

/// Runs a child to its end and keeps its standard output, line by line.
pub fn run_captured(spec: &CommandSpec, supervisor: &Supervisor) -> Result<(Finished, Vec<String>), ProcessError> {
    captured(|on_line| run(spec, supervisor, on_line))
}

/// Collects the standard output of a child that `run` runs.
pub(crate) fn captured(
    run: impl FnOnce(&mut dyn FnMut(Stream, &str)) -> Result<Finished, ProcessError>,
) -> Result<(Finished, Vec<String>), ProcessError> {
    let mut stdout = Vec::new();
    let finished = run(&mut |stream, line| {
        if stream == Stream::Stdout {
            stdout.push(line.to_owned());
        }
    })?;
    Ok((finished, stdout))
}

/// Runs a child to its end; `on_line` gets each line of either stream as it comes, without its newline, on the calling
/// thread. Fails when the child cannot be started or followed, exceeds its limit, or the supervisor was interrupted. A
/// child that fails is not an error: look at [`Finished::status`].
pub fn run(
    spec: &CommandSpec,
    supervisor: &Supervisor,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Finished, ProcessError> {
    let own_peak = own_peak();
    let (child, started) = spec.spawn(supervisor, Stdio::piped(), Stdio::piped())?;
    let mut running = RunningChild { child: Some(child), supervisor };
    let followed = running.follow(spec, started, on_line);
    let lost = |source| ProcessError::Wait { command: spec.display(), source };
    let (ended, followed) = followed.map_err(lost)?;
    let used = running.reap().map_err(lost)?;
    supervisor.check()?;
    let FollowOutcome { stderr_tail, lingering, timed_out } = followed;
    if let (true, Some(limit)) = (timed_out, spec.timeout) {
        return Err(ProcessError::TimedOut { command: spec.display(), limit, stderr_tail });
    }
    Ok(Finished {
        status: used.status,
        wall: ended.duration_since(started),
        user: used.user,
        sys: used.sys,
        max_rss_bytes: used.max_rss_bytes.filter(|&peak| peak > own_peak),
        stderr_tail,
        lingering,
        inspection: Duration::ZERO,
    })
}

struct FollowOutcome {
    stderr_tail: Vec<String>,
    lingering: bool,
    timed_out: bool,
}

/// A started child. Dropped without being reaped (a panic in the caller's callback), it takes its whole group with it.
struct RunningChild<'s> {
    child: Option<Child>,
    supervisor: &'s Supervisor,
}

impl RunningChild<'_> {
    fn follow(
        &mut self,
        spec: &CommandSpec,
        started: Instant,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> std::io::Result<(Instant, FollowOutcome)> {
        let child = self.child.as_mut().ok_or_else(|| std::io::Error::other("no child"))?;
        let group = child.id();
        let (events, inbox) = sync_channel(4096);
        let stdout = child.stdout.take().map(|pipe| read_lines(pipe, Stream::Stdout, events.clone()));
        let stderr = child.stderr.take().map(|pipe| read_lines(pipe, Stream::Stderr, events.clone()));
        let mut open = stdout.iter().chain(&stderr).count();
        watch_for_end(child, events)?;
        let mut followed = FollowOutcome { stderr_tail: Vec::new(), lingering: false, timed_out: false };
        let mut tail: VecDeque<String> = VecDeque::new();
        let mut ended = None;
        let mut deadline = spec.timeout.map(|limit| started + limit);
        let ended = loop {
            if let (Some(at), 0) = (ended, open) {
                break at;
            }
            let event = match deadline {
                Some(at) => inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match (event, ended) {
                (Ok(ChildEvent::Line(stream, line)), _) => {
                    on_line(stream, &line);
                    if stream == Stream::Stderr && spec.stderr_tail > 0 {
                        if tail.len() == spec.stderr_tail {
                            tail.pop_front();
                        }
                        tail.push_back(line);
                    }
                }
                (Ok(ChildEvent::Closed), _) => open -= 1,
                (Ok(ChildEvent::Ended(at, killed)), _) => {
                    ended = Some(at);
                    deadline = Some(Instant::now() + DRAIN);
                    // A leader that did not leave by itself may have left a tree behind.
                    if killed || followed.timed_out || self.supervisor.is_interrupted() {
                        self.supervisor.kill_group(group);
                    }
                }
                (Ok(ChildEvent::LostTrack(error)), _) => return Err(error),
                (Err(RecvTimeoutError::Timeout), None) => {
                    followed.timed_out = true;
                    deadline = None;
                    self.supervisor.kill_group(group);
                }
                (Err(RecvTimeoutError::Timeout), Some(at)) => {
                    if followed.lingering {
                        break at; // It left its group: let it be, stop listening.
                    }
                    followed.lingering = true;
                    deadline = Some(Instant::now() + DRAIN);
                    self.supervisor.kill_group(group);
                }
                (Err(RecvTimeoutError::Disconnected), Some(at)) => break at,
                (Err(RecvTimeoutError::Disconnected), None) => {
                    return Err(std::io::Error::other("its end was not observed"));
                }
            }
        };
        followed.stderr_tail = tail.into();
        Ok((ended, followed))
    }

    fn reap(&mut self) -> std::io::Result<ResourceUse> {
        self.supervisor.reap(self.child.take().ok_or_else(|| std::io::Error::other("reaped already"))?)
    }
}

impl Drop for RunningChild<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            self.supervisor.kill_group(child.id());
            let _ = child.kill();
            let _ = self.supervisor.reap(child);
        }
    }
}

/// How often each of two things is done to compare their times.
pub const STARTS: usize = 20;

/// Median times of two things, done in turns, so that others' work meets both.
pub(crate) fn medians<E>(
    mut one: impl FnMut() -> Result<Duration, E>,
    mut other: impl FnMut() -> Result<Duration, E>,
) -> Result<[Duration; 2], E> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        times[0].push(one()?);
        times[1].push(other()?);
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        (times[(STARTS - 1) / 2] + times[STARTS / 2]) / 2
    }))
}

fn read_lines(pipe: impl Read + Send + 'static, stream: Stream, events: SyncSender<ChildEvent>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::with_capacity(64 * 1024, pipe);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            while matches!(line.last(), Some(b'\n' | b'\r')) {
                line.pop();
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            if events.send(ChildEvent::Line(stream, text)).is_err() {
                return;
            }
            line.clear();
        }
        let _ = events.send(ChildEvent::Closed);
    });
}

fn watch_for_end(child: &Child, events: SyncSender<ChildEvent>) -> std::io::Result<()> {
    let end = os::end_of(child)?;
    std::thread::spawn(move || {
        let event = match end() {
            Ok(killed) => ChildEvent::Ended(Instant::now(), killed),
            Err(error) => ChildEvent::LostTrack(error),
        };
        let _ = events.send(event);
    });
    Ok(())
}

/// Our own peak resident set in bytes: the least that `wait4` can report for a child on Linux.
fn own_peak() -> u64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|text| os::bytes_of(&text, "VmHWM:")).unwrap_or(0)
}

#[cfg(test)]
#[path = "process_tests.rs"]
pub(crate) mod tests;
