//! Git worktrees of a working copy: several trees of one repository, whatever the source was.
//!
//! This is how people work on two branches at once, where a shared build cache should help most and could confuse two
//! trees. A published package has no repository and the history of a fetched one is of no use here, so the working copy
//! becomes a repository of its own with one commit. No hook runs, no template or ignore list of the user's applies, and
//! files go in and come out byte for byte.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use crate::error::GitError;
use crate::git::{self, GitCommand};

/// The reference of the first commit. It is neither a branch nor a tag, so that nothing which
/// describes a commit by its tags sees it.
const FIRST: &str = "refs/harness/first";

/// The commit that [`switch`] came from; every worktree has its own.
const OTHER: &str = "refs/worktree/harness-other";

/// When the first commit was made: the start of the year 2000, in seconds. Each later one is made
/// a second after its parent.
const EPOCH: i64 = 946_684_800;

#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    /// The tree has git's own files in it, which can name programs to run.
    #[error("{} is not ours: a tree that has its own .git cannot have worktrees", .0.display())]
    HasGit(PathBuf),
    #[error("cannot add a worktree at {}: it is not empty", .0.display())]
    Occupied(PathBuf),
    #[error("cannot {} in {}: {}", .0, .1.display(), .2)]
    Git(&'static str, PathBuf, GitError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn failed(action: &'static str, tree: &Path) -> impl Fn(GitError) -> WorktreeError {
    move |error| WorktreeError::Git(action, tree.to_owned(), error)
}

/// Make the working copy at `tree` a git repository with one commit of every file in it, ignored ones too. Equal trees
/// get equal commits. Fails when there is a `.git` anywhere in it, or it cannot be read or written.
pub fn begin(tree: &Path) -> Result<(), WorktreeError> {
    let files = files(tree, false)?;
    let first = || -> Result<(), GitError> {
        git::init(tree)?;
        let commit = record(tree, &files, None, "the sources as fetched")?;
        GitCommand::new(tree, &["update-ref", FIRST, commit.as_str()]).run().map(drop)
    };
    first().map_err(failed("begin a repository", tree))
}

/// Add a worktree at `dest` to the working copy at `tree`: the files of the commit that [`begin`] made, as new as a
/// checkout makes them, and a detached HEAD. Directories without a file are missing in it, as git records none. Fails
/// when `dest` has something in it or was a worktree before, or `tree` is no repository.
pub fn add(tree: &Path, dest: &Path) -> Result<(), WorktreeError> {
    if fs::read_dir(dest).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WorktreeError::Occupied(dest.to_owned()));
    }
    // Git runs in `tree`, so a relative path would be another one there.
    let dest = std::path::absolute(dest)?;
    let args = ["worktree", "add", "--quiet", "--detach", "--"].map(AsRef::as_ref);
    let args: Vec<_> = args.into_iter().chain([dest.as_os_str(), FIRST.as_ref()]).collect();
    GitCommand::new(tree, &args).run().map(drop).map_err(failed("add a worktree", tree))
}

/// Commit all changes in the working copy or worktree at `tree`: changed, new and removed files,
/// ignored ones too, but no build directory. Without a change there is no commit.
/// Fails when `tree` is no repository, or a file cannot be read.
pub fn commit(tree: &Path) -> Result<(), WorktreeError> {
    let head = GitCommand::new(tree, &["log", "-1", "--format=%H %T %ct"]).run();
    let head = head.map_err(failed("commit", tree))?;
    record(tree, &files(tree, true)?, Some(&head), "an edit").map(drop).map_err(failed("commit", tree))
}

/// Check out the other one of the last two commits in the working copy or worktree at `tree`: the parent of HEAD the first
/// time, then the one that the last switch came from. Only files that differ are written.
///
/// # Errors
/// When there is no second commit, or a change that is not committed is in the way.
pub fn switch(tree: &Path) -> Result<(), WorktreeError> {
    let run = |args: &[&str]| GitCommand::new(tree, args).run();
    let switched = || -> Result<(), GitError> {
        let other = run(&["rev-parse", "--verify", OTHER]).or_else(|_| run(&["rev-parse", "--verify", "HEAD^"]))?;
        let now = run(&["rev-parse", "HEAD"])?;
        run(&["checkout", "--quiet", "--detach", &other])?;
        run(&["update-ref", OTHER, &now]).map(drop)
    };
    switched().map_err(failed("switch commits", tree))
}

/// Put exactly these files into the index and commit them, unless the parent has the same. `head`
/// is the parent's id, tree and time. Returns the new or the parent's id.
fn record(tree: &Path, files: &[PathBuf], head: Option<&str>, message: &str) -> Result<String, GitError> {
    GitCommand::new(tree, &["read-tree", "--empty"]).run()?;
    let names = files.iter().flat_map(|file| [file.as_os_str().as_encoded_bytes(), b"\0"].concat()).collect();
    // By their names, so whatever an ignore list says.
    GitCommand { stdin: names, ..GitCommand::new(tree, &["update-index", "--add", "-z", "--stdin"]) }.run()?;
    let recorded = GitCommand::new(tree, &["write-tree"]).run()?;
    let mut args = vec!["commit-tree", "-m", message];
    let mut time = EPOCH;
    if let Some(head) = head {
        let mut fields = head.split(' ');
        let mut field = || fields.next().unwrap_or_default();
        let (parent, parent_tree, parent_time) = (field(), field(), field());
        if parent_tree == recorded {
            return Ok(parent.to_owned());
        }
        args.extend(["-p", parent]);
        time = parent_time.parse().map_or(EPOCH, |seconds: i64| seconds + 1);
    }
    args.push(&recorded);
    let date = format!("{time} +0000");
    let env = vec![("GIT_AUTHOR_DATE", date.clone()), ("GIT_COMMITTER_DATE", date)];
    let commit = GitCommand { env, ..GitCommand::new(tree, &args) }.run()?;
    GitCommand::new(tree, &["update-ref", "HEAD", commit.as_str()]).run()?;
    Ok(commit)
}

/// Every file and link of the tree, relative to it and sorted. Build directories, recognised by
/// Cargo's tag in them, are left out, and so are git's own files at the root and a link `target`, if they are `ours`.
/// Fails when there is another `.git`, or a directory cannot be read.
fn files(tree: &Path, ours: bool) -> Result<Vec<PathBuf>, WorktreeError> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(tree).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(io::Error::from)?;
        let dir = entry.file_type().is_dir();
        if entry.file_name().eq_ignore_ascii_case(".git") {
            if !ours || entry.depth() > 1 {
                return Err(WorktreeError::HasGit(entry.into_path()));
            }
            if dir {
                walk.skip_current_dir();
            }
        } else if dir && entry.path().join("CACHEDIR.TAG").is_file() {
            walk.skip_current_dir();
        } else if ours && entry.path_is_symlink() && entry.path() == tree.join("target") {
            // A tool has put its build directory behind it.
        } else if entry.file_type().is_file() || entry.file_type().is_symlink() {
            found.push(entry.path().strip_prefix(tree).unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}
