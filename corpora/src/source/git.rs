//! A commit of a git repository.
//!
//! A local repository (a path or a `file://` URL) is fetched by libgit2, a remote one by the
//! `git` command, as Cargo's `net.git-fetch-with-cli` does: the user's credentials, proxies and
//! URL rewrites apply. Either way into a bare repository of our own, from which libgit2 lays the
//! commit out as files, and which is then removed. So no hook, no filter, no submodule and
//! nothing else the repository says gets to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git2::build::CheckoutBuilder;
use git2::{FetchOptions, ObjectType, Oid, Repository, RepositoryInitOptions};

use crate::fetch::FetchCause;
use crate::pins::CommitId;
use crate::slot::at;

/// The bare repository's directory while a slot is made.
const REPOSITORY: &str = "repo.git";

/// What to fetch when the commit alone cannot be had.
const ALL: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

pub(crate) fn fetch(url: &str, commit: &CommitId, stage: &Path) -> Result<(), FetchCause> {
    let bare = stage.join(REPOSITORY);
    let repository = init(&bare).map_err(|error| layout(commit, &error))?;
    match local(url) {
        Some(path) => fetch_local(&repository, url, &path, commit)?,
        None => fetch_remote(&bare, url, commit)?,
    }
    let tree = stage.join("tree");
    fs::create_dir(&tree).map_err(at("create", &tree))?;
    lay_out(&repository, commit, &tree).map_err(|error| layout(commit, &error))?;
    drop(repository);
    Ok(fs::remove_dir_all(&bare).map_err(at("remove", &bare))?)
}

/// A relative local path, made relative to `base` instead; every other location as it is.
pub(crate) fn anchored(url: &str, base: &Path) -> String {
    if url.contains("://") || is_scp(url) || Path::new(url).is_absolute() {
        return url.to_owned();
    }
    base.join(url).to_string_lossy().into_owned()
}

/// `host:path` or `user@host:path`, told from a path as git does: a colon before any slash.
fn is_scp(url: &str) -> bool {
    match (url.find(':'), url.find('/')) {
        (Some(colon), Some(slash)) => colon < slash,
        (colon, _) => colon.is_some(),
    }
}

fn local(url: &str) -> Option<PathBuf> {
    if let Some(path) = url.strip_prefix("file://") {
        return Some(PathBuf::from(path));
    }
    let remote = url.contains("://") || is_scp(url);
    (!remote).then(|| PathBuf::from(url))
}

fn init(bare: &Path) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    // No template: a template directory of the user's may bring hooks along.
    options.bare(true).external_template(false).no_reinit(true);
    let repository = Repository::init_opts(bare, &options)?;
    // Files come out byte for byte, whatever the user's own configuration says.
    let mut config = repository.config()?.open_level(git2::ConfigLevel::Local)?;
    config.set_bool("core.autocrlf", false)?;
    Ok(repository)
}

fn fetch_local(ours: &Repository, url: &str, path: &Path, commit: &CommitId) -> Result<(), FetchCause> {
    let unreachable =
        |error: git2::Error| FetchCause::Unreachable { url: url.to_owned(), why: one_line(error.message()) };
    let theirs = Repository::open(path).map_err(unreachable)?;
    let found = Oid::from_str(commit.as_str()).and_then(|id| theirs.find_commit(id));
    if found.is_err() {
        return Err(no_commit(url, commit, ""));
    }
    let real = path.canonicalize().map_err(at("read", path))?;
    let mut remote = ours.remote_anonymous(&real.to_string_lossy()).map_err(unreachable)?;
    let mut options = FetchOptions::new();
    options.download_tags(git2::AutotagOption::None);
    remote.fetch(&ALL, Some(&mut options), None).map_err(unreachable)?;
    if has(ours, commit) {
        return Ok(());
    }
    // The commit is there, but no branch or tag leads to it: ask for it by its id.
    let wanted = [commit.as_str()];
    let fetched = remote.fetch(&wanted, Some(&mut options), None);
    if fetched.is_ok() && has(ours, commit) {
        return Ok(());
    }
    Err(no_commit(url, commit, ": no branch or tag contains it"))
}

