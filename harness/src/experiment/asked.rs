//! What the options name, looked up: corpus, scenario, strategies, and the plan they make.

use anyhow::{Result, bail};
use corpora::Corpus;
use corpora::scenario::{Action, Scenario};
use strategies::{Strategy, StrategyName, select};

use super::lab::Lab;
use super::options::Options;
use super::prepare::{Prepared, prepare};
use super::run::Plan;

/// What the options name, looked up.
#[derive(Debug)]
pub struct Asked {
    /// The corpus, only the workspaces asked for.
    pub corpus: Corpus,
    /// The story.
    pub scenario: Scenario,
    /// The arms.
    pub strategies: Vec<(StrategyName, Strategy)>,
}

impl Asked {
    /// Looks everything up.
    ///
    /// # Errors
    /// The first name that nothing has.
    pub fn of(options: &Options) -> Result<Asked> {
        let strategies = select(&options.strategies)?;
        let scenario = Scenario::load(&options.scenario)?;
        let mut corpus = Corpus::load(&options.corpus)?;
        if !options.workspaces.is_empty() {
            let names = corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect::<Vec<_>>().join(", ");
            corpus = match corpus.only(&options.workspaces) {
                Ok(corpus) => corpus,
                Err(unknown) => bail!("the corpus {} has no workspace {unknown}; it has {names}", corpus.name),
            };
        }
        Ok(Asked { corpus, scenario, strategies })
    }

    /// The plan of a run.
    pub fn plan(&self, options: &Options) -> Plan {
        let family = |(name, strategy): &(StrategyName, Strategy)| match strategy.parts() {
            ["", ..] => name.to_string(),
            [integration, key, ..] => format!("{integration} {key}"),
        };
        Plan {
            seed: options.seed,
            rounds: options.rounds,
            arms: self.strategies.iter().map(|(name, _)| name.to_string()).collect(),
            families: self.strategies.iter().map(family).collect(),
            scenario: self.scenario.clone(),
            workspaces: self.corpus.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        }
    }

    /// Fetches every workspace and checks that it is fit for the scenario.
    ///
    /// # Errors
    /// The first workspace that cannot be had or is not.
    pub fn prepare(&self, lab: &Lab) -> Result<Vec<Prepared>> {
        let prepared = prepare(lab, &self.corpus)?;
        check_edits(self, &prepared)?;
        Ok(prepared)
    }

    /// A digest of what the corpus pins: two runs with one digest built the same sources.
    pub fn corpus_hash(&self) -> String {
        strategies::key::Digest::of(format!("{:?}", self.corpus.workspaces).as_bytes()).short()
    }
}

/// A scenario that edits needs the files it edits.
fn check_edits(asked: &Asked, prepared: &[Prepared]) -> Result<()> {
    let edits = asked
        .scenario
        .steps
        .iter()
        .flat_map(|step| step.once.iter().chain(&step.each))
        .any(|action| matches!(action, Action::Edit(_)));
    let missing = prepared.iter().find(|prepared| !prepared.fetched.dir().join(&prepared.workspace.edit).is_file());
    match missing {
        Some(prepared) if edits => bail!(
            "{} has no file {}; correct `edit` in the manifest",
            prepared.workspace.name,
            prepared.workspace.edit.display()
        ),
        _ => Ok(()),
    }
}
