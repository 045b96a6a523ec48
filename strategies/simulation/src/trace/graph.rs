//! A plan as the unit graph that key policies look at.

use std::collections::HashMap;
use std::path::PathBuf;

use strategies::graph::{Dependency, Graph, Lto, Mode, PackageId, PackageSource, Profile, Unit, UnitTarget};

use super::{NodeId, Text, Trace, TracePlan, TraceSource, TraceUnit};

impl Trace {
    /// The unit graph of a plan; unit `n` of it is `plan.nodes[n]`.
    pub fn graph(&self, plan: &TracePlan) -> Graph {
        let mut at: HashMap<NodeId, usize> = HashMap::with_capacity(plan.nodes.len());
        for (index, node) in plan.nodes.iter().enumerate() {
            at.entry(*node).or_insert(index);
        }
        let mut profiles = HashMap::new();
        let units = plan.nodes.iter().map(|node| {
            let unit = self.unit(*node);
            let edges = self.edges(*node).iter().filter_map(|edge| Some((edge, *at.get(&edge.node)?)));
            let dependencies = edges.map(|(edge, index)| {
                let (name, flags) = self.text(edge.label).split_once(' ').unwrap_or((self.text(edge.label), ""));
                Dependency { index, extern_name: name.to_owned(), flags: flags.to_owned() }
            });
            let dependencies = dependencies.collect();
            let profile = profiles.entry(unit.profile).or_insert_with(|| profile(self.text(unit.profile))).clone();
            self.graph_unit(unit, profile, dependencies)
        });
        let units: Vec<Unit> = units.collect();
        let roots = plan.roots.iter().filter_map(|root| at.get(root).copied()).collect();
        // Ascending nodes are in the order of building.
        let order = (0..units.len()).collect();
        Graph { units, roots, order }
    }

    fn graph_unit(&self, unit: &TraceUnit, profile: Profile, dependencies: Vec<Dependency>) -> Unit {
        let text = |text: Text| self.text(text).to_owned();
        let list = |text: Text| self.text(text).split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        Unit {
            package: PackageId {
                raw: text(unit.package),
                name: text(unit.package_name),
                version: text(unit.version),
                source: match unit.source {
                    TraceSource::Registry => PackageSource::Registry,
                    TraceSource::Git => PackageSource::Git,
                    TraceSource::Path => PackageSource::Path(PathBuf::from(self.text(unit.package))),
                },
            },
            target: UnitTarget {
                kind: list(unit.kind),
                crate_types: list(unit.crate_types),
                name: text(unit.target),
                src_path: text(unit.path),
                edition: text(unit.edition),
            },
            profile,
            profile_text: text(unit.profile),
            lto: Lto::default(),
            platform: Some(text(unit.platform)).filter(|triple| !triple.is_empty()),
            mode: Mode::of(self.text(unit.mode)),
            features: list(unit.features),
            is_std: unit.is_std,
            dependencies,
        }
    }
}

/// The fields of a profile that Cargo printed; what cannot be read has none of them.
fn profile(text: &str) -> Profile {
    serde_json::from_str(text).unwrap_or_else(|_| Profile {
        name: String::new(),
        opt_level: String::new(),
        lto: String::new(),
        debuginfo: serde_json::Value::Null,
        debug_assertions: false,
        overflow_checks: false,
    })
}
