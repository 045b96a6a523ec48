//! Key policies: what may be cached.
//!
//! A policy looks at a unit and its surroundings and either admits it or names the rule
//! that refuses it. Every policy is closed downwards: what an admitted unit depends on is
//! admitted too, else its key could not be computed. A new policy is a file here and a
//! line in [`ALL`].

mod aggressive;
mod conservative;
mod facts;
mod non_local;

use std::fmt::Debug;

use crate::graph::{Graph, Mode, Unit, UnitIndex};

pub use facts::Facts;

/// Why a unit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Stable name, as written into records.
    pub name: &'static str,
    /// What it refuses, in a sentence.
    pub about: &'static str,
}

/// What may be cached.
pub trait KeyPolicy: Debug + Sync {
    /// Stable name.
    fn name(&self) -> &'static str;
    /// What it admits and why, in a few sentences.
    fn about(&self) -> &'static str;
    /// Every rule it can refuse by, in the order they are asked.
    fn rules(&self) -> &'static [Rule];
    /// Whether each of the rules refuses a unit of a kind every policy knows.
    fn verdicts(&self, graph: &Graph, index: UnitIndex, facts: &Facts) -> Vec<bool>;
}

/// Every policy, from the most careful to the boldest.
pub static ALL: [&dyn KeyPolicy; 3] = [&conservative::Conservative, &non_local::NonLocal, &aggressive::Aggressive];

/// A mode whose outputs no policy understands.
pub static UNKNOWN_MODE: Rule =
    Rule { name: "unknown-mode", about: "documentation and other modes than build, check, test and build-script run" };

/// Whether each unit of a graph is admitted, and by which rule it is not.
pub fn admission(policy: &dyn KeyPolicy, graph: &Graph) -> Vec<Option<&'static Rule>> {
    admission_waiving(policy, graph, |_, _| false)
}

/// As [`admission`], with rules waived for some units: what a policy would admit without them.
pub fn admission_waiving(
    policy: &dyn KeyPolicy,
    graph: &Graph,
    waived: impl Fn(&Rule, &Unit) -> bool,
) -> Vec<Option<&'static Rule>> {
    let facts = Facts::of(graph);
    let mut refused: Vec<Option<&'static Rule>> = vec![None; graph.units.len()];
    for &index in &graph.order {
        let unit = &graph.units[index];
        refused[index] = match unit.mode {
            Mode::Other(_) => Some(&UNKNOWN_MODE),
            _ => {
                let verdicts = policy.verdicts(graph, index, &facts);
                let mut refusing = policy.rules().iter().zip(verdicts).filter(|(_, refuses)| *refuses);
                refusing.find(|(rule, _)| !waived(rule, unit)).map(|(rule, _)| rule)
            }
        };
        // Closure downwards holds by the policies' own rules; this keeps it for units
        // below which something of an unknown mode lies.
        if refused[index].is_none() {
            refused[index] = unit.dependencies.iter().find_map(|edge| refused[edge.index]);
        }
    }
    refused
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::graph::parse::tests::graph_json;
    use proptest::prelude::*;

    /// A member on top of a library with a build script, a proc macro, and a plain library.
    pub(crate) fn sample() -> Graph {
        Graph::parse(&graph_json(&[
            ("registry+x#plain@1.0.0", "lib", "build", &[]),
            ("registry+x#scripted@1.0.0", "custom-build", "build", &[0]),
            ("registry+x#scripted@1.0.0", "custom-build", "run-custom-build", &[1]),
            ("registry+x#scripted@1.0.0", "lib", "build", &[2]),
            ("registry+x#macro@1.0.0", "proc-macro", "build", &[0]),
            ("registry+x#user@1.0.0", "lib", "build", &[4]),
            ("registry+x#onscript@1.0.0", "lib", "build", &[3]),
            ("path+file:///w/helper#0.1.0", "lib", "build", &[0]),
            ("git+file:///r#patched@1.0.0", "lib", "build", &[7]),
            ("path+file:///w#0.1.0", "bin", "build", &[0, 5, 6, 8]),
        ]))
        .unwrap()
    }

    fn rules(name: &str) -> Vec<&'static str> {
        let policy = ALL.iter().find(|policy| policy.name() == name).unwrap();
        admission(*policy, &sample()).into_iter().map(|rule| rule.map_or("", |rule| rule.name)).collect()
    }

    #[test]
    fn each_rung_of_the_ladder_admits_more() {
        assert_eq!(
            rules("conservative"),
            [
                "",
                "build-script",
                "build-script",
                "build-script",
                "proc-macro",
                "below-proc-macro",
                "below-build-script",
                "local-package",
                "below-local-package",
                "local-package"
            ]
        );
        assert_eq!(
            rules("non-local"),
            ["", "", "", "", "", "", "", "local-package", "below-local-package", "local-package"]
        );
        assert_eq!(rules("aggressive"), [""; 10]);
    }

    #[test]
    fn every_rule_that_refuses_is_listed() {
        for policy in ALL {
            for rule in admission(policy, &sample()).into_iter().flatten() {
                assert!(policy.rules().contains(rule), "{} of {}", rule.name, policy.name());
            }
        }
    }

    proptest! {
        #[test]
        fn policies_are_closed_downwards(edges in proptest::collection::vec((0usize..6, proptest::collection::vec(any::<prop::sample::Index>(), 0..4)), 1..20)) {
            let kinds = [("registry+x#r@1.0.0", "lib", "build"), ("registry+x#s@1.0.0", "custom-build", "build"), ("registry+x#s@1.0.0", "custom-build", "run-custom-build"),
                         ("registry+x#m@1.0.0", "proc-macro", "build"), ("path+file:///w#p@1.0.0", "lib", "build"), ("registry+x#d@1.0.0", "lib", "doc")];
            let deps: Vec<Vec<usize>> = edges.iter().enumerate()
                .map(|(at, (_, deps))| if at == 0 { vec![] } else { deps.iter().map(|dep| dep.index(at)).collect() }).collect();
            let units: Vec<_> = edges.iter().zip(&deps).map(|((kind, _), deps)| (kinds[*kind].0, kinds[*kind].1, kinds[*kind].2, deps.as_slice())).collect();
            let graph = Graph::parse(&graph_json(&units)).unwrap();
            for policy in ALL {
                let refused = admission(policy, &graph);
                for (index, unit) in graph.units.iter().enumerate() {
                    if refused[index].is_none() {
                        prop_assert!(unit.dependencies.iter().all(|edge| refused[edge.index].is_none()));
                    }
                }
            }
        }
    }
}
