//! `ci/nightly` on a small corpus: a first night, one with a slowed strategy, and mistakes.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions; the helpers here are theirs")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use support::{CommandOutput, TestDir};

/// Plain Cargo behind a command that takes as long as a parameter says.
const MINE: &str = r#"
name = "mine"
about = "Plain Cargo, after a while."
caches = "nothing"
parameters = { pause = "0" }
before = [["sleep", "{pause}"]]
"#;

/// One test at a time: rows that something else disturbs do not count.
static ALONE: Mutex<()> = Mutex::new(());

/// A night on the corpus of this place, with what comes after `--`.
fn night(place: &TestDir, out: &str, before: &[&str], after: &[&str]) -> CommandOutput {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/nightly");
    let mut command = Command::new("bash");
    command.arg(script).arg("--corpus").arg(place.at("small.toml")).arg("--out").arg(place.at(out));
    command.arg("--series").arg(place.at("series")).arg("--work-dir").arg(place.at("work"));
    command.args(["--probes", "none", "--trace", "none", "--rounds", "6", "--strategies", "none,mine"]);
    if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
        command.arg("--toolchain").arg(toolchain);
    }
    command.args(before).arg("--").arg("--strategy-file").arg(place.at("mine.toml"));
    // One step, so that few rounds are enough.
    command.args(["--scenario", "cold"]).args(after);
    command
        .env("HARNESS", env!("CARGO_BIN_EXE_harness"))
        .env("CARGO_HOME", place.at("home"))
        .env("XDG_CACHE_HOME", place.at("cache"))
        .env("GITHUB_STEP_SUMMARY", place.at("job-summary.md"));
    CommandOutput::of(command.output().unwrap())
}

#[test]
fn a_slowed_strategy_is_reported_and_nothing_else() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let place = TestDir::with("small", &["eight"]);
    place.write("mine.toml", MINE);

    let first = night(&place, "one", &[], &[]);
    assert_eq!(first.code, Some(0), "{}\n{}", first.stdout, first.stderr);
    assert!(first.stdout.contains("The first night of its line"), "{}", first.stdout);
    assert!(place.at("one/report/report.html").is_file());

    // A change counts when two nights running have it.
    let slow = ["--set", "mine.pause=1.5"];
    let suspected = night(&place, "two", &[], &slow);
    assert_eq!(suspected.code, Some(0), "{}\n{}", suspected.stdout, suspected.stderr);
    let summary = fs::read_to_string(place.at("two/summary.md")).unwrap();
    assert!(summary.contains("mine got slower in cold: +"), "{summary}");
    let slowed = night(&place, "three", &[], &slow);
    assert_eq!(slowed.code, Some(1), "{}\n{}", slowed.stdout, slowed.stderr);
    let named: Vec<&str> = slowed.stderr.lines().filter(|line| line.starts_with("regression: ")).collect();
    assert!(matches!(named[..], [one] if one.starts_with("regression: mine got slower in cold: +")), "{named:?}");
    let summary = fs::read_to_string(place.at("three/summary.md")).unwrap();
    assert!(summary.contains("1 regression") && summary.contains("slower again"), "{summary}");
    let job = fs::read_to_string(place.at("job-summary.md")).unwrap();
    assert!(job.contains("The first night of its line") && job.ends_with(&summary), "each night, in turn");

    let again = night(&place, "two", &[], &[]);
    assert_eq!(again.code, Some(2), "a night is not overwritten: {}", again.stderr);
}

#[test]
fn a_night_that_cannot_be_run_is_no_regression() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let place = TestDir::new();
    place.write("mine.toml", MINE);
    let said = night(&place, "one", &[], &[]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("The comparison was not finished (exit code 2)"), "{}", said.stderr);
    let summary = fs::read_to_string(place.at("one/summary.md")).unwrap();
    assert!(summary.contains("could not be run") && summary.contains("small.toml"), "{summary}");
    let said = night(&place, "two", &["--bugdet", "3m"], &[]);
    assert!(said.stderr.contains("unknown option --bugdet"), "{}", said.stderr);
}
