//! The shipped corpora, and finding one by name or path.

use std::path::Path;

use crate::manifest::{Corpus, ManifestError, PinnedLockfile, Workspace};

pub const DEFAULT: &str = "quick";

/// Name and manifest of each shipped corpus. One more is one more line.
const SHIPPED: &[(&str, &str)] = &[
    ("quick", include_str!("../manifests/quick.toml")),
    ("gauntlet", include_str!("../manifests/gauntlet.toml")),
    ("gauntlet-git", include_str!("../manifests/gauntlet-git.toml")),
    ("census", include_str!("../manifests/census.toml")),
];

/// Path in the manifest and text of each shipped lockfile. One more is one more line.
const LOCKFILES: &[(&str, &str)] = &[
    ("members/data-encoding.lock", include_str!("../manifests/members/data-encoding.lock")),
    ("upgrades/bat.lock", include_str!("../manifests/upgrades/bat.lock")),
    ("upgrades/cargo-hack.lock", include_str!("../manifests/upgrades/cargo-hack.lock")),
    ("upgrades/cargo-minimal-versions.lock", include_str!("../manifests/upgrades/cargo-minimal-versions.lock")),
    ("upgrades/cargo-no-dev-deps.lock", include_str!("../manifests/upgrades/cargo-no-dev-deps.lock")),
    ("upgrades/data-encoding.lock", include_str!("../manifests/upgrades/data-encoding.lock")),
    ("upgrades/fd-find.lock", include_str!("../manifests/upgrades/fd-find.lock")),
    ("upgrades/hexyl.lock", include_str!("../manifests/upgrades/hexyl.lock")),
    ("upgrades/just.lock", include_str!("../manifests/upgrades/just.lock")),
    ("upgrades/ripgrep.lock", include_str!("../manifests/upgrades/ripgrep.lock")),
];

/// The names of the shipped corpora, the default first.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

impl Corpus {
    /// The shipped corpus of this name, or the one in this `.toml` file.
    /// Fails when there is none, with the nearest name; when a manifest is wrong, with its place.
    pub fn load(name_or_path: &str) -> Result<Self, ManifestError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            let mut corpus = Self::parse(text, Path::new(&format!("{name}.toml")))?;
            corpus.workspaces.iter_mut().flat_map(Workspace::lockfiles).for_each(embed);
            return Ok(corpus);
        }
        if name_or_path.ends_with(".toml") || name_or_path.contains(['/', '\\']) {
            return Self::read(Path::new(name_or_path));
        }
        Err(ManifestError::Unknown(name_or_path.to_owned(), hint(name_or_path)))
    }
}

fn embed(lockfile: &mut PinnedLockfile) {
    if let Some((name, text)) = LOCKFILES.iter().find(|(name, _)| Path::new(name) == lockfile.path()) {
        *lockfile = PinnedLockfile::Shipped(name.into(), text);
    }
}

fn hint(wanted: &str) -> String {
    let all: Vec<_> = names().collect();
    let score = |name: &&str| strsim::jaro_winkler(name, wanted);
    let nearest = names().filter(|name| score(name) > 0.7).max_by(|a, b| score(a).total_cmp(&score(b)));
    let meant = nearest.map_or(String::new(), |name| format!("did you mean {name:?}? "));
    let all = all.join(", ");
    format!("{meant}there are {all}, and any path ending in .toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::manifest::WorkspaceSource;

    #[test]
    fn every_shipped_corpus_is_sound_and_named_as_its_file() {
        for name in names() {
            let corpus = Corpus::load(name).unwrap();
            assert_eq!(corpus.name, name);
        }
        assert_eq!(names().next(), Some(DEFAULT));
    }

    #[test]
    fn every_lockfile_comes_along_and_is_used() {
        let mut used = BTreeSet::new();
        for name in names() {
            for mut workspace in Corpus::load(name).unwrap().workspaces {
                let own = format!("name = \"{}\"\n", workspace.name);
                assert!(name != DEFAULT || workspace.upgrade.is_some(), "{own} has no second lockfile");
                for lockfile in workspace.lockfiles() {
                    assert!(matches!(lockfile, PinnedLockfile::Shipped(..)), "{lockfile:?} is missing from LOCKFILES");
                    assert!(lockfile.text().unwrap().contains(&own), "{lockfile:?} is of another package");
                    used.insert(lockfile.path().to_owned());
                }
            }
        }
        assert_eq!(used.len(), LOCKFILES.len());
    }

    #[test]
    fn the_two_gauntlets_hold_the_same_projects() {
        let crates = Corpus::load("gauntlet").unwrap();
        let git = Corpus::load("gauntlet-git").unwrap();
        assert!(crates.workspaces.len() >= 20);
        assert_eq!(crates.workspaces.len(), git.workspaces.len());
        for (a, b) in crates.workspaces.iter().zip(&git.workspaces) {
            assert!(matches!(a.source, WorkspaceSource::Registry { .. }), "{}", a.name);
            assert!(matches!(b.source, WorkspaceSource::Git { .. }), "{}", b.name);
            assert_eq!((&a.name, &a.cargo_args, &a.edit), (&b.name, &b.cargo_args, &b.edit));
        }
    }

    #[test]
    fn the_census_is_large_and_adds_to_the_others() {
        let census = Corpus::load("census").unwrap();
        assert!(census.graphs_only && census.workspaces.len() >= 40);
        let built: Vec<_> = ["quick", "gauntlet"].map(|name| Corpus::load(name).unwrap().workspaces).concat();
        for workspace in &census.workspaces {
            assert!(matches!(workspace.source, WorkspaceSource::Registry { .. }), "{}", workspace.name);
            assert!(built.iter().all(|other| other.name != workspace.name), "{} is in two", workspace.name);
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_and_a_missing_file_is_named() {
        let error = Corpus::load("gauntlt").unwrap_err().to_string();
        assert!(error.contains("did you mean \"gauntlet\"?"), "{error}");
        assert!(error.contains("quick"), "{error}");
        let error = Corpus::load("zzzzzz").unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
        let error = Corpus::load("no/such.toml").unwrap_err().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
    }
}
