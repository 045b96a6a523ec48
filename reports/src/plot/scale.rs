//! The place of a value along an axis, and the values that are named there.
//!
//! Places are whole units and rounded, not cut, so that equal distances from 1 stay equal to the eye.

use super::ValueUnit;
use super::text::{self, SMALL};

/// Beyond this, positive or negative, an axis does not go: sums of such values are still finite.
const FARTHEST: f64 = 1e100;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    log: bool,
    low: f64,
    high: f64,
    room: (i32, i32),
}

/// A value that can be drawn: finite, and not beyond all reason.
pub(super) fn drawable(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(-FARTHEST, FARTHEST))
}

/// A ratio that can be drawn: above 0 as well.
pub(super) fn drawable_ratio(value: f64) -> Option<f64> {
    drawable(value).filter(|value| *value > 0.0).map(|value| value.max(1.0 / FARTHEST))
}

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter_map(drawable).fold(None, |extent, value| {
        let (low, high) = extent.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

impl Axis {
    /// An axis from the smallest to the largest value and 0.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        let (low, high) = (low.min(0.0), high.max(0.0));
        let high = if low == high { 1.0 } else { high };
        Self { log: false, low, high, room }
    }

    pub(super) fn linear(values: impl IntoIterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        // A single value is in the middle.
        let pad = if high - low > low.abs().max(high.abs()) * 1e-9 { 0.0 } else { (low.abs() * 0.5).max(0.5) };
        Self { log: false, low: low - pad, high: high + pad, room }
    }

    /// A logarithmic axis from the smallest to the largest value, and a bit beyond;
    /// it spans a factor of `least` at the least. Values up to 0 are passed over.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, least: f64, room: (i32, i32)) -> Self {
        let logs = values.into_iter().filter_map(drawable_ratio).map(f64::ln);
        let (low, high) = extent(logs).unwrap_or((0.0, 0.0));
        let pad = ((least.ln() - (high - low)) / 2.0).max((high - low) * 0.03);
        Self { log: true, low: low - pad, high: high + pad, room }
    }

    /// The place of a value; a value that cannot be drawn is at the lower end.
    pub(super) fn at(&self, value: f64) -> i32 {
        let value = if self.log { drawable_ratio(value).map(f64::ln) } else { drawable(value) };
        let share = value.map_or(0.0, |value| ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0));
        let (from, to) = (f64::from(self.room.0), f64::from(self.room.1));
        (from + (to - from) * share).round() as i32
    }

    /// The values at both ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        if self.log { (self.low.exp(), self.high.exp()) } else { (self.low, self.high) }
    }

    /// The same values in a room that is smaller at both ends.
    pub fn inset(self, by: i32) -> Self {
        let by = by * (self.room.1 - self.room.0).signum();
        Self { room: (self.room.0 + by, self.room.1 - by), ..self }
    }

    pub(super) fn length(&self) -> i32 {
        (self.room.1 - self.room.0).abs()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// The value.
    pub value: f64,
    /// Its place along the axis.
    pub at: i32,
    /// The value with its unit.
    pub text: String,
}

/// Room between the texts of two ticks.
const GAP: i32 = 14;

/// Round values of a linear axis, about one every `every` units of the picture.
pub(super) fn linear(axis: &Axis, unit: ValueUnit, every: i32) -> Vec<Tick> {
    let most = f64::from((axis.length() / every.max(1)).clamp(2, 10));
    let (low, high) = axis.ends();
    stepped(axis, unit, step((high - low) / most), most)
}

/// [`linear`] for an axis that counts things, of which there are no halves.
pub(super) fn whole(axis: &Axis, every: i32) -> Vec<Tick> {
    let most = f64::from((axis.length() / every.max(1)).clamp(2, 10));
    let (low, high) = axis.ends();
    stepped(axis, ValueUnit::Count, step((high - low) / most).max(1.0), most)
}

fn stepped(axis: &Axis, unit: ValueUnit, step: f64, most: f64) -> Vec<Tick> {
    let (low, high) = axis.ends();
    let first = (low / step).ceil();
    let values = (0..=2 * most as i32).map(|i| (first + f64::from(i)) * step);
    // Rounding may put the last round value a hair beyond the end of the axis.
    let values = values.filter(|value| *value <= high + step * 1e-9);
    values.map(|value| Tick { value, at: axis.at(value), text: name(unit, value, step) }).collect()
}

