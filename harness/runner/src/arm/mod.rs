//! One strategy in its working copies: what is done to them, and what is measured.

mod build;
mod copies;
mod maintain;

use copies::EditTarget;
pub use copies::{ArmDirs, WorkingCopy, WorkspaceCopies};

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use corpora::scenario::{Action, Fingerprint, Home, Scenario, Step, Task};
use exec::toolchain::CONTENT_FINGERPRINTS;

use super::build_env::BuildEnv;
use super::delivery::Route;
use super::experiment::{ArmSpec, Options};
use super::gates::Origins;
use super::integration::plain::PlainCargo;
use super::integration::{self, Integration, IntegrationDirs, OpenedIntegration};
use super::invocation::BuildOptions;
use super::ledger::Ledger;
use super::plan::Slot;
use super::prepare::PreparedWorkspace;
use super::step::StepOutcome;

/// What programs printed that were built first in a run: by workspace, step and working copy.
pub(crate) type Programs = HashMap<(String, String, String), String>;

/// What makes a Cargo that knows it compare contents.
const BY_CONTENT: [(&str, &str); 2] =
    [("CARGO_UNSTABLE_CHECKSUM_FRESHNESS", "true"), ("CARGO_BUILD_FINGERPRINT", "content")];

#[derive(Debug)]
pub(crate) struct Arm<'a> {
    env: &'a BuildEnv,
    options: &'a Options,
    scenario: &'a Scenario,
    integration: Arc<dyn Integration>,
    workspaces: BTreeMap<usize, WorkspaceCopies<'a>>,
    /// What the store has seen since it was last emptied.
    seen: HashSet<SeenBuild>,
    unsupported: Option<String>,
    origins: Origins,
    /// The action that failed, after which nothing can be measured.
    broken: Option<String>,
    /// Workspaces with a build that was cut off, where that concerns no other.
    cut_off: BTreeMap<usize, String>,
    ledger: Ledger,
    /// The step for which all that workspaces share was emptied with their own directories.
    wiped_for: Option<String>,
    /// How what is built reaches another machine.
    route: Option<Route>,
    /// What the store had seen that was published last.
    published: HashSet<SeenBuild>,
}

/// Workspace, working copy and variant, with how many edits.
type SeenBuild = (String, String, String, u32);

impl<'a> Arm<'a> {
    /// Lays out working copies of these workspaces and an empty store at the arm's fixed paths.
    pub(crate) fn open(
        env: &'a BuildEnv,
        options: &'a Options,
        scenario: &'a Scenario,
        spec: &ArmSpec,
        prepared: &[(usize, &'a PreparedWorkspace)],
    ) -> Result<Arm<'a>> {
        env.clear_arm()?;
        let (integration, mut unsupported): (Arc<dyn Integration>, _) =
            match integration::open(&spec.strategy, env, &IntegrationDirs::below(&env.arm_dir()))? {
                OpenedIntegration::Ready(integration) => (integration, None),
                OpenedIntegration::Unsupported(why) => (Arc::new(PlainCargo::default()), Some(why)),
            };
        let route = match spec.delivery.map(|way| Route::open(way, options, scenario, env)) {
            Some(Err(why)) => {
                unsupported.get_or_insert(why);
                None
            }
            route => route.and_then(Result::ok),
        };
        let dirs = ArmDirs { env, integration: &integration };
        let laid_out = prepared
            .iter()
            .filter(|_| unsupported.is_none())
            .map(|(number, prepared)| Ok((*number, WorkspaceCopies::open(dirs, prepared, scenario.needs_git())?)));
        let workspaces: BTreeMap<usize, WorkspaceCopies<'_>> = laid_out.collect::<Result<_>>()?;
        let copies = workspaces.values().flat_map(WorkspaceCopies::copies);
        let trees = copies.map(|copy| copy.site.target_dir.as_path()).chain(integration.kept_dirs());
        Ok(Arm {
            ledger: Ledger::of(trees),
            env,
            options,
            scenario,
            workspaces,
            seen: HashSet::new(),
            unsupported,
            origins: Origins::default(),
            broken: None,
            cut_off: BTreeMap::new(),
            integration,
            wiped_for: None,
            route,
            published: HashSet::new(),
        })
    }

    fn copies(&self, workspace: usize) -> Result<&WorkspaceCopies<'a>> {
        self.workspaces.get(&workspace).context("a workspace that was not laid out")
    }

