//! Reproducible random numbers: the same on every platform, so that a recorded seed
//! reproduces a report.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), for which any seed is a good one.
#[derive(Debug, Clone)]
pub struct Random(SplitMix64);

impl Random {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::from_seed(seed.to_le_bytes()))
    }

    /// A generator for one purpose: streams of different names are unrelated, so
    /// that a result does not depend on what was drawn before it.
    pub fn named(seed: u64, name: &str) -> Self {
        // FNV-1a over the name, mixed with the seed by a first draw.
        let fnv = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self::new(Self::new(seed).next_u64() ^ name.bytes().fold(0xcbf2_9ce4_8422_2325, fnv))
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number below `bound`, which must not be 0. The multiply-shift of
    /// Lemire (2019) without its rejection: the bias is below `bound` ÷ 2⁶⁴.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A real number in (0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A standard normal draw (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// What reports of recorded seeds depend on.
    #[test]
    fn draws_are_those_of_the_published_generator() {
        // Reference values of splitmix64.c (Vigna) for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_are_even_and_normal_ones_have_mean_0_and_variance_1() {
        let mut random = Random::named(7, "test");
        let mut counts = [0_u32; 7];
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
            let z = random.normal();
            sum += z;
            squares += z * z;
        }
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert!((sum / 70_000.0).abs() < 0.015);
        assert!((squares / 70_000.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn names_separate_streams() {
        assert_ne!(Random::named(1, "a").next_u64(), Random::named(1, "b").next_u64());
        assert_ne!(Random::named(1, "a").next_u64(), Random::named(2, "a").next_u64());
    }
}
