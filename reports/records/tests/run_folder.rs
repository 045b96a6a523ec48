//! A run folder survives what happens to it: odd names, kills at every byte,
//! other versions, foreign files.
#![allow(clippy::unwrap_used)]

#[path = "../../src/tests/rows.rs"]
#[allow(dead_code)]
mod rows;

use proptest::prelude::*;
use records::run_folder::{RUN_FILE, RunFolder, RunWriter, STEPS_FILE, UNITS_FILE};
use records::{Outcome, RunInfo, Status, StepKey, StepRow, UnitRow};
use rows::{step, unit};
use std::fs;
use std::path::Path;

const DESIGN_STEPS: &str = "run, round, position, corpus, workspace, scenario, step, strategy, integration, key, link, store, toolchain, profile, status, wall_s, user_s, sys_s, max_rss_bytes, plan_s, restore_s, cargo_s, publish_s, units, fresh, restored, compiled, refused, missed, stale, rustc_runs, rustc_s, hit_rate, hit_rate_by_cost, hardlinked, reflinked, copied, symlinked, private_files, copied_bytes, store_bytes, store_allocated_bytes, store_physical_bytes, tree_bytes, tree_allocated_bytes, tree_physical_bytes, all_physical_bytes, noop_compiled, store_intact, note";
const DESIGN_UNITS: &str = "run, round, workspace, scenario, step, strategy, package, version, source, target, kind, mode, platform, outcome, reason, because, cost_s, bytes";

fn header_of<T: serde::Serialize>(row: &T) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).unwrap();
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn columns_are_those_of_the_design_in_its_order() {
    let row = step(1, "bat", "fill", "none", 1.0);
    let (designed, appended) = StepRow::COLUMNS.split_at(StepRow::DESIGNED);
    assert_eq!(designed.join(", "), DESIGN_STEPS);
    let later = "noop_s, marginal_physical_bytes, shadow_same, shadow_differs, nondeterministic, builds, \
                 promised_bytes, variant, own_hits, own_misses, foreign_cpu_s, graph_call_s, store_position, rated_units, \
                 daemon_s, layout, options, store_session_bytes, repeats, wall_p50_s, wall_p95_s, cpu_p50_s, cpu_p95_s, \
                 delivery, network, start_s, deliver_s, unpack_s, pack_s, upload_s, down_bytes, up_bytes, requests, \
                 unused_bytes";
    assert_eq!(appended.join(", "), later);
    assert_eq!(header_of(&row), StepRow::COLUMNS.join(","));
    let (designed, appended) = UnitRow::COLUMNS.split_at(UnitRow::DESIGNED);
    assert_eq!((designed.join(", ").as_str(), appended.join(", ").as_str()), (DESIGN_UNITS, "same_exports"));
    let unit = unit(&row, "libc", Outcome::Hit, "", "", 1.0);
    assert_eq!(header_of(&unit), UnitRow::COLUMNS.join(","));
}

#[test]
fn what_was_not_measured_is_an_empty_field() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
    let mut row = step(1, "bat", "fill", "none", 0.1 + 0.2);
    row.noop_compiled = Some(0);
    row.store_intact = Some(true);
    writer.append(&row, &[]).unwrap();
    let text = fs::read_to_string(dir.path().join(STEPS_FILE)).unwrap();
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "r1,1,1,quick,bat,gauntlet,fill,none,,,,,rustc 1.95.0,dev,ok,0.3,,,,,,0.3,,50,,,50,,,,48,,,,,,,,,,,,,\
         94371840,104857600,,,0,true,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
    );
    let back = RunFolder::read(dir.path()).unwrap();
    assert_eq!(back.steps[0].user_s, None);
    assert_eq!(back.steps[0].noop_compiled, Some(0));
    assert_eq!(back.steps[0].store_intact, Some(true));
}

