//! A trace: the unit graphs of many workspaces, and what happened to them over time.
//!
//! ```text
//! strings     every text once
//! units       a unit without its dependencies: the inputs of its key
//! nodes       a unit with its dependencies, each distinct one once (a Merkle graph)
//! workspaces  the workspaces whose graphs these are
//! plans       what one Cargo command would run in one workspace: a set of nodes
//! events      builds, edits, wipes and new toolchains, in order
//! ```
//!
//! A node comes after its dependencies, so the nodes of a plan in ascending order can be built in that order. Two
//! workspaces that would build the very same unit share its node; how similar two nodes are is what a replay asks.
//! `strategies/simulation/FORMAT.md` describes the file.

mod builder;
mod file;
mod graph;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

pub use builder::TraceBuilder;
pub use file::{TraceError, VERSION, census};
pub use tables::{
    About, Amount, Edge, Fit, LeftOut, Node, NodeId, PlanId, Text, Trace, TraceAction, TraceEvent, TracePlan,
    TraceSource, TraceTask, TraceUnit, TraceWorkspace, UnitId, WorkspaceId,
};
