//! Why a unit missed.
//!
//! The nearest entry of the same package, target and mode is found, and the first input
//! that differs from it names the reason. Where only dependencies differ, the reason is
//! `dependency` and the package at the root of the difference is named.
//!
//! Before that, tombstones are looked at: a unit with the key of a collected entry was `evicted`. With the
//! content remembered beside the key, the keys of its dependents are made as planning would have made them, so
//! that a whole evicted subgraph is recognised.

use std::collections::HashMap;

use crate::graph::{Mode, UnitIndex};
use crate::key::{ContentDigest, Digest, Key, KeyInputs};
use crate::store::tombstones::{DISPLACED, EVICTED, Tombstones};
use crate::store::{Entry, Store};
use crate::units::{Decision, PlannedUnit, PublishOutcome, RestorePlan, Session, candidates};
use crate::written::WrittenFiles;

pub use records::MissReason;

/// A missed unit explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why.
    pub reason: MissReason,
    /// For `dependency`, the package at the root of the difference.
    pub because: Option<String>,
}

/// The entries of a store, as they were before the build that is explained.
#[derive(Debug, Default)]
pub struct EntryIndex {
    by_slot: HashMap<(String, String), Vec<IndexedEntry>>,
    by_key: HashMap<Key, (String, String, usize)>,
    gone: HashMap<Key, (ContentDigest, MissReason)>,
    written: HashMap<(String, String, Digest), Vec<(Key, WrittenFiles)>>,
}

#[derive(Debug)]
struct IndexedEntry {
    key: Key,
    content: ContentDigest,
    inputs: KeyInputs,
}

impl EntryIndex {
    /// Reads every entry of a store.
    pub fn load(store: &dyn Store) -> EntryIndex {
        let mut index = EntryIndex::of(store, store.entries());
        for (file, reason) in [(EVICTED, MissReason::Evicted), (DISPLACED, MissReason::Displaced)] {
            let stones = Tombstones::read(store.root(), file);
            let gone = stones.iter().filter(|stone| !index.by_key.contains_key(&stone.key));
            index.gone.extend(gone.map(|stone| (stone.key, (stone.content, reason))));
        }
        index
    }

    fn of(store: &dyn Store, entries: Vec<Entry>) -> EntryIndex {
        let mut index = EntryIndex::default();
        for entry in entries {
            let Some(inputs) = entry.inputs.read() else { continue };
            if let Some(written) = WrittenFiles::of(&entry, |file| store.stored(&entry, file)) {
                let like = (entry.package.clone(), entry.slot.clone(), written.outline);
                index.written.entry(like).or_default().push((entry.key, written));
            }
            let slot = (entry.package, entry.slot);
            let known = index.by_slot.entry(slot.clone()).or_default();
            index.by_key.insert(entry.key, (slot.0, slot.1, known.len()));
            known.push(IndexedEntry { key: entry.key, content: entry.content, inputs });
        }
        index
    }

    fn inputs(&self, key: &Key) -> Option<&KeyInputs> {
        let (package, slot, at) = self.by_key.get(key)?;
        self.by_slot.get(&(package.clone(), slot.clone()))?.get(*at).map(|known| &known.inputs)
    }

    /// Whether the bytes just published were there under another key: the key is too narrow. A unit that wrote nothing
    /// is no dup. Valid until the next build or collection.
    pub fn is_dup(&self, session: &Session<'_>, published: &PublishOutcome, index: UnitIndex) -> bool {
        let unit = &session.graph.units[index];
        let publication = published.units.iter().find(|publication| publication.index == index);
        let Some((key, written)) = publication.and_then(|found| Some((found.key, found.written.as_ref()?))) else {
            return false;
        };
        let alike = self.written.get(&(unit.package.name.clone(), unit.slot(), written.outline));
        alike.into_iter().flatten().any(|(other, before)| *other != key && written.is_same(before))
    }

    /// Whether a library that was just published exports what was there under another key; `None` of anything else. Valid
    /// until the next build or collection.
    pub fn has_same_exports(
        &self,
        session: &Session<'_>,
        published: &PublishOutcome,
        index: UnitIndex,
    ) -> Option<bool> {
        let unit = &session.graph.units[index];
        let publication = published.units.iter().find(|publication| publication.index == index)?;
        let alike = self.by_slot.get(&(unit.package.name.clone(), unit.slot()));
        let is_there = |it: &IndexedEntry| it.key != publication.key && it.content == publication.content;
        let is_library = unit.target.is_linkable() && unit.mode != Mode::Test;
        is_library.then(|| alike.into_iter().flatten().any(is_there))
    }

