//! Correctness probes: small workspaces with a known right result, built under every strategy.
//!
//! A [`Probe`] is a function that writes generated workspaces into an empty directory, edits
//! them, builds them under the strategy under test and says what must come out: which units may
//! run, what a program must print, what must be in the store. The expected result is what plain
//! Cargo makes of the same sources, so a wrong build shows as a program that prints something
//! else. No network is needed. A probe ends `pass`, `fail`, `n/a` (with the reason) or `error`
//! (the harness itself failed).
//!
//! | family | question |
//! |---|---|
//! | `stale` | an input of an artifact has changed: is the old artifact reused? |
//! | `freshness` | nothing has changed: does everything stay fresh, also in other trees? |
//! | `identity` | one unit was built twice with different bytes: are the results mixed? |
//! | `isolation` | does a write into one tree reach the store or another tree? |
//! | `plain-cargo` | does a restored build directory behave under plain Cargo like any other? |
//! | `faults` | kills, damaged files, full and read-only disks: do builds stay right? |
//! | `races` | several builds and a collection at once: do builds stay right? |
//! | `remote` | a remote cache hangs, lies or dies: do builds stay right, and in time? |
//! | `cost` | large graphs, long and strange paths: is it still cheap and right? |
//!
//! **A new probe** is a function and a line in the list of its family, nothing else:
//!
//! ```ignore
//! Probe::rebuild("env-changed", "https://…/issues/3434", "A variable read by `env!` changes.", |cx| {
//!     cx.tree("app", &[("src/main.rs", "fn main() { println!(\"{}\", env!(\"WORD\")); }\n")])?;
//!     for word in ["one", "two", "one"] {
//!         cx.settings("app").env.insert("WORD".to_owned(), word.to_owned());
//!         // Empties the build directory, and not the store; builds under the strategy, where what
//!         // was restored must be fresh; if the program prints another word, the build is wrong.
//!         cx.rebuilds("app", word)?;
//!     }
//!     Ok(())
//! })
//! ```
//!
//! `context` is what a probe works with: its directory, settings and builds; `fixtures`
//! writes packages, trees and repositories; `build` has what a build did, unit by unit;
//! `child_build` builds in other processes, to kill them or to let them race; `run_as` runs
//! tools as root or as an ordinary user; `integrity` compares files and checks the store;
//! [`script`] records every step, so that a reader can repeat the probe by hand. [`run`] runs
//! all probes for all strategies, and `known_gaps` lists the failures that follow from what a
//! policy promises. What a probe needs to know of a strategy it asks the context.

mod build;
mod child_build;
mod context;
mod cost;
mod faults;
mod fixtures;
mod freshness;
pub mod history;
mod identity;
mod integrity;
mod isolation;
mod known_gaps;
mod local_registry;
mod plain;
mod races;
mod remote;
pub mod run;
mod run_as;
mod rustc_info;
pub mod script;
mod stale;

pub use child_build::run_build_job;
pub use context::{Attempt, ExtraStrategies, ProbeContext, ProbeEnv, RunCache};
pub use faults::remove_leftover_disks;
pub use run_as::become_user;

use anyhow::{Result, bail};
use exec::process::ProcessError;
use runner::deadline::BuildError;

/// A correctness test of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Stable name, unique among all families.
    pub name: &'static str,
    /// The issues that it comes from: links separated by spaces.
    pub origin: &'static str,
    /// What a right strategy does.
    pub expects: Expectation,
    /// What happens in it, in one sentence.
    pub about: &'static str,
    /// Runs it in an empty directory.
    pub run: ProbeFn,
}

/// The body of a probe.
pub type ProbeFn = fn(&mut ProbeContext<'_>) -> ProbeResult;

impl Probe {
    const fn rebuild(name: &'static str, origin: &'static str, about: &'static str, run: ProbeFn) -> Probe {
        Probe { name, origin, expects: Expectation::Rebuild, about, run }
    }

    const fn reuse(name: &'static str, origin: &'static str, about: &'static str, run: ProbeFn) -> Probe {
        Probe { name, origin, expects: Expectation::Reuse, about, run }
    }

    const fn survive(name: &'static str, origin: &'static str, about: &'static str, run: ProbeFn) -> Probe {
        Probe { name, origin, expects: Expectation::Survive, about, run }
    }
}

/// What a right strategy does in a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Something changed: artifacts made before it must not be reused.
    Rebuild,
    /// Nothing changed: artifacts made before must be reused.
    Reuse,
    /// Something went wrong: builds stay right, and nobody else is harmed.
    Survive,
}

impl Expectation {
    /// The word in the column `expects`.
    pub fn as_str(self) -> &'static str {
        match self {
            Expectation::Rebuild => "rebuild",
            Expectation::Reuse => "reuse",
            Expectation::Survive => "survive",
        }
    }
}

/// The end of a probe, or of a step of one.
pub type ProbeResult<T = ()> = Result<T, ProbeError>;

