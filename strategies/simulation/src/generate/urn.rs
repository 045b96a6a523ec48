//! Which packages workspaces ask for: popular ones often, and now and then one that nobody has
//! asked for before.
//!
//! The urn is that of Pitman and Yor (1997). A draw is new with probability
//! (θ + d·K) ÷ (θ + T), where T draws have named K things, and else names thing i with a
//! probability proportional to nᵢ − d. Popularity then has a power-law tail, and the number of
//! things grows with T^d, which is Heaps' law. It starts from the draws of the real trace, so that
//! popular packages are the real ones. d is the growth exponent of the real trace by rarefaction,
//! and θ makes the next draw new with the probability that Good and Turing give, f₁ ÷ T.

use crate::random::Random;

/// How the number of things grows with the number of draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// d: between 0 (no growth) and 1 (everything is new).
    pub discount: f64,
    /// θ, above −d.
    pub strength: f64,
}

impl Growth {
    /// The growth of things of which each was drawn so often; `sets` is how many workspaces drew.
    pub fn of(counts: &[u64], sets: u64) -> Growth {
        let (draws, kinds) = (counts.iter().sum::<u64>() as f64, counts.len() as f64);
        let once = counts.iter().filter(|count| **count == 1).count() as f64;
        if draws == 0.0 || sets < 2 {
            return Growth { discount: 0.5, strength: 1.0 };
        }
        let discount = exponent(counts, sets).clamp(0.05, 0.95);
        // (θ + d·K) ÷ (θ + T) = f₁ ÷ T; at most nine of ten draws are new.
        let once = once.min(0.9 * draws);
        let strength = (once - discount * kinds) * draws / (draws - once);
        Growth { discount, strength: strength.max(0.1 - discount) }
    }
}

/// The slope of log(distinct things) over log(workspaces) between half of all workspaces and all
/// of them, where things are counted by rarefaction: the number expected in a random subset.
pub fn exponent(counts: &[u64], sets: u64) -> f64 {
    let half = sets / 2;
    let (small, all) = (rarefied(counts, sets, half), counts.len() as f64);
    if half == 0 || small <= 0.0 { 0.5 } else { (all / small).ln() / (sets as f64 / half as f64).ln() }
}

/// Distinct things expected in a random subset of sets (Hurlbert, 1971): Σ 1 − C(n−k, m) ÷ C(n, m).
pub fn rarefied(counts: &[u64], sets: u64, subset: u64) -> f64 {
    let missed = |count: u64| -> f64 {
        let count = count.min(sets);
        (0..count).map(|at| (sets - subset).saturating_sub(at) as f64 / (sets - at) as f64).product()
    };
    counts.iter().map(|count| 1.0 - missed(*count)).sum()
}

/// Draws so far.
#[derive(Debug, Clone)]
pub struct Urn {
    draws: Vec<u32>,
    counts: Vec<u32>,
    kinds: usize,
    growth: Growth,
}

impl Urn {
    /// An urn with the real draws: each thing, and how often it was drawn.
    pub fn new(counts: &[(u32, u64)], growth: Growth) -> Urn {
        let mut urn = Urn { draws: Vec::new(), counts: Vec::new(), kinds: 0, growth };
        for (thing, count) in counts {
            (0..*count).for_each(|_| urn.add(*thing));
        }
        urn
    }

    /// A draw; `None` where it is a new thing.
    pub fn draw(&self, random: &mut Random) -> Option<u32> {
        let Growth { discount, strength } = self.growth;
        let (draws, kinds) = (self.draws.len() as f64, self.kinds as f64);
        if random.chance((strength + discount * kinds) / (strength + draws)) {
            return None;
        }
        // A random earlier draw is thing i with nᵢ ÷ T; kept with 1 − d ÷ nᵢ it is nᵢ − d.
        loop {
            let thing = *random.pick(&self.draws)?;
            if !random.chance(discount / f64::from(self.count(thing).max(1))) {
                return Some(thing);
            }
        }
    }

    /// Adds a draw.
    pub fn add(&mut self, thing: u32) {
        let at = thing as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.kinds += usize::from(self.counts[at] == 0);
        self.counts[at] += 1;
        self.draws.push(thing);
    }

    fn count(&self, thing: u32) -> u32 {
        self.counts.get(thing as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarefaction_is_that_of_a_hand_count() {
        // Three workspaces: one thing in all, one in two, one in one; pairs of workspaces see
        // 3, 3 and 2 things.
        assert!((rarefied(&[3, 2, 1], 3, 2) - 8.0 / 3.0).abs() < 1e-12);
        assert_eq!(rarefied(&[3, 2, 1], 3, 3), 3.0);
        assert_eq!(exponent(&[4, 4, 4], 4), 0.0);
        assert!((exponent(&[1, 1, 1, 1], 4) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_counts_and_new_things_come_at_their_rate() {
        let counts: Vec<(u32, u64)> = [(0, 60), (1, 20)].into_iter().chain((2..22).map(|it| (it, 1))).collect();
        let growth = Growth::of(&counts.iter().map(|it| it.1).collect::<Vec<_>>(), 60);
        let urn = Urn::new(&counts, growth);
        let mut random = Random::new(3);
        let (mut new, mut first) = (0u32, 0u32);
        for _ in 0..20_000 {
            match urn.draw(&mut random) {
                None => new += 1,
                Some(0) => first += 1,
                Some(_) => {}
            }
        }
        let share = |count: u32| f64::from(count) / 20_000.0;
        assert!((share(new) - 0.2).abs() < 0.02, "{}", share(new));
        let expected = 0.8 * (60.0 - growth.discount) / (100.0 - growth.discount * 22.0);
        assert!((share(first) - expected).abs() < 0.02, "{} {expected}", share(first));
    }
}
