//! Why units find no twin anywhere.
//!
//! A unit whose key no other workspace has is compared with the unit of the same package, target and mode in another
//! workspace that differs from it in the fewest own inputs; the first input that differs is the reason, as for a real
//! store (`strategies::explain`). Where none of its own inputs differs, a dependency does: the reason is that of the
//! first dependency without a twin.

use std::collections::{BTreeMap, HashMap};

use records::simulated::MissRow;
use strategies::explain::MissReason;
use strategies::key::KeyInputs;

use super::{KeyTally, Portfolio};
use crate::keys::KeyView;
use crate::trace::{NodeId, Text, Trace, UnitId, WorkspaceId};

/// Why units missed, each workspace built once in turn, mean over all orders; by seconds, the most first. A reason is the
/// rule that refused; `first-of-several` for units that others have too, but one has to build first; an input that differs
/// from the nearest twin; `dependency: input` for an input of a dependency; `dependency: together` where every dependency
/// has a twin, but no twin has all of them.
pub fn misses(trace: &Trace, view: &KeyView, portfolio: &Portfolio, tally: &KeyTally) -> Vec<MissRow> {
    let mut search = TwinSearch::of(trace, view, portfolio, tally);
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for plan in &portfolio.plans {
        for node in &trace.plans[plan.at()].nodes {
            let seconds = trace.seconds(*node);
            let (reason, share) = match (view.refused_by(*node), view.key(*node)) {
                (Some(rule), _) => (rule.to_owned(), 1.0),
                (None, Some(key)) if tally.holders(key) > 1 => {
                    ("first-of-several".to_owned(), 1.0 / f64::from(tally.holders(key)))
                }
                (None, _) => (search.reason(*node), 1.0),
            };
            let sum = sums.entry(reason).or_default();
            *sum = (sum.0 + share, sum.1 + share * seconds);
        }
    }
    let (policy, command) = (view.design.to_string(), &portfolio.command);
    let miss = |(reason, (units, seconds))| MissRow {
        policy: policy.clone(),
        command: command.clone(),
        reason,
        units,
        seconds,
    };
    let mut misses: Vec<MissRow> = sums.into_iter().map(miss).collect();
    misses.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    misses
}

struct TwinSearch<'a> {
    trace: &'a Trace,
    view: &'a KeyView,
    tally: &'a KeyTally,
    /// Admitted units by package, target and mode, with their inputs.
    alike: HashMap<Text, Vec<(UnitId, KeyInputs)>>,
    /// The first workspace that has each unit, and whether another has it, too.
    users: Vec<Option<(WorkspaceId, bool)>>,
    own: HashMap<UnitId, &'static str>,
    reasons: HashMap<NodeId, String>,
}

impl<'a> TwinSearch<'a> {
    fn of(trace: &'a Trace, view: &'a KeyView, portfolio: &'a Portfolio, tally: &'a KeyTally) -> TwinSearch<'a> {
        let mut users: Vec<Option<(WorkspaceId, bool)>> = vec![None; trace.units.len()];
        let mut alike: HashMap<Text, Vec<(UnitId, KeyInputs)>> = HashMap::new();
        for plan in portfolio.plans.iter().map(|plan| &trace.plans[plan.at()]) {
            for node in plan.nodes.iter().filter(|node| view.key(**node).is_some()) {
                let id = trace.nodes[node.at()].unit;
                match &mut users[id.at()] {
                    Some((first, several)) => *several |= *first != plan.workspace,
                    none => {
                        *none = Some((plan.workspace, false));
                        let unit = &trace.units[id.at()];
                        alike.entry(unit.name).or_default().push((id, trace.inputs(unit)));
                    }
                }
            }
        }
        TwinSearch { trace, view, tally, alike, users, own: HashMap::new(), reasons: HashMap::new() }
    }

    /// The reason for which a node has no twin. Dependencies have smaller indexes, so this ends.
    fn reason(&mut self, node: NodeId) -> String {
        if let Some(known) = self.reasons.get(&node) {
            return known.clone();
        }
        let unit = self.trace.nodes[node.at()].unit;
        let reason = match self.users[unit.at()] {
            Some((_, true)) => self.dependency(node),
            _ => self.own(unit).to_owned(),
        };
        self.reasons.insert(node, reason.clone());
        reason
    }

    fn dependency(&mut self, node: NodeId) -> String {
        let (view, tally) = (self.view, self.tally);
        let lonely = |node: NodeId| view.key(node).is_some_and(|key| tally.holders(key) == 1);
        let first = self.trace.edges(node).iter().map(|edge| edge.node).find(|dependency| lonely(*dependency));
        match first.map(|dependency| self.reason(dependency)) {
            Some(reason) if reason.starts_with("dependency: ") => reason,
            Some(reason) => format!("dependency: {reason}"),
            None => "dependency: together".to_owned(),
        }
    }

    /// The own input in which a unit of one workspace alone differs from the nearest one of another.
    fn own(&mut self, unit: UnitId) -> &'static str {
        if let Some(known) = self.own.get(&unit) {
            return known;
        }
        let home = self.users[unit.at()].map(|(workspace, _)| workspace);
        let alike = self.alike.get(&self.trace.units[unit.at()].name).map_or(&[][..], Vec::as_slice);
        let mine = alike.iter().find(|(id, _)| *id == unit).map(|(_, inputs)| inputs);
        let elsewhere = |id: UnitId| {
            let (first, several) = self.users[id.at()].unzip();
            id != unit && (first != home || several == Some(true))
        };
        let mut nearest: Option<(usize, &KeyInputs)> = None;
        for (_, other) in alike.iter().filter(|(id, _)| elsewhere(*id)) {
            let Some((own, _)) = mine.map(|mine| mine.distance(other)) else { break };
            if nearest.is_none_or(|(least, _)| own < least) {
                nearest = Some((own, other));
            }
            // Two units differ in something: there is none nearer.
            if own == 1 {
                break;
            }
        }
        let differs = nearest.zip(mine).map(|((_, other), mine)| mine.own_difference(other));
        let reason = match differs {
            None => "never-seen",
            Some(difference) => difference.map_or("content", MissReason::as_str),
        };
        self.own.insert(unit, reason);
        reason
    }
}
