//! A report as JSON, by a published schema.
//!
//! [`wire`] has the structs that are written, apart from those the program thinks with:
//! a field there is a promise. `reports/schema/report-1.json` is made from them (a test
//! compares the two); fields may be added within a version, none is renamed or given
//! another meaning.

pub mod wire;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::against::{Change, Changes};
use crate::analysis::{Analysis, ArmAnalysis, ArmNumbers, METRICS, StepAnalysis};
use crate::document::{Block, Grid, Section};
use crate::probes::ProbeRun;
use crate::report::Report;
use crate::simulation::SimulationRun;
use crate::stats::Judgement;

/// Version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&of_report(report)).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON schema of [`wire::ReportJson`], ended by a line feed.
#[cfg(test)]
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(wire::ReportJson)).unwrap_or_default();
    text.push('\n');
    text
}

fn of_report(report: &Report) -> wire::ReportJson {
    let document = report.document();
    wire::ReportJson {
        schema_version: SCHEMA_VERSION,
        title: document.title,
        lead: document.lead,
        runs: report.runs.iter().map(|(_, run)| of_run(run)).collect(),
        probes: report.probes.iter().map(probes).collect(),
        changes: report.changes.as_ref().map(changes),
        review: report.review.sections.iter().map(section).collect(),
        claims: report.review.claims.clone(),
        simulations: report.simulations.iter().map(simulation).collect(),
    }
}

fn object<T: Serialize>(value: &T) -> BTreeMap<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

fn numbers(numbers: &ArmNumbers) -> BTreeMap<String, Option<f64>> {
    METRICS.iter().map(|it| (it.name.to_owned(), (it.of)(numbers))).collect()
}

fn of_run(run: &Analysis) -> wire::RunJson {
    wire::RunJson {
        name: run.info.name.clone(),
        info: object(&run.info),
        baseline: run.baseline.clone(),
        rows: run.rows,
        ok_rows: run.ok_rows,
        steps: run.steps.iter().map(step).collect(),
        causes: run.causes.clone(),
    }
}

fn step(step: &StepAnalysis) -> wire::StepJson {
    wire::StepJson {
        scenario: step.scenario.clone(),
        step: step.step.clone(),
        workspaces: step.workspaces,
        rounds: step.rounds,
        arms: step.arms.iter().map(arm).collect(),
    }
}

fn arm(arm: &ArmAnalysis) -> wire::ArmJson {
    wire::ArmJson {
        strategy: arm.name().to_owned(),
        control: arm.is_control(),
        integration: arm.integration.clone(),
        key: arm.key.clone(),
        link: arm.link.clone(),
        store: arm.store.clone(),
        wall_ratio: arm.wall.as_ref().map(|wall| judged(&wall.judgement, &wall.baseline, wall.family)),
        numbers: numbers(&arm.numbers),
        workspaces: arm
            .cells()
            .iter()
            .map(|cell| wire::WorkspaceJson { workspace: cell.workspace.clone(), ratio: cell.ratio, pairs: cell.pairs })
            .collect(),
        problems: arm.problems.clone(),
    }
}

fn judged(found: &Judgement, against: &str, family: usize) -> wire::JudgedJson {
    wire::JudgedJson {
        against: against.to_owned(),
        ratio: found.ratio,
        low: found.interval.map(|it| it.low),
        high: found.interval.map(|it| it.high),
        confidence: found.interval.map(|it| it.confidence),
        low_over_workspaces: found.over_workspaces.map(|it| it.low),
        high_over_workspaces: found.over_workspaces.map(|it| it.high),
        detectable: found.detectable,
        p_corrected: found.p_corrected,
        family,
        pairs: found.pairs,
        rounds: found.rounds,
        smallest: found.min,
        largest: found.max,
        verdict: found.verdict.as_str().to_owned(),
    }
}

fn probes(run: &ProbeRun) -> wire::ProbesJson {
    wire::ProbesJson { name: run.info.name.clone(), rows: run.rows.iter().map(object).collect() }
}

fn simulation(run: &SimulationRun) -> wire::SimulationJson {
    wire::SimulationJson {
        name: run.info.name.clone(),
        info: object(&run.info),
        trace: object(&run.trace),
        curve: run.curve.iter().map(object).collect(),
        relaxations: run.relaxations.iter().map(object).collect(),
        misses: run.misses.iter().map(object).collect(),
        sharing: run.sharing.iter().map(object).collect(),
        retention: run.retention.iter().map(object).collect(),
        growth: run.growth.iter().map(object).collect(),
        remote: run.remote.iter().map(object).collect(),
    }
}

fn changes(changes: &Changes) -> wire::ChangesJson {
    wire::ChangesJson {
        old: changes.old.clone(),
        new: changes.new.clone(),
        differences: changes.differences.clone(),
        arms: changes.arms.iter().map(|it| change(it, &changes.old)).collect(),
    }
}

fn change(it: &Change, old: &str) -> wire::ChangeJson {
    let side =
        |ratio: Option<f64>, of: &ArmNumbers| numbers(of).into_iter().chain([("ratio".to_owned(), ratio)]).collect();
    wire::ChangeJson {
        scenario: it.scenario.clone(),
        step: it.step.clone(),
        strategy: it.strategy.clone(),
        bare: it.bare,
        change: judged(&it.judgement, old, it.family),
        old: side(it.ratio.old, &it.old),
        new: side(it.ratio.new, &it.new),
    }
}

fn section(section: &Section) -> wire::SectionJson {
    let mut out = wire::SectionJson {
        id: section.id.clone(),
        title: section.title.clone(),
        text: Vec::new(),
        commands: Vec::new(),
        tables: Vec::new(),
    };
    for block in &section.blocks {
        match block {
            Block::Text(it) | Block::Note(it) => out.text.push(it.clone()),
            Block::List(items) => out.text.extend(items.iter().cloned()),
            Block::Command(it) => out.commands.push(it.clone()),
            Block::Grid(grid) | Block::Details { grid, .. } | Block::Live { grid, .. } => out.tables.push(table(grid)),
            Block::Plot(plot) => out.text.push(format!("{}. {}", plot.title, plot.finding)),
        }
    }
    out
}

fn table(grid: &Grid) -> wire::TableJson {
    wire::TableJson {
        caption: grid.caption.clone(),
        columns: grid.columns.iter().map(|column| column.head.replace('\n', " ")).collect(),
        rows: grid.rows.iter().map(|row| row.iter().map(|cell| cell.text.clone()).collect()).collect(),
    }
}
