//! Scenarios: the stories that strategies are measured in, as data.
//!
//! A scenario is an ordered list of steps. Each step visits the workspaces of the corpus in
//! their order; on each it performs its actions, unmeasured, and then one measured task,
//! which becomes a record. A step's `once` actions come before its first workspace. Where a
//! scenario is told of each workspace `alone`, a workspace goes through all steps, from empty
//! directories, before the next one begins.
//!
//! The TOML they are written in, with every key, action and task: `scenarios/README.md` beside
//! the shipped ones.
//!
//! | file | its one idea |
//! |---|---|
//! | `action.rs` | what is done to a working copy between measurements |
//! | `task.rs` | what is measured |
//! | `check.rs` | what makes no sense although it can be parsed |

use std::path::Path;

use serde::Deserialize;

use crate::manifest::Workspace;

mod action;
mod check;
mod task;

pub use action::Action;
pub use task::{Home, Task};

/// The scenario taken when none is named.
pub const DEFAULT: &str = "gauntlet";

/// The working copy every workspace has.
pub const MAIN: &str = "main";

/// A story told to every arm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What happens, in a line.
    pub about: String,
    /// The open questions it speaks to.
    #[serde(default)]
    pub questions: Vec<String>,
    /// Each workspace goes through the whole story by itself, from an empty store.
    #[serde(default)]
    pub alone: bool,
    /// Its steps, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step: a measured task on every workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Its name in the records.
    pub name: String,
    /// What it shows, in a line.
    pub about: String,
    /// Actions before the first workspace.
    #[serde(default)]
    pub once: Vec<Action>,
    /// Actions before the task on each workspace, on the working copies of the step.
    #[serde(default)]
    pub each: Vec<Action>,
    /// What is measured.
    #[serde(default)]
    pub run: Task,
    /// Cargo profile; that of the run when absent.
    #[serde(default)]
    pub profile: Option<String>,
    /// The working copies it runs in: at once, when there are several.
    #[serde(rename = "in", default = "main_only")]
    pub trees: Vec<String>,
    /// The CARGO_HOME it runs with.
    #[serde(default)]
    pub cargo_home: Home,
    /// Each working copy is compiled with a flag of its own, so that no two share a unit.
    #[serde(default)]
    pub distinct: bool,
}

fn main_only() -> Vec<String> {
    vec![MAIN.to_owned()]
}

impl Scenario {
    /// Every action of every step, in order.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.steps.iter().flat_map(|step| step.once.iter().chain(&step.each))
    }

    /// Whether working copies have to be git repositories.
    pub fn needs_git(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Worktree(_) | Action::Commit))
    }

    /// Whether workspaces need a second lockfile.
    pub fn needs_upgrade(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Upgrade))
    }

    /// Why a workspace cannot take part, in a line; nothing when it can.
    pub fn unfit(&self, workspace: &Workspace) -> Option<String> {
        let missing = self.needs_upgrade() && workspace.upgrade.is_none();
        missing.then(|| "it has no second lockfile: give it an `upgrade` in its manifest".to_owned())
    }

    /// Whether the file that a manifest names is edited.
    pub fn edits(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Edit(_)))
    }

    /// Whether members are edited that have to be found first.
    pub fn edits_members(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::EditLeaf(_) | Action::EditRoot(_)))
    }

    /// Whether a second CARGO_HOME is needed.
    pub fn needs_second_home(&self) -> bool {
        self.steps.iter().any(|step| step.cargo_home == Home::Elsewhere)
    }
}

/// Why a scenario could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// No scenario of that name comes along.
    #[error("there is no scenario {name:?}; there are {known}, and any path ending in .toml")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file could not be read.
    #[error("cannot read the scenario {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a scenario.
    #[error("{path}: {what}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong, with its line where one is known.
        what: String,
    },
}

/// Name and text of each shipped scenario. One more is one more line.
const SHIPPED: &[(&str, &str)] = &[
    ("gauntlet", include_str!("../../scenarios/gauntlet.toml")),
    ("cold", include_str!("../../scenarios/cold.toml")),
    ("edits", include_str!("../../scenarios/edits.toml")),
    ("worktrees", include_str!("../../scenarios/worktrees.toml")),
    ("profiles", include_str!("../../scenarios/profiles.toml")),
    ("upgrade", include_str!("../../scenarios/upgrade.toml")),
    ("contention", include_str!("../../scenarios/contention.toml")),
    ("clean", include_str!("../../scenarios/clean.toml")),
    ("moved", include_str!("../../scenarios/moved.toml")),
];

