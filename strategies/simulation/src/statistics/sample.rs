//! Values of one quantity, and what they have in the middle.

/// Values of one quantity, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SortedSample {
    values: Vec<f64>,
}

impl FromIterator<f64> for SortedSample {
    /// Values in any order; those that are not finite are left out.
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> SortedSample {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        SortedSample { values }
    }
}

impl SortedSample {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The arithmetic mean; `None` of no values.
    pub(crate) fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.values.iter().sum::<f64>() / self.len() as f64)
    }

    /// The interpolated quantile (type 7 of Hyndman and Fan, 1996); `None` of no values.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let position = share.clamp(0.0, 1.0) * self.len().checked_sub(1)? as f64;
        let (low, high) = (self.values[position.floor() as usize], self.values[position.ceil() as usize]);
        Some(low + (high - low) * position.fract())
    }

    /// The median; `None` of no values.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }
}

/// The effective number of kinds with these counts: 1 ÷ Σ p², the inverse of Simpson's index (Hill's number of order
/// 2). 0 of no counts.
pub(super) fn effective(counts: impl IntoIterator<Item = u64>) -> f64 {
    let (sum, squares) = counts
        .into_iter()
        .map(|count| count as f64)
        .fold((0.0, 0.0), |(sum, squares), count| (sum + count, squares + count * count));
    if squares == 0.0 { 0.0 } else { sum * sum / squares }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let sample = |values: &[f64]| values.iter().copied().collect::<SortedSample>();
        assert_eq!([0.25, 0.5, 0.75].map(|at| sample(&[4.0, 1.0, 3.0, 2.0]).quantile(at).unwrap()), [1.75, 2.5, 3.25]);
        assert_eq!(sample(&[3.0, 1.0, 2.0]).median(), Some(2.0));
        assert_eq!(sample(&[0.0, 1.0, 2.0, 3.0, 4.0]).quantile(0.1), Some(0.4));
        assert_eq!((sample(&[]).quantile(0.5), sample(&[]).median(), sample(&[]).mean()), (None, None, None));
        assert_eq!(sample(&[5.0, f64::NAN]).mean(), Some(5.0));
    }

    #[test]
    fn even_counts_are_as_many_as_they_are() {
        assert_eq!(effective([3, 3, 3]), 3.0);
        assert_eq!(effective([9, 0]), 1.0);
        assert_eq!(effective([]), 0.0);
        assert!((effective([3, 1]) - 1.6).abs() < 1e-12);
    }
}
