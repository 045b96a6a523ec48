//! What no policy of a size can beat, even one that knows the future. `strategies/simulation/RETENTION.md` proves it.
//!
//! Each pair of consecutive lookups of an artifact is an *interval*: it saves the artifact's seconds, and takes its bytes
//! of the store after every build from the first to the one before the second. The first bound is a fractional knapsack
//! of intervals (PFOO-L of Berger, Beckmann and Harchol-Balter, "Practical bounds on optimal caching with variable object
//! sizes", 2018). The second puts a price λ(t) ≥ 0 on a byte after each build t:
//!
//! ```text
//! reused ≤ Σ over t of cap × λ(t) + Σ over intervals of max(0, saved − bytes × Σ of λ(t) it spans)
//! ```
//!
//! It holds for any prices (weak duality). They start where the knapsack was full and follow the subgradient (Held, Wolfe
//! and Crowder, "Validation of subgradient optimization", 1974, with their step length).

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
        let (most, density) = self.knapsack(cap);
        density.map_or(most, |density| most.min(self.priced(cap, most, density)))
    }

    pub(super) fn priced(&self, cap: u64, most: u64, density: f64) -> u64 {
        let fitting: Vec<ReuseInterval> = self.sorted.iter().filter(|one| one.bytes <= cap).copied().collect();
        priced_bound(&fitting, self.builds, cap, most, density)
    }

    /// The most that intervals save whose sum fits, and where not all do, the microseconds for a byte and build that
    /// the last one saves.
    pub(super) fn knapsack(&self, cap: u64) -> (u64, Option<f64>) {
        let fits = |one: &&ReuseInterval| one.bytes <= cap;
        let mut left = self.room(cap);
        let mut gained = 0;
        for one in self.sorted.iter().filter(fits) {
            let room = one.room();
            if room > left {
                // Rounded up: a bound must not fall short.
                gained += ((one.cost as f64 * (left as f64 / room as f64)).ceil() as u64 + 1).min(one.cost);
                return (gained, Some(one.cost as f64 / room as f64));
            }
            left -= room;
            gained += one.cost;
        }
        (gained, None)
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

/// How often the prices change. More rounds change the bound by less than a thousandth.
const ROUNDS: usize = 120;

/// The least bound found, in microseconds, for a store of `cap` bytes.
///
/// `first` is a bound that is known, and `density` the microseconds for a byte and build at which its knapsack was
/// full. Sums of floating-point numbers: the result is padded by more than they can be off.
fn priced_bound(intervals: &[ReuseInterval], builds: usize, cap: u64, first: u64, density: f64) -> u64 {
    let mut search = PriceSearch::open(intervals, builds, cap as f64, density);
    let mut best = first as f64;
    // The optimum is assumed to be this share below the best bound: less, the longer no better bound is found.
    let mut hope = 0.1;
    let mut waited = 0;
    for _ in 0..ROUNDS {
        let value = search.value();
        waited = if value < best * 0.9999 { 0 } else { waited + 1 };
        if waited == 4 {
            (hope, waited) = (hope / 2.0, 0);
        }
        best = best.min(value);
        if !search.adjust(value - best * (1.0 - hope)) {
            break;
        }
    }
    (best * (1.0 + 1e-9)).ceil() as u64 + 1
}

/// Prices after each build, and what stays in the store at them.
struct PriceSearch<'a> {
    intervals: &'a [ReuseInterval],
    cap: f64,
    prices: Vec<f64>,
    /// Sum of the prices before each build's.
    sums: Vec<f64>,
    /// By how much the stored bytes change after each build.
    changes: Vec<f64>,
}

