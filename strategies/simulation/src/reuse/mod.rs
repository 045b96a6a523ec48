//! How much workspaces could reuse of each other.
//!
//! Every workspace is built once, nothing was built before, and a store keeps everything. The mean over all orders of
//! workspaces needs no replay: whether an artifact is stored depends only on how many workspaces have it. Bands do need
//! orders, which are drawn.

mod curve;
mod misses;

use std::collections::{BTreeMap, HashSet};

use records::simulated::SharingRow;

use crate::keys::{KeyId, KeyView};
use crate::trace::{NodeId, PlanId, Trace, WorkspaceId};

pub use curve::{Band, bands, curve, grid};
pub use misses::misses;

/// One plan of each workspace that runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// The command: `dev build`.
    pub command: String,
    /// The plans, by workspace. Of several the last one, which is the newest.
    pub plans: Vec<PlanId>,
    /// Of each node of the trace, whether it or a dependency belongs to a path package.
    depends_on_path: Vec<bool>,
}

impl Portfolio {
    /// The plans of a command.
    pub fn of(trace: &Trace, command: &str) -> Portfolio {
        let mut latest: Vec<Option<PlanId>> = vec![None; trace.workspaces.len()];
        for (at, plan) in trace.plans.iter().enumerate().filter(|(_, plan)| trace.command(plan) == command) {
            latest[plan.workspace.at()] = Some(PlanId(at as u32));
        }
        Portfolio {
            command: command.to_owned(),
            plans: latest.into_iter().flatten().collect(),
            depends_on_path: trace.depends_on_path(),
        }
    }

    /// Every plan of a trace, as if each were that of a workspace.
    pub fn every_plan(trace: &Trace) -> Portfolio {
        Portfolio {
            command: "all".to_owned(),
            plans: (0..trace.plans.len()).map(|at| PlanId(at as u32)).collect(),
            depends_on_path: trace.depends_on_path(),
        }
    }

    /// Every command of a trace, in the order of its plans.
    pub fn commands(trace: &Trace) -> Vec<String> {
        let mut commands = Vec::new();
        let mut seen = HashSet::new();
        for plan in &trace.plans {
            if seen.insert((plan.profile, plan.task)) {
                commands.push(trace.command(plan));
            }
        }
        commands
    }

    /// The workspaces, one for each plan.
    pub fn workspaces<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = WorkspaceId> + 'a {
        self.plans.iter().map(|plan| trace.plans[plan.at()].workspace)
    }
}

/// The number of workspaces that have each key of a portfolio under one design.
#[derive(Debug, Clone)]
pub struct KeyTally {
    pub(super) workspaces: usize,
    /// By how many workspaces have a key: shares of a workspace's units and seconds that have such keys, mean over
    /// workspaces.
    pub(super) shares: BTreeMap<u32, (f64, f64)>,
    /// By how many workspaces have a key: the same as sums over all workspaces.
    sums: BTreeMap<u32, (f64, f64)>,
    /// By how many workspaces have a key: bytes of all such keys.
    pub(super) bytes: BTreeMap<u32, f64>,
    /// Of each key, how many workspaces have it.
    holders: Vec<u32>,
    all: (f64, f64),
}

/// What the workspaces of a portfolio reuse of each other, each built once in turn: mean over all orders.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReuseTotals {
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

