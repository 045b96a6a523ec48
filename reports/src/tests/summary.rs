//! The tables that end `compare`, on handmade runs.

use super::rows::{bad, folder, step, unit, warm};
use crate::analysis::{Analysis, StepAnalysis};
use crate::formats::terminal;
use crate::summary::{CauseLimits, document_within};
use records::run_folder::RunFolder;
use records::{Outcome, Status, StepRow, UnitRow};
use unicode_width::UnicodeWidthStr;

const STRATEGIES: [&str; 7] = [
    "none",
    "shared-target",
    "hardlink+conservative",
    "reflink+conservative",
    "symlink+conservative",
    "hardlink+aggressive",
    "copy+aggressive",
];
const GIB: u64 = 1 << 30;

fn misses(row: &StepRow, times: f64) -> Vec<UnitRow> {
    match row.strategy.as_str() {
        "hardlink+conservative" | "symlink+conservative" => vec![
            unit(row, "libc", Outcome::Refused, "build-script", "libc", 2.0 * times),
            unit(row, "rustix", Outcome::Refused, "below-build-script", "libc", 1.25 * times),
            unit(row, "clap", Outcome::Miss, "features", "derive", 0.5 * times),
            unit(row, "serde", Outcome::Hit, "", "", 3.0 * times),
        ],
        "hardlink+aggressive" | "copy+aggressive" => vec![
            unit(row, "bat", Outcome::Miss, "content", "src/main.rs", 4.0 * times),
            unit(row, "serde", Outcome::Dup, "", "", 3.0 * times),
        ],
        "none" => vec![unit(row, "serde", Outcome::Miss, "never-seen", "", 3.0 * times)],
        _ => vec![],
    }
}

fn render_within(run: &RunFolder, limits: CauseLimits, width: usize) -> String {
    terminal::render(&document_within(&Analysis::of(run, Some("none")), limits), width)
}

fn render(run: &RunFolder) -> String {
    render_within(run, CauseLimits::default(), 100)
}

fn understood(run: &RunFolder) -> Vec<StepAnalysis> {
    Analysis::of(run, Some("none")).steps
}

/// Two rounds, three workspaces: reflink cannot work, copy fails on bat, one
/// round of hardlink+aggressive is invalid.
fn run() -> RunFolder {
    let (mut steps, mut units) = (Vec::new(), Vec::new());
    for name in ["fill", "warm", "edit"] {
        for round in [1, 2] {
            // The file holds the arms in the order they ran, not as asked for.
            for strategy in STRATEGIES.iter().rev() {
                for (workspace, size) in [("ripgrep", 20.0), ("bat", 60.0), ("hexyl", 9.5)] {
                    let base = size + f64::from(round);
                    let row = step(round, workspace, name, strategy, base);
                    let row = match (*strategy, name) {
                        ("none", _) => row,
                        ("reflink+conservative", _) => {
                            bad(row, Status::Unsupported, "reflink: the file system is ext4, which has none")
                        }
                        ("copy+aggressive", _) if workspace == "bat" => bad(
                            row,
                            Status::Failed,
                            "error: could not compile `bat` (bin \"bat\")\ndue to 1 previous error",
                        ),
                        ("hardlink+aggressive", "warm") if round == 2 && workspace == "hexyl" => {
                            bad(row, Status::Invalid, "store: 1 blob changed")
                        }
                        ("shared-target", _) => StepRow { wall_s: Some(base * 0.5), ..row },
                        ("hardlink+conservative" | "symlink+conservative", "warm") => {
                            warm(StepRow { wall_s: Some(base * 0.6), ..row }, 0.6, 0.45, 20, 400 << 20)
                        }
                        (_, "warm") => warm(StepRow { wall_s: Some(base * 0.012), ..row }, 1.0, 1.0, 0, 3 * GIB / 2),
                        _ => warm(StepRow { wall_s: Some(base * 1.04), ..row }, 0.0, 0.0, 50, GIB),
                    };
                    units.extend(misses(&row, f64::from(round)));
                    steps.push(row);
                }
            }
        }
    }
    folder(&STRATEGIES, steps, units)
}

#[test]
fn tables_of_a_run_with_an_unsupported_strategy_and_a_failed_workspace() {
    let text = render(&run());
    for line in text.lines() {
        assert!(line.width() <= 100, "{} columns: {line}", line.width());
    }
    assert!(!text.contains("9999"), "a row that is not ok entered a number");
    insta::assert_snapshot!(text);
}

