//! Reads `cargo build --unit-graph -Zunstable-options` (format version 1, documented in
//! Cargo's unstable features chapter, "unit-graph").

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Dependency, Graph, Lto, Mode, PackageId, Profile, Unit, UnitTarget, lto};

const DOCTEST: &str = "doctest";

/// Why a unit graph could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// The text is not the JSON this format is made of.
    #[error("cannot read cargo's unit graph: {0}; is this cargo supported? see `harness doctor`")]
    Json(#[from] serde_json::Error),
    /// The format is another one.
    #[error("cargo's unit graph has format version {0}, this harness reads version 1")]
    Version(u32),
    /// An edge leads nowhere or in a circle.
    #[error("cargo's unit graph is inconsistent: {0}")]
    Broken(String),
}

#[derive(Deserialize)]
struct RawGraph<'a> {
    version: u32,
    #[serde(borrow)]
    units: Vec<RawUnit<'a>>,
    roots: Vec<usize>,
}

#[derive(Deserialize)]
struct RawUnit<'a> {
    pkg_id: String,
    target: UnitTarget,
    #[serde(borrow)]
    profile: &'a RawValue,
    platform: Option<String>,
    mode: String,
    features: Vec<String>,
    #[serde(default)]
    is_std: bool,
    dependencies: Vec<RawDependency>,
}

#[derive(Deserialize)]
struct RawDependency {
    index: usize,
    extern_crate_name: String,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    noprelude: bool,
    #[serde(default)]
    nounused: bool,
}

impl RawGraph<'_> {
    /// Takes out what `cargo test` has rustdoc compile while it runs the tests: it has no directory, and nothing depends on it.
    fn drop_doctests(&mut self) {
        if self.units.iter().all(|unit| unit.mode != DOCTEST) {
            return;
        }
        let mut kept = 0;
        let numbers: Vec<Option<usize>> = self
            .units
            .iter()
            .map(|unit| {
                let number = (unit.mode != DOCTEST).then_some(kept);
                kept += usize::from(number.is_some());
                number
            })
            .collect();
        // One that leads nowhere still does.
        let renumbered = |index: usize| numbers.get(index).map_or(Some(index), |number| *number);
        self.roots = self.roots.iter().filter_map(|root| renumbered(*root)).collect();
        self.units.retain(|unit| unit.mode != DOCTEST);
        for unit in &mut self.units {
            unit.dependencies.retain_mut(|dependency| {
                let number = renumbered(dependency.index);
                dependency.index = number.unwrap_or_default();
                number.is_some()
            });
        }
    }
}

impl Graph {
    /// Parses the JSON Cargo printed.
    ///
    /// # Errors
    /// When the text is not a version 1 unit graph, or its edges are inconsistent.
    pub fn parse(json: &str) -> Result<Graph, GraphError> {
        let mut raw: RawGraph<'_> = serde_json::from_str(json)?;
        if raw.version != 1 {
            return Err(GraphError::Version(raw.version));
        }
        raw.drop_doctests();
        // A graph of hundreds of units has three or four different profiles.
        let mut profiles = HashMap::new();
        let units = raw.units.into_iter().map(|raw| unit(raw, &mut profiles)).collect::<Result<Vec<_>, _>>()?;
        Graph::new(units, raw.roots)
    }

    /// Orders units so that dependencies come first, and decides on their link-time optimisation.
    ///
    /// # Errors
    /// When an edge or a root leads nowhere, or the edges form a circle.
    pub fn new(mut units: Vec<Unit>, roots: Vec<usize>) -> Result<Graph, GraphError> {
        let order = topological_order(&units)?;
        if let Some(root) = roots.iter().find(|root| **root >= units.len()) {
            return Err(GraphError::Broken(format!("root {root} does not exist")));
        }
        for (at, lto) in lto::decide(&units, &roots).into_iter().enumerate() {
            units[at].lto = lto;
        }
        Ok(Graph { units, roots, order })
    }
}

fn unit<'a>(raw: RawUnit<'a>, profiles: &mut HashMap<&'a str, Profile>) -> Result<Unit, GraphError> {
    let text = raw.profile.get();
    let profile = match profiles.get(text) {
        Some(known) => known.clone(),
        None => profiles.entry(text).or_insert(serde_json::from_str(text)?).clone(),
    };
    Ok(Unit {
        package: PackageId::parse(&raw.pkg_id),
        target: raw.target,
        profile,
        profile_text: raw.profile.get().to_owned(),
        lto: Lto::default(),
        platform: raw.platform,
        mode: Mode::of(&raw.mode),
        features: raw.features,
        is_std: raw.is_std,
        dependencies: raw.dependencies.into_iter().map(dependency).collect(),
    })
}

