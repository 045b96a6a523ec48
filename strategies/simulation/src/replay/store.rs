//! A store without limits: what becomes of each unit.

use std::collections::HashSet;

use super::{ArtifactKey, Machine, Standing};
use crate::keys::View;
use crate::trace::{Action, PlanId, Source, Trace};

/// What becomes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The build directory had it.
    Present,
    /// Not admitted, and built.
    Refused,
    /// The store had it.
    Hit,
    /// Built, and stored.
    Miss,
}

/// All workspaces of a trace and one store for them.
#[derive(Debug)]
pub struct Replay<'a> {
    trace: &'a Trace,
    machine: Machine<'a>,
    store: HashSet<ArtifactKey>,
}

impl<'a> Replay<'a> {
    /// Nothing has been built yet, and the store is empty.
    pub fn new(trace: &'a Trace, view: &'a View) -> Replay<'a> {
        Replay { trace, machine: Machine::new(trace, view), store: HashSet::new() }
    }

    /// Plays what is no build.
    pub fn play(&mut self, action: Action) {
        self.machine.play(action, |_, _| {});
    }

    /// Empties the store.
    pub fn empty_store(&mut self) {
        self.store.clear();
    }

    /// Builds a plan: what became of its nodes, in its order. As in a real build, the store is
    /// asked for everything before anything is compiled, and of what the build directory had only
    /// packages that cannot change are stored.
    pub fn build(&mut self, plan: PlanId) -> Vec<Outcome> {
        let standings = self.machine.build(plan);
        let outcomes = standings
            .iter()
            .map(|standing| match standing {
                Standing::Present(_) => Outcome::Present,
                Standing::Refused => Outcome::Refused,
                Standing::Wanted(key) if self.store.contains(key) => Outcome::Hit,
                Standing::Wanted(_) => Outcome::Miss,
            })
            .collect();
        let nodes = &self.trace.plans[plan.at()].nodes;
        let stored = nodes.iter().zip(&standings).filter_map(|(node, standing)| match standing {
            Standing::Present(key) => key.filter(|_| self.trace.unit(*node).source != Source::Path),
            Standing::Wanted(key) => Some(*key),
            Standing::Refused => None,
        });
        self.store.extend(stored);
        outcomes
    }
}
