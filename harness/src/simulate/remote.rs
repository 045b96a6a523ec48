//! When fetching beats compiling: rows of remote caches.

use anyhow::Result;
use reports::simulation::{RemoteRow, SimulationRun};
use simulation::keys::KeyView;
use simulation::remote::{LinkSpec, Lookup, RemoteUnit, totals};
use simulation::reuse::{KeyTally, Portfolio};
use simulation::trace::{PlanId, Trace, TraceUnit};
use strategies::key::Input;

#[derive(Debug, Clone)]
pub struct RemoteQuestion {
    pub commands: Vec<String>,
    pub links: Vec<LinkSpec>,
    pub cores: u32,
    /// The most workspaces that are simulated, evenly picked.
    pub most: usize,
}

/// Adds the rows of an empty machine for each workspace to a run, with a cache that all other workspaces have filled.
pub fn replay(
    run: &mut SimulationRun,
    trace: &Trace,
    question: &RemoteQuestion,
    views: &[&KeyView],
    on_step: &dyn Fn(&str) -> Result<()>,
) -> Result<()> {
    if question.links.is_empty() {
        return Ok(());
    }
    let links: Vec<_> = question.links.iter().map(|it| it.link).collect();
    for command in &question.commands {
        let portfolio = Portfolio::of(trace, command);
        for view in views {
            on_step(&format!("a remote cache, {command}, {}", view.design))?;
            let tally = KeyTally::of(trace, view, &portfolio);
            let step = portfolio.plans.len().div_ceil(question.most.max(1)).max(1);
            let picked = portfolio.plans.iter().step_by(step);
            let jobs = picked.map(|plan| job(trace, view, &tally, *plan)).collect::<Vec<_>>();
            for lookup in Lookup::ALL {
                run.remote.extend(totals(&jobs, &links, lookup, question.cores).into_iter().map(|row| RemoteRow {
                    policy: view.design.to_string(),
                    command: command.clone(),
                    ..row
                }));
            }
        }
    }
    Ok(())
}

fn job(trace: &Trace, view: &KeyView, tally: &KeyTally, plan: PlanId) -> Vec<RemoteUnit> {
    let plan = &trace.plans[plan.at()];
    let units = plan.nodes.iter().map(|&node| {
        let index = |edge: &simulation::trace::Edge| plan.nodes.binary_search(&edge.node).ok();
        RemoteUnit {
            seconds: trace.seconds(node),
            bytes: trace.bytes(node),
            dependencies: trace.edges(node).iter().filter_map(index).map(|at| at as u32).collect(),
            available: view.key(node).is_some_and(|key| tally.holders(key) > 1),
            library: is_library(trace, trace.unit(node)),
            root: plan.roots.contains(&node),
        }
    });
    units.collect()
}

pub(super) fn is_library(trace: &Trace, unit: &TraceUnit) -> bool {
    trace.text(unit[Input::CrateTypes]).split(',').any(|kind| matches!(kind, "lib" | "rlib" | "dylib"))
        && trace.text(unit[Input::Mode]) != "run-custom-build"
}
