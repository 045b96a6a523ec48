//! The one decision rule, and the words for what it decides (`METHOD.md`, the rule).

use super::bootstrap::Interval;
use super::sample::FlipUnit;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The arm takes less than the baseline.
    Faster,
    /// The arm takes more than the baseline.
    Slower,
    /// Enough rounds, but no difference that passes the rule.
    NoDifferenceFound,
    /// No outcome of these rounds could have passed the rule.
    TooFewRounds,
    /// No valid pair of rows.
    Invalid,
}

impl Verdict {
    /// The words shown in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::NoDifferenceFound => "no difference found",
            Verdict::TooFewRounds => "too few rounds",
            Verdict::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The thresholds of the rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRule {
    /// Chance of any false difference among the comparisons of a run.
    pub alpha: f64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Smallest relative difference worth a verdict: 0.01 asks for a ratio of
    /// 1.01 or 1 ÷ 1.01.
    pub min_effect: f64,
    /// What the schedule randomised, and so what the test may flip.
    pub block: FlipUnit,
    /// Bootstrap resamples.
    pub resamples: usize,
    /// Sign patterns drawn where there are too many to count.
    pub patterns: usize,
}

impl Default for DecisionRule {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            confidence: 0.95,
            min_effect: 0.01,
            block: FlipUnit::Round,
            // (9,999 + 1) × 2.5 % is whole, so the percentiles are draws themselves.
            resamples: 9_999,
            patterns: 99_999,
        }
    }
}

/// What the rule decides on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleInputs {
    /// Log of the estimated ratio; `None` without pairs.
    pub estimate: Option<f64>,
    /// Mean log ratio, what the p-value is about.
    pub mean: f64,
    /// Interval of the ratio; `None` below the least number of rounds.
    pub interval: Option<Interval>,
    /// p-value, corrected over the family.
    pub p_corrected: f64,
    /// The corrected p-value had all blocks agreed.
    pub p_reachable: f64,
}

impl DecisionRule {
    /// The verdict.
    pub fn decide(&self, evidence: &RuleInputs) -> Verdict {
        let Some(estimate) = evidence.estimate else {
            return Verdict::Invalid;
        };
        let interval = match evidence.interval {
            Some(interval) if evidence.p_reachable <= self.alpha => interval,
            _ => return Verdict::TooFewRounds,
        };
        let found = evidence.p_corrected <= self.alpha
            && interval.excludes_one()
            && evidence.mean.signum() == estimate.signum()
            && estimate.abs() >= self.min_effect.ln_1p();
        match found {
            true if estimate < 0.0 => Verdict::Faster,
            true => Verdict::Slower,
            false => Verdict::NoDifferenceFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> RuleInputs {
        let interval = Interval { low: 0.85, high: 0.95, confidence: 0.95 };
        let (estimate, mean) = (Some(0.9_f64.ln()), 0.91_f64.ln());
        RuleInputs { estimate, mean, interval: Some(interval), p_corrected: 0.05, p_reachable: 0.01 }
    }

    #[test]
    fn each_condition_alone_takes_the_verdict_away() {
        let decide = |evidence: RuleInputs| DecisionRule::default().decide(&evidence);
        let interval = |low, high| Some(Interval { low, high, confidence: 0.95 });
        assert_eq!(decide(good()), Verdict::Faster);
        let slower = RuleInputs { estimate: Some(0.1), mean: 0.1, interval: interval(1.05, 1.2), ..good() };
        assert_eq!(decide(slower), Verdict::Slower);
        let none = Verdict::NoDifferenceFound;
        assert_eq!(decide(RuleInputs { p_corrected: 0.051, ..good() }), none);
        assert_eq!(decide(RuleInputs { interval: interval(0.85, 1.0), ..good() }), none);
        assert_eq!(decide(RuleInputs { mean: 0.01, ..good() }), none);
        assert_eq!(decide(RuleInputs { estimate: Some(0.991_f64.ln()), ..good() }), none);
        assert_eq!(decide(RuleInputs { interval: None, ..good() }), Verdict::TooFewRounds);
        assert_eq!(decide(RuleInputs { p_reachable: 0.06, ..good() }), Verdict::TooFewRounds);
        assert_eq!(decide(RuleInputs { estimate: None, ..good() }), Verdict::Invalid);
    }
}
