//! One strategy at work: its working copies, its store, what is done to them.
//!
//! What an arm measures is in [`super::trial`] (builds) and [`super::maintenance`] (cleaning and
//! collection).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use corpora::scenario::{Action, Home, Scenario, Step, Task};
use records::{Status, StepRow, UnitRow};
use strategies::Strategy;
use strategies::graph::UnitIndex;
use strategies::store::Store;

use super::build_env::BuildEnv;
use super::copies::{ArmDirs, Target, WorkspaceCopies};
use super::external::ExternalTool;
use super::invocation::BuildOptions;
use super::ledger::Ledger;
use super::options::Options;
use super::origin::Origins;
use super::prepare::Prepared;
use super::rows::Identity;
use exec::dirs::remove_dir;

/// What the first build of its kind in a run showed, for comparing later ones.
#[derive(Debug, Default)]
pub struct Memory {
    /// What the program printed: by workspace, step and working copy.
    pub programs: HashMap<(String, String, String), String>,
    /// Seconds of each unit in the `none` arm.
    pub none_costs: HashMap<UnitId, f64>,
}

/// A unit across builds: workspace, variant of the build, index in its graph.
pub type UnitId = (String, String, UnitIndex);

/// A strategy at work.
#[derive(Debug)]
pub struct Arm<'a> {
    pub(super) build_env: &'a BuildEnv,
    pub(super) options: &'a Options,
    pub(super) strategy: Strategy,
    pub(super) places: BTreeMap<usize, WorkspaceCopies<'a>>,
    pub(super) store: Option<Box<dyn Store>>,
    /// What counts as the store on disk.
    pub(super) store_dir: Option<PathBuf>,
    /// What the store has seen since it was last emptied: working copies in a variant, with
    /// how many edits.
    pub(super) seen: HashSet<(String, String, String, u32)>,
    /// Seconds of each unit as this arm measured them.
    pub(super) costs: HashMap<UnitId, f64>,
    pub(super) unsupported: Option<String>,
    /// Which sources units were compiled from.
    pub(super) origins: Origins,
    /// The action that failed, after which nothing can be measured.
    broken: Option<String>,
    /// Workspaces with a build that was cut off, where that concerns no other.
    cut_off: BTreeMap<usize, String>,
    pub(super) ledger: Ledger,
    shared: Option<PathBuf>,
    /// The tool, under an external strategy.
    pub(super) tool: Option<Arc<ExternalTool>>,
}

impl<'a> Arm<'a> {
    /// Lays out working copies of these workspaces and an empty store at the arm's fixed paths.
    ///
    /// # Errors
    /// When the directories cannot be made.
    pub fn open(
        build_env: &'a BuildEnv,
        options: &'a Options,
        scenario: &Scenario,
        strategy: Strategy,
        prepared: &[(usize, &'a Prepared)],
    ) -> Result<Arm<'a>> {
        build_env.clear_arm()?;
        let shared = matches!(strategy, Strategy::SharedTarget).then(|| build_env.arm_dir().join("shared"));
        let (tool, missing) = match &strategy {
            Strategy::External(external) => match ExternalTool::open(build_env, external)? {
                Ok(tool) => (Some(Arc::new(tool)), None),
                Err(why) => (None, Some(why)),
            },
            _ => (None, None),
        };
        let dirs = ArmDirs { build_env, shared: shared.as_deref(), tool: tool.as_ref() };
        let places = prepared
            .iter()
            .map(|(number, prepared)| Ok((*number, WorkspaceCopies::open(dirs, prepared, scenario.needs_git())?)));
        let mut arm = Arm {
            build_env,
            options,
            strategy: strategy.clone(),
            places: places.collect::<Result<_>>()?,
            store: None,
            store_dir: tool.as_ref().map(|tool| tool.store().to_owned()).or_else(|| shared.clone()),
            seen: HashSet::new(),
            costs: HashMap::new(),
            unsupported: missing,
            origins: Origins::default(),
            broken: None,
            cut_off: BTreeMap::new(),
            ledger: Ledger::default(),
            shared,
            tool,
        };
        if let Strategy::Units(units) = &strategy {
            arm.unsupported = units.link.probe(&build_env.arm_dir()).err();
            arm.store_dir = Some(build_env.arm_dir().join("store"));
            arm.open_store()?;
        }
        let copies = arm.places.values().flat_map(WorkspaceCopies::copies).map(|copy| copy.site.target_dir.as_path());
        arm.ledger = Ledger::of(copies.chain(arm.store_dir.as_deref()));
        Ok(arm)
    }

    fn open_store(&mut self) -> Result<()> {
        if let (Strategy::Units(units), Some(dir)) = (&self.strategy, &self.store_dir) {
            self.store = Some(units.store.open(dir)?);
        }
        Ok(())
    }

    /// The workspace of this number.
    pub(super) fn place(&self, workspace: usize) -> Result<&WorkspaceCopies<'a>> {
        self.places.get(&workspace).context("a workspace that was not laid out")
    }

