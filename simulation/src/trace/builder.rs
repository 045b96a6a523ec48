//! Fills the tables of a trace, each thing once.

use std::collections::HashMap;

use strategies::key::Inputs;

use super::{
    About, Action, Amount, Edge, Event, Node, NodeId, Plan, PlanId, Source, Task, Text, Trace, Unit, UnitId, Workspace,
    WorkspaceId,
};

/// A trace in the making.
#[derive(Debug)]
pub struct Builder {
    trace: Trace,
    strings: HashMap<String, Text>,
    units: HashMap<Unit, UnitId>,
    nodes: HashMap<(UnitId, Vec<Edge>), NodeId>,
}

impl Default for Builder {
    fn default() -> Builder {
        let trace = Trace { strings: vec![String::new()], ..Trace::default() };
        let strings = HashMap::from([(String::new(), Text(0))]);
        Builder { trace, strings, units: HashMap::new(), nodes: HashMap::new() }
    }
}

impl Builder {
    /// The index of a text.
    pub fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.strings.get(text) {
            return *known;
        }
        let id = Text(index(self.trace.strings.len()));
        self.trace.strings.push(text.to_owned());
        self.strings.insert(text.to_owned(), id);
        id
    }

    /// The index of a unit.
    pub fn unit(&mut self, unit: Unit) -> UnitId {
        let next = UnitId(index(self.trace.units.len()));
        let id = *self.units.entry(unit).or_insert(next);
        if id == next {
            self.trace.units.push(unit);
        }
        id
    }

    /// A unit of these inputs, not yet in the trace: what is not an input of its key is for the
    /// caller to fill in.
    pub fn unit_of(&mut self, inputs: &Inputs, package_name: &str, source: Source) -> Unit {
        Unit {
            name: self.text(&inputs.name),
            package_name: self.text(package_name),
            version: self.text(&inputs.version),
            source,
            package: self.text(&inputs.package),
            checksum: self.text(&inputs.checksum),
            path: self.text(&inputs.path),
            features: self.text(&inputs.features),
            profile: self.text(&inputs.profile),
            directory: self.text(&inputs.directory),
            platform: self.text(&inputs.platform),
            toolchain: self.text(&inputs.toolchain),
            flags: self.text(&inputs.flags),
            target: self.text(&inputs.target),
            kind: self.text(&inputs.kind),
            crate_types: self.text(&inputs.crate_types),
            edition: self.text(&inputs.edition),
            mode: self.text(&inputs.mode),
            is_std: inputs.is_std,
            manifest: self.text(&inputs.manifest),
            observed: Text(0),
            published: 0,
        }
    }

    /// The index of a unit on its dependencies. Of a node that is there already a measured amount
    /// replaces an estimated one.
    pub fn node(&mut self, unit: UnitId, mut edges: Vec<Edge>, seconds: Amount, bytes: Amount) -> NodeId {
        edges.sort_by(|a, b| self.rank(a).cmp(&self.rank(b)));
        if let Some(known) = self.nodes.get(&(unit, edges.clone())) {
            let node = &mut self.trace.nodes[known.at()];
            for (old, new) in [(&mut node.seconds, seconds), (&mut node.bytes, bytes)] {
                if new.measured && !old.measured {
                    *old = new;
                }
            }
            return *known;
        }
        let id = NodeId(index(self.trace.nodes.len()));
        self.trace.edges.extend(&edges);
        self.trace.nodes.push(Node { unit, edges_end: index(self.trace.edges.len()), seconds, bytes });
        self.nodes.insert((unit, edges), id);
        id
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
