//! A Cargo that keeps its store below CARGO_HOME, as prototypes do: a script in front of the real one.

use std::fs;

use crate::support::{CommandOutput, LISTED_ORDER, RecordedRun, TestDir, git, step};
use records::Status;
use walkdir::WalkDir;

/// Notes whose store it finds and where what was fetched really is, and stores a mebibyte a build.
const STAND_IN: &str = r#"#!/bin/sh
case "$*" in
build*--message-format*)
    store="$CARGO_HOME/build-cache"
    mkdir -p "$store"
    echo "$OWNER found: $(cat "$store/owner" 2>/dev/null); $(cd -P "$CARGO_HOME/git" && pwd)" >> @PLACE@/found
    echo "$OWNER" > "$store/owner"
    head -c 1048576 /dev/zero | tr '\0' x > "$store/$(wc -l < @PLACE@/found)"
    test -z "$PANICS" || { echo "thread 'main' panicked at src/cargo/restore.rs:7:9:" >&2; echo "no such entry" >&2; exit 101; } ;;
esac
exec "@CARGO@" "$@"
"#;

const FILE: &str = r#"
name = "@NAME@"
about = "A Cargo with a store of its own."
caches = "nothing"
env = { OWNER = "@NAME@", PANICS = "{panics}" }
parameters = { panics = "" }
store = { path = "{cargo-home}/build-cache" }
version = { command = ["{cargo}", "--version"] }
"#;

