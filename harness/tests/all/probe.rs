//! `harness probe` as a user runs it: what it finds, what it leaves behind, what it refuses.

use std::fs;

use crate::support::{CommandOutput, TestDir};
use reports::probes::{ProbeRow, ProbeRun, ProbeVerdict};

/// Runs probes in this directory.
fn probe(place: &TestDir, args: &[&str]) -> CommandOutput {
    let (work, out) = (place.at("work"), place.at("out"));
    let mut command = place.harness();
    command.arg("probe").arg("--work-dir").arg(work).arg("--out").arg(out).args(args);
    CommandOutput::of(command.output().unwrap())
}

fn found(place: &TestDir) -> ProbeRun {
    reports::probes::read(&place.run_folder()).unwrap()
}

fn verdict(run: &ProbeRun, probe: &str, strategy: &str) -> ProbeRow {
    let is = |row: &&ProbeRow| row.probe == probe && row.strategy == strategy;
    run.rows.iter().find(is).unwrap_or_else(|| panic!("no row {probe} {strategy}")).clone()
}

/// One strategy that is wrong on purpose for each family, and a probe that catches it.
const CAUGHT: &[(&str, &str)] = &[
    ("same-version-two-checkouts", "broken:narrow-key"),
    ("env-changed", "broken:narrow-key"),
    ("no-op-after-restore", "broken:old-fingerprints"),
    ("restore-leaves-others-fresh", "broken:shared-fingerprints"),
    ("two-cold-builds-mixed", "broken:no-content"),
    #[cfg(feature = "remote")]
    ("remote-two-producers", "broken:no-content"),
    ("dependent-evicted", "broken:keeps-outdated"),
    ("blobs-truncated", "broken:trusting"),
    ("collected-while-cargo-compiles", "broken:no-lock"),
];

#[test]
fn each_family_catches_a_strategy_that_is_wrong_on_purpose() {
    let place = TestDir::new();
    let mut broken: Vec<&str> = CAUGHT.iter().map(|(_, broken)| *broken).collect();
    broken.dedup();
    let mut said = None;
    // Each with the probes that catch it, and no others: they take long.
    for broken in broken {
        let _ = fs::remove_dir_all(place.at("out"));
        let probes: Vec<&str> = CAUGHT.iter().filter(|(_, it)| *it == broken).map(|(probe, _)| *probe).collect();
        let strategies = format!("hardlink+aggressive,{broken}");
        // Without --require a failure is a finding.
        said = Some(probe(&place, &["--probes", &probes.join(","), "--strategies", &strategies]).done());
        let run = found(&place);
        for probe in probes {
            let row = verdict(&run, probe, broken);
            assert_eq!(row.verdict, ProbeVerdict::Fail, "{probe} does not catch {broken}: {}", row.detail);
            assert!(!row.detail.is_empty() && row.detail.lines().count() == 1, "{}", row.detail);
            let ours = verdict(&run, probe, "hardlink+aggressive");
            assert_eq!(ours.verdict, ProbeVerdict::Pass, "{probe}: {}", ours.detail);
            let script = place.run_folder().join("scripts").join(format!("{probe}.sh"));
            assert!(fs::read_to_string(script).unwrap().contains("cargo build"), "{probe}");
        }
    }
    let said = said.unwrap();
    assert!(said.stdout.contains("by hand: harness probe --script"), "{}", said.stdout);
    assert!(!place.at("work/probes").exists(), "directories are removed");
}

#[test]
fn a_remote_that_does_wrong_is_survived_where_there_is_grpc() {
    let place = TestDir::new();
    let mut probes = vec!["remote-hangs-at-stream"];
    if cfg!(feature = "remote") {
        probes.extend(["remote-left-alone", "remote-untrusted-producer", "remote-path-leaves-its-unit"]);
        probes.extend(["remote-dies-in-a-blob", "remote-batches-flipped", "remote-fails-after-metadata"]);
    }
    probe(&place, &["--probes", &probes.join(","), "--strategies", "hardlink+aggressive"]).done();
    let run = found(&place);
    for probe in probes {
        let row = verdict(&run, probe, "hardlink+aggressive");
        if cfg!(feature = "remote") {
            assert_eq!(row.verdict, ProbeVerdict::Pass, "{probe}: {}", row.detail);
        } else {
            assert_eq!(row.verdict, ProbeVerdict::NotApplicable, "{probe}: {}", row.detail);
            assert!(row.detail.contains("--features remote"), "{}", row.detail);
        }
    }
}

#[test]
fn a_required_probe_that_fails_decides_the_exit_code() {
    let place = TestDir::new();
    let args = ["--probes", "same-version-two-checkouts", "--require", "stale"];
    probe(&place, &args).refused("--probes leaves out");
    let required = ["--probes", "same-version-two-checkouts", "--require", "same-version-two-checkouts"];
    let broken = probe(&place, &[&required[..], &["--strategies", "broken:narrow-key", "--keep"]].concat());
    assert_eq!(broken.code, Some(1), "{}", broken.stderr);
    let kept = place.at("work/probes/same-version-two-checkouts/broken-narrow-key");
    assert!(kept.join("store").is_dir() && kept.join("by-hand.sh").is_file(), "--keep keeps");
    fs::remove_dir_all(place.at("out")).unwrap();
    probe(&place, &[&required[..], &["--strategies", "copy+aggressive"]].concat()).done();
    // The same rows in both files.
    let run = found(&place);
    let table = fs::read_to_string(place.run_folder().join("probes.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + run.rows.len());
    assert_eq!(table.lines().next().unwrap(), ProbeRow::COLUMNS.join(","));
    assert_eq!(run.info.strategies, ["copy+aggressive"]);
    assert!(run.info.toolchain.rustc.starts_with("rustc "));
}

#[test]
fn the_steps_of_a_probe_are_a_script_that_runs_by_itself() {
    let place = TestDir::new();
    let said = probe(&place, &["--script", "same-version-two-checkouts", "--strategies", "none"]).done();
    let dir = place.at("by-hand");
    fs::create_dir(&dir).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &said.stdout]).current_dir(&dir).env("CARGO_HOME", place.at("home"));
    let ran = CommandOutput::of(shell.output().unwrap());
    assert_eq!(ran.code, Some(0), "{}\n{}", said.stdout, ran.stderr);
    let printed: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with("must print")).collect();
    let expected: Vec<&str> = ran.stdout.lines().filter_map(|line| line.strip_prefix("must print: ")).collect();
    assert!(!expected.is_empty());
    assert_eq!(printed, expected);
}

