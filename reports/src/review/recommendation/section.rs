//! The recommendation as a section: findings, how the questions stand, rules, runs.

use super::{Finding, RULES, recommendation};
use crate::document::{Block, Grid, Section};
use crate::review::Evidence;
use crate::review::answer::QuestionStanding;
use crate::review::evidence::{StepArm, control_failed, file_system, is_shadowed};
use crate::words::{capital, first_line, listed, plural};
use records::RunInfo;

pub(in crate::review) fn section(evidence: &Evidence<'_>, standings: &[(&str, QuestionStanding)]) -> Section {
    let mut section = Section::new("review-recommendation", "Recommendation", 0);
    let advice = recommendation(evidence);
    let decided = advice.iter().filter(|it| it.finding.is_decided() && it.rule != "safety").count();
    let all = advice.iter().filter(|it| it.rule != "safety").count();
    section.say(format!(
        "By rules written down below, {decided} of {all} choices are decided by the runs at hand. A choice holds for \
         the machine, the workspaces and the file systems of its runs."
    ));
    section.push(Block::List(of_standings(standings)));
    for advice in &advice {
        let about = if advice.about.is_empty() { String::new() } else { format!(" ({})", advice.about) };
        match &advice.finding {
            Finding::Decided { choice, because } => {
                section.say(format!("{}{about}: {choice}", capital(advice.rule)));
                section.push(Block::List(because.clone()));
            }
            Finding::Undecided { why, command } => {
                section.say(format!("{}{about}: undecided, {why}", capital(advice.rule)));
                if let Some(command) = command {
                    section.push(Block::Command(command.clone()));
                }
            }
        }
    }
    // Sentences are cut in the cells of a terminal's table.
    section.say("The rules, in the order they are applied:");
    section.push(Block::List(RULES.iter().map(|rule| format!("{}: {}", rule.name, rule.says)).collect()));
    section.blocks.extend(legend(evidence));
    if !evidence.probes.is_empty() {
        let note = "That probes are passed proves no design right: it may be wrong in a way that no probe shows.";
        section.push(Block::Note(note.into()));
    }
    if evidence.all_arms().iter().any(StepArm::is_distrusted) {
        section.push(Block::Note("A control failed: verdicts of its step decide nothing.".into()));
    }
    section
}

fn of_standings(standings: &[(&str, QuestionStanding)]) -> Vec<String> {
    let of = |wanted: QuestionStanding| -> Vec<&str> {
        standings.iter().filter(|(_, standing)| *standing == wanted).map(|(id, _)| *id).collect()
    };
    [QuestionStanding::Answered, QuestionStanding::Partly, QuestionStanding::Open]
        .into_iter()
        .map(|standing| (standing, of(standing)))
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(standing, ids)| format!("{}: {}", capital(standing.as_str()), listed(&ids)))
        .collect()
}

fn legend(evidence: &Evidence<'_>) -> Vec<Block> {
    let mut grid = Grid::new(
        "The runs at hand. File system: of stores and build directories.",
        &["short", "run", "what", "file system", "> rounds", "> workspaces", "toolchain"],
    );
    let mut row = |label: String, info: &RunInfo, what: String, system: &str, numbers: [String; 2]| {
        let toolchain = first_line(&info.toolchain.rustc).to_owned();
        let names = [label, info.name.clone(), what, system.to_owned()];
        grid.row(names.into_iter().chain(numbers).chain([toolchain]));
    };
    let mut notes = Vec::new();
    for (at, run) in evidence.runs.iter().enumerate() {
        let (info, label) = (&run.analysis.info, format!("R{}", at + 1));
        let rounds = run.analysis.steps.iter().map(|step| step.rounds).max().unwrap_or(0);
        let workspaces = run.analysis.steps.iter().map(|step| step.workspaces).max().unwrap_or(0);
        let scenario = format!("{}, corpus {}", info.scenario, info.corpus.name);
        row(label.clone(), info, scenario, file_system(info), [rounds, workspaces].map(|n| n.to_string()));
        if !info.complete {
            notes.push(format!("{label} is not complete: {} so far.", plural(run.analysis.rows, "row")));
        }
        if is_shadowed(info) {
            notes.push(format!("{label} compiled every hit anyway (--shadow): its seconds are not quoted."));
        }
        for step in run.analysis.steps.iter().filter(|step| control_failed(step)) {
            notes.push(format!(
                "{label}: the control of step {} differs from itself; no verdict of it is used.",
                step.step
            ));
        }
    }
    for (at, run) in evidence.probes.iter().enumerate() {
        let what = format!("probes: {} results", run.rows.len());
        row(format!("P{}", at + 1), &run.info, what, file_system(&run.info), [String::new(), String::new()]);
    }
    for (at, run) in evidence.simulations.iter().enumerate() {
        let (info, trace, label) = (&run.info, &run.trace, format!("S{}", at + 1));
        let what = format!("simulation, {} trace, {}", trace.origin.as_str(), plural(trace.orders as usize, "order"));
        row(label.clone(), info, what, "", [String::new(), trace.workspaces.to_string()]);
        notes.push(format!("{label} compiled nothing; {}.", trace.seconds_in_short()));
        if !trace.is_real() {
            notes.push(format!("{label} replays a trace that was made up: it hints, and decides nothing."));
        }
    }
    let mut blocks = vec![Block::Grid(grid)];
    blocks.extend(notes.into_iter().map(Block::Note));
    blocks
}
