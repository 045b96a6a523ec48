//! Scenarios: the stories that strategies are measured in, as data.
//!
//! A scenario is an ordered list of steps. Each step visits the workspaces of the corpus in
//! their order; on each it performs its actions, unmeasured, and then one measured build,
//! which becomes a record. A step's `once` actions come before its first workspace.
//!
//! ```toml
//! name = "gauntlet"
//! about = "…"
//! questions = ["Q1"]
//!
//! [[step]]
//! name = "fill"
//! about = "…"
//! once = ["empty-store"]
//! each = ["wipe", { edit = "private-body" }]
//! ```

use std::path::Path;

use serde::Deserialize;

use crate::edit::Edit;

/// The scenario taken when none is named.
pub const DEFAULT: &str = "gauntlet";

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
    /// Its steps, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step: a measured build on every workspace.
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
    /// Actions before the build of each workspace.
    #[serde(default)]
    pub each: Vec<Action>,
}

/// Something done to an arm or a workspace, outside the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Empty the strategy's store.
    EmptyStore,
    /// Remove the workspace's build directory.
    Wipe,
    /// Change the workspace's file that the manifest names, never the same content twice.
    Edit(Edit),
}

impl std::fmt::Display for Action {
    /// The words of a scenario file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EmptyStore => f.pad("empty-store"),
            Self::Wipe => f.pad("wipe"),
            Self::Edit(edit) => write!(f, "edit {}", edit.name()),
        }
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
const SHIPPED: &[(&str, &str)] = &[("gauntlet", include_str!("../scenarios/gauntlet.toml"))];

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
    /// When it is malformed, has no steps, or two steps of one name.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        let invalid = |what: String| ScenarioError::Invalid { path: path.to_owned(), what };
        let scenario: Self = toml::from_str(text).map_err(|error| invalid(one_line(&error, text)))?;
        if scenario.steps.is_empty() {
            return Err(invalid("it has no [[step]]".to_owned()));
        }
        for (at, step) in scenario.steps.iter().enumerate() {
            if scenario.steps[..at].iter().any(|earlier| earlier.name == step.name) {
                return Err(invalid(format!("two steps are called {:?}", step.name)));
            }
        }
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

    #[test]
    fn every_shipped_scenario_is_sound_and_named_as_its_file() {
        for name in names() {
            assert_eq!(Scenario::load(name).unwrap().name, name);
        }
        assert_eq!(names().next(), Some(DEFAULT));
    }

    #[test]
    fn actions_are_typed() {
        let steps = Scenario::load("gauntlet").unwrap().steps;
        assert_eq!(steps[0].once, [Action::EmptyStore]);
        assert_eq!(steps[2].each, [Action::Edit(Edit::PrivateBody)]);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let told = |text: &str| Scenario::parse(text, "s.toml").unwrap_err().to_string();
        let wrong = told("name = \"s\"\nabout = \"\"\n[[step]]\nname = \"a\"\nabout = \"\"\neach = [\"explode\"]\n");
        assert!(wrong.contains("line 6") && wrong.contains("explode"), "{wrong}");
        assert!(told("name = \"s\"\nabout = \"\"\nstep = []\n").contains("no [[step]]"));
        let twice =
            "name = \"s\"\nabout = \"\"\n[[step]]\nname = \"a\"\nabout = \"\"\n[[step]]\nname = \"a\"\nabout = \"\"\n";
        assert!(told(twice).contains("two steps"));
        assert!(Scenario::load("gauntlt").unwrap_err().to_string().contains("gauntlet"));
    }
}
