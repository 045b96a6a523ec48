//! Key policies: what may be cached.
//!
//! A policy is a list of named rules; it admits a unit that none of them refuses. Every policy is closed downwards: what
//! an admitted unit depends on is admitted too, else its key could not be computed. A new policy is a list here and a
//! column of the table in `strategies/KEYS.md`.

use std::collections::{HashMap, HashSet};

use crate::graph::{Graph, Mode, Unit};

/// Why a unit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Stable name, as written into records.
    pub name: &'static str,
    /// What it refuses, in a sentence.
    pub about: &'static str,
}

/// A rule, and whether it refuses a unit.
pub type PolicyRule = (Rule, fn(&UnitFacts) -> bool);

/// What may be cached.
#[derive(Debug)]
pub struct KeyPolicy {
    /// Stable name.
    pub name: &'static str,
    /// What it admits and why, in a few sentences.
    pub about: &'static str,
    /// Every rule it refuses by, in the order in which they are tried, and whether it refuses a unit.
    pub rules: &'static [PolicyRule],
    /// Every file of a package is in its key, also of one that Cargo unpacked in its home, and every library of the
    /// compiler.
    pub reads_everything: bool,
}

/// What rules look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnitFacts {
    /// Documentation, or another mode whose outputs no policy understands.
    pub unknown_mode: bool,
    /// A check that looks like another one: of a library and of its unit tests, which the unit graph does not distinguish.
    pub look_alike: bool,
    /// Its package is a path package.
    pub local: bool,
    /// rustc makes a library of it that other crates can name.
    pub library: bool,
    /// It is a procedural macro.
    pub proc_macro: bool,
    /// It is a build script, or the run of one.
    pub build_script: bool,
    /// Its package has a build script in this graph.
    pub scripted: bool,
    /// It depends, directly or not, on a path package.
    pub on_local: bool,
    /// It depends on a package with a build script.
    pub on_scripted: bool,
    /// It depends on a procedural macro.
    pub on_proc_macro: bool,
    /// A wrapper calls the compiler.
    pub wrapped: bool,
}

const UNKNOWN_MODE: Rule =
    Rule { name: "unknown-mode", about: "documentation and other modes than build, check, test and build-script run" };
const LOOK_ALIKE: Rule = Rule {
    name: "look-alike",
    about: "the check of a target and that of its unit tests, which the unit graph does not distinguish",
};
const LOCAL: Rule = Rule { name: "local-package", about: "a path package: its source can change under the same id" };
const SCRIPTED: Rule =
    Rule { name: "build-script", about: "the package has a build script (its compile, its run and its library)" };
const PROC_MACRO: Rule = Rule { name: "proc-macro", about: "a procedural macro" };
const NOT_A_LIBRARY: Rule = Rule { name: "not-a-library", about: "a binary, test, example or benchmark" };
const ON_LOCAL: Rule =
    Rule { name: "below-local-package", about: "it depends on a path package, for example by [patch]" };
const ON_SCRIPTED: Rule = Rule { name: "below-build-script", about: "it depends on a package with a build script" };
const ON_PROC_MACRO: Rule = Rule { name: "below-proc-macro", about: "it depends on a procedural macro" };
const WRAPPED: Rule =
    Rule { name: "wrapped-compiler", about: "a wrapper calls the compiler, and may call any other program" };

/// The first step proposed in rust-lang/cargo#5931.
pub static CONSERVATIVE: KeyPolicy = KeyPolicy {
    name: "conservative",
    about: "Library units of registry or git packages with no build script and no proc macro in themselves or in \
            anything they depend on, and no path package in it. The first step proposed in rust-lang/cargo#5931: \
            nothing that foreign code influenced at build time. It reads packages and compiler whole.",
    rules: &[
        (UNKNOWN_MODE, |unit| unit.unknown_mode),
        (LOOK_ALIKE, |unit| unit.look_alike),
        (LOCAL, |unit| unit.local),
        (SCRIPTED, |unit| unit.scripted),
        (PROC_MACRO, |unit| unit.proc_macro),
        (NOT_A_LIBRARY, |unit| !unit.library),
        (ON_LOCAL, |unit| unit.on_local),
        (ON_SCRIPTED, |unit| unit.on_scripted),
        (ON_PROC_MACRO, |unit| unit.on_proc_macro),
        (WRAPPED, |unit| unit.wrapped),
    ],
    reads_everything: true,
};