#[test]
fn long_and_wide_names_still_fit() {
    let long = "rustc:hardlink+some-very-long-experimental-key-policy@directories-of-日本語";
    let mut run = run();
    for row in &mut run.steps {
        if row.strategy == "hardlink+aggressive" {
            row.strategy = long.into();
        }
    }
    for unit in &mut run.units {
        unit.because = "a-package-name-that-goes-on-and-on 日本語 ".repeat(6);
        unit.reason = "a-rule-name-that-goes-on-and-on".into();
    }
    for width in [88, 100, 120] {
        let text = render_within(&run, CauseLimits::default(), width);
        for line in text.lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
        }
    }
}

#[test]
fn a_run_without_rows_or_baseline_says_so() {
    let mut empty = folder(&["none"], vec![], vec![]);
    empty.info.complete = false;
    insta::assert_snapshot!(render(&empty));
    let alone = folder(&[], vec![step(1, "bat", "warm", "shared-target", 2.0)], vec![]);
    let summary = understood(&alone);
    assert_eq!(summary[0].arms[0].against_baseline, None);
    assert_eq!(summary[0].arms[0].numbers.wall_s, Some(2.0));
}

#[test]
fn ratios_are_paired_by_round_and_averaged_geometrically_over_workspaces() {
    let mut steps = Vec::new();
    // In a: 0.5, 0.5, 2 → 2^(-1/3). In b: 2. Unpaired means would say otherwise.
    for (round, none, other) in [(1, 10.0, 5.0), (2, 100.0, 50.0), (3, 1.0, 2.0)] {
        steps.push(step(round, "a", "warm", "none", none));
        steps.push(step(round, "a", "warm", "x", other));
    }
    steps.push(step(1, "b", "warm", "none", 3.0));
    steps.push(step(1, "b", "warm", "x", 6.0));
    steps.push(step(2, "b", "warm", "x", 600.0));
    let summary = understood(&folder(&[], steps, vec![]));
    let arm = &summary[0].arms[1];
    assert!((arm.against_baseline.unwrap() - 2.0_f64.powf(1.0 / 3.0)).abs() < 1e-12);
    assert_eq!(arm.numbers.wall_s, Some(5.0 + 303.0));
    assert_eq!((arm.workspaces, arm.paired_workspaces), (2, 2));
}

#[test]
fn the_table_and_the_verdicts_agree_on_the_ratio() {
    let mut steps = Vec::new();
    for (round, other) in (1..).zip([5.0, 20.0, 9.0, 40.0, 2.0, 10.0]) {
        for (workspace, times) in [("a", 1.0), ("b", 1.5)] {
            steps.push(step(round, workspace, "warm", "none", 10.0));
            steps.push(step(round, workspace, "warm", "x", other * times));
        }
    }
    let run = folder(&[], steps, vec![]);
    let table = understood(&run)[0].arms[1].against_baseline.unwrap();
    let verdict = understood(&run)[0].arms[1].wall.as_ref().unwrap().judgement.ratio.unwrap();
    assert!((table - verdict).abs() < 1e-12, "{table} {verdict}");
    let mean = (0.5_f64 * 2.0 * 0.9 * 4.0 * 0.2).powf(1.0 / 6.0);
    assert!((table - mean * 1.5_f64.sqrt()).abs() < 1e-12, "{table}");
}

#[test]
fn hit_rates_are_weighed_by_units_and_by_seconds() {
    let a = warm(step(1, "a", "warm", "x", 1.0), 1.0, 1.0, 0, 1);
    let mut b = warm(step(1, "b", "warm", "x", 1.0), 0.0, 0.0, 0, 1);
    b.units = Some(150);
    let units = vec![unit(&a, "p", Outcome::Hit, "", "", 9.0), unit(&b, "p", Outcome::Miss, "version", "", 1.0)];
    let summary = understood(&folder(&[], vec![a, b], units));
    assert_eq!(summary[0].arms[0].numbers.hit_rate, Some(0.25));
    assert_eq!(summary[0].arms[0].numbers.hit_rate_by_cost, Some(0.9));
}

