//! The first screen, the sections that fold under its rows, and the plan for what is missing.

use super::catalogue::CATALOGUE;
use super::claim::{Answered, Claim};
use super::evidence::Evidence;
use super::measure::filled;
use super::measures::probed::named;
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::summary::sisters;
use crate::text::clean;
use crate::words::{capital, distinct, listed};

/// A command, and the questions that it would settle.
pub(super) struct PlanStep {
    pub command: &'static str,
    pub minutes: u32,
    pub settles: Vec<String>,
}

/// What is missing, by questions settled per minute.
pub(super) fn plan(claims: &[Claim]) -> Vec<PlanStep> {
    let steps = CATALOGUE.piece.iter().map(|piece| {
        let wants = claims.iter().filter(|it| it.missing.as_ref() == Some(&piece.command));
        PlanStep { command: &piece.command, minutes: piece.minutes, settles: wants.map(|it| it.id.clone()).collect() }
    });
    let mut steps: Vec<PlanStep> = steps.filter(|it| !it.settles.is_empty()).collect();
    let rate = |it: &PlanStep| it.settles.len() as f64 / f64::from(it.minutes);
    steps.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    steps
}

/// The screen: a row for each question, and what a person would say of them.
pub(super) fn screen(answered: &[Answered], plan: &[PlanStep], week: String, evidence: &Evidence<'_>) -> Section {
    let mut grid = Grid::new("", &["question", "answer", "> number", "how sure", "missing"]);
    for Answered { question, claim, .. } in answered {
        let step = plan.iter().position(|it| it.settles.contains(&claim.id));
        let answer = match claim.decided {
            Some(_) => Cell::from(claim.answer.clone()),
            None => Cell::toned(claim.answer.clone(), Tone::Quiet),
        };
        grid.row([
            format!("{} {}", claim.id, question.name).into(),
            answer,
            claim.number().into(),
            claim.certainty().into(),
            match step {
                Some(at) => format!("step {}", at + 1).into(),
                None if claim.decided.is_none() => "a record".into(),
                None => "-".into(),
            },
        ]);
    }
    let mut section = Section::new("review", "Design review", 0);
    section.push(Block::Grid(grid));
    section.say(week);
    section.say(safety(evidence));
    let decided = answered.iter().filter(|it| it.claim.decided.is_some()).count();
    let sum = |of: fn(&Claim) -> usize| answered.iter().map(|it| of(&it.claim)).sum::<usize>();
    section.say(format!(
        "{decided} of {} questions are decided; of published positions {} are confirmed and {} contradicted.",
        answered.len(),
        sum(|it| it.confirms.len()),
        sum(|it| it.contradicts.len()),
    ));
    let sisters = evidence.runs.iter().map(|run| sisters(&run.analysis.info)).find(|text| !text.is_empty());
    let sisters = sisters.map_or(String::new(), |text| format!(", {text}"));
    section.say(format!(
        "These: these workspaces alone{sisters}; simulated: nothing was compiled; assumed: decides nothing."
    ));
    if let Some(first) = plan.first() {
        let minutes: u32 = plan.iter().map(|it| it.minutes).sum();
        section.say(format!(
            "Next: {} min for {}; {minutes} min for all that is missing: harness report --plan-evidence RUN…",
            first.minutes,
            first.settles.join(", "),
        ));
    }
    section
}

fn safety(evidence: &Evidence<'_>) -> String {
    let rows = named(evidence, |_| true);
    let failed = distinct(rows.iter().filter(|row| row.is_unexplained_failure()).map(|row| row.strategy.as_str()));
    let explained = rows.iter().filter(|row| row.is_known_failure()).count();
    match (rows.len(), failed.as_slice()) {
        (0, _) => "No probe was run: nothing here is known to be safe.".into(),
        (all, []) => format!("Of {all} probe results {explained} fail, each with an explanation in the matrix."),
        (_, failed) => format!("Out, whatever they save, for an unexplained failure of a probe: {}.", listed(failed)),
    }
}

/// A question under four heads.
pub(super) fn question(Answered { question, claim, measure }: &Answered, plan: &[PlanStep]) -> Section {
    let title = format!("{} {}: {}", claim.id, question.name, question.asks);
    let mut section = Section::folded(&format!("review-{}-{}", claim.id, question.name), title);
    let Some(found) = measure else {
        section.say(format!("Answer. Open. Evidence. No run at hand decides {}.", question.name));
        section.say(format!("What would change it. {}", question.change));
        section.say(run(claim, plan));
        return section;
    };
    section.say(format!("Answer. {} ({}, {}).", capital(&claim.answer), found.n, claim.runs.join(", ")));
    let mut text = format!("Evidence. {}", filled(&question.evidence, found));
    for position in &question.position {
        let word = if claim.confirms.contains(&position.link) {
            "Confirms"
        } else if claim.contradicts.contains(&position.link) {
            "Contradicts"
        } else {
            continue;
        };
        text.push_str(&format!(" {word} “{}”: {}.", position.says, position.link));
    }
    section.say(clean(&text));
    if !found.table.is_empty() {
        section.push(Block::Grid(found.table.clone()));
    }
    section.say(format!("What would change it. {}", question.change));
    section.say(run(claim, plan));
    section
}

/// The command is in the plan, where each is once.
fn run(claim: &Claim, plan: &[PlanStep]) -> String {
    let step = plan.iter().position(|it| it.settles.contains(&claim.id));
    match step {
        Some(at) => format!("Run this. Step {} below.", at + 1),
        None if claim.decided.is_none() => "Run this. No command knows it.".into(),
        None => "Run this. Nothing more.".into(),
    }
}

/// The plan as a section: each command, and what it settles.
pub(super) fn plan_section(plan: &[PlanStep]) -> Section {
    let mut section = Section::folded("review-plan", "Plan: what settles most per minute");
    for (at, it) in plan.iter().enumerate() {
        section.say(format!("Step {}, {} min, settles {}.", at + 1, it.minutes, listed(&it.settles)));
        section.push(Block::Command(it.command.trim_end().to_owned()));
    }
    section
}

/// The plan as a script.
pub(super) fn script(plan: &[PlanStep]) -> String {
    let step = |(at, it): (usize, &PlanStep)| {
        format!("# step {}, {} min: settles {}\n{}\n", at + 1, it.minutes, it.settles.join(", "), it.command.trim_end())
    };
    plan.iter().enumerate().map(step).collect()
}