#[test]
fn what_there_is_can_be_listed_and_what_is_not_is_refused() {
    let place = TestDir::new();
    let listed = probe(&place, &["--list"]);
    assert_eq!(listed.code, Some(0));
    for family in ["stale", "freshness", "identity", "isolation", "faults", "races", "remote", "cost"] {
        assert!(listed.stdout.contains(&format!("{family}: ")), "{family}");
    }
    assert!(listed.stdout.contains("https://github.com/rust-lang/cargo/issues/"));
    let dry = probe(&place, &["--dry-run"]);
    assert_eq!(dry.code, Some(0));
    assert!(!place.at("work").exists() && !place.at("out").exists(), "nothing is touched");
    probe(&place, &["--probes", "same-version-two-checkout"]).refused("nearest: same-version-two-checkouts");
    probe(&place, &["--strategies", "nope"]).refused("unknown strategy");
    probe(&place, &["--script", "stale"]).refused("one probe");
    probe(&place, &["--story", "stale"]).refused("one probe");
    place.run(&["compare", "--strategies", "broken:trusting"]).refused("wrong on purpose");
}

#[test]
fn a_probe_that_cannot_be_run_is_an_error_and_one_that_applies_to_nobody_a_warning() {
    let place = TestDir::new();
    let store = "n".repeat(300);
    let text = format!("name = \"odd\"\nabout = \"Its store cannot be made.\"\nstore.path = \"{{store}}/{store}\"\n");
    place.write("odd.toml", &text);
    let args = ["--probes", "store-deleted-during-a-build", "--strategy-file", "odd.toml"];
    let odd = probe(&place, &[&args[..], &["--strategies", "odd"]].concat());
    assert_eq!(odd.code, Some(1), "{}", odd.stderr);
    assert!(odd.stderr.contains("1 probes could not be run"), "{}", odd.stderr);
    let row = verdict(&found(&place), "store-deleted-during-a-build", "odd");
    assert_eq!(row.verdict, ProbeVerdict::Error, "{}", row.detail);
    assert!(odd.stdout.contains("ERR") && odd.stdout.contains("the harness could not run it"), "{}", odd.stdout);
    let required = ["--probes", "store-deleted-during-a-build", "--require", "store-deleted-during-a-build"];
    fs::remove_dir_all(place.at("out")).unwrap();
    let nobody = probe(&place, &[&required[..], &["--strategies", "none"]].concat()).done();
    assert!(nobody.stderr.contains("is required, but n/a for every strategy"), "{}", nobody.stderr);
}

#[test]
fn a_daemon_that_does_not_start_makes_a_probe_not_applicable() {
    let place = TestDir::new();
    let text =
        "name = \"mute\"\nabout = \"Its daemon ends at once.\"\n[daemon]\nstart = [\"false\"]\nready = [\"false\"]\n";
    place.write("mute.toml", text);
    let args = ["--probes", "same-version-two-checkouts", "--strategies", "mute", "--strategy-file", "mute.toml"];
    probe(&place, &args).done();
    let row = verdict(&found(&place), "same-version-two-checkouts", "mute");
    assert_eq!((row.verdict, row.attempts), (ProbeVerdict::NotApplicable, 1), "{}", row.detail);
    assert!(row.detail.contains("the daemon of mute did not start"), "{}", row.detail);
}

/// Three seconds a history. A minute of them with a fixed seed, and a strategy that they have to catch.
#[test]
fn random_histories_print_what_plain_cargo_prints() {
    let place = TestDir::new();
    // Plain Cargo, too: what is expected follows from words, and must be what Cargo makes of them.
    let ours = "none,copy+conservative,copy+non-local,hardlink+aggressive,symlink+aggressive,in-place+aggressive";
    probe(&place, &["--histories", "3", "--seed", "5000", "--strategies", ours]).done();
    let run = found(&place);
    assert_eq!(run.rows.len(), 6);
    for row in run.rows {
        assert_eq!(row.verdict, ProbeVerdict::Pass, "{}: {}", row.strategy, row.detail);
        assert!(row.detail.starts_with("3 histories") && row.detail.contains(" 3 pass"), "{}", row.detail);
    }
    fs::remove_dir_all(place.at("out")).unwrap();
    probe(&place, &["--histories", "2", "--seed", "1", "--strategies", "broken:narrow-key"]).done();
    let row = verdict(&found(&place), "random-histories", "broken:narrow-key");
    assert_eq!(row.verdict, ProbeVerdict::Fail, "{}", row.detail);
    // Shrunk: one part, and hardly more than two checkouts, an edit and two builds.
    let script = fs::read_to_string(place.run_folder().join("scripts/history-1-broken-narrow-key.sh")).unwrap();
    assert!(script.matches("cargo build").count() <= 3, "{script}");
}
