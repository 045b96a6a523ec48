//! Which unit of the graph is which unit directory.
//!
//! Cargo prints no common name for the two. Most pairs are found by what both sides
//! describe (package, target, mode, features, profile bits). Units that look alike are distinguished
//! by their neighbours: the unit graph has dependency edges, and so do the
//! directories, since each fingerprint names the fingerprints of its dependencies. Colours
//! are refined along these edges (one-dimensional Weisfeiler–Leman) until nothing more is
//! distinguished; what still looks alike then is paired in order and counted.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;

use crate::files::{CLOCK_TICK, since_epoch};

use super::layout::{Layout, UnitPlace, base_dir, fingerprint_name, invoked_at};
use super::messages::{Messages, Reported, ReportedKind};
use super::{Graph, Mode, Unit, UnitIndex};

/// The directory of each unit, as far as it was found.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// For each unit of the graph, the index of its message and its directory.
    pub units: HashMap<UnitIndex, (usize, UnitPlace)>,
    /// Units that could not be distinguished and were paired in order.
    pub look_alikes: usize,
    /// Units without a directory.
    pub unmatched: Vec<UnitIndex>,
}

/// What a build did, unit by unit.
#[derive(Debug, Default)]
pub struct BuiltUnits {
    /// Directories of units.
    pub matched: Matched,
    /// Units Cargo compiled or ran.
    pub compiled: Vec<UnitIndex>,
    /// Units Cargo found fresh.
    pub fresh: Vec<UnitIndex>,
}

impl BuiltUnits {
    /// Reads Cargo's messages. A build-script run does not say whether it was fresh; it was
    /// not if it left a newer `invoked.timestamp` than `cargo_started`.
    pub fn of(graph: &Graph, layout: &Layout, messages: &Messages, cargo_started: SystemTime) -> BuiltUnits {
        let mut built = BuiltUnits { matched: match_units(graph, layout, messages), ..BuiltUnits::default() };
        let threshold = since_epoch(cargo_started - CLOCK_TICK);
        for (index, (message, place)) in &built.matched.units {
            let is_older = || invoked_at(&layout.unit_dir(place)).is_some_and(|invoked| invoked < threshold);
            let fresh = messages.units[*message].fresh.unwrap_or_else(is_older);
            if fresh { built.fresh.push(*index) } else { built.compiled.push(*index) }
        }
        built.fresh.sort_unstable();
        built.compiled.sort_unstable();
        built
    }
}

/// One side of the matching: nodes with labels and edges.
struct MatchedGraph {
    colours: Vec<u64>,
    deps: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
}

/// Pairs units with the directories a build reported.
fn match_units(graph: &Graph, layout: &Layout, messages: &Messages) -> Matched {
    let fingerprints = Fingerprints::read(graph, layout, messages);
    let mut left = graph_side(graph);
    let mut right = fingerprints.side(messages);
    let (mut left_fixed, mut right_fixed) = (vec![None; left.colours.len()], vec![None; right.colours.len()]);

    // A graph of n nodes is stable after at most n rounds; in practice after three or four.
    for _ in 0..left.colours.len() + 1 {
        let before = left_fixed.iter().flatten().count();
        fix_unique(&mut left, &mut right, &mut left_fixed, &mut right_fixed);
        let classes = distinct(&left.colours);
        left.refine(&left_fixed);
        right.refine(&right_fixed);
        if left_fixed.iter().flatten().count() == before && distinct(&left.colours) == classes {
            break;
        }
    }
    let look_alikes = fix_in_order(&left, &right, &mut left_fixed, &mut right_fixed);

    let mut matched = Matched { look_alikes, ..Matched::default() };
    for (index, fixed) in left_fixed.iter().enumerate() {
        match fixed.and_then(|to: usize| Some((to, fingerprints.places[to].clone()?))) {
            Some(pair) => {
                matched.units.insert(index, pair);
            }
            None => matched.unmatched.push(index),
        }
    }
    matched
}

impl MatchedGraph {
    fn new(colours: Vec<u64>, deps: Vec<Vec<usize>>) -> MatchedGraph {
        let mut dependents = vec![Vec::new(); colours.len()];
        for (from, tos) in deps.iter().enumerate() {
            for to in tos {
                dependents[*to].push(from);
            }
        }
        MatchedGraph { colours, deps, dependents }
    }

    fn refine(&mut self, fixed: &[Option<usize>]) {
        let gather = |nodes: &[usize]| {
            let mut colours: Vec<u64> = nodes.iter().map(|node| self.colours[*node]).collect();
            colours.sort_unstable();
            colours.dedup();
            colours
        };
        let next = (0..self.colours.len())
            .map(|node| match fixed[node] {
                Some(_) => self.colours[node],
                None => hash((self.colours[node], gather(&self.deps[node]), gather(&self.dependents[node]))),
            })
            .collect();
        self.colours = next;
    }
}

