//! What external tools say of themselves, against what was counted from outside.

use records::run_folder::RunFolder;
use records::{Status, StepRow};

/// One line for each strategy whose tool counts other hits than the observer did.
pub(super) fn lines(run: &RunFolder, strategies: &[&str]) -> Vec<String> {
    strategies.iter().filter_map(|strategy| line(run, strategy)).collect()
}

fn line(run: &RunFolder, strategy: &str) -> Option<String> {
    let told = |row: &&StepRow| row.strategy == strategy && row.status == Status::Ok && row.own_hits.is_some();
    let rows: Vec<&StepRow> = run.steps.iter().filter(told).collect();
    let sum = |of: &dyn Fn(&StepRow) -> u64| rows.iter().map(|row| of(row)).sum::<u64>();
    let own_hits = sum(&|row| row.own_hits.unwrap_or(0));
    let own_misses = sum(&|row| row.own_misses.unwrap_or(0));
    let hits = sum(&|row| (row.hit_rate.unwrap_or(0.0) * row.units.unwrap_or(0) as f64).round() as u64);
    let misses = sum(&|row| row.missed.unwrap_or(0));
    if rows.is_empty() || (own_hits, own_misses) == (hits, misses) {
        return None;
    }
    let misses_of_own = match rows.iter().all(|row| row.own_misses.is_none()) {
        true => String::new(),
        false => format!(" and {own_misses} misses"),
    };
    Some(format!(
        "{strategy} counts {own_hits} hits{misses_of_own} of its own calls; of the units that Cargo asked for, {hits} \
         were hits and {misses} misses"
    ))
}

/// Why the two differ, told once.
pub(super) const WHY: &str = "a tool counts the calls that reach it, and its replays of build scripts; here a unit is a \
                              hit when no compiler ran for it, and a build script that Cargo ran is a miss";

#[cfg(test)]
mod tests {
    use super::*;
    use records::RunInfo;

    fn run(rows: Vec<StepRow>) -> RunFolder {
        RunFolder { info: RunInfo::new("r"), steps: rows, units: Vec::new(), cut: Default::default() }
    }

    #[test]
    fn only_what_differs_is_told() {
        let row = |strategy: &str, own_hits, own_misses| StepRow {
            strategy: strategy.into(),
            status: Status::Ok,
            units: Some(10),
            hit_rate: Some(0.6),
            missed: Some(4),
            own_hits,
            own_misses,
            ..StepRow::default()
        };
        let run = run(vec![
            row("same", Some(6), Some(4)),
            row("more", Some(9), Some(1)),
            row("more", Some(9), None),
            row("mute", None, None),
        ]);
        assert_eq!(
            lines(&run, &["same", "more", "mute"]),
            [
                "more counts 18 hits and 1 misses of its own calls; of the units that Cargo asked for, 12 were hits and 8 \
              misses"
            ]
        );
    }
}
