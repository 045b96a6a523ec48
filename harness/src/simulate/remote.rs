//! When fetching beats compiling, as rows.

use anyhow::{Context as _, Result};
use reports::simulation::RemoteRow;
use simulation::keys::View;
use simulation::remote::{Job, JobUnit, LinkSpec, Lookup, totals};
use simulation::reuse::{Portfolio, Tally};
use simulation::trace::{PlanId, Trace, Unit};

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Question {
    /// Commands that workspaces run.
    pub commands: Vec<String>,
    /// Ways to the cache.
    pub links: Vec<LinkSpec>,
    /// Compiles at a time.
    pub cores: u32,
    /// Most workspaces that are played through, evenly picked.
    pub most: usize,
}

/// Plays every workspace as a machine with nothing but a cache that all others have filled.
/// `on_step` is told what comes next, and is asked whether to go on.
///
/// # Errors
/// Those of `on_step`.
pub fn replay(
    trace: &Trace,
    question: &Question,
    views: &[&View],
    on_step: &dyn Fn(&str) -> Result<()>,
) -> Result<Vec<RemoteRow>> {
    let mut rows = Vec::new();
    if question.links.is_empty() {
        return Ok(rows);
    }
    let links: Vec<_> = question.links.iter().map(|it| it.link).collect();
    for command in &question.commands {
        let portfolio = Portfolio::of(trace, command);
        for view in views {
            on_step(&format!("a remote cache, {command}, {}", view.design))?;
            let tally = Tally::of(trace, view, &portfolio);
            let step = portfolio.plans.len().div_ceil(question.most.max(1)).max(1);
            let picked = portfolio.plans.iter().step_by(step);
            let jobs = picked.map(|plan| job(trace, view, &tally, *plan)).collect::<Result<Vec<_>>>()?;
            for lookup in Lookup::ALL {
                let totals = totals(&jobs, &links, lookup, question.cores);
                rows.extend(totals.into_iter().map(|total| RemoteRow {
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
    Ok(rows)
}

/// A plan on an empty machine. What another workspace has, the cache has.
fn job(trace: &Trace, view: &View, tally: &Tally, plan: PlanId) -> Result<Job> {
    let plan = &trace.plans[plan.at()];
    let units = plan.nodes.iter().map(|&node| {
        let amounts = &trace.nodes[node.at()];
        let place = |edge: &simulation::trace::Edge| plan.nodes.binary_search(&edge.node).ok();
        JobUnit {
            seconds: f64::from(amounts.seconds.value),
            bytes: f64::from(amounts.bytes.value),
            dependencies: trace.edges(node).iter().filter_map(place).map(|at| at as u32).collect(),
            available: view.key(node).is_some_and(|key| tally.holders(key) > 1),
            library: is_library(trace, trace.unit(node)),
            root: plan.roots.contains(&node),
        }
    });
    Job::new(units.collect()).context("the trace has a plan that cannot be built")
}

/// Whether rustc reads it again for whatever stands on it.
fn is_library(trace: &Trace, unit: &Unit) -> bool {
    trace.text(unit.crate_types).split(',').any(|kind| matches!(kind, "lib" | "rlib" | "dylib"))
        && trace.text(unit.mode) != "run-custom-build"
}