/// The names of the shipped scenarios, the default first.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

impl Scenario {
    /// The shipped scenario of this name, or the one in this `.toml` file.
    ///
    /// # Errors
    /// When there is none or it is malformed.
    pub fn load(name_or_path: &str) -> Result<Self, ScenarioError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(text, name);
        }
        if !name_or_path.ends_with(".toml") {
            let known = names().collect::<Vec<_>>().join(", ");
            return Err(ScenarioError::Unknown { name: name_or_path.to_owned(), known });
        }
        let text = std::fs::read_to_string(Path::new(name_or_path))
            .map_err(|source| ScenarioError::Read { path: name_or_path.to_owned(), source })?;
        Self::parse(&text, name_or_path)
    }

    /// Parses a scenario; `path` is what errors name.
    ///
    /// # Errors
    /// When it is malformed or makes no sense, with the line or the step.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        let invalid = |what: String| ScenarioError::Invalid { path: path.to_owned(), what };
        let scenario: Self = toml::from_str(text).map_err(|error| invalid(one_line(&error, text)))?;
        check::check(&scenario).map_err(invalid)?;
        Ok(scenario)
    }
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use crate::manifest::Corpus;

    #[test]
    fn every_shipped_scenario_is_sound_and_named_as_its_file() {
        for name in names() {
            assert_eq!(Scenario::load(name).unwrap().name, name);
        }
        assert_eq!(names().next(), Some(DEFAULT));
    }

    #[test]
    fn the_documentation_shows_a_sound_one_and_names_all_that_ship() {
        let text = include_str!("../../scenarios/README.md");
        let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(Scenario::parse(example, "README.md").unwrap().name, "two-branches");
        for name in names() {
            let questions = Scenario::load(name).unwrap().questions;
            let row = text.lines().find(|line| line.starts_with(&format!("| `{name}`"))).unwrap();
            let told: Vec<_> = row.split([' ', '|']).filter(|word| word.starts_with('Q')).collect();
            assert_eq!(told, questions, "{name}");
        }
    }

    #[test]
    fn actions_and_tasks_are_typed() {
        let steps = Scenario::load("gauntlet").unwrap().steps;
        assert_eq!(steps[0].once, [Action::EmptyStore]);
        assert_eq!(steps[2].each, [Action::Edit(Edit::PrivateBody)]);
        assert_eq!((steps[0].run, steps[0].trees.as_slice()), (Task::Build, [MAIN.to_owned()].as_slice()));
        let steps = Scenario::load("profiles").unwrap().steps;
        assert!(steps.iter().any(|step| step.run == Task::Test && step.trees == [MAIN]));
    }

    #[test]
    fn only_a_workspace_without_a_second_lockfile_is_unfit_and_only_for_an_upgrade() {
        let left_out = |scenario: &str| {
            let scenario = Scenario::load(scenario).unwrap();
            let workspaces = Corpus::load("gauntlet").unwrap().workspaces;
            workspaces.into_iter().filter_map(|w| Some((scenario.unfit(&w)?, w.upgrade))).collect::<Vec<_>>()
        };
        let unfit = left_out("upgrade");
        assert!(unfit.len() > 10 && unfit.iter().all(|(why, upgrade)| upgrade.is_none() && why.contains("`upgrade`")));
        for other in names().filter(|name| *name != "upgrade") {
            assert_eq!(left_out(other), []);
        }
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let told = |text: &str| Scenario::parse(text, "s.toml").unwrap_err().to_string();
        let wrong = told("name = \"s\"\nabout = \"\"\n[[step]]\nname = \"a\"\nabout = \"\"\neach = [\"explode\"]\n");
        assert!(wrong.contains("line 6") && wrong.contains("explode"), "{wrong}");
        assert!(Scenario::load("gauntlt").unwrap_err().to_string().contains("gauntlet"));
    }
}
