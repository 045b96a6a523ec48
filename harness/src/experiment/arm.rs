//! One strategy in one round: its working copies, its store, its measured builds.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use corpora::edit::{self, Nonce};
use corpora::scenario::Action;
use reports::record::{Status, StepRow, UnitRow};
use strategies::Strategy;
use strategies::graph::UnitIndex;
use strategies::graph::layout::Share;
use strategies::store::Store;

use super::build::{Build, BuildError, build};
use super::checks::{Checked, check};
use super::gates::{self, Facts};
use super::invocation::{Recipe, Site};
use super::lab::{Lab, remove_dir};
use super::ledger::{DiskUse, Ledger};
use super::outcome::{Counts, UnitOutcome, outcomes};
use super::prepare::Prepared;
use super::rows::Identity;
use crate::system::process::ProcessError;

/// What the first build of each workspace in a run showed, for comparing later ones.
#[derive(Debug, Default)]
pub struct Memory {
    /// What each workspace's program printed.
    programs: HashMap<String, String>,
    /// Seconds of each unit in the `none` arm.
    none_costs: HashMap<(String, UnitIndex), f64>,
}

/// A strategy at work.
#[derive(Debug)]
pub struct Arm<'a> {
    lab: &'a Lab,
    recipe: &'a Recipe,
    strategy: Strategy,
    sites: Vec<Site>,
    store: Option<Box<dyn Store>>,
    /// What counts as the store on disk.
    store_dir: Option<PathBuf>,
    /// Workspaces the store has seen since it was last emptied.
    filled: HashSet<String>,
    /// Workspaces whose build directory is empty.
    cold: HashSet<String>,
    /// Seconds of each unit as this arm measured them.
    costs: HashMap<(String, UnitIndex), f64>,
    unsupported: Option<String>,
    ledger: Ledger,
}

