//! Simulated runs prove the machinery: how often it finds a difference where there is none, how often one
//! that is there, and whether what is said of the detectable difference is true. Every rate that
//! harness/METHODOLOGY.md states is a row of these tests.
#![allow(clippy::unwrap_used)]

#[path = "common/simulate.rs"]
mod simulate;

use rayon::prelude::*;
use simulate::{Noise, World};
use stats::{DecisionRule, FlipUnit, Judgement, Random, Verdict, judge};

const RULE: DecisionRule = DecisionRule { alpha: 0.05, min_effect: 0.01, block: FlipUnit::Pair, patterns: 0 };

/// Judges this many runs of a world.
fn runs(world: &World, trials: u64) -> Vec<Vec<Judgement>> {
    let one = |trial| judge(&world.run(&mut Random::named(trial, &format!("{world:?}"))), &RULE, 0);
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
        ("tenfold, spikes, effects", World { uneven: true, noise: Noise::Spikes, effects: apart, ..quiet }),
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
            // Where one of three workspaces makes nearly all of the noise, two or three rounds of it say
            // too little of how much: the one world above 5 %, and METHODOLOGY.md says so.
            let bound = if world.uneven && workspaces == 3 && rounds < 5 { 0.09 } else { 0.05 };
            assert!(rate <= bound, "{name}, {workspaces} x {rounds}: {rate}");
        }
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
    for (name, world) in worlds().into_iter().filter(|(_, world)| !world.uneven) {
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
