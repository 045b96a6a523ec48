//! What the tables of a trace say of a thing.

use strategies::key::{Input, KeyInputs};

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
    pub fn inputs(&self, unit: &Unit) -> KeyInputs {
        let (mut inputs, mut unit) = (KeyInputs::default(), *unit);
        for input in Input::of_unit() {
            if let Some(text) = unit.input(input) {
                inputs[input].push_str(self.text(*text));
            }
        }
        inputs[Input::BuildStd] = if unit.is_std { "std" } else { "" }.to_owned();
        inputs
    }
}
