//! What the options name, looked up: corpus, scenario, strategies, and the plan they make.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use corpora::scenario::Scenario;
use corpora::{Corpus, Workspace};
use records::control::control_of;
use strategies::{Catalog, Strategy, StrategyName};

use super::lab::Lab;
use super::options::{Options, StrategyFile};
use super::plan::Plan;
use super::prepare::{Needs, Prepared, prepare};
use crate::shard::Cells;
use crate::shard::split::Cell;

/// What the options name, looked up.
#[derive(Debug)]
pub struct Asked {
    /// The corpus, only the workspaces that take part.
    pub corpus: Corpus,
    /// Workspaces left out, and why.
    pub left_out: Vec<(String, String)>,
    /// The story.
    pub scenario: Scenario,
    /// The arms.
    pub arms: Vec<ArmSpec>,
    /// The arm that others are compared with.
    pub baseline: String,
    /// The part of the run that is a shard; all of it otherwise.
    pub only: Option<BTreeSet<Cell>>,
}

/// A strategy under the name it has in this run.
#[derive(Debug, Clone)]
pub struct ArmSpec {
    /// The strategy's name; for a control, that with a suffix.
    pub name: String,
    /// What it does.
    pub strategy: Strategy,
}

impl Asked {
    /// Looks everything up.
    ///
    /// # Errors
    /// The first name that nothing has.
    pub fn of(options: &Options) -> Result<Asked> {
        let scenario = Scenario::load(&options.scenario)?;
        let mut corpus = Corpus::load(&options.corpus)?;
        if corpus.graphs_only {
            bail!(
                "the corpus {} is for unit graphs only, nothing of it is built; \
                 `harness trace collect --corpus {}` reads them",
                corpus.name,
                options.corpus
            );
        }
        if !options.workspaces.is_empty() {
            let names = corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect::<Vec<_>>().join(", ");
            corpus = match corpus.only(&options.workspaces) {
                Ok(corpus) => corpus,
                Err(unknown) => bail!("the corpus {} has no workspace {unknown}; it has {names}", corpus.name),
            };
        }
        let unfit = |workspace: &Workspace| Some((workspace.name.clone(), scenario.unfit(workspace)?));
        let left_out: Vec<(String, String)> = corpus.workspaces.iter().filter_map(unfit).collect();
        corpus.workspaces.retain(|workspace| scenario.unfit(workspace).is_none());
        if let ([], Some((name, why))) = (corpus.workspaces.as_slice(), left_out.first()) {
            bail!("no workspace can take part in the scenario {}: {name}: {why}", scenario.name);
        }
        let arms = arms(options)?;
        let baseline = baseline(options, &arms)?;
        let mut asked = Asked { corpus, left_out, scenario, arms, baseline, only: None };
        if let Some(shard) = &options.shard {
            let split = asked.cells(options).split(shard.part.of, &shard.seconds)?;
            asked.only = Some(split.cells_of(shard.part.index));
        }
        Ok(asked)
    }

    /// What the run can be split into.
    pub fn cells(&self, options: &Options) -> Cells {
        let workspaces = self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect();
        Cells { rounds: options.rounds, alone: self.scenario.alone, workspaces }
    }

    /// The plan of a run.
    pub fn plan(&self, options: &Options) -> Plan {
        let family = |arm: &ArmSpec| match arm.strategy.parts() {
            ["" | "external", ..] => arm.name.clone(),
            [integration, key, ..] => format!("{integration} {key}"),
        };
        Plan {
            seed: options.seed,
            rounds: options.rounds,
            order: options.order,
            arms: self.arms.iter().map(|arm| arm.name.clone()).collect(),
            families: self.arms.iter().map(family).collect(),
            scenario: self.scenario.clone(),
            workspaces: self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
            only: self.only.clone(),
        }
    }

    /// Fetches every workspace and checks that it is fit for the scenario.
    ///
    /// # Errors
    /// The first workspace that cannot be had or is not.
    pub fn prepare(&self, lab: &Lab) -> Result<Vec<Prepared>> {
        let prepared = prepare(lab, &self.corpus, Needs::of(&self.scenario))?;
        check_edits(self, &prepared)?;
        Ok(prepared)
    }

    /// A digest of what the corpus pins: two runs with one digest built the same sources.
    pub fn corpus_hash(&self) -> String {
        strategies::key::Digest::of(format!("{:?}", self.corpus.workspaces).as_bytes()).short()
    }
}

/// Every strategy that can be named in a run: ours, the shipped files, the user's.
///
/// # Errors
/// When a file is wrong or a setting changes nothing.
pub fn catalog_of(files: &[StrategyFile], settings: &[String]) -> Result<Catalog> {
    let mut catalog = Catalog::shipped();
    for file in files {
        catalog.add(&file.text).with_context(|| format!("strategy file {}", file.path.display()))?;
    }
    settings.iter().try_for_each(|setting| catalog.set(setting))?;
    Ok(catalog)
}

/// The strategies asked for, and the control.
fn arms(options: &Options) -> Result<Vec<ArmSpec>> {
    let chosen = catalog_of(&options.strategy_files, &options.set)?.select(&options.strategies)?;
    let is_broken = |strategy: &Strategy| matches!(strategy, Strategy::Units(units) if units.fault.is_some());
    if let Some((name, _)) = chosen.iter().find(|(_, strategy)| is_broken(strategy)) {
        bail!("{name} is wrong on purpose: only `harness probe` takes it");
    }
    let named = |(name, strategy): (StrategyName, Strategy)| ArmSpec { name: name.to_string(), strategy };
    let mut arms: Vec<ArmSpec> = chosen.into_iter().map(named).collect();
    if options.control {
        let Some(at) = arms.iter().position(|arm| matches!(arm.strategy, Strategy::None)) else {
            bail!("--control runs `none` a second time: add none to --strategies");
        };
        let again = ArmSpec { name: control_of(&arms[at].name), strategy: arms[at].strategy.clone() };
        arms.insert(at + 1, again);
    }
    Ok(arms)
}

fn baseline(options: &Options, arms: &[ArmSpec]) -> Result<String> {
    let names = || arms.iter().map(|arm| arm.name.as_str());
    match &options.against {
        Some(asked) if names().any(|name| name == asked) => Ok(asked.clone()),
        Some(asked) => {
            let all = names().collect::<Vec<_>>().join(", ");
            bail!("--against {asked}: no strategy of this run has that name; there are {all}")
        }
        None => Ok(names().find(|name| *name == "none").or_else(|| names().next()).unwrap_or("none").to_owned()),
    }
}

/// A scenario that edits needs the files it edits.
fn check_edits(asked: &Asked, prepared: &[Prepared]) -> Result<()> {
    let missing = prepared.iter().find(|prepared| !prepared.fetched.dir().join(&prepared.workspace.edit).is_file());
    match missing {
        Some(prepared) if asked.scenario.edits() => bail!(
            "{} has no file {}; correct `edit` in the manifest",
            prepared.workspace.name,
            prepared.workspace.edit.display()
        ),
        _ => Ok(()),
    }
}