/// A workspace with a dependency that has to be fetched, and two strategies of the same Cargo.
fn place() -> TestDir {
    let place = TestDir::new();
    place.write("remote/fetched/Cargo.toml", "");
    place.write("remote/fetched/src/lib.rs", "pub fn seven() -> u32 { 7 }\n");
    let repository = place.at("remote/fetched");
    git(&repository, &["init", "--quiet"]);
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "-m", "one"]);
    let dependency = format!("[dependencies]\nfetched = {{ git = \"file://{}\" }}\n", repository.display());
    place.write("ws/fetches/Cargo.toml", &dependency);
    place.write("ws/fetches/src/main.rs", "fn main() { println!(\"{}\", fetched::seven()) }\n");
    let mut lock = std::process::Command::new(env!("CARGO"));
    lock.arg("generate-lockfile").current_dir(place.at("ws/fetches")).env("CARGO_HOME", place.at("home"));
    CommandOutput::of(lock.output().unwrap()).done();
    place.corpus("fetches", &["fetches"]);
    let cargo = std::path::Path::new(env!("CARGO")).canonicalize().unwrap();
    place.write("stand-in", &STAND_IN.replace("@CARGO@", &cargo.display().to_string()));
    fs::set_permissions(place.at("stand-in"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    ["one", "two"].iter().for_each(|name| place.write(&format!("{name}.toml"), &FILE.replace("@NAME@", name)));
    place
}

/// Compares the two with plain Cargo, and what each of their builds found: `OWNER found: WHOSE`.
fn compare(place: &TestDir, more: &[&str]) -> (RecordedRun, Vec<String>) {
    let _ = fs::remove_dir_all(place.at("out"));
    let _ = fs::remove_file(place.at("found"));
    let [one, two] = ["one", "two"].map(|name| format!("--set={name}.cargo={}", place.arg("stand-in")));
    let mut args = vec!["--strategies=none,one,two", "--strategy-file=one.toml", "--strategy-file=two.toml"];
    args.extend([one.as_str(), two.as_str(), "--seed", LISTED_ORDER]);
    place.run(&place.compare_args("fetches", &[&args, more].concat()));
    let fetched = ["work/cargo-home/git", "work/cargo-home-2/git"].map(|path| place.arg(path));
    let found = fs::read_to_string(place.at("found")).unwrap();
    let found = found.lines().map(|line| {
        let (found, at) = line.rsplit_once("; ").unwrap();
        assert!(fetched.iter().any(|it| it == at), "fetched once, for all: {at}");
        found.to_owned()
    });
    let found = found.collect();
    let left = WalkDir::new(place.at("work")).into_iter().flatten().map(|entry| entry.into_path());
    let left: Vec<_> = left.filter(|path| path.ends_with("build-cache") || path.ends_with("homes")).collect();
    assert!(left.is_empty(), "left where others find it: {left:?}");
    (RecordedRun::read(&place.run_folder()), found)
}

/// Each measured build, with the no-op build after it, which is a build as well.
fn finds(whose: &str, first: &str) -> [String; 2] {
    [format!("{whose} found: {first}"), format!("{whose} found: {whose}")]
}

#[test]
fn a_store_below_cargo_home_belongs_to_its_arm_and_is_measured_and_emptied() {
    let place = place();
    let wiped = |name| step(name, "each = [\"wipe\"]");
    let emptied = |name| step(name, "once = [\"empty-store\"]\neach = [\"wipe\"]");
    let scenario = place.scenario("thrice", &[emptied("fill"), wiped("again"), emptied("emptied")].concat());
    let (run, found) = compare(&place, &["--scenario", &scenario, "--rounds", "2"]);
    run.all_ok();
    for whose in ["one", "two"] {
        let of_it: Vec<&String> = found.iter().filter(|line| line.starts_with(whose)).collect();
        let round = [finds(whose, ""), finds(whose, whose), finds(whose, "")].concat();
        assert_eq!(of_it, round.iter().chain(&round).collect::<Vec<_>>());
        let bytes = |step: &str| run.step(whose, step, "fetches").store_bytes.unwrap_or(0) >> 20;
        assert_eq!(
            [bytes("fill"), bytes("again"), bytes("emptied")],
            [2, 4, 2],
            "MiB, half of each step's from its no-op build"
        );
        let added = run.step(whose, "again", "fetches").marginal_physical_bytes;
        assert!(added.is_none_or(|added| added > 1 << 20), "{added:?}");
        assert!(run.folder.info.tools[whose].starts_with("cargo 1."));
    }
    let (first, last) = (found.first().unwrap(), found.last().unwrap());
    assert_ne!(first.split(' ').next(), last.split(' ').next(), "the two took turns");
    let others = run.step("none", "again", "fetches");
    assert_eq!(others.store_bytes, None);
}

#[test]
fn a_cargo_that_panics_is_a_failed_row_and_leaves_nothing() {
    let place = place();
    let (run, found) = compare(&place, &["--set", "one.panics=1"]);
    for row in run.steps() {
        let expected = if row.strategy == "one" { Status::Failed } else { Status::Ok };
        assert_eq!(row.status, expected, "{}: {}", row.strategy, row.note);
    }
    let note = &run.step("one", "fill", "fetches").note;
    assert_eq!(note, "thread 'main' panicked at src/cargo/restore.rs:7:9: | no such entry");
    assert!(found.contains(&"one found: ".into()) && !found.contains(&"two found: one".into()), "{found:?}");
    let (run, found) = compare(&place, &[]);
    run.all_ok();
    assert_eq!(found.iter().find(|line| line.starts_with("one")).unwrap(), "one found: ", "in a later run");
}

#[test]
fn another_cargo_home_finds_the_same_store() {
    let place = place();
    place.replace("stand-in", "echo \"$OWNER\" >", "echo \"$CARGO_HOME\" >");
    let moved = "each = [\"wipe\"]\ncargo-home = \"elsewhere\"";
    let scenario = place.scenario("moves", &[step("fill", ""), step("moved", moved)].concat());
    let (run, found) = compare(&place, &["--scenario", &scenario]);
    run.all_ok();
    let of_one = found.iter().filter_map(|line| line.strip_prefix("one found: "));
    let home = |found: &str| found.rsplit('/').next().unwrap_or_default().to_owned();
    // Of each step a build and its no-op build.
    assert_eq!(of_one.map(home).collect::<Vec<_>>(), ["", "cargo-home", "cargo-home", "cargo-home-2"]);
}

#[test]
fn what_homes_have_in_common_is_no_store() {
    let place = place();
    place.replace("one.toml", "{cargo-home}/build-cache", "{cargo-home}/registry/cache");
    let said = place.run(&place.compare_args("fetches", &["--strategies=none,one", "--strategy-file=one.toml"])).done();
    assert!(said.stderr.contains("every CARGO_HOME has registry in common"), "{}", said.stderr);
    let run = RecordedRun::read(&place.run_folder());
    assert_eq!(run.step("one", "fill", "fetches").status, Status::Unsupported);
}
