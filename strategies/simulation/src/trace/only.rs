//! A smaller trace from a larger one.

use super::{Builder, Edge, NodeId, Plan, Text, Trace, Unit};

impl Trace {
    /// The plans for which `keep` says so, with what they need and nothing else; events are left
    /// behind.
    pub fn only(&self, keep: impl Fn(&Plan) -> bool) -> Trace {
        let mut builder = Builder::default();
        for workspace in &self.workspaces {
            builder.workspace(self.text(workspace.name), workspace.locked);
        }
        let mut moved: Vec<Option<NodeId>> = vec![None; self.nodes.len()];
        for plan in self.plans.iter().filter(|plan| keep(plan)) {
            for node in &plan.nodes {
                if moved[node.at()].is_none() {
                    moved[node.at()] = Some(self.copy(*node, &moved, &mut builder));
                }
            }
            let all = |nodes: &[NodeId]| nodes.iter().filter_map(|node| moved[node.at()]).collect();
            builder.plan(plan.workspace, plan.task, self.text(plan.profile), all(&plan.nodes), all(&plan.roots));
        }
        builder.finish(self.about.clone())
    }

    fn copy(&self, node: NodeId, moved: &[Option<NodeId>], builder: &mut Builder) -> NodeId {
        let old = self.unit(node);
        let mut text = |text: Text| builder.text(self.text(text));
        let unit = Unit {
            name: text(old.name),
            package_name: text(old.package_name),
            version: text(old.version),
            package: text(old.package),
            checksum: text(old.checksum),
            path: text(old.path),
            features: text(old.features),
            profile: text(old.profile),
            directory: text(old.directory),
            platform: text(old.platform),
            toolchain: text(old.toolchain),
            flags: text(old.flags),
            target: text(old.target),
            kind: text(old.kind),
            crate_types: text(old.crate_types),
            edition: text(old.edition),
            mode: text(old.mode),
            manifest: text(old.manifest),
            observed: text(old.observed),
            ..*old
        };
        let unit = builder.unit(unit);
        let edges = self.edges(node).iter();
        let edges = edges
            .filter_map(|edge| Some(Edge { label: builder.text(self.text(edge.label)), node: moved[edge.node.at()]? }));
        let edges = edges.collect();
        let it = self.nodes[node.at()];
        builder.node(unit, edges, it.seconds, it.bytes)
    }
}
