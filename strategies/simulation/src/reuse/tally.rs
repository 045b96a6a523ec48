//! How many workspaces have each key.

use std::collections::BTreeMap;

use super::Portfolio;
use crate::keys::{KeyId, View};
use crate::trace::{NodeId, PlanId, Trace};

/// A portfolio under one design, added up.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Workspaces that take part.
    pub workspaces: usize,
    /// By how many workspaces have a key: shares of a workspace's units and seconds that have such
    /// keys, mean over workspaces.
    pub(super) shares: BTreeMap<u32, (f64, f64)>,
    /// By how many workspaces have a key: the same as sums over all workspaces.
    sums: BTreeMap<u32, (f64, f64)>,
    /// By how many workspaces have a key: bytes of all such keys.
    pub(super) bytes: BTreeMap<u32, f64>,
    /// Of each key, how many workspaces have it.
    holders: Vec<u32>,
    all: (f64, f64),
}

/// What a whole portfolio reuses of itself: each workspace once, in turn, mean over all orders.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Units of all workspaces.
    pub units: f64,
    /// Their seconds.
    pub seconds: f64,
    /// Units that were there already.
    pub hits: f64,
    /// Their seconds.
    pub hit_seconds: f64,
    /// Bytes of everything that is stored in the end.
    pub stored_bytes: f64,
}

impl Tally {
    /// Adds up.
    pub fn of(trace: &Trace, view: &View, portfolio: &Portfolio) -> Tally {
        let mut holders = vec![0u32; view.keys.count];
        let mut mark = vec![0u32; view.keys.count];
        let mut bytes = vec![0f64; view.keys.count];
        for (at, plan) in portfolio.plans.iter().enumerate() {
            for (node, key) in shared(trace, view, portfolio, *plan) {
                if let Some(key) = key
                    && std::mem::replace(&mut mark[key.at()], at as u32 + 1) != at as u32 + 1
                {
                    holders[key.at()] += 1;
                    // Bytes of nodes with one key may be estimated apart: the mean of its holders.
                    let own = f64::from(trace.nodes[node.at()].bytes.value);
                    bytes[key.at()] += (own - bytes[key.at()]) / f64::from(holders[key.at()]);
                }
            }
        }
        let mut tally = Tally {
            workspaces: portfolio.plans.len(),
            shares: BTreeMap::new(),
            sums: BTreeMap::new(),
            bytes: BTreeMap::new(),
            holders: Vec::new(),
            all: (0.0, 0.0),
        };
        for plan in &portfolio.plans {
            tally.add_plan(trace, view, portfolio, *plan, &holders);
        }
        for (holders, bytes) in holders.iter().zip(&bytes).filter(|(holders, _)| **holders > 0) {
            *tally.bytes.entry(*holders).or_default() += bytes;
        }
        tally.holders = holders;
        tally
    }

    fn add_plan(&mut self, trace: &Trace, view: &View, portfolio: &Portfolio, plan: PlanId, holders: &[u32]) {
        let mut own: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        let mut all = (0.0, 0.0);
        for (node, key) in all_of(trace, view, portfolio, plan) {
            let seconds = f64::from(trace.nodes[node.at()].seconds.value);
            all = (all.0 + 1.0, all.1 + seconds);
            match key {
                Key::Refused => {}
                // A key of one workspace alone: nothing to look up.
                Key::Own(node) => {
                    let entry = own.entry(1).or_default();
                    *entry = (entry.0 + 1.0, entry.1 + seconds);
                    *self.bytes.entry(1).or_default() += f64::from(trace.nodes[node.at()].bytes.value);
                }
                Key::Shared(key) => {
                    let entry = own.entry(holders[key.at()]).or_default();
                    *entry = (entry.0 + 1.0, entry.1 + seconds);
                }
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole / self.workspaces as f64 } else { 0.0 };
        for (holders, (units, seconds)) in own {
            let mean = self.shares.entry(holders).or_default();
            *mean = (mean.0 + share(units, all.0), mean.1 + share(seconds, all.1));
            let sum = self.sums.entry(holders).or_default();
            *sum = (sum.0 + units, sum.1 + seconds);
        }
        self.all = (self.all.0 + all.0, self.all.1 + all.1);
    }

    /// How many workspaces have a key.
    pub fn holders(&self, key: KeyId) -> u32 {
        self.holders[key.at()]
    }

    /// What is reused when every workspace is built once in turn. Of the `m` workspaces that have
    /// a key, in each order `m − 1` find it.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { units: self.all.0, seconds: self.all.1, ..Totals::default() };
        for (holders, (units, seconds)) in &self.sums {
            let found = 1.0 - 1.0 / f64::from(*holders);
            totals.hits += units * found;
            totals.hit_seconds += seconds * found;
        }
        totals.stored_bytes = self.bytes.values().sum();
        totals
    }
}

enum Key {
    Refused,
    /// Told apart by workspace.
    Own(NodeId),
    Shared(KeyId),
}

fn all_of<'a>(
    trace: &'a Trace,
    view: &'a View,
    portfolio: &'a Portfolio,
    plan: PlanId,
) -> impl Iterator<Item = (NodeId, Key)> + 'a {
    trace.plans[plan.at()].nodes.iter().map(move |&node| match view.key(node) {
        None => (node, Key::Refused),
        Some(_) if view.keys.by_workspace && portfolio.tainted[node.at()] => (node, Key::Own(node)),
        Some(key) => (node, Key::Shared(key)),
    })
}

/// The nodes of a plan with the keys by which other workspaces could find them.
pub(super) fn shared<'a>(
    trace: &'a Trace,
    view: &'a View,
    portfolio: &'a Portfolio,
    plan: PlanId,
) -> impl Iterator<Item = (NodeId, Option<KeyId>)> + 'a {
    all_of(trace, view, portfolio, plan).map(|(node, key)| match key {
        Key::Shared(key) => (node, Some(key)),
        Key::Refused | Key::Own(_) => (node, None),
    })
}
