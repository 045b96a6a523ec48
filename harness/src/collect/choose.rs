//! The workspaces and Cargo commands of a trace.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use corpora::{Corpus, Workspace};
use simulation::trace::TraceTask;

use crate::cmd::common::plain_name;

/// The workspaces of several corpora, each once: of two with the same source and arguments the first. One with the name
/// of another is called `name@corpus`. `only` names those that take part; empty for all.
pub fn choose(corpora: &[String], only: &[String]) -> Result<Vec<Workspace>> {
    let mut chosen: Vec<Workspace> = Vec::new();
    for name in corpora {
        let corpus = Corpus::load(name.trim())?;
        for mut workspace in corpus.workspaces {
            if chosen.iter().any(|other| is_same(other, &workspace)) {
                continue;
            }
            if chosen.iter().any(|other| other.name == workspace.name) {
                workspace.name = format!("{}@{}", workspace.name, corpus.name);
            }
            chosen.push(workspace);
        }
    }
    let names = || chosen.iter().map(|workspace| workspace.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = only.iter().find(|name| chosen.iter().all(|workspace| workspace.name != **name)) {
        bail!("no corpus of {} has a workspace {unknown}; there are {}", corpora.join(", "), names());
    }
    chosen.retain(|workspace| only.is_empty() || only.contains(&workspace.name));
    if chosen.is_empty() {
        bail!("--corpus names no corpus; `harness corpus list` shows them");
    }
    Ok(chosen)
}

fn is_same(one: &Workspace, other: &Workspace) -> bool {
    one.source == other.source && one.cargo_args == other.cargo_args && one.test_args == other.test_args
}

/// A profile and a task: `release build`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceCommand {
    pub profile: String,
    pub task: TraceTask,
}

pub const DEFAULT: &str = "dev build,release build,dev test,dev check";

impl TraceCommand {
    pub fn scenario_task(&self) -> corpora::scenario::Task {
        match self.task {
            TraceTask::Build => corpora::scenario::Task::Build,
            TraceTask::Test => corpora::scenario::Task::Test,
            TraceTask::Check => corpora::scenario::Task::Check,
        }
    }
}

impl fmt::Display for TraceCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.profile, self.task.as_str())
    }
}

impl FromStr for TraceCommand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no command: write a profile and build, test or check, as in {DEFAULT:?}");
        let mut words = text.split_whitespace();
        let (Some(profile), Some(task), None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        let task = TraceTask::ALL.into_iter().find(|known| known.as_str() == task).ok_or_else(wrong)?;
        let profile = plain_name(profile).map_err(|why| format!("{text:?}: {why}"))?;
        Ok(TraceCommand { profile, task })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(workspaces: &[Workspace]) -> Vec<&str> {
        workspaces.iter().map(|workspace| workspace.name.as_str()).collect()
    }

    fn corpora(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_workspace_of_two_corpora_is_taken_once() {
        let once = choose(&corpora(&["quick", "gauntlet"]), &[]).unwrap();
        let twice = choose(&corpora(&["quick", "gauntlet", "quick"]), &[]).unwrap();
        assert_eq!(names(&once), names(&twice));
        assert_eq!(once.len(), 25);
    }

    #[test]
    fn one_of_the_same_name_and_another_pin_is_another() {
        let both = choose(&corpora(&["gauntlet", "gauntlet-git"]), &[]).unwrap();
        assert_eq!(both.len(), 42);
        assert!(names(&both).contains(&"bat") && names(&both).contains(&"bat@gauntlet-git"));
    }

    #[test]
    fn an_unknown_workspace_is_named() {
        let only = choose(&corpora(&["quick", "gauntlet"]), &corpora(&["bat", "cargo-hack"])).unwrap();
        assert_eq!(names(&only), ["cargo-hack", "bat"]);
        let error = choose(&corpora(&["quick"]), &corpora(&["bat"])).unwrap_err().to_string();
        assert!(error.contains("no corpus of quick has a workspace bat; there are cargo-"), "{error}");
        assert!(choose(&corpora(&["qick"]), &[]).unwrap_err().to_string().contains("did you mean \"quick\"?"));
        assert!(choose(&[], &[]).is_err());
    }

    #[test]
    fn commands_are_shown_as_they_are_read() {
        let all: Vec<String> = DEFAULT.split(',').map(|it| it.parse::<TraceCommand>().unwrap().to_string()).collect();
        assert_eq!(all.join(","), DEFAULT);
        for wrong in ["", "build", "dev doc", "dev build now", "-Zx build", "dev,build"] {
            assert!(wrong.parse::<TraceCommand>().is_err(), "{wrong:?}");
        }
    }
}
