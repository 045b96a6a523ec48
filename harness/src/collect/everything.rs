//! All workspaces: fetched one by one, graphs computed two at a time, kept in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Result, bail};
use corpora::Workspace;
use indicatif::{ProgressBar, ProgressStyle};

use super::choose::TraceCommand;
use super::draft::TraceDraft;
use super::graphs::{GraphCollector, WorkspaceGraphs};
use runner::build_env::BuildEnv;
use runner::prepare::{FetchNeeds, PreparedWorkspace, prepare_one};

/// Graphs computed at the same time: Cargo uses one core for each.
const AT_ONCE: usize = 2;

pub fn everything(build_env: &BuildEnv, workspaces: &[Workspace], commands: &[TraceCommand]) -> Result<TraceDraft> {
    let prepared = fetched(build_env, workspaces)?;
    build_env.clear_all()?;
    build_env.clear_arm()?;
    let collected = graphs(build_env, prepared, commands);
    let cleared = build_env.clear_all();
    let draft = collected?;
    cleared?;
    match (draft.is_empty(), draft.left_out.first()) {
        (true, Some(first)) => bail!("no workspace has a unit graph; {}: {}", first.workspace, first.why),
        _ => Ok(draft),
    }
}

/// A fetched workspace, or the reason for which it is left out.
type FetchedWorkspace = Result<PreparedWorkspace, WorkspaceGraphs>;

fn fetched(build_env: &BuildEnv, workspaces: &[Workspace]) -> Result<Vec<FetchedWorkspace>> {
    let bar = bar(workspaces.len(), "fetching");
    let mut all = Vec::new();
    for workspace in workspaces {
        build_env.supervisor.check()?;
        bar.set_message(workspace.name.clone());
        all.push(match prepare_one(build_env, workspace, FetchNeeds::default()) {
            Ok(prepared) => Ok(prepared),
            Err(error) => {
                build_env.supervisor.check()?;
                Err(WorkspaceGraphs::nothing(&workspace.name, &crate::cmd::common::one_line(&error, 0)))
            }
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

fn graphs(build_env: &BuildEnv, workspaces: Vec<FetchedWorkspace>, commands: &[TraceCommand]) -> Result<TraceDraft> {
    let bar = bar(workspaces.len(), "computing unit graphs");
    let shared = GraphCollector::of(build_env, commands);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let mut draft = TraceDraft::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let (sender, shared, next, workspaces) = (sender.clone(), &shared, &next, &workspaces);
            scope.spawn(move || {
                while let Some(workspace) = workspaces.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let graphs = match workspace {
                        Ok(prepared) => shared.graphs(prepared),
                        Err(nothing) => Ok(WorkspaceGraphs {
                            name: nothing.name.clone(),
                            plans: Vec::new(),
                            left_out: nothing.left_out.clone(),
                        }),
                    };
                    // The other end is gone once somebody was interrupted.
                    if sender.send(graphs).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let receiver = receiver;
        in_order(&workspaces, receiver.iter(), &mut draft, &bar)
    })?;
    bar.finish_and_clear();
    Ok(draft)
}

/// Adds graphs in the order of the corpora: a trace does not depend on which was ready first.
fn in_order(
    workspaces: &[FetchedWorkspace],
    arriving: impl Iterator<Item = Result<WorkspaceGraphs>>,
    draft: &mut TraceDraft,
    bar: &ProgressBar,
) -> Result<()> {
    let name = |at: usize| match &workspaces[at] {
        Ok(prepared) => prepared.workspace.name.clone(),
        Err(nothing) => nothing.name.clone(),
    };
    let mut waiting: BTreeMap<String, WorkspaceGraphs> = BTreeMap::new();
    let mut next = 0;
    for graphs in arriving {
        let graphs = graphs?;
        bar.set_message(graphs.name.clone());
        waiting.insert(graphs.name.clone(), graphs);
        while next < workspaces.len()
            && let Some(graphs) = waiting.remove(&name(next))
        {
            draft.add(graphs);
            next += 1;
            bar.inc(1);
        }
    }
    Ok(())
}

fn bar(count: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let template = format!("{what} [{{bar:30}}] {{pos}}/{{len}} {{msg}} ({{elapsed}} elapsed, about {{eta}} left)");
    bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
