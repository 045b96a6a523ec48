//! The working copies of one workspace in one arm.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use corpora::edit::{self, Edit, Nonce};
use corpora::scenario::MAIN;
use corpora::{checkout, upgrade, worktree};

use super::invocation::Site;
use super::lab::Lab;
use super::prepare::Prepared;
use super::rival::Rival;
use exec::dirs::remove_dir;

/// A workspace and all its working copies.
#[derive(Debug)]
pub struct Place<'a> {
    prepared: &'a Prepared,
    copies: Vec<WorkingCopy>,
}

/// A working copy and what was done to it.
#[derive(Debug)]
pub struct WorkingCopy {
    /// Its name; `main` is the first.
    pub name: String,
    /// Where it is built.
    pub site: Site,
    /// Its build directory is empty.
    pub cold: bool,
    /// How many edits its sources went through.
    pub edits: u32,
    /// The second lockfile is in place.
    pub upgraded: bool,
}

/// Where the parts of an arm are.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The lab.
    pub lab: &'a Lab,
    /// The build directory all working copies share, if they do.
    pub shared: Option<&'a Path>,
    /// The tool that builds them, under an external strategy.
    pub rival: Option<&'a Arc<Rival>>,
}

impl<'a> Place<'a> {
    /// Lays out the main working copy; as a git repository, where worktrees are wanted.
    ///
    /// # Errors
    /// When files cannot be copied.
    pub fn open(ground: Ground<'_>, prepared: &'a Prepared, git: bool) -> Result<Place<'a>> {
        let mut place = Place { prepared, copies: Vec::new() };
        let tree = place.tree(ground, MAIN);
        checkout::checkout(&prepared.fetched, &tree)
            .with_context(|| format!("cannot lay out a working copy of {}", place.workspace()))?;
        if git {
            worktree::begin(&tree)?;
        }
        place.add(ground, MAIN, tree);
        Ok(place)
    }

    /// Name of the workspace.
    pub fn workspace(&self) -> &str {
        &self.prepared.workspace.name
    }

    /// A working copy by its name.
    ///
    /// # Errors
    /// When there is none.
    pub fn copy(&self, name: &str) -> Result<&WorkingCopy> {
        let found = self.copies.iter().find(|copy| copy.name == name);
        found.with_context(|| format!("{} has no working copy {name}", self.workspace()))
    }

    /// The same, to change it.
    ///
    /// # Errors
    /// When there is none.
    pub fn copy_mut(&mut self, name: &str) -> Result<&mut WorkingCopy> {
        let missing = format!("{} has no working copy {name}", self.workspace());
        self.copies.iter_mut().find(|copy| copy.name == name).context(missing)
    }

    /// All working copies.
    pub fn copies(&self) -> &[WorkingCopy] {
        &self.copies
    }

    /// Adds a plain working copy: the sources as fetched.
    ///
    /// # Errors
    /// When files cannot be copied.
    pub fn add_copy(&mut self, ground: Ground<'_>, name: &str) -> Result<()> {
        let tree = self.tree(ground, name);
        checkout::checkout(&self.prepared.fetched, &tree)?;
        self.add(ground, name, tree);
        Ok(())
    }

    /// Adds a git worktree of the main working copy.
    ///
    /// # Errors
    /// When git says no.
    pub fn add_worktree(&mut self, ground: Ground<'_>, name: &str) -> Result<()> {
        let tree = self.tree(ground, name);
        worktree::add(&self.copy(MAIN)?.site.tree, &tree)?;
        self.add(ground, name, tree);
        Ok(())
    }

    /// Edits a file of a working copy.
    ///
    /// # Errors
    /// When it is missing or cannot be written.
    pub fn edit(&mut self, name: &str, target: Target, kind: Edit) -> Result<()> {
        let subdir = &self.prepared.fetched.subdir;
        let file = match (target, &self.prepared.members) {
            (Target::Named, _) => subdir.join(&self.prepared.workspace.edit),
            (Target::Leaf, Some(members)) => members.leaf.clone(),
            (Target::Root, Some(members)) => members.root.clone(),
            (_, None) => bail!("the members of {} were not looked for", self.workspace()),
        };
        let copy = self.copy_mut(name)?;
        edit::apply(&copy.site.tree, &file, kind, Nonce::fresh())?;
        copy.edits += 1;
        Ok(())
    }

    /// Puts the second lockfile in place, or the first one back.
    ///
    /// # Errors
    /// When the workspace has no second lockfile, or it cannot be written.
    pub fn set_lockfile(&mut self, name: &str, upgraded: bool) -> Result<()> {
        let prepared = self.prepared;
        let lock = self.copy(name)?.site.root.join("Cargo.lock");
        match (upgraded, &prepared.workspace.upgrade) {
            (true, Some(second)) => upgrade::apply(&lock, &second.text()?)?,
            (true, None) => bail!("{} has no second lockfile", self.workspace()),
            (false, _) => upgrade::revert(&prepared.fetched, &lock)?,
        }
        self.copy_mut(name)?.upgraded = upgraded;
        Ok(())
    }

    fn tree(&self, ground: Ground<'_>, name: &str) -> PathBuf {
        ground.lab.arm_dir().join("src").join(self.folder(name))
    }

    /// The name of a working copy's folders: that of the workspace for the main one.
    fn folder(&self, name: &str) -> String {
        match name {
            MAIN => self.workspace().to_owned(),
            // A workspace's name may hold dots, but no '@'.
            other => format!("{}@{other}", self.workspace()),
        }
    }

    fn add(&mut self, ground: Ground<'_>, name: &str, tree: PathBuf) {
        let prepared = self.prepared;
        let dir = tree.join(&prepared.fetched.subdir);
        let target_dir = ground.lab.arm_dir().join("target").join(self.folder(name));
        let inside = dir.ancestors().take_while(|dir| dir.starts_with(&tree));
        let root = inside.into_iter().find(|dir| dir.join("Cargo.lock").is_file()).unwrap_or(&dir).to_owned();
        let site = Site {
            workspace: self.workspace().to_owned(),
            root,
            build_dir: ground.shared.map_or_else(|| target_dir.clone(), Path::to_path_buf),
            log: ground.lab.arm_dir().join(format!("rustc-{}.log", self.folder(name))),
            target_dir,
            cargo_args: prepared.workspace.cargo_args.clone(),
            test_args: prepared.workspace.test_args.clone(),
            run: prepared.workspace.run.clone(),
            rival: ground.rival.cloned(),
            dir,
            tree,
        };
        self.copies.push(WorkingCopy { name: name.to_owned(), site, cold: true, edits: 0, upgraded: false });
    }
}

impl WorkingCopy {
    /// Empties the build directory.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub fn wipe(&mut self) -> Result<()> {
        remove_dir(&self.site.target_dir)?;
        self.cold = true;
        Ok(())
    }
}

/// Which file an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The one the manifest names.
    Named,
    /// The root file of the leaf member.
    Leaf,
    /// The root file of the root member.
    Root,
}
