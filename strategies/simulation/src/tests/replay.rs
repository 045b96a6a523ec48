//! Builds, edits, wipes and new toolchains, played again.

use std::collections::{HashMap, HashSet};

use crate::history::History;
use crate::keys::{KeyDesign, KeyView, views};
use crate::replay::{NodeStatus, ReplayedOutcome, SimulatedMachine, StoreReplay};
use crate::reuse::Portfolio;
use crate::trace::{NodeId, PlanId, Text, Trace, TraceAction, TraceEvent, WorkspaceId};
use proptest::prelude::*;
use strategies::key::Input;

fn view(trace: &Trace, design: &str) -> KeyView {
    views(trace, &[KeyDesign::parse(design).unwrap()]).remove(0)
}

fn actions(trace: &Trace, picks: &[(u8, prop::sample::Index)]) -> Vec<TraceAction> {
    let main = Text(trace.strings.iter().position(|it| it == "ws:src/main.rs").unwrap() as u32);
    let action = |(kind, index): &(u8, prop::sample::Index)| {
        let plan = PlanId(index.index(trace.plans.len()) as u32);
        let workspace = WorkspaceId(plan.0);
        match kind {
            0 => TraceAction::Edit { workspace, file: main },
            1 => TraceAction::Wipe(workspace),
            2 => TraceAction::Toolchain,
            _ => TraceAction::Build(plan),
        }
    };
    picks.iter().map(action).collect()
}

