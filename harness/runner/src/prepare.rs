//! Everything fetched before anything is timed.

use anyhow::{Context as _, Result};
use corpora::members::{EditTargets, members};
use corpora::scenario::Scenario;
use corpora::{Corpus, FetchedSource, Workspace};
use indicatif::{ProgressBar, ProgressStyle};

use super::build_env::BuildEnv;
use exec::cargo_home::duplicate;

/// A workspace whose sources and dependencies are on this machine.
#[derive(Debug, Clone)]
pub struct PreparedWorkspace {
    /// The workspace.
    pub workspace: Workspace,
    /// Its sources.
    pub fetched: FetchedSource,
    /// The members that edits go to, where they were looked for.
    pub members: Option<EditTargets>,
}

/// What a scenario needs besides sources and dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FetchNeeds {
    /// Leaf and root members.
    pub members: bool,
    pub(crate) upgrade: bool,
    pub(crate) second_home: bool,
}

impl FetchNeeds {
    /// What a scenario needs.
    pub fn of(scenario: &Scenario) -> FetchNeeds {
        FetchNeeds {
            members: scenario.edits_members(),
            upgrade: scenario.needs_upgrade(),
            second_home: scenario.needs_second_home(),
        }
    }
}

/// Fetches sources and locked dependencies of every workspace.
pub fn prepare(env: &BuildEnv, corpus: &Corpus, needs: FetchNeeds) -> Result<Vec<PreparedWorkspace>> {
    let bar = ProgressBar::new(corpus.workspaces.len() as u64);
    bar.set_style(style());
    let mut prepared = Vec::new();
    for workspace in &corpus.workspaces {
        env.supervisor.check()?;
        bar.set_message(workspace.name.clone());
        prepared.push(prepare_one(env, workspace, needs)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if needs.second_home {
        duplicate(&env.cargo_home, &env.second_home)?;
    }
    Ok(prepared)
}

/// Fetches sources and locked dependencies of one workspace.
pub fn prepare_one(env: &BuildEnv, workspace: &Workspace, needs: FetchNeeds) -> Result<PreparedWorkspace> {
    let fetcher = env.fetcher();
    let fetched = fetcher.fetch(workspace)?;
    fetcher
        .cargo
        .fetch_dependencies(&fetched.dir())
        .with_context(|| format!("cannot fetch the dependencies of {}", workspace.name))?;
    if let (true, Some(second)) = (needs.upgrade, &workspace.upgrade) {
        corpora::upgrade::fetch_upgrade(&fetcher.cargo, &fetched, &second.text()?)
            .with_context(|| format!("cannot fetch what the second lockfile of {} names", workspace.name))?;
    }
    let members = needs.members.then(|| members(&fetcher.cargo, &fetched.dir(), &fetched.tree)).transpose()?;
    Ok(PreparedWorkspace { workspace: workspace.clone(), fetched, members })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("fetching [{bar:30}] {pos}/{len} {msg} ({elapsed} elapsed)")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