/// Everything that comes from a registry or git.
pub static NON_LOCAL: KeyPolicy = KeyPolicy {
    name: "non-local",
    about: "Every unit of a registry or git package: also proc macros, build-script compiles and runs, and whatever \
            depends on them. Trusts build scripts to name what they read (rerun-if-*) and proc macros to read nothing \
            but their input.",
    rules: &[
        (UNKNOWN_MODE, |unit| unit.unknown_mode),
        (LOOK_ALIKE, |unit| unit.look_alike),
        (LOCAL, |unit| unit.local),
        (ON_LOCAL, |unit| unit.on_local),
    ],
    reads_everything: false,
};

/// Everything whose inputs can be checked.
pub static AGGRESSIVE: KeyPolicy = KeyPolicy {
    name: "aggressive",
    about: "Everything, workspace members and final binaries too, when every source file and variable the unit was seen \
            to read has the same content. On top of non-local it trusts dep-info to name every source file.",
    rules: &[(UNKNOWN_MODE, |unit| unit.unknown_mode), (LOOK_ALIKE, |unit| unit.look_alike)],
    reads_everything: false,
};

/// Every policy, from the most careful to the boldest.
pub static ALL: [&KeyPolicy; 3] = [&CONSERVATIVE, &NON_LOCAL, &AGGRESSIVE];

impl KeyPolicy {
    /// The first rule that refuses a unit, but for those waived.
    pub fn refuses(&self, unit: &UnitFacts, is_waived: &dyn Fn(&Rule) -> bool) -> Option<&'static Rule> {
        self.rules.iter().find(|(rule, refuses)| refuses(unit) && !is_waived(rule)).map(|(rule, _)| rule)
    }
}

impl UnitFacts {
    /// The facts of each unit of a graph.
    pub fn of(graph: &Graph) -> Vec<UnitFacts> {
        let script_packages: HashSet<&str> = graph
            .units
            .iter()
            .filter(|unit| unit.target.is_build_script())
            .map(|unit| unit.package.raw.as_str())
            .collect();
        // All that the graph says of a check; two that differ in what they depend on have keys of their own.
        let looks = |unit: &Unit| {
            let on: Vec<_> = unit.dependencies.iter().map(|edge| edge.index).collect();
            let target = (unit.package.raw.clone(), unit.target.kind_label(), unit.target.name.clone());
            (target, unit.profile_text.clone(), unit.platform.clone(), unit.features.clone(), on)
        };
        let mut checks = HashMap::new();
        for unit in graph.units.iter().filter(|unit| unit.mode == Mode::Check) {
            *checks.entry(looks(unit)).or_insert(0) += 1;
        }
        let own = |unit: &Unit| UnitFacts {
            unknown_mode: matches!(unit.mode, Mode::Other(_)),
            look_alike: unit.mode == Mode::Check && checks[&looks(unit)] > 1,
            local: unit.is_local(),
            library: unit.target.is_linkable(),
            proc_macro: unit.target.is_proc_macro(),
            build_script: unit.target.is_build_script(),
            scripted: script_packages.contains(unit.package.raw.as_str()),
            ..UnitFacts::default()
        };
        let mut facts: Vec<UnitFacts> = graph.units.iter().map(own).collect();
        for &index in &graph.order {
            for edge in &graph.units[index].dependencies {
                let on = facts[edge.index];
                let unit = &mut facts[index];
                unit.on_local |= on.local || on.on_local;
                unit.on_scripted |= on.scripted || on.on_scripted;
                unit.on_proc_macro |= on.proc_macro || on.on_proc_macro;
            }
        }
        facts
    }
}

/// The rule that refuses each unit of a graph; `None` where it is admitted. `wrapped` says that a wrapper calls the
/// compiler.
pub fn admission(policy: &KeyPolicy, graph: &Graph, wrapped: bool) -> Vec<Option<&'static Rule>> {
    let facts = UnitFacts::of(graph).into_iter().map(|unit| UnitFacts { wrapped, ..unit });
    close_downwards(graph, facts.map(|unit| policy.refuses(&unit, &|_| false)).collect())
}

