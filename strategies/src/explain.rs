//! Why a unit missed.
//!
//! The nearest entry of the same package, target and mode is found, and the first input
//! that differs from it names the reason. Where only dependencies differ, the reason is
//! `dependency` and the package at the root of the difference is named.
//!
//! Before that, what collection took is looked at: a unit whose key is remembered as taken
//! was `evicted`. With the content remembered beside the key, the keys of units above it
//! are made as planning would have made them, so that a whole evicted subgraph is told.

use std::collections::{HashMap, HashSet};

use crate::graph::UnitIndex;
use crate::key::{Content, Digest, Key, Recipe};
use crate::store::tombstones::Tombstones;
use crate::store::{Entry, Store};
use crate::units::plan::{base_name, candidates, slot};
use crate::units::{Plan, Planned, Published, Session, Verdict};
use crate::written::Written;

/// Why a unit missed: stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No entry of this package and target.
    NeverSeen,
    /// Only other versions.
    Version,
    /// Other features.
    Features,
    /// Another profile.
    Profile,
    /// Another platform.
    Platform,
    /// Another toolchain.
    Toolchain,
    /// Other flags or configuration.
    Rustflags,
    /// A dependency differs.
    Dependency,
    /// Sources, manifest or watched values differ.
    Content,
    /// It was there and was collected.
    Evicted,
}

impl Reason {
    /// The name used in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NeverSeen => "never-seen",
            Reason::Version => "version",
            Reason::Features => "features",
            Reason::Profile => "profile",
            Reason::Platform => "platform",
            Reason::Toolchain => "toolchain",
            Reason::Rustflags => "rustflags",
            Reason::Dependency => "dependency",
            Reason::Content => "content",
            Reason::Evicted => "evicted",
        }
    }
}

/// A missed unit explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why.
    pub reason: Reason,
    /// For `dependency`, the package at the root of the difference.
    pub because: Option<String>,
}

/// The entries of a store, as they were before the build that is explained.
#[derive(Debug, Default)]
pub struct Index {
    by_slot: HashMap<(String, String), Vec<Known>>,
    by_key: HashMap<Key, (String, String, usize)>,
    evicted: HashMap<Key, Content>,
    written: HashMap<(String, String, Digest), Vec<(Key, Written)>>,
}

#[derive(Debug)]
struct Known {
    key: Key,
    recipe: Recipe,
}

impl Index {
    /// Reads every entry of a store.
    pub fn load(store: &dyn Store) -> Index {
        let mut index = Index::of(store, store.entries());
        let taken = Tombstones::read(store.root());
        let gone = taken.iter().filter(|stone| !index.by_key.contains_key(&stone.key));
        index.evicted = gone.map(|stone| (stone.key, stone.content)).collect();
        index
    }

    fn of(store: &dyn Store, entries: Vec<Entry>) -> Index {
        let mut index = Index::default();
        for entry in entries {
            let Some(recipe) = entry.recipe.read() else { continue };
            if let Some(written) = Written::of(&entry, |file| store.stored(&entry, file)) {
                let like = (entry.package.clone(), entry.slot.clone(), written.outline);
                index.written.entry(like).or_default().push((entry.key, written));
            }
            let slot = (entry.package, entry.slot);
            let known = index.by_slot.entry(slot.clone()).or_default();
            index.by_key.insert(entry.key, (slot.0, slot.1, known.len()));
            known.push(Known { key: entry.key, recipe });
        }
        index
    }

    fn recipe(&self, key: &Key) -> Option<&Recipe> {
        let (package, slot, at) = self.by_key.get(key)?;
        self.by_slot.get(&(package.clone(), slot.clone()))?.get(*at).map(|known| &known.recipe)
    }

    /// Whether the bytes just published were there under another key: the key is too narrow.
    /// What wrote nothing is like nothing. To be asked before the next build or collection.
    pub fn is_dup(&self, session: &Session<'_>, published: &Published, index: UnitIndex) -> bool {
        let unit = &session.graph.units[index];
        let publication = published.units.iter().find(|publication| publication.index == index);
        let Some((key, written)) = publication.and_then(|found| Some((found.key, found.written.as_ref()?))) else {
            return false;
        };
        let alike = self.written.get(&(unit.package.name.clone(), slot(unit), written.outline));
        alike.into_iter().flatten().any(|(other, before)| *other != key && written.is_same(before))
    }

    /// Explains every missed unit of a plan.
    pub fn explain(&self, session: &Session<'_>, plan: &Plan) -> HashMap<UnitIndex, Explanation> {
        let evicted = self.evicted(session, plan);
        let mut explained: HashMap<UnitIndex, Explanation> = HashMap::new();
        for &index in &session.graph.order {
            let planned = &plan.units[index];
            if let (Verdict::Miss, Some(recipe)) = (&planned.verdict, &planned.recipe) {
                let explanation = match evicted.contains(&index) {
                    true => Explanation { reason: Reason::Evicted, because: None },
                    false => self.explain_one(session, plan, index, recipe, &explained),
                };
                explained.insert(index, explanation);
            }
        }
        explained
    }

