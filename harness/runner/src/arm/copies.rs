//! The working copies of one workspace in one arm.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use corpora::edit::{self, Edit, Nonce};
use corpora::scenario::MAIN;
use corpora::{checkout, upgrade, worktree};

use crate::build_env::BuildEnv;
use crate::integration::Integration;
use crate::invocation::Site;
use crate::prepare::PreparedWorkspace;
use exec::filesystem::remove_dir;

/// A workspace and all its working copies.
#[derive(Debug)]
pub struct WorkspaceCopies<'a> {
    prepared: &'a PreparedWorkspace,
    copies: Vec<WorkingCopy>,
}

/// A working copy and what was done to it.
#[derive(Debug)]
pub struct WorkingCopy {
    /// Its name; `main` is the first.
    pub(crate) name: String,
    /// Where it is built.
    pub site: Site,
    pub(crate) cold: bool,
    /// The number of the edit that its sources are at; 0: as fetched.
    pub(crate) edits: u32,
    edits_made: u32,
    /// The edits that its two last commits are at, the one that is checked out first.
    commits: [u32; 2],
    pub(crate) upgraded: bool,
}

/// Where the working copies of an arm go, and how they are built.
#[derive(Debug, Clone, Copy)]
pub struct ArmDirs<'a> {
    /// The directories.
    pub env: &'a BuildEnv,
    /// How they are built.
    pub integration: &'a Arc<dyn Integration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EditTarget {
    Named,
    Leaf,
    Root,
}

