//! Simulated runs prove the machinery: how often it finds a difference where there is none, how
//! often one that is there, and how often the bootstrap interval contains the truth: the table in
//! `stats::bootstrap` comes from here.
#![allow(clippy::unwrap_used)]

#[path = "common/simulate.rs"]
mod simulate;

use records::{Status, StepRow};
use simulate::{Noise, World};
use stats::bootstrap::{MIN_ROUNDS, interval};
use stats::power::minimum_detectable_effect;
use stats::{DecisionRule, FlipUnit, PairedSample, Question, Random, Verdict, budget, compare_overall, judge};

const TRIALS: u32 = 2_000;

fn rule(block: FlipUnit) -> DecisionRule {
    // Fewer draws than a report takes, so that the tests stay quick.
    DecisionRule { resamples: 199, patterns: 1_999, block, ..DecisionRule::default() }
}

/// Share of simulated runs in which some arm is judged other than
/// "no difference found".
fn false_alarms(world: &World, block: FlipUnit) -> f64 {
    let mut random = Random::named(2026, &format!("{world:?} {block:?}"));
    let alarms = (0..TRIALS).filter(|trial| {
        let judged = judge(&world.run(&mut random), &rule(block), u64::from(*trial));
        judged.iter().any(|it| it.verdict != Verdict::NoDifferenceFound)
    });
    f64::from(alarms.count() as u32) / f64::from(TRIALS)
}

/// Share of simulated arms judged `wanted`.
fn found(world: &World, block: FlipUnit, trials: u32, wanted: Verdict) -> f64 {
    let mut random = Random::named(2027, &format!("{world:?} {block:?}"));
    let mut hits = 0;
    for trial in 0..trials {
        let judged = judge(&world.run(&mut random), &rule(block), u64::from(trial));
        hits += judged.iter().filter(|it| it.verdict == wanted).count();
    }
    hits as f64 / (f64::from(trials) * world.arms as f64)
}

fn stays_quiet(world: &World, block: FlipUnit) {
    let rate = false_alarms(world, block);
    assert!(rate <= DecisionRule::default().alpha, "{world:?} {block:?}: {rate}");
}

#[test]
fn no_effect_whatever_the_noise() {
    let heavy = Noise::Heavy(0.03);
    for world in [
        World { round_effect: 0.2, ..World::quiet() },
        World { noise: heavy, ..World::quiet() },
        World { noise: Noise::Spikes, uneven: true, round_effect: 0.2, ..World::quiet() },
        // One comparison, where the correction does not help.
        World { arms: 1, noise: heavy, uneven: true, ..World::quiet() },
    ] {
        stays_quiet(&world, FlipUnit::Round);
        stays_quiet(&world, FlipUnit::Pair);
    }
}

/// Why [`FlipUnit::Round`] is the default: a slow minute hits all workspaces of one
/// arm, and flipping them one by one takes it for evidence.
#[test]
fn no_effect_with_slow_minutes() {
    let world = World { turn_effect: 0.05, ..World::quiet() };
    stays_quiet(&world, FlipUnit::Round);
    let fooled = false_alarms(&world, FlipUnit::Pair);
    assert!(fooled > 0.06, "{fooled}");
}

#[test]
fn ten_per_cent_under_three_per_cent_noise_is_found_with_eight_rounds() {
    for (ratio, wanted) in [(0.9, Verdict::Faster), (1.1, Verdict::Slower)] {
        for (arms, workspaces, least) in [(1, 1, 0.95), (1, 3, 0.999), (4, 3, 0.99)] {
            for block in [FlipUnit::Round, FlipUnit::Pair] {
                let world = World { ratio, arms, workspaces, round_effect: 0.2, ..World::quiet() };
                let rate = found(&world, block, 400, wanted);
                assert!(rate >= least, "{world:?} {block:?}: {rate}");
            }
        }
    }
}

#[test]
fn a_lead_below_the_least_effect_is_not_called_faster() {
    let world = World { ratio: 0.995, noise: Noise::Normal(0.0005), arms: 1, ..World::quiet() };
    assert_eq!(found(&world, FlipUnit::Round, 200, Verdict::NoDifferenceFound), 1.0);
}

/// The formula says 80 %; it may be off by as much as its normal approximation.
#[test]
fn the_minimum_detectable_effect_is_detected_about_four_times_in_five() {
    for (rounds, arms, block) in [
        (8, 1, FlipUnit::Round),
        (12, 1, FlipUnit::Round),
        (12, 4, FlipUnit::Round),
        (5, 1, FlipUnit::Pair),
        (5, 4, FlipUnit::Pair),
        (10, 4, FlipUnit::Pair),
    ] {
        let quiet = World { rounds, arms, ..World::quiet() };
        // A pair's noise is √2 of a timing's; a round averages three workspaces.
        let (spread, blocks) = match block {
            FlipUnit::Round => (0.03 * (2.0_f64 / 3.0).sqrt(), rounds as usize),
            FlipUnit::Pair => (0.03 * 2.0_f64.sqrt(), 3 * rounds as usize),
        };
        let least = minimum_detectable_effect(spread, blocks, arms, &rule(block)).unwrap();
        let world = World { ratio: 1.0 - least, ..quiet };
        let rate = found(&world, block, 600, Verdict::Faster);
        assert!((0.7..0.9).contains(&rate), "{rounds} rounds, {arms} arms, {block:?}: {rate}");
    }
}

