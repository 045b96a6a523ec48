//! Statistics of a trace by hand, counted by hand.

use super::*;
use crate::trace::tests::by_hand;

#[test]
fn they_are_those_of_a_hand_count() {
    let it = TraceStatistics::of(&by_hand());
    assert_eq!((it.workspaces, it.plans, it.unit_builds, it.nodes), (3, 3, 14, 11));
    assert_eq!(it.measured, 1.0);
    let [dev] = it.commands.as_slice() else { panic!("{:?}", it.commands) };
    assert_eq!(dev.label, "dev build");
    assert_eq!(dev.units.quartiles(), Some([3.5, 4.0, 5.5]));
    assert_eq!(dev.seconds.quantile(1.0), Some(14.0));
    let units: Vec<f64> = it.kinds.iter().map(|kind| (kind.units * 14.0).round()).collect();
    assert_eq!(units, [7.0, 2.0, 1.0, 1.0, 3.0]);
    // log is in all three, quote and derive in two, libc and rare in one.
    assert_eq!(it.packages.distinct, 5);
    assert_eq!(it.packages.by_rank, [Some(1.0), None, None, None]);
    assert!((it.packages.alone - 0.4).abs() < 1e-12);
    assert_eq!(it.packages.popularity.median(), Some(2.0 / 3.0));
    // No package is in five workspaces.
    assert!(it.packages.versions.is_empty() && it.packages.features.is_empty());
    // One and two share log, quote and derive: three of four, three of seven; three shares none.
    assert_eq!(it.reuse_units.quantile(1.0), Some(0.75));
    let mean = (3.0 / 4.0 + 3.0 / 7.0) / 6.0;
    assert!((it.reuse_units.mean().unwrap() - mean).abs() < 1e-12);
    assert!((it.reuse_anywhere - 6.0 / 14.0).abs() < 1e-12);
    // one: two are built for the host, one for the program; two and three: for the program.
    assert_eq!(it.packages.profiles, 2);
    assert!((it.packages.top_profile - 2.0 / 3.0).abs() < 1e-12);
    // log 1.0.3 is of day 1030, quote and derive of day 1000, and so on.
    assert_eq!(it.packages.ages.quantile(1.0), Some(120.0));
    assert_eq!(it.packages.ages.quantile(0.0), Some(10.0));
}

#[test]
fn tables_fit_a_terminal_and_end_no_line_early() {
    let it = TraceStatistics::of(&crate::trace::census().unwrap());
    let text = it.render();
    for line in text.lines().skip(1) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(text.contains(" units\n") && text.contains(" GB\n"), "{text}");
}
