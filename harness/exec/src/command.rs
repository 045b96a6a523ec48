//! What to run, how it ended, and why it may not have run: the types of [`process`](super::process).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::interrupt::Interrupted;

/// How many lines of standard error are kept unless the spec says otherwise.
pub(crate) const STDERR_TAIL: usize = 40;

/// What to run. The environment is complete: nothing is inherited.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// The program, best as an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The whole environment of the child.
    pub env: BTreeMap<OsString, OsString>,
    /// The directory it starts in.
    pub cwd: PathBuf,
    /// Ends the child's process group after this long.
    pub timeout: Option<Duration>,
    /// How many of the last lines of standard error to keep.
    pub stderr_tail: usize,
    /// What [`display`](Self::display) says instead of program and arguments.
    pub shown: Option<String>,
}

impl CommandSpec {
    /// A command with no arguments and an empty environment.
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

    /// Appends an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Appends arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets one environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub fn envs<K, V>(mut self, vars: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        self.env.extend(vars.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }

    /// Limits how long it may run.
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

/// Which pipe a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A child that ran to its end, successfully or not.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
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
    /// The last lines of standard error.
    pub stderr_tail: Vec<String>,
    /// Whether processes still held the pipes after the leader ended, and were killed for it.
    pub lingering: bool,
    /// Time spent afterwards on looking through what a sandboxed command left; not in `wall`.
    pub inspection: Duration,
}

impl Finished {
    /// The kept lines of standard error as one text.
    pub fn stderr_text(&self) -> String {
        self.stderr_tail.join("\n")
    }

    /// Exit code, or 128 + signal as shells have it.
    pub fn code(&self) -> i32 {
        let of_signal = super::os::ending_signal(self.status).map(|signal| 128 + signal);
        of_signal.or(self.status.code()).unwrap_or(-1)
    }
}

/// Why a child did not run to its end.
#[allow(missing_docs, reason = "the fields are those of the text")]
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program could not be started.
    #[error("cannot start `{command}` in {}: {source}; check that both exist", cwd.display())]
    Spawn { command: String, cwd: PathBuf, source: std::io::Error },
    /// The child's end could not be observed.
    #[error("lost track of `{command}`: {source}")]
    Wait { command: String, source: std::io::Error },
    /// It ran longer than its limit and was killed with its whole group.
    #[error("`{command}` was killed after its limit of {} s; its last line: {}", limit.as_secs_f64(), stderr_tail.last().map_or("none", String::as_str))]
    TimedOut { command: String, limit: Duration, stderr_tail: Vec<String> },
    /// A sandboxed command left files that would lead the harness out of its directories.
    #[error("it left {} links that lead out of its directories, or special files, now removed: {}", found.len(), first_of(found))]
    LeftLinks { found: Vec<PathBuf> },
    /// What a sandboxed command left could not be looked through.
    #[error("cannot look through {} after a sandboxed command: {source}", tree.display())]
    Inspection { tree: PathBuf, source: std::io::Error },
    /// A signal ended the run.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn first_of(paths: &[PathBuf]) -> String {
    paths.iter().take(3).map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
