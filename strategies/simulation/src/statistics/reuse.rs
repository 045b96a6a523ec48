//! How much of a build another workspace would have built, too.
//!
//! A node is a unit on all that it depends on, so two workspaces have one in common exactly
//! when no key, however relaxed, could tell their units apart. Units of path packages are
//! never in common; they count among what is built.

use super::Sample;
use crate::random::Random;
use crate::trace::{NodeId, Plan, Trace};

use super::{is_local, share};

/// Up to so many workspaces every ordered pair is looked at, else as many random ones.
const ALL_PAIRS: usize = 150;

/// What development builds have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reuse {
    /// Share of a workspace's units that one other workspace has, too; over ordered pairs.
    pub units: Sample,
    /// The same, by seconds.
    pub seconds: Sample,
    /// Share of all units that any other workspace has, too.
    pub anywhere: f64,
}

impl Reuse {
    /// Looks at pairs of plans.
    pub(super) fn of(trace: &Trace, plans: &[&Plan]) -> Reuse {
        let foreign = |plan: &&Plan| -> Vec<NodeId> {
            let mut nodes: Vec<NodeId> = plan.nodes.iter().copied().filter(|node| !is_local(trace, *node)).collect();
            nodes.dedup();
            nodes
        };
        let sets: Vec<Vec<NodeId>> = plans.iter().map(foreign).collect();
        let seconds = |nodes: &[NodeId]| nodes.iter().map(|node| f64::from(trace.nodes[node.at()].seconds.value)).sum();
        let totals: Vec<f64> = plans.iter().map(|plan| seconds(&plan.nodes)).collect();
        let mut found = (Vec::new(), Vec::new());
        for (left, right) in pairs(plans.len()) {
            let common = common(&sets[left], &sets[right]);
            found.0.push(share(common.len() as f64, plans[left].nodes.len() as f64));
            found.1.push(share(seconds(&common), totals[left]));
        }
        let mut owners = vec![0u32; trace.nodes.len()];
        sets.iter().flatten().for_each(|node| owners[node.at()] += 1);
        let shared = sets.iter().flatten().filter(|node| owners[node.at()] > 1).count();
        let all: usize = plans.iter().map(|plan| plan.nodes.len()).sum();
        Reuse {
            units: found.0.into_iter().collect(),
            seconds: found.1.into_iter().collect(),
            anywhere: share(shared as f64, all as f64),
        }
    }
}

/// Ordered pairs of different indexes.
fn pairs(len: usize) -> Vec<(usize, usize)> {
    if len <= ALL_PAIRS {
        return (0..len)
            .flat_map(|left| (0..len).filter(move |right| *right != left).map(move |it| (left, it)))
            .collect();
    }
    let mut random = Random::new(len as u64);
    let mut pair = || {
        let left = random.below(len);
        let right = random.below(len - 1);
        (left, right + usize::from(right >= left))
    };
    (0..ALL_PAIRS * (ALL_PAIRS - 1)).map(|_| pair()).collect()
}

/// What two ascending lists both have.
fn common(left: &[NodeId], right: &[NodeId]) -> Vec<NodeId> {
    let mut rest = right.iter().copied().peekable();
    let mut has = |node: NodeId| {
        while rest.next_if(|it| *it < node).is_some() {}
        rest.peek() == Some(&node)
    };
    left.iter().copied().filter(|node| has(*node)).collect()
}
