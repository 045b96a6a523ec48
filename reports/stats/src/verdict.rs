//! The words for what a comparison comes to, and the thresholds.

use super::sample::FlipUnit;

/// What a comparison comes to, read off its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The whole interval lies below 1, by more than the least effect.
    Faster,
    /// The whole interval lies above 1, by more than the least effect.
    Slower,
    /// The interval reaches into what is no difference; its width says what is left open.
    NoDifferenceFound,
    /// No workspace has a second round, so that nothing is known of the noise.
    OneRound,
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
            Verdict::OneRound => "one round only",
            Verdict::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionRule {
    /// Chance of any false verdict among the comparisons of a run.
    pub alpha: f64,
    /// Smallest relative difference worth a verdict: a smaller one is within what a path length or
    /// an environment variable can do to a program (Mytkowicz et al., ASPLOS 2009).
    pub min_effect: f64,
    /// What the schedule randomised, and so what is independent.
    pub block: FlipUnit,
    /// Sign patterns drawn where there are more than that.
    pub patterns: usize,
}

impl Default for DecisionRule {
    fn default() -> Self {
        Self { alpha: 0.05, min_effect: 0.01, block: FlipUnit::Round, patterns: 9_999 }
    }
}

impl DecisionRule {
    /// Confidence of each interval of a family of this size (Bonferroni).
    pub fn confidence(&self, family: usize) -> f64 {
        1.0 - self.alpha / family.max(1) as f64
    }
}
