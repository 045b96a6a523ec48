//! A trace replayed with keys that lack inputs.

use std::collections::HashMap;

use rayon::prelude::*;
use simulation::keys::{KeyDesign, views};
use simulation::reuse::{KeyTally, Portfolio, ReuseTotals};
use simulation::trace::{NodeId, Text, Trace};
use strategies::key::{Input, KeyOptions};

/// Designs whose keys are in memory at once.
const AT_ONCE: usize = 16;
/// Sets of inputs that are tried together.
const SETS: usize = 12;

/// What every command of the trace reuses, each run once in turn, under the policy and under each set of options.
pub struct Replay<'a> {
    trace: &'a Trace,
    policy: KeyDesign,
    portfolio: Portfolio,
    pub base: ReuseTotals,
}

/// Inputs that gain something only together.
#[derive(Debug, Clone, PartialEq)]
pub struct TogetherSet {
    pub inputs: Vec<Input>,
    pub totals: ReuseTotals,
}

impl<'a> Replay<'a> {
    pub fn of(trace: &'a Trace, policy: KeyDesign) -> Replay<'a> {
        let portfolio = Portfolio::every_plan(trace);
        let mut replay = Replay { trace, policy, portfolio, base: ReuseTotals::default() };
        replay.base = replay.totals(&[KeyOptions::default()])[0];
        replay
    }

    /// The totals of each set of options.
    pub fn totals(&self, options: &[KeyOptions]) -> Vec<ReuseTotals> {
        let mut totals = Vec::new();
        for some in options.chunks(AT_ONCE) {
            let designs: Vec<KeyDesign> = some.iter().map(|it| self.policy.without(*it)).collect();
            let views = views(self.trace, &designs);
            let of_view = |view| KeyTally::of(self.trace, view, &self.portfolio).totals();
            totals.extend(views.par_iter().map(of_view).collect::<Vec<_>>());
        }
        totals
    }

    /// Sets of inputs that gain more together than each alone, the smallest first. Tried are the sets in which two
    /// units of one name differ most often; from each, inputs without which it gains as much are taken away.
    pub fn together(&self, alone: &HashMap<Input, f64>) -> Vec<TogetherSet> {
        let of = |inputs: &[Input]| KeyOptions::without(inputs.iter().copied());
        let gains = |inputs: &[Input], totals: &ReuseTotals| {
            let sum: f64 = inputs.iter().filter_map(|input| alone.get(input)).sum();
            inputs.len() > 1 && totals.hit_seconds - self.base.hit_seconds > sum + LEAST_S
        };
        let sets = differences(self.trace);
        let totals = self.totals(&sets.iter().map(|set| of(set)).collect::<Vec<_>>());
        let mut found: Vec<TogetherSet> = Vec::new();
        for (mut inputs, mut totals) in sets.into_iter().zip(totals) {
            if !gains(&inputs, &totals) {
                continue;
            }
            for input in inputs.clone() {
                let fewer: Vec<Input> = inputs.iter().copied().filter(|it| *it != input).collect();
                let without = self.totals(&[of(&fewer)])[0];
                if without.hit_seconds >= totals.hit_seconds - LEAST_S {
                    (inputs, totals) = (fewer, without);
                }
            }
            if gains(&inputs, &totals) && !found.iter().any(|it| it.inputs == inputs) {
                found.push(TogetherSet { inputs, totals });
            }
        }
        let gained = |set: &TogetherSet| set.totals.hit_seconds;
        found.sort_by(|a, b| a.inputs.len().cmp(&b.inputs.len()).then(gained(b).total_cmp(&gained(a))));
        found
    }
}

/// Seconds below which a gain is a rounding error.
const LEAST_S: f64 = 0.01;

/// The sets of inputs in which units of one package, kind, target and mode differ, the most frequent first.
fn differences(trace: &Trace) -> Vec<Vec<Input>> {
    let mut by_name: HashMap<Text, Vec<NodeId>> = HashMap::new();
    for at in 0..trace.nodes.len() {
        let node = NodeId(at as u32);
        by_name.entry(trace.unit(node).name).or_default().push(node);
    }
    let mut counts: HashMap<Vec<Input>, usize> = HashMap::new();
    for nodes in by_name.values() {
        for pair in nodes.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|node| trace.unit(node));
            let mut set: Vec<Input> = Input::of_unit().filter(|input| one[*input] != other[*input]).collect();
            if one.observed != other.observed {
                set.push(Input::Files);
            }
            let edges = |node: NodeId| trace.edges(node).iter().map(|edge| edge.node).collect::<Vec<_>>();
            if edges(pair[0]) != edges(pair[1]) {
                set.extend([Input::DependencyKeys, Input::DependencyContents]);
            }
            if set.len() > 1 {
                *counts.entry(set).or_default() += 1;
            }
        }
    }
    let mut sets: Vec<(Vec<Input>, usize)> = counts.into_iter().collect();
    sets.sort_by(|(a, one), (b, other)| other.cmp(one).then_with(|| a.cmp(b)));
    let frequent = sets.into_iter().take(SETS).map(|(set, _)| set);
    // A replay takes the key of a dependency for its content: neither gains anything without the other.
    let both = vec![Input::DependencyKeys, Input::DependencyContents];
    std::iter::once(both.clone()).chain(frequent.filter(|set| *set != both)).collect()
}
