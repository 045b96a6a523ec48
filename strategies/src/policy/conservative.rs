//! The minimum viable product of rust-lang/cargo#5931: only what nothing local, no build
//! script and no proc macro can have touched.

use super::{Facts, KeyPolicy, Rule};
use crate::graph::{Graph, UnitIndex};

/// Libraries of immutable packages with no code run at build time in or below them.
#[derive(Debug)]
pub struct Conservative;

static RULES: [Rule; 7] = [
    Rule { name: "local-package", about: "a path package: its source can change under the same id" },
    Rule { name: "build-script", about: "the package has a build script (its compile, its run and its library)" },
    Rule { name: "proc-macro", about: "a procedural macro" },
    Rule { name: "not-a-library", about: "a binary, test, example or benchmark" },
    Rule { name: "below-local-package", about: "a path package is somewhere below" },
    Rule { name: "below-build-script", about: "a package with a build script is somewhere below" },
    Rule { name: "below-proc-macro", about: "a procedural macro is somewhere below" },
];

impl KeyPolicy for Conservative {
    fn name(&self) -> &'static str {
        "conservative"
    }

    fn about(&self) -> &'static str {
        "Library units of registry or git packages with no build script and no proc macro in \
         themselves or anywhere below them, and no path package below them. The first step \
         proposed in rust-lang/cargo#5931: nothing that foreign code influenced at build time."
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn verdicts(&self, graph: &Graph, index: UnitIndex, facts: &Facts) -> Vec<bool> {
        let unit = &graph.units[index];
        vec![
            unit.is_local(),
            facts.scripted[index],
            unit.target.is_proc_macro(),
            !unit.target.is_linkable(),
            facts.local_below[index],
            facts.script_below[index],
            facts.macro_below[index],
        ]
    }
}
