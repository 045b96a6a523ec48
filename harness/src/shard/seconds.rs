//! What a round of a workspace is predicted to take.
//!
//! Best known from an earlier run of the same kind. Else from the compile seconds in the trace
//! that comes with the harness: good enough to weigh workspaces against each other, rough as a
//! time. What nobody knows weighs as much as the others do on average.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use records::run_folder::RunFolder;
use simulation::trace::{Text, TraceTask};

use runner::experiment::Experiment;
use runner::pace::AROUND;

/// What is known of every workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Whole seconds of one round, all steps and strategies, at least 1, by workspace.
    pub seconds: BTreeMap<String, u64>,
    pub from: String,
    /// How many times longer it may take before something must be wrong.
    pub safety: u64,
}

pub fn of_run(run: &RunFolder, experiment: &Experiment) -> Result<Predicted> {
    let mut walls: BTreeMap<(&str, &str, &str), (f64, u32)> = BTreeMap::new();
    for row in run.steps.iter().filter(|row| row.scenario == experiment.scenario.name) {
        let Some(wall) = row.wall_s else { continue };
        let (sum, count) = walls.entry((&row.workspace, &row.step, &row.strategy)).or_default();
        *sum += wall;
        *count += 1;
    }
    let mean_of = |workspace: &str, step: &str, strategy: Option<&str>| -> Option<f64> {
        let is =
            |key: &(&str, &str, &str)| (key.0, key.1) == (workspace, step) && strategy.is_none_or(|it| it == key.2);
        let found = walls.iter().filter(|(key, _)| is(key)).map(|(_, (sum, count))| sum / f64::from(*count));
        let found: Vec<f64> = found.collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    };
    let known = |workspace: &str| -> Option<f64> {
        let places =
            experiment.scenario.steps.iter().flat_map(|step| experiment.arms.iter().map(move |arm| (step, arm)));
        // A strategy that the run did not have takes what the others took.
        let each = places.map(|(step, arm)| {
            mean_of(workspace, &step.name, Some(&arm.name)).or_else(|| mean_of(workspace, &step.name, None))
        });
        Some(AROUND * each.sum::<Option<f64>>()?)
    };
    let from = format!("wall times of the run {}", run.info.name);
    predicted(experiment, known, from, 3).with_context(|| {
        let (run, scenario) = (&run.info.name, &experiment.scenario.name);
        format!("the run {run} has no times of any of these workspaces in the scenario {scenario}: give another to --timings")
    })
}

pub fn shipped(experiment: &Experiment) -> Result<Predicted> {
    let trace = simulation::trace::census()?;
    let text = |at: Text| trace.strings.get(at.at()).map_or("", String::as_str);
    let mut clean: BTreeMap<&str, f64> = BTreeMap::new();
    for plan in trace.plans.iter().filter(|plan| plan.task == TraceTask::Build && text(plan.profile) == "dev") {
        let seconds = plan.nodes.iter().map(|node| f64::from(trace.nodes[node.at()].seconds.value)).sum();
        clean.insert(text(trace.workspaces[plan.workspace.at()].name), seconds);
    }
    // Caches help and edits are small: on average a step takes about half a clean build's rustc
    // seconds, which two cores share.
    let builds = 0.5 * (experiment.arms.len() * experiment.scenario.steps.len()) as f64;
    let known = |workspace: &str| Some(builds * clean.get(workspace)? / 2.0);
    let from = "compile seconds of clean dev builds known to the harness, on 2 cores, roughly".to_owned();
    if let Some(predicted) = predicted(experiment, known, from, 10) {
        return Ok(predicted);
    }
    let minutes = Some(2.0 * builds * 60.0);
    let from = "nothing known, a minute a step assumed; --timings RUN takes them from an earlier run".to_owned();
    predicted(experiment, |_| minutes, from, 10).context("no workspace takes part")
}

fn predicted(
    experiment: &Experiment,
    known: impl Fn(&str) -> Option<f64>,
    from: String,
    safety: u64,
) -> Option<Predicted> {
    let names = experiment.corpus.workspaces.iter().map(|workspace| workspace.name.as_str());
    let found: Vec<(&str, Option<f64>)> = names.map(|name| (name, known(name))).collect();
    let all: Vec<f64> = found.iter().filter_map(|(_, seconds)| *seconds).collect();
    if all.is_empty() {
        return None;
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let whole = |seconds: f64| seconds.ceil().max(1.0) as u64;
    let unknown: Vec<&str> = found.iter().filter(|(_, seconds)| seconds.is_none()).map(|(name, _)| *name).collect();
    let from = match unknown.as_slice() {
        [] => from,
        unknown => format!("{from}; nothing known of {}: the mean of the others", unknown.join(", ")),
    };
    let seconds = found.iter().map(|(name, seconds)| ((*name).to_owned(), whole(seconds.unwrap_or(mean))));
    Some(Predicted { seconds: seconds.collect(), from, safety })
}
