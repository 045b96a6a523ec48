//! The place of a value along an axis, and the values that are named there.

/// Beyond this, positive or negative, an axis does not go: sums of such values are still finite.
const FARTHEST: f64 = 1e100;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    log: bool,
    low: f64,
    high: f64,
    room: (i32, i32),
}

/// A value that is named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub at: i32,
    /// The value with its unit.
    pub text: String,
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values = values.filter(|value| value.is_finite()).map(|value| value.clamp(-FARTHEST, FARTHEST));
    values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

impl Axis {
    pub fn linear(values: impl Iterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        // A single value is in the middle.
        let pad = if high - low > low.abs().max(high.abs()) * 1e-9 { 0.0 } else { (low.abs() * 0.5).max(0.5) };
        Self { log: false, low: low - pad, high: high + pad, room }
    }

    /// An axis from the smallest to the largest value and 0, so that twice as far is twice as much.
    pub fn from_zero(values: impl Iterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values.chain([0.0])).unwrap_or((0.0, 0.0));
        Self { log: false, low, high: if low == high { 1.0 } else { high }, room }
    }

    /// A logarithmic axis from the smallest to the largest value, and a bit beyond; it spans a factor of `least`
    /// at the least. Values up to 0 are passed over.
    pub fn log(values: impl Iterator<Item = f64>, least: f64, room: (i32, i32)) -> Self {
        let logs = values.filter(|value| *value > 0.0).map(|value| value.clamp(1.0 / FARTHEST, FARTHEST).ln());
        let (low, high) = extent(logs).unwrap_or((0.0, 0.0));
        let pad = ((least.ln() - (high - low)) / 2.0).max((high - low) * 0.03);
        Self { log: true, low: low - pad, high: high + pad, room }
    }

    /// The place of a value, rounded, so that equal distances stay equal to the eye; `None` where it has none.
    pub fn at(&self, value: f64) -> Option<i32> {
        let value = Some(value).filter(|it| it.is_finite() && (!self.log || *it > 0.0))?;
        let value = if self.log { value.ln() } else { value.clamp(-FARTHEST, FARTHEST) };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let (from, to) = (f64::from(self.room.0), f64::from(self.room.1));
        Some((from + (to - from) * share).round() as i32)
    }

    /// Round values that have a name, at least `apart` from each other: 1, 2 and 5 times powers of ten, or evenly
    /// spaced.
    pub fn ticks(&self, apart: i32, name: impl Fn(f64) -> Option<String>) -> Vec<Tick> {
        let (low, high) = if self.log { (self.low.exp(), self.high.exp()) } else { (self.low, self.high) };
        let values: Vec<f64> = match self.log && high / low >= 4.0 {
            true => {
                let tens = low.log10().floor() as i32..=high.log10().ceil() as i32;
                // By weight: what comes first keeps its place.
                [1.0, 5.0, 2.0].iter().flat_map(|f| tens.clone().map(move |ten| f * 10f64.powi(ten))).collect()
            }
            false => {
                let step = step((high - low) / 6.0);
                (0..9).map(|nth| ((low / step).ceil() + f64::from(nth)) * step).collect()
            }
        };
        let first = if self.log { Some(1.0) } else { None };
        let mut ticks: Vec<Tick> = Vec::new();
        // Rounding may put the last round value a hair beyond the end of the axis.
        let slack = (high - low) * 1e-9;
        for value in first.into_iter().chain(values).filter(|it| (low - slack..=high + slack).contains(it)) {
            if let (Some(at), Some(text)) = (self.at(value), name(value))
                && ticks.iter().all(|other| (other.at - at).abs() >= apart)
            {
                ticks.push(Tick { value, at, text });
            }
        }
        ticks.sort_by_key(|tick| tick.at);
        ticks
    }

    /// Whole days, at most eight or so of them.
    pub fn days(&self, name: impl Fn(f64) -> String) -> Vec<Tick> {
        let step = ((self.high - self.low) / 8.0).ceil().max(1.0);
        let days = (0..9).map(|nth| self.low.ceil() + f64::from(nth) * step).filter(|day| *day <= self.high);
        days.filter_map(|day| Some(Tick { value: day, at: self.at(day)?, text: name(day) })).collect()
    }
}

/// The smallest round step that is not below `raw`: 1, 2 or 5 times a power of ten.
fn step(raw: f64) -> f64 {
    let ten = 10f64.powf(raw.max(1e-100).log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * ten).into_iter().find(|step| *step >= raw).unwrap_or(10.0 * ten)
}

/// As short as it gets: at most four digits behind the point, no zeros at the end.
pub(super) fn plain(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        return format!("{value:.0e}");
    }
    format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').into()
}
