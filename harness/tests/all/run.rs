//! `harness run`: a workspace of the reader's under a strategy.

use std::process::Command;

use crate::support::{CommandOutput, TestDir};

fn run(place: &TestDir, more: &[&str]) -> CommandOutput {
    let mut command = place.harness();
    command.current_dir(place.at("ws/beta/src")).args(["run", "--strategy", "hardlink+aggressive"]);
    command.arg("--work-dir").arg(place.at("work")).arg("--build-dir").arg(place.at("built"));
    CommandOutput::of(command.args(more).output().unwrap())
}

#[test]
fn a_workspace_is_built_restored_and_explained_and_its_target_left_alone() {
    let place = TestDir::with("one", &["beta"]);
    // The lockfile of a member is nobody's.
    place.write("ws/beta/src/Cargo.lock", "version = 4\n");
    let printed = || String::from_utf8(Command::new(place.at("built/debug/beta")).output().unwrap().stdout).unwrap();

    let cold = run(&place, &[]).done().stdout;
    assert!(cold.contains(" miss (never-seen"), "{cold}");
    let first = printed();

    let warm = run(&place, &["--wipe", "--explain"]).done().stdout;
    assert!(warm.contains(", 0 compiled or run,") && warm.contains(" hit, "), "{warm}");
    assert_eq!(printed(), first);

    let noop = run(&place, &[]).done().stdout;
    assert!(noop.contains(", 0 compiled or run,") && !noop.contains(" miss"), "{noop}");

    place.replace("ws/beta/src/main.rs", "fn main() {", "fn main() { println!(\"edited\");");
    let edited = run(&place, &["--wipe", "--explain"]).done().stdout;
    assert!(edited.contains(" miss (content"), "{edited}");
    assert!(edited.lines().any(|line| line.trim_start().starts_with("beta")), "{edited}");
    assert!(printed().starts_with("edited"));

    assert!(!place.at("ws/beta/target").exists());
}

#[test]
fn what_cannot_be_run_is_said_in_one_line() {
    let place = TestDir::with("one", &["beta"]);
    run(&place, &["--", "publish"]).refused("write build, check or test");
    place.write("built/file", "somebody's");
    run(&place, &["--wipe"]).refused("was not made by `harness run`");
    assert!(place.at("built/file").exists());
}
