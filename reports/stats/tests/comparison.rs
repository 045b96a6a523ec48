//! From rows to comparisons: what is paired, what stays out, what it comes to.
#![allow(clippy::unwrap_used)]

#[path = "../../src/tests/rows.rs"]
#[allow(dead_code)]
mod rows;

use records::{Status, StepRow};
use rows::{bad, step};
use stats::{Comparison, Question, Random, Verdict, compare_overall};

/// `rounds` of two workspaces; `x` takes `ratio` of `none`, within 1 %.
fn rows(rounds: u32, ratio: f64) -> Vec<StepRow> {
    let mut random = Random::new(11);
    let mut rows = Vec::new();
    for round in 1..=rounds {
        for (workspace, size) in [("bat", 60.0), ("hexyl", 9.0)] {
            let mut time = |ratio: f64| size * ratio * (1.0 + 0.01 * random.unit());
            rows.push(step(round, workspace, "warm", "none", time(1.0)));
            rows.push(step(round, workspace, "warm", "x", time(ratio)));
        }
    }
    rows
}

fn overall(rows: &[StepRow]) -> Comparison {
    let mut all = compare_overall(rows, &Question::default());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn every_arm_is_compared_and_shows_its_workspaces() {
    let mut rows = rows(8, 0.5);
    for row in rows.clone() {
        rows.push(StepRow { step: "fill".into(), ..row.clone() });
        if row.strategy == "x" {
            rows.push(StepRow { strategy: "y".into(), ..row });
        }
    }
    let all = compare_overall(&rows, &Question::default());
    let names: Vec<String> = all
        .iter()
        .map(|it| {
            let cells: Vec<String> =
                it.workspaces.iter().map(|cell| format!("{} {} pairs", cell.workspace, cell.pairs)).collect();
            format!("{} {} of {}: {}", it.step, it.strategy, it.family, cells.join(", "))
        })
        .collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    warm x of 3: bat 8 pairs, hexyl 8 pairs
    warm y of 3: bat 8 pairs, hexyl 8 pairs
    fill x of 3: bat 8 pairs, hexyl 8 pairs
    ");
    assert!(all.iter().all(|it| it.judgement.verdict == Verdict::Faster));
    assert!(all.iter().flat_map(|it| &it.workspaces).all(|cell| (cell.ratio.unwrap() - 0.5).abs() < 0.01));
    let first = &all[0].judgement;
    assert_eq!((first.pairs, first.rounds, first.workspaces), (16, 8, 2));
    let interval = first.interval.unwrap();
    assert!(first.min.unwrap() <= interval.low && interval.high <= first.max.unwrap());
    assert!((first.ratio.unwrap() - 0.5).abs() < 0.01);
}

#[test]
fn only_pairs_of_two_ok_rows_enter() {
    let mut rows = rows(9, 0.5);
    let at = |round: u32, workspace: &str, strategy: &str| -> usize {
        rows.iter()
            .position(|row| row.round == round && row.workspace == workspace && row.strategy == strategy)
            .unwrap()
    };
    let (failed, again, invalid, unsupported, unmeasured, gone) = (
        at(1, "bat", "x"),
        at(6, "hexyl", "x"),
        at(2, "bat", "none"),
        at(3, "hexyl", "x"),
        at(4, "hexyl", "x"),
        at(5, "hexyl", "none"),
    );
    rows[failed] = bad(rows[failed].clone(), Status::Failed, "error: no\nmore");
    rows[again] = bad(rows[again].clone(), Status::Failed, "error: no");
    rows[invalid] = bad(rows[invalid].clone(), Status::Invalid, "store damaged");
    rows[unsupported] = bad(rows[unsupported].clone(), Status::Unsupported, "");
    rows[unmeasured].wall_s = None;
    rows.remove(gone);
    let it = overall(&rows);
    assert_eq!(it.judgement.pairs, 18 - 6);
    assert!(it.judgement.max.unwrap() < 0.6 && it.judgement.min.unwrap() > 0.4);
    let why: Vec<String> =
        it.excluded.iter().map(|it| format!("{} × {} in {}", it.pairs, it.why, it.workspaces.join(", "))).collect();
    insta::assert_snapshot!(why.join("\n"), @r"
    1 × baseline invalid: store damaged in bat
    1 × baseline not run in hexyl
    2 × failed: error: no in bat, hexyl
    1 × not measured in hexyl
    1 × unsupported in hexyl
    ");
}

#[test]
fn an_arm_without_a_valid_pair_is_invalid() {
    let mut rows = rows(8, 0.5);
    for row in rows.iter_mut().filter(|row| row.strategy == "x") {
        *row = bad(row.clone(), Status::Unsupported, "ext4 has no reflink");
    }
    let it = overall(&rows);
    assert_eq!(it.judgement.verdict, Verdict::Invalid);
    assert_eq!((it.judgement.ratio, it.family), (None, 0));
}

#[test]
fn one_round_decides_nothing_and_few_decide_what_is_clear() {
    assert_eq!(overall(&rows(1, 0.5)).judgement.verdict, Verdict::OneRound);
    assert_eq!(overall(&rows(3, 0.5)).judgement.verdict, Verdict::Faster);
    assert_eq!(overall(&rows(3, 2.0)).judgement.verdict, Verdict::Slower);
}

#[test]
fn a_thing_against_itself_shows_no_difference() {
    // The A/A control: the same strategy twice under two names.
    let it = overall(&rows(10, 1.0));
    assert_eq!(it.judgement.verdict, Verdict::NoDifferenceFound);
    let interval = it.judgement.interval.unwrap();
    assert!(interval.low < 1.0 && 1.0 < interval.high);
}

/// `rows` with every row of `of` once more under the name `name`.
fn repeated(rows: &[StepRow], of: &str, name: &str) -> Vec<StepRow> {
    let again = rows.iter().filter(|row| row.strategy == of).cloned();
    rows.iter().cloned().chain(again.map(|row| StepRow { strategy: name.into(), ..row })).collect()
}

#[test]
fn a_control_is_a_family_of_its_own_and_costs_the_arms_nothing() {
    let arms = repeated(&rows(8, 0.5), "x", "y");
    let with = compare_overall(&repeated(&arms, "none", "none-again"), &Question::default());
    let (controls, without): (Vec<Comparison>, Vec<Comparison>) = with.into_iter().partition(|it| it.control);
    assert_eq!(without, compare_overall(&arms, &Question::default()));
    let family: Vec<(&str, &str, usize)> =
        controls.iter().map(|it| (it.strategy.as_str(), it.baseline.as_str(), it.family)).collect();
    assert_eq!(family, [("none-again", "none", 1)]);
    assert!(controls.iter().all(|it| it.judgement.verdict == Verdict::NoDifferenceFound));
}

#[test]
fn a_control_is_compared_with_what_it_repeats_whatever_the_baseline() {
    let against_x = Question { baseline: "x".into(), ..Question::default() };
    let all = compare_overall(&repeated(&rows(8, 0.5), "none", "none-again"), &against_x);
    let found: Vec<_> = all.iter().map(|it| (it.strategy.as_str(), it.baseline.as_str(), it.control)).collect();
    assert_eq!(found, [("none", "x", false), ("none-again", "none", true)]);
    assert_eq!(all[0].judgement.verdict, Verdict::Slower);
    assert_eq!(all[1].judgement.ratio, Some(1.0));
    // Without `none` there is nothing it could be the control of.
    let mut alone = repeated(&rows(8, 0.5), "none", "none-again");
    alone.retain(|row| row.strategy != "none");
    let all = compare_overall(&alone, &against_x);
    assert_eq!((all[0].control, all[0].judgement.verdict), (false, Verdict::Slower));
}

/// Whoever comes first finds nothing, the other everything: each workspace wavers, their sum does not.
#[test]
fn where_a_store_fills_whole_rounds_are_compared() {
    let rows = |share: bool| {
        let mut rows = Vec::new();
        for (name, round, at) in
            ["fill", "warm"].into_iter().flat_map(|name| (0..6).map(move |at| (name, at / 2, at % 2)))
        {
            let place = 1 + u64::from((round + at) % 2);
            let row = |strategy, wall: f64| step(round, ["bat", "hexyl"][at as usize], name, strategy, wall);
            rows.push(StepRow { store_position: Some(place), hit_rate: None, ..row("none", 10.0) });
            let wall = if place == 1 { 10.0 } else { 1.0 + 0.01 * f64::from(round) };
            let hit_rate = share.then_some(0.5);
            rows.push(StepRow { store_position: Some(place), hit_rate, ..row("x", wall) });
        }
        compare_overall(&rows, &Question::of_run(&interleaved(), "none"))
    };
    let width = |found: &Comparison| found.judgement.interval.unwrap().width();
    let shared = rows(true);
    assert!(width(&shared[0]) < 1.1 && shared[0].judgement.verdict == Verdict::Faster, "{shared:?}");
    // The steps after it do not depend on that order, and where nothing is shared it changes nothing.
    assert!(width(&shared[1]) > 10.0 && rows(false).iter().all(|it| width(it) > 10.0));
}

fn interleaved() -> records::RunInfo {
    let mut info = records::RunInfo::new("r");
    info.options.insert(stats::ORDER.to_owned(), stats::INTERLEAVED.into());
    info
}
