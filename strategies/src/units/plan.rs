//! Planning: which units can be restored.
//!
//! Units are visited dependencies first, because a key needs the keys and contents of
//! all dependencies. A unit below which something is unknown has no key and is a miss.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::tree::{Held, Tree, leads_nowhere};
use super::{Session, stamp};
use crate::flaw::Flaw;
use crate::graph::layout::UnitPlace;
use crate::graph::{Graph, Unit, UnitIndex};
use crate::key::recipe::final_key;
use crate::key::{Content, Digest, InputSet, Key, Recipe};
use crate::policy::{Rule, admission};
use crate::store::{Bytes, Entry, is_sound};

/// What is to be done, unit by unit.
#[derive(Debug)]
pub struct Plan {
    /// When planning began, before any source was read.
    pub started: SystemTime,
    /// One for each unit of the graph.
    pub units: Vec<Planned>,
    /// What the build directory held.
    pub tree: Tree,
}

/// The plan for one unit.
#[derive(Debug)]
pub struct Planned {
    /// What is to be done.
    pub verdict: Verdict,
    /// Its description, as far as its dependencies are known; `None` when refused.
    pub recipe: Option<Recipe>,
    /// The time its outputs will have, when it is a hit or present.
    pub stamp: Duration,
}

/// What is to be done with one unit.
#[derive(Debug)]
pub enum Verdict {
    /// The policy does not admit it.
    Refused(&'static Rule),
    /// The build directory holds it already.
    Present {
        /// Its key.
        key: Key,
        /// What it hands over.
        content: Content,
        /// Its directory.
        place: UnitPlace,
        /// Its `out` is a link into the store.
        linked: bool,
        /// A source is newer than the unit, or than one below it: Cargo will rebuild it.
        touched: bool,
    },
    /// The store has it.
    Hit(Box<Entry>),
    /// It has to be built.
    Miss,
}

impl Planned {
    /// Key and content, when they are known.
    pub fn known(&self) -> Option<(Key, Content)> {
        match &self.verdict {
            Verdict::Present { key, content, .. } => Some((*key, *content)),
            Verdict::Hit(entry) => Some((entry.key, entry.content)),
            Verdict::Refused(_) | Verdict::Miss => None,
        }
    }

