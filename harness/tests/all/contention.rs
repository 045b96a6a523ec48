//! Four Cargos at once on one store: nobody fails, nobody harms another, and what all of them
//! built serves all of them. On one build directory they harm each other, and that is seen.

use std::collections::BTreeSet;

use crate::support::TestDir;
use records::Status;

const STEPS: [&str; 4] = ["same", "same-warm", "overlapping", "disjoint"];
const UNITS: u64 = 8;

fn check(strategies: &[&str], rounds: usize) {
    let place = TestDir::with("eight", &["eight"]);
    let (list, times) = (strategies.join(","), rounds.to_string());
    let run = place.compare("eight", &["--scenario", "contention", "--strategies", &list, "--rounds", &times]);
    let mut seen = BTreeSet::new();
    for row in run.steps() {
        let at = format!("round {} {} {}: {}", row.round, row.strategy, row.step, row.note);
        assert!(seen.insert((row.round, row.strategy.clone(), row.step.clone())), "{at}");
        // One build directory for four versions of a member hands out the wrong one, and is caught.
        let mixed = row.strategy == "shared-target" && row.step == "overlapping";
        let status = if mixed { Status::Invalid } else { Status::Ok };
        assert_eq!((row.status, row.builds, row.units), (status, Some(4), Some(4 * UNITS)), "{at}");
        assert_eq!((row.noop_compiled, row.stale.unwrap_or(0)), (Some(0), 0), "{at}");
        assert_eq!(row.note.is_empty(), !mixed, "nothing is kept out by another one's work: {at}");
        let cached = row.link.is_some();
        assert_eq!(row.store_intact, cached.then_some(true), "{at}");
        match row.step.as_str() {
            "same-warm" if cached => {
                assert_eq!((row.compiled, row.restored), (Some(0), Some(4 * UNITS)), "{at}");
                assert_eq!(row.rustc_runs, Some(0), "{at}");
            }
            // Copies differ in what they build: nobody can be served by another.
            "disjoint" => assert_eq!(row.compiled, Some(4 * UNITS), "{at}"),
            // Four versions of the members, and one of everything else.
            "overlapping" if cached => assert!(row.compiled >= Some(4 * 2), "{at}"),
            _ if row.strategy == "none" => assert_eq!(row.compiled, Some(4 * UNITS), "{at}"),
            _ => {}
        }
    }
    assert_eq!(seen.len(), strategies.len() * STEPS.len() * rounds);
}

/// Two rounds: who is first at what is another one each time.
#[test]
fn on_one_store_all_are_served() {
    check(&["hardlink+aggressive", "symlink+aggressive", "copy+aggressive@dirs"], 2);
}

#[test]
fn without_a_store_harm_is_seen() {
    check(&["none", "shared-target"], 1);
}
