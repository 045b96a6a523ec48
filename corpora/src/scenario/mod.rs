//! Scenarios: what is done and measured, in which order, as data.
//!
//! A scenario is an ordered list of steps. Each step visits the workspaces of the corpus in
//! their order; on each it performs its actions, unmeasured, and then one measured task,
//! which becomes a record. A step's `once` actions come before its first workspace. Where
//! workspaces are `alone`, each goes through all steps, from empty directories, before the next
//! one begins. `scenarios/README.md` documents the TOML with every key, action and task.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::edit::Edit;
use crate::manifest::Workspace;

mod check;

/// The default scenario.
pub const DEFAULT: &str = "gauntlet";

/// The working copy every workspace has.
pub const MAIN: &str = "main";

/// A scenario, the same for every arm.
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
    /// Whether each workspace goes through all steps by itself, from an empty store.
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
    /// By what Cargo sees that a source has changed.
    #[serde(default)]
    pub fingerprint: Fingerprint,
    /// Variables that change its profiles, `CARGO_PROFILE_…`, or `RUSTFLAGS`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Cargo's arguments that choose features.
    #[serde(default)]
    pub features: Vec<String>,
    /// Whether another toolchain than that of the run builds it.
    #[serde(default)]
    pub second_toolchain: bool,
    /// Whether each working copy is compiled with a flag of its own, so that no two share a unit.
    #[serde(default)]
    pub distinct: bool,
    /// How often `each` and the task are repeated, in one row.
    #[serde(default = "once")]
    pub times: usize,
    /// The CI machine it runs on, where what is built travels over a network.
    #[serde(default)]
    pub machine: Option<Machine>,
}

fn once() -> usize {
    1
}

impl Step {
    /// What is passed to Cargo besides: variables, as a shell would read them, and arguments.
    pub fn settings(&self) -> String {
        let env = self.env.iter().map(|(name, value)| match value.contains(' ') {
            true => format!("{name}=\"{value}\""),
            false => format!("{name}={value}"),
        });
        let toolchain = self.second_toolchain.then(|| "the second toolchain".to_owned());
        env.chain(self.features.iter().cloned()).chain(toolchain).collect::<Vec<_>>().join(" ")
    }

    /// The step as it is the n-th time, from 0: repeated, working copies take turns.
    pub fn turn(&self, n: usize) -> Step {
        let mut step = self.clone();
        if self.times > 1 {
            step.trees = vec![self.trees[n % self.trees.len()].clone()];
        }
        step
    }
}

fn main_only() -> Vec<String> {
    vec![MAIN.to_owned()]
}

/// Something done to an arm or a workspace, outside the measured time. Unless it says
/// otherwise, it is done to every working copy of its step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Empty the strategy's store.
    EmptyStore,
    /// Remove the working copy's build directory.
    Wipe,
    /// Lay the working copy out anew at its path: the sources as fetched, all written now.
    Checkout,
    /// Change the file that the manifest names, never the same content twice.
    Edit(Edit),
    /// Change the root file of the member that most others depend on.
    EditLeaf(Edit),
    /// Change the root file of the member that depends on most others.
    EditRoot(Edit),
    /// Add a working copy of this name: the sources as fetched, at a path of its own.
    Copy(String),
    /// Add a git worktree of this name, at the first commit of the main working copy.
    Worktree(String),
    /// Commit all changes of the working copy.
    Commit,
    /// Check out the other one of the working copy's last two commits.
    Switch,
    /// Put the second lockfile that the manifest names in place.
    Upgrade,
    /// Put the first lockfile back in place.
    Downgrade,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EmptyStore => f.pad("empty-store"),
            Self::Wipe => f.pad("wipe"),
            Self::Checkout => f.pad("checkout"),
            Self::Edit(edit) => write!(f, "edit {}", edit.name()),
            Self::EditLeaf(edit) => write!(f, "edit-leaf {}", edit.name()),
            Self::EditRoot(edit) => write!(f, "edit-root {}", edit.name()),
            Self::Copy(name) => write!(f, "copy {name}"),
            Self::Worktree(name) => write!(f, "worktree {name}"),
            Self::Commit => f.pad("commit"),
            Self::Switch => f.pad("switch"),
            Self::Upgrade => f.pad("upgrade"),
            Self::Downgrade => f.pad("downgrade"),
        }
    }
}

/// The measured part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// `cargo build`.
    #[default]
    Build,
    /// `cargo check`.
    Check,
    /// `cargo test --no-run`, with the `test-args` of the manifest: tests are built, not run.
    Test,
    /// `cargo clean`: bytes promised against bytes freed.
    Clean,
    /// Collection of the store down to a part of its size.
    Collect {
        /// The part that may stay, percent of the bytes it holds.
        #[serde(rename = "keep-percent")]
        keep_percent: u8,
    },
}

impl Task {
    /// Whether Cargo compiles in it.
    pub fn builds(self) -> bool {
        matches!(self, Self::Build | Self::Check | Self::Test)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Build => f.pad("cargo build"),
            Self::Check => f.pad("cargo check"),
            Self::Test => f.pad("cargo test --no-run"),
            Self::Clean => f.pad("cargo clean"),
            Self::Collect { keep_percent } => write!(f, "collect the store down to {keep_percent} %"),
        }
    }
}

