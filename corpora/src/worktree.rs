//! Git worktrees of a fetched git workspace: several working copies of one repository.
//!
//! This is how people work on two branches at once, and where a shared build cache should
//! shine or be caught confusing two trees. Made by libgit2 on our own bare repository.

use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{ObjectType, Oid, Repository, WorktreeAddOptions, WorktreePruneOptions};

use crate::fetch::Fetched;
use crate::pins;

/// A worktree of a fetched repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Its name in the repository.
    pub name: String,
    /// Its root.
    pub tree: PathBuf,
    /// The directory Cargo runs in.
    pub dir: PathBuf,
}

/// Why a worktree could not be added or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorktreeError {
    /// Only git sources have worktrees.
    #[error("{} is no git source: only those have worktrees", .0.display())]
    NotGit(PathBuf),
    /// The name is not a plain one.
    #[error("the worktree's name: {0}")]
    Name(#[from] pins::BadPin),
    /// There is something at the destination.
    #[error("cannot add a worktree at {}: it is not empty", .0.display())]
    Occupied(PathBuf),
    /// libgit2 said no.
    #[error("cannot {action} the worktree {name:?}: {}", source.message())]
    Git {
        /// `add` or `remove`.
        action: &'static str,
        /// The worktree's name.
        name: String,
        /// What libgit2 said.
        source: git2::Error,
    },
}

/// Add a worktree called `name` at `dest`, at the fetched commit, with a detached HEAD.
/// A worktree of that name whose directory is gone is replaced.
///
/// # Errors
/// When the source is not git, the name is not plain or taken, or `dest` has something in it.
pub fn add(fetched: &Fetched, name: &str, dest: &Path) -> Result<Worktree, WorktreeError> {
    let (Some(repository), Some(commit)) = (&fetched.repository, &fetched.commit) else {
        return Err(WorktreeError::NotGit(fetched.tree.clone()));
    };
    let name = pins::name(name)?;
    if std::fs::read_dir(dest).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WorktreeError::Occupied(dest.to_owned()));
    }
    add_at(repository, commit.as_str(), &name, dest).map_err(|source| WorktreeError::Git {
        action: "add",
        name: name.clone(),
        source,
    })?;
    Ok(Worktree { name, tree: dest.to_owned(), dir: dest.join(&fetched.subdir) })
}

fn add_at(repository: &Path, commit: &str, name: &str, dest: &Path) -> Result<(), git2::Error> {
    let repository = Repository::open_bare(repository)?;
    if let Ok(old) = repository.find_worktree(name) {
        // Only prunes one whose directory is gone; a living one makes the call below fail.
        old.prune(None).ok();
    }
    let id = Oid::from_str(commit)?;
    let branch_name = format!("worktree/{name}");
    let branch = repository.branch(&branch_name, &repository.find_commit(id)?, true)?;
    // libgit2 wants the directory to be missing.
    std::fs::remove_dir(dest).ok();
    if let Some(parent) = dest.parent() {
        std::fs::create_dir_all(parent).ok();
    }
    let reference = branch.into_reference();
    let mut options = WorktreeAddOptions::new();
    options.reference(Some(&reference));
    let tree = repository.worktree(name, dest, Some(&options))?;
    let inside = Repository::open_from_worktree(&tree)?;
    inside.set_head_detached(id)?;
    let mut checkout = CheckoutBuilder::new();
    checkout.force().disable_filters(true);
    inside.checkout_tree(&inside.find_object(id, Some(ObjectType::Commit))?, Some(&mut checkout))?;
    repository.find_branch(&branch_name, git2::BranchType::Local)?.delete()
}

/// The names of the worktrees there are.
///
/// # Errors
/// When the source is not git or its repository cannot be read.
pub fn list(fetched: &Fetched) -> Result<Vec<String>, WorktreeError> {
    let Some(repository) = &fetched.repository else {
        return Err(WorktreeError::NotGit(fetched.tree.clone()));
    };
    let names = Repository::open_bare(repository).and_then(|repository| {
        let names = repository.worktrees()?;
        Ok(names.iter().flatten().flatten().map(str::to_owned).collect())
    });
    names.map_err(|source| WorktreeError::Git { action: "list", name: String::new(), source })
}

/// Remove a worktree: its directory and what the repository knows of it.
///
/// # Errors
/// When there is none of that name, or it cannot be removed.
pub fn remove(fetched: &Fetched, worktree: &Worktree) -> Result<(), WorktreeError> {
    let Some(repository) = &fetched.repository else {
        return Err(WorktreeError::NotGit(fetched.tree.clone()));
    };
    let removed = Repository::open_bare(repository).and_then(|repository| {
        let mut options = WorktreePruneOptions::new();
        options.valid(true).working_tree(true);
        repository.find_worktree(&worktree.name)?.prune(Some(&mut options))
    });
    removed.map_err(|source| WorktreeError::Git { action: "remove", name: worktree.name.clone(), source })
}
