//! Records of builds and probes, gathered into the row of an input, and its verdict.

use std::collections::HashMap;

use records::run_folder::RunFolder;
use records::{Outcome, Status, StepKey, StepRow, UnitRow};
use reports::ablation::{CANDIDATE, FREE, NEEDED};
use reports::probes::{ProbeRow, ProbeVerdict};
use reports::simulation::AblationRow;

use crate::simulate::agreement::StepAgreement;

/// Adds what a run says of the row's strategy beside the strategy as it is, step by step and unit by unit.
pub fn add_builds(row: &mut AblationRow, base: &str, run: &RunFolder) {
    let mut units: HashMap<StepKey, Vec<&UnitRow>> = HashMap::new();
    run.units.iter().for_each(|unit| units.entry(StepKey::of_unit(unit)).or_default().push(unit));
    let of_arm = |name: &str| run.steps.iter().filter(|step| step.strategy == name).collect::<Vec<_>>();
    let place = |step: &StepRow| (step.round, step.workspace.clone(), step.step.clone());
    let plain: HashMap<_, &StepRow> = of_arm(base).into_iter().map(|step| (place(step), step)).collect();
    for step in of_arm(&row.strategy.clone()) {
        let Some(plain) = plain.get(&place(step)).filter(|plain| plain.status == Status::Ok) else { continue };
        *row.failed_steps.get_or_insert(0) += u64::from(step.status != Status::Ok);
        let more = |of: fn(&StepRow) -> Option<u64>| of(step).unwrap_or(0).saturating_sub(of(plain).unwrap_or(0));
        *row.identical_units.get_or_insert(0) += more(|step| step.shadow_same);
        *row.differing_units.get_or_insert(0) += more(|step| step.shadow_differs);
        let of = |step: &StepRow| units.get(&StepKey::of_step(step)).cloned().unwrap_or_default();
        let (hits, seconds) = (row.built_units.get_or_insert(0), row.built_s.get_or_insert(0.0));
        let (rebuilt, same) = (row.rebuilt_units.get_or_insert(0), row.rebuilt_identical_units.get_or_insert(0));
        // Both arms built the same graph, and rows are in its order.
        for (unit, plain) in of(step).into_iter().zip(of(plain)) {
            let is_dup = plain.outcome == Some(Outcome::Dup);
            match unit.outcome {
                Some(Outcome::Hit) if is_dup || plain.outcome == Some(Outcome::Miss) => {
                    *hits += 1;
                    *seconds += plain.cost_s.unwrap_or(0.0);
                }
                // A hit that is lost so counts, too.
                Some(Outcome::Stale) if plain.outcome != Some(Outcome::Stale) => {
                    *rebuilt += 1;
                    *same += u64::from(is_dup);
                }
                _ => {}
            }
        }
    }
    if !row.scenarios.is_empty() {
        row.scenarios.push(' ');
    }
    row.scenarios.push_str(&run.info.scenario);
}

/// Adds how far a replay of these builds says the same as their records.
pub fn add_agreement(row: &mut AblationRow, compared: &[StepAgreement]) {
    for step in compared.iter().filter(|step| step.strategy == row.strategy) {
        *row.agreeing_units.get_or_insert(0) += step.agreeing;
        *row.compared_units.get_or_insert(0) += step.units;
    }
}

/// Adds the probes that the row's strategy fails and the strategy as it is passes.
pub fn add_probes(row: &mut AblationRow, base: &str, rows: &[ProbeRow]) {
    let mut count = 0;
    for probe in rows.iter().filter(|it| it.strategy == row.strategy) {
        let passes =
            |it: &&ProbeRow| it.strategy == base && it.probe == probe.probe && it.verdict == ProbeVerdict::Pass;
        if !rows.iter().any(|it| passes(&it)) || !matches!(probe.verdict, ProbeVerdict::Pass | ProbeVerdict::Fail) {
            continue;
        }
        count += 1;
        if probe.verdict == ProbeVerdict::Fail {
            let list = match &probe.detail {
                // Of several builds at once the detail begins with whose it was.
                detail if detail.contains("restored, yet rebuilt") => &mut row.caught,
                detail if detail.starts_with("the build") => &mut row.failed,
                _ => &mut row.wrong,
            };
            if !list.is_empty() {
                list.push(' ');
            }
            list.push_str(&probe.probe);
        }
    }
    row.probes = Some(count);
}

