//! A commit of a git repository.
//!
//! The user's credentials, proxies and URL rewrites apply while objects are fetched into a
//! repository of our own, and nothing of the user's configuration when their files are written.
//! The repository is then removed. So no hook, no filter, no submodule and nothing else the
//! fetched repository says gets to run.

use std::ffi::OsStr;
use std::path::Path;

use fs_err as fs;

use super::FetchCause;
use crate::git::{self, GitCommand, GitError};
use crate::pins::{CommitId, GitUrl};

/// What to fetch when the commit alone cannot be had. A checked-out branch is never written to.
const ALL: [&str; 2] = ["+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*"];

pub(crate) fn fetch(url: &GitUrl, commit: &CommitId, stage: &Path) -> Result<(), FetchCause> {
    let tree = stage.join("tree");
    fs::create_dir(&tree)?;
    let failed = |error| FetchCause::GitCheckout(commit.clone(), error);
    git::init(&tree).map_err(failed)?;
    fetch_commit(&tree, url, commit)?;
    write_files(&tree, commit).map_err(failed)?;
    Ok(fs::remove_dir_all(tree.join(".git"))?)
}

fn fetch_commit(tree: &Path, url: &GitUrl, commit: &CommitId) -> Result<(), FetchCause> {
    let location = match url.local_path() {
        // Git runs in another directory, so a relative path would be another one there.
        Some(path) => std::path::absolute(path)?.into_os_string(),
        None => url.as_str().into(),
    };
    let fetch = |options: &[&str], refs: &[&str]| {
        let options = ["fetch", "--quiet", "--no-tags"].iter().chain(options).chain(&["--"]).map(OsStr::new);
        let args: Vec<_> = options.chain([location.as_os_str()]).chain(refs.iter().map(OsStr::new)).collect();
        GitCommand::new(tree, &args).with_user_config().run()
    };
    // Most servers give a commit by its id, without its history.
    if fetch(&["--depth=1"], &[commit.as_str()]).is_err() {
        fetch(&[], &ALL).map_err(|error| FetchCause::Unreachable(url.clone(), error))?;
    }
    // The id of a tag or a tree is no commit, although git would take it for one.
    match GitCommand::new(tree, &["cat-file", "-t", commit.as_str()]).run() {
        Ok(object) if object == "commit" => Ok(()),
        _ => Err(FetchCause::NoCommit(url.clone(), commit.clone())),
    }
}

fn write_files(tree: &Path, commit: &CommitId) -> Result<(), GitError> {
    GitCommand::new(tree, &["read-tree", commit.as_str()]).run()?;
    GitCommand::new(tree, &["checkout-index", "--all"]).run()?;
    Ok(())
}
