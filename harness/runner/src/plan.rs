//! What is to be run, and in which order: a pure function of the options.
//!
//! A *pass* is the scenario once through, for every arm: from empty directories to the last step. A scenario of
//! workspaces together has one pass a round, one of each workspace alone has one a workspace. Within a pass the arms
//! take turns.
//!
//! A fixed order would give every arm its own place in the machine's state: page cache, heat, neighbours. So the order
//! of each turn is drawn from the seed for each round; the second round of a pair runs the first one's order backwards,
//! so that an arm's mean position over the pair is the middle.

use std::collections::BTreeSet;

use corpora::scenario::Scenario;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::shard::split::ShardCell;

/// How arms take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmOrder {
    /// At every step of every workspace each arm in turn, in an order drawn anew. All arms are on disk at once.
    Interleaved,
    /// Each arm through the whole scenario, then the next. Needs the disk of one arm, and more
    /// rounds for the same certainty.
    #[default]
    ArmByArm,
}

/// What is to be run, by numbers into the lists of arms, steps and workspaces.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Seed of the schedule.
    pub seed: u64,
    /// How often every arm runs, where that is fixed.
    pub rounds: u32,
    /// How arms take turns.
    pub order: ArmOrder,
    /// Names of the arms.
    pub arms: Vec<String>,
    /// The scenario.
    pub scenario: Scenario,
    /// Names of the workspaces.
    pub workspaces: Vec<String>,
    /// Only these passes, where the run is a shard.
    pub only: Option<BTreeSet<ShardCell>>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Round, from 1.
    pub round: u32,
    /// Place among the arms that take turns, from 1.
    pub position: u32,
    /// Number of the arm.
    pub arm: usize,
    /// Number of the step.
    pub step: usize,
    /// Number of the workspace.
    pub workspace: usize,
    /// Place of the workspace among those that share a store, from 1.
    pub store_position: u64,
}

/// The scenario once through, for every arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The workspaces that take part, in the order in which they come.
    pub workspaces: Vec<usize>,
    /// Its measurements, in order.
    pub slots: Vec<Slot>,
}

impl RunPlan {
    /// Numbers of all arms.
    pub fn all_arms(&self) -> Vec<usize> {
        (0..self.arms.len()).collect()
    }

    /// The passes of one round, for these arms; of a shard, those that it has.
    pub fn passes(&self, round: u32, arms: &[usize]) -> Vec<Pass> {
        let all = self.workspaces.len();
        let groups: Vec<Vec<usize>> = match self.scenario.alone {
            true => (0..all).map(|workspace| vec![workspace]).collect(),
            false => vec![order(self.seed, &[SHARED_STORE], round, all)],
        };
        let takes_part = |at: usize| self.only.as_ref().is_none_or(|only| only.contains(&(round, at)));
        groups
            .into_iter()
            .enumerate()
            .filter(|(at, _)| takes_part(*at))
            .map(|(_, workspaces)| Pass { slots: self.slots_of(round, arms, &workspaces), workspaces })
            .collect()
    }

    fn slots_of(&self, round: u32, arms: &[usize], workspaces: &[usize]) -> Vec<Slot> {
        let places: Vec<(usize, usize, u64)> = (0..self.scenario.steps.len())
            .flat_map(|step| workspaces.iter().zip(1..).map(move |(workspace, at)| (step, *workspace, at)))
            .collect();
        let turns = |turn: &[usize]| {
            let order = order(self.seed, turn, round, self.arms.len());
            order.into_iter().filter(|arm| arms.contains(arm)).zip(1u32..).collect::<Vec<_>>()
        };
        let slot = |(arm, position), (step, workspace, store_position): (usize, usize, u64)| Slot {
            round,
            position,
            arm,
            step,
            workspace,
            store_position,
        };
        match self.order {
            ArmOrder::Interleaved => places
                .into_iter()
                .flat_map(|place| turns(&[place.0, place.1]).into_iter().map(move |turn| slot(turn, place)))
                .collect(),
            ArmOrder::ArmByArm => turns(&[workspaces.iter().copied().min().unwrap_or_default()])
                .into_iter()
                .flat_map(|turn| places.iter().map(move |place| slot(turn, *place)))
                .collect(),
        }
    }
}

impl Pass {
    /// What still has to be run, given what is recorded. Steps of an arm build on each other,
    /// so one that was cut off starts anew; but nothing is run after its last missing record.
    pub fn missing(&self, is_recorded: impl Fn(&Slot) -> bool) -> Vec<Slot> {
        let last_missing = |arm: usize| self.slots.iter().rposition(|slot| slot.arm == arm && !is_recorded(slot));
        let needed = self.slots.iter().enumerate();
        needed
            .filter(|(at, slot)| last_missing(slot.arm).is_some_and(|last| *at <= last))
            .map(|(_, slot)| *slot)
            .collect()
    }
}

