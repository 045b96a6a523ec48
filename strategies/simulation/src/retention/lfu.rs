//! Least frequently used, plain and with ageing.
//!
//! Counts begin when an artifact is stored and are lost when it goes (in-cache LFU).
//!
//! - `lfu`: what the fewest builds used goes first; of those, what was not used for longest. An
//!   artifact that was in fashion once never leaves: last year's toolchain, used a thousand
//!   times, outlives everything that is used today.
//! - `lfu-aged`: LFU with dynamic ageing, the cure. The rank is `L + count`, where `L` is the
//!   rank of whatever went last (Arlitt, Cherkasova, Dilley, Friedrich and Jin, "Evaluating
//!   content management techniques for Web proxy caches", 2000: LFU-DA). Newcomers start at what
//!   old favourites were worth, and these fall behind unless they are used again. It is
//!   [`super::gdsf`] with all costs and sizes equal.

use super::flat::Flat;
use super::{Policy, Use};

/// Least frequently used.
pub struct Lfu {
    counts: Vec<u32>,
    ageing: bool,
    floor: u64,
}

impl Lfu {
    /// Without ageing.
    pub fn plain(flat: &Flat) -> Lfu {
        Lfu { counts: vec![0; flat.artifacts()], ageing: false, floor: 0 }
    }

    /// With it.
    pub fn aged(flat: &Flat) -> Lfu {
        Lfu { ageing: true, ..Lfu::plain(flat) }
    }
}

/// A count in front, the last use behind it.
fn pack(count: u64, build: u32) -> u64 {
    count.min(u64::from(u32::MAX)) << 32 | u64::from(build)
}

impl Policy for Lfu {
    fn used(&mut self, artifact: u32, of: Use) -> u64 {
        let count = &mut self.counts[artifact as usize];
        *count = if of.fresh { 1 } else { count.saturating_add(1) };
        pack(self.floor + u64::from(*count), of.build)
    }

    fn evicted(&mut self, _artifact: u32, rank: u64) {
        if self.ageing {
            self.floor = self.floor.max(rank >> 32);
        }
    }
}