    /// Missed units whose keys collection took, found dependencies first: what one handed
    /// over is remembered, and makes the keys of those above it.
    fn evicted(&self, session: &Session<'_>, plan: &Plan) -> HashSet<UnitIndex> {
        let mut evicted = HashSet::new();
        if self.evicted.is_empty() {
            return evicted;
        }
        let graph = session.graph;
        let mut known: Vec<Option<(Key, Content)>> = plan.units.iter().map(Planned::known).collect();
        for &index in &graph.order {
            if !matches!(plan.units[index].verdict, Verdict::Miss) {
                continue;
            }
            let described = Recipe::of(graph, index, session.context, |below| known[below]);
            if !described.complete {
                continue;
            }
            let unit = &graph.units[index];
            let base = described.recipe.base(&base_name(unit));
            let taken = |key: Key| self.evicted.get(&key).map(|content| (key, *content));
            known[index] = candidates(session, unit, &base, |key, _| taken(key));
            if known[index].is_some() {
                evicted.insert(index);
            }
        }
        evicted
    }

    fn explain_one(
        &self,
        session: &Session<'_>,
        plan: &Plan,
        index: UnitIndex,
        recipe: &Recipe,
        below: &HashMap<UnitIndex, Explanation>,
    ) -> Explanation {
        let unit = &session.graph.units[index];
        let candidates = self.by_slot.get(&(unit.package.name.clone(), slot(unit)));
        let nearest = candidates.into_iter().flatten().min_by_key(|known| (distance(recipe, &known.recipe), known.key));
        let Some(nearest) = nearest else {
            return Explanation { reason: Reason::NeverSeen, because: None };
        };
        if let Some(reason) = own_difference(recipe, &nearest.recipe) {
            return Explanation { reason, because: None };
        }
        // A dependency that itself missed is where the difference comes from.
        let missed = unit.dependencies.iter().find(|edge| below.contains_key(&edge.index));
        if let Some(edge) = missed {
            let own = &session.graph.units[edge.index].package.name;
            let because = below[&edge.index].because.clone().unwrap_or_else(|| own.clone());
            return Explanation { reason: Reason::Dependency, because: Some(because) };
        }
        match self.root_of_difference(recipe, &nearest.recipe, plan.units.len()) {
            Some(package) => Explanation { reason: Reason::Dependency, because: Some(package) },
            None => Explanation { reason: Reason::Content, because: None },
        }
    }

    /// Follows differing dependencies down to the package whose own inputs differ.
    fn root_of_difference(&self, wanted: &Recipe, nearest: &Recipe, depth: usize) -> Option<String> {
        let differing = wanted.dependencies.iter().find(|dependency| !nearest.dependencies.contains(dependency));
        let dependency = match differing {
            Some(dependency) => dependency,
            None => {
                let dropped =
                    nearest.dependencies.iter().find(|dependency| !wanted.dependencies.contains(dependency))?;
                return Some(dropped.package.clone());
            }
        };
        let other = nearest
            .dependencies
            .iter()
            .find(|other| other.package == dependency.package && other.edge == dependency.edge);
        let deeper = other
            .filter(|other| depth > 0 && other.key != dependency.key)
            .and_then(|other| Some((self.recipe(&dependency.key)?, self.recipe(&other.key)?)))
            .filter(|(mine, theirs)| own_difference(mine, theirs).is_none())
            .and_then(|(mine, theirs)| self.root_of_difference(mine, theirs, depth - 1));
        Some(deeper.unwrap_or_else(|| dependency.package.clone()))
    }
}

/// The first own input that differs, in the order in which they are most telling; `None` where
/// only dependencies may differ.
pub fn own_difference(wanted: &Recipe, nearest: &Recipe) -> Option<Reason> {
    let inputs = [
        (wanted.version != nearest.version, Reason::Version),
        (wanted.toolchain != nearest.toolchain, Reason::Toolchain),
        (wanted.platform != nearest.platform, Reason::Platform),
        (wanted.profile != nearest.profile, Reason::Profile),
        (wanted.features != nearest.features, Reason::Features),
        (wanted.flags != nearest.flags, Reason::Rustflags),
        (
            wanted.source != nearest.source || wanted.target != nearest.target || wanted.manifest != nearest.manifest,
            Reason::Content,
        ),
    ];
    inputs.iter().find(|(differs, _)| *differs).map(|(_, reason)| *reason)
}

/// How many inputs differ: own ones first, then dependencies.
pub fn distance(wanted: &Recipe, other: &Recipe) -> (usize, usize) {
    let own = [
        wanted.version != other.version,
        wanted.toolchain != other.toolchain,
        wanted.platform != other.platform,
        wanted.profile != other.profile,
        wanted.features != other.features,
        wanted.flags != other.flags,
        wanted.source != other.source,
        wanted.target != other.target,
        wanted.manifest != other.manifest,
    ];
    let dependencies = wanted.dependencies.iter().filter(|dependency| !other.dependencies.contains(dependency)).count();
    (
        own.iter().filter(|differs| **differs).count(),
        dependencies + wanted.dependencies.len().abs_diff(other.dependencies.len()),
    )
}
