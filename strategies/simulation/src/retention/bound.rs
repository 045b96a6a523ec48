//! What no policy of a size can beat, even one that knows the future. `strategies/simulation/RETENTION.md` proves it.
//!
//! Each pair of consecutive lookups of an artifact is an *interval*: it saves the artifact's seconds, and takes its bytes
//! of the store after every build from the first to the one before the second. The bound is a fractional knapsack
//! of intervals (PFOO-L of Berger, Beckmann and Harchol-Balter, "Practical bounds on optimal caching with variable object
//! sizes", 2018).

use crate::history::{History, NEVER};

#[derive(Debug, Clone, Copy)]
struct ReuseInterval {
    cost: u64,
    bytes: u64,
    from: u32,
    to: u32,
}

/// The intervals of a history, by what they save for their room.
pub(super) struct ReuseIntervals {
    sorted: Vec<ReuseInterval>,
    builds: usize,
}

impl ReuseInterval {
    fn room(self) -> u128 {
        u128::from(self.bytes) * u128::from(self.to - self.from)
    }
}

impl ReuseIntervals {
    pub fn of(history: &History) -> ReuseIntervals {
        let mut last = vec![NEVER; history.artifacts()];
        let mut sorted = Vec::new();
        for (build, artifact) in history.lookups() {
            let at = artifact as usize;
            let from = std::mem::replace(&mut last[at], build);
            if from != NEVER && from < build && history.cost[at] > 0 {
                sorted.push(ReuseInterval { cost: history.cost[at], bytes: history.bytes[at], from, to: build });
            }
        }
        // Cost a byte and build, falling: a ÷ b before c ÷ d where a·d > c·b.
        let density = |one: &ReuseInterval| one.cost as f64 / (one.room() as f64).max(f64::MIN_POSITIVE);
        sorted.sort_by(|a, b| density(b).total_cmp(&density(a)));
        ReuseIntervals { sorted, builds: history.builds.len() }
    }

    /// The most microseconds that any policy can reuse with a store of `cap` bytes.
    pub fn most_reused(&self, cap: Option<u64>) -> u64 {
        let cap = cap.unwrap_or(u64::MAX);
        let mut left = self.room(cap);
        let mut gained = 0;
        for one in self.sorted.iter().filter(|one| one.bytes <= cap) {
            let room = one.room();
            if room > left {
                // Rounded up: a bound must not fall short.
                return gained + ((one.cost as f64 * (left as f64 / room as f64)).ceil() as u64 + 1).min(one.cost);
            }
            left -= room;
            gained += one.cost;
        }
        gained
    }

    /// Bytes × builds that intervals can take at most.
    fn room(&self, cap: u64) -> u128 {
        let mut opens = vec![0i128; self.builds + 1];
        for one in self.sorted.iter().filter(|one| one.bytes <= cap) {
            opens[one.from as usize] += i128::from(one.bytes);
            opens[one.to as usize] -= i128::from(one.bytes);
        }
        let mut open = 0;
        let mut room = 0;
        for change in opens {
            open += change;
            room += open.min(i128::from(cap)).unsigned_abs();
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::history;
    use super::*;

    const ARTIFACTS: [(f32, u32); 3] = [(10.0, 4), (6.0, 4), (1.0, 8)];

    /// Seconds.
    fn most(artifacts: &[(f32, u32)], uses: &[&[u32]], cap: u64) -> f64 {
        let us = ReuseIntervals::of(&history(artifacts, uses)).most_reused(Some(cap));
        (us as f64 / 1e4).round() / 100.0
    }

    #[test]
    fn consecutive_builds_take_one_slot() {
        assert_eq!(most(&ARTIFACTS, &[&[0], &[0]], 4), 10.0);
        assert_eq!(most(&ARTIFACTS, &[&[0], &[0]], 3), 0.0, "larger than the store");
        assert_eq!(most(&ARTIFACTS, &[&[0, 1], &[0, 1]], 8), 16.0);
    }

    #[test]
    fn what_does_not_fit_counts_by_its_share() {
        assert_eq!(most(&ARTIFACTS, &[&[0, 1], &[0, 1]], 6), 13.0, "10 s in 4 bytes, half of 6 s in 2");
    }

    #[test]
    fn room_when_nothing_is_open_is_not_for_sale() {
        // 1 is open for one build, and 0 for that one and the one before; three more use neither.
        let most = most(&ARTIFACTS, &[&[0], &[1], &[0, 1], &[2], &[2], &[2]], 4);
        assert_eq!(most, 11.0, "all of 1, and half of 0 in the 4 bytes × builds left");
    }
}
