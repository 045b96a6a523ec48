//! Commands that a review prints: real flags, known scenarios and probes.
//!
//! Names of strategies may come from a record, so they are quoted for a shell where that is needed.

use serde::Deserialize;

/// Scenarios that a printed command may name.
pub const SCENARIOS: [&str; 9] =
    ["gauntlet", "cold", "edits", "worktrees", "profiles", "upgrade", "contention", "clean", "moved"];

/// The corpora of which a printed command collects unit graphs.
pub const TRACED: [&str; 3] = ["quick", "gauntlet", "census"];

/// Enough for a verdict over a dozen comparisons, and to find 10 % under 3 % noise
/// (`harness/METHODOLOGY.md`, statistics).
const ROUNDS: u32 = 8;

/// A caching arm of every policy, with the links that work everywhere.
pub(super) const POLICIES: &str = "none,hardlink+conservative,hardlink+non-local,hardlink+aggressive";
/// An arm of every link mode.
pub(super) const LINKS: &str =
    "none,hardlink+aggressive,reflink+aggressive,copy+aggressive,symlink+aggressive,in-place+aggressive";
/// One caching design and the baseline.
pub(super) const ONE: &str = "none,hardlink+aggressive";
/// The same with both shapes of store.
pub(super) const STORES: &str = "none,hardlink+aggressive,hardlink+aggressive@dirs";
/// De-duplication alone, and caching under two policies.
const DEDUP: &str = "none,dedup,hardlink+conservative,hardlink+aggressive";

/// A list of strategies, by its name in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StrategyList {
    Policies,
    Links,
    One,
    Stores,
    Dedup,
}

impl StrategyList {
    fn as_str(self) -> &'static str {
        match self {
            Self::Policies => POLICIES,
            Self::Links => LINKS,
            Self::One => ONE,
            Self::Stores => STORES,
            Self::Dedup => DEDUP,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EvidenceSource {
    /// `harness compare`: the scenario and the strategies.
    Compare(String, StrategyList),
    /// The same on a file system of its own: the volume, too.
    CompareOn(String, StrategyList, String),
    /// The same over the corpus of many projects.
    CompareMany(String, StrategyList),
    /// The same with every hit compiled anyway: counts, not times.
    Shadow(String, StrategyList),
    /// `harness probe`: the probes and the strategies.
    Probe(String, StrategyList),
    /// `harness simulate`.
    Simulate(bool),
    /// No command; the recorded evidence that comes near it.
    Nothing(String),
}

impl EvidenceSource {
    /// The command; empty where there is none.
    pub fn command(&self) -> String {
        let counted = |flags: &str, scenario: &str, list: &StrategyList, last: &str| {
            let strategies = quoted(list.as_str());
            format!("harness compare{flags} --scenario {scenario} --strategies {strategies} --rounds 2{last}")
        };
        match self {
            Self::Compare(scenario, list) => compare(scenario, list.as_str()),
            Self::CompareOn(scenario, list, volume) => compare_on(scenario, list.as_str(), volume),
            Self::CompareMany(scenario, list) => counted(" --corpus gauntlet", scenario, list, ""),
            Self::Shadow(scenario, list) => counted("", scenario, list, " --shadow"),
            Self::Probe(probes, list) => probe(probes, list.as_str()),
            Self::Simulate(_) => simulate(),
            Self::Nothing(_) => String::new(),
        }
    }
}

/// `harness compare` with enough rounds for a verdict, and a control for the noise.
pub(super) fn compare(scenario: &str, strategies: &str) -> String {
    format!("harness compare --scenario {scenario} --strategies {} --rounds {ROUNDS} --control", quoted(strategies))
}

/// [`compare`] on a file system of its own.
pub(super) fn compare_on(scenario: &str, strategies: &str, volume: &str) -> String {
    format!("{} --volume {}", compare(scenario, strategies), quoted(volume))
}

/// A scenario that is shipped, in place of one of a user's own that a record names.
pub(super) fn shipped(scenario: &str) -> &str {
    if SCENARIOS.contains(&scenario) { scenario } else { SCENARIOS[0] }
}

/// `harness probe`, on a file system that has reflinks where they are asked for.
pub(super) fn probe(probes: &str, strategies: &str) -> String {
    let volume = if strategies.contains("reflink") { " --volume btrfs:8G" } else { "" };
    format!("harness probe --probes {} --strategies {}{volume}", quoted(probes), quoted(strategies))
}

/// Unit graphs of many workspaces, collected and replayed under every policy.
pub(super) fn simulate() -> String {
    let corpora = TRACED.join(",");
    format!(
        "harness trace collect --corpus {corpora} --out real.trace\n\
         harness simulate --trace real.trace --out simulated"
    )
}

/// A word as a shell takes it: in single quotes where it has to be.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:+@/=%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_sees_one_word() {
        assert_eq!(quoted("none,hardlink+aggressive@dirs"), "none,hardlink+aggressive@dirs");
        assert_eq!(quoted("macro-*"), "'macro-*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