fn dependency(raw: RawDependency) -> Dependency {
    let flags = [(raw.public, "public"), (raw.noprelude, "noprelude"), (raw.nounused, "nounused")];
    Dependency {
        index: raw.index,
        extern_name: raw.extern_crate_name,
        flags: flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect::<Vec<_>>().join(","),
    }
}

/// Depth-first post-order without recursion: deep graphs must not overflow the stack.
fn topological_order(units: &[Unit]) -> Result<Vec<usize>, GraphError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; units.len()];
    let mut order = Vec::with_capacity(units.len());
    for start in 0..units.len() {
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            if next == 0 {
                if marks[at] != Mark::New {
                    continue;
                }
                marks[at] = Mark::Open;
            }
            match units[at].dependencies.get(next) {
                Some(dependency) => {
                    let to = dependency.index;
                    stack.push((at, next + 1));
                    match marks.get(to) {
                        Some(Mark::New) => stack.push((to, 0)),
                        Some(Mark::Done) => {}
                        Some(Mark::Open) => {
                            return Err(GraphError::Broken(format!("unit {at} depends on itself through {to}")));
                        }
                        None => return Err(GraphError::Broken(format!("unit {at} depends on unknown unit {to}"))),
                    }
                }
                None => {
                    marks[at] = Mark::Done;
                    order.push(at);
                }
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A unit graph in Cargo's format; each unit is `(pkg_id, kind, mode, dependencies)`.
    pub(crate) fn graph_json(units: &[(&str, &str, &str, &[usize])]) -> String {
        let units: Vec<_> = units
            .iter()
            .map(|(id, kind, mode, deps)| {
                let deps: Vec<_> = deps
                    .iter()
                    .map(|index| serde_json::json!({"index": index, "extern_crate_name": format!("d{index}"), "public": false, "noprelude": false}))
                    .collect();
                serde_json::json!({
                    "pkg_id": id,
                    "target": {"kind": [kind], "crate_types": [if *kind == "custom-build" {"bin"} else {kind}],
                        "name": if *kind == "custom-build" {"build-script-build"} else {"t"},
                        "src_path": "/src/lib.rs", "edition": "2021"},
                    "profile": {"name": "dev", "opt_level": "0", "debuginfo": 2, "debug_assertions": true, "overflow_checks": true},
                    "platform": null, "mode": mode, "features": [], "dependencies": deps,
                })
            })
            .collect();
        serde_json::json!({"version": 1, "units": units, "roots": [units.len() - 1]}).to_string()
    }

    #[test]
    fn dependencies_come_before_dependents() {
        let json = graph_json(&[
            ("path+file:///w#a@1.0.0", "bin", "build", &[2, 1]),
            ("registry+x#b@1.0.0", "lib", "build", &[2]),
            ("registry+x#c@1.0.0", "lib", "build", &[]),
        ]);
        let graph = Graph::parse(&json).unwrap();
        assert_eq!(graph.order, [2, 1, 0]);
        assert!(graph.units[0].is_local() && !graph.units[1].is_local());
    }

    #[test]
    fn a_doctest_is_no_unit() {
        let json = graph_json(&[
            ("path+file:///w#a@1.0.0", "lib", "doctest", &[1]),
            ("path+file:///w#a@1.0.0", "lib", "build", &[3]),
            ("path+file:///w#a@1.0.0", "lib", "doctest", &[1]),
            ("registry+x#c@1.0.0", "lib", "build", &[]),
            ("path+file:///w#a@1.0.0", "lib", "test", &[3]),
        ]);
        let graph = Graph::parse(&json).unwrap();
        assert_eq!((graph.order, graph.roots), (vec![1, 0, 2], vec![2]));
        assert_eq!(graph.units[0].dependencies[0].index, 1);
    }

    #[test]
    fn circles_and_dangling_edges_are_refused() {
        let circle =
            graph_json(&[("registry+x#a@1.0.0", "lib", "build", &[1]), ("registry+x#b@1.0.0", "lib", "build", &[0])]);
        assert!(matches!(Graph::parse(&circle), Err(GraphError::Broken(_))));
        let dangling = graph_json(&[("registry+x#a@1.0.0", "lib", "build", &[7])]);
        assert!(matches!(Graph::parse(&dangling), Err(GraphError::Broken(_))));
        assert!(matches!(Graph::parse(r#"{"version":9,"units":[],"roots":[]}"#), Err(GraphError::Version(9))));
        assert!(matches!(Graph::parse("not json"), Err(GraphError::Json(_))));
    }
}