/// Refuses what depends on a refused unit. The rules of a policy see to that themselves, but for units that depend on one
/// of an unknown mode.
pub fn close_downwards(graph: &Graph, mut refused: Vec<Option<&'static Rule>>) -> Vec<Option<&'static Rule>> {
    for &index in &graph.order {
        let dependencies = &graph.units[index].dependencies;
        refused[index] = refused[index].or_else(|| dependencies.iter().find_map(|edge| refused[edge.index]));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::parse::tests::graph_json;
    use proptest::prelude::*;

    /// A member that depends on a library with a build script, a proc macro, and a plain library.
    fn sample() -> Graph {
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
            ("registry+x#plain@1.0.0", "lib", "doc", &[]),
            ("registry+x#ondoc@1.0.0", "lib", "build", &[10]),
        ]))
        .unwrap()
    }

    fn rules(policy: &KeyPolicy) -> Vec<&'static str> {
        admission(policy, &sample(), false).into_iter().map(|rule| rule.map_or("", |rule| rule.name)).collect()
    }

    #[test]
    fn each_policy_admits_more_than_the_one_before() {
        let (script, local, mode) = ("build-script", "local-package", "unknown-mode");
        assert_eq!(
            rules(&CONSERVATIVE),
            [
                "",
                script,
                script,
                script,
                "proc-macro",
                "below-proc-macro",
                "below-build-script",
                local,
                "below-local-package",
                local,
                mode,
                mode
            ]
        );
        assert_eq!(rules(&NON_LOCAL), ["", "", "", "", "", "", "", local, "below-local-package", local, mode, mode]);
        assert_eq!(rules(&AGGRESSIVE), ["", "", "", "", "", "", "", "", "", "", mode, mode]);
    }

    #[test]
    fn only_the_careful_policy_minds_a_wrapper() {
        let refused = |policy| admission(policy, &sample(), true).iter().filter(|rule| rule.is_some()).count();
        let graph = sample();
        assert_eq!(refused(&CONSERVATIVE), graph.units.len());
        assert_eq!(admission(&CONSERVATIVE, &graph, true)[0], Some(&WRAPPED));
        assert!(refused(&NON_LOCAL) < graph.units.len());
    }

    #[test]
    fn checks_that_look_alike_are_refused() {
        let graph = |units: &[_]| Graph::parse(&graph_json(units)).unwrap();
        let lib = ("path+file:///w#lib@1.0.0", "lib", "check", &[][..]);
        let names = |graph| {
            admission(&AGGRESSIVE, &graph, true).into_iter().map(|rule| rule.map(|it| it.name)).collect::<Vec<_>>()
        };
        assert_eq!(names(graph(&[lib])), [None]);
        assert_eq!(names(graph(&[lib, lib])), [Some("look-alike"); 2]);
    }

    /// The table of KEYS.md is these lists; on a difference the table as it has to be is printed.
    #[test]
    fn the_documented_table_is_these_lists() {
        let head = format!("| rule | {} |", ALL.map(|policy| policy.name).join(" | "));
        let mut expected = vec![head, format!("|---|{}", "---|".repeat(ALL.len()))];
        for (rule, _) in CONSERVATIVE.rules {
            let refuses = |policy: &&KeyPolicy| policy.rules.iter().any(|(other, _)| other == rule);
            let cells = ALL.map(|policy| if refuses(&policy) { " refuses |" } else { " |" });
            expected.push(format!("| `{}`: {} |{}", rule.name, rule.about, cells.concat()));
        }
        let text = include_str!("../KEYS.md");
        let section = text.split("\n## ").find(|section| section.starts_with("What is admitted\n")).unwrap();
        let table: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table, expected, "KEYS.md, \"What is admitted\", should be:\n{}", expected.join("\n"));
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
                let refused = admission(policy, &graph, false);
                for (index, unit) in graph.units.iter().enumerate() {
                    if refused[index].is_none() {
                        prop_assert!(unit.dependencies.iter().all(|edge| refused[edge.index].is_none()));
                    }
                }
            }
        }
    }
}