/// Why a probe did not pass.
#[derive(Debug)]
pub enum ProbeError {
    /// The strategy made a wrong build, a needless one, or did harm.
    Failed(String),
    /// The probe says nothing of this strategy, or cannot be run on this machine.
    NotApplicable(String),
    /// The harness failed.
    Internal(anyhow::Error),
}

impl ProbeError {
    fn failed<T>(why: impl Into<String>) -> ProbeResult<T> {
        Err(ProbeError::Failed(why.into()))
    }

    fn not_applicable<T>(why: impl Into<String>) -> ProbeResult<T> {
        Err(ProbeError::NotApplicable(why.into()))
    }
}

impl From<BuildError> for ProbeError {
    fn from(error: BuildError) -> ProbeError {
        match error {
            BuildError::Failed(why) => ProbeError::Failed(format!("the build failed: {why}")),
            // A path that is too long for a socket, a port that is taken: that says nothing of its builds.
            BuildError::NoDaemon(why) => ProbeError::NotApplicable(why),
            BuildError::Process(error @ ProcessError::TimedOut { .. }) => ProbeError::Failed(error.to_string()),
            // A strategy has to cope with whatever a store or a build directory does.
            BuildError::File(error) => ProbeError::Failed(format!("the strategy gave up: {error}")),
            other => ProbeError::Internal(other.into()),
        }
    }
}

impl From<std::io::Error> for ProbeError {
    fn from(error: std::io::Error) -> ProbeError {
        ProbeError::Internal(error.into())
    }
}

impl From<ProcessError> for ProbeError {
    fn from(error: ProcessError) -> ProbeError {
        ProbeError::Internal(error.into())
    }
}

impl From<anyhow::Error> for ProbeError {
    fn from(error: anyhow::Error) -> ProbeError {
        ProbeError::Internal(error)
    }
}

/// Probes that ask one question.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Stable name.
    pub name: &'static str,
    /// The question, in one sentence.
    pub about: &'static str,
    /// Its probes, a list a file.
    lists: &'static [&'static [Probe]],
    /// Its probes need all processors: they run one at a time, after all others.
    pub alone: bool,
}

impl Family {
    /// Its probes, in order.
    pub fn probes(&self) -> impl Iterator<Item = &'static Probe> + use<> {
        self.lists.iter().copied().flatten()
    }
}

/// Every family.
pub const FAMILIES: &[Family] = &[
    stale::FAMILY,
    freshness::FAMILY,
    identity::FAMILY,
    isolation::FAMILY,
    plain::FAMILY,
    faults::FAMILY,
    races::FAMILY,
    remote::FAMILY,
    cost::FAMILY,
];

/// A probe with its family.
pub type FamilyProbe = (&'static Family, &'static Probe);

/// Every probe.
pub fn all() -> impl Iterator<Item = FamilyProbe> {
    FAMILIES.iter().flat_map(|family| family.probes().map(move |probe| (family, probe)))
}

/// The probes that a comma-separated list of names, families and globs (`*`, `?`) asks for, in
/// the order of the families, each once.
///
/// # Errors
/// When a word names nothing.
pub fn select(list: &str) -> Result<Vec<FamilyProbe>> {
    let matches =
        |word: &str, (family, probe): FamilyProbe| word == family.name || strategies::name::glob(word, probe.name);
    let families = || FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ");
    let words: Vec<&str> = list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        bail!("no probes given; name families ({}), probes or globs", families());
    }
    if let Some(word) = words.iter().find(|word| !all().any(|it| matches(word, it))) {
        let mut near: Vec<(usize, &str)> =
            all().map(|(_, probe)| (strategies::name::distance(word, probe.name), probe.name)).collect();
        near.sort();
        let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
        bail!(
            "no probe or family is called '{word}'; nearest: {}; families: {}; `harness probe --list` shows all",
            near.join(", "),
            families()
        );
    }
    Ok(all().filter(|it| words.iter().any(|word| matches(word, *it))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_probe_has_a_name_of_its_own_an_origin_and_a_sentence() {
        let mut names = HashSet::new();
        for (family, probe) in all() {
            assert!(names.insert(probe.name), "{} twice", probe.name);
            assert!(FAMILIES.iter().all(|other| other.name != probe.name), "{} is a family", probe.name);
            assert!(probe.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            assert!(probe.origin.split(' ').all(|link| link.starts_with("https://")), "{}", probe.name);
            assert!(probe.about.ends_with('.') && probe.about.len() > 20, "{}: {}", family.name, probe.name);
        }
    }

    #[test]
    fn probes_are_selected_by_name_family_and_glob() {
        assert_eq!(select("*").unwrap().len(), all().count());
        let stale = select("stale").unwrap();
        assert!(stale.iter().all(|(family, _)| family.name == "stale") && !stale.is_empty());
        let first = all().next().unwrap().1.name;
        assert_eq!(select(&format!("{first},{first}")).unwrap().len(), 1);
        assert!(select("nothing-like-this").unwrap_err().to_string().contains("families: stale"));
        assert!(select(" , ").is_err());
    }
}
