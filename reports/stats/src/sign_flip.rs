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
    if block == FlipUnit::Pair {
        let pairs = GroupedPairs::of(&observed);
        let threshold = pairs.studentised(&vec![0; blocks.div_ceil(64)]) * (1.0 - 1e-9);
        return Some(share_of_patterns(blocks, patterns, random, &mut |signs| pairs.studentised(signs) >= threshold));
    }
    let statistic = |groups: &[Vec<(u32, f64)>]| {
        let effect = Effect::of_groups(groups, block)?;
        // Without a second round nothing can be studentised.
        Some(effect.log.abs() / effect.error.map_or(1.0, |error| error.se.max(f64::MIN_POSITIVE)))
    };
    let threshold = statistic(&observed)? * (1.0 - 1e-9);
    let mut groups = observed.clone();
    let mut as_far = |signs: &[u64]| {
        for (from, to) in observed.iter().zip(&mut groups) {
            for (pair, turned) in from.iter().zip(to) {
                let place = rounds.binary_search(&pair.0).unwrap_or(0);
                turned.1 = turned_by(signs, place, pair.1);
            }
        }
        statistic(&groups).is_some_and(|it| it >= threshold)
    };
    Some(share_of_patterns(blocks, patterns, random, &mut as_far))
}

/// A value with the sign that a pattern gives to it: a bit for each place.
fn turned_by(signs: &[u64], place: usize, value: f64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((signs[place / 64] >> (place % 64) & 1) << 63))
}

/// Log ratios by workspace, and the sums of their squares.
struct GroupedPairs(Vec<(Vec<f64>, f64)>);

impl GroupedPairs {
    fn of(groups: &[Vec<(u32, f64)>]) -> Self {
        let values = groups.iter().map(|pairs| pairs.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        Self(values.map(|values| (values.clone(), values.iter().map(|it| it * it).sum())).collect())
    }

    /// Effect ÷ standard error, as [`Effect`] has them, with some signs turned. That leaves squares as they are, so a sum
    /// for each workspace is enough: of thousands of pairs most of a report's time went into this.
    fn studentised(&self, signs: &[u64]) -> f64 {
        let count = self.0.len() as f64;
        let (mut at, mut effect, mut variance, mut known) = (0, 0.0, 0.0, 0.0_f64);
        for (values, squares) in &self.0 {
            let size = values.len() as f64;
            let sum: f64 = values.iter().enumerate().map(|(here, value)| turned_by(signs, at + here, *value)).sum();
            at += values.len();
            effect += sum / size / count;
            if values.len() > 1 {
                variance += (squares - sum * sum / size).max(0.0) / (size * (size - 1.0) * count * count);
                known += 1.0;
            }
        }
        // Without a second round nothing can be studentised.
        let se = if known > 0.0 { (variance * count / known).sqrt().max(f64::MIN_POSITIVE) } else { 1.0 };
        effect.abs() / se
    }
}

/// The share of patterns of signs that are as far as the one observed.
fn share_of_patterns(
    blocks: usize,
    patterns: usize,
    random: &mut Random,
    as_far: &mut dyn FnMut(&[u64]) -> bool,
) -> f64 {
    // The last sign may stay: a pattern and its mirror image are as far.
    if blocks < 64 && 1_u64 << (blocks - 1) <= patterns as u64 {
        let all = 1_u64 << (blocks - 1);
        let count = (0..all).filter(|pattern| as_far(&[*pattern])).count();
        return count as f64 / all as f64;
    }
    let count = (0..patterns).filter(|_| {
        let signs: Vec<u64> = (0..blocks.div_ceil(64)).map(|_| random.next_u64()).collect();
        as_far(&signs)
    });
    (count.count() + 1) as f64 / (patterns + 1) as f64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_give_the_effect_and_the_error_that_pairs_give() {
        let mut random = Random::new(3);
        for sizes in [vec![1, 1], vec![2, 5, 3], vec![4, 1, 7, 2], vec![9]] {
            let mut group = |size: u32| (1..=size).map(|round| (round, random.normal())).collect::<Vec<_>>();
            let mut groups: Vec<Vec<(u32, f64)>> = sizes.iter().map(|size| group(*size)).collect();
            let signs = [0x1249];
            let found = GroupedPairs::of(&groups).studentised(&signs);
            let pairs = groups.iter_mut().flatten().enumerate();
            pairs.for_each(|(at, pair)| pair.1 = if at.is_multiple_of(3) { -pair.1 } else { pair.1 });
            let effect = Effect::of_groups(&groups, FlipUnit::Pair).unwrap();
            let expected = effect.log.abs() / effect.error.map_or(1.0, |error| error.se);
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        }
    }
}
