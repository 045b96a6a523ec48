use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use records::RunInfo;

use super::super::plan::ArmOrder;
use super::super::plan::tests::plan;
use super::*;

const ROUNDS: u32 = 12;

fn hash(numbers: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    numbers.hash(&mut hasher);
    hasher.finish()
}

fn key(plan: &RunPlan, slot: &Slot) -> StepKey {
    StepKey {
        run: "r".into(),
        round: slot.round,
        workspace: plan.workspaces[slot.workspace].clone(),
        scenario: "s".into(),
        step: plan.scenario.steps[slot.step].name.clone(),
        strategy: plan.arms[slot.arm].clone(),
    }
}

/// What a slot measures: always the same. Builds of some microseconds, so that the decimals
/// that are not written weigh as much as the differences between arms; some fail.
fn row(plan: &RunPlan, seed: u64, slot: &Slot) -> StepRow {
    let key = key(plan, slot);
    let drawn = hash(&[seed, u64::from(slot.round), slot.arm as u64, slot.step as u64, slot.workspace as u64]);
    let status = if slot.arm > 0 && drawn.is_multiple_of(20) { Status::Failed } else { Status::Ok };
    let wall = 4e-6 + 2e-6 * (drawn >> 11) as f64 / (1u64 << 53) as f64;
    StepRow {
        run: key.run,
        round: key.round,
        position: slot.position,
        workspace: key.workspace,
        scenario: key.scenario,
        step: key.step,
        strategy: key.strategy,
        status,
        wall_s: (status == Status::Ok).then_some(wall),
        ..StepRow::default()
    }
}

fn options() -> Options {
    let text = r#"{"corpus":"","workspaces":[],"strategies":"","scenario":"","rounds":0,"budget_s":1000000,
        "profile":"dev","toolchain":null,"jobs":null,"seed":1,"work_dir":"/"}"#;
    serde_json::from_str(text).unwrap()
}

/// Half of the arms, drawn from every bit of their times: what loses a decimal on its way to the disk chooses others.
fn drawn(rows: &[StepRow], arms: &[String]) -> Vec<String> {
    let draw = |arm: &String| {
        let own = rows.iter().filter(|row| row.strategy == *arm).filter_map(|row| row.wall_s);
        hash(&own.map(f64::to_bits).collect::<Vec<_>>())
    };
    let mut drawn = arms.to_vec();
    drawn.sort_by_key(draw);
    drawn.truncate(arms.len().div_ceil(2));
    drawn
}

/// Goes on with the run in `dir`, or begins it, until it has `rows` rows; returns which arms took part in which round.
fn go_on(dir: &Path, plan: &RunPlan, seed: u64, rows: usize) -> (Vec<Vec<usize>>, Vec<StepRow>) {
    let writer = match dir.exists() {
        true => RunWriter::open_for_append(dir).unwrap(),
        false => RunWriter::create(dir, RunInfo::new("r")).unwrap(),
    };
    let mut records = Records::of(writer).unwrap();
    let pace = Pace::of(&options(), &records.rows);
    let mut chosen = Vec::new();
    for round in 1..=ROUNDS {
        let arms = pace.arms_of(round, plan, (&drawn, "a0"), &records.rows, Duration::ZERO).unwrap();
        for pass in plan.passes(round, &arms) {
            for slot in pass.missing(|slot| records.contains(&key(plan, slot))) {
                if records.rows.len() == rows {
                    return (chosen, records.rows);
                }
                if !records.contains(&key(plan, &slot)) {
                    records.append(&row(plan, seed, &slot), &[]).unwrap();
                }
            }
        }
        chosen.push(arms);
    }
    (chosen, records.rows)
}

#[test]
fn a_budget_that_was_cut_off_anywhere_chooses_the_same_arms() {
    let mut narrowed = 0;
    for seed in 0..4 {
        let order = if seed % 2 == 0 { ArmOrder::Interleaved } else { ArmOrder::ArmByArm };
        let plan = plan("cold", order, 5, 0);
        let temporary = tempfile::tempdir().unwrap();
        let (chosen, rows) = go_on(&temporary.path().join("whole"), &plan, seed, usize::MAX);
        narrowed += chosen.iter().filter(|arms| arms.len() < plan.arms.len()).count();
        for cut in 0..6 {
            let dir = temporary.path().join(cut.to_string());
            // Twice, at any two rows.
            let mut cuts = [1, 2].map(|which| hash(&[seed, cut, which]) as usize % rows.len());
            cuts.sort_unstable();
            for cut in cuts {
                let (begun, _) = go_on(&dir, &plan, seed, cut);
                assert!(chosen.starts_with(&begun), "seed {seed}, cut off at row {cut} of {}", rows.len());
            }
            let resumed = go_on(&dir, &plan, seed, usize::MAX);
            assert_eq!(resumed.0, chosen, "seed {seed}, cut off at rows {cuts:?} of {}", rows.len());
            assert_eq!(resumed.1, rows, "seed {seed}, cut off at rows {cuts:?}");
        }
    }
    assert!(narrowed > 4, "there was something to choose: {narrowed}");
}

#[test]
fn rows_are_kept_as_a_reader_finds_them() {
    let temporary = tempfile::tempdir().unwrap();
    let plan = plan("cold", ArmOrder::Interleaved, 2, 0);
    let (_, kept) = go_on(&temporary.path().join("run"), &plan, 1, 4);
    assert_eq!(kept.len(), 4);
    assert_eq!(RunFolder::read_recorded(&temporary.path().join("run")).unwrap().steps, kept);
}
