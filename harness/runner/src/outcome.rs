//! What became of each unit, and why.

use records::Outcome;
use strategies::Strategy;
use strategies::explain::Explanation;
use strategies::external::{Caches, External};
use strategies::graph::UnitIndex;
use strategies::units::{Decision, Session, Units};

use super::build::{Build, Cached};
use strategies::store::Store;

/// One unit of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitOutcome {
    /// Its index in the graph.
    pub index: UnitIndex,
    /// What became of it; `None` where the strategy had nothing to do with it: the build
    /// directory held it already, or there is no cache.
    pub outcome: Option<Outcome>,
    /// Why it missed or was refused.
    pub reason: String,
    /// What the reason points at.
    pub because: String,
    /// Seconds it takes to build, where this step or its store entry knows.
    pub cost_s: Option<f64>,
    /// Size of its files in the store, bytes.
    pub bytes: Option<u64>,
}

/// The outcomes of every unit of a build. `cold` says that the build directory of this
/// workspace was empty, so that what a shared directory had counts as a hit.
pub fn outcomes(build: &Build, strategy: &Strategy, store: Option<&dyn Store>, cold: bool) -> Vec<UnitOutcome> {
    match (&build.cached, strategy, store) {
        (Some(cached), Strategy::Units(units), Some(store)) => of_units(build, cached, units, store),
        (_, Strategy::External(external), _) => of_external(build, external, cold),
        _ => (0..build.graph.units.len()).map(|index| of_plain(build, strategy, index, cold)).collect(),
    }
}

fn of_plain(build: &Build, strategy: &Strategy, index: UnitIndex, cold: bool) -> UnitOutcome {
    let fresh = build.built.fresh.binary_search(&index).is_ok();
    let outcome = match strategy {
        Strategy::SharedTarget if cold => Some(if fresh { Outcome::Hit } else { Outcome::Miss }),
        _ => None,
    };
    UnitOutcome {
        index,
        outcome,
        reason: String::new(),
        because: String::new(),
        cost_s: measured_cost(build, index),
        bytes: None,
    }
}

/// What somebody else's tool did can only be seen from outside. A unit is a hit when it was fresh
/// in a build directory that had been empty, or when Cargo ran it and no compiler did. A build
/// script that Cargo ran is a miss: whether what ran was the script cannot be seen.
fn of_external(build: &Build, external: &External, cold: bool) -> Vec<UnitOutcome> {
    let judge = |index: UnitIndex| {
        let compiled = build.built.compiled.binary_search(&index).is_ok();
        let fresh = build.built.fresh.binary_search(&index).is_ok();
        let place = build.built.matched.units.get(&index).map(|(_, place)| place);
        let ran = build.graph.units[index].is_script_run() || place.is_none_or(|place| build.ran.contains(place));
        match (compiled, fresh) {
            (true, _) => Some(if ran { Outcome::Miss } else { Outcome::Hit }),
            (false, true) if cold => Some(Outcome::Hit),
            _ => None,
        }
    };
    let mut outcomes: Vec<Option<Outcome>> = (0..build.graph.units.len()).map(judge).collect();
    if external.description.caches == Caches::Nothing && !outcomes.contains(&Some(Outcome::Hit)) {
        outcomes.fill(None); // Nothing was asked of it.
    }
    let unit = |(index, outcome)| UnitOutcome {
        index,
        outcome,
        reason: String::new(),
        because: String::new(),
        cost_s: measured_cost(build, index),
        bytes: None,
    };
    outcomes.into_iter().enumerate().map(unit).collect()
}

fn measured_cost(build: &Build, index: UnitIndex) -> Option<f64> {
    let (_, place) = build.built.matched.units.get(&index)?;
    build.costs.get(place).copied()
}