impl<'a> PriceSearch<'a> {
    /// One price wherever more is open than fits, nothing elsewhere.
    fn open(intervals: &'a [ReuseInterval], builds: usize, cap: f64, price: f64) -> PriceSearch<'a> {
        let empty = || vec![0.0; builds + 1];
        let mut search = PriceSearch { intervals, cap, prices: empty(), sums: empty(), changes: empty() };
        search.value();
        let mut open = 0.0;
        for (one, change) in search.prices.iter_mut().zip(&search.changes) {
            open += change;
            *one = if open > cap { price } else { 0.0 };
        }
        search
    }

    /// The bound at these prices; notes which bytes would be stored.
    fn value(&mut self) -> f64 {
        let mut sum = 0.0;
        for (before, price) in self.sums.iter_mut().zip(&self.prices) {
            *before = sum;
            sum += price;
        }
        self.changes.fill(0.0);
        let mut value = self.cap * sum;
        for one in self.intervals {
            let (from, to, bytes) = (one.from as usize, one.to as usize, one.bytes as f64);
            let left = one.cost as f64 - bytes * (self.sums[to] - self.sums[from]);
            if left > 0.0 {
                value += left;
                self.changes[from] += bytes;
                self.changes[to] -= bytes;
            }
        }
        value
    }

    /// Moves the prices so far that the bound would fall by `gain` if it were linear. Returns whether any moved.
    fn adjust(&mut self, gain: f64) -> bool {
        let mut stored = 0.0;
        let mut square = 0.0;
        for (change, price) in self.changes.iter_mut().zip(&self.prices) {
            stored += *change;
            let short = stored - self.cap;
            // From here on `changes` holds what is short. A price of nothing cannot fall.
            *change = if *price > 0.0 || short > 0.0 { short } else { 0.0 };
            square += *change * *change;
        }
        if square <= 0.0 {
            return false;
        }
        for (price, short) in self.prices.iter_mut().zip(&self.changes) {
            *price = (*price + gain / square * short).max(0.0);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::history;
    use super::*;

    const ARTIFACTS: [(f32, u32); 3] = [(10.0, 4), (6.0, 4), (1.0, 8)];

    /// Seconds, by the knapsack and by prices as well.
    fn most(artifacts: &[(f32, u32)], uses: &[&[u32]], cap: u64) -> (f64, f64) {
        let intervals = ReuseIntervals::of(&history(artifacts, uses));
        let round = |us: u64| (us as f64 / 1e4).round() / 100.0;
        (round(intervals.knapsack(cap).0), round(intervals.most_reused(Some(cap))))
    }

    #[test]
    fn consecutive_builds_take_one_slot() {
        assert_eq!(most(&ARTIFACTS, &[&[0], &[0]], 4), (10.0, 10.0));
        assert_eq!(most(&ARTIFACTS, &[&[0], &[0]], 3), (0.0, 0.0), "larger than the store");
        assert_eq!(most(&ARTIFACTS, &[&[0, 1], &[0, 1]], 8), (16.0, 16.0));
    }

    #[test]
    fn what_does_not_fit_counts_by_its_share() {
        assert_eq!(most(&ARTIFACTS, &[&[0, 1], &[0, 1]], 6), (13.0, 13.0), "10 s in 4 bytes, half of 6 s in 2");
    }

    #[test]
    fn room_when_nothing_is_open_is_not_for_sale() {
        // 1 is open for one build, and 0 for that one and the one before; three more use neither.
        let (knapsack, priced) = most(&ARTIFACTS, &[&[0], &[1], &[0, 1], &[2], &[2], &[2]], 4);
        assert_eq!(knapsack, 11.0, "all of 1, and half of 0 in the 4 bytes × builds left");
        assert_eq!(priced, 10.0, "1 or 0, not both");
    }

    #[test]
    fn room_in_slack_times_is_not_sold_to_busy_ones() {
        let artifacts = [(10.0, 4), (9.0, 4), (1.0, 4), (0.5, 4)];
        let uses: &[&[u32]] = &[&[0, 1], &[0, 1], &[2, 3], &[2, 3]];
        assert_eq!(most(&artifacts, uses, 4), (19.0, 11.0));
    }
}
