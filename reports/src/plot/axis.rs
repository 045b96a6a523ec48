//! Where a value stands in a picture.
//!
//! In: all values of an axis and the room for it. Out: an [`Axis`], which gives each
//! value a place inside that room, whatever the value. Places are whole units and
//! rounded, not cut, so that equal distances from 1 stay equal to the eye.

/// Beyond this, positive or negative, an axis does not go: sums of such values are still finite.
const FARTHEST: f64 = 1e100;

/// A linear or logarithmic axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    log: bool,
    low: f64,
    high: f64,
    room: (i32, i32),
}

/// A value that can be drawn: finite, and not beyond all reason.
pub fn drawable(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(-FARTHEST, FARTHEST))
}

/// A ratio that can be drawn: above 0 as well.
pub fn drawable_ratio(value: f64) -> Option<f64> {
    drawable(value).filter(|value| *value > 0.0).map(|value| value.max(1.0 / FARTHEST))
}

/// The smallest and the largest.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter_map(drawable).fold(None, |extent, value| {
        let (low, high) = extent.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

impl Axis {
    /// An axis from the smallest to the largest value and 0.
    pub fn from_zero(values: impl IntoIterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        let (low, high) = (low.min(0.0), high.max(0.0));
        let high = if low == high { 1.0 } else { high };
        Self { log: false, low, high, room }
    }

    /// An axis from the smallest to the largest value.
    pub fn linear(values: impl IntoIterator<Item = f64>, room: (i32, i32)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        // One single value stands in the middle.
        let pad = if high - low > low.abs().max(high.abs()) * 1e-9 { 0.0 } else { (low.abs() * 0.5).max(0.5) };
        Self { log: false, low: low - pad, high: high + pad, room }
    }

    /// A logarithmic axis from the smallest to the largest value, and a bit beyond;
    /// it spans a factor of `least` at the least. Values up to 0 are passed over.
    pub fn log(values: impl IntoIterator<Item = f64>, least: f64, room: (i32, i32)) -> Self {
        let logs = values.into_iter().filter_map(drawable_ratio).map(f64::ln);
        let (low, high) = extent(logs).unwrap_or((0.0, 0.0));
        let pad = ((least.ln() - (high - low)) / 2.0).max((high - low) * 0.03);
        Self { log: true, low: low - pad, high: high + pad, room }
    }

    /// The place of a value; what cannot be drawn stands at the lower end.
    pub fn at(&self, value: f64) -> i32 {
        let value = if self.log { drawable_ratio(value).map(f64::ln) } else { drawable(value) };
        let share = value.map_or(0.0, |value| ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0));
        let (from, to) = (f64::from(self.room.0), f64::from(self.room.1));
        (from + (to - from) * share).round() as i32
    }

    /// The values at both ends.
    pub fn ends(&self) -> (f64, f64) {
        if self.log { (self.low.exp(), self.high.exp()) } else { (self.low, self.high) }
    }

    /// The same values in a room that is smaller at both ends.
    pub fn inset(self, by: i32) -> Self {
        let by = by * (self.room.1 - self.room.0).signum();
        Self { room: (self.room.0 + by, self.room.1 - by), ..self }
    }

    /// The length in units of the picture.
    pub fn length(&self) -> i32 {
        (self.room.1 - self.room.0).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn a_single_value_stands_in_the_middle() {
        assert_eq!(Axis::linear([7.0], (0, 100)).at(7.0), 50);
        assert_eq!(Axis::log([3.0], 1.5, (0, 100)).at(3.0), 50);
    }

    proptest! {
        #[test]
        fn every_place_is_inside(values in prop::collection::vec(any::<f64>(), 0..9), asked in any::<f64>()) {
            for axis in [
                Axis::from_zero(values.clone(), (10, 90)),
                Axis::linear(values.clone(), (10, 90)),
                Axis::log(values.clone(), 1.2, (10, 90)),
            ] {
                prop_assert!((10..=90).contains(&axis.at(asked)));
                let (low, high) = axis.ends();
                prop_assert!(low.is_finite() && high.is_finite() && low < high, "{low} {high}");
            }
        }
    }
}