fn picks() -> impl Strategy<Value = Vec<(u8, prop::sample::Index)>> {
    proptest::collection::vec((0u8..8, any::<prop::sample::Index>()), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Toolchains and edits are apart from a key here. Hashed into the inputs, as a real store has them, they distinguish
    /// the same artifacts.
    #[test]
    fn changes_beside_a_key_are_like_changes_in_it(workspaces in super::workspaces(3), picks in picks()) {
        let trace = super::trace(&workspaces);
        let view = view(&trace, "aggressive");
        let mut machine = SimulatedMachine::new(&trace, &view);
        let (mut toolchain, mut edits) = (0, HashMap::new());
        let mut beside = Vec::new();
        let mut inside: Vec<String> = Vec::new();
        for action in actions(&trace, &picks) {
            match action {
                TraceAction::Toolchain => toolchain += 1,
                TraceAction::Edit { workspace, .. } => *edits.entry(workspace).or_insert(0) += 1,
                _ => {}
            }
            let mut statuses = Vec::new();
            machine.play(action, |_, found| statuses = found.to_vec());
            if let TraceAction::Build(plan) = action {
                let times = edits.get(&trace.plans[plan.at()].workspace).copied().unwrap_or(0);
                let merkle = merkle(&trace, plan, toolchain, times);
                for (node, status) in trace.plans[plan.at()].nodes.iter().zip(statuses) {
                    let (NodeStatus::Present(Some(key)) | NodeStatus::Wanted(key)) = status else { continue };
                    beside.push(key);
                    inside.push(merkle[node].clone());
                }
            }
        }
        for one in 0..beside.len() {
            for other in 0..one {
                prop_assert_eq!(beside[one] == beside[other], inside[one] == inside[other]);
            }
        }
    }

    #[test]
    fn a_build_directory_keeps_what_nothing_changed(workspaces in super::workspaces(3), picks in picks()) {
        let trace = super::trace(&workspaces);
        let view = view(&trace, "non-local");
        let mut replay = StoreReplay::new(&trace, &view);
        let mut clean = HashSet::new();
        for action in actions(&trace, &picks) {
            match action {
                TraceAction::Build(plan) => {
                    let outcomes = replay.build(plan);
                    if !clean.insert(plan) {
                        prop_assert!(outcomes.iter().all(|it| *it == ReplayedOutcome::Present), "a no-op build does nothing");
                    }
                }
                other => {
                    replay.play(other);
                    clean.clear();
                }
            }
        }
    }

    /// No two units of these traces have one hash and two keys, but for a member before and after an edit.
    #[test]
    fn what_only_edits_displace_is_missed_by_nobody(workspaces in super::workspaces(3), picks in picks()) {
        let trace = super::trace(&workspaces);
        let view = view(&trace, "aggressive");
        let (mut all, mut slots) = (StoreReplay::new(&trace, &view), StoreReplay::new(&trace, &view).with_single_slots());
        for action in actions(&trace, &picks) {
            let TraceAction::Build(plan) = action else {
                [&mut all, &mut slots].into_iter().for_each(|replay| replay.play(action));
                continue;
            };
            let (all, slots) = (all.build(plan), slots.build(plan));
            // A state does not come back, so nobody looks for what an edit displaced.
            prop_assert_eq!(all, slots);
        }
    }

    /// The same trace as outcomes in a store without limits and as a history of artifacts.
    #[test]
    fn a_history_asks_for_what_a_replay_asks_for(workspaces in super::workspaces(3), picks in picks()) {
        let mut trace = super::trace(&workspaces);
        let event = |(at, action)| TraceEvent { at: at as u32, action };
        trace.events = actions(&trace, &picks).into_iter().enumerate().map(event).collect();
        for design in ["conservative", "aggressive"] {
            let view = view(&trace, design);
            let history = History::of(&trace, &view);
            let mut replay = StoreReplay::new(&trace, &view);
            let mut stored = HashSet::<u32>::new();
            let mut builds = history.builds.iter();
            for event in &trace.events {
                let TraceAction::Build(plan) = event.action else {
                    replay.play(event.action);
                    continue;
                };
                let outcomes = replay.build(plan);
                let build = builds.next().unwrap();
                let hits = history.wanted(build).iter().filter(|it| stored.contains(*it)).count();
                let count = |wanted: ReplayedOutcome| outcomes.iter().filter(|it| **it == wanted).count();
                prop_assert_eq!((build.at, build.refused as usize), (event.at, count(ReplayedOutcome::Refused)));
                prop_assert_eq!(history.wanted(build).len(), count(ReplayedOutcome::Hit) + count(ReplayedOutcome::Miss));
                prop_assert_eq!(hits, count(ReplayedOutcome::Hit));
                stored.extend(history.wanted(build));
                for artifact in 0..history.artifacts() as u32 {
                    prop_assert!(history.dependencies(artifact).iter().all(|dependency| *dependency < artifact));
                }
            }
            prop_assert!(builds.next().is_none());
        }
    }
}

/// Among 84 real programs with one toolchain no unit hash has two keys.
#[test]
fn programs_of_the_census_displace_nothing_of_each_other() {
    let trace = crate::trace::census().unwrap();
    let portfolio = Portfolio::of(&trace, "dev build");
    for policy in ["non-local", "aggressive"] {
        let view = view(&trace, policy);
        let mut replay = StoreReplay::new(&trace, &view).with_single_slots();
        let count = |replay: &mut StoreReplay<'_>, wanted| {
            let outcomes = portfolio.plans.iter().flat_map(|plan| {
                replay.play(TraceAction::Wipe(trace.plans[plan.at()].workspace));
                replay.build(*plan)
            });
            outcomes.filter(|it| *it == wanted).count()
        };
        assert!(count(&mut replay, ReplayedOutcome::Miss) > 0);
        assert_eq!(count(&mut replay, ReplayedOutcome::Displaced), 0);
        assert_eq!(count(&mut replay, ReplayedOutcome::Miss), 0, "all that was there is there again");
    }
}

/// The key of each node of a plan with the toolchain and the edits of its member hashed in.
fn merkle(trace: &Trace, plan: PlanId, toolchain: u32, edits: u32) -> HashMap<NodeId, String> {
    let mut keys: HashMap<NodeId, String> = HashMap::new();
    for node in &trace.plans[plan.at()].nodes {
        let unit = trace.unit(*node);
        let mut text = format!("{:?} {toolchain}", trace.nodes[node.at()].unit);
        if trace.text(unit[Input::SourcePath]) == "ws:src/main.rs" {
            text += &format!(" edited {edits} times");
        }
        for edge in trace.edges(*node) {
            text += &format!(" ({})", keys[&edge.node]);
        }
        keys.insert(*node, text);
    }
    keys
}

/// So a store with one entry for each hash (`~single-slot`) loses nothing there while nothing is edited.
#[test]
fn no_two_keys_of_the_census_have_one_unit_hash() {
    let trace = crate::trace::census().unwrap();
    let (view, hashes) = (view(&trace, "aggressive"), crate::keys::unit_hashes(&trace));
    let mut keys = HashMap::new();
    for (node, hash) in (0..).map(NodeId).zip(&hashes) {
        let Some(key) = view.key(node) else { continue };
        assert_eq!(*keys.entry(*hash).or_insert(key), key, "{node:?}");
    }
    assert!(keys.len() > 10_000, "{} units", keys.len());
}
