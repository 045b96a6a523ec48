//! Before a step: go, wait or stop.
//!
//! A gate never lets a step begin while a limit is passed. Once it waits it goes on only when
//! readings are clear of the limit, so that a reading that hovers around it does not flap. The
//! margin is only for that: when the time to wait is over, what is not passed lets go.

use std::time::Duration;

use super::floors::{Floors, Readings, Reason};

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Begin the step.
    Go,
    /// Look again in a while; why.
    Wait(Reason),
    /// End the run; why.
    Stop(Reason),
}

/// Decides about one step.
#[derive(Debug)]
pub struct Gate<'a> {
    floors: &'a Floors,
    /// Bytes the step is likely to take.
    need: u64,
    /// How long to wait at most.
    patience: Duration,
    waits: bool,
}

impl<'a> Gate<'a> {
    /// A gate before a step.
    pub fn new(floors: &'a Floors, need: u64, patience: Duration) -> Gate<'a> {
        Gate { floors, need, patience, waits: false }
    }

    /// What to do, given readings and how long it has been waiting.
    pub fn decide(&mut self, readings: &Readings, waited: Duration) -> Decision {
        let passed = self.floors.passed(readings, self.need);
        if waited >= self.patience {
            return passed.map_or(Decision::Go, Decision::Stop);
        }
        let held = if self.waits { self.floors.not_yet_clear(readings, self.need) } else { passed };
        match held {
            Some(reason) => {
                self.waits = true;
                Decision::Wait(reason)
            }
            None => Decision::Go,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::floors::tests::{fine, floors};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn load(others: f64) -> Readings {
        Readings { others: Some(others), ..fine() }
    }

    #[test]
    fn it_waits_goes_on_when_calm_and_stops_when_patience_ends() {
        let floors = floors();
        let mut gate = Gate::new(&floors, 0, 10 * SECOND);
        assert!(matches!(gate.decide(&load(0.5), Duration::ZERO), Decision::Wait(Reason::Load { .. })));
        assert!(matches!(gate.decide(&load(0.09), SECOND), Decision::Wait(_)), "not clear of it");
        assert_eq!(gate.decide(&load(0.05), 2 * SECOND), Decision::Go);
        let mut gate = Gate::new(&floors, 0, 10 * SECOND);
        assert!(matches!(gate.decide(&load(0.5), Duration::ZERO), Decision::Wait(_)));
        assert_eq!(gate.decide(&load(0.09), 10 * SECOND), Decision::Go, "the margin stops nobody");
        assert!(matches!(gate.decide(&load(0.5), 10 * SECOND), Decision::Stop(_)));
        assert!(matches!(Gate::new(&floors, 0, Duration::ZERO).decide(&load(0.5), Duration::ZERO), Decision::Stop(_)));
    }

    prop_compose! {
        fn any_readings()(
            free in prop::collection::vec(proptest::option::of(0u64..1 << 31), 3),
            memory in proptest::option::of(0u64..1 << 30),
            others in proptest::option::of(0.0f64..1.0),
        ) -> Readings {
            Readings { free, memory, others }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_step_begins_below_a_floor_and_none_is_stopped_above_all(
            need in 0u64..1 << 30,
            patience in 0u64..20,
            story in prop::collection::vec(any_readings(), 1..40),
        ) {
            let floors = floors();
            let mut gate = Gate::new(&floors, need, SECOND * patience as u32);
            for (readings, second) in story.iter().zip(0u32..) {
                let decision = gate.decide(readings, SECOND * second);
                let passed = floors.passed(readings, need);
                match decision {
                    Decision::Go => prop_assert_eq!(passed, None),
                    Decision::Wait(_) => {
                        prop_assert!(u64::from(second) < patience, "waits longer than allowed");
                        prop_assert!(floors.not_yet_clear(readings, need).is_some(), "waits for nothing");
                        continue;
                    }
                    Decision::Stop(reason) => {
                        prop_assert_eq!(Some(reason), passed);
                        prop_assert!(u64::from(second) >= patience, "stops before its time");
                    }
                }
                break;
            }
        }

        /// Readings that hover around a limit, by less than the margin, change nothing once it waits.
        #[test]
        fn it_does_not_flap(hovering in prop::collection::vec(0.081f64..0.12, 1..30)) {
            let floors = floors();
            let mut gate = Gate::new(&floors, 0, SECOND * 1000);
            let first = gate.decide(&load(0.2), Duration::ZERO);
            prop_assert!(matches!(first, Decision::Wait(_)));
            for others in hovering {
                prop_assert!(matches!(gate.decide(&load(others), SECOND), Decision::Wait(_)));
            }
        }
    }
}
