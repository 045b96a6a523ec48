//! What is printed when nothing is built: lists, explanations, the dry run.

use crate::support::{CommandOutput, TestDir};

fn say(place: &TestDir, args: &[&str]) -> String {
    let said: CommandOutput = place.run(args);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{args:?}");
    said.stdout
}

#[test]
fn lists_and_explanations() {
    let place = TestDir::new();
    insta::assert_snapshot!("corpus_list", say(&place, &["corpus", "list"]));
    insta::assert_snapshot!("corpus_show", say(&place, &["corpus", "show", "quick"]));
    // Where there is no tar, the list says so.
    let listed = say(&place, &["strategies", "list"])
        .replace("external: tar is not on PATH; install it", "external, nothing to install");
    insta::assert_snapshot!("strategies_list", listed);
    insta::assert_snapshot!("strategies_show_none", say(&place, &["strategies", "show", "none"]));
    insta::assert_snapshot!("strategies_show", say(&place, &["strategies", "show", "in-place+conservative@dirs"]));
    insta::assert_snapshot!("scenario_list", say(&place, &["scenario", "list"]));
    insta::assert_snapshot!("scenario_show_gauntlet", say(&place, &["scenario", "show", "gauntlet"]));
    insta::assert_snapshot!("scenario_show_contention", say(&place, &["scenario", "show", "contention"]));
    assert!(!place.at("cache").exists(), "nothing of this needs a work directory");
}

#[test]
fn a_dry_run_runs_nothing_and_leaves_nothing() {
    let place = TestDir::with("dry", &["gamma"]);
    let more = ["--dry-run", "--strategies", "none,hardlink+*", "--seed", "7", "--rounds", "2"];
    // Without programs on PATH nothing could be run.
    let mut command = place.harness();
    command.args(place.compare_args("dry", &more)).env("PATH", "/nonexistent");
    let said = CommandOutput::of(command.output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let shown = said.stdout.replace(&place.arg("work"), "<work>");
    insta::assert_snapshot!("dry_run", shown);
    for left in ["work", "out", "cache"] {
        assert!(!place.at(left).exists(), "{left}");
    }
}

#[test]
fn a_corpus_is_shown_and_checked() {
    let place = TestDir::with("mine", &["gamma"]);
    let corpus = place.arg("mine.toml");
    let hide = |text: String| text.replace(&place.arg(""), "<place>/");
    insta::assert_snapshot!("corpus_show_of_a_path", hide(say(&place, &["corpus", "show", &corpus])));
    let work = place.arg("work");
    insta::assert_snapshot!("corpus_check", hide(say(&place, &["corpus", "check", &corpus, "--work-dir", &work])));

    // A file that cannot be edited is found before anything is built.
    place.corpus("wrong", &["gamma"]);
    place.replace("wrong.toml", "src/main.rs", "src/nothing.rs");
    let corpus = place.arg("wrong.toml");
    let said = place.run(&["corpus", "check", &corpus, "--work-dir", &work]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    insta::assert_snapshot!("corpus_check_wrong", hide(said.stdout));
}