    pub(super) fn place_mut(&mut self, workspace: usize) -> Result<&mut WorkspaceCopies<'a>> {
        self.places.get_mut(&workspace).context("a workspace that was not laid out")
    }

    /// How one working copy is built in a step.
    pub(super) fn build_options(&self, step: &Step, copy: &str) -> BuildOptions {
        BuildOptions {
            task: step.run,
            profile: step.profile.clone().unwrap_or_else(|| self.options.profile.clone()),
            jobs: self.options.jobs,
            cargo_home: match step.cargo_home {
                Home::Usual => self.build_env.cargo_home.clone(),
                Home::Elsewhere => self.build_env.second_home.clone(),
            },
            rustflags: step.distinct.then(|| format!("--cfg=copy=\"{copy}\"")),
            env: BTreeMap::new(),
        }
    }

    /// Performs an action of a step outside the measured time, on one workspace or all. One that
    /// fails makes a failed row of every later step of this telling.
    pub fn act(&mut self, step: &Step, action: &Action, workspace: Option<usize>) {
        if self.unsupported.is_some() || self.broken.is_some() {
            return; // Nothing will be measured.
        }
        if let Err(error) = self.try_act(step, action, workspace) {
            self.broken = Some(format!("`{action}` before step {} failed: {error:#}", step.name));
        }
    }

    fn try_act(&mut self, step: &Step, action: &Action, workspace: Option<usize>) -> Result<()> {
        if *action == Action::EmptyStore {
            return self.empty_store();
        }
        let workspaces: Vec<usize> =
            self.places.keys().copied().filter(|it| workspace.is_none_or(|w| w == *it)).collect();
        workspaces.into_iter().try_for_each(|workspace| self.act_on(step, action, workspace))
    }

    /// Notes that a build was cut off in the middle: what later steps of this telling would find
    /// is half of what they are about. A store is everybody's, so without one it concerns this
    /// workspace alone.
    pub(super) fn cut_off(&mut self, step: &str, workspace: usize, why: &dyn std::fmt::Display) {
        let why = |of: &str| format!("step {step}{of} was cut off, which this one builds on: {why}");
        match (&self.strategy, self.places.get(&workspace)) {
            (Strategy::None, _) => drop(self.cut_off.insert(workspace, why(""))),
            (_, Some(place)) => self.broken = Some(why(&format!(" of {}", place.workspace()))),
            (_, None) => self.broken = Some(why("")),
        }
    }

    /// The action that failed, after which nothing is measured in this telling.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Whether a step of this workspace will be measured, or be a row without.
    pub fn measures(&self, workspace: usize) -> bool {
        self.unsupported.is_none() && self.broken.is_none() && !self.cut_off.contains_key(&workspace)
    }

    /// Performs the measured task of a step on a workspace.
    ///
    /// # Errors
    /// When the run is interrupted or files cannot be handled. A build that fails is a row.
    pub fn measure(
        &mut self,
        identity: &Identity,
        step: &Step,
        workspace: usize,
        memory: &mut Memory,
    ) -> Result<(StepRow, Vec<UnitRow>)> {
        if let Some(why) = &self.unsupported {
            return Ok((identity.row(&self.strategy, Status::Unsupported, why.clone()), Vec::new()));
        }
        if let Some(why) = self.broken.as_ref().or_else(|| self.cut_off.get(&workspace)) {
            return Ok((identity.row(&self.strategy, Status::Failed, why.clone()), Vec::new()));
        }
        match step.run {
            Task::Build | Task::Check | Task::Test => self.build_step(identity, step, workspace, memory),
            Task::Clean => Ok((self.clean_step(identity, step, workspace)?, Vec::new())),
            Task::Collect { .. } => Ok((self.collect_step(identity, step, workspace)?, Vec::new())),
        }
    }

    /// Ends what serves this arm's builds: nothing of it may run while it is put aside.
    pub fn rest(&self) {
        self.tool.iter().for_each(|tool| tool.rest());
    }

    fn empty_store(&mut self) -> Result<()> {
        if let Some(dir) = &self.store_dir {
            match &self.tool {
                Some(tool) => tool.reset()?,
                None => remove_dir(dir)?,
            }
            self.ledger.touch(dir);
        }
        self.seen.clear();
        self.open_store()
    }

    fn act_on(&mut self, step: &Step, action: &Action, workspace: usize) -> Result<()> {
        let shared = self.shared.clone();
        let tool = self.tool.clone();
        let dirs = ArmDirs { build_env: self.build_env, shared: shared.as_deref(), tool: tool.as_ref() };
        let place = self.place_mut(workspace)?;
        match action {
            Action::Copy(name) => place.add_copy(dirs, name)?,
            Action::Worktree(name) => place.add_worktree(dirs, name)?,
            _ => {}
        }
        if let Action::Copy(name) | Action::Worktree(name) = action {
            let target = place.copy(name)?.site.target_dir.clone();
            self.ledger.touch(&target);
            return Ok(());
        }
        for name in &step.trees {
            let place = self.place_mut(workspace)?;
            match action {
                Action::Edit(edit) => place.edit(name, Target::Named, *edit)?,
                Action::EditLeaf(edit) => place.edit(name, Target::Leaf, *edit)?,
                Action::EditRoot(edit) => place.edit(name, Target::Root, *edit)?,
                Action::Upgrade => place.set_lockfile(name, true)?,
                Action::Downgrade => place.set_lockfile(name, false)?,
                Action::Commit => corpora::worktree::commit(&place.copy(name)?.site.tree)?,
                Action::Wipe => {
                    let copy = place.copy_mut(name)?;
                    copy.wipe()?;
                    let target = copy.site.target_dir.clone();
                    self.ledger.touch(&target);
                }
                Action::EmptyStore | Action::Copy(_) | Action::Worktree(_) => {}
            }
        }
        Ok(())
    }
}
