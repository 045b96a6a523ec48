//! Where a sample is centred: median, geometric mean.

/// The median: the middle value, or the mean of the two middle ones. `None` for
/// an empty sample. Values must not be NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    median_in_place(&mut sorted)
}

/// As [`median`], reordering the values instead of copying them.
pub(super) fn median_in_place(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    if values.len() % 2 == 1 { Some(values[middle]) } else { Some(f64::midpoint(values[middle - 1], values[middle])) }
}

/// The geometric mean, the centre of ratios: it does not depend on which side of
/// a ratio is the denominator (Fleming and Wallace, "How not to lie with
/// statistics", CACM 29(3), 1986). `None` for an empty sample or when a value is
/// not above 0.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    Some((values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::{geometric_mean, median};
    use proptest::prelude::*;

    #[test]
    fn small_samples() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
        assert!((geometric_mean(&[0.5, 8.0]).unwrap() - 2.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn half_of_the_values_lie_on_either_side(values in prop::collection::vec(-1e3..1e3, 1..40)) {
            let middle = median(&values).unwrap();
            let half = values.len().div_ceil(2);
            prop_assert!(values.iter().filter(|value| **value <= middle).count() >= half);
            prop_assert!(values.iter().filter(|value| **value >= middle).count() >= half);
        }

        #[test]
        fn turning_ratios_over_turns_their_mean_over(values in prop::collection::vec(0.01..100.0, 1..20)) {
            let over: Vec<f64> = values.iter().map(|value| 1.0 / value).collect();
            let product = geometric_mean(&values).unwrap() * geometric_mean(&over).unwrap();
            prop_assert!((product - 1.0).abs() < 1e-9);
        }
    }
}
