//! What is to be run, and in which order: a pure function of the options.
//!
//! A *pass* is the story once through, for every arm: from empty directories to the last
//! step. A scenario of workspaces together has one pass a round, one of each workspace
//! alone has one a workspace. Within a pass the arms take turns.

use std::collections::BTreeSet;

use corpora::scenario::Scenario;
use serde::{Deserialize, Serialize};

use super::progress::Kind;
use super::schedule;
use crate::shard::split::Cell;

/// How arms take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// At every step of every workspace each arm in turn, in an order drawn anew. All arms are
    /// on disk at once.
    Interleaved,
    /// Each arm through the whole story, then the next. Needs the disk of one arm, and more
    /// rounds for the same certainty.
    #[default]
    ArmByArm,
}

/// What is to be run, by numbers into the lists of arms, steps and workspaces.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Seed of the schedule.
    pub seed: u64,
    /// How often every arm runs, where that is fixed.
    pub rounds: u32,
    /// How arms take turns.
    pub order: Order,
    /// Names of the arms.
    pub arms: Vec<String>,
    /// What decides how much an arm builds, for estimates.
    pub families: Vec<String>,
    /// The story.
    pub scenario: Scenario,
    /// Names of the workspaces.
    pub workspaces: Vec<String>,
    /// Only these passes, where the run is a shard.
    pub only: Option<BTreeSet<Cell>>,
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
}

/// The story once through, for every arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The workspaces it is told of.
    pub workspaces: Vec<usize>,
    /// Its measurements, in order.
    pub slots: Vec<Slot>,
}

impl Plan {
    /// Numbers of all arms.
    pub fn all_arms(&self) -> Vec<usize> {
        (0..self.arms.len()).collect()
    }

    /// The passes of one round, for these arms; of a shard, those that it has.
    pub fn passes(&self, round: u32, arms: &[usize]) -> Vec<Pass> {
        let all: Vec<usize> = (0..self.workspaces.len()).collect();
        let groups: Vec<Vec<usize>> =
            if self.scenario.alone { all.into_iter().map(|workspace| vec![workspace]).collect() } else { vec![all] };
        let takes_part = |at: usize| self.only.as_ref().is_none_or(|only| only.contains(&(round, at)));
        groups
            .into_iter()
            .enumerate()
            .filter(|(at, _)| takes_part(*at))
            .map(|(_, workspaces)| Pass { slots: self.slots_of(round, arms, &workspaces), workspaces })
            .collect()
    }

    fn slots_of(&self, round: u32, arms: &[usize], workspaces: &[usize]) -> Vec<Slot> {
        let places: Vec<(usize, usize)> = (0..self.scenario.steps.len())
            .flat_map(|step| workspaces.iter().map(move |workspace| (step, *workspace)))
            .collect();
        let turns = |slot: &[usize]| {
            let order = schedule::order(self.seed, slot, round, self.arms.len());
            order.into_iter().filter(|arm| arms.contains(arm)).zip(1u32..).collect::<Vec<_>>()
        };
        let slot = |(arm, position), (step, workspace): (usize, usize)| Slot { round, position, arm, step, workspace };
        match self.order {
            Order::Interleaved => places
                .into_iter()
                .flat_map(|place| turns(&[place.0, place.1]).into_iter().map(move |turn| slot(turn, place)))
                .collect(),
            Order::ArmByArm => turns(&[workspaces[0]])
                .into_iter()
                .flat_map(|turn| places.iter().map(move |place| slot(turn, *place)))
                .collect(),
        }
    }

    /// What a measurement's duration depends on.
    pub fn kind(&self, slot: &Slot) -> Kind {
        Kind {
            place: (self.scenario.steps[slot.step].name.clone(), self.workspaces[slot.workspace].clone()),
            family: self.families[slot.arm].clone(),
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn plan(scenario: &str, order: Order, arms: usize, rounds: u32) -> Plan {
        Plan {
            seed: 1,
            rounds,
            order,
            arms: (0..arms).map(|arm| format!("a{arm}")).collect(),
            families: vec!["f".into(); arms],
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
    fn every_arm_tells_the_same_story_in_either_order() {
        for order in [Order::Interleaved, Order::ArmByArm] {
            let plan = plan("gauntlet", order, 4, 1);
            let passes = plan.passes(1, &plan.all_arms());
            assert_eq!(passes.len(), 1);
            for arm in 0..4 {
                assert_eq!(of_arm(&passes[0], arm), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
            }
        }
    }

    #[test]
    fn interleaved_arms_take_turns_at_every_place_in_an_order_of_its_own() {
        let plan = plan("gauntlet", Order::Interleaved, 6, 1);
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
        let plan = plan("profiles", Order::Interleaved, 2, 1);
        let passes = plan.passes(1, &plan.all_arms());
        assert_eq!(passes.iter().map(|pass| pass.workspaces.clone()).collect::<Vec<_>>(), [[0], [1]]);
        assert!(passes[1].slots.iter().all(|slot| slot.workspace == 1));
    }

    #[test]
    fn shards_have_the_tellings_of_the_whole_run_between_them() {
        for (scenario, order) in [("gauntlet", Order::Interleaved), ("profiles", Order::ArmByArm)] {
            let whole = plan(scenario, order, 3, 4);
            let all = |plan: &Plan| (1..=4).flat_map(|round| plan.passes(round, &[0, 1, 2])).collect::<Vec<_>>();
            let cells = (1..=4).flat_map(|round| (0..2).map(move |at| (round, at)));
            let (first, second): (BTreeSet<Cell>, BTreeSet<Cell>) =
                cells.partition(|(round, at)| *round == 2 || *at == 1);
            let mut told: Vec<Pass> = [first, second]
                .into_iter()
                .flat_map(|cells| all(&Plan { only: Some(cells), ..whole.clone() }))
                .collect();
            told.sort_by_key(|pass| (pass.slots[0].round, pass.workspaces[0]));
            assert_eq!(told, all(&whole), "the same turns too");
        }
    }

    #[test]
    fn a_round_of_fewer_arms_keeps_their_order() {
        let plan = plan("cold", Order::Interleaved, 5, 1);
        let order = |arms: &[usize]| -> Vec<usize> {
            plan.passes(1, arms)[0].slots[..arms.len()].iter().map(|slot| slot.arm).collect()
        };
        let all = order(&[0, 1, 2, 3, 4]);
        let some: Vec<usize> = all.iter().copied().filter(|arm| [0, 3, 4].contains(arm)).collect();
        assert_eq!(order(&[0, 3, 4]), some);
    }

    #[test]
    fn an_arm_that_was_cut_off_starts_anew_and_stops_at_its_last_missing_record() {
        let plan = plan("cold", Order::ArmByArm, 2, 1);
        let pass = plan.passes(1, &[0, 1]).remove(0);
        let (first, second) = (pass.slots[0], pass.slots[1]);
        assert_eq!(first.arm, second.arm);
        assert_eq!(pass.missing(|_| false), pass.slots);
        assert_eq!(pass.missing(|slot| *slot != first)[..], [first]);
        assert_eq!(pass.missing(|slot| *slot != second)[..], [first, second]);
        assert!(pass.missing(|_| true).is_empty());
    }
}
