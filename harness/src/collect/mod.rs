//! Collecting a trace: the unit graphs of whole corpora, without compiling anything.
//!
//! ```text
//! corpora → choose → working copies → graphs (cargo --unit-graph) ┐
//! run folders → measured ────────────────────────── costs ────────┴→ simulation::trace::Trace
//! ```
//!
//! A graph is computed at the very paths and in the very environment of a trial, so that keys computed from a trace are
//! those of a measured build. No build script is run and nothing is compiled. What is not available (a test graph whose
//! dev-dependencies were never published) is left out and reported; it ends nothing.

mod choose;
mod costs;
mod graphs;
mod measured;
mod sources;

use anyhow::{Result, bail};
use corpora::Workspace;
use rayon::prelude::*;

use crate::cmd::common::{one_line, progress_bar};
use costs::TraceDraft;
use graphs::{GraphCollector, WorkspaceGraphs};
use runner::build_env::BuildEnv;
use runner::prepare::{FetchNeeds, PreparedWorkspace, prepare_one};

pub use choose::{DEFAULT, TraceCommand, choose};
pub use costs::UnitCosts;
pub use measured::{Measurements, folders_in, run_folders};

const TIMES: &str = "{msg} ({elapsed} elapsed, about {eta} left)";

/// Graphs computed at the same time: Cargo uses one core for each.
const AT_ONCE: usize = 2;

/// A fetched workspace, or the reason for which it is left out.
type FetchedWorkspace = Result<PreparedWorkspace, WorkspaceGraphs>;

/// Fetches the workspaces and collects the graphs of these commands. What is not available is left out; it is an error
/// when nothing is left, or the run is interrupted.
pub fn everything(build_env: &BuildEnv, workspaces: &[Workspace], commands: &[TraceCommand]) -> Result<TraceDraft> {
    let prepared = fetched(build_env, workspaces)?;
    build_env.clear_all()?;
    build_env.clear_arm()?;
    let collected = graphs(build_env, prepared, commands);
    let cleared = build_env.clear_all();
    let mut draft = TraceDraft::default();
    collected?.into_iter().for_each(|graphs| draft.add(graphs));
    cleared?;
    match (draft.is_empty(), draft.left_out.first()) {
        (true, Some(first)) => bail!("no workspace has a unit graph; {}: {}", first.workspace, first.why),
        _ => Ok(draft),
    }
}

fn fetched(build_env: &BuildEnv, workspaces: &[Workspace]) -> Result<Vec<FetchedWorkspace>> {
    let bar = progress_bar(workspaces.len() as u64, &format!("{{pos}}/{{len}} fetched {TIMES}"));
    let mut all = Vec::new();
    for workspace in workspaces {
        build_env.supervisor.check()?;
        bar.set_message(workspace.name.clone());
        all.push(match prepare_one(build_env, workspace, FetchNeeds::default()) {
            Ok(prepared) => Ok(prepared),
            Err(error) => {
                build_env.supervisor.check()?;
                Err(WorkspaceGraphs::nothing(&workspace.name, &one_line(&error, 0)))
            }
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

/// The graphs in the order of the corpora: a trace does not depend on which was ready first.
fn graphs(
    build_env: &BuildEnv,
    workspaces: Vec<FetchedWorkspace>,
    commands: &[TraceCommand],
) -> Result<Vec<WorkspaceGraphs>> {
    let bar = progress_bar(workspaces.len() as u64, &format!("{{pos}}/{{len}} unit graphs {TIMES}"));
    let collector = GraphCollector::of(build_env, commands);
    let graphs = |workspace: FetchedWorkspace| {
        let graphs = workspace.map_or_else(Ok, |prepared| collector.graphs(&prepared))?;
        bar.set_message(graphs.name.clone());
        bar.inc(1);
        Ok(graphs)
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build()?;
    let collected = pool.install(|| workspaces.into_par_iter().with_max_len(1).map(graphs).collect::<Result<Vec<_>>>());
    bar.finish_and_clear();
    collected
}
