//! A trace: the unit graphs of many workspaces, and what happened to them over time.
//!
//! ```text
//! strings     every text once
//! units       what a unit is by itself: the inputs of its key, without dependencies
//! nodes       a unit on its dependencies, each distinct one once (a Merkle graph)
//! workspaces  whose graphs these are
//! plans       what one Cargo command would run in one workspace: a set of nodes
//! events      builds, edits, wipes and new toolchains, in order
//! ```
//!
//! Nodes stand after their dependencies, so a plan's nodes in ascending order are in an order
//! in which they can be built. Two workspaces that would build the very same unit share its
//! node; how nearly the same two nodes are is what a replay asks.
//!
//! - `ids`: indexes, one type for each table
//! - `model`: the tables
//! - `read`: what they say of a thing
//! - `builder`: fills them, each thing once
//! - `interned`: finds a row by its content
//! - `check`: what holds in every sound trace
//! - `file`: the format on disk, described in `simulation/FORMAT.md`
//! - `only`: a smaller trace from a larger one
//! - `graph`: a plan as the unit graph that policies look at

mod builder;
mod check;
mod file;
mod graph;
mod ids;
mod interned;
mod model;
mod only;
mod read;

pub use builder::Builder;
pub use file::{TraceError, VERSION};
pub use ids::{NodeId, PlanId, Text, UnitId, WorkspaceId};
pub use model::{
    About, Action, Amount, Edge, Event, Fit, LeftOut, Node, Origin, Plan, Source, Task, Trace, Unit, Workspace,
};
