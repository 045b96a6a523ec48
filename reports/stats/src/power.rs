//! What the rounds at hand could have found, and how many would be needed.
//!
//! "No difference found" means little without it.

use super::bootstrap::{MIN_ROUNDS, student_quantile};
use super::sample::FlipUnit;
use super::sign_flip::smallest_p;
use super::verdict::DecisionRule;

/// The chance of being found that a "detectable" effect has.
pub const POWER: f64 = 0.8;

/// Rounds from which a difference can be found among this many comparisons:
/// `smallest p × comparisons ≤ alpha`, and at least what an interval needs.
pub fn rounds_needed(comparisons: usize, workspaces: usize, rule: &DecisionRule) -> usize {
    let blocks_a_round = match rule.block {
        FlipUnit::Round => 1,
        FlipUnit::Pair => workspaces.max(1),
    };
    let reaches =
        |rounds: &usize| smallest_p(rounds * blocks_a_round, rule.patterns) * comparisons.max(1) as f64 <= rule.alpha;
    (MIN_ROUNDS..).take(1_000).find(reaches).unwrap_or(usize::MAX)
}

/// The smallest lead that is found with a chance of [`POWER`], as a part of the
/// baseline's time: 0.04 is 4 %. `None` where no lead, however large, is.
///
/// `spread` is the standard deviation of a block's log ratio
/// ([`super::Judgement::spread`]), `blocks` their number, `comparisons` the size
/// of the family. Two hurdles are computed and the higher taken: that of the
/// test, (t₁₋ₐ + t_power) ÷ √n with Student's t of n − 1 degrees of freedom and
/// a = alpha ÷ (2 × comparisons), and that of the interval of the median, whose
/// error is √(π ÷ 2) that of a mean and which at a nominal 95 % covers rather 97 %
/// ([`super::bootstrap`]). An approximation for roughly normal noise;
/// `tests/error_rates.rs` compares it with the simulated power.
pub fn minimum_detectable_effect(spread: f64, blocks: usize, comparisons: usize, rule: &DecisionRule) -> Option<f64> {
    let comparisons = comparisons.max(1) as f64;
    if blocks < MIN_ROUNDS || smallest_p(blocks, rule.patterns) * comparisons > rule.alpha {
        return None;
    }
    let free = blocks - 1;
    let chance = student_quantile(POWER, free);
    let test = student_quantile(1.0 - rule.alpha / (2.0 * comparisons), free) + chance;
    let covers = 1.0 - 0.6 * (1.0 - rule.confidence);
    let interval = student_quantile(f64::midpoint(1.0, covers), free) + chance;
    let median = std::f64::consts::FRAC_PI_2.sqrt();
    let log = spread * test.max(interval * median) / (blocks as f64).sqrt();
    Some((-(-log).exp_m1()).max(rule.min_effect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_noise_or_more_comparisons_hide_more_and_more_blocks_show_more() {
        let rule = DecisionRule::default();
        let mde = |spread, blocks, m| minimum_detectable_effect(spread, blocks, m, &rule).unwrap();
        assert!(mde(0.04, 8, 1) > mde(0.02, 8, 1));
        assert!(mde(0.04, 8, 1) > mde(0.04, 16, 1));
        assert!(mde(0.04, 16, 40) > mde(0.04, 16, 1));
        assert_eq!(mde(0.0, 8, 1), 0.01);
        assert!(mde(10.0, 8, 1) < 1.0);
    }

    #[test]
    fn too_few_rounds_can_find_nothing() {
        let rule = DecisionRule::default();
        assert_eq!(minimum_detectable_effect(0.01, 5, 1, &rule), None);
        assert_eq!(minimum_detectable_effect(0.01, 8, 27, &rule), None);
        assert!(minimum_detectable_effect(0.01, 15, 27, &rule).is_some());
        let pairs = DecisionRule { block: FlipUnit::Pair, ..rule };
        assert_eq!(rounds_needed(27, 3, &pairs), 5);
        assert_eq!(rounds_needed(27, 1, &pairs), 11);
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (chance, free, table) in [
            (0.975, 1, 12.7062),
            (0.975, 4, 2.7764),
            (0.975, 7, 2.3646),
            (0.995, 10, 3.1693),
            (0.8, 5, 0.9195),
            (0.975, 30, 2.0423),
        ] {
            let found = student_quantile(chance, free);
            assert!((found - table).abs() < 1e-4, "{chance} {free}: {found}");
        }
    }
}