fn fetch_remote(bare: &Path, url: &str, commit: &CommitId) -> Result<(), FetchCause> {
    // Most servers give a commit by its id, without the history below it.
    let shallow = git(bare, &["fetch", "--quiet", "--depth=1", "--no-tags"], url, &[commit.as_str()]);
    if shallow.is_ok() {
        return Ok(());
    }
    git(bare, &["fetch", "--quiet", "--no-tags"], url, &ALL)
        .map_err(|why| FetchCause::Unreachable { url: url.to_owned(), why })?;
    let found = Repository::open(bare).is_ok_and(|repository| has(&repository, commit));
    if found {
        return Ok(());
    }
    Err(no_commit(url, commit, " in any branch or tag"))
}

/// Run `git` on our bare repository. Its first argument after `--` is the URL.
fn git(bare: &Path, args: &[&str], url: &str, refs: &[&str]) -> Result<(), String> {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        // Inside a hook or a rebase these point at somebody else's repository.
        let text = name.to_string_lossy();
        let inherited = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"];
        if inherited.contains(&&*text) || text.starts_with("GIT_ALTERNATE") {
            command.env_remove(&name);
        }
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    if std::env::var_os("GIT_SSH_COMMAND").is_none() {
        command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    }
    for setting in [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "fetch.recurseSubmodules=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "protocol.ext.allow=never",
        // A server that stalls must not hold a run for ever.
        "http.lowSpeedLimit=100",
        "http.lowSpeedTime=60",
    ] {
        command.args(["-c", setting]);
    }
    command.arg("-C").arg(bare).args(args).arg("--").arg(url).args(refs);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(one_line(&String::from_utf8_lossy(&output.stderr)))
}

fn has(repository: &Repository, commit: &CommitId) -> bool {
    Oid::from_str(commit.as_str()).is_ok_and(|id| repository.find_commit(id).is_ok())
}

/// Write the files of `commit` to `tree`.
fn lay_out(repository: &Repository, commit: &CommitId, tree: &Path) -> Result<(), git2::Error> {
    let object = repository.find_object(Oid::from_str(commit.as_str())?, Some(ObjectType::Commit))?;
    let mut options = CheckoutBuilder::new();
    options.target_dir(tree).force().disable_filters(true).update_index(false);
    repository.checkout_tree(&object, Some(&mut options))
}

fn no_commit(url: &str, commit: &CommitId, why: &str) -> FetchCause {
    FetchCause::NoCommit { url: url.to_owned(), commit: commit.to_string(), why: why.to_owned() }
}

fn layout(commit: &CommitId, error: &git2::Error) -> FetchCause {
    FetchCause::Layout { commit: commit.to_string(), why: one_line(error.message()) }
}

/// What went wrong in git's words, on one line, without its advice.
fn one_line(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let fatal = lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = fatal.or_else(|| lines().next()).unwrap_or("it said nothing");
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_and_remote_are_told_apart_as_git_does() {
        assert_eq!(local("/srv/x"), Some("/srv/x".into()));
        assert_eq!(local("file:///srv/x"), Some("/srv/x".into()));
        assert_eq!(local("dir/with:colon"), Some("dir/with:colon".into()));
        for remote in ["https://h/x", "ssh://h/x", "git@h:x", "h:x/y"] {
            assert_eq!(local(remote), None, "{remote}");
        }
    }

    #[test]
    fn only_relative_paths_are_anchored() {
        let base = Path::new("base");
        assert_eq!(Path::new(&anchored("../x", base)), base.join("../x"));
        for same in ["/x", "https://h/x", "git@h:x", "file:///x"] {
            assert_eq!(anchored(same, base), same);
        }
    }

    #[test]
    fn git_errors_become_one_line() {
        let text = "warning: x\nfatal: repository 'y' not found\nhint: z\n";
        assert_eq!(one_line(text), "repository 'y' not found");
        assert_eq!(one_line(""), "it said nothing");
    }
}
