//! Why there is no measurement, and how long one build may still take: all its processes together.
//!
//! What runs in this process (restoring, publishing) cannot be cut off; it counts for the processes that come after it.

use std::time::{Duration, Instant};

use exec::observer;
use exec::process::{CommandSpec, ProcessError};
use strategies::graph::parse::GraphError;

/// Why there is no measurement.
#[allow(missing_docs, reason = "the texts say it")]
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo failed; its last lines.
    #[error("{0}")]
    Failed(String),
    /// The daemon of an external tool did not come up, and why: nothing was built.
    #[error("{0}")]
    NoDaemon(String),
    #[error("{what} was ended, the step having reached its limit of {} s (--step-timeout); its last line: {last}", limit.as_secs())]
    TooLong { what: &'static str, limit: Duration, last: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    File(#[from] strategies::files::FileError),
    #[error(transparent)]
    Log(#[from] observer::log::ReadError),
}

/// A limit and the instant at which it is reached, if there is one.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<(Duration, Instant)>);

impl Deadline {
    pub(crate) fn starting_now(limit: Option<Duration>) -> Deadline {
        Deadline(limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?))))
    }

    /// A command that is ended, with its whole process group, when the limit is reached.
    pub(crate) fn on(&self, spec: CommandSpec) -> CommandSpec {
        match self.0 {
            Some((_, at)) => spec.timeout(at.saturating_duration_since(Instant::now())),
            None => spec,
        }
    }

    pub(crate) fn annotate(&self, what: &'static str, error: ProcessError) -> BuildError {
        match (error, self.0) {
            // A sandbox has a limit of its own, which may be reached before.
            (ProcessError::TimedOut { stderr_tail, .. }, Some((limit, at))) if at <= Instant::now() => {
                let last = stderr_tail.last().map_or_else(|| "none".to_owned(), |line| line.trim().to_owned());
                BuildError::TooLong { what, limit, last }
            }
            (error, _) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_share_what_is_left() {
        let spec = || CommandSpec::new("/bin/true", "/");
        assert_eq!(Deadline::starting_now(None).on(spec()).timeout, None);
        let limit = Duration::from_secs(60);
        let deadline = Deadline::starting_now(Some(limit));
        let first = deadline.on(spec()).timeout.unwrap();
        std::thread::sleep(Duration::from_millis(5));
        let second = deadline.on(spec()).timeout.unwrap();
        assert!(second < first && first <= limit, "{first:?} {second:?}");
        assert_eq!(Deadline::starting_now(Some(Duration::ZERO)).on(spec()).timeout, Some(Duration::ZERO));
    }

    #[test]
    fn the_error_names_the_limit_and_not_what_was_left_of_it() {
        let error = ProcessError::TimedOut {
            command: "cargo build".into(),
            limit: Duration::from_millis(7),
            stderr_tail: vec!["   Compiling slow v1.0.0".into()],
        };
        let reached = Deadline(Some((Duration::from_secs(30), Instant::now())));
        let text = reached.annotate("Cargo", error).to_string();
        assert_eq!(
            text,
            "Cargo was ended, the step having reached its limit of 30 s (--step-timeout); its last line: \
             Compiling slow v1.0.0"
        );
    }
}