impl<'a> WorkspaceCopies<'a> {
    /// Lays out the main working copy; as a git repository, where worktrees are wanted.
    pub fn open(dirs: ArmDirs<'_>, prepared: &'a PreparedWorkspace, git: bool) -> Result<WorkspaceCopies<'a>> {
        let mut workspace = WorkspaceCopies { prepared, copies: Vec::new() };
        let tree = workspace.tree(dirs, MAIN);
        checkout::checkout(&prepared.fetched, &tree)
            .with_context(|| format!("cannot lay out a working copy of {}", workspace.workspace()))?;
        if git {
            worktree::begin(&tree)?;
        }
        workspace.add(dirs, MAIN, tree);
        Ok(workspace)
    }

    /// Name of the workspace.
    pub fn workspace(&self) -> &str {
        &self.prepared.workspace.name
    }

    /// A working copy by its name.
    pub fn copy(&self, name: &str) -> Result<&WorkingCopy> {
        let found = self.copies.iter().find(|copy| copy.name == name);
        found.with_context(|| format!("{} has no working copy {name}", self.workspace()))
    }

    pub(super) fn copy_mut(&mut self, name: &str) -> Result<&mut WorkingCopy> {
        let missing = format!("{} has no working copy {name}", self.workspace());
        self.copies.iter_mut().find(|copy| copy.name == name).context(missing)
    }

    pub(super) fn copies(&self) -> &[WorkingCopy] {
        &self.copies
    }

    /// Adds a plain working copy: the sources as fetched. Returns its build directory.
    pub(super) fn add_copy(&mut self, dirs: ArmDirs<'_>, name: &str) -> Result<PathBuf> {
        let tree = self.tree(dirs, name);
        checkout::checkout(&self.prepared.fetched, &tree)?;
        Ok(self.add(dirs, name, tree))
    }

    /// Adds a git worktree of the main working copy. Returns its build directory.
    pub(super) fn add_worktree(&mut self, dirs: ArmDirs<'_>, name: &str) -> Result<PathBuf> {
        let tree = self.tree(dirs, name);
        worktree::add(&self.copy(MAIN)?.site.tree, &tree)?;
        Ok(self.add(dirs, name, tree))
    }

    /// Edits a file of working copies. Like those below it leaves build directories alone, so it returns none.
    pub(super) fn edit(&mut self, names: &[String], target: EditTarget, kind: Edit) -> Result<Vec<PathBuf>> {
        let file = match (target, &self.prepared.members) {
            (EditTarget::Named, _) => self.prepared.fetched.subdir.join(&self.prepared.workspace.edit),
            (EditTarget::Leaf, Some(members)) => members.leaf.clone(),
            (EditTarget::Root, Some(members)) => members.root.clone(),
            (_, None) => bail!("the members of {} were not looked for", self.workspace()),
        };
        for name in names {
            let copy = self.copy_mut(name)?;
            edit::apply(&copy.site.tree, &file, kind, Nonce::fresh())?;
            copy.edits_made += 1;
            copy.edits = copy.edits_made;
        }
        Ok(Vec::new())
    }

    pub(super) fn set_lockfile(&mut self, names: &[String], upgraded: bool) -> Result<Vec<PathBuf>> {
        let prepared = self.prepared;
        for name in names {
            let lock = self.copy(name)?.site.root.join("Cargo.lock");
            match (upgraded, &prepared.workspace.upgrade) {
                (true, Some(second)) => upgrade::apply(&lock, &second.text()?)?,
                (true, None) => bail!("{} has no second lockfile", self.workspace()),
                (false, _) => upgrade::revert(&prepared.fetched, &lock)?,
            }
            self.copy_mut(name)?.upgraded = upgraded;
        }
        Ok(Vec::new())
    }

    pub(super) fn check_out_anew(&mut self, names: &[String]) -> Result<Vec<PathBuf>> {
        let fetched = &self.prepared.fetched;
        for name in names {
            let copy = self.copy_mut(name)?;
            checkout::checkout_anew(fetched, &copy.site.tree)?;
            (copy.edits, copy.upgraded) = (0, false);
        }
        Ok(Vec::new())
    }

    pub(super) fn commit(&mut self, names: &[String]) -> Result<Vec<PathBuf>> {
        for name in names {
            let copy = self.copy_mut(name)?;
            worktree::commit(&copy.site.tree)?;
            if copy.commits[0] != copy.edits {
                copy.commits = [copy.edits, copy.commits[0]];
            }
        }
        Ok(Vec::new())
    }

    pub(super) fn switch(&mut self, names: &[String]) -> Result<Vec<PathBuf>> {
        for name in names {
            let copy = self.copy_mut(name)?;
            worktree::switch(&copy.site.tree)?;
            copy.commits.reverse();
            copy.edits = copy.commits[0];
        }
        Ok(Vec::new())
    }

    fn tree(&self, dirs: ArmDirs<'_>, name: &str) -> PathBuf {
        dirs.env.arm_dir().join("src").join(self.folder(name))
    }

    /// The name of a working copy's folders: that of the workspace for the main one.
    fn folder(&self, name: &str) -> String {
        match name {
            MAIN => self.workspace().to_owned(),
            // A workspace's name may hold dots, but no '@'.
            other => format!("{}@{other}", self.workspace()),
        }
    }

    fn add(&mut self, dirs: ArmDirs<'_>, name: &str, tree: PathBuf) -> PathBuf {
        let prepared = self.prepared;
        let dir = tree.join(&prepared.fetched.subdir);
        let inside = dir.ancestors().take_while(|dir| dir.starts_with(&tree));
        let root = inside.into_iter().find(|dir| dir.join("Cargo.lock").is_file()).unwrap_or(&dir).to_owned();
        let target_dir = dirs.integration.target_dir(&root);
        let target_dir = target_dir.unwrap_or_else(|| dirs.env.arm_dir().join("target").join(self.folder(name)));
        let site = Site {
            workspace: self.workspace().to_owned(),
            root,
            build_dir: dirs.integration.shared_build_dir().unwrap_or(&target_dir).to_owned(),
            log: dirs.env.arm_dir().join(format!("rustc-{}.log", self.folder(name))),
            target_dir: target_dir.clone(),
            cargo_args: prepared.workspace.cargo_args.clone(),
            test_args: prepared.workspace.test_args.clone(),
            run: prepared.workspace.run.clone(),
            hooks: Arc::<dyn Integration>::clone(dirs.integration),
            dir,
            tree,
        };
        let name = name.to_owned();
        let (edits, edits_made, commits) = (0, 0, [0; 2]);
        self.copies.push(WorkingCopy { name, site, cold: true, edits, edits_made, commits, upgraded: false });
        target_dir
    }
}

impl WorkingCopy {
    pub(super) fn wipe(&mut self) -> Result<PathBuf> {
        let dir: &Path = &self.site.target_dir;
        // A tool may keep the directory elsewhere; to remove its link alone would empty nothing.
        if let Ok(elsewhere) = std::fs::read_link(dir) {
            remove_dir(&elsewhere)?;
            std::fs::remove_file(dir)?;
        }
        remove_dir(dir)?;
        self.cold = true;
        Ok(dir.to_owned())
    }
}
