//! How many rounds, and of which arms: a number, or a budget of time.
//!
//! With a budget the first rounds are of all arms; later ones go to the arms whose intervals are widest, with the
//! baseline each is paired with. Rounds come in pairs of the same arms, since the order of a pair is balanced. What is
//! chosen is a pure function of the rows recorded before, so that a resumed run chooses the same; the clock only says
//! when to stop.

use std::time::{Duration, Instant};

use records::StepRow;
use records::control::repeated_by;

use super::experiment::Options;
use super::plan::RunPlan;

/// Given the rows so far and names of arms: those whose intervals are widest.
pub type Widest<'a> = dyn Fn(&[StepRow], &[String]) -> Vec<String> + 'a;

/// What goes on around measured builds, before this run has shown it: working copies, no-op
/// builds, looking at the disk.
pub const AROUND: f64 = 1.3;

/// Rounds to come.
#[derive(Debug)]
pub enum Pace {
    /// As many as asked for, of all arms.
    Rounds(u32),
    /// As many as fit.
    Budget(TimeBudget),
}

/// A budget of time.
#[derive(Debug)]
pub struct TimeBudget {
    total: Duration,
    began: Instant,
    /// An earlier part of the run: its measured seconds, and as much around them as is usual.
    earlier: Duration,
}

impl Pace {
    /// The pace asked for; `rows` are those of an earlier part of the run.
    pub(crate) fn of(options: &Options, rows: &[StepRow]) -> Pace {
        match options.budget_s {
            None => Pace::Rounds(options.rounds),
            Some(seconds) => Pace::Budget(TimeBudget {
                total: Duration::from_secs(seconds),
                began: Instant::now(),
                earlier: Duration::from_secs_f64(AROUND * rows.iter().filter_map(|row| row.wall_s).sum::<f64>()),
            }),
        }
    }

