//! What a directory inherits from those above it, and must not.
//!
//! Cargo looks upwards from where it is started: for a workspace's `Cargo.toml`, and for `.cargo/config.toml` in
//! *every* directory above, whatever `CARGO_HOME` says. So a work directory below a home directory inherits the
//! `~/.cargo/config.toml` of its owner, with its profiles, wrappers and flags. There is no switch against that; the
//! only remedy is to be somewhere else.
//!
//! A configuration above that cannot change a build is ignored: one with nothing but `[alias]`, `[term]` and the like,
//! and the user's own as far as the private `CARGO_HOME` takes it over anyway ([`cargo_home`](super::cargo_home)).

use std::path::{Path, PathBuf};

use super::cargo_home::CargoHome;

/// Tables that do not touch a build.
const HARMLESS: &[&str] = &["alias", "term", "cargo-new", "future-incompat-report", "cache"];

/// Tables the private `CARGO_HOME` takes from the user's.
const TAKEN_OVER: &[&str] = &["source", "registries", "registry", "http", "net"];

/// Something above a directory that would change what is built below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inherited {
    Workspace(PathBuf),
    Config(PathBuf, Vec<String>),
}

/// Looks at `dir` (which exists) and everything above it.
pub(crate) fn inherited(dir: &Path) -> Option<Inherited> {
    inherited_beside(dir, CargoHome::of_user().as_deref())
}

fn inherited_beside(dir: &Path, user_home: Option<&Path>) -> Option<Inherited> {
    let user_home = user_home.and_then(|home| home.canonicalize().ok());
    for above in dir.ancestors() {
        let manifest = above.join("Cargo.toml");
        if manifest.exists() {
            return Some(Inherited::Workspace(manifest));
        }
        let folder = above.join(".cargo");
        let is_users = folder.canonicalize().is_ok_and(|f| Some(&f) == user_home.as_ref());
        for file in ["config", "config.toml"].map(|name| folder.join(name)) {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let tables = harmful(&text, is_users);
            if !tables.is_empty() {
                return Some(Inherited::Config(file, tables));
            }
        }
    }
    None
}

/// The top-level keys that may change a build; a file that cannot be read may do anything.
fn harmful(config: &str, is_users: bool) -> Vec<String> {
    let Ok(table) = config.parse::<toml::Table>() else {
        return vec!["unreadable TOML".to_owned()];
    };
    let known = |key: &str| HARMLESS.contains(&key) || (is_users && TAKEN_OVER.contains(&key));
    table.keys().filter(|key| !known(key)).map(|key| format!("[{key}]")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(config: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().canonicalize().unwrap().join("home/cache/work");
        std::fs::create_dir_all(&deep).unwrap();
        let cargo = dir.path().join("home/.cargo");
        std::fs::create_dir(&cargo).unwrap();
        std::fs::write(cargo.join("config.toml"), config).unwrap();
        (dir, deep)
    }

    #[test]
    fn a_manifest_above_is_found_at_any_height() {
        let (dir, deep) = tree("");
        assert_eq!(inherited_beside(&deep, None), None);
        let manifest = dir.path().canonicalize().unwrap().join("Cargo.toml");
        std::fs::write(&manifest, "").unwrap();
        assert_eq!(inherited_beside(&deep, None), Some(Inherited::Workspace(manifest)));
    }

    #[test]
    fn only_tables_that_change_builds_matter() {
        let (dir, deep) = tree("[alias]\nb = 'build'\n[build]\njobs = 1\n[profile.dev]\n");
        let Some(Inherited::Config(file, tables)) = inherited_beside(&deep, None) else { panic!("not found") };
        assert!(file.ends_with("home/.cargo/config.toml"));
        assert_eq!(tables, ["[build]", "[profile]"]);
        std::fs::write(dir.path().join("home/.cargo/config.toml"), "[alias]\nb = 'c'").unwrap();
        assert_eq!(inherited_beside(&deep, None), None);
        std::fs::write(dir.path().join("home/.cargo/config.toml"), "[").unwrap();
        assert!(inherited_beside(&deep, None).is_some());
    }

    #[test]
    fn what_the_private_home_takes_over_is_fine_in_the_users_home_only() {
        let (dir, deep) = tree("[net]\nretry = 1\n[source.x]\ndirectory = 'y'\n");
        assert_eq!(inherited_beside(&deep, Some(&dir.path().join("home/.cargo"))), None);
        assert!(inherited_beside(&deep, None).is_some());
    }
}