fn physical() -> RunFolder {
    let mut steps = Vec::new();
    for round in 1..=3_u32 {
        for (arm, share) in [("none", 1.0), ("reflink+aggressive", 0.25)] {
            for (at, workspace) in ["ripgrep", "bat", "hexyl"].into_iter().enumerate() {
                // The last round is twice as large: medians leave it out.
                let each = (f64::from(if round == 3 { 2 << 30 } else { 1 << 30 }) * share) as u64;
                let all = each * (at as u64 + 1);
                let row = step(round, workspace, "warm", arm, 10.0 * share);
                steps.push(StepRow {
                    all_physical_bytes: Some(all),
                    marginal_physical_bytes: Some(each as i64),
                    ..warm(row, 0.5, 0.5, 25, GIB)
                });
            }
            for (at, workspace) in ["ripgrep", "bat", "hexyl"].into_iter().enumerate() {
                steps.push(StepRow {
                    all_physical_bytes: Some(GIB / 8 / (at as u64 + 1)),
                    marginal_physical_bytes: Some(if arm == "none" { -(200 << 20) } else { 4096 }),
                    promised_bytes: Some(300 << 20),
                    ..step(round, workspace, "clean", arm, 0.5)
                });
            }
        }
    }
    folder(&["none", "reflink+aggressive"], steps, vec![])
}

