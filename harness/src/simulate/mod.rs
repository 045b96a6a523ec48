//! Replays of a trace, and their rows in a run folder. The engine is the crate `simulation`.

pub mod agreement;
pub mod remote;
pub mod reuse;
pub mod selection;
pub mod stores;
pub mod times;

use std::collections::BTreeMap;

use records::{RunInfo, ToolchainInfo};
use reports::simulation::{Fit, Origin, TraceInfo};
use serde_json::Value;
use simulation::trace::Trace;
use strategies::key::{Digest, FieldHasher};

/// `run.json` of a simulation. Nothing in it depends on when or where it is replayed, so that the same trace, options and
/// seed make the same bytes.
pub fn describe(trace: &Trace, digest: &Digest, seed: u64, options: BTreeMap<String, Value>) -> RunInfo {
    let mut hasher = FieldHasher::new("simulation");
    hasher.digest("trace", digest).field("seed", seed.to_le_bytes());
    for (name, value) in &options {
        hasher.field(name, value.to_string());
    }
    let name = format!("simulate-{}", hasher.finish().short());
    RunInfo {
        complete: true,
        seed,
        options,
        toolchain: ToolchainInfo { rustc: trace.about.toolchain.clone(), ..ToolchainInfo::default() },
        tools: [("harness".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into(),
        ..RunInfo::new(name)
    }
}

pub fn trace_info(trace: &Trace, digest: &Digest, orders: u32) -> TraceInfo {
    let about = &trace.about;
    TraceInfo {
        title: about.title.clone(),
        origin: Origin::Collected,
        digest: digest.hex(),
        workspaces: trace.workspaces.len() as u64,
        plans: trace.plans.len() as u64,
        unit_builds: trace.unit_builds(),
        nodes: trace.nodes.len() as u64,
        seed: None,
        orders,
        seconds: about.seconds.as_ref().map(fit),
        bytes: about.bytes.as_ref().map(fit),
        left_out: about.left_out.iter().map(|it| format!("{}: {}", it.workspace, it.why)).collect(),
        measured_share_of_seconds: trace.measured_share(),
    }
}

/// A fit without the names of the runs, which say nothing where they are not.
fn fit(fit: &Fit) -> Fit {
    Fit { runs: Vec::new(), ..fit.clone() }
}
