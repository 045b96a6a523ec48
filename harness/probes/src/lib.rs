//! Probes: small stories with an expected end, told to every strategy on made-up workspaces.
//!
//! A story either must end in a rebuild, must reuse what is there, or must be survived. What
//! plain Cargo makes of the same sources is written into each story, so that a wrong build
//! shows as a program that prints something else. No network is needed.
//!
//! | file | what it is for |
//! |---|---|
//! | [`mod@bench`] | the workbench a story is told on: a registry, workspaces, builds under a strategy |
//! | [`materials`] | what stories are made of: files, packages, trees, repositories |
//! | [`built`] | what a build on it did, unit by unit, and what a story may ask of it |
//! | [`shared`] | what is too large to be built for each strategy |
//! | [`cut_off`] | builds that are killed half-way |
//! | [`hands`] | tools run on it as root or as an ordinary user |
//! | [`intact`] | what must be as it was: the store, other trees |
//! | [`story`] | what was done, step by step, and the same as a script to repeat by hand |
//! | [`telling`] | every story to every strategy, failures of other people's tools repeated |
//! | [`known`] | failures that follow from what a policy promises, and where that is explained |
//! | [`select`] | probes by name, family and glob |
//! | [`stale`] | family: what must not be reused |
//! | [`freshness`] | family: what must stay fresh |
//! | [`identity`] | family: one unit, two builds of it |
//! | [`isolation`] | family: what one tree does to another |
//! | [`faults`] | family: kills, damage, full and read-only disks |
//! | [`races`] | family: several at once |
//! | [`cost`] | family: large graphs, long and strange paths |

pub mod bench;
pub mod built;
pub mod cost;
pub mod cut_off;
pub mod faults;
pub mod freshness;
pub mod hands;
pub mod identity;
pub mod intact;
pub mod isolation;
pub mod known;
pub mod materials;
pub mod races;
pub mod select;
pub mod shared;
pub mod stale;
pub mod story;
pub mod telling;

use bench::Bench;

use exec::process::ProcessError;
use runner::deadline::BuildError;

/// A story with an expected end.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Stable name, unique among all families.
    pub name: &'static str,
    /// Where the story comes from: links separated by spaces.
    pub origin: &'static str,
    /// How it must end.
    pub expects: Expects,
    /// The story in one sentence.
    pub about: &'static str,
    /// Tells it.
    pub tell: fn(&mut Bench<'_>) -> Told,
}

/// How a story must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    /// Something changed: what was made before must not be handed out.
    Rebuild,
    /// Nothing changed: what was made before must be used.
    Reuse,
    /// Something went wrong: builds stay right, and nobody else is harmed.
    Survive,
}

impl Expects {
    /// As a word for columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Expects::Rebuild => "rebuild",
            Expects::Reuse => "reuse",
            Expects::Survive => "survive",
        }
    }
}

/// How a story ended: as expected, or not.
pub type Told = Result<(), Wrong>;

/// Why a story did not end as expected.
#[derive(Debug)]
pub enum Wrong {
    /// The strategy is to blame.
    Failed(String),
    /// The story cannot be told of this strategy, or not here.
    NotApplicable(String),
    /// The harness could not tell it.
    Internal(anyhow::Error),
}

impl From<BuildError> for Wrong {
    fn from(error: BuildError) -> Wrong {
        match error {
            BuildError::Failed(why) => Wrong::Failed(format!("the build failed: {why}")),
            // Too long a path for a socket, a port that is taken: that says nothing of its builds.
            BuildError::NoDaemon(why) => Wrong::NotApplicable(why),
            BuildError::Process(error @ ProcessError::TimedOut { .. }) => Wrong::Failed(error.to_string()),
            // What a store or a build directory does to a strategy is the strategy's affair.
            BuildError::File(error) => Wrong::Failed(format!("the strategy gave up: {error}")),
            other => Wrong::Internal(other.into()),
        }
    }
}

impl From<std::io::Error> for Wrong {
    fn from(error: std::io::Error) -> Wrong {
        Wrong::Internal(error.into())
    }
}

impl From<ProcessError> for Wrong {
    fn from(error: ProcessError) -> Wrong {
        Wrong::Internal(error.into())
    }
}

impl From<anyhow::Error> for Wrong {
    fn from(error: anyhow::Error) -> Wrong {
        Wrong::Internal(error)
    }
}

/// Stories of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Stable name.
    pub name: &'static str,
    /// What they have in common, in one sentence.
    pub about: &'static str,
    /// Its stories.
    pub probes: &'static [Probe],
    /// They want the machine for themselves.
    pub alone: bool,
}

/// Every family.
pub const FAMILIES: &[Family] = &[
    stale::FAMILY,
    freshness::FAMILY,
    identity::FAMILY,
    isolation::FAMILY,
    faults::FAMILY,
    races::FAMILY,
    cost::FAMILY,
];

/// Every probe with its family.
pub fn all() -> impl Iterator<Item = (&'static Family, &'static Probe)> {
    FAMILIES.iter().flat_map(|family| family.probes.iter().map(move |probe| (family, probe)))
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
}
