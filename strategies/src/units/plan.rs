//! Planning: which units can be restored.
//!
//! Units are visited dependencies first, because a key needs the keys and contents of
//! all dependencies. A unit with a dependency of unknown content has no key and is a miss.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::Session;
use super::installed::{InstalledUnit, InstalledUnits, is_dangling};
use super::outdated;
use super::scripts::{filled_out_dirs, writes_elsewhere};
use crate::files::stamp_of_now;
use crate::graph::layout::{NORMAL_STAMP, UnitPlace, fingerprint_name, oldest_stamp};
use crate::graph::{Graph, Unit, UnitIndex};
use crate::key::{BaseKey, ContentDigest, Key, KeyInputs, ObservedInputs, final_key};
use crate::option::StrategyOption;
use crate::parallel;
use crate::policy::{Rule, admission};
use crate::store::{Entry, check, remove_damaged, slots};

/// What is to be done, unit by unit.
#[derive(Debug)]
pub struct RestorePlan {
    /// When planning began, before any source was read.
    pub started: SystemTime,
    /// One for each unit of the graph.
    pub units: Vec<PlannedUnit>,
    /// Units whose entries were removed, because their bytes were not those that were published.
    pub damaged: HashSet<UnitIndex>,
    pub(crate) installed: InstalledUnits,
    /// Directories in which a member is built again, where that makes a difference.
    pub(crate) built_before: HashSet<UnitPlace>,
    /// Where a script may run although its OUT_DIR is not empty.
    pub(crate) filled_out_dirs: HashSet<UnitPlace>,
}

/// The plan for one unit.
#[derive(Debug)]
pub struct PlannedUnit {
    /// What is to be done.
    pub decision: Decision,
    /// Its inputs, as far as its dependencies are known; `None` when refused.
    pub inputs: Option<KeyInputs>,
    /// The time its outputs will have, when it is a hit or present.
    pub(crate) stamp: Duration,
}

/// What is to be done with one unit.
#[derive(Debug)]
pub enum Decision {
    /// The policy does not admit it.
    Refused(&'static Rule),
    /// The build directory has it already.
    Present {
        /// Its key.
        key: Key,
        /// Digest of what it exports.
        content: ContentDigest,
        /// Its directory.
        place: UnitPlace,
        /// A source is newer than the unit, or than a dependency: Cargo will rebuild it.
        touched: bool,
    },
    /// The store has it.
    Hit(Box<Entry>),
    /// It has to be built.
    Miss,
}

impl PlannedUnit {
    /// Key and content, when they are known.
    pub fn artifact(&self) -> Option<(Key, ContentDigest)> {
        match &self.decision {
            Decision::Present { key, content, .. } => Some((*key, *content)),
            Decision::Hit(entry) => Some((entry.key, entry.content)),
            Decision::Refused(_) | Decision::Miss => None,
        }
    }

    /// The entry to restore.
    pub fn hit(&self) -> Option<&Entry> {
        match &self.decision {
            Decision::Hit(entry) => Some(entry),
            _ => None,
        }
    }

