//! When fetching beats compiling: rows of remote caches.

use anyhow::{Context as _, Result};
use reports::simulation::{RemoteRow, SimulationRun};
use simulation::keys::KeyView;
use simulation::remote::{LinkSpec, Lookup, RemoteJob, RemoteUnit, totals};
use simulation::reuse::{KeyTally, Portfolio};
use simulation::trace::{PlanId, Trace, TraceUnit};

/// What is replayed.
#[derive(Debug, Clone)]
pub struct RemoteQuestion {
    pub commands: Vec<String>,
    pub links: Vec<LinkSpec>,
    /// Compiles at a time.
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
            let jobs = picked.map(|plan| job(trace, view, &tally, *plan)).collect::<Result<Vec<_>>>()?;
            for lookup in Lookup::ALL {
                let totals = totals(&jobs, &links, lookup, question.cores);
                run.remote.extend(totals.into_iter().map(|total| RemoteRow {
                    policy: view.design.to_string(),
                    command: command.clone(),
                    bits_per_s: total.link.bits_per_s,
                    latency_s: total.link.latency_s,
                    transfers: total.link.transfers,
                    jobs: total.cores,
                    workspaces: total.jobs as u32,
                    units: total.sum.units,
                    available: total.available,
                    worth_fetching: total.worth_fetching,
                    moved_bytes: total.sum.moved_bytes,
                    compile_s: total.sum.compile_s,
                    fetch_s: total.sum.fetch_s,
                    choose_s: total.sum.choose_s,
                    critical_compile_s: total.sum.critical_compile_s,
                    critical_choose_s: total.sum.critical_choose_s,
                    lookup: lookup.as_str().to_owned(),
                }));
            }
        }
    }
    Ok(())
}

/// A plan on an empty machine. The cache has what another workspace has.
fn job(trace: &Trace, view: &KeyView, tally: &KeyTally, plan: PlanId) -> Result<RemoteJob> {
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
    RemoteJob::new(units.collect()).context("the trace has a plan that cannot be built")
}

/// Whether rustc reads it again for all its dependents.
fn is_library(trace: &Trace, unit: &TraceUnit) -> bool {
    trace.text(unit.crate_types).split(',').any(|kind| matches!(kind, "lib" | "rlib" | "dylib"))
        && trace.text(unit.mode) != "run-custom-build"
}
