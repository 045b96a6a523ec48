//! `harness series`, driven as a user does: what it says, and with which exit code.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{CommandOutput, harness_command};
use records::run_folder::RunWriter;
use records::{RunInfo, Status, StepRow};

/// A run of one day; from the tenth on the cache is half as fast.
fn run(dir: &Path, day: u32, complete: bool) -> PathBuf {
    let folder = dir.join(format!("2026-11-{day:02}"));
    let _ = fs::remove_dir_all(&folder);
    let mut info = RunInfo::new(format!("2026-11-{day:02}-small"));
    info.started = format!("2026-11-{day:02}T02:00:00Z");
    info.complete = complete;
    info.corpus.name = "small".into();
    info.toolchain.rustc = format!("rustc 1.{}.0", if day < 10 { 97 } else { 98 });
    let mut writer = RunWriter::create(&folder, info.clone()).unwrap();
    let ratio = if day < 10 { 0.1 } else { 0.2 };
    for (strategy, ratio) in [("none", 1.0), ("hardlink+aggressive", ratio)] {
        let noise = 1.0 + f64::from(day * 7 % 11) / 1000.0;
        let row = StepRow {
            run: info.name.clone(),
            round: 1,
            workspace: "gamma".into(),
            scenario: "default".into(),
            step: "warm".into(),
            strategy: strategy.into(),
            status: Status::Ok,
            wall_s: Some(if strategy == "none" { 10.0 } else { 10.0 * ratio * noise }),
            ..StepRow::default()
        };
        writer.append(&row, &[]).unwrap();
    }
    folder
}

fn series(dir: &Path, args: &[&str]) -> CommandOutput {
    CommandOutput::of(harness_command().arg("series").args(args).arg("--series").arg(dir).output().unwrap())
}

#[test]
fn a_series_from_its_first_run_to_a_damaged_one() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("series");
    series(&dir, &["list"]).refused("`harness series add RUN` begins one");
    let early = place.path().join("early");
    series(&early, &["add", run(place.path(), 1, true).to_str().unwrap()]).done();
    let said = series(&early, &["show"]).done().stdout;
    assert!(said.contains("Too few runs") && !said.contains("No change"), "{said}");

    let runs: Vec<PathBuf> = (1..=20).map(|day| run(place.path(), day, true)).collect();
    let names: Vec<&str> = runs.iter().map(|run| run.to_str().unwrap()).collect();
    let said = series(&dir, &[&["add"], &names[..]].concat()).done().stdout;
    assert_eq!(said.matches("added 2026-11-").count(), 20, "{said}");
    assert!(series(&dir, &["add", names[3]]).done().stdout.contains("2026-11-04-small is in the series already"));
    series(&dir, &["add", run(place.path(), 28, false).to_str().unwrap()]).refused("is not complete");
    series(&dir, &["add", "no/such/run"]).refused("is not a run folder");

    let list = series(&dir, &["list", "--last", "2"]).done().stdout;
    assert!(list.contains("2026-11-20-small") && list.contains("2 of 20 runs in "), "{list}");
    let shown = series(&dir, &["show"]).done().stdout;
    assert!(shown.contains("+100") || shown.contains("+99.") || shown.contains("+10"), "{shown}");
    assert!(shown.contains("2026-11-10") && shown.contains("1.97.0 → 1.98.0"), "{shown}");
    let page = fs::read_to_string(dir.join("report/series.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("2026-11-10"));
    series(&dir, &["show", "wram"]).refused("neither a step nor part of a strategy");
    series(&dir, &["show", "warm", "hardlink", "--workspaces", "gamma", "--format", "csv,svg"]).done();

    // An index and a database of an earlier harness may lie beside it.
    fs::write(dir.join("index.json"), "no index").unwrap();
    fs::write(dir.join("series.sqlite"), "no database").unwrap();
    assert_eq!(series(&dir, &["show"]).done().stdout, shown);

    fs::write(dir.join("runs/2026-11-20-small/run.json"), "{").unwrap();
    let left = series(&dir, &["list"]).done();
    assert!(left.stdout.contains("19 of 19 runs in "));
    let note = left.stderr;
    assert!(note.starts_with("note: the run 2026-11-20-small of the series is left out: "), "{note}");
}
