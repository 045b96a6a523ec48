//! How long one build may still take: all its processes together.
//!
//! What runs in this process (restoring, publishing) cannot be cut off; it counts for the
//! processes that come after it.

use std::time::{Duration, Instant};

use super::build::BuildError;
use exec::process::{CommandSpec, ProcessError};

/// A limit and the moment it is reached, if there is one.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<(Duration, Instant)>);

impl Deadline {
    /// The limit begins to run now.
    pub fn starting_now(limit: Option<Duration>) -> Deadline {
        Deadline(limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?))))
    }

    /// A command that is ended, with its whole process group, when the limit is reached.
    pub fn on(&self, spec: CommandSpec) -> CommandSpec {
        match self.0 {
            Some((_, at)) => spec.timeout(at.saturating_duration_since(Instant::now())),
            None => spec,
        }
    }

    /// The error of a command that was given this limit.
    pub fn told(&self, what: &'static str, error: ProcessError) -> BuildError {
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
    fn the_limit_is_told_and_not_what_was_left_of_it() {
        let error = ProcessError::TimedOut {
            command: "cargo build".into(),
            limit: Duration::from_millis(7),
            stderr_tail: vec!["   Compiling slow v1.0.0".into()],
        };
        let reached = Deadline(Some((Duration::from_secs(30), Instant::now())));
        let told = reached.told("Cargo", error).to_string();
        assert_eq!(
            told,
            "Cargo was ended, the step having reached its limit of 30 s (--step-timeout); its last line: \
             Compiling slow v1.0.0"
        );
    }
}
