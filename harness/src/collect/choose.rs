//! The workspaces of several corpora, each once.

use anyhow::{Result, bail};
use corpora::{Corpus, Workspace};

/// Loads the corpora and takes every workspace once: where two corpora have the same one, pinned
/// alike and built with the same arguments, it is that of the first. One that has a name of
/// another is called `name@corpus`. `only` names those that take part, all where it is empty.
///
/// # Errors
/// When there is no such corpus or workspace.
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
        assert_eq!(once.len(), 24);
    }

    #[test]
    fn one_of_the_same_name_and_another_pin_is_another() {
        let both = choose(&corpora(&["gauntlet", "gauntlet-git"]), &[]).unwrap();
        assert_eq!(both.len(), 42);
        assert!(names(&both).contains(&"bat") && names(&both).contains(&"bat@gauntlet-git"));
    }

    #[test]
    fn what_nobody_has_is_named() {
        let only = choose(&corpora(&["quick", "gauntlet"]), &corpora(&["bat", "cargo-hack"])).unwrap();
        assert_eq!(names(&only), ["cargo-hack", "bat"]);
        let error = choose(&corpora(&["quick"]), &corpora(&["bat"])).unwrap_err().to_string();
        assert!(error.contains("no corpus of quick has a workspace bat; there are cargo-"), "{error}");
        assert!(choose(&corpora(&["qick"]), &[]).unwrap_err().to_string().contains("did you mean \"quick\"?"));
        assert!(choose(&[], &[]).is_err());
    }
}