/// The rows of one round of an arm; the baseline takes 1 s throughout.
fn rows_of(sample: &PairedSample, round: u32) -> impl Iterator<Item = StepRow> {
    let pairs =
        sample.workspaces().iter().flat_map(|(workspace, pairs)| pairs.iter().map(move |pair| (workspace, pair)));
    pairs.filter(move |(_, pair)| pair.round == round).map(|(workspace, pair)| StepRow {
        round: pair.round,
        workspace: workspace.clone(),
        strategy: sample.name().into(),
        status: Status::Ok,
        wall_s: Some(pair.log_ratio.exp()),
        ..StepRow::default()
    })
}

/// Takes as many turns of arms as `world` would have with all its rounds whole, but
/// those after the first [`MIN_ROUNDS`] where [`budget::widest`] sends them, and judges
/// what came of it. Also returns the rounds of the arm that got most.
fn on_a_budget(world: &World, block: FlipUnit, random: &mut Random, seed: u64) -> (Vec<Verdict>, usize) {
    let mut turns = world.arms * world.rounds as usize;
    // What an arm would measure in any round it is given, and none is given more of them.
    let rounds = 2 * world.rounds;
    let samples = World { rounds, ..*world }.run(random);
    let names: Vec<String> = samples.iter().map(|sample| sample.name().to_owned()).collect();
    let rule = DecisionRule { resamples: 99, ..rule(block) };
    let question = Question { rule, seed, ..Question::default() };
    let mut rows: Vec<StepRow> = Vec::new();
    let mut taken = vec![0; samples.len()];
    for round in 0..rounds {
        let chosen =
            if (round as usize) < MIN_ROUNDS { names.clone() } else { budget::widest(&rows, &question, &names) };
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
    let verdicts = compare_overall(&rows, &question).into_iter().map(|it| it.judgement.verdict).collect();
    (verdicts, taken.into_iter().max().unwrap_or(0))
}

fn stays_quiet_on_a_budget(world: &World, block: FlipUnit) {
    let mut random = Random::named(2029, &format!("{world:?} {block:?}"));
    let (mut alarms, mut most) = (0, 0);
    for trial in 0..TRIALS {
        let (verdicts, rounds) = on_a_budget(world, block, &mut random, u64::from(trial));
        let alarm = |it: &Verdict| matches!(it, Verdict::Faster | Verdict::Slower);
        alarms += u32::from(verdicts.iter().any(alarm));
        most = most.max(rounds);
    }
    let rate = f64::from(alarms) / f64::from(TRIALS);
    assert!(rate <= DecisionRule::default().alpha, "{world:?} {block:?}: {rate}");
    assert!(most > world.rounds as usize, "{world:?} {block:?}: no arm got more than its share");
}

/// Where the rounds go depends on the noise seen so far; the stated rate must hold all
/// the same.
#[test]
fn no_effect_with_rounds_given_to_the_widest_intervals() {
    stays_quiet_on_a_budget(&World { round_effect: 0.2, ..World::quiet() }, FlipUnit::Pair);
}

#[test]
fn no_effect_with_rounds_given_to_the_widest_intervals_and_wild_noise() {
    stays_quiet_on_a_budget(&World { noise: Noise::Heavy(0.03), ..World::quiet() }, FlipUnit::Pair);
    stays_quiet_on_a_budget(&World { noise: Noise::Spikes, uneven: true, ..World::quiet() }, FlipUnit::Round);
}

/// Share of simulated runs in which the corrected p-value of some arm is small enough,
/// whatever the rest of the rule says.
fn small_p(world: &World, block: FlipUnit) -> f64 {
    let mut random = Random::named(2030, &format!("{world:?} {block:?}"));
    let rule = DecisionRule { resamples: 0, ..rule(block) };
    let alarms = (0..TRIALS).filter(|trial| {
        let judged = judge(&world.run(&mut random), &rule, u64::from(*trial));
        judged.iter().any(|it| it.p_corrected.is_some_and(|p| p <= rule.alpha))
    });
    f64::from(alarms.count() as u32) / f64::from(TRIALS)
}

/// The schedule as it is: every turn of a slot a little slower than the one before it, its
/// order drawn for two rounds, the second backwards. Only the pairs of rounds are drawn
/// apart, yet single pairs are flipped.
#[test]
fn no_effect_with_slower_turns_in_mirrored_rounds() {
    for (arms, rounds, noise) in [
        (4, 8, Noise::Normal(0.03)),
        (4, 7, Noise::Normal(0.03)),
        (1, 8, Noise::Normal(0.03)),
        (1, 5, Noise::Heavy(0.03)),
        (9, 8, Noise::Spikes),
    ] {
        for position_effect in [0.02, 0.2] {
            let world = World { arms, rounds, noise, position_effect, round_effect: 0.2, ..World::quiet() };
            stays_quiet(&world, FlipUnit::Pair);
        }
    }
}

/// Mirrored rounds take the turns out of the mean but not out of the flipped signs, so the
/// test errs on the careful side, the more so the larger the effect of the turns.
#[test]
fn mirrored_rounds_make_the_test_careful_and_never_rash() {
    let rate = |arms, position_effect| {
        let world = World { arms, position_effect, ..World::quiet() };
        let rate = small_p(&world, FlipUnit::Pair);
        println!("{arms} arms, turns {position_effect}: {rate}");
        rate
    };
    for arms in [1, 4] {
        let (without, small, large) = (rate(arms, 0.0), rate(arms, 0.02), rate(arms, 0.2));
        // Two standard errors of a rate of 5 % in as many trials.
        let slack = 2.0 * (0.05 * 0.95 / f64::from(TRIALS)).sqrt();
        assert!(without <= 0.05 + slack && small <= 0.05 + slack, "{arms} arms: {without} {small}");
        assert!(large <= 0.01, "{arms} arms: {large}");
    }
}

/// The one thing mirroring makes worse: what first and last turns have alike is repeated in
/// the second round, and the test takes it for a second witness. At two per cent it does not
/// show; an effect far above the noise does.
#[test]
fn turns_that_are_slow_in_the_middle_are_seen_twice() {
    let rate = |position_effect| {
        let world = World { position_effect, peaked: true, ..World::quiet() };
        let rate = small_p(&world, FlipUnit::Pair);
        println!("peaked turns {position_effect}: {rate}");
        rate
    };
    let (small, large) = (rate(0.02), rate(0.2));
    assert!(small <= 0.065, "{small}");
    assert!(large > 0.1, "no longer so, and the documentation of stats may say it: {large}");
    let world = World { position_effect: 0.02, peaked: true, round_effect: 0.2, ..World::quiet() };
    stays_quiet(&world, FlipUnit::Pair);
}

/// What that care costs: at two per cent from the first turn to the last, little.
#[test]
fn slower_turns_hide_hardly_any_effect() {
    let share = |position_effect| {
        let world = World { ratio: 0.965, position_effect, ..World::quiet() };
        found(&world, FlipUnit::Pair, 600, Verdict::Faster)
    };
    let (without, small) = (share(0.0), share(0.02));
    println!("found: {without} without, {small} with slower turns");
    assert!(without > 0.8 && small > without - 0.05, "{without} {small}");
}

fn coverage(world: &World, block: FlipUnit) -> f64 {
    let trials = 1_000;
    let mut random = Random::named(2028, &format!("{world:?} {block:?}"));
    let mut draws = Random::new(5);
    let held = (0..trials).filter(|_| {
        let sample = &world.run(&mut random)[0];
        let it = interval(sample, block, 0.95, 399, &mut draws).unwrap();
        it.low <= world.ratio && world.ratio <= it.high
    });
    held.count() as f64 / f64::from(trials)
}

/// Rounds, workspaces, flip unit, coverage under normal and under heavy noise, in
/// per cent.
const DOCUMENTED: [(u32, usize, FlipUnit, f64, f64); 15] = [
    (5, 1, FlipUnit::Round, 95.1, 94.6),
    (5, 3, FlipUnit::Round, 96.0, 94.4),
    (5, 3, FlipUnit::Pair, 99.0, 98.7),
    (6, 1, FlipUnit::Round, 94.9, 97.0),
    (6, 3, FlipUnit::Round, 96.5, 96.9),
    (6, 3, FlipUnit::Pair, 98.4, 98.8),
    (8, 1, FlipUnit::Round, 96.6, 96.6),
    (8, 3, FlipUnit::Round, 98.3, 98.1),
    (8, 3, FlipUnit::Pair, 98.0, 98.6),
    (10, 1, FlipUnit::Round, 96.4, 97.4),
    (10, 3, FlipUnit::Round, 98.0, 98.7),
    (10, 3, FlipUnit::Pair, 97.8, 97.8),
    (15, 1, FlipUnit::Round, 95.2, 95.9),
    (15, 3, FlipUnit::Round, 98.6, 98.4),
    (15, 3, FlipUnit::Pair, 98.5, 98.0),
];

#[test]
fn intervals_cover_what_the_documentation_says() {
    for (rounds, workspaces, block, normal, heavy) in DOCUMENTED {
        for (noise, documented) in [(Noise::Normal(0.03), normal), (Noise::Heavy(0.03), heavy)] {
            let world = World { arms: 1, rounds, workspaces, noise, ratio: 0.8, ..World::quiet() };
            let found = 100.0 * coverage(&world, block);
            // Two standard errors of 1,000 trials at 90 %.
            assert!((found - documented).abs() <= 1.9, "{world:?} {block:?}: {found}");
        }
    }
}
