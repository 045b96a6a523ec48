//! Which Cargo commands a trace shows.

use std::fmt;
use std::str::FromStr;

use simulation::trace::Task;

/// A profile and a task: `release build`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Command {
    /// The Cargo profile.
    pub profile: String,
    /// What is asked of Cargo.
    pub task: Task,
}

/// The commands taken where none are named.
pub const DEFAULT: &str = "dev build,release build,dev test,dev check";

impl Command {
    /// The same task in the words of a scenario.
    pub fn scenario_task(&self) -> corpora::scenario::Task {
        match self.task {
            Task::Build => corpora::scenario::Task::Build,
            Task::Test => corpora::scenario::Task::Test,
            Task::Check => corpora::scenario::Task::Check,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.profile, self.task.as_str())
    }
}

impl FromStr for Command {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no command: write a profile and build, test or check, as in {DEFAULT:?}");
        let mut words = text.split_whitespace();
        let (Some(profile), Some(task), None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        let task = Task::ALL.into_iter().find(|known| known.as_str() == task).ok_or_else(wrong)?;
        let profile = crate::cmd::common::plain_name(profile).map_err(|why| format!("{text:?}: {why}"))?;
        Ok(Command { profile, task })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_shown_alike() {
        let all: Vec<String> = DEFAULT.split(',').map(|it| it.parse::<Command>().unwrap().to_string()).collect();
        assert_eq!(all.join(","), DEFAULT);
        for wrong in ["", "build", "dev doc", "dev build now", "-Zx build", "dev,build"] {
            assert!(wrong.parse::<Command>().is_err(), "{wrong:?}");
        }
    }
}