/// Fills verdict and evidence. An input is needed where anything breaks without it, free where nothing is gained, and else a
/// candidate for leaving it out; nothing is said of one that no probe was tried with.
pub fn judge(row: &mut AblationRow) {
    let count = |what: &str| what.split_whitespace().count() as u64;
    let (rebuilt, same) = (row.rebuilt_units.unwrap_or(0), row.rebuilt_identical_units.unwrap_or(0));
    let breaks: Vec<String> = [
        (count(&row.wrong), format!("wrong programs in {}", row.wrong)),
        (count(&row.failed), format!("failed builds in {}", row.failed)),
        (count(&row.caught), format!("restored for nothing in {}", row.caught)),
        (row.differing_units.unwrap_or(0), format!("{} hits with other bytes", row.differing_units.unwrap_or(0))),
        (row.failed_steps.unwrap_or(0), format!("{} steps failed or invalid", row.failed_steps.unwrap_or(0))),
        (rebuilt, format!("Cargo rebuilt {rebuilt} units, {same} of them to the bytes restored")),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(_, what)| what)
    .collect();
    let gains = row.replayed_units > 0.5 || row.built_units.unwrap_or(0) > 0;
    row.verdict = match (breaks.is_empty(), row.probes, gains) {
        (false, ..) => NEEDED,
        (true, None | Some(0), _) => "",
        (true, _, false) => FREE,
        (true, _, true) => CANDIDATE,
    }
    .to_owned();
    row.evidence = match (breaks.as_slice(), row.probes) {
        ([], None | Some(0)) => "no probe was tried".to_owned(),
        ([], Some(probes)) => format!("passes {probes} probes"),
        (breaks, _) => breaks.join("; "),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AblationRow {
        AblationRow { input: "files".to_owned(), strategy: "a~without-files".to_owned(), ..AblationRow::default() }
    }

    fn probe(probe: &str, strategy: &str, verdict: ProbeVerdict, detail: &str) -> ProbeRow {
        let (probe, strategy, detail) = (probe.to_owned(), strategy.to_owned(), detail.to_owned());
        ProbeRow { probe, strategy, verdict, detail, ..ProbeRow::default() }
    }

    #[test]
    fn a_probe_counts_where_the_strategy_as_it_is_passes() {
        use ProbeVerdict::{Fail, NotApplicable, Pass};
        let mut row = row();
        let rows = [
            probe("p", "a", Pass, ""),
            probe("p", "a~without-files", Fail, "app prints \"1\""),
            probe("q", "a", Fail, ""),
            probe("q", "a~without-files", Fail, "the build failed"),
            probe("r", "a", Pass, ""),
            probe("r", "a~without-files", Fail, "the build of one failed: error: restored, yet rebuilt by Cargo"),
            probe("s", "a", Pass, ""),
            probe("s", "a~without-files", NotApplicable, ""),
        ];
        add_probes(&mut row, "a", &rows);
        judge(&mut row);
        assert_eq!((row.probes, row.wrong.as_str(), row.failed.as_str(), row.caught.as_str()), (Some(2), "p", "", "r"));
        assert_eq!(
            (row.verdict.as_str(), row.evidence.as_str()),
            (NEEDED, "wrong programs in p; restored for nothing in r")
        );
    }

    #[test]
    fn an_input_without_probes_has_no_verdict_and_a_gain_makes_a_candidate() {
        let judged = |probes, replayed_units| {
            let mut row = AblationRow { probes, replayed_units, ..row() };
            judge(&mut row);
            row.verdict
        };
        assert_eq!([judged(None, 9.0), judged(Some(0), 0.0)], ["", ""]);
        assert_eq!([judged(Some(1), 0.0), judged(Some(1), 9.0)], [FREE, CANDIDATE]);
    }

    #[test]
    fn hits_on_top_are_told_from_units_that_cargo_builds_again() {
        let step = |strategy: &str, shadow_same| StepRow {
            strategy: strategy.to_owned(),
            status: Status::Ok,
            shadow_same: Some(shadow_same),
            ..StepRow::default()
        };
        let unit = |strategy: &str, outcome| UnitRow {
            strategy: strategy.to_owned(),
            outcome: Some(outcome),
            cost_s: Some(2.0),
            ..UnitRow::default()
        };
        let (a, b) = ("a", "a~without-files");
        let before = [Outcome::Miss, Outcome::Dup, Outcome::Hit, Outcome::Miss].map(|outcome| unit(a, outcome));
        let after = [Outcome::Hit, Outcome::Stale, Outcome::Hit, Outcome::Miss].map(|outcome| unit(b, outcome));
        let run = RunFolder {
            info: records::RunInfo { scenario: "edits".to_owned(), ..records::RunInfo::new("run") },
            steps: vec![step(a, 1), step(b, 2)],
            units: before.into_iter().chain(after).collect(),
            cut: Default::default(),
        };
        let mut row = row();
        add_builds(&mut row, a, &run);
        assert_eq!((row.built_units, row.built_s, row.identical_units), (Some(1), Some(2.0), Some(1)));
        assert_eq!((row.rebuilt_units, row.rebuilt_identical_units, row.failed_steps), (Some(1), Some(1), Some(0)));
        assert_eq!(row.scenarios, "edits");
    }
}