fn of_units(build: &Build, cached: &Cached, units: &Units, store: &dyn Store) -> Vec<UnitOutcome> {
    let session = Session { units, store, graph: &build.graph, context: &cached.context };
    let explained = cached.before.as_ref().map(|before| before.explain(&session, &cached.plan)).unwrap_or_default();
    let is_restored = |index: UnitIndex| cached.restored.units.iter().any(|(restored, _)| *restored == index);
    (0..build.graph.units.len())
        .map(|index| {
            let compiled = build.built.compiled.binary_search(&index).is_ok();
            let fresh = build.built.fresh.binary_search(&index).is_ok();
            let entry = cached.plan.units[index].hit();
            let (outcome, reason, because) = match &cached.plan.units[index].decision {
                // The build directory held it: nobody asked the policy for anything.
                Decision::Refused(_) if fresh && !compiled => (None, String::new(), String::new()),
                Decision::Refused(rule) => (Some(Outcome::Refused), rule.name.to_owned(), String::new()),
                Decision::Present { .. } => (None, String::new(), String::new()),
                Decision::Hit(_) if !is_restored(index) => (Some(Outcome::Miss), "evicted".to_owned(), String::new()),
                Decision::Hit(_) if fresh => (Some(Outcome::Hit), String::new(), String::new()),
                // Rebuilt, or Cargo said nothing of it: no hit without Cargo's word.
                Decision::Hit(_) => (Some(Outcome::Stale), String::new(), String::new()),
                Decision::Miss if fresh && !compiled => (None, String::new(), String::new()),
                Decision::Miss => {
                    let dup =
                        cached.before.as_ref().is_some_and(|before| before.is_dup(&session, &cached.published, index));
                    let (reason, because) = explained.get(&index).map(told).unwrap_or_default();
                    (Some(if dup { Outcome::Dup } else { Outcome::Miss }), reason, because)
                }
            };
            UnitOutcome {
                index,
                outcome,
                reason,
                because,
                cost_s: measured_cost(build, index).or_else(|| entry?.cost_s),
                bytes: entry.map(|entry| entry.size()),
            }
        })
        .collect()
}

fn told(explanation: &Explanation) -> (String, String) {
    (explanation.reason.as_str().to_owned(), explanation.because.clone().unwrap_or_default())
}

/// Counts and rates over the units of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Restored and fresh.
    pub hits: u64,
    /// Refused by the policy.
    pub refused: u64,
    /// Admitted, not there; with those whose bytes were there under another key.
    pub missed: u64,
    /// Restored, yet rebuilt.
    pub stale: u64,
    /// Hits by units.
    pub hit_rate: f64,
    /// Hits by seconds, where seconds are known.
    pub hit_rate_by_cost: Option<f64>,
}

impl Counts {
    /// Counts outcomes; a unit of unknown cost weighs nothing.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a UnitOutcome>) -> Counts {
        let outcomes: Vec<&UnitOutcome> = outcomes.into_iter().collect();
        let count = |wanted: &[Outcome]| {
            outcomes.iter().filter(|unit| unit.outcome.is_some_and(|outcome| wanted.contains(&outcome))).count() as u64
        };
        let cost = |hits_only: bool| -> f64 {
            let counted = outcomes.iter().filter(|unit| !hits_only || unit.outcome == Some(Outcome::Hit));
            counted.filter_map(|unit| unit.cost_s).sum()
        };
        let hits = count(&[Outcome::Hit]);
        let total = cost(false);
        Counts {
            hits,
            refused: count(&[Outcome::Refused]),
            missed: count(&[Outcome::Miss, Outcome::Dup]),
            stale: count(&[Outcome::Stale]),
            hit_rate: hits as f64 / (outcomes.len().max(1)) as f64,
            hit_rate_by_cost: (total > 0.0).then(|| cost(true) / total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(outcome: Option<Outcome>, cost_s: Option<f64>) -> UnitOutcome {
        UnitOutcome { index: 0, outcome, reason: String::new(), because: String::new(), cost_s, bytes: None }
    }

    #[test]
    fn rates_count_units_and_seconds() {
        let counts = Counts::of(&[
            unit(Some(Outcome::Hit), Some(9.0)),
            unit(Some(Outcome::Refused), Some(1.0)),
            unit(Some(Outcome::Dup), None),
            unit(None, None),
        ]);
        assert_eq!((counts.hits, counts.refused, counts.missed, counts.stale), (1, 1, 1, 0));
        assert_eq!(counts.hit_rate, 0.25);
        assert_eq!(counts.hit_rate_by_cost, Some(0.9));
        assert_eq!(Counts::of([&unit(None, None)]).hit_rate_by_cost, None);
    }
}
