//! What holds in every sound trace. A file is foreign input: nothing past this point looks
//! whether an index leads anywhere.

use super::{Action, NodeId, Trace};

/// No unit takes longer: 30 years.
const MOST_SECONDS: f32 = 1e9;
/// No unit is larger: a petabyte.
const MOST_BYTES: f32 = 1e15;
/// No trace is longer: ten years.
const LONGEST: u32 = 3653 * 86_400;

/// The first thing that does not hold, in a line.
pub(super) fn check(trace: &Trace) -> Result<(), String> {
    if trace.strings.first().map(String::as_str) != Some("") {
        return Err("its first string is not the empty one".to_owned());
    }
    units(trace)?;
    nodes(trace)?;
    plans(trace)?;
    events(trace)
}

fn units(trace: &Trace) -> Result<(), String> {
    for (at, unit) in trace.units.iter().enumerate() {
        let texts = [
            unit.name,
            unit.package_name,
            unit.version,
            unit.package,
            unit.checksum,
            unit.path,
            unit.features,
            unit.profile,
            unit.directory,
            unit.platform,
            unit.toolchain,
            unit.flags,
            unit.target,
            unit.kind,
            unit.crate_types,
            unit.edition,
            unit.mode,
            unit.manifest,
            unit.observed,
            unit.watches,
        ];
        if texts.iter().any(|text| text.at() >= trace.strings.len()) {
            return Err(format!("unit {at} names a string that is not there"));
        }
    }
    match trace.workspaces.iter().position(|it| it.name.at() >= trace.strings.len()) {
        Some(at) => Err(format!("workspace {at} has a name that is not there")),
        None => Ok(()),
    }
}

fn nodes(trace: &Trace) -> Result<(), String> {
    let mut first = 0;
    for (at, node) in trace.nodes.iter().enumerate() {
        if node.unit.at() >= trace.units.len() {
            return Err(format!("node {at} is of a unit that is not there"));
        }
        let edges = trace.edges.get(first as usize..node.edges_end as usize);
        let Some(edges) = edges else { return Err(format!("the edges of node {at} are not there")) };
        if edges.iter().any(|edge| edge.node.at() >= at || edge.label.at() >= trace.strings.len()) {
            return Err(format!("node {at} stands before one that it depends on"));
        }
        for (amount, most) in [(node.seconds, MOST_SECONDS), (node.bytes, MOST_BYTES)] {
            if !(0.0..=most).contains(&amount.value) {
                return Err(format!("node {at} has an amount below zero, beyond {most}, or none"));
            }
        }
        first = node.edges_end;
    }
    if first as usize != trace.edges.len() {
        return Err("there are edges of no node".to_owned());
    }
    Ok(())
}

fn plans(trace: &Trace) -> Result<(), String> {
    // The plan each node was last seen in, counted from 1.
    let mut seen = vec![0u32; trace.nodes.len()];
    for (at, plan) in trace.plans.iter().enumerate() {
        let mark = at as u32 + 1;
        if plan.workspace.at() >= trace.workspaces.len() || plan.profile.at() >= trace.strings.len() {
            return Err(format!("plan {at} is of a workspace or profile that is not there"));
        }
        let mut before = NodeId(0);
        for &node in &plan.nodes {
            if node.at() >= trace.nodes.len() || node < before {
                return Err(format!("plan {at} has a node that is not there, or out of order"));
            }
            if trace.edges(node).iter().any(|edge| seen[edge.node.at()] != mark) {
                return Err(format!("plan {at} lacks a dependency of node {}", node.0));
            }
            seen[node.at()] = mark;
            before = node;
        }
        if plan.roots.iter().any(|root| seen.get(root.at()) != Some(&mark)) {
            return Err(format!("plan {at} lacks what it was asked for"));
        }
    }
    Ok(())
}

fn events(trace: &Trace) -> Result<(), String> {
    let mut before = 0;
    for (at, event) in trace.events.iter().enumerate() {
        let sound = match event.action {
            Action::Build(plan) => plan.at() < trace.plans.len(),
            Action::Edit { workspace, file } => {
                workspace.at() < trace.workspaces.len() && file.at() < trace.strings.len()
            }
            Action::Wipe(workspace) => workspace.at() < trace.workspaces.len(),
            Action::Toolchain => true,
        };
        if !sound || event.at < before || event.at > LONGEST {
            return Err(format!("event {at} is of something that is not there, out of order, or ten years late"));
        }
        before = event.at;
    }
    Ok(())
}
