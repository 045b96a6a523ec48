//! Runs of `harness simulate` on disk: written, read back, and broken in many ways.

use std::fs;
use std::path::Path;

use super::simulated_run::simulation;
use crate::analysis::RunSource;
use crate::simulation::{
    self, CurveRow, Fit, GrowthRow, MissRow, RelaxationRow, RemoteRow, RetentionRow, SharingRow, SimulationRun, Table,
    TraceInfo,
};
use proptest::prelude::*;
use records::RunInfo;

#[test]
fn columns_are_those_of_the_rows() {
    fn header<T: Table>(rows: &[T]) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(&rows[0]).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().next().unwrap(), T::COLUMNS.join(","));
    }
    let run = simulation("aggressive");
    header(&run.curve);
    header(&run.relaxations);
    header(&run.misses);
    header(&run.sharing);
    header(&run.retention);
    header(&run.growth);
    header(&run.remote);
    // FORMAT.md describes every column.
    let format = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/FORMAT.md")).unwrap();
    let all: [(&str, &[&str]); 7] = [
        (CurveRow::FILE, CurveRow::COLUMNS),
        (RelaxationRow::FILE, RelaxationRow::COLUMNS),
        (MissRow::FILE, MissRow::COLUMNS),
        (SharingRow::FILE, SharingRow::COLUMNS),
        (RetentionRow::FILE, RetentionRow::COLUMNS),
        (GrowthRow::FILE, GrowthRow::COLUMNS),
        (RemoteRow::FILE, RemoteRow::COLUMNS),
    ];
    for (file, columns) in all {
        let part = format.split(&format!("`{file}`:")).nth(1).unwrap_or_else(|| panic!("{file}"));
        let part = part.split("\n\n`").next().unwrap();
        columns.iter().for_each(|column| assert!(part.contains(&format!("`{column}`")), "{file} {column}"));
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..1e4, 1e9..1e15].prop_map(|value: f64| match value {
        value if value < 1e9 => (value * 1e6).round() / 1e6,
        value => value,
    })
}

fn share() -> impl Strategy<Value = f64> {
    (0..=1_000_000_u32).prop_map(|parts| f64::from(parts) / 1e6)
}

/// Names as crates, or as enemies, may have them.
const NAME: &str = "[a-z:,\"\\n\u{202e}é-]{0,9}";

prop_compose! {
    fn curve()(policy in NAME, command in NAME, rates in [share(), share(), share(), share()], bytes in number(),
        counts in (1..1000_u32, 0..99_u32)) -> CurveRow {
        let (low, high) = (rates[2].min(rates[3]), rates[2].max(rates[3]));
        CurveRow {
            policy, workspaces: counts.0, hit_rate: rates[0], hit_rate_by_cost: rates[1], low, high,
            stored_bytes: bytes, command, orders: counts.1,
        }
    }
}

prop_compose! {
    fn retained()(policy in NAME, key in NAME, cap in proptest::option::of(any::<u64>()),
        rates in [share(), share()], of in [number(), number(), number(), number()],
        each in proptest::option::of(number())) -> RetentionRow {
        RetentionRow {
            policy, cap_bytes: cap, hit_rate_by_cost: rates[0], rebuilt_s: of[0], bound_s: of[1], hit_rate: rates[1],
            key, evicted_bytes: of[2], rebuilt_s_per_gb: each, peak_bytes: of[3],
                refused_s: 0.0,
                rebuilt_again_s: 0.0,
        }
    }
}

prop_compose! {
    fn relaxed()(names in [NAME, NAME, NAME, NAME, NAME], rates in [share(), share()],
        of in [number(), number(), number(), number()]) -> RelaxationRow {
        let [policy, relaxation, soundness, command, why] = names;
        RelaxationRow {
            policy, relaxation, soundness, command, hit_rate: rates[0], hit_rate_by_cost: rates[1],
            gained_units: -of[0], gained_s: 0.0 - of[1], total_s: of[2], stored_bytes: of[3], why,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        curve in proptest::collection::vec(curve(), 0..5),
        retention in proptest::collection::vec(retained(), 0..5),
        relaxations in proptest::collection::vec(relaxed(), 0..5),
        title in NAME, left_out in proptest::collection::vec(NAME, 0..3),
        share in proptest::option::of(share()), factor in 0..9999_u32, all in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let seconds = Some(Fit { model: title.clone(), median_factor: f64::from(factor) / 64.0, ..Fit::default() });
        let trace = TraceInfo { title, left_out, seconds, measured_share_of_seconds: share, ..TraceInfo::default() };
        let mut run = if all { simulation("aggressive") } else { SimulationRun::new(RunInfo::new("s"), trace.clone()) };
        run.info.other.insert("later".into(), "kept".into());
        (run.curve, run.retention, run.relaxations, run.trace) = (curve, retention, relaxations, trace);
        simulation::write(dir.path(), &run).unwrap();
        let back = simulation::read(dir.path()).unwrap();
        // Handmade rows have more than six decimals.
        simulation::write(dir.path(), &back).unwrap();
        prop_assert_eq!(&simulation::read(dir.path()).unwrap(), &back);
        prop_assert_eq!(&back.info, &run.info);
        prop_assert_eq!(&back.trace, &run.trace);
        prop_assert_eq!((&back.curve, &back.retention), (&run.curve, &run.retention));
        prop_assert_eq!(&back.relaxations, &run.relaxations);
        prop_assert_eq!(back.misses.len() + back.growth.len(), run.misses.len() + run.growth.len());
    }
}

#[test]
fn numbers_are_rounded_and_never_minus_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = simulation("aggressive");
    run.relaxations[0].gained_s = -0.000_000_1;
    run.relaxations[1].gained_s = 1.0 / 3.0;
    simulation::write(dir.path(), &run).unwrap();
    let text = fs::read_to_string(dir.path().join(RelaxationRow::FILE)).unwrap();
    assert!(text.contains(",0.0,20000.0,") && text.contains(",0.333333,") && !text.contains("-0.0,"), "{text}");
}