impl<'a> Arm<'a> {
    /// Lays out working copies and an empty store at the arm's fixed paths.
    ///
    /// # Errors
    /// When the directories cannot be made.
    pub fn open(lab: &'a Lab, recipe: &'a Recipe, strategy: Strategy, prepared: &[Prepared]) -> Result<Arm<'a>> {
        lab.clear_arm()?;
        let shared = matches!(strategy, Strategy::SharedTarget).then(|| shared_dir(lab));
        let sites =
            prepared.iter().map(|prepared| site(lab, prepared, shared.as_deref())).collect::<Result<Vec<_>>>()?;
        let mut arm = Arm {
            lab,
            recipe,
            strategy,
            cold: sites.iter().map(|site| site.name.clone()).collect(),
            sites,
            store: None,
            store_dir: shared,
            filled: HashSet::new(),
            costs: HashMap::new(),
            unsupported: None,
            ledger: Ledger::default(),
        };
        if let Strategy::Units(units) = &strategy {
            arm.unsupported = units.link.probe(&lab.arm_dir()).err();
            arm.store_dir = Some(lab.arm_dir().join("store"));
            arm.open_store()?;
        }
        let trees = arm.sites.iter().map(|site| &site.target_dir).chain(&arm.store_dir);
        arm.ledger = Ledger::of(trees.map(PathBuf::as_path));
        Ok(arm)
    }

    fn open_store(&mut self) -> Result<()> {
        if let (Strategy::Units(units), Some(dir)) = (&self.strategy, &self.store_dir) {
            self.store = Some(units.store.open(dir)?);
        }
        Ok(())
    }

    /// Performs an action outside the measured time.
    ///
    /// # Errors
    /// When files cannot be removed or changed.
    pub fn act(&mut self, action: &Action, workspace: Option<usize>) -> Result<()> {
        match (action, workspace) {
            (Action::EmptyStore, _) => {
                if let Some(dir) = &self.store_dir {
                    remove_dir(dir)?;
                    self.ledger.touch(dir);
                }
                self.filled.clear();
                self.open_store()
            }
            (Action::Wipe, Some(workspace)) => self.wipe(workspace),
            (Action::Wipe, None) => (0..self.sites.len()).try_for_each(|workspace| self.wipe(workspace)),
            (Action::Edit(edit), Some(workspace)) => self.edit(*edit, workspace),
            (Action::Edit(edit), None) => (0..self.sites.len()).try_for_each(|workspace| self.edit(*edit, workspace)),
        }
    }

    fn wipe(&mut self, workspace: usize) -> Result<()> {
        let site = &self.sites[workspace];
        remove_dir(&site.target_dir)?;
        self.ledger.touch(&site.target_dir);
        self.cold.insert(site.name.clone());
        Ok(())
    }

    fn edit(&self, kind: edit::Edit, workspace: usize) -> Result<()> {
        let site = &self.sites[workspace];
        edit::apply(&site.dir, &site.edit, kind, Nonce::fresh())?;
        Ok(())
    }

    /// Builds a workspace, measured, and checks it.
    ///
    /// # Errors
    /// When the run is interrupted. A build that fails is a row, not an error.
    pub fn measure(
        &mut self,
        identity: &Identity,
        workspace: usize,
        memory: &mut Memory,
    ) -> Result<(StepRow, Vec<UnitRow>)> {
        if let Some(why) = &self.unsupported {
            return Ok((identity.row(&self.strategy, Status::Unsupported, why.clone()), Vec::new()));
        }
        match self.build_and_check(workspace) {
            Ok((build, checked)) => Ok(self.record(identity, workspace, &build, checked, memory)),
            Err(BuildError::Process(error @ ProcessError::Interrupted(_))) => Err(error.into()),
            Err(error) => {
                self.measure_disk(workspace); // What it left there is not the next step's doing.
                Ok((identity.row(&self.strategy, Status::Failed, error.to_string()), Vec::new()))
            }
        }
    }

    fn build_and_check(&mut self, workspace: usize) -> Result<(Build, Checked), BuildError> {
        self.ledger.begin();
        let site = &self.sites[workspace];
        let store = self.store.as_deref();
        let build = build(self.lab, site, self.recipe, &self.strategy, store)?;
        let checked = check(self.lab, site, self.recipe, &build, store)?;
        let disk = self.measure_disk(workspace);
        Ok((build, Checked { disk, ..checked }))
    }

    fn measure_disk(&mut self, workspace: usize) -> DiskUse {
        self.ledger.end(self.store_dir.as_deref(), &self.sites[workspace].target_dir)
    }

    fn record(
        &mut self,
        identity: &Identity,
        workspace: usize,
        build: &Build,
        checked: Checked,
        memory: &mut Memory,
    ) -> (StepRow, Vec<UnitRow>) {
        let name = self.sites[workspace].name.clone();
        let was_cold = self.cold.remove(&name);
        let seen = !self.filled.insert(name.clone());
        let mut units = outcomes(build, &self.strategy, self.store.as_deref(), was_cold);
        self.settle_costs(&name, &mut units, memory);
        let counts = Counts::of(&units);
        let invalid = gates::invalid(&self.facts(build, &checked, &counts, (was_cold, seen), &name, memory));
        (identity.measured(&self.strategy, build, &counts, &checked, invalid), identity.units(build, &units))
    }

    /// A unit's seconds: those of the `none` arm where it ran before, else this arm's own.
    fn settle_costs(&mut self, workspace: &str, units: &mut [UnitOutcome], memory: &mut Memory) {
        for unit in units {
            let at = (workspace.to_owned(), unit.index);
            match unit.cost_s {
                Some(cost) => {
                    self.costs.entry(at.clone()).or_insert(cost);
                    if matches!(self.strategy, Strategy::None) {
                        memory.none_costs.entry(at.clone()).or_insert(cost);
                    }
                }
                None => unit.cost_s = self.costs.get(&at).copied(),
            }
            unit.cost_s = memory.none_costs.get(&at).copied().or(unit.cost_s);
        }
    }

    fn facts(
        &self,
        build: &Build,
        checked: &Checked,
        counts: &Counts,
        (was_cold, seen): (bool, bool),
        workspace: &str,
        memory: &mut Memory,
    ) -> Facts {
        let restored = build.cached.as_ref().map(|cached| &cached.restored);
        let mechanism = match (&self.strategy, restored) {
            (Strategy::Units(units), Some(restored)) => Some((
                units.link.name(),
                [restored.hardlinked, restored.reflinked, restored.copied, restored.symlinked],
            )),
            _ => None,
        };
        let (program, program_failed) = match &checked.program {
            Some(Ok(now)) => {
                let first = memory.programs.entry(workspace.to_owned()).or_insert_with(|| now.clone());
                (Some((now.clone(), first.clone())), None)
            }
            Some(Err(why)) => (None, Some(why.clone())),
            None => (None, None),
        };
        let hits = build.cached.iter().flat_map(|cached| &cached.plan.units).filter_map(|unit| unit.hit());
        let shares_files = hits.flat_map(|entry| &entry.files).any(|file| file.share == Share::Shared);
        let cacheless = matches!(self.strategy, Strategy::None);
        Facts {
            baseline: matches!(self.strategy, Strategy::None | Strategy::SharedTarget),
            restored_files: restored
                .map_or(0, |restored| restored.hardlinked + restored.reflinked + restored.copied + restored.symlinked),
            expects_hits: was_cold && seen && restored.is_some(),
            admitted: counts.hits + counts.missed + counts.stale,
            hits: counts.hits,
            mechanism,
            toolchain_changed: self.lab.toolchain_changed(),
            damage: checked.damage.clone().unwrap_or_default(),
            noop_compiled: checked.noop_compiled,
            program,
            program_failed,
            shares_files,
            fresh_from_nothing: if cacheless && was_cold { build.built.fresh.len() as u64 } else { 0 },
            unmatched: build.built.matched.unmatched.len() as u64,
        }
    }
}

fn shared_dir(lab: &Lab) -> PathBuf {
    lab.arm_dir().join("shared")
}

fn site(lab: &Lab, prepared: &Prepared, shared: Option<&Path>) -> Result<Site> {
    let workspace = &prepared.workspace;
    let tree = lab.arm_dir().join("src").join(&workspace.name);
    let checkout = corpora::checkout::checkout(&prepared.fetched, &tree)
        .with_context(|| format!("cannot lay out a working copy of {}", workspace.name))?;
    let target_dir = lab.arm_dir().join("target").join(&workspace.name);
    let root =
        checkout.dir.ancestors().take_while(|dir| dir.starts_with(&tree)).find(|dir| dir.join("Cargo.lock").is_file());
    Ok(Site {
        name: workspace.name.clone(),
        root: root.unwrap_or(&checkout.dir).to_owned(),
        build_dir: shared.map_or_else(|| target_dir.clone(), Path::to_path_buf),
        target_dir,
        cargo_args: workspace.cargo_args.clone(),
        edit: workspace.edit.clone(),
        run: workspace.run.clone(),
        dir: checkout.dir,
        tree,
    })
}
