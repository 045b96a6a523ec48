//! A row for each step and strategy, a column for each number: for a spreadsheet.

use super::{WideRow, csv, simulated};
use crate::analysis::{Analysis, ArmAnalysis, METRICS, Problem, StepAnalysis};
use crate::simulation::SimulationRun;
use itertools::Itertools as _;
use records::number;

/// What a row is of.
const PLACE: [&str; 7] = ["run", "scenario", "step", "strategy", "baseline", "workspaces", "rounds"];
/// How the wall time was judged; behind the first metric, the wall time itself.
const JUDGED: [&str; 9] =
    ["ratio", "ratio_low", "ratio_high", "p", "p_corrected", "pairs", "smallest", "largest", "verdict"];
/// How many metrics are in front of the column `problems`; later ones are appended behind it.
const DESIGNED: usize = 22;

/// The columns, in order; later ones are appended.
pub fn columns() -> Vec<&'static str> {
    let metrics = METRICS.iter().map(|it| it.name).collect::<Vec<_>>();
    [&PLACE[..], &metrics[..1], &JUDGED, &metrics[1..DESIGNED], &["problems"], &metrics[DESIGNED..]].concat()
}

pub fn render(runs: &[&Analysis], simulations: &[SimulationRun]) -> String {
    let steps = runs.iter().flat_map(|run| run.steps.iter().map(move |step| (run, step)));
    let arms = steps.flat_map(|(run, step)| step.arms.iter().map(|arm| row(run, step, arm)));
    let rows = arms.chain(simulations.iter().flat_map(simulated::wide));
    csv(&columns(), &rows.map(WideRow::fields).collect::<Vec<_>>())
}

fn row<'a>(run: &'a Analysis, step: &'a StepAnalysis, arm: &'a ArmAnalysis) -> WideRow<'a> {
    let problem = |it: &Problem| format!("{} ({} rows): {}", it.status, it.rows, it.note);
    WideRow {
        run: &run.info.name,
        scenario: &step.scenario,
        step: &step.step,
        strategy: arm.name(),
        baseline: arm.wall.as_ref().map_or("", |wall| &wall.baseline),
        workspaces: arm.workspaces,
        rounds: arm.rounds.len(),
        judgement: arm.wall.as_ref().map(|wall| &wall.judgement),
        numbers: arm.numbers,
        problems: arm.problems.iter().map(problem).join("; "),
    }
}

impl WideRow<'_> {
    /// In the order of [`columns`].
    fn fields(self) -> Vec<String> {
        let text = |value: Option<f64>| number::text(value).unwrap_or_default();
        let found = self.judgement;
        let interval = found.and_then(|it| it.interval);
        let place = [self.run, self.scenario, self.step, self.strategy, self.baseline].map(str::to_owned);
        let judged = [
            text(found.and_then(|it| it.ratio)),
            text(interval.map(|it| it.low)),
            text(interval.map(|it| it.high)),
            text(found.and_then(|it| it.p)),
            text(found.and_then(|it| it.p_corrected)),
            found.map(|it| it.pairs.to_string()).unwrap_or_default(),
            text(found.and_then(|it| it.min)),
            text(found.and_then(|it| it.max)),
            found.map_or("", |it| it.verdict.as_str()).to_owned(),
        ];
        let numbers: Vec<String> = METRICS.iter().map(|it| text((it.of)(&self.numbers))).collect();
        let extent = [self.workspaces.to_string(), self.rounds.to_string()];
        let (designed, appended) = (&numbers[1..DESIGNED], &numbers[DESIGNED..]);
        [&place[..], &extent, &numbers[..1], &judged, designed, &[self.problems], appended].concat()
    }
}
