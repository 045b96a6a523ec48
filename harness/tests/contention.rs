//! Four Cargos at once on one store, or on one build directory: nobody fails, nobody harms
//! another, and what all of them built serves all of them.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use reports::record::Status;
use support::Place;
use support::small::eight;

const STRATEGIES: [&str; 5] =
    ["none", "shared-target", "hardlink+aggressive", "symlink+aggressive", "copy+aggressive@dirs"];
const STEPS: [&str; 4] = ["same", "same-warm", "overlapping", "disjoint"];
const ROUNDS: u32 = 3;
const UNITS: u64 = 8;

#[test]
fn four_cargos_share_a_store_and_all_are_served() {
    let place = Place::new();
    eight(&place);
    place.corpus("eight", &[("eight", "src/lib.rs", None)]);
    let (strategies, rounds) = (STRATEGIES.join(","), ROUNDS.to_string());
    let args = ["--scenario", "contention", "--strategies", &strategies, "--rounds", &rounds];
    let run = place.compare("eight", &args);
    let mut seen = BTreeSet::new();
    for row in run.steps() {
        let at = format!("round {} {} {}: {}", row.round, row.strategy, row.step, row.note);
        assert!(seen.insert((row.round, row.strategy.clone(), row.step.clone())), "{at}");
        assert_eq!((row.status, row.builds, row.units), (Status::Ok, Some(4), Some(4 * UNITS)), "{at}");
        assert_eq!((row.noop_compiled, row.stale.unwrap_or(0)), (Some(0), 0), "{at}");
        let cached = row.link.is_some();
        assert_eq!(row.store_intact, cached.then_some(true), "{at}");
        match row.step.as_str() {
            "same-warm" if cached => {
                assert_eq!((row.compiled, row.restored), (Some(0), Some(4 * UNITS)), "{at}");
                assert_eq!(row.rustc_runs, Some(0), "{at}");
            }
            // Copies differ in what they build: nobody can be served by another.
            "disjoint" => assert_eq!(row.compiled, Some(4 * UNITS), "{at}"),
            _ if row.strategy == "none" => assert_eq!(row.compiled, Some(4 * UNITS), "{at}"),
            _ => {}
        }
    }
    assert_eq!(seen.len(), STRATEGIES.len() * STEPS.len() * ROUNDS as usize);
}
