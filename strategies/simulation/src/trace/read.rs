//! What the tables of a trace say of a thing.

use strategies::key::Inputs;

use super::{Edge, NodeId, Plan, Source, Text, Trace, Unit};

impl Trace {
    /// A string.
    pub fn text(&self, text: Text) -> &str {
        self.strings.get(text.at()).map_or("", String::as_str)
    }

    /// The unit of a node.
    pub fn unit(&self, node: NodeId) -> &Unit {
        &self.units[self.nodes[node.at()].unit.at()]
    }

    /// The dependencies of a node.
    pub fn edges(&self, node: NodeId) -> &[Edge] {
        let first = node.at().checked_sub(1).map_or(0, |before| self.nodes[before].edges_end);
        &self.edges[first as usize..self.nodes[node.at()].edges_end as usize]
    }

    /// Of each node, whether it is of a path package or stands on one.
    pub fn on_path_packages(&self) -> Vec<bool> {
        let mut on = Vec::with_capacity(self.nodes.len());
        for at in 0..self.nodes.len() {
            let node = NodeId(at as u32);
            let below = self.edges(node).iter().any(|edge| on[edge.node.at()]);
            on.push(below || self.unit(node).source == Source::Path);
        }
        on
    }

    /// A plan's label: `release build`, `dev test`.
    pub fn command(&self, plan: &Plan) -> String {
        format!("{} {}", self.text(plan.profile), plan.task.as_str())
    }

    /// How many units all plans run together.
    pub fn unit_builds(&self) -> u64 {
        self.plans.iter().map(|plan| plan.nodes.len() as u64).sum()
    }

    /// The inputs of a unit's key.
    pub fn inputs(&self, unit: &Unit) -> Inputs {
        let text = |text: Text| self.text(text).to_owned();
        Inputs {
            name: text(unit.name),
            version: text(unit.version),
            package: text(unit.package),
            checksum: text(unit.checksum),
            path: text(unit.path),
            features: text(unit.features),
            profile: text(unit.profile),
            directory: text(unit.directory),
            platform: text(unit.platform),
            toolchain: text(unit.toolchain),
            flags: text(unit.flags),
            target: text(unit.target),
            kind: text(unit.kind),
            crate_types: text(unit.crate_types),
            edition: text(unit.edition),
            mode: text(unit.mode),
            is_std: unit.is_std,
            manifest: text(unit.manifest),
        }
    }
}
