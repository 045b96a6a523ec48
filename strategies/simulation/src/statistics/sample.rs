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
    /// The interpolated quantile (type 7 of Hyndman and Fan, 1996); `None` of no values.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let position = share.clamp(0.0, 1.0) * self.values.len().checked_sub(1)? as f64;
        let (low, high) = (self.values[position.floor() as usize], self.values[position.ceil() as usize]);
        Some(low + (high - low) * position.fract())
    }

    /// The median; `None` of no values.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }
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
        assert_eq!((sample(&[]).quantile(0.5), sample(&[]).median()), (None, None));
        assert_eq!(sample(&[5.0, f64::NAN]).median(), Some(5.0));
    }
}