    /// The entry to restore.
    pub fn hit(&self) -> Option<&Entry> {
        match &self.verdict {
            Verdict::Hit(entry) => Some(entry),
            _ => None,
        }
    }
}

/// What entries of one unit have in common whatever their key: target kind, name and mode.
pub fn slot(unit: &Unit) -> String {
    format!("{} {} {}", unit.target.kind_label(), unit.target.name, unit.mode.as_str())
}

/// The name under which a base key is made.
pub fn base_name(unit: &Unit) -> String {
    format!("{} {}", unit.package.name, slot(unit))
}

/// How often the mistake [`Flaw::ReadsAll`] reads the store for each level of the graph.
const READINGS: usize = 10;

/// Decides for every unit of the graph.
pub fn plan(session: &Session<'_>) -> Plan {
    let started = SystemTime::now() - stamp::CLOCK_TICK;
    let graph = session.graph;
    let tree = Tree::read(&session.context.layout);
    let held = tree.by_key(&session.context.layout);
    let refused = admission(session.units.policy, graph);
    let mut units: Vec<Option<Planned>> = (0..graph.units.len()).map(|_| None).collect();
    for level in levels(graph) {
        if session.units.has(Flaw::ReadsAll) {
            (0..READINGS).for_each(|_| drop(session.store.entries()));
        }
        let decided: Vec<(UnitIndex, Planned)> = level
            .into_par_iter()
            .map(|index| match refused[index] {
                Some(rule) => (index, Planned { verdict: Verdict::Refused(rule), recipe: None, stamp: stamp::NORMAL }),
                None => (index, decide(session, index, &units, &held)),
            })
            .collect();
        for (index, planned) in decided {
            units[index] = Some(planned);
        }
    }
    drop(held);
    Plan { started, units: units.into_iter().flatten().collect(), tree }
}

/// Units by the length of the longest path below them: those of one level depend only on
/// earlier levels, so they can be decided at the same time.
fn levels(graph: &Graph) -> Vec<Vec<UnitIndex>> {
    let mut level = vec![0; graph.units.len()];
    let mut levels: Vec<Vec<UnitIndex>> = Vec::new();
    for &index in &graph.order {
        level[index] = graph.units[index].dependencies.iter().map(|edge| level[edge.index] + 1).max().unwrap_or(0);
        if levels.len() <= level[index] {
            levels.resize_with(level[index] + 1, Vec::new);
        }
        levels[level[index]].push(index);
    }
    levels
}

fn decide(
    session: &Session<'_>,
    index: UnitIndex,
    planned: &[Option<Planned>],
    held: &HashMap<Key, (UnitPlace, &Held)>,
) -> Planned {
    let graph: &Graph = session.graph;
    let unit = &graph.units[index];
    let dependency = |index: UnitIndex| planned[index].as_ref();
    let mut described = Recipe::of(graph, index, session.context, |index| dependency(index)?.known());
    session.units.flaw.inspect(|flaw| flaw.spoil(&mut described.recipe));
    let miss = |recipe| Planned { verdict: Verdict::Miss, recipe: Some(recipe), stamp: stamp::NORMAL };
    if !described.complete {
        return miss(described.recipe);
    }
    let below = || unit.dependencies.iter().filter_map(|edge| dependency(edge.index)).map(|planned| planned.stamp);
    let base = described.recipe.base(&base_name(unit));

    let found = candidates(session, unit, &base, |key, set| {
        let watched = set.and_then(|set| set.newest(session.context, unit));
        find(session, unit, Candidate { key, watched }, held)
    });
    match found {
        Some((mut verdict, own, watched)) => {
            // What stands on a unit that Cargo builds again, it builds again.
            let is_touched = |edge: &crate::graph::Dependency| {
                let planned = dependency(edge.index).map(|planned| &planned.verdict);
                matches!(planned, Some(Verdict::Present { touched: true, .. }))
            };
            if let Verdict::Present { touched, .. } = &mut verdict {
                *touched |= unit.dependencies.iter().any(is_touched);
            }
            let script_watches = watched.filter(|_| unit.is_script_run());
            let stamp = own.max(stamp::floor(below(), script_watches));
            Planned { verdict, recipe: Some(described.recipe), stamp }
        }
        None => miss(described.recipe),
    }
}

/// Tries the keys a unit may have: without anything it read, then with the values now of
/// what each earlier build of it read.
pub fn candidates<T>(
    session: &Session<'_>,
    unit: &Unit,
    base: &Key,
    mut test: impl FnMut(Key, Option<&InputSet>) -> Option<T>,
) -> Option<T> {
    test(final_key(base, None), None).or_else(|| {
        session.store.root().inputs(base).iter().find_map(|set| {
            let observed: Digest = set.values(session.context, unit);
            test(final_key(base, Some(&observed)), Some(set))
        })
    })
}

struct Candidate {
    key: Key,
    /// Newest time among what the unit watches.
    watched: Option<SystemTime>,
}

/// Looks for a key in the build directory, then in the store.
fn find(
    session: &Session<'_>,
    unit: &Unit,
    candidate: Candidate,
    held: &HashMap<Key, (UnitPlace, &Held)>,
) -> Option<(Verdict, Duration, Option<SystemTime>)> {
    let Candidate { key, watched } = candidate;
    let here = held.get(&key);
    let here = here.filter(|(place, _)| !leads_nowhere(session.units.link, &session.context.layout.unit_dir(place)));
    if let Some((place, held)) = here {
        let touched = unit.is_local() && watched > built_at(session, place, unit);
        let verdict =
            Verdict::Present { key, content: held.content, place: place.clone(), linked: held.linked, touched };
        return Some((verdict, held.stamp, watched));
    }
    let entry = session.store.lookup(&key)?;
    let whole = session.units.has(Flaw::Trusting)
        || entry.files.iter().all(|file| match file.bytes {
            Bytes::Stored(_) => is_sound(&session.store.stored(&entry, file), &entry, file),
            Bytes::Text(_) | Bytes::Hex(_) => true,
        });
    let stamp = entry.stamp;
    whole.then(|| (Verdict::Hit(Box::new(entry)), stamp, watched))
}

/// The time Cargo compares sources with.
fn built_at(session: &Session<'_>, place: &UnitPlace, unit: &Unit) -> Option<SystemTime> {
    let dir = session.context.layout.unit_dir(place);
    let file = if unit.is_script_run() {
        dir.join("run/stdout")
    } else {
        let kind = unit.target.kind.first().map_or("lib", String::as_str);
        let name = crate::graph::layout::fingerprint_name(kind, &unit.target.name, &unit.mode);
        dir.join("fingerprint").join(format!("dep-{name}"))
    };
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