#[test]
fn a_folder_is_known_by_its_files() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("called-so");
    fs::create_dir(&dir).unwrap();
    simulation::write(&dir, &simulation("aggressive")).unwrap();
    assert!(matches!(RunSource::read(&dir).unwrap(), RunSource::Simulate(run) if run.info.name == "called-so"));
    let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 8, "{names:?}");
}

fn broken(how: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    simulation::write(dir.path(), &simulation("aggressive")).unwrap();
    how(dir.path());
    let error = RunSource::read(dir.path()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error.replace(&dir.path().display().to_string(), "DIR")
}

fn edit(dir: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(file)).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(dir.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_damaged_gets_one_line() {
    let cut = |dir: &Path, file: &str, by: usize| {
        let text = fs::read(dir.join(file)).unwrap();
        fs::write(dir.join(file), &text[..text.len() - by]).unwrap();
    };
    let lines = [
        ("not finite", broken(|dir| edit(dir, "curve.csv", "aggressive,2,0.16", "aggressive,2,NaN"))),
        ("a share of 2", broken(|dir| edit(dir, "retention.csv", "1000000000,0.", "1000000000,2."))),
        ("below 0", broken(|dir| edit(dir, "growth.csv", ",2000000000.0,", ",-2000000000.0,"))),
        ("words for numbers", broken(|dir| edit(dir, "remote.csv", "1000000.0", "fast"))),
        ("a missing field", broken(|dir| edit(dir, "misses.csv", "never-seen,", ""))),
        ("no column", broken(|dir| edit(dir, "sharing.csv", "saved_s", "spared_s"))),
        ("nothing in a file", broken(|dir| fs::write(dir.join("curve.csv"), "").unwrap())),
        ("half a row", broken(|dir| cut(dir, "curve.csv", 9))),
        ("no last line feed", broken(|dir| cut(dir, "curve.csv", 1))),
        ("a row lost", broken(|dir| edit(dir, "misses.csv", "aggressive,dev build,dependency,900.0,400.0\n", ""))),
        ("a table lost", broken(|dir| fs::remove_file(dir.join("remote.csv")).unwrap())),
        ("no json", broken(|dir| fs::write(dir.join("run.json"), "{").unwrap())),
        ("no run.json", broken(|dir| fs::remove_file(dir.join("run.json")).unwrap())),
        ("newer", broken(|dir| edit(dir, "run.json", "\"schema_version\": 1", "\"schema_version\": 2"))),
        ("no trace", broken(|dir| edit(dir, "run.json", "\"trace\"", "\"track\""))),
        ("a strange trace", broken(|dir| edit(dir, "run.json", "\"collected\"", "\"dreamt\""))),
        ("a strange share", broken(|dir| edit(dir, "run.json", "0.35", "35"))),
    ];
    let lines: Vec<String> = lines.into_iter().map(|(what, line)| format!("{what}: {line}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_holds_nothing_is_no_run_and_what_cannot_be_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = SimulationRun::new(RunInfo::new("s"), TraceInfo::default());
    simulation::write(dir.path(), &run).unwrap();
    let error = RunSource::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("no table of it has a row"), "{error}");
    run.curve = simulation("aggressive").curve;
    run.curve[3].hit_rate = f64::NAN;
    let error = simulation::write(dir.path(), &run).unwrap_err();
    assert!(error.to_string().contains("cannot encode"), "{error}");
    // What was there stays.
    assert!(simulation::read(dir.path()).unwrap().is_empty());
}

#[test]
fn columns_and_tables_may_be_added_and_tables_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = simulation("aggressive");
    run.remote.clear();
    simulation::write(dir.path(), &run).unwrap();
    fs::remove_file(dir.path().join(RemoteRow::FILE)).unwrap();
    let path = dir.path().join(MissRow::FILE);
    let text = fs::read_to_string(&path).unwrap();
    let text: Vec<String> = text.lines().enumerate().map(|(at, line)| format!("{at},{line}")).collect();
    fs::write(&path, text.join("\n").replacen("0,", "later,", 1) + "\n").unwrap();
    let back = simulation::read(dir.path()).unwrap();
    assert!(back.remote.is_empty());
    assert_eq!(back.misses, run.misses);
    let _: (&[SharingRow], &[GrowthRow]) = (&back.sharing, &back.growth);
}
