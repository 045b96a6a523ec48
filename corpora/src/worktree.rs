//! Git worktrees of a working copy: several trees of one repository, whatever the source was.
//!
//! This is how people work on two branches at once, and where a shared build cache should shine
//! or be caught confusing two trees. A published package has no repository and the history of a
//! fetched one is of no use here, so the working copy becomes a repository of its own with one
//! commit. Made by libgit2: no hook runs, no template or ignore list of the user's is asked, and
//! files go in and come out byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{BranchType, Commit, Oid, Repository, RepositoryInitOptions, Signature, Time, WorktreeAddOptions};
use walkdir::WalkDir;

use crate::pins;
use crate::slot::{IoError, at};

/// Where the first commit is kept. It is neither a branch nor a tag, so that nothing which
/// describes a commit by its tags sees it.
const FIRST: &str = "refs/harness/first";

/// When the first commit was made: the start of the year 2000, in seconds. Each later one is made
/// a second after its parent.
const EPOCH: i64 = 946_684_800;

/// Outranks every `.gitattributes` of the tree and the user's configuration: no conversion.
const ATTRIBUTES: &str = "* -text -ident !filter !working-tree-encoding\n";

/// What Cargo writes, out of sight of `git status` where the tree itself does not say so.
const EXCLUDES: &str = "target/\n";

/// Why a working copy has no repository, worktree or commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorktreeError {
    /// The tree brings git's own files along, which can name programs to run.
    #[error("{} is not ours: a tree that brings its own .git cannot have worktrees", .0.display())]
    HasGit(PathBuf),
    /// The name is not a plain one.
    #[error("the worktree's name: {0}")]
    Name(#[from] pins::BadPin),
    /// There is something at the destination.
    #[error("cannot add a worktree at {}: it is not empty", .0.display())]
    Occupied(PathBuf),
    /// libgit2 said no.
    #[error("cannot {action} in {}: {}", tree.display(), source.message())]
    Git {
        /// What was attempted.
        action: &'static str,
        /// The working copy.
        tree: PathBuf,
        /// What libgit2 said.
        source: git2::Error,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// Make the working copy at `tree` a git repository with one commit of every file in it, ignored
/// ones too. Equal trees get equal commits.
///
/// # Errors
/// When there is a `.git` anywhere in it, or it cannot be read or written.
pub fn begin(tree: &Path) -> Result<(), WorktreeError> {
    let files = files(tree, false)?;
    let git = |source| WorktreeError::Git { action: "begin a repository", tree: tree.to_owned(), source };
    let repository = init(tree).map_err(git)?;
    let info = repository.path().join("info");
    fs::create_dir_all(&info).map_err(at("create", &info))?;
    for (name, text) in [("attributes", ATTRIBUTES), ("exclude", EXCLUDES)] {
        let path = info.join(name);
        fs::write(&path, text).map_err(at("write", &path))?;
    }
    let first = record(&repository, &files, None, "the sources as fetched").map_err(git)?;
    first.map_or(Ok(()), |first| repository.reference(FIRST, first, true, "").map(drop)).map_err(git)
}

/// Add a worktree called `name` at `dest` to the working copy at `tree`: the files of the commit
/// that [`begin`] made, as new as a checkout makes them, and a detached HEAD. Directories
/// without a file are not in it, as git knows none.
///
/// # Errors
/// When the name is not plain or taken, `dest` has something in it, or `tree` is no repository.
pub fn add(tree: &Path, name: &str, dest: &Path) -> Result<(), WorktreeError> {
    let name = pins::name(name)?;
    if fs::read_dir(dest).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WorktreeError::Occupied(dest.to_owned()));
    }
    if dest.is_dir() {
        // libgit2 wants it to be missing.
        fs::remove_dir(dest).map_err(at("remove", dest))?;
    }
    // A relative one would be taken from the repository.
    let dest = std::path::absolute(dest).map_err(at("find", dest))?;
    if let Some(parent) = dest.parent() {
        fs::create_dir_all(parent).map_err(at("create", parent))?;
    }
    add_at(tree, &name, &dest).map_err(|source| WorktreeError::Git {
        action: "add a worktree",
        tree: tree.to_owned(),
        source,
    })
}

/// Commit all changes in the working copy or worktree at `tree`: changed, new and removed files,
/// ignored ones too, but no build directory. Without a change there is no commit.
///
/// # Errors
/// When `tree` is no repository, or a file cannot be read.
pub fn commit(tree: &Path) -> Result<(), WorktreeError> {
    let git = |source| WorktreeError::Git { action: "commit", tree: tree.to_owned(), source };
    let repository = Repository::open(tree).map_err(git)?;
    let head = repository.head().and_then(|head| head.peel_to_commit()).map_err(git)?;
    record(&repository, &files(tree, true)?, Some(&head), "an edit").map(drop).map_err(git)
}

fn init(tree: &Path) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    // No template: a template directory of the user's may bring hooks along.
    options.external_template(false).no_reinit(true).initial_head("main");
    Repository::init_opts(tree, &options)
}

fn add_at(tree: &Path, name: &str, dest: &Path) -> Result<(), git2::Error> {
    let repository = Repository::open(tree)?;
    let first = repository.find_reference(FIRST)?.peel_to_commit()?;
    // Git takes no `a..b` or `a.lock` in the name of a reference, and its own name for a worktree
    // is part of one. No plain name has a percent sign, so each still has a name of its own.
    let name = &name.replace('.', "%");
    // libgit2 makes a worktree of a branch only; this one is gone when HEAD is detached.
    let branch_name = format!("worktree/{name}");
    let branch = repository.branch(&branch_name, &first, false)?;
    let reference = branch.into_reference();
    let mut options = WorktreeAddOptions::new();
    options.reference(Some(&reference));
    let added = repository.worktree(name, dest, Some(&options)).and_then(|worktree| {
        let inside = Repository::open_from_worktree(&worktree)?;
        inside.set_head_detached(first.id())?;
        let mut checkout = CheckoutBuilder::new();
        checkout.force().disable_filters(true);
        inside.checkout_head(Some(&mut checkout))
    });
    let removed = repository.find_branch(&branch_name, BranchType::Local)?.delete();
    added.and(removed)
}

/// Put just these files into the index and commit them, unless the parent has the same.
fn record(
    repository: &Repository,
    files: &[PathBuf],
    parent: Option<&Commit<'_>>,
    message: &str,
) -> Result<Option<Oid>, git2::Error> {
    let mut index = repository.index()?;
    index.clear()?;
    for file in files {
        // By its name, so whatever an ignore list says.
        index.add_path(file)?;
    }
    index.write()?;
    let tree = repository.find_tree(index.write_tree()?)?;
    if parent.is_some_and(|parent| parent.tree_id() == tree.id()) {
        return Ok(None);
    }
    let time = parent.map_or(EPOCH, |parent| parent.time().seconds() + 1);
    let who = Signature::new("harness", "harness@example.invalid", &Time::new(time, 0))?;
    repository.commit(Some("HEAD"), &who, &who, message, &tree, parent.as_slice()).map(Some)
}

/// Every file and link of the tree, relative to it and sorted. Build directories, told by the tag
/// that Cargo puts into them, are left out, and so are git's own files at the root if they are
/// `ours`.
///
/// # Errors
/// When there is another `.git`, or a directory cannot be read.
fn files(tree: &Path, ours: bool) -> Result<Vec<PathBuf>, WorktreeError> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(tree).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(tree).to_owned();
            at("read", &path)(error.into())
        })?;
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
        } else if entry.file_type().is_file() || entry.file_type().is_symlink() {
            found.push(entry.path().strip_prefix(tree).unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}
