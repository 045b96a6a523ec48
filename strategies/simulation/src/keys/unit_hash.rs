//! Cargo's hash of a unit, which names its directory: what is in it, as far as a trace has it.
//!
//! The hash itself is in no unit graph. Two nodes with one number here have one directory in Cargo's layout; of RUSTFLAGS
//! and the configuration that reaches rustc a trace has one digest, so nodes whose `[env]` alone differs are taken for
//! two. `harness simulate --check` compares what follows with real builds.

use indexmap::IndexSet;
use strategies::key::{Digest, FieldHasher, Input};

use super::relaxation::without_fields;
use crate::trace::{NodeId, Trace, TraceUnit};

/// What Cargo hashes of a unit by itself. Its dependencies' hashes follow, without the names of edges. Source paths,
/// manifests, checksums and everything that is read are not in it.
const HASHED: [Input; 13] = [
    Input::Toolchain,
    Input::Platform,
    Input::Profile,
    Input::Lto,
    Input::ProfileDirectory,
    Input::Features,
    Input::Flags,
    Input::PackageName,
    Input::PackageId,
    Input::TargetName,
    Input::TargetKind,
    Input::Mode,
    Input::BuildStd,
];

/// Of each node the number of its unit hash.
pub(crate) fn unit_hashes(trace: &Trace) -> Vec<u32> {
    let own_hash = |unit: &TraceUnit| {
        let mut hasher = FieldHasher::new("unit hash");
        for input in HASHED {
            let text = trace.text(unit[input]);
            match input {
                // The name is not hashed: `dev` and `test` are one profile.
                Input::Profile => hasher.field(input.info().name, without_fields(text, &["name"])),
                _ => hasher.field(input.info().name, text),
            };
        }
        hasher.finish()
    };
    let own: Vec<Digest> = trace.units.iter().map(own_hash).collect();
    let mut distinct = IndexSet::new();
    let mut hashes: Vec<u32> = Vec::with_capacity(trace.nodes.len());
    for (at, node) in trace.nodes.iter().enumerate() {
        let mut dependencies: Vec<u32> =
            trace.edges(NodeId(at as u32)).iter().map(|edge| hashes[edge.node.at()]).collect();
        dependencies.sort_unstable();
        hashes.push(distinct.insert_full((own[node.unit.at()], dependencies)).0 as u32);
    }
    hashes
}