fn by_colour(side: &MatchedGraph, fixed: &[Option<usize>]) -> HashMap<u64, Vec<usize>> {
    let mut classes: HashMap<u64, Vec<usize>> = HashMap::new();
    for (node, colour) in side.colours.iter().enumerate() {
        if fixed[node].is_none() {
            classes.entry(*colour).or_default().push(node);
        }
    }
    classes
}

/// Pairs nodes whose colour occurs once on each side, and gives the pair a common colour
/// that no longer changes.
fn fix_unique(
    left: &mut MatchedGraph,
    right: &mut MatchedGraph,
    left_fixed: &mut [Option<usize>],
    right_fixed: &mut [Option<usize>],
) {
    let classes = by_colour(right, right_fixed);
    for (colour, nodes) in by_colour(left, left_fixed) {
        if let (&[from], Some(&[to])) = (nodes.as_slice(), classes.get(&colour).map(Vec::as_slice)) {
            left_fixed[from] = Some(to);
            right_fixed[to] = Some(from);
            let pair = hash(("pair", from));
            left.colours[from] = pair;
            right.colours[to] = pair;
        }
    }
}

fn fix_in_order(
    left: &MatchedGraph,
    right: &MatchedGraph,
    left_fixed: &mut [Option<usize>],
    right_fixed: &mut [Option<usize>],
) -> usize {
    let classes = by_colour(right, right_fixed);
    let mut paired = 0;
    for (colour, from) in by_colour(left, left_fixed) {
        for (from, to) in from.into_iter().zip(classes.get(&colour).into_iter().flatten()) {
            left_fixed[from] = Some(*to);
            right_fixed[*to] = Some(from);
            paired += 1;
        }
    }
    paired
}

fn distinct(colours: &[u64]) -> usize {
    let mut colours = colours.to_vec();
    colours.sort_unstable();
    colours.dedup();
    colours.len()
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn graph_side(graph: &Graph) -> MatchedGraph {
    let colours = graph.units.iter().map(unit_label).collect();
    let deps = graph
        .units
        .iter()
        // Cargo leaves binaries out of a dependent's fingerprint.
        .map(|unit| {
            unit.dependencies
                .iter()
                .map(|dep| dep.index)
                .filter(|dep| !graph.units[*dep].target.kind.iter().any(|kind| kind == "bin"))
                .collect()
        })
        .collect();
    MatchedGraph::new(colours, deps)
}

fn unit_label(unit: &Unit) -> u64 {
    if unit.is_script_run() {
        return hash(("run", &unit.package.raw));
    }
    let profile = &unit.profile;
    let profile = (
        profile.opt_level.clone(),
        debuginfo_text(&profile.debuginfo),
        profile.debug_assertions,
        profile.overflow_checks,
    );
    hash((
        "artifact",
        &unit.package.raw,
        &unit.target.name,
        &unit.target.kind,
        unit.mode.as_str(),
        &unit.features,
        profile,
    ))
}

fn debuginfo_text(value: &serde_json::Value) -> String {
    if value.is_null() { "0".to_owned() } else { value.to_string() }
}

fn reported_label(reported: &Reported) -> u64 {
    match &reported.what {
        ReportedKind::ScriptRun => hash(("run", &reported.package)),
        ReportedKind::Artifact(artifact) => hash((
            "artifact",
            &reported.package,
            &artifact.target.name,
            &artifact.target.kind,
            artifact.mode.as_str(),
            &artifact.features,
            artifact.profile.clone(),
        )),
    }
}

/// What Cargo's fingerprint files say of the reported units.
struct Fingerprints {
    /// Directory of each message's unit.
    places: Vec<Option<UnitPlace>>,
    own: HashMap<u64, usize>,
    deps: Vec<Vec<u64>>,
}

#[derive(Deserialize)]
struct FingerprintFile {
    /// `(package id hash, extern name, public, fingerprint hash)` each.
    deps: Vec<(u64, String, bool, u64)>,
}

impl Fingerprints {
    fn read(graph: &Graph, layout: &Layout, messages: &Messages) -> Fingerprints {
        let mut read =
            Fingerprints { places: Vec::new(), own: HashMap::new(), deps: vec![Vec::new(); messages.units.len()] };
        for (at, reported) in messages.units.iter().enumerate() {
            if let Some(place) = &reported.place
                && let Some((own, deps)) = read_fingerprint(&layout.unit_dir(place), &name_of(reported))
            {
                read.own.insert(own, at);
                read.deps[at] = deps;
            }
            read.places.push(reported.place.clone());
        }
        // Binaries report where they were uplifted to. Among the directories that have the
        // right fingerprint, theirs is the one built on the dependencies of this build.
        for (at, reported) in messages.units.iter().enumerate() {
            if read.places[at].is_some() {
                continue;
            }
            let found = search(graph, layout, reported).into_iter().filter_map(|place| {
                let dir = layout.unit_dir(&place);
                let (own, deps) = read_fingerprint(&dir, &name_of(reported))?;
                let known = deps.iter().filter(|dep| read.own.contains_key(dep)).count();
                let when =
                    std::fs::metadata(dir.join("fingerprint/invoked.timestamp")).and_then(|meta| meta.modified()).ok();
                Some((deps.len() - known, std::cmp::Reverse(when), place, own, deps))
            });
            if let Some((_, _, place, own, deps)) = found.min_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1))) {
                read.own.insert(own, at);
                read.deps[at] = deps;
                read.places[at] = Some(place);
            }
        }
        read
    }

    fn side(&self, messages: &Messages) -> MatchedGraph {
        let colours = messages.units.iter().map(reported_label).collect();
        let deps =
            self.deps.iter().map(|deps| deps.iter().filter_map(|dep| self.own.get(dep).copied()).collect()).collect();
        MatchedGraph::new(colours, deps)
    }
}

