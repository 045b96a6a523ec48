//! The studentised sign flip: a check beside the interval that knows nothing of Student's t.
//!
//! Each pattern of signs gives a value of effect ÷ standard error; p is the share of patterns in
//! which it is as far from 0 as the one observed. Studentised, it tests the weak null, "no effect on
//! average", also where workspaces differ in theirs (Wu and Ding, "Randomization tests for weak null
//! hypotheses in randomized experiments", JASA 2021).

use super::Random;
use super::effect::Effect;
use super::sample::{FlipUnit, PairedSample};

/// p of a sample; `None` without pairs. Of more than `patterns` patterns this many are drawn, and the one
/// observed is added: p is never 0 (Phipson and Smyth, 2010).
pub(crate) fn sign_flip(sample: &PairedSample, block: FlipUnit, patterns: usize, random: &mut Random) -> Option<f64> {
    if sample.pairs() == 0 {
        return None;
    }
    let observed = sample.groups();
    let rounds = sample.rounds();
    let blocks = if block == FlipUnit::Round { rounds.len() } else { sample.pairs() };
    let statistic = |groups: &[Vec<(u32, f64)>]| {
        let effect = Effect::of_groups(groups, block)?;
        // Without a second round nothing can be studentised.
        Some(effect.log.abs() / effect.error.map_or(1.0, |error| error.se.max(f64::MIN_POSITIVE)))
    };
    let threshold = statistic(&observed)? * (1.0 - 1e-9);
    let mut groups = observed.clone();
    let mut as_far = |signs: &dyn Fn(usize) -> bool| {
        let mut at = 0;
        for (from, to) in observed.iter().zip(&mut groups) {
            for (pair, turned) in from.iter().zip(to) {
                let place = if block == FlipUnit::Round { rounds.binary_search(&pair.0).unwrap_or(0) } else { at };
                turned.1 = if signs(place) { -pair.1 } else { pair.1 };
                at += 1;
            }
        }
        statistic(&groups).is_some_and(|it| it >= threshold)
    };
    // The last sign may stay: a pattern and its mirror image are as far.
    if blocks < 64 && 1_u64 << (blocks - 1) <= patterns as u64 {
        let all = 1_u64 << (blocks - 1);
        let count = (0..all).filter(|pattern| as_far(&|at| pattern >> at & 1 == 1)).count();
        return Some(count as f64 / all as f64);
    }
    let count = (0..patterns).filter(|_| {
        let signs: Vec<u64> = (0..blocks.div_ceil(64)).map(|_| random.next_u64()).collect();
        as_far(&|at| signs[at / 64] >> (at % 64) & 1 == 1)
    });
    Some((count.count() + 1) as f64 / (patterns + 1) as f64)
}

/// Many comparisons, one error rate: p-values corrected by S. Holm, "A simple sequentially
/// rejective multiple test procedure", 1979. Under any dependence between the comparisons (here
/// they share a baseline) the chance of even one false difference in the family stays at or
/// below alpha.
///
/// In the order of `p`: the smallest times m, the next times
/// m − 1 and so on, never below the one before, never above 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut floor = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        floor = floor.max(p[at] * (p.len() - rank) as f64).min(1.0);
        corrected[at] = floor;
    }
    corrected
}
