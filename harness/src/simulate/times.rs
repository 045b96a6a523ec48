//! Seconds that the model of a remote cache gives, beside those of runs of the scenario `ci`.
//!
//! What was fetched is taken from the run, so that this is about the model of time alone.

use std::time::Duration;

use records::costs::PRICED_BY;
use records::network::Network;
use records::run_folder::RunFolder;
use records::{Outcome, Status, StepRow, UnitRow};
use simulation::remote::{Link, Lookup, RemoteUnit, totals};
use simulation::trace::{Trace, TracePlan, TraceTask};
use strategies::store::remote::TRANSFERS;

use super::agreement::{UnitIdentity, identity, identity_of_node};
use super::remote::is_library;

/// A step, simulated and measured.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedTime {
    pub workspace: String,
    pub step: String,
    pub strategy: String,
    pub network: String,
    pub simulated_s: f64,
    pub measured_s: f64,
}

impl SimulatedTime {
    /// |simulated − measured| ÷ measured.
    pub fn error(&self) -> f64 {
        (self.simulated_s - self.measured_s).abs() / self.measured_s
    }
}

/// Each step of a run whose machine fetched from a remote, and of plain Cargo's, where the trace has all of its units.
pub fn compare(trace: &Trace, run: &RunFolder) -> Vec<SimulatedTime> {
    let is_remote = |row: &&StepRow| row.delivery.as_deref() == Some("remote") || row.strategy == PRICED_BY;
    let counts = |row: &&StepRow| row.status == Status::Ok && row.scenario == "ci" && row.step != "produce";
    if !run.steps.iter().any(|row| row.delivery.as_deref() == Some("remote")) {
        return Vec::new();
    }
    run.steps.iter().filter(counts).filter(is_remote).filter_map(|row| time_of(trace, run, row)).collect()
}

fn time_of(trace: &Trace, run: &RunFolder, row: &StepRow) -> Option<SimulatedTime> {
    let network = row.network.as_ref().map_or_else(|| Some(Network::unshaped()), |name| name.parse().ok())?;
    let is_of_plan = |plan: &&TracePlan| {
        trace.text(trace.workspaces[plan.workspace.at()].name) == row.workspace
            && plan.task == TraceTask::Build
            && trace.text(plan.profile) == row.profile
    };
    let plan = trace.plans.iter().find(is_of_plan)?;
    let of_step = |unit: &&UnitRow| {
        (&unit.strategy, unit.round, &unit.step, &unit.workspace)
            == (&row.strategy, row.round, &row.step, &row.workspace)
    };
    let units: Vec<&UnitRow> = run.units.iter().filter(of_step).collect();
    let hits: Vec<UnitIdentity> =
        units.iter().filter(|unit| unit.outcome == Some(Outcome::Hit)).map(|unit| identity_of_row(unit)).collect();
    let all: Vec<UnitIdentity> = plan.nodes.iter().map(|node| identity_of_node(trace, *node)).collect();
    // Another lockfile has units that the trace knows nothing of.
    if units.iter().any(|unit| !all.contains(&identity_of_row(unit))) {
        return None;
    }
    let jobs = plan.nodes.iter().zip(&all).map(|(&node, unit)| RemoteUnit {
        seconds: trace.seconds(node),
        bytes: trace.bytes(node),
        dependencies: (trace.edges(node).iter())
            .filter_map(|edge| Some(plan.nodes.binary_search(&edge.node).ok()? as u32))
            .collect(),
        available: hits.contains(unit),
        library: is_library(trace, trace.unit(node)),
        root: plan.roots.contains(&node),
    });
    let link = Link {
        bits_per_s: network.down_bits_per_s.map_or(1e12, |bits| bits as f64),
        latency_s: network.round_trip.max(Duration::from_micros(1)).as_secs_f64(),
        transfers: TRANSFERS as u32,
    };
    let cores = run.info.host.cores.unwrap_or(1);
    let rows = totals(&[jobs.collect()], &[link], Lookup::ByLevel, cores);
    Some(SimulatedTime {
        workspace: row.workspace.clone(),
        step: row.step.clone(),
        strategy: row.strategy.clone(),
        network: row.network.clone().unwrap_or_default(),
        simulated_s: rows.first()?.fetch_s,
        measured_s: row.wall_s?,
    })
}

fn identity_of_row(row: &UnitRow) -> UnitIdentity {
    identity([&row.package, &row.version, &row.kind, &row.target, &row.mode], &row.platform)
}
