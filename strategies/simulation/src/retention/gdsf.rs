//! GreedyDual-Size-Frequency.
//!
//! Each use gives an artifact `H = L + frequency × cost ÷ size`; the lowest H goes first, and L
//! becomes the H of what went (Cherkasova, "Improving WWW proxies performance with
//! Greedy-Dual-Size-Frequency caching policy", HP Labs 1998). Cost is compile seconds, size is
//! bytes. So what saves the most seconds for each byte stays, and the rising L lets even a
//! treasure go that nobody asks for any longer. Frequency counts uses since it was stored.
//!
//! H is no less than 0, and such floating-point numbers compare as their bits do. Equal H: the
//! one further from what it was made for stays, then the older artifact.

use super::flat::Flat;
use super::{Policy, Use};

/// GreedyDual-Size-Frequency.
pub struct Gdsf<'a> {
    flat: &'a Flat,
    counts: Vec<u32>,
    floor: f64,
}

impl<'a> Gdsf<'a> {
    /// For a history.
    pub fn new(flat: &'a Flat) -> Gdsf<'a> {
        Gdsf { flat, counts: vec![0; flat.artifacts()], floor: 0.0 }
    }
}

impl Policy for Gdsf<'_> {
    fn used(&mut self, artifact: u32, of: Use) -> u64 {
        let at = artifact as usize;
        self.counts[at] = if of.fresh { 1 } else { self.counts[at].saturating_add(1) };
        let density = self.flat.cost[at] as f64 / self.flat.bytes[at].max(1) as f64;
        (self.floor + f64::from(self.counts[at]) * density).to_bits()
    }

    fn evicted(&mut self, _artifact: u32, rank: u64) {
        self.floor = self.floor.max(f64::from_bits(rank));
    }
}