    /// The arms of a round, `None` when the run is over. `measured` is the time inside measured builds so far.
    pub(crate) fn arms_of(
        &self,
        round: u32,
        plan: &RunPlan,
        (widest, baseline): (&Widest<'_>, &str),
        rows: &[StepRow],
        measured: Duration,
    ) -> Option<Vec<usize>> {
        match self {
            Pace::Rounds(rounds) => (round <= *rounds).then(|| plan.all_arms()),
            Pace::Budget(budget) => {
                let arms = chosen(round, plan, (widest, baseline), rows);
                let begun = rows.iter().any(|row| row.round == round);
                // Room for a pair of rounds; its second one has been paid for with the first.
                let paid = begun || round == 1 || (round.is_multiple_of(2) && round > 2);
                let rounds = if round == 2 { 1.0 } else { 2.0 };
                (paid || budget.has_room(rounds, &arms, plan, rows, measured)).then_some(arms)
            }
        }
    }
}

impl TimeBudget {
    fn has_room(&self, rounds: f64, arms: &[usize], plan: &RunPlan, rows: &[StepRow], measured: Duration) -> bool {
        let elapsed = self.began.elapsed();
        let around = match measured.as_secs_f64() {
            seconds if seconds > 0.0 => (elapsed.as_secs_f64() / seconds).max(1.0),
            _ => AROUND,
        };
        let a_round: f64 = arms.iter().map(|arm| mean_round(&plan.arms[*arm], rows)).sum();
        let spent = (elapsed + self.earlier).as_secs_f64();
        spent + rounds * a_round * around <= self.total.as_secs_f64()
    }
}

fn mean_round(arm: &str, rows: &[StepRow]) -> f64 {
    let own = || rows.iter().filter(|row| row.strategy == arm);
    let rounds: std::collections::BTreeSet<u32> = own().map(|row| row.round).collect();
    own().filter_map(|row| row.wall_s).sum::<f64>() / rounds.len().max(1) as f64
}

/// The arms of a round: those of the round before, for the second of a pair.
fn chosen(round: u32, plan: &RunPlan, (widest, baseline): (&Widest<'_>, &str), rows: &[StepRow]) -> Vec<usize> {
    let first_of_pair = round - (round - 1) % 2;
    let before: Vec<StepRow> = rows.iter().filter(|row| row.round < first_of_pair).cloned().collect();
    if before.is_empty() {
        return plan.all_arms();
    }
    let others: Vec<String> = plan.arms.iter().filter(|arm| *arm != baseline).cloned().collect();
    let widest = widest(&before, &others);
    // A control is nothing without the arm it repeats.
    let repeated = |arm: &String| widest.iter().any(|it| repeated_by(it) == Some(arm.as_str()));
    let takes_part = |arm: &String| arm == baseline || widest.contains(arm) || repeated(arm);
    plan.all_arms().into_iter().filter(|arm| takes_part(&plan.arms[*arm])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::plan::ArmOrder;
    use super::super::plan::tests::plan;
    use super::*;
    use records::Status;

    fn row(round: u32, arm: &str, wall_s: f64) -> StepRow {
        StepRow {
            round,
            strategy: arm.into(),
            workspace: "x".into(),
            scenario: "cold".into(),
            step: "cold".into(),
            status: Status::Ok,
            wall_s: Some(wall_s),
            ..StepRow::default()
        }
    }

    /// `a0` is the baseline, `a1` steady, `a2` wild.
    fn rows(rounds: u32) -> Vec<StepRow> {
        let of_round = |round: u32| {
            let wild = if round.is_multiple_of(2) { 5.0 } else { 20.0 };
            [row(round, "a0", 10.0), row(round, "a1", 9.0 + 0.01 * f64::from(round)), row(round, "a2", wild)]
        };
        (1..=rounds).flat_map(of_round).collect()
    }

    /// After 20 rows, the arms whose times differ by more than a second.
    fn spread(rows: &[StepRow], arms: &[String]) -> Vec<String> {
        let is_wide = |arm: &&String| {
            let walls = || rows.iter().filter(|row| row.strategy == **arm).filter_map(|row| row.wall_s);
            rows.len() < 20 || walls().fold(0.0, f64::max) - walls().fold(f64::MAX, f64::min) > 1.0
        };
        arms.iter().filter(is_wide).cloned().collect()
    }

    fn budget(seconds: u64) -> Pace {
        Pace::Budget(TimeBudget { total: Duration::from_secs(seconds), began: Instant::now(), earlier: Duration::ZERO })
    }

    fn arms_of(pace: &Pace, round: u32, rows: &[StepRow]) -> Option<Vec<usize>> {
        pace.arms_of(round, &plan("cold", ArmOrder::Interleaved, 3, 0), (&spread, "a0"), rows, Duration::ZERO)
    }

    #[test]
    fn a_number_of_rounds_is_that_many_of_all_arms() {
        assert_eq!(arms_of(&Pace::Rounds(2), 2, &[]), Some(vec![0, 1, 2]));
        assert_eq!(arms_of(&Pace::Rounds(2), 3, &[]), None);
    }

    #[test]
    fn a_budget_is_spent_where_intervals_are_widest_in_pairs_of_rounds() {
        let pace = budget(1_000_000);
        assert_eq!(arms_of(&pace, 1, &[]), Some(vec![0, 1, 2]));
        assert_eq!(arms_of(&pace, 3, &rows(2)), Some(vec![0, 1, 2]), "too few for an interval");
        assert_eq!(arms_of(&pace, 21, &rows(20)), Some(vec![0, 2]));
        let mut with_21 = rows(20);
        with_21.extend([row(21, "a0", 10.0), row(21, "a2", 10.0)]);
        assert_eq!(arms_of(&pace, 22, &with_21), Some(vec![0, 2]), "the second of the pair");
    }

    #[test]
    fn a_budget_ends_before_a_round_that_does_not_fit_but_a_begun_one_is_finished() {
        let pace = budget(30);
        assert_eq!(arms_of(&pace, 1, &[]), Some(vec![0, 1, 2]), "the first round always runs");
        assert_eq!(arms_of(&pace, 3, &rows(2)), None, "a round takes 29 s and what goes around them");
        let begun = [rows(2), vec![row(3, "a1", 9.0)]].concat();
        assert_eq!(arms_of(&pace, 3, &begun), Some(vec![0, 1, 2]));
    }
}