/// Round values of a logarithmic axis of ratios, `0.5x`, or of things, `1000`.
pub(super) fn log(axis: &Axis, suffix: &str) -> Vec<Tick> {
    let (low, high) = axis.ends();
    let tick = |value: f64| Tick { value, at: axis.at(value), text: format!("{}{suffix}", plain(value)) };
    thin(candidates(low, high, axis.length()).into_iter().filter(|value| (low..=high).contains(value)).map(tick))
}

/// [`log`] for an axis that counts things.
pub(super) fn log_whole(axis: &Axis) -> Vec<Tick> {
    let mut ticks = log(axis, "");
    ticks.retain(|tick| tick.value.fract() == 0.0);
    ticks
}

/// Values in the order of their weight: 1, powers of ten, what divides them evenly to the eye.
fn candidates(low: f64, high: f64, length: i32) -> Vec<f64> {
    let mut out = vec![1.0];
    if high / low < 4.0 {
        let step = step((high - low) / 5.0).min(1.0);
        out.extend((1..60).map(|i| ((low / step).floor() + f64::from(i)) * step));
        return out;
    }
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    // An axis of a hundred decades cannot name them all.
    let every = (decades.clone().count() as i32 / 8).max(1);
    let tens: Vec<f64> = decades.filter(|power| power % every == 0).map(|power| 10f64.powi(power)).collect();
    let times = |factors: &'static [f64]| tens.iter().flat_map(move |ten| factors.iter().map(move |f| ten * f));
    out.extend(&tens);
    // From 0.1x to 0.2x it is 0.3 of a decade.
    let decade = f64::from(length) / (high / low).log10();
    match (every, decade) {
        (2.., _) => {}
        (_, ..140.0) => out.extend(times(&[3.0, 2.0])),
        (_, 500.0..) => out.extend(times(&[2.0, 5.0, 3.0, 7.0, 1.5])),
        _ => out.extend(times(&[2.0, 5.0])),
    }
    out
}

/// Those whose text does not touch that of an earlier one, by place.
fn thin(ticks: impl Iterator<Item = Tick>) -> Vec<Tick> {
    let mut placed: Vec<Tick> = Vec::new();
    for tick in ticks {
        let half = |tick: &Tick| text::width(&tick.text, SMALL) / 2;
        if placed.iter().all(|other| (other.at - tick.at).abs() >= half(other) + half(&tick) + GAP) {
            placed.push(tick);
        }
    }
    placed.sort_by_key(|tick| tick.at);
    placed
}

/// The smallest round step that is not below `raw`: 1, 2 or 5 times a power of ten.
fn step(raw: f64) -> f64 {
    let raw = if raw.is_finite() && raw > 1e-100 { raw } else { 1e-100 };
    let ten = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * ten).into_iter().find(|step| *step >= raw).unwrap_or(10.0 * ten)
}

/// A round value with its unit and no more digits than the step has.
fn name(unit: ValueUnit, value: f64, step: f64) -> String {
    match unit {
        ValueUnit::Seconds => format!("{} s", digits(value, step)),
        ValueUnit::Share => format!("{}%", digits(value * 100.0, step * 100.0)),
        ValueUnit::Count => digits(value, step),
    }
}

fn digits(value: f64, step: f64) -> String {
    let decimals = (-(step * 1.000_001).log10().floor()).clamp(0.0, 99.0) as usize;
    match value {
        0.0 => "0".into(),
        _ if value.abs() >= 1e7 || decimals > 4 => format!("{value:.1e}"),
        _ => format!("{value:.decimals$}"),
    }
}

