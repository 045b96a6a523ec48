//! Ctrl-C: nothing of ours keeps running, and `--resume` completes the run. Kills at any moment are in `killed.rs`.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::processes::{self, at_work, kill, signal, wait_for};
use crate::support::{CommandOutput, RecordedRun, TestDir, only};
use exec::interrupt::GRACE;
use records::{StepKey, StepRow};
use rustix::process::Signal;

fn place() -> TestDir {
    TestDir::with("cut", &["gamma", "gated"])
}

const STRATEGIES: [&str; 3] = ["none", "hardlink+aggressive", "copy+non-local@dirs"];

fn start(place: &TestDir) -> Child {
    processes::start(place, "cut", &["--seed", "3", "--strategies", &STRATEGIES.join(",")])
}

/// Every measurement once, each sound, none of it half recorded.
fn check_whole(run: &RecordedRun) {
    assert!(run.folder.info.complete);
    assert_eq!((run.folder.cut.bytes, run.folder.cut.units), (0, 0));
    let mut expected = BTreeSet::new();
    for strategy in STRATEGIES {
        for step in ["fill", "warm", "edit"] {
            expected.extend(["gamma", "gated"].map(|workspace| format!("{strategy} {step} {workspace}")));
        }
    }
    let rows: Vec<String> =
        run.steps().iter().map(|row| format!("{} {} {}", row.strategy, row.step, row.workspace)).collect();
    assert_eq!(rows.len(), expected.len(), "no row twice: {rows:?}");
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected);
    run.all_ok();
    for row in run.steps() {
        let units = run.units(&row.strategy, &row.step, &row.workspace);
        assert_eq!(row.units, Some(units.len() as u64), "{} {} {}", row.strategy, row.step, row.workspace);
        assert!(!matches!(row.stale, Some(1..)) && row.store_intact != Some(false));
    }
}

fn keys(rows: &[StepRow]) -> Vec<StepKey> {
    rows.iter().map(StepKey::of_step).collect()
}

#[test]
fn ctrl_c_leaves_nothing_running_and_a_run_to_resume() {
    for which in [Signal::INT, Signal::TERM] {
        let place = place();
        let child = start(&place);
        wait_for("a build", Duration::from_secs(60), || place.at("started").exists());
        let began = Instant::now();
        signal(&child, which);
        let said = CommandOutput::of(child.wait_with_output().unwrap());
        // At SIGTERM, without waiting for SIGKILL.
        assert!(began.elapsed() < GRACE, "{:?}", began.elapsed());
        assert_eq!(said.code, Some(130), "{}", said.stderr);
        let dir = place.run_folder();
        let hint = format!("harness compare --resume {}", dir.display());
        assert_eq!(said.stderr.lines().filter(|line| line.contains(&hint)).count(), 1, "{}", said.stderr);
        wait_for("the end of every process", Duration::from_secs(5), || at_work(&place).is_empty());
        // What was recorded before is kept, and the build that was cut off is no row.
        let before = RecordedRun::read(&dir);
        assert!(!before.folder.info.complete);
        assert_eq!(before.steps().iter().filter(|row| row.workspace == "gated").count(), 0);

        place.write("go", "");
        CommandOutput::of(start(&place).wait_with_output().unwrap()).done();
        let after = RecordedRun::read(&dir);
        check_whole(&after);
        let kept = keys(before.steps());
        assert!(kept.iter().all(|key| keys(after.steps()).contains(key)), "{kept:?}");
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let place = TestDir::with("cut", &["gated"]);
    // A script that ignores SIGTERM.
    let stubborn =
        "std::process::Command::new(\"sh\").args([\"-c\", \"trap '' TERM INT; sleep 50\"]).status().unwrap();";
    place.replace("ws/gated/build.rs", "let began", &format!("{stubborn}\n    let began"));
    let child = start(&place);
    wait_for("a build", Duration::from_secs(60), || place.at("started").exists());
    let began = Instant::now();
    signal(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, Signal::INT);
    let said = CommandOutput::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    wait_for("the end of every process", Duration::from_secs(5), || at_work(&place).is_empty());
}

#[test]
fn what_ended_of_an_interrupted_probe_run_is_recorded() {
    let place = TestDir::new();
    let mut command = place.harness();
    command.args([
        "probe",
        "--histories",
        "50",
        "--seed",
        "5000",
        "--strategies",
        "hardlink+aggressive",
        "--jobs",
        "1",
    ]);
    command.args(["--work-dir", "work", "--out", "runs"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for("a second history", Duration::from_secs(120), || place.at("work/probes/history-5001-0").exists());
    signal(&child, Signal::INT);
    let said = CommandOutput::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    let run = reports::probes::read(&only(&place.at("runs"))).unwrap();
    assert!(!run.info.complete && run.rows[0].detail.starts_with("1 histories"), "{:?}", run.rows);
}

/// A harness that is gone leaves a lock file, which must not keep the next one out.
#[test]
fn the_lock_of_a_killed_run_is_no_lock() {
    let place = TestDir::with("cut", &["gated"]);
    let child = start(&place);
    wait_for("a build", Duration::from_secs(60), || place.at("started").exists());
    kill(child, &place);
    place.run(&["corpus", "check", "cut.toml", "--work-dir", "work"]).done();
}
