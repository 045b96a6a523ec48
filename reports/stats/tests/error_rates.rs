//! Simulated runs prove the machinery: how often it finds a difference where there is none, how often one
//! that is there, and whether what is said of the detectable difference is true. Every rate that
//! harness/METHODOLOGY.md states is a row of these tests.
#![allow(clippy::unwrap_used)]

#[path = "common/simulate.rs"]
mod simulate;

use rayon::prelude::*;
use records::{Status, StepRow};
use simulate::{Noise, World};
use stats::budget::{MIN_ROUNDS, widest};
use stats::{DecisionRule, FlipUnit, Judgement, PairedSample, Question, Random, Verdict, compare_overall, judge};

const RULE: DecisionRule = DecisionRule { alpha: 0.05, min_effect: 0.01, block: FlipUnit::Pair, patterns: 0 };

/// The first finds nothing in the store, the last what both others left. These are the effects but for their mean.
const FILLS: [f64; 3] = [0.7, -0.4, -0.3];

/// Judges this many runs of a world.
fn runs(world: &World, trials: u64) -> Vec<Vec<Judgement>> {
    runs_by(&RULE, world, trials)
}

fn runs_by(rule: &DecisionRule, world: &World, trials: u64) -> Vec<Vec<Judgement>> {
    let one = |trial| judge(&world.run(&mut Random::named(trial, &format!("{world:?}"))), rule, 0);
    (0..trials).into_par_iter().map(one).collect()
}

fn is_found(it: &Judgement) -> bool {
    matches!(it.verdict, Verdict::Faster | Verdict::Slower)
}

fn share(of: impl Iterator<Item = bool>) -> f64 {
    let all: Vec<bool> = of.collect();
    all.iter().filter(|it| **it).count() as f64 / all.len() as f64
}

/// Worlds without an effect on average, by name.
fn worlds() -> Vec<(&'static str, World)> {
    let quiet = World { arms: 21, round_effect: 0.2, ..World::quiet() };
    let apart = &[-0.45, 0.20, 0.25];
    vec![
        ("3 % normal noise", quiet),
        ("an effect per workspace", World { effects: apart, ..quiet }),
        ("heavy tails", World { noise: Noise::Heavy(0.03), ..quiet }),
        ("one spike in seven", World { noise: Noise::Spikes, ..quiet }),
        ("noise that differs tenfold", World { uneven: true, ..quiet }),
        ("tenfold, elsewhere for each arm", World { uneven: true, rotated: true, ..quiet }),
        ("tenfold, spikes, effects", World { uneven: true, noise: Noise::Spikes, effects: apart, ..quiet }),
        ("a store that fills", World { places: &FILLS, ..quiet }),
        ("slower turns", World { position_effect: 0.02, ..quiet }),
    ]
}

/// 1,000 runs for each; two Monte Carlo errors of a rate of 5 % are 1.4 %.
#[test]
fn false_verdicts_of_a_family_of_21() {
    for (name, world) in worlds() {
        for (workspaces, rounds) in [(3, 2), (3, 3), (3, 5), (3, 8), (21, 2)] {
            let world = World { rounds, workspaces, ..world };
            let rate = share(runs(&world, 1_000).iter().map(|run| run.iter().any(is_found)));
            println!("{name}, {workspaces} x {rounds}: {rate:.3}");
            // Where the noise of each arm is in another workspace, the other arms say nothing of it and two rounds too
            // little: the one world at 5 %, and METHODOLOGY.md says so.
            let bound = if world.rotated && rounds == 2 { 0.07 } else { 0.05 };
            assert!(rate <= bound, "{name}, {workspaces} x {rounds}: {rate}");
        }
    }
}

/// A slow minute hits all workspaces of an arm where arms run one after the other: single pairs take it for
/// evidence, whole rounds do not.
#[test]
fn false_verdicts_of_arms_that_run_one_after_the_other() {
    let by_round = DecisionRule { block: FlipUnit::Round, ..RULE };
    for rounds in [2, 3, 5, 8] {
        let world = World { arms: 21, rounds, turn_effect: 0.05, ..World::quiet() };
        let of = |rule| share(runs_by(rule, &world, 1_000).iter().map(|run| run.iter().any(is_found)));
        let (whole, single) = (of(&by_round), of(&RULE));
        println!("slow minutes, 3 x {rounds}: {whole:.3} by rounds, {single:.3} by pairs");
        assert!(whole <= 0.05 && single > 0.1, "3 x {rounds}: {whole} {single}");
    }
}

/// The rows of one round of an arm; the baseline takes 1 s throughout.
fn rows_of(sample: &PairedSample, round: u32) -> impl Iterator<Item = StepRow> {
    let pairs = sample.workspaces().iter().flat_map(|(name, pairs)| pairs.iter().map(move |pair| (name, pair)));
    pairs.filter(move |(_, pair)| pair.round == round).map(move |(workspace, pair)| StepRow {
        round,
        workspace: workspace.clone(),
        strategy: sample.name().into(),
        status: Status::Ok,
        wall_s: Some(pair.log_ratio.exp()),
        ..StepRow::default()
    })
}

