//! Which rows count as a measurement.

use records::run_folder::CutOff;
use records::{RunInfo, UnitRow};

use super::*;

fn step(strategy: &str, name: &str, compiled: u64) -> StepRow {
    StepRow {
        run: "r".into(),
        round: 1,
        workspace: "w".into(),
        scenario: "s".into(),
        step: name.into(),
        strategy: strategy.into(),
        integration: (strategy != "none").then(|| "units".into()),
        profile: "dev".into(),
        status: Status::Ok,
        units: Some(2),
        compiled: Some(compiled),
        ..StepRow::default()
    }
}

fn unit(strategy: &str, step: &str, cost: f64, bytes: Option<u64>) -> UnitRow {
    UnitRow {
        run: "r".into(),
        round: 1,
        workspace: "w".into(),
        scenario: "s".into(),
        step: step.into(),
        strategy: strategy.into(),
        package: "p".into(),
        version: "1.0.0".into(),
        source: "registry".into(),
        target: "p".into(),
        kind: "lib+cdylib".into(),
        mode: "build".into(),
        cost_s: Some(cost),
        bytes,
        ..UnitRow::default()
    }
}

fn read(steps: Vec<StepRow>, units: Vec<UnitRow>) -> Vec<Amounts> {
    let run = RunFolder { info: RunInfo::new("r"), steps, units, cut: CutOff::default() };
    let mut measurements = Measurements::default();
    measurements.add(&run);
    assert_eq!(measurements.runs.len(), usize::from(!measurements.amounts.is_empty()));
    for (workspace, name) in measurements.amounts.keys() {
        assert_eq!((workspace.as_str(), name.kind.as_str(), name.profile.as_str()), ("w", "lib,cdylib", "dev"));
    }
    measurements.amounts.into_values().collect()
}

fn amounts(seconds: &[f64], bytes: &[f64]) -> Vec<Amounts> {
    vec![Amounts { seconds: seconds.to_vec(), bytes: bytes.to_vec() }]
}

#[test]
fn seconds_are_those_of_none_and_bytes_those_of_any_store() {
    let steps = vec![step("none", "cold", 2), step("none-again", "cold", 2), step("a", "cold", 2)];
    let units = vec![
        unit("none", "cold", 3.0, None),
        unit("none-again", "cold", 4.0, None),
        unit("a", "cold", 9.0, Some(70)),
        unit("a", "nowhere", 9.0, Some(71)),
    ];
    assert_eq!(read(steps, units), amounts(&[3.0, 4.0], &[70.0]));
}

#[test]
fn without_none_seconds_are_those_of_builds_from_nothing() {
    let steps = vec![step("a", "cold", 2), step("a", "warm", 0)];
    let units = vec![unit("a", "cold", 9.0, None), unit("a", "warm", 8.0, Some(5))];
    assert_eq!(read(steps, units), amounts(&[9.0], &[5.0]));
}

#[test]
fn only_ordinary_builds_count() {
    let special: [fn(&mut StepRow); 4] = [
        |row| row.status = Status::Failed,
        |row| row.builds = Some(3),
        |row| row.variant = "upgraded".into(),
        |row| row.compiled = Some(1),
    ];
    for change in special {
        let mut row = step("none", "cold", 2);
        change(&mut row);
        assert!(read(vec![row], vec![unit("none", "cold", 3.0, None)]).is_empty());
    }
    let plain = StepRow { variant: "check".into(), ..step("none", "cold", 2) };
    assert_eq!(read(vec![plain], vec![unit("none", "cold", 3.0, None)]), amounts(&[3.0], &[]));
}

#[test]
fn folders_are_runs_or_hold_some() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("many/one");
    std::fs::create_dir_all(&run).unwrap();
    std::fs::write(run.join(RUN_FILE), "{}").unwrap();
    let many = dir.path().join("many");
    let expected = vec![run.clone()];
    assert_eq!(run_folders(&[many, run.clone()]).unwrap(), expected);
    for none in [dir.path().to_owned(), dir.path().join("nowhere")] {
        let error = format!("{:#}", run_folders(&[none]).unwrap_err());
        assert!(error.contains("--runs"), "{error}");
    }
    let mut notes = Vec::new();
    let measurements = Measurements::read(&[run], |note| notes.push(note));
    assert!(measurements.runs.is_empty() && notes.len() == 1, "{notes:?}");
}
