//! What a step is likely to take from the disk: the most it took before.
//!
//! Two sources: what recorded rows say a step added (`marginal_physical_bytes`, also of an
//! earlier part of the run), and how far free space fell while it ran, which includes what was
//! removed again before its end. Only the same step of the same workspace under the same
//! strategy predicts: what another workspace takes would hold back steps that fit.

use std::collections::HashMap;

use records::StepRow;

/// Strategy, step, workspace.
type Kind = (String, String, String);

/// The most that each step took so far.
#[derive(Debug, Default)]
pub struct Growth(HashMap<Kind, u64>);

impl Growth {
    /// What an earlier part of the run saw.
    pub fn of(rows: &[StepRow]) -> Growth {
        let mut growth = Growth::default();
        for row in rows {
            growth.learn(
                (&row.strategy, &row.step, &row.workspace),
                row.marginal_physical_bytes.unwrap_or(0).max(0) as u64,
            );
        }
        growth
    }

    /// A step took this many bytes.
    pub fn learn(&mut self, (strategy, step, workspace): (&str, &str, &str), bytes: u64) {
        let most = self.0.entry((strategy.into(), step.into(), workspace.into())).or_default();
        *most = bytes.max(*most);
    }

    /// Bytes that a step is likely to take; 0 before it was seen.
    pub fn likely(&self, (strategy, step, workspace): (&str, &str, &str)) -> u64 {
        self.0.get(&(strategy.into(), step.into(), workspace.into())).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_it_took_before_is_likely() {
        let row = |step: &str, bytes| StepRow {
            strategy: "none".into(),
            step: step.into(),
            workspace: "bat".into(),
            marginal_physical_bytes: bytes,
            ..StepRow::default()
        };
        let mut growth =
            Growth::of(&[row("fill", Some(5)), row("fill", Some(3)), row("clean", Some(-9)), row("x", None)]);
        assert_eq!(growth.likely(("none", "fill", "bat")), 5);
        assert_eq!(growth.likely(("none", "clean", "bat")), 0);
        assert_eq!(growth.likely(("none", "fill", "fd")), 0, "another workspace says nothing");
        growth.learn(("none", "fill", "bat"), 8);
        growth.learn(("none", "fill", "bat"), 7);
        assert_eq!(growth.likely(("none", "fill", "bat")), 8);
    }
}