/// Which CARGO_HOME a step runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// The one of the run.
    #[default]
    Usual,
    /// One with the same content at another path.
    Elsewhere,
}

/// By what Cargo sees that a source has changed: its `build.fingerprint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fingerprint {
    /// The modification time, as every Cargo does.
    #[default]
    Mtime,
    /// The content.
    Content,
}

/// A machine of CI, for the time of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Machine {
    /// Builds the main branch and publishes what others may fetch.
    Producer,
    /// Fetches what the producer published, and publishes for nobody but itself.
    Consumer,
}

impl Scenario {
    /// Whether what is built travels between machines.
    pub fn has_machines(&self) -> bool {
        self.steps.iter().any(|step| step.machine.is_some())
    }

    /// Every action of every step, in order.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.steps.iter().flat_map(|step| step.once.iter().chain(&step.each))
    }

    /// Whether working copies have to be git repositories.
    pub fn needs_git(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Worktree(_) | Action::Commit | Action::Switch))
    }

    /// Whether workspaces need a second lockfile.
    pub fn needs_upgrade(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Upgrade))
    }

    /// Why a workspace cannot take part, in a line; `None` when it can.
    pub fn unfit(&self, workspace: &Workspace) -> Option<String> {
        let missing = self.needs_upgrade() && workspace.upgrade.is_none();
        missing.then(|| "it has no second lockfile: give it an `upgrade` in its manifest".to_owned())
    }

    /// Whether the file that a manifest names is edited.
    pub fn edits(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::Edit(_)))
    }

    /// Whether leaf or root members are edited, which have to be found first.
    pub fn edits_members(&self) -> bool {
        self.actions().any(|action| matches!(action, Action::EditLeaf(_) | Action::EditRoot(_)))
    }

    /// Whether a second CARGO_HOME is needed.
    pub fn needs_second_home(&self) -> bool {
        self.steps.iter().any(|step| step.cargo_home == Home::Elsewhere)
    }

    /// Whether a step is built by a second toolchain.
    pub fn needs_second_toolchain(&self) -> bool {
        self.steps.iter().any(|step| step.second_toolchain)
    }
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// No scenario of that name is shipped.
    #[error("there is no scenario {0:?}; there are {1}, and any path ending in .toml")]
    Unknown(String, String),
    /// The file could not be read.
    #[error("cannot read the scenario: {0}")]
    Read(#[from] std::io::Error),
    /// The file is not a scenario.
    #[error("{0}: {1}")]
    Invalid(String, String),
}

/// Name and text of each shipped scenario. One more is one more line.
const SHIPPED: &[(&str, &str)] = &[
    ("gauntlet", include_str!("../../scenarios/gauntlet.toml")),
    ("cold", include_str!("../../scenarios/cold.toml")),
    ("edits", include_str!("../../scenarios/edits.toml")),
    ("edits-loop", include_str!("../../scenarios/edits-loop.toml")),
    ("branches", include_str!("../../scenarios/branches.toml")),
    ("worktrees", include_str!("../../scenarios/worktrees.toml")),
    ("profiles", include_str!("../../scenarios/profiles.toml")),
    ("hosts", include_str!("../../scenarios/hosts.toml")),
    ("settings", include_str!("../../scenarios/settings.toml")),
    ("cutoff", include_str!("../../scenarios/cutoff.toml")),
    ("upgrade", include_str!("../../scenarios/upgrade.toml")),
    ("contention", include_str!("../../scenarios/contention.toml")),
    ("clean", include_str!("../../scenarios/clean.toml")),
    ("moved", include_str!("../../scenarios/moved.toml")),
    ("ci", include_str!("../../scenarios/ci.toml")),
    ("fingerprint", include_str!("../../scenarios/fingerprint.toml")),
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
            return Err(ScenarioError::Unknown(name_or_path.to_owned(), known));
        }
        Self::parse(&fs_err::read_to_string(name_or_path)?, name_or_path)
    }

    /// Parses a scenario; `path` is what errors name.
    ///
    /// # Errors
    /// When it is malformed or makes no sense, with the line or the step.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        let invalid = |what: String| ScenarioError::Invalid(path.to_owned(), what);
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
            let listed: Vec<_> = row.split([' ', '|']).filter(|word| word.starts_with('Q')).collect();
            assert_eq!(listed, questions, "{name}");
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
        assert_eq!(left_out("ci"), unfit);
        for other in names().filter(|name| !["upgrade", "ci"].contains(name)) {
            assert_eq!(left_out(other), []);
        }
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        let error = |text: &str| Scenario::parse(text, "s.toml").unwrap_err().to_string();
        let wrong = error("name = \"s\"\nabout = \"\"\n[[step]]\nname = \"a\"\nabout = \"\"\neach = [\"explode\"]\n");
        assert!(wrong.contains("line 6") && wrong.contains("explode"), "{wrong}");
        assert!(Scenario::load("gauntlt").unwrap_err().to_string().contains("gauntlet"));
    }
}
