//! Properties of lives.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::generate::tests::by_hand;
use crate::generate::{Model, Options, generate};
use crate::trace::{Action, PlanId, Trace};

fn made(updates: u32) -> Trace {
    let options = Options { workspaces: 30, updates, ..Options::default() };
    generate(&Model::learn(&by_hand()), &options, &|_| true).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_life_is_sound_and_the_same_again(seed: u64, days in 0u32..120, builds in 0.0f64..10.0, wipe_days in 0.0f64..40.0) {
        let timeline = Timeline { days, builds_per_day: builds, wipe_days, seed, ..Timeline::default() };
        let mut trace = made(1);
        lay(&mut trace, &timeline);
        prop_assert!(Trace::parse(&trace.to_bytes().unwrap(), Path::new("laid")).is_ok());
        prop_assert!(trace.events.is_sorted_by_key(|event| event.at));
        prop_assert!(trace.events.iter().all(|event| event.at < days * 86_400));
        let mut again = made(1);
        lay(&mut again, &timeline);
        prop_assert_eq!(again.events, trace.events);
    }
}

#[test]
fn there_are_about_as_many_builds_as_asked_for_and_few_build_most() {
    let mut trace = made(0);
    lay(&mut trace, &Timeline::default());
    let mut builds = [0u32; 30];
    for event in &trace.events {
        if let Action::Build(plan) = event.action {
            builds[trace.plans[plan.at()].workspace.at()] += 1;
        }
    }
    let all: u32 = builds.iter().sum();
    assert!((4300..6500).contains(&all), "{all} instead of 30 × 90 × 2");
    builds.sort_unstable();
    assert!(builds[29] > 5 * builds[10], "{builds:?}");
    assert_eq!(trace.events.iter().filter(|event| event.action == Action::Toolchain).count(), 2);
    assert!(trace.events.iter().any(|event| matches!(event.action, Action::Wipe(_))));
    assert!(
        trace
            .events
            .iter()
            .any(|event| matches!(event.action, Action::Edit { file, .. } if trace.text(file) == "ws:src/main.rs"))
    );
}

#[test]
fn another_seed_is_another_life() {
    let (mut one, mut two) = (made(0), made(0));
    lay(&mut one, &Timeline::default());
    lay(&mut two, &Timeline { seed: 2, ..Timeline::default() });
    assert_ne!(one.events, two.events);
}

#[test]
fn lockfiles_are_updated_in_their_order() {
    let mut trace = made(2);
    lay(&mut trace, &Timeline::default());
    let mut last = [PlanId(0); 30];
    for event in &trace.events {
        if let Action::Build(plan) = event.action {
            let workspace = trace.plans[plan.at()].workspace.at();
            assert!(last[workspace] <= plan, "an older lockfile came back");
            last[workspace] = plan;
        }
    }
    let updated = last.iter().filter(|plan| plan.at() % 3 > 0).count();
    assert!(updated > 15, "{updated} of 30");
}
