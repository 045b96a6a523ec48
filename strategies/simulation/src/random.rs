//! A small seeded generator, so that the same seed makes the same bytes on every machine and
//! with every version of every library.
//!
//! xoshiro256** 1.0 by David Blackman and Sebastiano Vigna, its state filled by SplitMix64, both
//! in the public domain: <https://prng.di.unimi.it/>.

/// A stream of random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Random {
        let mut at = seed;
        Random { state: std::array::from_fn(|_| split_mix(&mut at)) }
    }

    /// The stream of one thing among many that share a seed: the order in which things are asked
    /// for changes nothing.
    pub fn of(seed: u64, thing: u64) -> Random {
        let mut at = seed ^ thing.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Random::new(split_mix(&mut at))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        let state = &mut self.state;
        let result = state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// A number from 0 up to, but not, `end`; 0 where `end` is 0. The bias of one part in
    /// 2^64 ÷ `end` matters to nothing here.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.number()) * end as u128) >> 64) as usize
    }

    /// A number from 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A waiting time of this mean, exponentially distributed.
    pub fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// One of several; `None` of nothing.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// Puts things into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }

    /// 64 hexadecimal digits, the shape of a digest.
    pub fn digest(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.number())).collect()
    }
}

fn split_mix(at: &mut u64) -> u64 {
    *at = at.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *at;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // SplitMix64 from 0, as in the reference implementation.
        let mut at = 0;
        assert_eq!(split_mix(&mut at), 0xE220_A839_7B1D_CDAF);
        // xoshiro256** from the state 1, 2, 3, 4, as in the reference implementation.
        let mut random = Random { state: [1, 2, 3, 4] };
        assert_eq!([random.number(), random.number(), random.number()], [11520, 0, 1_509_978_240]);
    }

    #[test]
    fn numbers_lie_in_their_ranges_evenly() {
        let mut random = Random::new(7);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[random.below(10)] += 1;
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(random.waiting(1.0) >= 0.0);
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
        assert!(random.pick::<u8>(&[]).is_none());
        assert_eq!(random.digest().len(), 64);
    }
}
