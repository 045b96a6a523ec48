//! "All non-local crates": everything that comes from a registry or git.

use super::{Facts, KeyPolicy, Rule};
use crate::graph::{Graph, UnitIndex};

/// Every unit of an immutable package.
#[derive(Debug)]
pub struct NonLocal;

static RULES: [Rule; 2] = [
    Rule { name: "local-package", about: "a path package: its source can change under the same id" },
    Rule { name: "below-local-package", about: "a path package is somewhere below, for example by [patch]" },
];

impl KeyPolicy for NonLocal {
    fn name(&self) -> &'static str {
        "non-local"
    }

    fn about(&self) -> &'static str {
        "Every unit of a registry or git package: also proc macros, build-script compiles and \
         runs, and whatever depends on them. Trusts build scripts to name what they read \
         (rerun-if-*) and proc macros to read nothing but their input."
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn verdicts(&self, graph: &Graph, index: UnitIndex, facts: &Facts) -> Vec<bool> {
        vec![graph.units[index].is_local(), facts.local_below[index]]
    }
}
