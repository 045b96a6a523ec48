//! Keys of simulated designs.

use crate::keys::{KeyDesign, RELAXATIONS, views};
use crate::reuse::{KeyTally, Portfolio, bands, curve, grid};
use crate::trace::{NodeId, PlanId, Trace};
use proptest::prelude::*;
use strategies::policy::{ALL, admission};

fn designs() -> Vec<KeyDesign> {
    let plain = KeyDesign::policies();
    let changed = plain.iter().flat_map(|design| RELAXATIONS.iter().map(|it| design.with([it])));
    changed.chain(plain.clone()).collect()
}

fn nodes(trace: &Trace) -> impl Iterator<Item = NodeId> {
    (0..trace.nodes.len() as u32).map(NodeId)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn without_relaxations_every_node_has_a_key_of_its_own(workspaces in super::workspaces(4)) {
        let trace = super::trace(&workspaces);
        let view = &views(&trace, &[KeyDesign::parse("aggressive").unwrap()])[0];
        let keys: std::collections::HashSet<_> = nodes(&trace).filter_map(|node| view.key(node)).collect();
        prop_assert_eq!(keys.len(), trace.nodes.len());
    }

    #[test]
    fn relaxing_never_loses_and_tightening_never_gains(workspaces in super::workspaces(4)) {
        let trace = super::trace(&workspaces);
        let portfolio = Portfolio::of(&trace, "dev build");
        for plain in KeyDesign::policies() {
            for relaxation in &RELAXATIONS {
                let views = views(&trace, &[plain.clone(), plain.with([relaxation])]);
                let [before, after] = [0, 1].map(|at| KeyTally::of(&trace, &views[at], &portfolio).totals());
                let gained = after.hits - before.hits;
                prop_assert!(if relaxation.widens() { gained >= -1e-9 } else { gained <= 1e-9 }, "{} {gained}", relaxation.name);
            }
        }
    }

    #[test]
    fn a_curve_is_the_mean_over_all_orders(workspaces in super::workspaces(4)) {
        let trace = super::trace(&workspaces);
        let portfolio = Portfolio::of(&trace, "dev build");
        let all = portfolio.plans.len();
        for view in views(&trace, &designs()) {
            let points = curve(&KeyTally::of(&trace, &view, &portfolio), &(1..=all as u32).collect::<Vec<_>>());
            let mut sums = vec![(0.0, 0.0, 0.0); all];
            let orders = permutations(all);
            for order in &orders {
                for (sum, found) in sums.iter_mut().zip(in_order(&trace, &view, &portfolio, order)) {
                    *sum = (sum.0 + found.0, sum.1 + found.1, sum.2 + found.2);
                }
            }
            for (point, sum) in points.iter().zip(sums) {
                let count = orders.len() as f64;
                prop_assert!((point.hit_rate - sum.0 / count).abs() < 1e-9, "{} {point:?} {sum:?}", view.design);
                prop_assert!((point.hit_rate_by_cost - sum.1 / count).abs() < 1e-9, "{} {point:?} {sum:?}", view.design);
                prop_assert!((point.stored_bytes - sum.2 / count).abs() < 1e-6, "{} {point:?} {sum:?}", view.design);
            }
        }
    }

    #[test]
    fn bands_are_seeded_and_in_range(workspaces in super::workspaces(6), seed in any::<u64>()) {
        let trace = super::trace(&workspaces);
        let portfolio = Portfolio::of(&trace, "dev build");
        let at = grid(portfolio.plans.len() as u32);
        let view = &views(&trace, &[KeyDesign::parse("non-local").unwrap()])[0];
        let found = bands(&trace, view, &portfolio, &at, 5, seed);
        prop_assert_eq!(&found, &bands(&trace, view, &portfolio, &at, 5, seed));
        prop_assert!(found.iter().all(|band| 0.0 <= band.low && band.low <= band.high && band.high <= 1.0));
        prop_assert_eq!((found[0].low, found[0].high), (0.0, 0.0), "nothing was built before the first");
    }
}

/// A node that several plans share is judged once. A policy asks whether a package has a build script anywhere in the
/// graph; in real graphs whatever has one depends on it.
#[test]
fn designs_admit_what_their_policies_admit() {
    let trace = crate::trace::census().unwrap();
    let views = views(&trace, &KeyDesign::policies());
    for (policy, view) in ALL.iter().zip(&views) {
        let mut seen = std::collections::HashSet::new();
        for plan in &trace.plans {
            let refused = admission(policy, &trace.graph(plan), false);
            for (node, rule) in plan.nodes.iter().zip(refused) {
                assert_eq!(view.refused_by(*node), rule.map(|rule| rule.name));
                assert_eq!(view.key(*node).is_none(), rule.is_some());
                seen.extend(rule.map(|rule| rule.name));
            }
        }
        assert!(policy.name == "aggressive" || !seen.is_empty(), "{} refuses something", policy.name);
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    match n {
        0 => vec![vec![]],
        _ => {
            let shorter = permutations(n - 1);
            let into = |at: usize| {
                shorter.iter().map(move |rest| {
                    let mut order = rest.clone();
                    order.insert(at, n - 1);
                    order
                })
            };
            (0..n).flat_map(into).collect()
        }
    }
}

/// What each workspace of one order reuses, by units and seconds, and the bytes stored after it.
fn in_order(
    trace: &Trace,
    view: &crate::keys::KeyView,
    portfolio: &Portfolio,
    order: &[usize],
) -> Vec<(f64, f64, f64)> {
    let mut stored = std::collections::HashSet::new();
    let mut bytes = 0.0;
    let mut found = Vec::new();
    for at in order {
        let PlanId(plan) = portfolio.plans[*at];
        let plan = &trace.plans[plan as usize];
        let key = |node: NodeId| {
            let own = view.keys.by_workspace && trace.unit(node).source == crate::trace::TraceSource::Path;
            view.key(node).map(|key| (key, own.then_some(*at)))
        };
        let seconds = |node: NodeId| f64::from(trace.nodes[node.0 as usize].seconds.value);
        let hit: Vec<NodeId> =
            plan.nodes.iter().copied().filter(|node| key(*node).is_some_and(|key| stored.contains(&key))).collect();
        for node in &plan.nodes {
            if let Some(key) = key(*node)
                && stored.insert(key)
            {
                bytes += f64::from(trace.nodes[node.0 as usize].bytes.value);
            }
        }
        let (all, hit_s) =
            (plan.nodes.iter().map(|n| seconds(*n)).sum::<f64>(), hit.iter().map(|n| seconds(*n)).sum::<f64>());
        let by_cost = if all > 0.0 { hit_s / all } else { 0.0 };
        found.push((hit.len() as f64 / plan.nodes.len() as f64, by_cost, bytes));
    }
    found
}