impl KeyTally {
    /// Counts.
    pub fn of(trace: &Trace, view: &KeyView, portfolio: &Portfolio) -> KeyTally {
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
                    let own = trace.bytes(node);
                    bytes[key.at()] += (own - bytes[key.at()]) / f64::from(holders[key.at()]);
                }
            }
        }
        let mut tally = KeyTally {
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

    fn add_plan(&mut self, trace: &Trace, view: &KeyView, portfolio: &Portfolio, plan: PlanId, holders: &[u32]) {
        let mut own: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        let mut all = (0.0, 0.0);
        for (node, key) in all_of(trace, view, portfolio, plan) {
            let seconds = trace.seconds(node);
            all = (all.0 + 1.0, all.1 + seconds);
            match key {
                NodeKey::Refused => {}
                NodeKey::Own(node) => {
                    let entry = own.entry(1).or_default();
                    *entry = (entry.0 + 1.0, entry.1 + seconds);
                    *self.bytes.entry(1).or_default() += trace.bytes(node);
                }
                NodeKey::Shared(key) => {
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

    /// What is reused when every workspace is built once in turn. Of the `m` workspaces that have a key, in each order
    /// `m − 1` find it.
    pub fn totals(&self) -> ReuseTotals {
        let mut totals = ReuseTotals { units: self.all.0, seconds: self.all.1, ..ReuseTotals::default() };
        for (holders, (units, seconds)) in &self.sums {
            let found = 1.0 - 1.0 / f64::from(*holders);
            totals.hits += units * found;
            totals.hit_seconds += seconds * found;
        }
        totals.stored_bytes = self.bytes.values().sum();
        totals
    }
}

enum NodeKey {
    Refused,
    /// A key of one workspace alone.
    Own(NodeId),
    Shared(KeyId),
}

fn all_of<'a>(
    trace: &'a Trace,
    view: &'a KeyView,
    portfolio: &'a Portfolio,
    plan: PlanId,
) -> impl Iterator<Item = (NodeId, NodeKey)> + 'a {
    trace.plans[plan.at()].nodes.iter().map(move |&node| match view.key(node) {
        None => (node, NodeKey::Refused),
        Some(_) if view.keys.by_workspace && portfolio.depends_on_path[node.at()] => (node, NodeKey::Own(node)),
        Some(key) => (node, NodeKey::Shared(key)),
    })
}

/// The nodes of a plan with the keys by which other workspaces could find them.
pub(super) fn shared<'a>(
    trace: &'a Trace,
    view: &'a KeyView,
    portfolio: &'a Portfolio,
    plan: PlanId,
) -> impl Iterator<Item = (NodeId, Option<KeyId>)> + 'a {
    all_of(trace, view, portfolio, plan).map(|(node, key)| match key {
        NodeKey::Shared(key) => (node, Some(key)),
        NodeKey::Refused | NodeKey::Own(_) => (node, None),
    })
}

/// What each command finds of each other one, over all workspaces that have both; `policy` is the name of the design.
pub fn sharing(trace: &Trace, view: &KeyView, policy: &str) -> Vec<SharingRow> {
    let portfolios: Vec<(String, Vec<Option<PlanId>>)> = Portfolio::commands(trace)
        .into_iter()
        .map(|command| {
            let portfolio = Portfolio::of(trace, &command);
            let mut by_workspace = vec![None; trace.workspaces.len()];
            for (workspace, plan) in portfolio.workspaces(trace).zip(&portfolio.plans) {
                by_workspace[workspace.at()] = Some(*plan);
            }
            (command, by_workspace)
        })
        .collect();
    let mut found = Vec::new();
    let mut mark = vec![0u32; view.keys.count];
    let mut pair = 0;
    for (first, before) in &portfolios {
        for (then, after) in portfolios.iter().filter(|(then, _)| then != first) {
            let (policy, first, then) = (policy.to_owned(), first.clone(), then.clone());
            let mut row = SharingRow { policy, first, then, ..SharingRow::default() };
            let (mut hits, mut all_s) = (0u64, 0.0);
            for (before, after) in before.iter().zip(after).filter_map(|(one, two)| Some(((*one)?, (*two)?))) {
                pair += 1;
                for node in &trace.plans[before.at()].nodes {
                    if let Some(key) = view.key(*node) {
                        mark[key.at()] = pair;
                    }
                }
                row.workspaces += 1;
                for node in &trace.plans[after.at()].nodes {
                    let seconds = trace.seconds(*node);
                    row.units += 1;
                    all_s += seconds;
                    if view.key(*node).is_some_and(|key| mark[key.at()] == pair) {
                        hits += 1;
                        row.saved_s += seconds;
                        row.saved_bytes += trace.bytes(*node);
                    }
                }
            }
            row.hit_rate = share(hits as f64, row.units as f64);
            row.hit_rate_by_cost = share(row.saved_s, all_s);
            found.push(row);
        }
    }
    found
}

/// A share; of nothing it is 0.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}
