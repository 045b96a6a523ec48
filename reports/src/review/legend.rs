//! Which run is meant by `R1`, `P1` and `S1`, and what a reader must know of it.

use super::evidence::Evidence;
use super::words::plural;
use crate::document::{Block, Grid};
use crate::stats::Verdict;

/// A table of the runs, and notes on those whose numbers need care.
pub(super) fn legend(evidence: &Evidence<'_>) -> Vec<Block> {
    let mut grid = Grid::new(
        "The runs at hand. File system: of stores and build directories.",
        &["short", "run", "what", "file system", "> rounds", "> workspaces", "toolchain"],
    );
    let mut notes = Vec::new();
    for (at, run) in evidence.runs.iter().enumerate() {
        let (info, label) = (&run.analysis.info, format!("R{}", at + 1));
        let rounds = run.analysis.steps.iter().map(|step| step.rounds).max().unwrap_or(0);
        let workspaces = run.analysis.steps.iter().map(|step| step.workspaces).max().unwrap_or(0);
        let scenario = format!("{}, corpus {}", info.scenario, info.corpus.name);
        grid.row([
            label.clone(),
            info.name.clone(),
            scenario,
            system(info),
            rounds.to_string(),
            workspaces.to_string(),
            toolchain(info),
        ]);
        if !info.complete {
            notes.push(format!("{label} is not complete: {} so far.", plural(run.analysis.rows, "row")));
        }
        if info.options.get("shadow").and_then(serde_json::Value::as_bool) == Some(true) {
            notes.push(format!("{label} compiled every hit anyway (--shadow): its seconds are not quoted."));
        }
        let cried = |step: &&crate::analysis::StepAnalysis| {
            step.arms
                .iter()
                .any(|arm| arm.is_control() && matches!(arm.verdict(), Some(Verdict::Faster | Verdict::Slower)))
        };
        for step in run.analysis.steps.iter().filter(cried) {
            notes.push(format!(
                "{label}: the control of step {} differs from itself; no verdict of it is used.",
                step.step
            ));
        }
    }
    for (at, run) in evidence.probes.iter().enumerate() {
        let what = format!("probes: {} told", run.rows.len());
        let (info, label) = (&run.info, format!("P{}", at + 1));
        grid.row([label, info.name.clone(), what, system(info), String::new(), String::new(), toolchain(info)]);
    }
    for (at, run) in evidence.simulations.iter().enumerate() {
        let (info, trace, label) = (&run.info, &run.trace, format!("S{}", at + 1));
        let what = format!("simulation, {} trace, {}", trace.origin.as_str(), plural(trace.orders as usize, "order"));
        let workspaces = trace.workspaces.to_string();
        grid.row([label.clone(), info.name.clone(), what, String::new(), String::new(), workspaces, toolchain(info)]);
        notes.push(format!("{label} compiled nothing; {}.", trace.seconds_in_short()));
        if !trace.is_real() {
            notes.push(format!("{label} replays a trace that was made up: it hints, and settles nothing."));
        }
    }
    let mut blocks = vec![Block::Grid(grid)];
    blocks.extend(notes.into_iter().map(Block::Note));
    blocks
}

fn system(info: &records::RunInfo) -> String {
    let of = |role: &str| info.file_systems.iter().find(|it| it.role == role).map(|it| it.kind.clone());
    of("arm").or_else(|| of("work")).unwrap_or_else(|| "unknown".into())
}

fn toolchain(info: &records::RunInfo) -> String {
    info.toolchain.rustc.lines().next().unwrap_or_default().to_owned()
}
