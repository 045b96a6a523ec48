//! Runs of the `git` program, and a commit of a repository as a source.
//!
//! Arguments never pass through a shell and every location comes after `--`. Nothing prompts, no
//! hook or file system monitor runs, and variables of an outer git (inside a hook or a rebase they
//! point at somebody else's repository) are not passed on.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use fs_err as fs;

use crate::error::{FetchCause, GitError};
use crate::pins::{CommitId, GitUrl};

const SETTINGS: [&str; 11] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "credential.interactive=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    // A server that stalls must not hold a run for ever.
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
    "user.name=harness",
    "user.email=harness@example.invalid",
];

/// Prefixes, after `GIT_`, of the variables with which users give credentials and proxies.
const USER_VARIABLES: [&str; 9] = [
    "ASKPASS",
    "CONFIG_COUNT",
    "CONFIG_GLOBAL",
    "CONFIG_KEY_",
    "CONFIG_SYSTEM",
    "CONFIG_VALUE_",
    "PROXY_",
    "SSH",
    "SSL_",
];

/// In the repository this outranks every `.gitattributes` of the tree: files go in and come out byte for byte.
const ATTRIBUTES: &str = "* -text -ident !filter !working-tree-encoding\n";

/// One run of `git` in a working tree with its repository in `.git`, before it is started.
pub(crate) struct GitCommand<'a> {
    pub(crate) tree: &'a Path,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) stdin: Vec<u8>,
    /// The user's configuration applies too: credentials, proxies, rewritten URLs.
    pub(crate) user_config: bool,
}

impl<'a> GitCommand<'a> {
    /// A run that sees no configuration but the repository's own.
    pub(crate) fn new<S: AsRef<OsStr>>(tree: &'a Path, args: &[S]) -> Self {
        let args = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
        Self { tree, args, env: Vec::new(), stdin: Vec::new(), user_config: false }
    }

    /// Run it to its end and return its standard output without white space around it.
    pub(crate) fn run(self) -> Result<String, GitError> {
        let mut args: Vec<OsString> = vec!["--git-dir=.git".into(), "--work-tree=.".into()];
        args.extend(SETTINGS.iter().flat_map(|setting| ["-c".into(), setting.into()]));
        args.extend(self.args);
        let mut env = environment(std::env::vars_os().collect(), self.user_config);
        env.extend(self.env.into_iter().map(|(name, value)| (name.into(), value.into())));
        let git = duct::cmd("git", args).dir(self.tree).full_env(env).stdin_bytes(self.stdin);
        let output = git.stdout_capture().stderr_capture().unchecked().run()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(GitError::Failed(one_line(&String::from_utf8_lossy(&output.stderr)))),
        }
    }
}

type Variables = Vec<(OsString, OsString)>;

fn environment(parent: Variables, user_config: bool) -> Variables {
    let passed_on = |name: &str| match name.strip_prefix("GIT_") {
        Some("EXEC_PATH") => true,
        Some(rest) => user_config && USER_VARIABLES.iter().any(|prefix| rest.starts_with(prefix)),
        // Without these git finds no configuration of the user, however old it is.
        None => user_config || !["HOME", "XDG_CONFIG_HOME"].contains(&name),
    };
    let mut env: Vec<_> = parent.into_iter().filter(|(name, _)| passed_on(&name.to_string_lossy())).collect();
    let own_ssh = env.iter().any(|(name, _)| name == "GIT_SSH_COMMAND" || name == "GIT_SSH");
    let mut set = |name: &str, value: &str| env.push((name.into(), value.into()));
    set("LC_ALL", "C");
    set("GIT_TERMINAL_PROMPT", "0");
    set("GIT_NO_REPLACE_OBJECTS", "1");
    if !user_config {
        set("GIT_CONFIG_NOSYSTEM", "1");
        set("GIT_CONFIG_GLOBAL", "/dev/null");
        set("GIT_ATTR_NOSYSTEM", "1");
    } else if !own_ssh {
        set("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    }
    env
}

/// Make `tree` the working tree of an empty repository that converts no file. No template is
/// used: one of the user's may bring hooks along.
pub(crate) fn init(tree: &Path) -> Result<(), GitError> {
    let args = ["init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1"];
    GitCommand::new(tree, &args).run()?;
    let info = tree.join(".git/info");
    fs::create_dir_all(&info)?;
    fs::write(info.join("attributes"), ATTRIBUTES)?;
    // Where the tree does not list Cargo's output, `git status` does not show it all the same.
    fs::write(info.join("exclude"), "target/\n")?;
    Ok(())
}

/// What went wrong in git's words, on one line, without its advice.
fn one_line(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let fatal = lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = fatal.or_else(|| lines().next()).unwrap_or("it said nothing");
    line.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned()
}

/// What to fetch when the commit alone cannot be had. A checked-out branch is never written to.
const ALL: [&str; 2] = ["+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*"];

/// Fetches a commit of a repository.
///
/// The user's credentials, proxies and URL rewrites apply while objects are fetched into a repository of our own, and
/// nothing of the user's configuration when their files are written. The repository is then removed. So no hook, no
/// filter, no submodule and nothing else the fetched repository says gets to run.
pub(crate) fn fetch(url: &GitUrl, commit: &CommitId, stage: &Path) -> Result<(), FetchCause> {
    let tree = stage.join("tree");
    fs::create_dir(&tree)?;
    let failed = |error| FetchCause::GitCheckout(commit.clone(), error);
    init(&tree).map_err(failed)?;
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
        GitCommand { user_config: true, ..GitCommand::new(tree, &args) }.run()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_errors_become_one_line() {
        let text = "warning: x\nfatal: repository 'y' not found\nhint: z\n";
        assert_eq!(one_line(text), "repository 'y' not found");
        assert_eq!(one_line(""), "it said nothing");
    }

    #[test]
    fn no_configuration_but_the_repositorys_is_seen() {
        let tree = tempfile::tempdir().unwrap();
        init(tree.path()).unwrap();
        let list = GitCommand::new(tree.path(), &["config", "--list", "--show-origin"]).run().unwrap();
        let foreign = |line: &&str| !line.starts_with("file:.git/config") && !line.starts_with("command line:");
        assert_eq!(list.lines().find(foreign), None);
        assert!(list.contains("core.hookspath=/dev/null"), "{list}");
    }

    #[test]
    fn only_variables_of_the_user_are_passed_on() {
        let parent = ["PATH", "HOME", "GIT_DIR", "GIT_TRACE", "GIT_CONFIG_PARAMETERS", "GIT_SSH", "GIT_CONFIG_KEY_0"];
        let parent: Variables = parent.map(|name| (name.into(), "theirs".into())).into();
        let theirs = |user_config| {
            let env = environment(parent.clone(), user_config).into_iter().filter(|(_, value)| value == "theirs");
            env.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(theirs(true), ["PATH", "HOME", "GIT_SSH", "GIT_CONFIG_KEY_0"]);
        assert_eq!(theirs(false), ["PATH"]);
        let prompt = ("GIT_TERMINAL_PROMPT".into(), "0".into());
        let batch = ("GIT_SSH_COMMAND".into(), "ssh -oBatchMode=yes".into());
        assert!(!environment(parent.clone(), true).contains(&batch) && environment(parent, true).contains(&prompt));
        assert!(environment(Vec::new(), true).contains(&batch) && environment(Vec::new(), false).contains(&prompt));
    }
}
