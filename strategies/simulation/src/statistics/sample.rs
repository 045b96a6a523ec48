//! Values of one quantity, and what is said about them.

/// Values in ascending order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    values: Vec<f64>,
}

impl FromIterator<f64> for Sample {
    /// Values in any order; what is no number is left out.
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Sample {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        Sample { values }
    }
}

impl Sample {
    /// How many.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Their arithmetic mean; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.values.iter().sum::<f64>() / self.len() as f64)
    }

    /// The value that a share of them lies below, interpolated (type 7 of Hyndman and Fan, 1996);
    /// `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let place = share.clamp(0.0, 1.0) * self.len().checked_sub(1)? as f64;
        let (low, high) = (self.values[place.floor() as usize], self.values[place.ceil() as usize]);
        Some(low + (high - low) * place.fract())
    }

    /// First quartile, median and third quartile.
    pub fn quartiles(&self) -> Option<[f64; 3]> {
        Some([self.quantile(0.25)?, self.quantile(0.5)?, self.quantile(0.75)?])
    }

    /// The largest difference between the shares of two samples that lie at or below any value
    /// (Kolmogorov–Smirnov): 0 are alike, 1 have nothing in common. `None` where one is empty.
    pub fn distance(&self, other: &Sample) -> Option<f64> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        let (mut left, mut right, mut most) = (0, 0, 0f64);
        while left < self.len() && right < other.len() {
            let at = self.values[left].min(other.values[right]);
            left += self.values[left..].iter().take_while(|value| **value <= at).count();
            right += other.values[right..].iter().take_while(|value| **value <= at).count();
            most = most.max((left as f64 / self.len() as f64 - right as f64 / other.len() as f64).abs());
        }
        Some(most)
    }
}

/// How many equally frequent kinds would be as diverse as these counts: 1 ÷ Σ p², the inverse of
/// Simpson's index (Hill's number of order 2). 0 of nothing.
pub fn effective(counts: impl IntoIterator<Item = u64>) -> f64 {
    let (sum, squares) = counts
        .into_iter()
        .fold((0f64, 0f64), |(sum, squares), count| (sum + count as f64, squares + (count as f64) * (count as f64)));
    if squares == 0.0 { 0.0 } else { sum * sum / squares }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(values: &[f64]) -> Sample {
        values.iter().copied().collect()
    }

    #[test]
    fn quantiles_are_interpolated() {
        assert_eq!(sample(&[4.0, 1.0, 3.0, 2.0]).quartiles(), Some([1.75, 2.5, 3.25]));
        assert_eq!(sample(&[]).quartiles(), None);
        assert_eq!(sample(&[5.0, f64::NAN]).mean(), Some(5.0));
    }

    #[test]
    fn distances_are_those_of_hand_counts() {
        assert_eq!(sample(&[1.0, 2.0]).distance(&sample(&[1.0, 2.0])), Some(0.0));
        assert_eq!(sample(&[1.0, 2.0]).distance(&sample(&[3.0, 4.0])), Some(1.0));
        // At 2, three of four lie at or below on the left, one of two on the right.
        assert_eq!(sample(&[1.0, 1.0, 2.0, 5.0]).distance(&sample(&[2.0, 9.0])), Some(0.5));
        assert_eq!(sample(&[1.0]).distance(&sample(&[])), None);
    }

    #[test]
    fn even_counts_are_as_many_as_they_are() {
        assert_eq!(effective([3, 3, 3]), 3.0);
        assert_eq!(effective([9, 0]), 1.0);
        assert_eq!(effective([]), 0.0);
        assert!((effective([3, 1]) - 1.6).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn distances_are_symmetric(left in prop::collection::vec(0u8..20, 1..40), right in prop::collection::vec(0u8..20, 1..40)) {
            let of = |values: &[u8]| values.iter().map(|value| f64::from(*value)).collect::<Sample>();
            let (left, right) = (of(&left), of(&right));
            let distance = left.distance(&right).unwrap();
            prop_assert!((0.0..=1.0).contains(&distance));
            prop_assert_eq!(right.distance(&left).unwrap(), distance);
        }
    }
}