/// The turn that the order of workspaces is drawn for; no step or workspace has this number.
const SHARED_STORE: usize = usize::MAX;

/// The arms of one turn in one round, in the order they run: numbers less than `arms`. The generator has a published
/// algorithm (Steele, Lea and Flood 2014), so that a recorded seed gives the same order for ever.
fn order(seed: u64, turn: &[usize], round: u32, arms: usize) -> Vec<usize> {
    let pair = u64::from(round.saturating_sub(1) / 2);
    let mut random = SplitMix64::seed_from_u64(seed ^ pair.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    for part in turn {
        random = SplitMix64::seed_from_u64(random.next_u64() ^ *part as u64);
    }
    let mut order: Vec<usize> = (0..arms).collect();
    for at in (1..arms).rev() {
        order.swap(at, uniform(&mut random, at as u64 + 1));
    }
    if round.is_multiple_of(2) {
        order.reverse();
    }
    order
}

/// A number less than `bound`, without the bias of a plain remainder (Lemire 2019).
fn uniform(random: &mut SplitMix64, bound: u64) -> usize {
    loop {
        let wide = u128::from(random.next_u64()) * u128::from(bound);
        if wide as u64 >= bound.wrapping_neg() % bound {
            return (wide >> 64) as usize;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn plan(scenario: &str, order: ArmOrder, arms: usize, rounds: u32) -> RunPlan {
        RunPlan {
            seed: 1,
            rounds,
            order,
            arms: (0..arms).map(|arm| format!("a{arm}")).collect(),
            scenario: Scenario::load(scenario).unwrap(),
            workspaces: vec!["x".into(), "y".into()],
            only: None,
        }
    }

    /// What one arm does, whoever else takes turns with it.
    fn of_arm(pass: &Pass, arm: usize) -> Vec<(usize, usize)> {
        let own = pass.slots.iter().filter(|slot| slot.arm == arm);
        own.map(|slot| (slot.step, slot.workspace)).collect()
    }

    #[test]
    fn every_arm_does_the_same_in_either_order() {
        for order in [ArmOrder::Interleaved, ArmOrder::ArmByArm] {
            let plan = plan("gauntlet", order, 4, 1);
            let passes = plan.passes(1, &plan.all_arms());
            assert_eq!(passes.len(), 1);
            for arm in 0..4 {
                let [a, b] = passes[0].workspaces[..] else { panic!("{passes:?}") };
                assert_eq!(of_arm(&passes[0], arm), [(0, a), (0, b), (1, a), (1, b), (2, a), (2, b)]);
            }
        }
    }

    #[test]
    fn interleaved_arms_take_turns_at_every_place_in_an_order_of_its_own() {
        let plan = plan("gauntlet", ArmOrder::Interleaved, 6, 1);
        let slots = plan.passes(1, &plan.all_arms()).remove(0).slots;
        let mut orders = Vec::new();
        for turn in slots.chunks(6) {
            assert!(turn.iter().all(|slot| (slot.step, slot.workspace) == (turn[0].step, turn[0].workspace)));
            assert_eq!(turn.iter().map(|slot| slot.position).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
            orders.push(turn.iter().map(|slot| slot.arm).collect::<Vec<_>>());
        }
        orders.sort();
        orders.dedup();
        assert!(orders.len() > 1, "one order everywhere: {orders:?}");
    }

    #[test]
    fn alone_means_one_workspace_after_the_other() {
        let plan = plan("profiles", ArmOrder::Interleaved, 2, 1);
        let passes = plan.passes(1, &plan.all_arms());
        assert_eq!(passes.iter().map(|pass| pass.workspaces.clone()).collect::<Vec<_>>(), [[0], [1]]);
        assert!(passes[1].slots.iter().all(|slot| slot.workspace == 1));
    }

    #[test]
    fn shards_have_the_passes_of_the_whole_run_between_them() {
        for (scenario, order) in [("gauntlet", ArmOrder::Interleaved), ("profiles", ArmOrder::ArmByArm)] {
            let whole = plan(scenario, order, 3, 4);
            let all = |plan: &RunPlan| (1..=4).flat_map(|round| plan.passes(round, &[0, 1, 2])).collect::<Vec<_>>();
            let cells = (1..=4).flat_map(|round| (0..2).map(move |at| (round, at)));
            let (first, second): (BTreeSet<ShardCell>, BTreeSet<ShardCell>) =
                cells.partition(|(round, at)| *round == 2 || *at == 1);
            let mut found: Vec<Pass> = [first, second]
                .into_iter()
                .flat_map(|cells| all(&RunPlan { only: Some(cells), ..whole.clone() }))
                .collect();
            found.sort_by_key(|pass| (pass.slots[0].round, pass.workspaces[0]));
            assert_eq!(found, all(&whole), "the same turns too");
        }
    }

    #[test]
    fn a_round_of_fewer_arms_keeps_their_order() {
        let plan = plan("cold", ArmOrder::Interleaved, 5, 1);
        let order = |arms: &[usize]| -> Vec<usize> {
            plan.passes(1, arms)[0].slots[..arms.len()].iter().map(|slot| slot.arm).collect()
        };
        let all = order(&[0, 1, 2, 3, 4]);
        let some: Vec<usize> = all.iter().copied().filter(|arm| [0, 3, 4].contains(arm)).collect();
        assert_eq!(order(&[0, 3, 4]), some);
    }

    #[test]
    fn an_arm_that_was_cut_off_starts_anew_and_stops_at_its_last_missing_record() {
        let plan = plan("cold", ArmOrder::ArmByArm, 2, 1);
        let pass = plan.passes(1, &[0, 1]).remove(0);
        let (first, second) = (pass.slots[0], pass.slots[1]);
        assert_eq!(first.arm, second.arm);
        assert_eq!(pass.missing(|_| false), pass.slots);
        assert_eq!(pass.missing(|slot| *slot != first)[..], [first]);
        assert_eq!(pass.missing(|slot| *slot != second)[..], [first, second]);
        assert!(pass.missing(|_| true).is_empty());
    }

    #[test]
    fn every_arm_runs_once_a_round() {
        for round in 1..20 {
            let mut order = order(7, &[0], round, 10);
            order.sort_unstable();
            assert_eq!(order, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_recorded_seed_gives_the_same_order_for_ever() {
        assert_eq!(order(7, &[0], 1, 10), [6, 1, 8, 3, 0, 2, 9, 4, 5, 7]);
        assert_eq!(order(7, &[2, 3], 5, 10), [6, 5, 3, 9, 2, 0, 8, 1, 4, 7]);
        assert_eq!(order(0xDEAD_BEEF_CAFE_BABE, &[1, 20], 8, 7), [4, 1, 0, 3, 2, 5, 6]);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(order(7, &[0], 1, 10), order(7, &[0], 1, 10));
        assert_ne!(order(7, &[0], 1, 10), order(8, &[0], 1, 10));
        assert_ne!(order(7, &[0], 1, 10), order(7, &[0], 3, 10));
    }

    #[test]
    fn positions_balance_over_a_pair_of_rounds() {
        let (first, second) = (order(3, &[0], 5, 9), order(3, &[0], 6, 9));
        for arm in 0..9 {
            let place = |order: &[usize]| order.iter().position(|a| *a == arm).unwrap();
            assert_eq!(place(&first) + place(&second), 8);
        }
    }

    #[test]
    fn first_places_are_spread_evenly_over_seeds() {
        let mut first = [0u32; 5];
        for seed in 0..5000 {
            first[order(seed, &[0], 1, 5)[0]] += 1;
        }
        // 1000 each; five standard deviations of a binomial are 141.
        assert!(first.iter().all(|count| count.abs_diff(1000) < 141), "{first:?}");
    }

    #[test]
    fn turns_have_orders_of_their_own() {
        let orders: BTreeSet<Vec<usize>> =
            (0..4).flat_map(|step| (0..4).map(move |workspace| order(7, &[step, workspace], 1, 10))).collect();
        assert_eq!(orders.len(), 16);
    }

    #[test]
    fn workspaces_that_share_a_store_come_in_an_order_drawn_by_round_and_mirrored_in_pairs() {
        let mut plan = plan("gauntlet", ArmOrder::Interleaved, 2, 20);
        plan.workspaces = (0..5).map(|at| format!("w{at}")).collect();
        let pass = |round| plan.passes(round, &[0, 1]).remove(0);
        let orders: BTreeSet<Vec<usize>> = (1..=20).map(|round| pass(round).workspaces).collect();
        assert!(orders.len() > 10, "{orders:?}");
        for round in (1..20).step_by(2) {
            let mirrored: Vec<usize> = pass(round + 1).workspaces.into_iter().rev().collect();
            assert_eq!(pass(round).workspaces, mirrored);
        }
        for slot in pass(3).slots {
            assert_eq!(pass(3).workspaces[slot.store_position as usize - 1], slot.workspace, "as recorded");
        }
    }

    #[test]
    fn one_arm_and_none() {
        assert_eq!(order(1, &[0], 1, 1), [0]);
        assert!(order(1, &[0], 1, 0).is_empty());
    }
}
