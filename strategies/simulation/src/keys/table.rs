//! The key of each node.
//!
//! A unit's inputs are relaxed, digested and hashed with its dependencies' keys,
//! each by the code that does so for a real store. Only the last step differs: keys are numbered,
//! equal keys alike, since a replay compares them millions of times.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use strategies::key::{ContentDigest, Digest, FieldHasher, Input, Key, KeyInputs, KeyOptions, base_key, final_key};

use super::{Design, Effect};
use crate::trace::{Edge, NodeId, Text, Trace};

/// The number of a key: equal for nodes that one artifact can stand for.
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
    /// How many distinct keys there are.
    pub count: usize,
    /// A dependency counts by what it hands over alone.
    pub cutoff: bool,
    /// Whatever stands on a path package is told apart by workspace.
    pub by_workspace: bool,
}

/// What decides keys: designs that differ only in what they admit share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Recasting {
    names: Vec<&'static str>,
    changes: Vec<fn(&mut KeyInputs)>,
    cutoff: bool,
    by_workspace: bool,
}

impl Recasting {
    pub fn of(design: &Design) -> Recasting {
        let mut recasting = Recasting::default();
        for relaxation in &design.relaxations {
            match relaxation.effect {
                Effect::Inputs(change) => recasting.changes.push(change),
                Effect::Cutoff => recasting.cutoff = true,
                Effect::Workspace => recasting.by_workspace = true,
                Effect::Waive(_) | Effect::Impose(_) => continue,
            }
            recasting.names.push(relaxation.name);
        }
        recasting
    }

    pub fn is_like(&self, other: &Recasting) -> bool {
        self.names == other.names
    }
}

impl Keys {
    /// The key of a node, if a design it was made for admits the node.
    pub fn of(&self, node: NodeId) -> Option<KeyId> {
        Some(self.ids[node.at()]).filter(|id| *id != KeyId::NONE)
    }

    /// Makes the keys of the nodes that are wanted; with a node every one below it is.
    pub(super) fn make(trace: &Trace, recasting: &Recasting, wanted: &[bool]) -> Keys {
        let mut units: Vec<Option<Cast>> = vec![None; trace.units.len()];
        let mut keys: Vec<Key> = vec![Key::of(b""); trace.nodes.len()];
        let mut numbers: HashMap<u64, KeyId, BuildHasherDefault<Plain>> = HashMap::default();
        let mut ids = vec![KeyId::NONE; trace.nodes.len()];
        let mut dependencies = Vec::new();
        for (at, node) in trace.nodes.iter().enumerate().filter(|(at, _)| wanted[*at]) {
            let id = NodeId(at as u32);
            if units[node.unit.at()].is_none() {
                units[node.unit.at()] = Some(cast(trace, node.unit.at(), recasting));
            }
            dependencies.clear();
            for edge in trace.edges(id) {
                let key = keys[edge.node.at()];
                dependencies.push(match recasting.cutoff {
                    true => (edge, Key::of(b""), exported(trace, edge.node, &units)),
                    false => (edge, key, ContentDigest(*key)),
                });
            }
            in_order(trace, &mut dependencies);
            let Some(own) = &units[node.unit.at()] else { continue };
            let below = dependencies.iter().map(|(edge, key, content)| (trace.text(edge.label), *key, *content));
            let key = final_key(&base_key(&own.digest, below, &KeyOptions::default()), own.observed.as_ref());
            keys[at] = key;
            let next = KeyId(numbers.len() as u32);
            ids[at] = *numbers.entry(short(&key)).or_insert(next);
        }
        Keys { ids, count: numbers.len(), cutoff: recasting.cutoff, by_workspace: recasting.by_workspace }
    }
}

/// A unit with its inputs relaxed.
#[derive(Debug, Clone)]
struct Cast {
    /// Of its own inputs.
    digest: Digest,
    observed: Option<Digest>,
    /// What it would export, if its package, version, features, target and mode decided that.
    interface: ContentDigest,
}

fn cast(trace: &Trace, at: usize, recasting: &Recasting) -> Cast {
    let unit = &trace.units[at];
    let mut inputs = trace.inputs(unit);
    recasting.changes.iter().for_each(|change| change(&mut inputs));
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
    Cast {
        observed: observed.map(|text| Digest::of(trace.text(text).as_bytes())),
        interface: ContentDigest(interface.finish()),
        digest: inputs.own_digest(),
    }
}

/// What a dependency exports under early cutoff. It comes before its dependents, so its unit
/// is known.
fn exported(trace: &Trace, node: NodeId, units: &[Option<Cast>]) -> ContentDigest {
    units[trace.nodes[node.at()].unit.at()].as_ref().map_or_else(|| ContentDigest::of(b""), |cast| cast.interface)
}

/// Edges of one package under one label are told apart by their keys, as for a real store; all
/// others are in order already.
fn in_order(trace: &Trace, dependencies: &mut [(&Edge, Key, ContentDigest)]) {
    let same =
        |a: &Edge, b: &Edge| a.label == b.label && trace.unit(a.node).package_name == trace.unit(b.node).package_name;
    let mut start = 0;
    for end in 1..=dependencies.len() {
        if end == dependencies.len() || !same(dependencies[start].0, dependencies[end].0) {
            if end - start > 1 {
                dependencies[start..end].sort_by_key(|(_, key, content)| (*key, *content));
            }
            start = end;
        }
    }
}

/// The first 64 bits: among ten million keys two share them once in 370,000 traces.
fn short(key: &Key) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key.bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// Takes what is a hash already as it is.
#[derive(Default)]
struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
