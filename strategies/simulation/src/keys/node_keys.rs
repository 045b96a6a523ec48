//! The key of each node.
//!
//! The inputs of a unit are relaxed and hashed with the keys of its dependencies by the code that does so for a real
//! store. Only the last step differs: keys are numbered, since a replay compares them millions of times.

use indexmap::IndexSet;
use strategies::key::{ContentDigest, Digest, FieldHasher, Input, Key, KeyInputs, KeyOptions, base_key, final_key};

use super::{KeyDesign, RelaxationEffect};
use crate::trace::{Edge, NodeId, Text, Trace};

/// The number of a key: equal for nodes that one artifact can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// The number of a node without a key.
    const NONE: KeyId = KeyId(u32::MAX);

    /// The number as an index.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The keys of all nodes that some design with these relaxations admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    ids: Vec<KeyId>,
    /// The number of distinct keys.
    pub count: usize,
    /// A dependency counts by what it exports alone.
    pub cutoff: bool,
    /// What depends on a path package has a key of its workspace alone.
    pub by_workspace: bool,
}

/// Everything that decides keys: designs that differ only in what they admit share it.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyClass {
    names: Vec<&'static str>,
    changes: Vec<fn(&mut KeyInputs)>,
    cutoff: bool,
    by_workspace: bool,
}

impl KeyClass {
    pub fn of(design: &KeyDesign) -> KeyClass {
        let mut class = KeyClass::default();
        for relaxation in &design.relaxations {
            match relaxation.effect {
                RelaxationEffect::Inputs(change) => class.changes.push(change),
                RelaxationEffect::Cutoff => class.cutoff = true,
                RelaxationEffect::Workspace => class.by_workspace = true,
                RelaxationEffect::Waive(_) | RelaxationEffect::Impose(_) => continue,
            }
            class.names.push(relaxation.name);
        }
        class
    }

    pub fn is_same(&self, other: &KeyClass) -> bool {
        self.names == other.names
    }
}

impl Keys {
    /// The key of a node, if a design it was made for admits the node.
    pub fn of(&self, node: NodeId) -> Option<KeyId> {
        Some(self.ids[node.at()]).filter(|id| *id != KeyId::NONE)
    }

    /// Makes the keys of the nodes that are wanted; the dependencies of such a node are wanted, too.
    pub(super) fn make(trace: &Trace, class: &KeyClass, wanted: &[bool]) -> Keys {
        let mut units: Vec<Option<RelaxedUnit>> = vec![None; trace.units.len()];
        let mut keys: Vec<Key> = vec![Key::of(b""); trace.nodes.len()];
        let mut distinct: IndexSet<Key> = IndexSet::new();
        let mut ids = vec![KeyId::NONE; trace.nodes.len()];
        let mut dependencies = Vec::new();
        for (at, node) in trace.nodes.iter().enumerate().filter(|(at, _)| wanted[*at]) {
            let id = NodeId(at as u32);
            if units[node.unit.at()].is_none() {
                units[node.unit.at()] = Some(RelaxedUnit::of(trace, node.unit.at(), class));
            }
            dependencies.clear();
            for edge in trace.edges(id) {
                let key = keys[edge.node.at()];
                dependencies.push(match class.cutoff {
                    true => (edge, Key::of(b""), exports(trace, edge.node, &units)),
                    false => (edge, key, ContentDigest(*key)),
                });
            }
            in_order(trace, &mut dependencies);
            let Some(own) = &units[node.unit.at()] else { continue };
            let edges = dependencies.iter().map(|(edge, key, content)| (trace.text(edge.label), *key, *content));
            keys[at] = final_key(&base_key(&own.digest, edges, &KeyOptions::default()), own.observed.as_ref());
            ids[at] = KeyId(distinct.insert_full(keys[at]).0 as u32);
        }
        Keys { ids, count: distinct.len(), cutoff: class.cutoff, by_workspace: class.by_workspace }
    }
}

/// A unit with its inputs relaxed.
#[derive(Debug, Clone)]
struct RelaxedUnit {
    /// Digest of its own inputs.
    digest: Digest,
    observed: Option<Digest>,
    /// What it would export, if its package, version, features, target and mode decided that.
    interface: ContentDigest,
}

impl RelaxedUnit {
    fn of(trace: &Trace, at: usize, class: &KeyClass) -> RelaxedUnit {
        let unit = &trace.units[at];
        let mut inputs = trace.inputs(unit);
        class.changes.iter().for_each(|change| change(&mut inputs));
        let mut interface = FieldHasher::new("interface");
        for input in [
            Input::PackageName,
            Input::TargetKind,
            Input::TargetName,
            Input::Mode,
            Input::PackageId,
            Input::Checksum,
            Input::Features,
            Input::Platform,
            Input::Toolchain,
        ] {
            interface.field(input.info().name, &inputs[input]);
        }
        let observed = Some(unit.observed).filter(|text| *text != Text(0));
        RelaxedUnit {
            observed: observed.map(|text| Digest::of(trace.text(text).as_bytes())),
            interface: ContentDigest(interface.finish()),
            digest: inputs.own_digest(),
        }
    }
}

/// What a dependency exports under early cutoff. It comes before its dependents, so its unit is known.
fn exports(trace: &Trace, node: NodeId, units: &[Option<RelaxedUnit>]) -> ContentDigest {
    units[trace.nodes[node.at()].unit.at()].as_ref().map_or_else(|| ContentDigest::of(b""), |unit| unit.interface)
}

/// Orders edges as a real key does: those with one package and one label by their keys. All others are in order
/// already.
fn in_order(trace: &Trace, dependencies: &mut [(&Edge, Key, ContentDigest)]) {
    let same =
        |a: &Edge, b: &Edge| a.label == b.label && trace.unit(a.node).package_name == trace.unit(b.node).package_name;
    for equal in dependencies.chunk_by_mut(|a, b| same(a.0, b.0)) {
        equal.sort_by_key(|(_, key, content)| (*key, *content));
    }
}
