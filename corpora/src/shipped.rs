//! The corpora that come along, and finding one by name or path.

use std::path::Path;

use crate::manifest::{Corpus, ManifestError};

/// The corpus taken when none is named.
pub const DEFAULT: &str = "quick";

/// Name and manifest of each shipped corpus. One more is one more line.
const SHIPPED: &[(&str, &str)] = &[
    ("quick", include_str!("../manifests/quick.toml")),
    ("gauntlet", include_str!("../manifests/gauntlet.toml")),
    ("gauntlet-git", include_str!("../manifests/gauntlet-git.toml")),
];

/// The names of the shipped corpora, the default first.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

impl Corpus {
    /// The shipped corpus of this name, or the one in this `.toml` file.
    ///
    /// # Errors
    /// When there is none, with the nearest name; when a manifest is wrong, with its place.
    pub fn load(name_or_path: &str) -> Result<Self, ManifestError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(text, Path::new(&format!("{name}.toml")));
        }
        if name_or_path.ends_with(".toml") || name_or_path.contains(['/', '\\']) {
            return Self::read(Path::new(name_or_path));
        }
        Err(ManifestError::Unknown { name: name_or_path.to_owned(), hint: hint(name_or_path) })
    }
}

fn hint(asked: &str) -> String {
    let all: Vec<_> = names().collect();
    let score = |name: &&str| strsim::jaro_winkler(name, asked);
    let nearest = names().filter(|name| score(name) > 0.7).max_by(|a, b| score(a).total_cmp(&score(b)));
    let meant = nearest.map_or(String::new(), |name| format!("did you mean {name:?}? "));
    let all = all.join(", ");
    format!("{meant}there are {all}, and any path ending in .toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Source;

    #[test]
    fn every_shipped_corpus_is_sound_and_named_as_its_file() {
        for name in names() {
            let corpus = Corpus::load(name).unwrap();
            assert_eq!(corpus.name, name);
        }
        assert_eq!(names().next(), Some(DEFAULT));
    }

    #[test]
    fn the_two_gauntlets_hold_the_same_projects() {
        let crates = Corpus::load("gauntlet").unwrap();
        let git = Corpus::load("gauntlet-git").unwrap();
        assert!(crates.workspaces.len() >= 20);
        assert_eq!(crates.workspaces.len(), git.workspaces.len());
        for (a, b) in crates.workspaces.iter().zip(&git.workspaces) {
            assert!(matches!(a.source, Source::Registry { .. }), "{}", a.name);
            assert!(matches!(b.source, Source::Git { .. }), "{}", b.name);
            assert_eq!((&a.name, &a.cargo_args, &a.edit), (&b.name, &b.cargo_args, &b.edit));
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = Corpus::load("gauntlt").unwrap_err().to_string();
        assert!(error.contains("did you mean \"gauntlet\"?"), "{error}");
        assert!(error.contains("quick"), "{error}");
        let error = Corpus::load("zzzzzz").unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Corpus::load("no/such.toml").unwrap_err().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
    }
}
