//! What edits change.
//!
//! A trace knows no more of a unit's sources than its root file. Units with a file as their root read it; a file that
//! is not the root of any unit is read by all units of the innermost package that contains it, except build scripts. A
//! build script runs again when something changes that its source names as watched, or, if it names nothing, when
//! anything in its package changes.

use std::collections::BTreeMap;

use crate::trace::{NodeId, Text, Trace, TracePlan, TraceSource, TraceUnit};

/// The number of edits of each file of one workspace.
#[derive(Debug, Clone, Default)]
pub(super) struct EditedSources {
    edits: BTreeMap<Text, u32>,
}

impl EditedSources {
    /// One more edit of a file.
    pub fn edit(&mut self, file: Text) {
        *self.edits.entry(file).or_default() += 1;
    }

    /// The states of the nodes of a plan that depend on path packages, ascending: 0 as collected, another number for
    /// each set of edits to the node and its dependencies. With `cutoff` dependencies do not count.
    pub fn states(
        &self,
        trace: &Trace,
        plan: &TracePlan,
        depends_on_path: &[bool],
        cutoff: bool,
    ) -> Vec<(NodeId, u64)> {
        let mut states: Vec<(NodeId, u64)> = Vec::new();
        if self.edits.is_empty() {
            return states;
        }
        let readers: Vec<(FileReaders, u32)> =
            self.edits.iter().map(|(file, times)| (FileReaders::of(trace, plan, *file), *times)).collect();
        for &node in plan.nodes.iter().filter(|node| depends_on_path[node.at()]) {
            let mut state = 0u64;
            for (place, (reader, times)) in readers.iter().enumerate() {
                if reader.reads(trace, node) {
                    state = mix(state, mix(place as u64 + 1, u64::from(*times)));
                }
            }
            if !cutoff {
                for edge in trace.edges(node) {
                    if let Ok(at) = states.binary_search_by_key(&edge.node, |(node, _)| *node) {
                        state = mix(state, states[at].1);
                    }
                }
            }
            if state != 0 && states.last().is_none_or(|(last, _)| *last != node) {
                states.push((node, state));
            }
        }
        states
    }
}

/// The units that read a file.
struct FileReaders {
    file: Text,
    /// The file, if it is the root of a unit.
    root: Option<Text>,
    /// The package that contains it.
    package: Option<Text>,
}

impl FileReaders {
    fn of(trace: &Trace, plan: &TracePlan, file: Text) -> FileReaders {
        let path = |node: &&NodeId| trace.unit(**node).source == TraceSource::Path;
        let local = || plan.nodes.iter().filter(path).map(|node| trace.unit(*node));
        let lies_in = |package: Text| {
            let dir = dir_of(trace.text(package));
            let rest = trace.text(file).strip_prefix(dir);
            rest.filter(|rest| dir.ends_with(':') || rest.starts_with('/')).map(|_| dir.len())
        };
        FileReaders {
            file,
            root: local().any(|unit| unit.path == file).then_some(file),
            package: local().filter_map(|unit| Some((lies_in(unit.package)?, unit.package))).max().map(|(_, it)| it),
        }
    }

    fn reads(&self, trace: &Trace, node: NodeId) -> bool {
        let unit = trace.unit(node);
        let is_script = trace.text(unit.kind) == "custom-build";
        match self.root {
            _ if unit.watches != Text(0) => self.package == Some(unit.package) && self.is_watched(trace, unit),
            Some(file) => unit.path == file && trace.text(unit.mode) != "run-custom-build",
            None => self.package == Some(unit.package) && !is_script,
        }
    }

    /// Whether a build script of the package watches the file.
    fn is_watched(&self, trace: &Trace, unit: &TraceUnit) -> bool {
        let file = trace.text(self.file);
        let inside = file.strip_prefix(dir_of(trace.text(unit.package))).unwrap_or(file).trim_start_matches('/');
        trace.text(unit.watches).lines().map(|path| path.trim_matches('/')).any(|path| {
            let rest = inside.strip_prefix(path);
            path == "." || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// The directory in `path ws:dir name version`. Names and versions have no spaces.
fn dir_of(package: &str) -> &str {
    let place = package.strip_prefix("path ").unwrap_or(package);
    let without_version = place.rsplit_once(' ').map_or(place, |(start, _)| start);
    without_version.rsplit_once(' ').map_or(without_version, |(start, _)| start)
}

/// Mixes two numbers into one that is not 0: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.rotate_left(23).wrapping_add(b).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_a_directory() {
        assert_eq!(dir_of("path ws: tool 1.0.0"), "ws:");
        assert_eq!(dir_of("path ws:crates/a b tool 1.0.0"), "ws:crates/a b");
        assert_eq!(dir_of("path abs:/x tool 1.0.0"), "abs:/x");
    }
}