    /// Explains every missed unit of a plan.
    pub fn explain(&self, session: &Session<'_>, plan: &RestorePlan) -> HashMap<UnitIndex, Explanation> {
        let gone = self.gone(session, plan);
        let mut explained: HashMap<UnitIndex, Explanation> = HashMap::new();
        for &index in &session.graph.order {
            let planned = &plan.units[index];
            if let (Decision::Miss, Some(inputs)) = (&planned.decision, &planned.inputs) {
                let known = plan.damaged.contains(&index).then_some(MissReason::Damaged);
                let explanation = match known.or_else(|| gone.get(&index).copied()) {
                    Some(reason) => Explanation { reason, because: None },
                    None => self.explain_one(session, plan, index, inputs, &explained),
                };
                explained.insert(index, explanation);
            }
        }
        explained
    }

    /// Missed units whose entries were there once, dependencies first: the content of one is remembered, and makes the keys of
    /// its dependents.
    fn gone(&self, session: &Session<'_>, plan: &RestorePlan) -> HashMap<UnitIndex, MissReason> {
        let mut gone = HashMap::new();
        if self.gone.is_empty() {
            return gone;
        }
        let graph = session.graph;
        let mut known: Vec<Option<(Key, ContentDigest)>> = plan.units.iter().map(PlannedUnit::artifact).collect();
        for &index in &graph.order {
            if !matches!(plan.units[index].decision, Decision::Miss) {
                continue;
            }
            let options = &session.units.options.key;
            let gathered = KeyInputs::gather(graph, index, session.context, options, &|index| known[index]);
            if !gathered.complete {
                continue;
            }
            let found = candidates(session, &graph.units[index], &gathered.inputs.base_key(options), &mut |key, _| {
                self.gone.get(&key).map(|(content, reason)| (key, *content, *reason))
            });
            if let Some((key, content, reason)) = found {
                known[index] = Some((key, content));
                gone.insert(index, reason);
            }
        }
        gone
    }

    fn explain_one(
        &self,
        session: &Session<'_>,
        plan: &RestorePlan,
        index: UnitIndex,
        inputs: &KeyInputs,
        explained: &HashMap<UnitIndex, Explanation>,
    ) -> Explanation {
        let unit = &session.graph.units[index];
        let candidates = self.by_slot.get(&(unit.package.name.clone(), unit.slot()));
        let nearest = candidates.into_iter().flatten().min_by_key(|known| (inputs.distance(&known.inputs), known.key));
        let Some(nearest) = nearest else {
            return Explanation { reason: MissReason::NeverSeen, because: None };
        };
        if let Some(reason) = inputs.own_difference(&nearest.inputs) {
            return Explanation { reason, because: None };
        }
        // A dependency that itself missed is where the difference comes from.
        let missed = unit.dependencies.iter().find(|edge| explained.contains_key(&edge.index));
        if let Some(edge) = missed {
            let own = &session.graph.units[edge.index].package.name;
            let because = explained[&edge.index].because.clone().unwrap_or_else(|| own.clone());
            return Explanation { reason: MissReason::Dependency, because: Some(because) };
        }
        match self.root_of_difference(inputs, &nearest.inputs, plan.units.len()) {
            Some(package) => Explanation { reason: MissReason::Dependency, because: Some(package) },
            None => Explanation { reason: MissReason::Content, because: None },
        }
    }

    /// Follows differing dependencies down to the package whose own inputs differ.
    fn root_of_difference(&self, wanted: &KeyInputs, nearest: &KeyInputs, depth: usize) -> Option<String> {
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
            .and_then(|other| Some((self.inputs(&dependency.key)?, self.inputs(&other.key)?)))
            .filter(|(mine, theirs)| mine.own_difference(theirs).is_none())
            .and_then(|(mine, theirs)| self.root_of_difference(mine, theirs, depth - 1));
        Some(deeper.unwrap_or_else(|| dependency.package.clone()))
    }
}
