//! Keys, replays and files of small random traces.

mod keys;
mod replay;
mod trace;

use crate::trace::{About, Amount, Edge, NodeId, Trace, TraceBuilder, TraceSource, TraceTask, UnitId};
use proptest::prelude::*;
use strategies::key::{Input, KeyInputs};

/// What one node of a random workspace is.
#[derive(Debug, Clone, Default)]
pub struct MadeUnit {
    pub package: u8,
    pub version: u8,
    pub features: u8,
    pub debug: u8,
    pub kind: u8,
    pub dependencies: Vec<prop::sample::Index>,
    pub seconds: f32,
}

/// A workspace: registry units, then a member on top of some of them.
pub type MadeWorkspace = Vec<MadeUnit>;

const KINDS: [(&str, &str); 5] = [
    ("lib", "build"),
    ("proc-macro", "build"),
    ("custom-build", "build"),
    ("custom-build", "run-custom-build"),
    ("lib", "check"),
];

fn made_unit() -> impl Strategy<Value = MadeUnit> {
    let dependencies = proptest::collection::vec(any::<prop::sample::Index>(), 0..4);
    (0u8..5, 0u8..3, 0u8..2, 0u8..2, 0u8..5, dependencies, 0.0f32..9.0).prop_map(
        |(package, version, features, debug, kind, dependencies, seconds)| MadeUnit {
            package,
            version,
            features,
            debug,
            kind,
            dependencies,
            seconds,
        },
    )
}

pub fn workspaces(most: usize) -> impl Strategy<Value = Vec<MadeWorkspace>> {
    proptest::collection::vec(proptest::collection::vec(made_unit(), 1..8), 1..=most)
}

/// The inputs of a registry unit.
fn registry(made_unit: &MadeUnit) -> KeyInputs {
    let (kind, mode) = KINDS[usize::from(made_unit.kind)];
    let (name, version) = (format!("p{}", made_unit.package), format!("1.{}.0", made_unit.version));
    let profile = format!(
        r#"{{"name":"dev","debuginfo":{},"opt_level":"0","debug_assertions":true,"overflow_checks":true}}"#,
        made_unit.debug
    );
    inputs([
        (Input::PackageName, name.clone()),
        (Input::PackageId, format!("registry+https://example.org/index#{name}@{version}")),
        (Input::Checksum, format!("sum of {name} {version}")),
        (Input::SourcePath, format!("abs:/home/registry/src/index/{name}-{version}/src/lib.rs")),
        (Input::Features, format!("f{}", made_unit.features)),
        (Input::Profile, profile),
        (Input::ProfileDirectory, "debug".into()),
        (Input::Toolchain, "rustc".into()),
        (Input::TargetName, name),
        (Input::TargetKind, kind.into()),
        (Input::CrateTypes, if kind == "lib" { "lib".into() } else { "bin".into() }),
        (Input::Edition, "2024".into()),
        (Input::Mode, mode.into()),
        (Input::Version, version),
    ])
}

fn inputs(texts: impl IntoIterator<Item = (Input, String)>) -> KeyInputs {
    let mut inputs = KeyInputs::default();
    texts.into_iter().for_each(|(input, text)| inputs[input] = text);
    inputs
}

/// A trace of one plan for each workspace.
pub fn trace(workspaces: &[MadeWorkspace]) -> Trace {
    let mut builder = TraceBuilder::default();
    for (at, workspace) in workspaces.iter().enumerate() {
        let id = builder.workspace(&format!("w{at}"));
        let mut nodes: Vec<NodeId> = Vec::new();
        for made_unit in workspace {
            let inputs = registry(made_unit);
            let node = add(&mut builder, &inputs, TraceSource::Registry, "", &nodes, made_unit);
            nodes.push(node);
        }
        // The member depends on everything.
        let inputs = inputs([
            (Input::PackageName, format!("m{at}")),
            (Input::Version, "0.1.0".into()),
            (Input::PackageId, format!("path ws: m{at} 0.1.0")),
            (Input::SourcePath, "ws:src/main.rs".into()),
            (Input::TargetName, format!("m{at}")),
            (Input::TargetKind, "bin".into()),
            (Input::Mode, "build".into()),
            (Input::Manifest, format!("manifest of m{at}")),
        ]);
        let all = MadeUnit { dependencies: Vec::new(), ..workspace[0].clone() };
        let unit = unit(&mut builder, &inputs, TraceSource::Path, "sources");
        let label = builder.text("dep ");
        let edges = distinct(&nodes).into_iter().map(|node| Edge { label, node }).collect();
        let root = node(&mut builder, unit, edges, all.seconds, 10.0);
        nodes.push(root);
        nodes.sort_unstable();
        nodes.dedup();
        builder.plan(id, TraceTask::Build, "dev", nodes, vec![root]);
    }
    builder.finish(About { title: "random".into(), ..About::default() })
}

fn add(
    builder: &mut TraceBuilder,
    inputs: &KeyInputs,
    source: TraceSource,
    observed: &str,
    before: &[NodeId],
    made_unit: &MadeUnit,
) -> NodeId {
    let unit = unit(builder, inputs, source, observed);
    let label = builder.text("dep ");
    let dependencies: Vec<NodeId> = match before.is_empty() {
        true => Vec::new(),
        false => distinct(&made_unit.dependencies.iter().map(|index| *index.get(before)).collect::<Vec<_>>()),
    };
    let edges = dependencies.into_iter().map(|node| Edge { label, node }).collect();
    node(builder, unit, edges, made_unit.seconds, 100.0)
}

fn node(builder: &mut TraceBuilder, unit: UnitId, edges: Vec<Edge>, seconds: f32, bytes: f32) -> NodeId {
    let node = builder.node(unit, edges);
    let amount = |value| Amount { value, measured: false };
    builder.cost(node, amount(seconds), amount(bytes));
    node
}

fn unit(builder: &mut TraceBuilder, inputs: &KeyInputs, source: TraceSource, observed: &str) -> UnitId {
    let observed = builder.text(observed);
    let unit = crate::trace::TraceUnit { observed, ..builder.unit_of(inputs, source) };
    builder.unit(unit)
}

fn distinct(nodes: &[NodeId]) -> Vec<NodeId> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
