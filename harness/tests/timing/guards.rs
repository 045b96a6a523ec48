//! Guards with the real binary: what hangs is ended, what would fill the disk is stopped before
//! it does, a run that finds the machine short waits or stops; and `--resume` completes every run.

use std::fs::{self, File};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::processes::{at_work, signal, wait_for};
use crate::support::{CommandOutput, RecordedRun, TestDir, skip};
use records::Status;
use rustix::process::Signal;

/// A directory with one library that builds in no time.
fn quick() -> TestDir {
    TestDir::with("guarded", &["quick"])
}

fn compare(place: &TestDir, strategies: &str, more: &[&str]) -> CommandOutput {
    let fixed = ["--seed", "1", "--strategies", strategies];
    place.run(&place.compare_args("guarded", &[&fixed, more].concat()))
}

/// Stopped by a guard, in one line that says why, what to do and how to go on.
#[track_caller]
fn check_stopped(said: &CommandOutput, place: &TestDir, why: &[&str]) {
    assert_eq!(said.code, Some(3), "{}\n{}", said.stdout, said.stderr);
    let line = said.stderr.lines().last().unwrap_or_default();
    assert!(line.starts_with("stopped: "), "{}", said.stderr);
    let hint = format!("go on with: harness compare --resume {}", place.run_folder().display());
    for part in why.iter().chain(&[&*hint]) {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!place.at("work/arm").exists() && !place.at("work/parked").exists(), "arms are removed");
}

/// Complete, with this many rows, each sound and none twice.
#[track_caller]
fn check_complete(said: &CommandOutput, place: &TestDir, rows: usize) -> RecordedRun {
    assert_eq!(said.code, Some(0), "{}\n{}", said.stdout, said.stderr);
    let run = RecordedRun::read(&place.run_folder());
    assert!(run.folder.info.complete);
    let mut keys: Vec<_> = run.steps().iter().map(|row| (&row.strategy, &row.step, &row.workspace)).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((run.steps().len(), keys.len()), (rows, rows));
    run.all_ok();
    run
}

#[test]
fn a_step_that_hangs_is_ended_and_nothing_that_builds_on_it_is_measured() {
    let place = TestDir::with("guarded", &["quick", "gated"]);
    let began = Instant::now();
    compare(&place, "none,hardlink+aggressive", &["--step-timeout", "4s"]).done();
    assert!(began.elapsed() < Duration::from_secs(60), "the gate of this build closes after 120 s");
    wait_for("the end of every process", Duration::from_secs(5), || at_work(&place).is_empty());
    let run = RecordedRun::read(&place.run_folder());
    assert!(run.folder.info.complete);
    assert_eq!(run.folder.info.options["guards"]["step_timeout_s"], 4);
    assert_eq!(run.steps().len(), 12);
    for strategy in ["none", "hardlink+aggressive"] {
        let of = |step, workspace| run.step(strategy, step, workspace);
        assert_eq!(of("fill", "quick").status, Status::Ok, "{}", of("fill", "quick").note);
        let cut = of("fill", "gated");
        assert_eq!(cut.status, Status::Failed);
        assert!(cut.note.contains("limit of 4 s (--step-timeout)"), "{}", cut.note);
        assert_eq!(cut.wall_s, None);
        for step in ["warm", "edit"] {
            let row = of(step, "gated");
            assert_eq!(row.status, Status::Failed);
            assert!(row.note.starts_with("step fill") && row.note.contains("was cut off"), "{}", row.note);
            // Without a store the other workspace has nothing to do with it.
            let other = if strategy == "none" { Status::Ok } else { Status::Failed };
            assert_eq!(of(step, "quick").status, other, "{strategy} {step}: {}", of(step, "quick").note);
        }
    }
    // A row that ran into its limit is a record.
    place.write("go", "");
    assert_eq!(place.resume(&["--step-timeout", "0s"]).code, Some(0));
    assert_eq!(RecordedRun::read(&place.run_folder()).step("none", "fill", "gated").status, Status::Failed);
}

#[test]
fn a_machine_that_is_short_stops_a_run_before_anything_is_measured() {
    for (flag, what) in [("--memory-floor", "of memory available"), ("--disk-floor", "free in ")] {
        let place = quick();
        let said = compare(&place, "none", &[flag, "900TiB", "--guard-wait", "0s"]);
        check_stopped(&said, &place, &[what, &format!("900.0 TiB to be left ({flag})"), "the first step under none"]);
        assert_eq!(RecordedRun::read(&place.run_folder()).steps(), []);
        // The limits are those of the run until others are given.
        check_stopped(&place.resume(&[]), &place, &[what]);
        place.resume(&[flag, "0B", "--rounds", "2"]).refused("--rounds cannot be given with --resume");
        let run = check_complete(&place.resume(&[flag, "0B"]), &place, 3);
        let key = format!("{}_bytes", flag.trim_start_matches('-').replace('-', "_"));
        assert_eq!(run.folder.info.options["guards"][&key], 0);
        assert_eq!(run.folder.info.options["guards"]["wait_s"], 0);
    }
}

