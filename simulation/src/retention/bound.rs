//! What no policy of a size can beat, even one that knows the future.
//!
//! Whatever a policy does, a lookup is a hit only if the artifact stayed in the store ever since
//! the lookup before it. So each pair of consecutive lookups of an artifact is an *interval*: it
//! saves the artifact's seconds, and it takes its bytes of the store after every build from the
//! first to the one before the second. The intervals that a policy gains fit into the store
//! after every build; hence together they take no more than the sum over builds of what the
//! store can hold then. Of all sets of intervals that fit into that *sum*, none saves more than
//! the fractional one that takes them by seconds saved for each byte and build. That is the
//! bound: PFOO-L of Berger, Beckmann and Harchol-Balter, "Practical bounds on optimal caching
//! with variable object sizes", 2018 (there in requests, here in builds).
//!
//! Two things make it tighter, and it stays a bound. An interval larger than the whole store
//! cannot be gained. And what intervals take after a build is no more than the cap *and* no more
//! than all intervals open then, so the sum counts the lesser of both.
//!
//! Closure and the first time anything is made are not looked at: real policies have less room
//! than the bound assumes, never more.

use super::flat::{Flat, NEVER};

/// The chances of reuse in a history, by what they save for their room.
#[derive(Debug)]
pub struct Intervals {
    sorted: Vec<Interval>,
    builds: usize,
}

#[derive(Debug, Clone, Copy)]
struct Interval {
    cost: u64,
    bytes: u64,
    /// The build after which it begins.
    from: u32,
    /// The build that looks it up.
    to: u32,
}

impl Interval {
    fn room(self) -> u128 {
        u128::from(self.bytes) * u128::from(self.to - self.from)
    }
}

impl Intervals {
    /// All intervals of a history.
    pub fn of(flat: &Flat) -> Intervals {
        let mut last = vec![NEVER; flat.artifacts()];
        let mut sorted = Vec::new();
        for (build, artifact) in flat.lookups() {
            let at = artifact as usize;
            let from = std::mem::replace(&mut last[at], build);
            if from != NEVER && from < build && flat.cost[at] > 0 {
                sorted.push(Interval { cost: flat.cost[at], bytes: flat.bytes[at], from, to: build });
            }
        }
        // Cost a byte and build, falling: a ÷ b before c ÷ d where a·d > c·b.
        let density = |one: &Interval| one.cost as f64 / (one.room() as f64).max(f64::MIN_POSITIVE);
        sorted.sort_by(|a, b| density(b).total_cmp(&density(a)));
        Intervals { sorted, builds: flat.builds.len() }
    }

    /// The most microseconds that any policy can reuse with a store of `cap` bytes.
    pub fn most_reused(&self, cap: Option<u64>) -> u64 {
        let cap = cap.unwrap_or(u64::MAX);
        let fits = |one: &&Interval| one.bytes <= cap;
        let mut left = self.room(cap);
        let mut gained = 0;
        for one in self.sorted.iter().filter(fits) {
            let room = one.room();
            if room > left {
                // Rounded up: a bound must not fall short.
                gained += ((one.cost as f64 * (left as f64 / room as f64)).ceil() as u64 + 1).min(one.cost);
                break;
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

    fn most(uses: &[&[u32]], cap: u64) -> f64 {
        let flat = Flat::of(&history(&[(10.0, 4), (6.0, 4), (1.0, 8)], uses));
        Intervals::of(&flat).most_reused(Some(cap)) as f64 / 1e6
    }

    #[test]
    fn consecutive_builds_take_one_slot() {
        assert_eq!(most(&[&[0], &[0]], 4), 10.0);
        assert_eq!(most(&[&[0], &[0]], 3), 0.0, "larger than the store");
        assert_eq!(most(&[&[0, 1], &[0, 1]], 8), 16.0);
    }

    #[test]
    fn what_does_not_fit_counts_by_its_share() {
        let half = most(&[&[0, 1], &[0, 1]], 6);
        assert!((13.0..13.001).contains(&half), "10 s in 4 bytes, then half of 6 s in 2: {half}");
    }

    #[test]
    fn room_when_nothing_is_open_is_not_for_sale() {
        // 1 is open for one build, and 0 for that one and the one before; three more use neither.
        let all = most(&[&[0], &[1], &[0, 1], &[2], &[2], &[2]], 4);
        assert!((11.0..11.001).contains(&all), "all of 1, and half of 0 in the 4 bytes × builds left: {all}");
    }
}
