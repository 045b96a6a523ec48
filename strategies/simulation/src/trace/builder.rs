//! Fills the tables of a trace, each thing once.

use indexmap::{IndexMap, IndexSet};
use strategies::key::{Input, KeyInputs};

use super::{
    About, Amount, Edge, Node, NodeId, PlanId, Text, Trace, TracePlan, TraceSource, TraceTask, TraceUnit,
    TraceWorkspace, UnitId, WorkspaceId,
};

/// Seconds and bytes of a node.
type NodeCost = (Amount, Amount);

/// A trace in the making.
#[derive(Debug)]
pub struct TraceBuilder {
    strings: IndexSet<String>,
    units: IndexSet<TraceUnit>,
    nodes: IndexMap<(UnitId, Vec<Edge>), Option<NodeCost>>,
    workspaces: Vec<TraceWorkspace>,
    plans: Vec<TracePlan>,
}

impl Default for TraceBuilder {
    fn default() -> TraceBuilder {
        TraceBuilder {
            strings: [String::new()].into(),
            units: IndexSet::new(),
            nodes: IndexMap::new(),
            workspaces: Vec::new(),
            plans: Vec::new(),
        }
    }
}

impl TraceBuilder {
    /// The index of a text.
    pub fn text(&mut self, text: &str) -> Text {
        let known = self.strings.get_index_of(text);
        Text(row(known.unwrap_or_else(|| self.strings.insert_full(text.to_owned()).0)))
    }

    /// The index of a unit.
    pub fn unit(&mut self, unit: TraceUnit) -> UnitId {
        UnitId(row(self.units.insert_full(unit).0))
    }

    /// A unit with these inputs, not yet in the trace. What is not an input of its key is left empty.
    pub fn unit_of(&mut self, inputs: &KeyInputs, source: TraceSource) -> TraceUnit {
        let mut unit = TraceUnit { source, ..TraceUnit::default() };
        Input::of_unit().for_each(|input| unit.inputs[input] = self.text(&inputs[input]));
        unit.name = self.text(&format!("{} {}", inputs[Input::PackageName], inputs.slot()));
        unit
    }

    /// The index of a unit with its dependencies.
    pub fn node(&mut self, unit: UnitId, mut edges: Vec<Edge>) -> NodeId {
        // The label and the node are part of the order, so that nodes with equal dependencies are one.
        edges.sort_by_cached_key(|edge| {
            let package =
                self.nodes.get_index(edge.node.at()).map(|((unit, _), _)| self.units[unit.at()][Input::PackageName]);
            let text = |text: Text| self.strings.get_index(text.at()).cloned().unwrap_or_default();
            (text(package.unwrap_or_default()), text(edge.label), edge.node)
        });
        let entry = self.nodes.entry((unit, edges));
        let at = entry.index();
        entry.or_insert(None);
        NodeId(row(at))
    }

    /// Sets what a node costs; of what is known already, only an estimate is replaced, by a measured amount.
    pub fn cost(&mut self, node: NodeId, seconds: Amount, bytes: Amount) {
        let known = self.nodes[node.at()].get_or_insert((seconds, bytes));
        for (old, new) in [(&mut known.0, seconds), (&mut known.1, bytes)] {
            if new.measured && !old.measured {
                *old = new;
            }
        }
    }

    /// Adds a workspace.
    pub fn workspace(&mut self, name: &str) -> WorkspaceId {
        let name = self.text(name);
        self.workspaces.push(TraceWorkspace { name });
        WorkspaceId(row(self.workspaces.len() - 1))
    }

    /// Adds a plan; its nodes may come in any order.
    pub fn plan(
        &mut self,
        workspace: WorkspaceId,
        task: TraceTask,
        profile: &str,
        mut nodes: Vec<NodeId>,
        roots: Vec<NodeId>,
    ) -> PlanId {
        let profile = self.text(profile);
        nodes.sort_unstable();
        self.plans.push(TracePlan { workspace, task, profile, nodes, roots });
        PlanId(row(self.plans.len() - 1))
    }

    /// The finished trace.
    pub fn finish(self, about: About) -> Trace {
        let mut trace = Trace {
            about,
            strings: self.strings.into_iter().collect(),
            units: self.units.into_iter().collect(),
            workspaces: self.workspaces,
            plans: self.plans,
            ..Trace::default()
        };
        for ((unit, edges), costs) in self.nodes {
            let (seconds, bytes) = costs.unwrap_or_default();
            trace.edges.extend(edges);
            trace.nodes.push(Node { unit, edges_end: row(trace.edges.len()), seconds, bytes });
        }
        trace
    }
}

/// The number of a row. No table has 2^32 rows: such a trace fits into no memory.
fn row(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
