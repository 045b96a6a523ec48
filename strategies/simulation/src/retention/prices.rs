//! A price for room at each time: the second, sharper bound.
//!
//! [`super::bound`] lets a store be over its limit at noon if it was under it at night. To undo
//! some of that, put a price λ(t) ≥ 0 on a byte after each build t. An interval that costs its
//! bytes × the prices it spans is worth keeping only for what it saves beyond that, and the store
//! as a whole has `cap` bytes to sell after each build:
//!
//! ```text
//! reused ≤ Σ over t of cap × λ(t) + Σ over intervals of max(0, saved − bytes × Σ of λ(t) it spans)
//! ```
//!
//! This holds for *any* prices (weak duality): for the intervals a policy gains, saved is what
//! they pay plus what is left over; what is left over is no more than the second sum, and since
//! they fit into the store after each build, what they pay is no more than the first. So prices
//! may be searched in any way, and only the result's quality depends on it. They start where the
//! first bound's knapsack was full, one price for all times at which room is short, and follow
//! the subgradient: dearer when more would be kept than fits, cheaper when less (Held, Wolfe and
//! Crowder, "Validation of subgradient optimization", 1974, with their step length).

/// A chance of reuse.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    /// Microseconds it saves.
    pub cost: u64,
    /// Bytes it takes.
    pub bytes: u64,
    /// The build after which it begins.
    pub from: u32,
    /// The build that looks it up.
    pub to: u32,
}

/// How often the prices are moved. More rounds change the bound by less than a thousandth.
const ROUNDS: usize = 120;

/// The least bound found, in microseconds, for a store of `cap` bytes.
///
/// `first` is a bound that is known, and `density` the microseconds for a byte and build at which
/// its knapsack was full. Sums of floating-point numbers: the result is padded by more than they
/// can be off.
pub(super) fn bound(intervals: &[Interval], builds: usize, cap: u64, first: u64, density: f64) -> u64 {
    let mut market = Market::open(intervals, builds, cap as f64, density);
    let mut best = first as f64;
    // The optimum is hoped for at this share below the best bound: less, the longer nothing
    // better comes.
    let mut hope = 0.1;
    let mut waited = 0;
    for _ in 0..ROUNDS {
        let value = market.value();
        waited = if value < best * 0.9999 { 0 } else { waited + 1 };
        if waited == 4 {
            (hope, waited) = (hope / 2.0, 0);
        }
        best = best.min(value);
        if !market.adjust(value - best * (1.0 - hope)) {
            break;
        }
    }
    (best * (1.0 + 1e-9)).ceil() as u64 + 1
}

/// Prices after each build, and what is kept at them.
struct Market<'a> {
    intervals: &'a [Interval],
    cap: f64,
    prices: Vec<f64>,
    /// Sum of the prices before each build's.
    sums: Vec<f64>,
    /// By how much the bytes kept change after each build.
    changes: Vec<f64>,
}

impl<'a> Market<'a> {
    /// One price wherever more is open than fits, nothing elsewhere.
    fn open(intervals: &'a [Interval], builds: usize, cap: f64, price: f64) -> Market<'a> {
        let empty = || vec![0.0; builds + 1];
        let mut market = Market { intervals, cap, prices: empty(), sums: empty(), changes: empty() };
        market.value();
        let mut open = 0.0;
        for (one, change) in market.prices.iter_mut().zip(&market.changes) {
            open += change;
            *one = if open > cap { price } else { 0.0 };
        }
        market
    }

    /// The bound at these prices; notes which bytes would be kept.
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

    /// Moves the prices so far that `gain` would be won if the bound were a plane. Returns whether
    /// any moved.
    fn adjust(&mut self, gain: f64) -> bool {
        let mut kept = 0.0;
        let mut square = 0.0;
        for (change, price) in self.changes.iter_mut().zip(&self.prices) {
            kept += *change;
            let short = kept - self.cap;
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