/// Takes as many turns of arms as the world has in 8 rounds, those after the first [`MIN_ROUNDS`] where
/// [`widest`] sends them. Returns whether there is a false verdict, and the rounds of the arm with most.
fn on_a_budget(world: &World, rule: DecisionRule, trial: u64) -> (bool, usize) {
    let samples = World { rounds: 16, ..*world }.run(&mut Random::named(trial, "budget"));
    let names: Vec<String> = samples.iter().map(|sample| sample.name().to_owned()).collect();
    let question = Question { rule, ..Question::default() };
    let (mut turns, mut rows, mut taken) = (8 * samples.len(), Vec::new(), vec![0; samples.len()]);
    for round in 0..16 {
        let first = (round as usize) < MIN_ROUNDS;
        let chosen = if first { names.clone() } else { widest(&rows, &question, &names) };
        if chosen.len() > turns {
            break;
        }
        turns -= chosen.len();
        for (at, sample) in samples.iter().enumerate().filter(|(at, _)| chosen.contains(&names[*at])) {
            taken[at] += 1;
            rows.extend(rows_of(sample, round));
        }
        let baseline = rows_of(&samples[0], round);
        rows.extend(baseline.map(|row| StepRow { strategy: "none".into(), wall_s: Some(1.0), ..row }));
    }
    let alarm = compare_overall(&rows, &question).iter().any(|it| is_found(&it.judgement));
    (alarm, taken.into_iter().max().unwrap_or(0))
}

/// Where rounds go depends on the noise seen so far; the stated rate must hold all the same.
#[test]
fn false_verdicts_on_a_budget() {
    let quiet = World { round_effect: 0.2, ..World::quiet() };
    for (name, world, block) in [
        ("3 % normal noise", quiet, FlipUnit::Pair),
        ("heavy tails", World { noise: Noise::Heavy(0.03), ..quiet }, FlipUnit::Pair),
        ("tenfold, spikes, by rounds", World { noise: Noise::Spikes, uneven: true, ..quiet }, FlipUnit::Round),
    ] {
        let rule = DecisionRule { block, ..RULE };
        let all: Vec<(bool, usize)> = (0..500).into_par_iter().map(|trial| on_a_budget(&world, rule, trial)).collect();
        let rate = share(all.iter().map(|it| it.0));
        println!("on a budget, {name}: {rate:.3}");
        assert!(rate <= 0.05, "{name}: {rate}");
        assert!(all.iter().any(|it| it.1 > 8), "{name}: no arm got more than its share");
    }
}

#[test]
fn what_is_there_is_found() {
    let three = World { ratio: 0.9, round_effect: 0.2, ..World::quiet() };
    let apart = World { noise: Noise::Normal(0.02), effects: &[-0.45, 0.20, 0.07], rounds: 5, ..World::quiet() };
    for (name, world) in [
        ("10 %, 3 rounds, family of 7", World { rounds: 3, arms: 7, ..three }),
        ("10 %, 5 rounds, family of 21", World { rounds: 5, arms: 21, ..three }),
        ("10 %, 21 workspaces, 2 rounds, family of 21", World { arms: 21, workspaces: 21, rounds: 2, ..three }),
        (
            "a third by a store that fills, 3 rounds, family of 7",
            World { rounds: 3, arms: 7, ratio: 0.67, places: &FILLS, ..three },
        ),
        ("-6 % as the mean of -0.45, 0.20, 0.07", World { arms: 21, ..apart }),
    ] {
        let rate = share(runs(&world, 500).iter().flatten().map(is_found));
        println!("{name}: {rate:.3}");
        assert!(rate >= 0.9, "{name}: {rate}");
    }
}

/// What one run says, and whether another run of such an effect finds it.
#[test]
fn what_would_have_been_found_is_found() {
    let says = |world: &World| !world.uneven && world.places.is_empty();
    for (name, world) in worlds().into_iter().filter(|(_, world)| says(world)) {
        for (workspaces, rounds, arms) in [(3, 5, 7), (3, 8, 21), (21, 2, 21)] {
            let world = World { workspaces, rounds, arms, ..world };
            let said: Vec<f64> = runs(&world, 600).iter().filter_map(|run| run[0].detectable).collect();
            let again = said.par_iter().enumerate().map(|(at, effect)| {
                let world = World { ratio: 1.0 - effect, ..world };
                let run = world.run(&mut Random::new(at as u64));
                judge(&run, &RULE, 0)[0].verdict == Verdict::Faster
            });
            let rate = share(again.collect::<Vec<bool>>().into_iter());
            println!("{name}, {workspaces} x {rounds}, family of {arms}: {rate:.3}");
            // Rounds that stand out make one run a poor witness of another.
            let least = if matches!(world.noise, Noise::Normal(_)) { 0.75 } else { 0.60 };
            assert!((least..=0.90).contains(&rate), "{name}, {workspaces} x {rounds}: {rate}");
        }
    }
}
