//! The sign-flip permutation test: could the mean log ratio be luck? (`METHOD.md`, the test)

use super::Random;

/// Blocks up to which all 2ⁿ patterns are counted.
pub const EXACT_BLOCKS: usize = 20;

/// The result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignFlip {
    /// The two-sided p-value.
    pub p: f64,
    /// Whether every pattern was counted.
    pub exact: bool,
}

/// The smallest p-value that this many blocks can give, of `patterns` where they
/// are drawn.
pub fn smallest_p(blocks: usize, patterns: usize) -> f64 {
    match blocks {
        0 => 1.0,
        1..=EXACT_BLOCKS => 2.0 / (1_u64 << blocks) as f64,
        _ => 1.0 / (patterns + 1) as f64,
    }
}

/// Tests a sum of per-block terms ([`super::PairedSample::contributions`]). Without
/// terms p is 1. Above [`EXACT_BLOCKS`] terms, this many `patterns` are drawn.
pub fn sign_flip(terms: &[f64], patterns: usize, random: &mut Random) -> SignFlip {
    let observed = terms.iter().sum::<f64>().abs();
    // Equal sums must count as equal whatever the order of the additions.
    let slack = 1e-9 * terms.iter().map(|term| term.abs()).sum::<f64>();
    let as_far = |sum: f64| sum.abs() >= observed - slack;
    if terms.len() <= EXACT_BLOCKS {
        SignFlip { p: exact(terms, as_far), exact: true }
    } else {
        SignFlip { p: drawn(terms, patterns, as_far, random), exact: false }
    }
}

/// Walks half of the patterns in Gray-code order, one flip at a time; the other
/// half mirrors them.
fn exact(terms: &[f64], as_far: impl Fn(f64) -> bool) -> f64 {
    let Some((_, flipped)) = terms.split_last() else {
        return 1.0;
    };
    let patterns = 1_u64 << flipped.len();
    let mut sum: f64 = terms.iter().sum();
    let mut count = u64::from(as_far(sum));
    let mut signs = 0_u64;
    for pattern in 1..patterns {
        let at = pattern.trailing_zeros();
        signs ^= 1 << at;
        let turned = signs >> at & 1 == 1;
        let term = 2.0 * flipped[at as usize];
        sum += if turned { -term } else { term };
        count += u64::from(as_far(sum));
    }
    count as f64 / patterns as f64
}

/// Draws a pattern as bits and adds eight terms at a time from a table of their
/// 256 signed sums.
fn drawn(terms: &[f64], patterns: usize, as_far: impl Fn(f64) -> bool, random: &mut Random) -> f64 {
    let tables: Vec<Vec<f64>> = terms.chunks(8).map(signed_sums).collect();
    let mut count = 1_u64;
    for _ in 0..patterns {
        let mut sum = 0.0;
        for tables in tables.chunks(8) {
            let signs = random.next_u64().to_le_bytes();
            sum += tables.iter().zip(signs).map(|(it, signs)| it[usize::from(signs)]).sum::<f64>();
        }
        count += u64::from(as_far(sum));
    }
    count as f64 / (patterns + 1) as f64
}

/// For every byte the sum of the terms, those at its 1 bits subtracted.
fn signed_sums(terms: &[f64]) -> Vec<f64> {
    let signed = |signs: usize| {
        let term = |(at, term): (usize, &f64)| if signs >> at & 1 == 1 { -term } else { *term };
        terms.iter().enumerate().map(term).sum()
    };
    (0..256).map(signed).collect()
}

/// Many comparisons, one error rate: p-values corrected by S. Holm, "A simple sequentially
/// rejective multiple test procedure", 1979. Under any dependence between the comparisons (here
/// they share a baseline) the chance of even one false difference in the family stays at or
/// below alpha.
///
/// In the order of `p`: the smallest times m, the next times
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
    use super::*;
    use proptest::prelude::*;

    const PATTERNS: usize = 99_999;

    fn p(terms: &[f64]) -> f64 {
        sign_flip(terms, PATTERNS, &mut Random::new(1)).p
    }

    fn by_hand(terms: &[f64]) -> f64 {
        let observed = terms.iter().sum::<f64>().abs();
        let all = 1_u32 << terms.len();
        let far = (0..all).filter(|pattern| {
            let signed = terms.iter().enumerate().map(|(at, term)| if pattern >> at & 1 == 1 { -term } else { *term });
            signed.sum::<f64>().abs() >= observed - 1e-9
        });
        far.count() as f64 / f64::from(all)
    }

    #[test]
    fn a_one_sided_sample_gives_the_smallest_p() {
        assert_eq!(p(&[]), 1.0);
        assert_eq!(p(&[1.0]), 1.0);
        assert_eq!(p(&[-1.0, -2.0, -0.5, -1.0, -3.0]), 2.0 / 32.0);
        assert_eq!(p(&[1.0; 8]), 2.0 / 256.0);
        assert_eq!(smallest_p(8, PATTERNS), 2.0 / 256.0);
        assert_eq!(p(&[0.0; 8]), 1.0);
        assert_eq!(p(&[1.0, -1.0]), 1.0);
    }

    #[test]
    fn drawn_patterns_agree_with_counted_ones() {
        // 21 terms are drawn; a 21st of 0 changes nothing, so 20 give the truth.
        let mut random = Random::new(3);
        let mut terms: Vec<f64> = (0..20).map(|_| random.normal() + 0.5).collect();
        let counted = sign_flip(&terms, PATTERNS, &mut random);
        terms.push(0.0);
        let drawn = sign_flip(&terms, PATTERNS, &mut random);
        assert!(counted.exact && !drawn.exact);
        assert!(counted.p > 0.001 && counted.p < 0.5, "{}", counted.p);
        let error = (counted.p * (1.0 - counted.p) / PATTERNS as f64).sqrt();
        assert!((counted.p - drawn.p).abs() < 4.0 * error, "{} {}", counted.p, drawn.p);
        assert_eq!(p(&[1.0; 40]), smallest_p(40, PATTERNS));
    }

    proptest! {
        #[test]
        fn counting_by_gray_code_is_counting(terms in prop::collection::vec(-3.0..3.0, 1..10)) {
            let counted = p(&terms);
            prop_assert!((counted - by_hand(&terms)).abs() < 1e-12);
            prop_assert!(counted >= smallest_p(terms.len(), PATTERNS) && counted <= 1.0);
        }

        #[test]
        fn order_sign_and_scale_do_not_matter(terms in prop::collection::vec(-3i32..4, 1..10)) {
            let terms: Vec<f64> = terms.into_iter().map(f64::from).collect();
            let mut turned: Vec<f64> = terms.iter().map(|term| -0.1 * term).collect();
            turned.reverse();
            prop_assert_eq!(p(&terms), p(&turned));
        }
    }

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