    fn copies_mut(&mut self, workspace: usize) -> Result<&mut WorkspaceCopies<'a>> {
        self.workspaces.get_mut(&workspace).context("a workspace that was not laid out")
    }

    fn touch_kept(&mut self) {
        self.integration.kept_dirs().into_iter().for_each(|dir| self.ledger.touch(dir));
    }

    fn build_options(&self, step: &Step, copy: &str) -> BuildOptions {
        let mut env = step.env.clone();
        let rustflags = env.remove("RUSTFLAGS");
        if step.fingerprint == Fingerprint::Content {
            env.extend(BY_CONTENT.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        BuildOptions {
            task: step.run,
            profile: step.profile.clone().unwrap_or_else(|| self.options.profile.clone()),
            jobs: self.options.jobs,
            cargo_home: match step.cargo_home {
                Home::Usual => self.env.cargo_home.clone(),
                Home::Elsewhere => self.env.second_home.clone(),
            },
            rustflags: rustflags.or_else(|| step.distinct.then(|| format!("--cfg=copy=\"{copy}\""))),
            env,
            features: step.features.clone(),
        }
    }

    /// The surroundings of a step's builds.
    fn env_of(&self, step: &Step) -> &'a BuildEnv {
        self.env.second.as_deref().filter(|_| step.second_toolchain).unwrap_or(self.env)
    }

    /// Why this arm's Cargo cannot do a step.
    fn cannot(&self, step: &Step) -> Option<String> {
        let own = self.integration.toolchain();
        if step.second_toolchain {
            let why = match &self.env.second {
                _ if own.is_some() => "its Cargo is its own: no other toolchain builds it",
                None => "it needs a second toolchain, stable or nightly",
                Some(second) if second.toolchain.has_unit_dirs() != self.env.toolchain.has_unit_dirs() => {
                    "the Cargo of the second toolchain lays out its build directory in another way"
                }
                Some(_) => "",
            };
            if !why.is_empty() {
                return Some(why.to_owned());
            }
        }
        let toolchain = own.unwrap_or(&self.env_of(step).toolchain);
        let lacks_it = step.fingerprint == Fingerprint::Content && !toolchain.fingerprints_content();
        lacks_it.then(|| {
            let (needed, is) = (CONTENT_FINGERPRINTS, &toolchain.cargo_version);
            format!("build.fingerprint = \"content\" needs Cargo {needed} and a nightly rustc; this is Cargo {is}")
        })
    }

    /// Performs an action before a slot's step, outside the measured time, on its workspace or on
    /// all. One that fails makes a failed row of every later step of this pass.
    pub(crate) fn act(&mut self, slot: &Slot, action: &Action, on_all: bool) {
        if self.unsupported.is_some() || self.broken.is_some() {
            return; // Nothing will be measured.
        }
        let step = self.scenario.steps[slot.step].turn(0);
        self.act_or_break(&step, action, (!on_all).then_some(slot.workspace));
    }

    fn act_or_break(&mut self, step: &Step, action: &Action, workspace: Option<usize>) {
        if let Err(error) = self.try_act(step, action, workspace) {
            self.broken = Some(format!("`{action}` before step {} failed: {error:#}", step.name));
        }
    }

    fn try_act(&mut self, step: &Step, action: &Action, workspace: Option<usize>) -> Result<()> {
        if *action == Action::EmptyStore {
            self.integration.reset()?;
            self.touch_kept();
            self.seen.clear();
            return Ok(());
        }
        let workspaces: Vec<usize> =
            self.workspaces.keys().copied().filter(|it| workspace.is_none_or(|w| w == *it)).collect();
        workspaces.into_iter().try_for_each(|workspace| self.act_on(step, action, workspace))
    }

    fn act_on(&mut self, step: &Step, action: &Action, workspace: usize) -> Result<()> {
        let integration = Arc::clone(&self.integration);
        let dirs = ArmDirs { env: self.env, integration: &integration };
        let copies = self.workspaces.get_mut(&workspace).context("a workspace that was not laid out")?;
        let changed = match action {
            Action::EmptyStore => Vec::new(),
            Action::Copy(name) => vec![copies.add_copy(dirs, name)?],
            Action::Worktree(name) => vec![copies.add_worktree(dirs, name)?],
            Action::Wipe => step.trees.iter().map(|name| copies.copy_mut(name)?.wipe()).collect::<Result<_>>()?,
            Action::Checkout => copies.check_out_anew(&step.trees)?,
            Action::Edit(edit) => copies.edit(&step.trees, EditTarget::Named, *edit)?,
            Action::EditLeaf(edit) => copies.edit(&step.trees, EditTarget::Leaf, *edit)?,
            Action::EditRoot(edit) => copies.edit(&step.trees, EditTarget::Root, *edit)?,
            Action::Upgrade => copies.set_lockfile(&step.trees, true)?,
            Action::Downgrade => copies.set_lockfile(&step.trees, false)?,
            Action::Commit => copies.commit(&step.trees)?,
            Action::Switch => copies.switch(&step.trees)?,
        };
        changed.iter().for_each(|dir| self.ledger.touch(dir));
        // Once a step: each workspace then finds what those before it in the step left, as in the first one.
        if *action == Action::Wipe
            && integration.is_wiped_with_builds()
            && self.wiped_for.replace(step.name.clone()).as_ref() != Some(&step.name)
        {
            integration.reset()?;
            self.touch_kept();
        }
        Ok(())
    }

    /// Notes that a build was cut off in the middle: later steps of this pass would find half of what they depend on. A
    /// store is shared by all workspaces, so without one it concerns this workspace alone.
    fn note_cut_off(&mut self, step: &str, workspace: usize, why: &dyn std::fmt::Display) {
        let why = |of: &str| format!("step {step}{of} was cut off, which this one builds on: {why}");
        match (self.integration.store_dir(), self.workspaces.get(&workspace)) {
            (None, _) => drop(self.cut_off.insert(workspace, why(""))),
            (_, Some(copies)) => self.broken = Some(why(&format!(" of {}", copies.workspace()))),
            (_, None) => self.broken = Some(why("")),
        }
    }

    /// The action that failed, after which nothing is measured in this pass.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    pub(crate) fn measures(&self, workspace: usize) -> bool {
        self.unsupported.is_none() && self.broken.is_none() && !self.cut_off.contains_key(&workspace)
    }

    /// Performs the measured task of a slot.
    /// Fails when the run is interrupted or files cannot be handled. A build that fails is an outcome.
    pub(crate) fn run(&mut self, slot: &Slot, programs: &mut Programs) -> Result<StepOutcome> {
        if let Some(why) = &self.unsupported {
            return Ok(StepOutcome::Unsupported(why.clone()));
        }
        if let Some(why) = self.broken.as_ref().or_else(|| self.cut_off.get(&slot.workspace)) {
            return Ok(StepOutcome::Failed(why.clone()));
        }
        let step = &self.scenario.steps[slot.step];
        if let Some(why) = self.cannot(step) {
            return Ok(StepOutcome::Unsupported(why));
        }
        match step.run {
            Task::Build | Task::Check | Task::Test => self.build(step, slot.workspace, programs),
            Task::Clean => self.clean(step, slot.workspace),
            Task::Collect { keep_percent } => self.collect(step, slot.workspace, keep_percent),
        }
    }

    /// Ends the processes that serve this arm's builds: none may run while it is put aside.
    pub(crate) fn pause(&self) {
        self.integration.pause();
    }
}