#[test]
fn physical_sizes_replace_allocated_ones_and_a_step_that_cleans_shows_what_it_freed() {
    let text = render(&physical());
    for line in text.lines() {
        assert!(line.width() <= 100, "{} columns: {line}", line.width());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn one_arm_without_physical_sizes_shows_none_and_one_with_them_is_enough() {
    let mut run = physical();
    for row in run.steps.iter_mut().filter(|row| row.strategy == "none") {
        (row.all_physical_bytes, row.marginal_physical_bytes) = (None, None);
    }
    let summary = understood(&run);
    let of =
        |at: usize| (summary[0].arms[at].numbers.all_physical_bytes, summary[0].arms[at].numbers.added_physical_bytes);
    assert_eq!(of(0), (None, None));
    assert_eq!(of(1), (Some(0.75 * GIB as f64), Some(0.75 * GIB as f64)));
    assert!(render(&run).contains("disk: physical bytes"));
    run.steps.iter_mut().for_each(|row| row.all_physical_bytes = None);
    assert!(render(&run).contains("disk: allocated bytes"));
}

#[test]
fn a_store_counts_at_its_largest_and_build_directories_are_summed() {
    let mut rows = Vec::new();
    for (round, first, last) in [(1, 10, 30), (2, 50, 20), (3, 5, 40)] {
        rows.push(warm(step(round, "a", "warm", "x", 1.0), 1.0, 1.0, 0, first));
        rows.push(warm(step(round, "b", "warm", "x", 1.0), 1.0, 1.0, 0, last));
    }
    let summary = understood(&folder(&[], rows, vec![]));
    let arm = &summary[0].arms[0];
    assert_eq!(
        (arm.numbers.store_peak_bytes, arm.numbers.tree_allocated_bytes),
        (Some(40.0), Some(f64::from(200 << 20)))
    );
}

/// Two workspaces whose rows a resumed run appended the other way round.
fn resumed() -> RunFolder {
    let mut rows = Vec::new();
    for round in 1..=3_u32 {
        let order = if round == 2 { [("b", 7), ("a", 3)] } else { [("a", 3), ("b", 7)] };
        for (workspace, all) in order {
            let row = warm(step(round, workspace, "warm", "x", 1.0), 1.0, 1.0, 0, 10 * all);
            rows.push(StepRow { all_physical_bytes: Some(all), marginal_physical_bytes: Some(1), ..row });
        }
    }
    let mut run = folder(&[], rows, vec![]);
    run.info.corpus.workspaces = vec!["a".into(), "b".into()];
    run
}

#[test]
fn the_last_workspace_is_that_of_the_corpus_and_not_of_the_rows() {
    let mut run = resumed();
    run.steps.retain(|row| row.round == 2);
    let arm = understood(&run)[0].arms[0].clone();
    assert_eq!((arm.numbers.all_physical_bytes, arm.numbers.store_peak_bytes), (Some(7.0), Some(70.0)));
}

#[test]
fn where_workspaces_are_alone_their_sizes_add_up() {
    let mut run = resumed();
    assert!(render(&run).contains("the step's last workspace"));
    run.info.options.insert("alone".into(), true.into());
    let arm = understood(&run)[0].arms[0].clone();
    assert_eq!((arm.numbers.all_physical_bytes, arm.numbers.store_peak_bytes), (Some(10.0), Some(100.0)));
    assert_eq!(arm.numbers.added_physical_bytes, Some(2.0));
    let text = render(&run);
    assert!(
        text.contains("a store and build directories of its own, all:") && !text.contains("the step's last"),
        "{text}"
    );
}

#[test]
fn hits_that_were_compiled_anyway_are_counted_below_the_table() {
    let checked = |round, workspace: &str, arm: &str, counts: [u64; 3], note: &str| StepRow {
        shadow_same: Some(counts[0]),
        shadow_differs: Some(counts[1]),
        nondeterministic: Some(counts[2]),
        note: note.into(),
        ..warm(step(round, workspace, "warm", arm, 1.0), 1.0, 1.0, 0, 1)
    };
    let note = "2 hits with other bytes than a compile, e.g. lib bat (rmeta)";
    let mut rows = vec![step(1, "bat", "warm", "none", 2.0)];
    for round in [1, 2] {
        rows.push(checked(round, "bat", "copy+x", [10, 2, 0], note));
        rows.push(checked(round, "hexyl", "copy+x", [5, 0, 1], ""));
        rows.push(checked(round, "bat", "link+x", [12, 0, 0], "1 units look alike"));
    }
    rows.push(bad(checked(3, "bat", "link+x", [0, 50, 0], ""), Status::Invalid, "store: 1 blob changed"));
    let text = render(&folder(&[], rows, vec![]));
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("shadow")).take(3).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    shadow: copy+x: of 36 hits 4 with other bytes than a compile, 2 that compile to other bytes each
      time (bat: 2 hits with other bytes than a compile, e.g. lib bat (rmeta))
    shadow: 60 hits compiled anyway, all rounds and arms, 54 found the same
    ");
    assert!(!render(&run()).contains("shadow"));
}

#[test]
fn causes_of_any_step_are_shown_but_first_builds_only_where_there_is_nothing_else() {
    let (fill, edit) = (step(1, "bat", "fill", "x+y", 9.0), step(1, "bat", "edits", "x+y", 1.0));
    let never = |row: &StepRow| unit(row, "serde", Outcome::Miss, "never-seen", "", 8.0);
    let mut run = folder(&[], vec![fill.clone(), edit.clone()], vec![never(&fill)]);
    let lists = |run: &RunFolder| -> Vec<String> {
        Analysis::of(run, Some("none")).causes.into_iter().map(|group| group.step).collect()
    };
    assert_eq!(lists(&run), ["fill"]);
    run.units.push(never(&edit));
    assert_eq!(lists(&run), ["fill", "edits"]);
    run.units.push(unit(&edit, "bat", Outcome::Miss, "content", "src/main.rs", 0.5));
    assert_eq!(lists(&run), ["edits"]);
    // What could have been reused decides which list is shown, however dear the first build.
    run.units.push(unit(&fill, "libc", Outcome::Refused, "build-script", "libc", 0.1));
    let text = render_within(&run, CauseLimits { lists: 1, ..CauseLimits::default() }, 100);
    assert!(text.contains("x+y in edits: lost 8.50 s"), "{text}");
    assert!(text.ends_with("\n1 more list in units.csv: lost 8.10 s a round in fill\n"), "{text}");
}

#[test]
fn where_arms_have_different_rounds_walls_are_over_those_that_all_share() {
    let mut rows = Vec::new();
    for round in 1..=7_u32 {
        // The machine gets slower and slower.
        let wall = f64::from(round);
        rows.push(step(round, "a", "warm", "none", wall));
        if round != 3 {
            rows.push(step(round, "a", "warm", "x", wall));
        }
        if round <= 4 {
            rows.push(step(round, "a", "warm", "y", wall));
        }
    }
    let walls = |rows: &[StepRow]| -> Vec<Option<f64>> {
        let run = folder(&["none", "x", "y"], rows.to_vec(), vec![]);
        understood(&run)[0].arms.iter().map(|arm| arm.numbers.wall_s).collect()
    };
    assert_eq!(walls(&rows), [Some(2.0); 3]);
    let text = render(&folder(&[], rows.clone(), vec![]));
    assert!(text.contains("\nwall: over rounds 1–2, 4, the rounds of all arms;"), "{text}");
    rows.push(bad(step(8, "a", "warm", "x", 1.0), Status::Failed, "no"));
    assert_eq!(walls(&rows), [Some(2.0); 3]);
    // Without a shared round every wall stands for itself.
    rows.retain(|row| row.strategy != "y" || row.round == 3);
    assert_eq!(walls(&rows), [Some(4.0), Some(4.5), Some(3.0)]);
    let text = render(&folder(&[], rows, vec![]));
    assert!(text.contains("wall over round 3, which not all arms share"), "{text}");
}

#[test]
fn steps_that_asked_nothing_of_the_cache_have_no_hit_rate_and_lower_none() {
    let none_asked = |row: StepRow| StepRow { hit_rate: None, hit_rate_by_cost: None, ..row };
    let cached = warm(step(1, "a", "warm", "x", 1.0), 0.8, 0.6, 10, 1);
    let idle = none_asked(warm(step(1, "b", "warm", "x", 1.0), 0.0, 0.0, 0, 1));
    let units = vec![unit(&cached, "p", Outcome::Hit, "", "", 9.0)];
    let mut run = folder(&[], vec![cached, idle], units);
    let arm = understood(&run)[0].arms[0].clone();
    assert_eq!((arm.numbers.hit_rate, arm.numbers.hit_rate_by_cost), (Some(0.8), Some(0.6)));
    run.steps = run.steps.into_iter().map(none_asked).collect();
    records::costs::fill_costs(&mut run.steps, &mut run.units);
    let arm = understood(&run)[0].arms[0].clone();
    assert_eq!((arm.numbers.hit_rate, arm.numbers.hit_rate_by_cost), (None, None));
    let text = render(&run);
    let line = text.lines().find(|line| line.starts_with("x ")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[4..7], ["-", "-", "-"], "{line}");
}

#[test]
fn what_others_disturbed_is_marked_keeps_its_numbers_and_has_no_verdict() {
    let row = |at: u64, strategy: &str, wall: f64, foreign: f64| StepRow {
        user_s: Some(wall),
        sys_s: Some(0.0),
        foreign_cpu_s: Some(foreign),
        graph_call_s: (strategy != "none").then_some(0.25),
        plan_s: (strategy != "none").then_some(0.5),
        store_position: Some(at),
        ..warm(step(1, ["", "a", "b"][at as usize], "fill", strategy, wall), 0.5, 0.5, 10, at << 20)
    };
    let rows = |foreign| {
        vec![row(1, "none", 8.0, 1.9), row(1, "x", 4.0, foreign), row(2, "none", 8.0, 0.0), row(2, "x", 2.0, 0.0)]
    };
    let disturbed = folder(&[], rows(1.0), vec![]);
    let analysis = Analysis::of(&disturbed, Some("none"));
    let x = analysis.steps[0].arm("x").unwrap();
    assert_eq!((x.numbers.wall_s, x.numbers.wall_without_graph_s), (Some(6.0), Some(5.5)));
    assert_eq!(x.by_store_position, [Some(0.5), Some(0.25)]);
    assert_eq!(x.numbers.store_allocated_bytes, Some(f64::from(2 << 20)), "of the last in the store");
    let wall = x.wall.as_ref().unwrap();
    assert_eq!((wall.judgement.pairs, wall.excluded[0].why.as_str()), (1, "disturbed by others"));
    let text = render(&disturbed);
    assert!(text.contains("disturbed: others used up to 20.0% of the processor time in 1 row"), "{text}");
    assert!(text.contains("by the workspace's place in the store"), "{text}");
    let below = folder(&[], rows(0.99), vec![]);
    assert_eq!(Analysis::of(&below, Some("none")).steps[0].arm("x").unwrap().disturbed, None);
}

/// Older runs call a unit refused although the build directory held it.
#[test]
fn what_the_build_directory_held_lost_no_seconds() {
    let own = step(1, "bat", "edit", "none", 2.0);
    let mut row = step(1, "bat", "edit", "hardlink+conservative", 2.0);
    (row.fresh, row.restored, row.compiled) = (Some(2), Some(0), Some(1));
    let mut fresh = unit(&own, "serde", Outcome::Miss, "", "", 0.0);
    (fresh.outcome, fresh.cost_s) = (None, None);
    let mut ran = unit(&own, "bat", Outcome::Miss, "", "", 1.5);
    ran.outcome = None;
    let units = vec![
        fresh,
        ran,
        unit(&row, "serde", Outcome::Refused, "build-script", "", 30.0),
        unit(&row, "clap", Outcome::Refused, "build-script", "", 30.0),
        unit(&row, "bat", Outcome::Refused, "local", "", 1.5),
    ];
    let run = folder(&["none", "hardlink+conservative"], vec![own, row], units);
    let found = Analysis::of(&run, Some("none")).causes;
    let lost: Vec<(f64, f64)> = found.iter().map(|group| (group.units, group.lost_s)).collect();
    assert_eq!(lost, [(1.0, 1.5)]);
}
