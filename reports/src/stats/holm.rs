//! Many comparisons, one error rate: Holm's step-down correction.
//!
//! S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
//! Under any dependence between the comparisons (here they share a baseline) the
//! chance of even one false difference in the family stays at or below alpha.

/// Corrected p-values, in the order of `p`: the smallest times m, the next times
/// m − 1 and so on, never below the one before, never above 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut floor = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        floor = floor.max(p[at] * (p.len() - rank) as f64).min(1.0);
        corrected[at] = floor;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::holm;
    use proptest::prelude::*;

    #[test]
    fn the_textbook_example() {
        let close = |a: &[f64], b: &[f64]| {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
        };
        close(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        close(&holm(&[0.5, 0.6]), &[1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn never_below_the_raw_p_nor_above_bonferroni(p in prop::collection::vec(0.0..1.0f64, 1..20)) {
            let corrected = holm(&p);
            let all = p.len() as f64;
            for (raw, new) in p.iter().zip(&corrected) {
                prop_assert!(new >= raw && *new <= (raw * all).min(1.0) + 1e-12);
            }
            for (a, x) in p.iter().zip(&corrected) {
                for (b, y) in p.iter().zip(&corrected) {
                    prop_assert!(a > b || x <= y);
                }
            }
        }
    }
}
