//! What nights and change points promise, by simulation.
#![allow(missing_docs, clippy::unwrap_used)]

use rayon::prelude::*;
use reports::stats::Random;
use series::change::{ChangeSettings, Nulls, TrackOutcome, TrackValues, judge};
use series::night::{GOOD_RUNS, is_beyond};

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

/// Nights of 16 strategies in 3 steps, all against one baseline, 4 rounds of 3 workspaces with 3 % noise.
struct Nights {
    random: Random,
    /// How much each differs from night to night, whatever its rounds say.
    drift: f64,
    /// Good runs, oldest first.
    good: Vec<Vec<f64>>,
    suspected: Vec<bool>,
}

impl Nights {
    const ARMS: usize = 48;

    fn new(seed: u64, drift: f64) -> Self {
        let random = Random::named(seed, "nights");
        Self { random, drift, good: Vec::new(), suspected: vec![false; Self::ARMS] }
    }

    /// A night with both its looks, `step` slower than before; what is reported. That p has to be small, too,
    /// is left out: it can only lower the rates.
    fn next(&mut self, step: f64) -> Vec<bool> {
        // 3 % of a baseline that all share, of each arm, and of each night.
        let share = 0.03 / 12.0_f64.sqrt();
        let drifts: Vec<f64> = (0..Self::ARMS).map(|_| step + self.drift * self.random.normal()).collect();
        let mut look = || {
            let base = share * self.random.normal();
            drifts.iter().map(|it| it + base + share * self.random.normal()).collect::<Vec<f64>>()
        };
        let (first, second) = (look(), look());
        let newest = self.good.len().saturating_sub(GOOD_RUNS);
        let found: Vec<bool> = (0..Self::ARMS)
            .map(|arm| {
                let good: Vec<f64> = self.good[newest..].iter().map(|run| run[arm]).collect();
                let other = good.iter().rev().nth(1).or(good.first()).copied();
                !good.is_empty() && is_beyond(first[arm], &good) && is_beyond(second[arm], other.as_slice())
            })
            .collect();
        let reported: Vec<bool> = found.iter().zip(&self.suspected).map(|(now, before)| *now && *before).collect();
        // What is reported by mistake is accepted.
        if !found.contains(&true) || reported.contains(&true) {
            self.good.push(first);
        }
        self.suspected = if reported.contains(&true) { vec![false; Self::ARMS] } else { found };
        reported
    }
}

#[test]
fn nights_without_a_change_are_quiet() {
    for (drift, bar) in [(0.01, 0.001), (0.02, 0.002), (0.03, 0.01)] {
        let series: Vec<Vec<(usize, bool)>> = (0..200)
            .into_par_iter()
            .map(|seed| {
                let mut nights = Nights::new(seed, drift);
                (0..60 + GOOD_RUNS).map(|_| (nights.good.len(), nights.next(0.0).contains(&true))).collect()
            })
            .collect();
        let rate = |least: usize, most: usize| {
            let of: Vec<bool> =
                series.iter().flatten().filter(|it| (least..=most).contains(&it.0)).map(|it| it.1).collect();
            of.iter().filter(|it| **it).count() as f64 / of.len().max(1) as f64
        };
        let (one, three, seven, full) = (rate(1, 1), rate(3, 3), rate(7, 7), rate(GOOD_RUNS, usize::MAX));
        let any = |it: &&Vec<(usize, bool)>| it.iter().any(|it| it.0 >= GOOD_RUNS && it.1);
        let any = series.iter().filter(any).count() as f64 / 200.0;
        println!(
            "drift {drift}: nights with a false alarm {full:.4}, with 1 good run {one:.3}, with 3 {three:.3}, with 7 {seven:.3}; in 60 nights {any:.3}"
        );
        assert!(full <= bar, "{drift}: {full}");
    }
}

#[test]
fn a_night_finds_ten_per_cent() {
    for (drift, by_second, by_fifth) in [(0.01, 0.85, 0.9), (0.03, 0.3, 0.5)] {
        let nights_until: Vec<usize> = (0..400)
            .into_par_iter()
            .map(|seed| {
                let mut nights = Nights::new(seed, drift);
                while nights.good.len() < GOOD_RUNS {
                    nights.next(0.0);
                }
                (1..=5).find(|_| nights.next(1.1_f64.ln())[0]).unwrap_or(99)
            })
            .collect();
        let by = |night: usize| nights_until.iter().filter(|it| **it <= night).count() as f64 / 400.0;
        println!("drift {drift}: 10 % slower, reported by the second night {:.3}, by the fifth {:.3}", by(2), by(5));
        assert!(by(2) >= by_second && by(5) >= by_fifth, "{drift}: {} {}", by(2), by(5));
    }
}
