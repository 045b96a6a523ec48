//! Fills the tables of a trace, each thing once.

use strategies::key::{Input, KeyInputs};

use super::interned::{Interned, hash};
use super::{
    About, Action, Amount, Edge, Event, Node, NodeId, Plan, PlanId, Source, Task, Text, Trace, Unit, UnitId, Workspace,
    WorkspaceId,
};

/// A trace in the making.
#[derive(Debug)]
pub struct Builder {
    trace: Trace,
    strings: Interned,
    units: Interned,
    nodes: Interned,
}

impl Default for Builder {
    fn default() -> Builder {
        let (strings, units, nodes) = Default::default();
        let mut builder = Builder { trace: Trace::default(), strings, units, nodes };
        builder.text("");
        builder
    }
}

impl Builder {
    /// The index of a text.
    pub fn text(&mut self, text: &str) -> Text {
        let (digest, strings) = (hash(text), &self.trace.strings);
        if let Some(known) = self.strings.find(digest, |row| strings[row as usize] == text) {
            return Text(known);
        }
        let row = index(strings.len());
        self.strings.add(digest, row, |row| hash(strings[row as usize].as_str()));
        self.trace.strings.push(text.to_owned());
        Text(row)
    }

    /// The index of a unit.
    pub fn unit(&mut self, unit: Unit) -> UnitId {
        let (digest, units) = (hash(unit), &self.trace.units);
        if let Some(known) = self.units.find(digest, |row| units[row as usize] == unit) {
            return UnitId(known);
        }
        let row = index(units.len());
        self.units.add(digest, row, |row| hash(units[row as usize]));
        self.trace.units.push(unit);
        UnitId(row)
    }

    /// A unit of these inputs, not yet in the trace: what is not an input of its key is for the
    /// caller to fill in.
    pub fn unit_of(&mut self, inputs: &KeyInputs, package_name: &str, source: Source) -> Unit {
        let mut unit = Unit { source, is_std: !inputs[Input::BuildStd].is_empty(), ..Unit::default() };
        for input in Input::of_unit() {
            if let Some(text) = unit.input(input) {
                *text = self.text(&inputs[input]);
            }
        }
        unit.package_name = self.text(package_name);
        unit.name = self.text(&format!("{package_name} {}", inputs.slot()));
        unit
    }

    /// The index of a unit on its dependencies. Of a node that is there already a measured amount
    /// replaces an estimated one.
    pub fn node(&mut self, unit: UnitId, mut edges: Vec<Edge>, seconds: Amount, bytes: Amount) -> NodeId {
        edges.sort_by(|a, b| self.rank(a).cmp(&self.rank(b)));
        let (digest, trace) = (hash((unit, edges.as_slice())), &self.trace);
        let same = |row: u32| trace.nodes[row as usize].unit == unit && trace.edges(NodeId(row)) == edges;
        if let Some(known) = self.nodes.find(digest, same) {
            let node = &mut self.trace.nodes[known as usize];
            for (old, new) in [(&mut node.seconds, seconds), (&mut node.bytes, bytes)] {
                if new.measured && !old.measured {
                    *old = new;
                }
            }
            return NodeId(known);
        }
        let row = index(trace.nodes.len());
        let rehash = |row: u32| hash((trace.nodes[row as usize].unit, trace.edges(NodeId(row))));
        self.nodes.add(digest, row, rehash);
        self.trace.edges.extend(&edges);
        self.trace.nodes.push(Node { unit, edges_end: index(self.trace.edges.len()), seconds, bytes });
        NodeId(row)
    }

    /// What edges are ordered by; nodes that differ in nothing else keep one order, too.
    fn rank(&self, edge: &Edge) -> (&str, &str, NodeId) {
        let package = self.trace.unit(edge.node).package_name;
        (self.trace.text(package), self.trace.text(edge.label), edge.node)
    }

    /// Adds a workspace.
    pub fn workspace(&mut self, name: &str, locked: u32) -> WorkspaceId {
        let id = WorkspaceId(index(self.trace.workspaces.len()));
        let name = self.text(name);
        self.trace.workspaces.push(Workspace { name, locked });
        id
    }

    /// Adds a plan; its nodes may come in any order.
    pub fn plan(
        &mut self,
        workspace: WorkspaceId,
        task: Task,
        profile: &str,
        mut nodes: Vec<NodeId>,
        roots: Vec<NodeId>,
    ) -> PlanId {
        let id = PlanId(index(self.trace.plans.len()));
        let profile = self.text(profile);
        nodes.sort_unstable();
        self.trace.plans.push(Plan { workspace, task, profile, nodes, roots });
        id
    }

    /// Adds an event, no earlier than the last.
    pub fn event(&mut self, at: u32, action: Action) {
        let at = self.trace.events.last().map_or(at, |last| at.max(last.at));
        self.trace.events.push(Event { at, action });
    }

    /// What is there so far.
    pub fn so_far(&self) -> &Trace {
        &self.trace
    }

    /// The finished trace.
    pub fn finish(mut self, about: About) -> Trace {
        self.trace.about = about;
        self.trace
    }
}

/// Tables have at most 2^32 rows; a trace that large fits into no memory.
fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