/// The name of the fingerprint file; empty for a build-script run, whose file has the script's target in its name.
fn name_of(reported: &Reported) -> String {
    match &reported.what {
        ReportedKind::ScriptRun => String::new(),
        ReportedKind::Artifact(artifact) => fingerprint_name(&artifact.target, &artifact.mode),
    }
}

/// The unit's own fingerprint hash and those of its dependencies. An empty `name` means a
/// build-script run, whose file name carries the script's target name.
fn read_fingerprint(dir: &Path, name: &str) -> Option<(u64, Vec<u64>)> {
    let folder = dir.join("fingerprint");
    let name = if name.is_empty() {
        std::fs::read_dir(&folder)
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .find(|file| file.starts_with("run-") && !file.ends_with(".json"))?
    } else {
        name.to_owned()
    };
    let own = std::fs::read_to_string(folder.join(&name)).ok()?;
    // Cargo writes the hash as the hex of its little-endian bytes.
    let own = u64::from_str_radix(own.trim(), 16).ok()?.swap_bytes();
    let json = std::fs::read_to_string(folder.join(format!("{name}.json"))).ok()?;
    let file: FingerprintFile = serde_json::from_str(&json).ok()?;
    Some((own, file.deps.into_iter().map(|dep| dep.3).collect()))
}

/// Directories that may belong to a unit whose message names only its uplifted file.
fn search(graph: &Graph, layout: &Layout, reported: &Reported) -> Vec<UnitPlace> {
    let ReportedKind::Artifact(artifact) = &reported.what else { return Vec::new() };
    let name = fingerprint_name(&artifact.target, &artifact.mode);
    let unit = graph.units.iter().find(|unit| {
        unit.package.raw == reported.package
            && unit.target.name == artifact.target.name
            && unit.target.kind == artifact.target.kind
            && unit.mode != Mode::RunCustomBuild
    });
    let Some(unit) = unit else { return Vec::new() };
    let folder = format!("{}/build/{}", base_dir(graph, unit), unit.package.name);
    let Ok(entries) = std::fs::read_dir(layout.build_dir.join(&folder)) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|hash| UnitPlace(format!("{folder}/{hash}")))
        .filter(|place| layout.unit_dir(place).join("fingerprint").join(&name).is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(labels: &[&str], deps: &[&[usize]]) -> MatchedGraph {
        MatchedGraph::new(labels.iter().map(hash).collect(), deps.iter().map(|deps| deps.to_vec()).collect())
    }

    #[test]
    fn look_alikes_are_distinguished_by_their_dependents() {
        // `lib` twice: a dependency of a proc macro and one of a binary, listed in another order.
        let mut left = side(&["lib", "lib", "macro", "bin"], &[&[], &[], &[0], &[1, 2]]);
        let mut right = side(&["bin", "macro", "lib", "lib"], &[&[1, 3], &[2], &[], &[]]);
        let (mut a, mut b) = (vec![None; 4], vec![None; 4]);
        for _ in 0..4 {
            fix_unique(&mut left, &mut right, &mut a, &mut b);
            left.refine(&a);
            right.refine(&b);
        }
        assert_eq!(a, [Some(2), Some(3), Some(1), Some(0)]);
    }

    #[test]
    fn true_twins_are_paired_and_counted() {
        let left = side(&["lib", "lib"], &[&[], &[]]);
        let right = side(&["lib", "lib"], &[&[], &[]]);
        let (mut a, mut b) = (vec![None; 2], vec![None; 2]);
        assert_eq!(fix_in_order(&left, &right, &mut a, &mut b), 2);
        assert_eq!(a, [Some(0), Some(1)]);
    }
}