prop_compose! {
    fn any_text()(text in r#"[a-z ,"'\n\r;äß日🦀\t]{0,12}"#) -> String { text }
}
prop_compose! {
    fn any_step()(
        text in prop::collection::vec(any_text(), 5),
        key in proptest::option::of("[a-z,\"\n]{1,8}"),
        micros in proptest::option::of(0u64..10_000_000_000),
        count in proptest::option::of(any::<u64>()),
        intact in proptest::option::of(any::<bool>()),
        status in prop::sample::select(vec![Status::Ok, Status::Failed, Status::Unsupported, Status::Invalid]),
    ) -> StepRow {
        let [workspace, name, strategy, note, variant] = <[String; 5]>::try_from(text).unwrap();
        StepRow {
            run: "r1".into(), round: 1, workspace, step: name, strategy, note, key, status,
            wall_s: micros.map(|micros| micros as f64 / 1e6),
            foreign_cpu_s: micros.map(|micros| micros as f64 / 1e6),
            hit_rate: micros.map(|micros| (micros % 1_000_001) as f64 / 1e6),
            units: count, noop_compiled: count, store_intact: intact, variant, builds: count,
            shadow_same: count, shadow_differs: count, nondeterministic: count, promised_bytes: count,
            marginal_physical_bytes: count.map(|count| count as i64),
            ..StepRow::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_with_any_names_come_back_as_they_went_in(
        rows in prop::collection::vec(any_step(), 1..6), package in any_text(), because in any_text()
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
        let (mut steps, mut units) = (Vec::new(), Vec::new());
        for (round, mut row) in (1..).zip(rows) {
            row.round = round;
            let unit = unit(&row, &package, Outcome::Refused, "build-script", &because, 0.5);
            writer.append(&row, std::slice::from_ref(&unit)).unwrap();
            steps.push(row);
            units.push(unit);
        }
        let back = RunFolder::read(dir.path()).unwrap();
        prop_assert_eq!(&back.steps, &steps);
        prop_assert_eq!(&back.units, &units);
        drop(writer);
        let again = RunWriter::open_for_append(dir.path()).unwrap();
        prop_assert!(steps.iter().all(|row| again.contains(&StepKey::of_step(row))));
        prop_assert_eq!(again.steps_recorded(), steps.len());
    }
}

/// Three steps whose texts make cutting hard: line feeds, quotes, both.
fn recorded_steps() -> Vec<(StepRow, Vec<UnitRow>)> {
    ["a,b", "c\"\nd", "\"\""]
        .iter()
        .map(|name| {
            let mut row = step(1, name, "fill", "none", 1.5);
            row.note = format!("error:\n\"{name}\", again\n");
            let units = vec![
                unit(&row, "x\ny", Outcome::Miss, "never-seen", "", 1.0),
                unit(&row, "z", Outcome::Hit, "", "\"", 2.0),
            ];
            (row, units)
        })
        .collect()
}

fn record(writer: &mut RunWriter, steps: &[(StepRow, Vec<UnitRow>)]) {
    for (row, units) in steps {
        if !writer.contains(&StepKey::of_step(row)) {
            writer.append(row, units).unwrap();
        }
    }
}

fn tables(dir: &Path) -> (Vec<u8>, Vec<u8>) {
    (fs::read(dir.join(STEPS_FILE)).unwrap(), fs::read(dir.join(UNITS_FILE)).unwrap())
}

#[test]
fn a_kill_at_any_byte_loses_only_the_step_under_way() {
    let all = recorded_steps();
    let whole = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(whole.path(), RunInfo::new("r1")).unwrap();
    // The sizes of both tables after each step: a kill finds units.csv somewhere
    // between two of them and steps.csv still at the first, or the other way round.
    let mut sizes = vec![tables(whole.path())];
    for (row, units) in &all {
        writer.append(row, units).unwrap();
        sizes.push(tables(whole.path()));
    }
    let (steps, units) = sizes.last().unwrap().clone();
    for (done, pair) in sizes.windows(2).enumerate() {
        let [(steps_from, units_from), (steps_to, units_to)] = pair else { unreachable!() };
        let while_units = (units_from.len()..=units_to.len()).map(|at| (steps_from.len(), at));
        let while_step = (steps_from.len()..steps_to.len()).map(|at| (at, units_to.len()));
        for (steps_end, units_end) in while_units.chain(while_step) {
            let dir = tempfile::tempdir().unwrap();
            fs::copy(whole.path().join(RUN_FILE), dir.path().join(RUN_FILE)).unwrap();
            fs::write(dir.path().join(STEPS_FILE), &steps[..steps_end]).unwrap();
            fs::write(dir.path().join(UNITS_FILE), &units[..units_end]).unwrap();
            let read = RunFolder::read(dir.path()).unwrap();
            assert_eq!(read.steps.len(), done);
            assert_eq!(read.units.len(), 2 * done);
            let mut writer = RunWriter::open_for_append(dir.path()).unwrap();
            assert_eq!(writer.steps_recorded(), done);
            record(&mut writer, &all);
            assert_eq!(tables(dir.path()), (steps.clone(), units.clone()), "cut at {steps_end}, {units_end}");
        }
    }
}

#[test]
fn reading_says_what_it_left_out() {
    let dir = tempfile::tempdir().unwrap();
    record(&mut RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap(), &recorded_steps());
    let (steps, _) = tables(dir.path());
    fs::write(dir.path().join(STEPS_FILE), &steps[..steps.len() - 3]).unwrap();
    let read = RunFolder::read(dir.path()).unwrap();
    assert_eq!(read.cut.units, 2);
    assert!(read.cut.bytes > 50);
}

#[test]
fn a_step_is_recorded_once_and_with_its_own_units() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
    let row = step(1, "bat", "fill", "none", 1.0);
    writer.append(&row, &[]).unwrap();
    assert!(writer.append(&row, &[]).unwrap_err().to_string().contains("twice"));
    let other = step(2, "bat", "fill", "none", 1.0);
    let strange = unit(&row, "libc", Outcome::Hit, "", "", 1.0);
    let error = writer.append(&other, &[strange]).unwrap_err().to_string();
    assert!(error.contains("belongs to round 1"), "{error}");
    assert_eq!(RunFolder::read(dir.path()).unwrap().steps.len(), 1);
}

#[test]
fn one_writer_at_a_time_and_no_overwriting() {
    let dir = tempfile::tempdir().unwrap();
    let writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
    let busy = RunWriter::open_for_append(dir.path()).unwrap_err().to_string();
    assert!(busy.contains("another harness"), "{busy}");
    drop(writer);
    let exists = RunWriter::create(dir.path(), RunInfo::new("r2")).unwrap_err().to_string();
    assert!(exists.contains("already holds a run"), "{exists}");
}

#[test]
fn finish_marks_the_run_and_keeps_unknown_fields() {
    let dir = tempfile::tempdir().unwrap();
    let mut info = RunInfo::new("r1");
    info.seed = u64::MAX;
    let writer = RunWriter::create(dir.path(), info).unwrap();
    drop(writer);
    let path = dir.path().join(RUN_FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen('{', "{\"weather\": \"rain\",", 1)).unwrap();
    RunWriter::open_for_append(dir.path()).unwrap().finish().unwrap();
    let read = RunFolder::read(dir.path()).unwrap();
    assert!(read.info.complete);
    assert_eq!(read.info.seed, u64::MAX);
    assert_eq!(read.info.other["weather"], "rain");
}

#[test]
fn an_older_writer_may_lack_fields_and_a_newer_one_may_append_columns() {
    let dir = tempfile::tempdir().unwrap();
    record(&mut RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap(), &recorded_steps()[..1]);
    fs::write(dir.path().join(RUN_FILE), r#"{"schema_version": 1, "name": "old"}"#).unwrap();
    let path = dir.path().join(UNITS_FILE);
    let row = step(1, "a,b", "fill", "none", 1.5);
    let of_unit = "r1,1,\"a,b\",gauntlet,fill,none,p,1,registry,p,lib,build,,hit,,,1,2";
    let designed = UnitRow::COLUMNS[..UnitRow::DESIGNED].join(",");
    fs::write(&path, format!("{designed}\n{of_unit}\n")).unwrap();
    assert_eq!(RunFolder::read(dir.path()).unwrap().units[0].same_exports, None);
    fs::write(&path, format!("{},extra\n{of_unit},true,new\n", UnitRow::COLUMNS.join(","))).unwrap();
    let read = RunFolder::read(dir.path()).unwrap();
    assert_eq!(read.units[0].same_exports, Some(true));
    assert_eq!(read.info.name, "old");
    assert_eq!(read.units.len(), 1);
    assert_eq!(read.steps[0].workspace, row.workspace);
    let error = RunWriter::open_for_append(dir.path()).unwrap_err().to_string();
    assert!(error.contains("start a new run"), "{error}");
}

/// A file for every number of appended columns: what a harness of that day wrote.
#[test]
fn appended_columns_that_an_older_file_lacks_read_as_not_measured() {
    let dir = tempfile::tempdir().unwrap();
    let mut row = step(1, "bat", "clean", "none", 1.5);
    row.noop_s = Some(0.25);
    row.marginal_physical_bytes = Some(-4096);
    (row.shadow_same, row.shadow_differs, row.nondeterministic) = (Some(7), Some(0), Some(2));
    (row.builds, row.promised_bytes, row.variant) = (Some(1), Some(8192), "release".into());
    record(&mut RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap(), &[(row.clone(), vec![])]);
    let path = dir.path().join(STEPS_FILE);
    let whole = fs::read_to_string(&path).unwrap();
    for known in StepRow::DESIGNED..=StepRow::COLUMNS.len() {
        let cut = |line: &str| line.split(',').take(known).collect::<Vec<_>>().join(",") + "\n";
        fs::write(&path, whole.lines().map(cut).collect::<String>()).unwrap();
        let read = RunFolder::read(dir.path()).unwrap().steps.remove(0);
        let column = |name: &str| StepRow::COLUMNS.iter().position(|it| *it == name).unwrap() < known;
        let expected = StepRow {
            noop_s: row.noop_s.filter(|_| column("noop_s")),
            marginal_physical_bytes: row.marginal_physical_bytes.filter(|_| column("marginal_physical_bytes")),
            shadow_same: row.shadow_same.filter(|_| column("shadow_same")),
            shadow_differs: row.shadow_differs.filter(|_| column("shadow_differs")),
            nondeterministic: row.nondeterministic.filter(|_| column("nondeterministic")),
            builds: row.builds.filter(|_| column("builds")),
            promised_bytes: row.promised_bytes.filter(|_| column("promised_bytes")),
            variant: if column("variant") { row.variant.clone() } else { String::new() },
            ..row.clone()
        };
        assert_eq!(read, expected, "{known} columns");
    }
    let cut = |line: &str| line.split(',').take(StepRow::DESIGNED - 1).collect::<Vec<_>>().join(",") + "\n";
    fs::write(&path, whole.lines().map(cut).collect::<String>()).unwrap();
    let error = RunFolder::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("no column `note`"), "{error}");
}

#[test]
fn what_is_no_run_gets_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let mut seen = Vec::new();
    let mut read = |what: &str| {
        let error = RunFolder::read(path).unwrap_err().to_string();
        let append = RunWriter::open_for_append(path).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        seen.push(format!("{what}: {} | {}", tidy(&error, path), tidy(&append, path)));
    };
    read("empty");
    fs::write(path.join("notes.txt"), "hello").unwrap();
    read("foreign");
    fs::write(path.join(RUN_FILE), "hello").unwrap();
    read("no json");
    fs::write(path.join(RUN_FILE), "{\"name\": \"x\"}").unwrap();
    read("no version");
    fs::write(path.join(RUN_FILE), "{\"schema_version\": 2, \"weather\": []}").unwrap();
    read("newer");
    fs::write(path.join(RUN_FILE), "{\"schema_version\": 1}").unwrap();
    read("no name");
    fs::write(path.join(RUN_FILE), "{\"schema_version\": 1, \"name\": \"x\"}").unwrap();
    read("no tables");
    fs::write(path.join(STEPS_FILE), "a,b\n1,2\n").unwrap();
    fs::write(path.join(UNITS_FILE), "").unwrap();
    read("foreign table");
    insta::assert_snapshot!(seen.join("\n"));
    let error = RunFolder::read(&path.join("nowhere")).unwrap_err().to_string();
    assert!(error.contains("there is no such folder"), "{error}");
    let error = RunFolder::read(&path.join("notes.txt")).unwrap_err().to_string();
    assert!(error.contains("cannot read") || error.contains("no folder"), "{error}");
}

fn tidy(error: &str, dir: &Path) -> String {
    error.replace(&dir.display().to_string(), "DIR")
}

#[test]
fn a_damaged_row_is_named_by_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    record(&mut RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap(), &recorded_steps());
    let path = dir.path().join(UNITS_FILE);
    for (from, to, said) in [
        (",miss,", ",perhaps,", "unknown variant"),
        ("registry", "registry,surplus", "20 fields instead of 19"),
        (",1048576", ",many", "invalid digit"),
        (",1,1048576", ",NaN,1048576", "no measurement"),
    ] {
        let (_, good) = tables(dir.path());
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let error = RunFolder::read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("units.csv line 2: ") && error.contains(said), "{error}");
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn what_cannot_have_been_measured_is_refused_with_its_line() {
    let refused = |change: &dyn Fn(&mut Vec<StepRow>)| {
        let dir = tempfile::tempdir().unwrap();
        let mut rows: Vec<StepRow> = (1..=3).map(|round| step(round, "a\nb", "fill", "none", 1.0)).collect();
        let mut writer = RunWriter::create(dir.path(), RunInfo::new("r1")).unwrap();
        writer.append(&rows[0], &[]).unwrap();
        drop(writer);
        change(&mut rows);
        let mut table = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| table.serialize(row).unwrap());
        fs::write(dir.path().join(STEPS_FILE), table.into_inner().unwrap()).unwrap();
        let said = RunFolder::read(dir.path()).unwrap_err().to_string();
        said.split_once(STEPS_FILE).unwrap().1.to_owned()
    };
    assert_eq!(
        refused(&|rows| rows[2].round = 1),
        " line 6: round 1, gauntlet/fill of a\nb with none is there twice; restore the file or delete that row"
    );
    let negative = refused(&|rows| rows[1].wall_s = Some(-1.0));
    assert_eq!(negative, " line 4: wall_s is below 0 s; restore the file or delete that row");
    assert!(refused(&|rows| rows[0].hit_rate = Some(5.0)).contains("line 2: hit_rate is not between 0 and 1"));
}
