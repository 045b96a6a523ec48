//! From what the program thinks with to what is written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::SCHEMA_VERSION;
use super::wire;
use crate::against::{Both, Change, Changes};
use crate::analysis::{Analysis, ArmAnalysis, StepAnalysis};
use crate::document::{Block, Grid, Section};
use crate::probes::ProbeRun;
use crate::report::Report;
use crate::simulation::SimulationRun;
use crate::stats::Judgement;
use crate::summary::CauseGroup;

pub(super) fn report(report: &Report) -> wire::Report {
    let document = report.document();
    wire::Report {
        schema_version: SCHEMA_VERSION,
        title: document.title,
        lead: document.lead,
        runs: report.runs.iter().map(|(_, run)| of_run(run)).collect(),
        probes: report.probes.iter().map(probes).collect(),
        changes: report.changes.as_ref().map(changes),
        review: report.review.iter().map(section).collect(),
        simulations: report.simulations.iter().map(simulation).collect(),
    }
}

fn object<T: Serialize>(value: &T) -> BTreeMap<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// JSON has no infinity and no NaN: they were not measured.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn numbers(pairs: &[(&str, Option<f64>)]) -> BTreeMap<String, Option<f64>> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), finite(*value))).collect()
}

fn of_run(run: &Analysis) -> wire::Run {
    wire::Run {
        name: run.info.name.clone(),
        info: object(&run.info),
        baseline: run.baseline.clone(),
        rows: run.rows,
        ok_rows: run.ok_rows,
        steps: run.steps.iter().map(step).collect(),
        causes: run.causes.iter().map(causes).collect(),
    }
}

fn step(step: &StepAnalysis) -> wire::Step {
    wire::Step {
        scenario: step.scenario.clone(),
        step: step.step.clone(),
        workspaces: step.workspaces,
        rounds: step.rounds,
        arms: step.arms.iter().map(arm).collect(),
    }
}

fn arm(arm: &ArmAnalysis) -> wire::Arm {
    let (summary, phases, disk, files) = (&arm.summary, arm.phases, arm.disk, arm.files);
    wire::Arm {
        strategy: arm.name().to_owned(),
        control: arm.is_control(),
        integration: arm.integration.clone(),
        key: arm.key.clone(),
        link: arm.link.clone(),
        store: arm.store.clone(),
        wall_ratio: arm.wall.as_ref().map(|wall| judged(&wall.judgement, &wall.baseline, wall.family)),
        numbers: numbers(&[
            ("wall_s", summary.wall_s),
            ("cpu_s", arm.cpu_s),
            ("noop_s", arm.noop_s),
            ("plan_s", phases.plan_s),
            ("restore_s", phases.restore_s),
            ("cargo_s", phases.cargo_s),
            ("publish_s", phases.publish_s),
            ("hit_rate", summary.hit_rate),
            ("hit_rate_by_cost", summary.hit_rate_by_cost),
            ("compiled", summary.compiled),
            ("rustc_runs", summary.rustc_runs),
            ("stale", arm.stale.map(|n| n as f64)),
            ("store_bytes", disk.store.apparent),
            ("store_allocated_bytes", disk.store.allocated),
            ("store_physical_bytes", disk.store.physical),
            ("tree_bytes", disk.trees.apparent),
            ("tree_allocated_bytes", disk.trees.allocated),
            ("tree_physical_bytes", disk.trees.physical),
            ("all_physical_bytes", disk.all_physical),
            ("added_per_workspace_bytes", disk.marginal),
            ("promised_bytes", summary.promised_bytes),
            ("max_rss_bytes", arm.max_rss_bytes.map(|n| n as f64)),
            ("hardlinked", files.hardlinked),
            ("reflinked", files.reflinked),
            ("copied", files.copied),
            ("symlinked", files.symlinked),
            ("private_files", files.private),
            ("copied_bytes", files.copied_bytes),
        ]),
        workspaces: arm
            .cells
            .iter()
            .map(|cell| wire::Cell { workspace: cell.workspace.clone(), ratio: finite(cell.ratio), pairs: cell.pairs })
            .collect(),
        problems: summary
            .problems
            .iter()
            .map(|it| wire::Problem {
                status: it.status.to_string(),
                note: it.note.clone(),
                workspaces: it.workspaces.clone(),
                rows: it.rows,
            })
            .collect(),
    }
}

fn judged(found: &Judgement, against: &str, family: usize) -> wire::Judged {
    wire::Judged {
        against: against.to_owned(),
        ratio: finite(found.ratio),
        low: found.interval.map(|it| it.low),
        high: found.interval.map(|it| it.high),
        confidence: found.interval.map(|it| it.confidence),
        p_corrected: finite(found.p_corrected),
        family,
        pairs: found.pairs,
        rounds: found.rounds,
        smallest: finite(found.min),
        largest: finite(found.max),
        verdict: found.verdict.as_str().to_owned(),
    }
}

fn causes(group: &CauseGroup) -> wire::Causes {
    wire::Causes {
        scenario: group.scenario.clone(),
        step: group.step.clone(),
        strategies: group.strategies.clone(),
        lost_s: group.lost_s,
        causes: group
            .causes
            .iter()
            .map(|it| wire::Cause {
                outcome: it.outcome.to_string(),
                reason: it.reason.clone(),
                because: it.because.clone(),
                units: it.units,
                lost_s: it.lost_s,
            })
            .collect(),
    }
}

fn probes(run: &ProbeRun) -> wire::Probes {
    wire::Probes { name: run.info.name.clone(), rows: run.rows.iter().map(object).collect() }
}

fn simulation(run: &SimulationRun) -> wire::Simulation {
    wire::Simulation {
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

fn changes(changes: &Changes) -> wire::Changes {
    wire::Changes {
        old: changes.old.clone(),
        new: changes.new.clone(),
        differences: changes
            .differences
            .iter()
            .map(|it| wire::Difference {
                what: it.what.clone(),
                old: it.old.clone(),
                new: it.new.clone(),
                weighs: it.weighs,
            })
            .collect(),
        arms: changes.arms.iter().map(|it| change(it, &changes.old)).collect(),
    }
}

fn change(it: &Change, old: &str) -> wire::Change {
    let side = |of: fn(Both) -> Option<f64>| {
        numbers(&[
            ("ratio", of(it.ratio)),
            ("wall_s", of(it.wall_s)),
            ("hit_rate", of(it.hit_rate)),
            ("hit_rate_by_cost", of(it.hit_rate_by_cost)),
            ("compiled", of(it.compiled)),
            ("all_physical_bytes", of(it.physical_bytes)),
        ])
    };
    wire::Change {
        scenario: it.scenario.clone(),
        step: it.step.clone(),
        strategy: it.strategy.clone(),
        bare: it.bare,
        change: judged(&it.judgement, old, it.family),
        old: side(|both| both.old),
        new: side(|both| both.new),
    }
}

fn section(section: &Section) -> wire::Section {
    let mut out = wire::Section {
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
            Block::Grid(grid) | Block::Details { grid, .. } => out.tables.push(table(grid)),
            Block::Plot(plot) => out.text.push(format!("{}. {}", plot.title, plot.finding)),
        }
    }
    out
}

fn table(grid: &Grid) -> wire::Table {
    wire::Table {
        caption: grid.caption.clone(),
        columns: grid.columns.iter().map(|column| column.head.clone()).collect(),
        rows: grid.rows.iter().map(|row| row.iter().map(|cell| cell.text.clone()).collect()).collect(),
    }
}