#[test]
fn others_who_work_stop_a_run_that_wants_them_quiet() {
    let place = quick();
    let done = Arc::new(AtomicBool::new(false));
    let cores = std::thread::available_parallelism().unwrap().get();
    let burner = |done: Arc<AtomicBool>| std::thread::spawn(move || while !done.load(Ordering::Relaxed) {});
    let burners: Vec<_> = (0..cores).map(|_| burner(Arc::clone(&done))).collect();
    let began = Instant::now();
    let said = compare(&place, "none", &["--max-load", "20%", "--guard-wait", "2s"]);
    let took = began.elapsed();
    // Who does not want it quiet gets what others did, and may have such rows thrown out.
    let mut disturbed = place.harness();
    disturbed.args(["compare", "--corpus", "guarded.toml", "--strategies", "none", "--scenario", "cold"]);
    disturbed.args(["--work-dir", "work", "--out", "disturbed", "--max-foreign-cpu", "1%"]);
    let disturbed = CommandOutput::of(disturbed.output().unwrap());
    done.store(true, Ordering::Relaxed);
    burners.into_iter().for_each(|burner| burner.join().unwrap());
    assert_eq!(disturbed.code, Some(1), "nothing sound was measured: {}", disturbed.stderr);
    let folder = fs::read_dir(place.at("disturbed")).unwrap().next().unwrap().unwrap().path();
    let row = &RecordedRun::read(&folder).folder.steps[0];
    assert_eq!(row.status, Status::Invalid);
    assert!(row.note.ends_with("1 % are allowed (--max-foreign-cpu)"), "{}", row.note);
    assert!(row.foreign_cpu_s > Some(0.0) && row.wall_s.is_some(), "{row:?}");
    check_stopped(&said, &place, &["others use ", "20 % are allowed (--max-load)", " for 2 seconds"]);
    assert!(said.stderr.contains("waits for up to 2 seconds (--guard-wait)"), "{}", said.stderr);
    assert!(took >= Duration::from_secs(2), "{took:?}");
    assert_eq!(RecordedRun::read(&place.run_folder()).steps(), []);
    let run = check_complete(&place.resume(&["--max-load", "100%"]), &place, 3);
    assert!(run.steps().iter().all(|row| row.foreign_cpu_s.is_some()), "of every build");
}

#[test]
fn ctrl_c_ends_a_wait_at_once() {
    let place = quick();
    let errors = place.at("errors");
    let mut command = place.harness();
    command.args(place.compare_args("guarded", &["--strategies", "none", "--memory-floor", "900TiB"]));
    let file = File::create(&errors).unwrap();
    let child = command.stdout(Stdio::null()).stderr(file).spawn().unwrap();
    let said = || fs::read_to_string(&errors).unwrap();
    wait_for("a wait", Duration::from_secs(60), || said().contains("waits for up to 5 minutes"));
    let began = Instant::now();
    signal(&child, Signal::INT);
    let output = child.wait_with_output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(output.status.code(), Some(130), "{}", said());
    assert!(said().lines().last().unwrap().starts_with("interrupted; go on with: "), "{}", said());
    check_complete(&place.resume(&["--memory-floor", "0B"]), &place, 3);
}

#[test]
fn a_step_that_fills_the_disk_is_ended_before_it_is_full_and_the_run_goes_on_with_more_room() {
    let probe = tempfile::tempdir().unwrap();
    if let Err(why) = exec::volume::Volume::create("tmpfs:1M".parse().unwrap(), probe.path()) {
        return skip("a disk that fills up", &why.to_string());
    }
    let place = TestDir::with("guarded", &["quick", "greedy"]);
    let guards = ["--disk-floor", "32MiB", "--guard-wait", "0s"];
    let said = compare(&place, "none,copy+aggressive", &[&["--volume", "tmpfs:96M"], &guards[..]].concat());
    check_stopped(&said, &place, &[" free in ", "32.0 MiB to be left (--disk-floor)", "of greedy", "is not recorded"]);
    assert!(!place.at("full").exists(), "it was ended before the disk was full");
    wait_for("the end of every process", Duration::from_secs(5), || at_work(&place).is_empty());
    let left = fs::read_dir(place.at("work")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with("volume")), "the volume is gone");
    let before = RecordedRun::read(&place.run_folder());
    assert!(!before.folder.info.complete);
    assert_eq!((before.folder.cut.bytes, before.folder.cut.units), (0, 0));
    let recorded: Vec<_> = before.steps().iter().map(|row| (&*row.step, &*row.workspace, row.status)).collect();
    assert_eq!(recorded, [("fill", "quick", Status::Ok); 2]);

    place.write("room", "");
    let after = check_complete(&place.resume(&[]), &place, 12);
    assert!(before.steps().iter().all(|row| after.steps().contains(row)), "what was recorded is kept");
}