    fn is_touched(&self) -> bool {
        matches!(self.decision, Decision::Present { touched: true, .. })
    }
}

/// Decides for every unit of the graph.
pub fn plan(session: &Session<'_>) -> RestorePlan {
    let started = stamp_of_now(&session.store.root().path(""));
    let graph = session.graph;
    let installed = InstalledUnits::read(&session.context.layout);
    let by_key = installed.by_key(session);
    let refused = admission(session.units.policy, graph, session.context.is_wrapped());
    let damaged = Mutex::default();
    let mut units: Vec<Option<PlannedUnit>> = (0..graph.units.len()).map(|_| None).collect();
    for level in levels(graph) {
        let decide = |index: UnitIndex| match refused[index] {
            Some(rule) => PlannedUnit { decision: Decision::Refused(rule), inputs: None, stamp: NORMAL_STAMP },
            None => decide(session, index, &units, &by_key, &damaged),
        };
        let planned = match session.store.local() {
            // There is a remote behind the store.
            Some(_) => parallel::map_waiting(&level, |index| decide(*index)),
            None => parallel::map(&level, |index| decide(*index)),
        };
        for (index, planned) in level.iter().zip(planned) {
            units[*index] = Some(planned);
        }
    }
    drop(by_key);
    let units = units.into_iter().flatten().collect();
    let damaged = damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut plan = RestorePlan {
        started,
        units,
        damaged,
        installed,
        built_before: HashSet::new(),
        filled_out_dirs: HashSet::new(),
    };
    if session.has(StrategyOption::SkipEdits) {
        let members = graph.units.iter().filter(|unit| unit.is_local());
        plan.built_before = members.flat_map(|unit| outdated::candidates(session, &plan, unit)).collect();
    }
    plan.filled_out_dirs = filled_out_dirs(session, &plan);
    plan
}

/// Units by the length of the longest path to a unit without dependencies: those of one level depend only on
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
    planned: &[Option<PlannedUnit>],
    installed: &HashMap<Key, (UnitPlace, &InstalledUnit)>,
    damaged: &Mutex<HashSet<UnitIndex>>,
) -> PlannedUnit {
    let graph: &Graph = session.graph;
    let unit = &graph.units[index];
    let options = &session.units.options.key;
    let artifact = |index: UnitIndex| planned[index].as_ref()?.artifact();
    let gathered = KeyInputs::gather(graph, index, session.context, options, &artifact);
    let inputs = gathered.inputs;
    let found = gathered.complete.then(|| {
        let base = inputs.base_key(options);
        let look = |store| {
            let session = &Session { store, ..*session };
            candidates(session, unit, &base, &mut |key, observed| {
                let watched = observed.and_then(|observed| observed.newest(session.context, unit));
                find(session, unit, key, watched, installed, &|| {
                    damaged.lock().unwrap_or_else(PoisonError::into_inner).insert(index);
                })
            })
        };
        // A remote is asked only for what is under none of the unit's keys here: a build with nothing to do asks nothing.
        session.store.local().into_iter().chain([session.store]).find_map(look)
    });
    let Some(mut found) = found.flatten() else {
        return PlannedUnit { decision: Decision::Miss, inputs: Some(inputs), stamp: NORMAL_STAMP };
    };
    let mut stamps = Vec::with_capacity(unit.dependencies.len());
    for dependency in unit.dependencies.iter().filter_map(|edge| planned[edge.index].as_ref()) {
        // A dependent of a unit that Cargo builds again is built again.
        if let Decision::Present { touched, .. } = &mut found.decision {
            *touched |= dependency.is_touched();
        }
        stamps.push(dependency.stamp);
    }
    let watched = found.watched.filter(|_| unit.is_script_run());
    let stamp = found.stamp.max(oldest_stamp(stamps.into_iter(), watched));
    PlannedUnit { decision: found.decision, inputs: Some(inputs), stamp }
}

/// Tries the keys a unit may have: without anything it read, then with the values now of
/// what each earlier build of it read. A script that writes elsewhere has none.
pub(crate) fn candidates<T>(
    session: &Session<'_>,
    unit: &Unit,
    base: &BaseKey,
    test: &mut dyn FnMut(Key, Option<&ObservedInputs>) -> Option<T>,
) -> Option<T> {
    if unit.is_script_run() && writes_elsewhere(session, base) {
        return None;
    }
    test(final_key(base, None), None).or_else(|| {
        session.store.inputs(base).iter().find_map(|observed| {
            let values = observed.values(session.context, unit);
            test(final_key(base, Some(&values)), Some(observed))
        })
    })
}

/// An artifact under one of a unit's keys.
struct FoundArtifact {
    decision: Decision,
    stamp: Duration,
    /// Newest time among what the unit watches.
    watched: Option<SystemTime>,
}

/// Looks for a key in the build directory, then in the store.
fn find(
    session: &Session<'_>,
    unit: &Unit,
    key: Key,
    watched: Option<SystemTime>,
    installed: &HashMap<Key, (UnitPlace, &InstalledUnit)>,
    on_damage: &dyn Fn(),
) -> Option<FoundArtifact> {
    if let Some((place, here)) = installed.get(&key)
        && !is_dangling(session.units.link, &session.context.layout.unit_dir(place))
    {
        // Of other packages Cargo compares no times but those that a script watches.
        let is_compared = unit.is_local() || unit.is_script_run();
        let touched = is_compared && watched > built_at(session, place, unit);
        let decision = Decision::Present { key, content: here.content, place: place.clone(), touched };
        return Some(FoundArtifact { decision, stamp: here.stamp, watched });
    }
    let entry = session.store.lookup(&key).filter(|entry| session.store.is_intact(entry))?;
    if session.has(StrategyOption::SingleSlot) && !slots::is_current(session.store.root(), &entry) {
        return None;
    }
    if session.has(StrategyOption::Verify) && !session.store.is_under_way(&key) {
        let damage = check(session.store, &entry, true);
        if !damage.is_empty() {
            remove_damaged(session.store, &entry, &damage);
            on_damage();
            return None;
        }
    }
    Some(FoundArtifact { stamp: entry.stamp, decision: Decision::Hit(Box::new(entry)), watched })
}

/// The time Cargo compares sources with.
fn built_at(session: &Session<'_>, place: &UnitPlace, unit: &Unit) -> Option<SystemTime> {
    let dir = session.context.layout.unit_dir(place);
    let file = match unit.is_script_run() {
        true => dir.join("run/stdout"),
        false => dir.join("fingerprint").join(format!("dep-{}", fingerprint_name(&unit.target, &unit.mode))),
    };
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