/// As short as it gets: at most four digits behind the point, no zeros at the end.
pub(super) fn plain(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        return format!("{value:.0e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    #[test]
    fn ratios_are_named_at_round_values() {
        let ticks = log(&Axis::log([0.01, 2.0], 1.2, (0, 500)), "x");
        assert_eq!(texts(&ticks), ["0.01x", "0.02x", "0.05x", "0.1x", "0.2x", "0.5x", "1x", "2x"]);
        let ticks = log(&Axis::log([0.95, 1.04], 1.2, (0, 500)), "x");
        assert_eq!(texts(&ticks), ["0.95x", "1x", "1.05x"]);
        let ticks = log(&Axis::log([1e-60, 1e60], 1.2, (0, 500)), "x");
        assert!(texts(&ticks).contains(&"1x"), "{ticks:?}");
    }

    #[test]
    fn linear_ticks_carry_units() {
        let ticks = |high: f64, unit| linear(&Axis::from_zero([high], (0, 400)), unit, 80);
        assert_eq!(texts(&ticks(9.0, ValueUnit::Seconds)), ["0 s", "2 s", "4 s", "6 s", "8 s"]);
        assert_eq!(texts(&ticks(0.9, ValueUnit::Seconds)), ["0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s"]);
        assert_eq!(texts(&ticks(1.0, ValueUnit::Share)), ["0%", "20%", "40%", "60%", "80%", "100%"]);
    }

    #[test]
    fn what_is_counted_has_no_halves() {
        for high in [1.0, 2.0, 3.0, 5.0, 40.0] {
            for length in [300, 1000] {
                let ticks = whole(&Axis::linear([1.0, high], (0, length)), 80);
                assert!(ticks.iter().all(|tick| tick.value.fract() == 0.0), "{ticks:?}");
                assert!(!ticks.is_empty() && ticks.len() <= 16, "{ticks:?}");
                let ticks = log_whole(&Axis::log([1.0, high], 1.5, (0, length)));
                assert!(!ticks.is_empty() && ticks.iter().all(|tick| tick.value.fract() == 0.0), "{ticks:?}");
            }
        }
        assert_eq!(texts(&whole(&Axis::linear([1.0, 3.0], (0, 1000)), 80)), ["1", "2", "3"]);
        assert_eq!(texts(&log_whole(&Axis::log([1.0, 3.0], 1.5, (0, 1000)))), ["1", "2", "3"]);
    }

    proptest! {
        #[test]
        fn ticks_are_on_the_axis_and_apart(values in prop::collection::vec(any::<f64>(), 0..5), room in 60i32..1000) {
            let log_axis = Axis::log(values.clone(), 1.2, (0, room));
            let ticks = log(&log_axis, "x");
            for pair in ticks.windows(2) {
                let widths = text::width(&pair[0].text, SMALL) / 2 + text::width(&pair[1].text, SMALL) / 2;
                prop_assert!(pair[1].at - pair[0].at >= widths, "{ticks:?}");
            }
            for unit in [ValueUnit::Seconds, ValueUnit::Share, ValueUnit::Count] {
                let axis = Axis::from_zero(values.clone(), (0, room));
                let ticks = linear(&axis, unit, 80);
                prop_assert!(ticks.len() <= 16, "{ticks:?}");
                prop_assert!(ticks.iter().all(|tick| tick.text.len() < 16), "{ticks:?}");
            }
        }
    }

    #[test]
    fn equal_factors_are_equally_far_from_one() {
        let axis = Axis::log([0.1, 4.0], 1.2, (0, 1000));
        assert!((axis.at(1.0) - axis.at(0.5) - (axis.at(2.0) - axis.at(1.0))).abs() <= 1);
        assert!(axis.at(0.5) < axis.at(1.0));
        // A bit of air at both ends.
        assert!(axis.at(0.1) > 0 && axis.at(4.0) < 1000);
    }

    #[test]
    fn a_linear_axis_holds_zero_and_is_proportional() {
        let axis = Axis::from_zero([2.0, 8.0], (100, 500));
        assert_eq!([0.0, 2.0, 4.0, 8.0].map(|value| axis.at(value)), [100, 200, 300, 500]);
        let down = Axis::from_zero([-10.0, 10.0], (200, 0));
        assert_eq!([-10.0, 0.0, 10.0].map(|value| down.at(value)), [200, 100, 0]);
        assert_eq!(Axis::from_zero([], (0, 10)).at(0.0), 0);
    }

    #[test]
    fn a_single_value_is_in_the_middle() {
        assert_eq!(Axis::linear([7.0], (0, 100)).at(7.0), 50);
        assert_eq!(Axis::log([3.0], 1.5, (0, 100)).at(3.0), 50);
    }

    proptest! {
        #[test]
        fn every_place_is_inside(values in prop::collection::vec(any::<f64>(), 0..9), value in any::<f64>()) {
            for axis in [
                Axis::from_zero(values.clone(), (10, 90)),
                Axis::linear(values.clone(), (10, 90)),
                Axis::log(values.clone(), 1.2, (10, 90)),
            ] {
                prop_assert!((10..=90).contains(&axis.at(value)));
                let (low, high) = axis.ends();
                prop_assert!(low.is_finite() && high.is_finite() && low < high, "{low} {high}");
            }
        }
    }
}
