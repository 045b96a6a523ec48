//! Which units of a plan are built for the program, and which for build scripts and proc macros.

use super::parts::{RoleShape, Side};
use crate::trace::{NodeId, Plan, Trace};

/// A plan's units, each with the sides that need it; a unit that both need is there twice.
pub(super) struct Walk {
    /// In the order of nodes, [`Side::Target`] first.
    pub found: Vec<(NodeId, Side)>,
}

/// The side on which a unit on one side needs a dependency.
///
/// A build script belongs to the side of its package, since its features do; what it is linked
/// from belongs to the host.
pub(super) fn below(shape: RoleShape, side: Side, dependency: RoleShape) -> Side {
    match (shape, dependency) {
        (RoleShape::Compile | RoleShape::Macro, RoleShape::Lib | RoleShape::Macro) => Side::Host,
        (_, RoleShape::Macro) => Side::Host,
        _ => side,
    }
}

impl Walk {
    /// Walks a plan from its roots downwards.
    pub(super) fn of(trace: &Trace, plan: &Plan) -> Walk {
        let mut nodes = plan.nodes.clone();
        nodes.dedup();
        let mut seen = vec![[false; 2]; nodes.len()];
        let shape = |node: NodeId| RoleShape::of(trace, trace.unit(node));
        for root in &plan.roots {
            let side = if shape(*root) == RoleShape::Macro { Side::Host } else { Side::Target };
            if let Ok(at) = nodes.binary_search(root) {
                seen[at][side.at()] = true;
            }
        }
        // Dependents stand behind what they depend on.
        for at in (0..nodes.len()).rev() {
            let above = shape(nodes[at]);
            for side in Side::BOTH.into_iter().filter(|side| seen[at][side.at()]).collect::<Vec<_>>() {
                for edge in trace.edges(nodes[at]) {
                    if let Ok(below_at) = nodes.binary_search(&edge.node) {
                        seen[below_at][below(above, side, shape(edge.node)).at()] = true;
                    }
                }
            }
        }
        let found = nodes
            .iter()
            .zip(&seen)
            .flat_map(|(node, seen)| Side::BOTH.into_iter().filter(|side| seen[side.at()]).map(|side| (*node, side)));
        Walk { found: found.collect() }
    }
}
