//! What the change points promise, by simulation.
#![allow(missing_docs, clippy::unwrap_used)]

use rayon::prelude::*;
use reports::stats::Random;
use series::change::{ChangeSettings, Nulls, TrackOutcome, TrackValues, judge};

/// Any difference counts: the level of the test alone.
const BARE: ChangeSettings = ChangeSettings { alpha: 0.05, least: 0.0 };

/// Noise of `kind`, about 2 %.
fn noise(random: &mut Random, kind: &str) -> f64 {
    let z = random.normal();
    match kind {
        // Student's t with 2 degrees of freedom: an odd run now and then.
        "heavy" => z / ((random.normal().powi(2) + random.normal().powi(2)) / 2.0).sqrt() * 0.02,
        // Times in whole hundredths: many ties.
        "coarse" => (z * 2.0).round() * 0.01,
        _ => z * 0.02,
    }
}

fn track(random: &mut Random, runs: usize, kind: &str, level: impl Fn(usize) -> f64) -> TrackValues {
    let values = (0..runs).map(|at| level(at) + noise(random, kind)).collect();
    TrackValues { values, ties: (0..runs).map(|_| random.next_u64()).collect() }
}

fn changes(outcome: &TrackOutcome) -> usize {
    if let TrackOutcome::Changed(found) = outcome { found.len() } else { 0 }
}

#[test]
fn where_nothing_changes_alarms_are_as_rare_as_promised() {
    let nulls = Nulls::default();
    for (runs, tracks) in [(14, 1), (14, 20), (30, 20), (100, 20), (30, 100)] {
        for kind in ["normal", "heavy", "coarse"] {
            let series = 1000;
            let alarm = |at: u64| {
                let mut random = Random::named(at, &format!("null/{runs}/{tracks}/{kind}"));
                let tracks: Vec<TrackValues> = (0..tracks).map(|_| track(&mut random, runs, kind, |_| 0.0)).collect();
                judge(&tracks, &BARE, &nulls).iter().any(|outcome| changes(outcome) > 0)
            };
            let alarms = (0..series).into_par_iter().filter(|at| alarm(*at)).count();
            let share = alarms as f64 / series as f64;
            println!("{runs} runs, {tracks} tracks, {kind}: {:.1} % of series with any alarm", share * 100.0);
            // Three standard errors of a share of 5 % of 1,000.
            assert!(share < 0.05 + 0.021, "{runs} runs, {tracks} tracks, {kind}: {share}");
        }
    }
}

#[test]
fn a_step_is_found_where_it_is() {
    let nulls = Nulls::default();
    for (runs, at, step) in [(30, 15, 0.10), (30, 26, 0.10), (60, 30, 0.05), (365, 200, 0.05), (1000, 990, 0.10)] {
        let (mut found, mut exact, mut near, series) = (0, 0, 0, 200);
        for seed in 0..series {
            let mut random = Random::named(seed, &format!("step/{runs}/{at}"));
            let mut tracks = vec![track(&mut random, runs, "normal", |run| if run < at { 0.0 } else { step })];
            tracks.extend((0..19).map(|_| track(&mut random, runs, "normal", |_| 0.0)));
            if let TrackOutcome::Changed(points) = &judge(&tracks, &ChangeSettings::default(), &nulls)[0] {
                found += 1;
                exact += usize::from(points.iter().any(|point| point.at == at));
                near += usize::from(points.len() == 1 && points[0].at.abs_diff(at) <= 2);
            }
        }
        println!(
            "{runs} runs, {step} at {at}: found {found}, at the very run {exact}, alone and within 2 runs {near}, of {series}"
        );
        assert!(found >= 190 && near >= 170, "{runs} {at} {step}: {found} {exact} {near}");
    }
}

#[test]
fn of_the_tracks_named_few_are_wrong() {
    let nulls = Nulls::default();
    let (mut wrong, mut right, mut rate) = (0, 0, 0.0);
    let series = 300;
    for seed in 0..series {
        let mut random = Random::named(seed, "fdr");
        let level = |at: usize, run: usize| if at < 10 && run >= 20 { 0.06 } else { 0.0 };
        let tracks: Vec<TrackValues> =
            (0..60).map(|at| track(&mut random, 40, "normal", |run| level(at, run))).collect();
        let named: Vec<usize> = judge(&tracks, &BARE, &nulls)
            .iter()
            .enumerate()
            .filter(|(_, it)| changes(it) > 0)
            .map(|(at, _)| at)
            .collect();
        let false_ones = named.iter().filter(|at| **at >= 10).count();
        wrong += false_ones;
        right += named.len() - false_ones;
        rate += false_ones as f64 / named.len().max(1) as f64;
    }
    let rate = rate / f64::from(series as u32);
    println!("{right} of {} named, {wrong} wrongly; mean share of wrong ones {:.1} %", 10 * series, rate * 100.0);
    assert!(rate < 0.065 && right > 9 * series as usize, "{rate} {right}");
}

#[test]
fn several_changes_are_found_and_small_ones_are_not_reported() {
    let nulls = Nulls::default();
    let mut random = Random::new(3);
    let levels = |run: usize| [0.0, 0.2, 0.2 + 0.01, -0.1][run / 25];
    let outcome = &judge(&[track(&mut random, 100, "normal", levels)], &ChangeSettings::default(), &nulls)[0];
    let TrackOutcome::Changed(points) = outcome else { panic!("{outcome:?}") };
    assert_eq!(points.iter().map(|point| point.at).collect::<Vec<_>>(), [25, 75], "{points:?}");
}

#[test]
fn few_runs_are_called_few() {
    let nulls = Nulls::default();
    let step = |runs: usize| TrackValues {
        values: (0..runs).map(|run| if run < runs / 2 { 0.0 } else { 1.0 }).collect(),
        ties: (0..runs as u64).collect(),
    };
    let one = |runs: usize| judge(&[step(runs)], &ChangeSettings::default(), &nulls).remove(0);
    assert_eq!(one(0), TrackOutcome::TooFew);
    assert_eq!(one(5), TrackOutcome::TooFew);
    assert_eq!(one(6), TrackOutcome::TooFew, "1 of 10 ways to divide six runs");
    assert_eq!(changes(&one(8)), 1);
    let mut random = Random::new(1);
    let quiet = |runs| TrackValues { values: vec![0.0; runs], ties: (0..runs as u64).collect() };
    let mut many: Vec<TrackValues> = (0..99).map(|_| track(&mut random, 12, "normal", |_| 0.0)).collect();
    many.push(quiet(12));
    // One track alone would not be heard among a hundred, whatever it did …
    assert!(judge(&many, &ChangeSettings::default(), &nulls).iter().all(|it| *it == TrackOutcome::TooFew));
    // … but a hundred that change together are.
    let together: Vec<TrackValues> = (0..100).map(|_| step(12)).collect();
    assert!(judge(&together, &ChangeSettings::default(), &nulls).iter().all(|it| changes(it) == 1));
}
