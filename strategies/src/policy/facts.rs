//! What lies in and below each unit of a graph.

use std::collections::HashSet;

use crate::graph::{Graph, UnitIndex};

/// Facts about each unit that rules are made of.
#[derive(Debug)]
pub struct Facts {
    /// The unit's own package has a build script in this graph.
    pub scripted: Vec<bool>,
    /// A package with a build script is somewhere below.
    pub script_below: Vec<bool>,
    /// A proc macro is somewhere below.
    pub macro_below: Vec<bool>,
    /// A path package is somewhere below.
    pub local_below: Vec<bool>,
}

impl Facts {
    /// Walks the graph once, dependencies first.
    pub fn of(graph: &Graph) -> Facts {
        let with_script: HashSet<&str> = graph
            .units
            .iter()
            .filter(|unit| unit.target.is_build_script())
            .map(|unit| unit.package.raw.as_str())
            .collect();
        let scripted: Vec<bool> =
            graph.units.iter().map(|unit| with_script.contains(unit.package.raw.as_str())).collect();
        let below = |own: &dyn Fn(UnitIndex) -> bool| {
            let mut below = vec![false; graph.units.len()];
            for &index in &graph.order {
                below[index] = graph.units[index].dependencies.iter().any(|edge| below[edge.index] || own(edge.index));
            }
            below
        };
        Facts {
            script_below: below(&|index| scripted[index]),
            macro_below: below(&|index| graph.units[index].target.is_proc_macro()),
            local_below: below(&|index| graph.units[index].is_local()),
            scripted,
        }
    }
}
