//! Simulations of traces, and of what real builds did.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{CommandOutput, TestDir};

const CORPUS: &str = "c";

/// Four workspaces that share crates of the made-up registry.
fn place() -> TestDir {
    TestDir::with(CORPUS, &["alpha", "beta", "older", "newer"])
}

/// Collects the trace of the corpus.
fn collect(place: &TestDir) -> PathBuf {
    let trace = place.at("c.trace");
    let mut args: Vec<PathBuf> = ["trace", "collect", "--corpus"].map(PathBuf::from).into();
    args.extend([place.at("c.toml"), "--work-dir".into(), place.at("work"), "--out".into(), trace.clone()]);
    if place.at("out").exists() {
        args.extend(["--runs".into(), place.at("out")]);
    }
    place.run(&args).done();
    trace
}

fn simulate(place: &TestDir, trace: &Path, more: &[&str]) -> CommandOutput {
    let mut args: Vec<PathBuf> = vec!["simulate".into(), "--trace".into(), trace.to_owned()];
    args.extend(more.iter().map(PathBuf::from));
    place.run(&args)
}

#[test]
fn hits_are_those_of_real_builds_unit_for_unit() {
    let place = place();
    let strategies = "none,hardlink+conservative,hardlink+non-local,hardlink+aggressive";
    let run = place.compare(CORPUS, &["--strategies", strategies]);
    let trace = collect(&place);
    let check = || simulate(&place, &trace, &["--check", &run.dir.display().to_string()]);
    let said = check().done();
    assert!(said.stdout.contains("every unit that was compared agrees"), "{}", said.stdout);
    assert!(!said.stdout.contains("not compared"), "{}", said.stdout);
    // Other workspaces helped, or the check shows little.
    let helped = run.units("hardlink+non-local", "fill", "beta");
    assert!(helped.iter().any(|unit| unit.outcome == Some(records::Outcome::Hit)));

    // A run in which one unit missed more than it did.
    let units = fs::read_to_string(run.dir.join("units.csv")).unwrap();
    let damaged = units.replacen(",hit,,", ",miss,content,", 1);
    assert_ne!(units, damaged);
    fs::write(run.dir.join("units.csv"), damaged).unwrap();
    let said = check();
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stdout.contains("simulated hit, recorded miss"), "{}", said.stdout);
}

#[cfg(feature = "remote")]
#[test]
fn seconds_of_fresh_machines_stand_beside_those_of_the_model() {
    // It has a second lockfile, whose units are not in the trace.
    let place = TestDir::with(CORPUS, &["many"]);
    let arms = ["--scenario", "ci", "--strategies", "none,hardlink+aggressive", "--delivery", "remote"];
    let run = place.compare(CORPUS, &[arms.as_slice(), &["--network", "2ms,1gbit"]].concat());
    run.all_ok();
    let trace = collect(&place);
    let said = simulate(&place, &trace, &["--check", &run.dir.display().to_string()]).done();
    for step in ["same-commit", "next-commit"] {
        let lines =
            said.stdout.lines().filter(|line| line.contains(&format!(", {step}, hardlink+aggressive-by-remote ")));
        let shown: Vec<&str> = lines.collect();
        assert_eq!(shown.len(), 1, "{}", said.stdout);
        assert!(shown.iter().all(|line| line.contains("2ms,1gbit") && line.ends_with(" % off")), "{}", said.stdout);
    }
    assert!(said.stdout.contains("steps that fetched: "), "{}", said.stdout);
}

/// Workspaces with members of one name. What is there twice has one unit hash; `one` and `two` depend on it and have their
/// own.
#[test]
fn workspaces_that_take_turns_displace_what_the_replay_says() {
    let place = TestDir::new();
    for (name, value) in [("one", 1), ("two", 2)] {
        let file = |path: &str, text: &str| place.write(&format!("ws/{name}/{path}"), text);
        file("base/Cargo.toml", "[dependencies]\nplain = \"1\"\n");
        file("base/src/lib.rs", &format!("pub fn base() -> u32 {{ plain::plain() + {value} }}\n"));
        file("top/Cargo.toml", "[dependencies]\nbase = { path = \"../base\" }\n");
        file("top/src/lib.rs", "pub fn top() -> u32 { base::base() }\n");
        file(
            "Cargo.toml",
            "[workspace]\nmembers = [\"base\", \"top\"]\n[dependencies]\ntop.path = \"top\"\non-script = \"1\"\n",
        );
        file("src/main.rs", "fn main() { println!(\"{}\", top::top() + on_script::on_script()) }\n");
        place.cargo(name, &["generate-lockfile"]);
    }
    place.corpus(CORPUS, &["one", "two"]);
    let run = place
        .compare(CORPUS, &["--strategies", "none,copy+aggressive~single-slot,hardlink+aggressive,cargo-prototype"]);
    run.all_ok();
    let reasons = |strategy: &str, step: &str, workspace: &str| {
        let missed = run.units(strategy, step, workspace).into_iter().filter(|unit| !unit.reason.is_empty());
        missed.map(|unit| format!("{} {}", unit.package, unit.reason)).collect::<Vec<String>>()
    };
    let slots = "copy+aggressive~single-slot";
    for name in ["one", "two"] {
        assert_eq!(reasons(slots, "warm", name).len(), 3);
        for missed in ["base displaced", "top displaced", &format!("{name} dependency")] {
            assert!(reasons(slots, "warm", name).iter().any(|it| it == missed), "{missed} {name}");
        }
        assert_eq!(reasons("hardlink+aggressive", "warm", name), [""; 0]);
    }
    let trace = collect(&place);
    let said = simulate(&place, &trace, &["--check", &run.dir.display().to_string()]).done();
    assert!(said.stdout.contains("every unit that was compared agrees"), "{}", said.stdout);
    assert!(!said.stdout.contains("not compared"), "{}", said.stdout);
    let compared = said.stdout.lines().filter(|line| line.starts_with(slots) || line.starts_with("cargo-prototype"));
    assert_eq!(compared.count(), 6, "{}", said.stdout);
    // A run in which one of them was lost in another way.
    let units = fs::read_to_string(run.dir.join("units.csv")).unwrap();
    fs::write(run.dir.join("units.csv"), units.replacen(",miss,displaced,", ",miss,content,", 1)).unwrap();
    let said = simulate(&place, &trace, &["--check", &run.dir.display().to_string()]);
    assert!(said.stdout.contains("simulated displaced, recorded miss"), "{}", said.stdout);
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_a_report() {
    let place = place();
    let trace = collect(&place);
    let files = |out: &str, seed: &str| {
        simulate(&place, &trace, &["--seed", seed, "--out", &place.arg(out)]).done();
        let mut files: Vec<(PathBuf, Vec<u8>)> = walkdir::WalkDir::new(place.at(out))
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().strip_prefix(place.at(out)).unwrap().into(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let (one, two, other) = (files("one", "7"), files("two", "7"), files("other", "8"));
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&two));
    for ((name, one), (_, two)) in one.iter().zip(&two) {
        assert!(one == two, "{} differs", name.display());
    }
    assert!(one != other);
    for table in ["curve", "relaxations", "misses", "sharing", "retention", "growth", "remote"] {
        let file = PathBuf::from(format!("{table}.csv"));
        let (_, text) = one.iter().find(|(name, _)| *name == file).unwrap();
        assert!(String::from_utf8_lossy(text).lines().count() > 1, "{table} has no row");
    }

    place.run(&["report".into(), place.at("one"), "--design-review".into(), "--out".into(), place.at("r")]).done();
    assert!(fs::read_to_string(place.at("r/report.html")).unwrap().contains("aggressive"));
}

#[test]
fn what_is_wrong_gets_one_line() {
    let place = place();
    let trace = collect(&place);
    let bytes = fs::read(&trace).unwrap();
    let damaged = place.at("damaged.trace");
    for end in [0, 5, 25, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&damaged, &bytes[..end]).unwrap();
        simulate(&place, &damaged, &["--dry-run"]).mistake();
        place.run(&["trace".into(), "show".into(), damaged.clone()]).mistake();
    }
    simulate(&place, &place.at("missing.trace"), &["--dry-run"]).mistake();
    let mistakes: [(&[&str], &str); 8] = [
        (&["--policies", "bold"], "conservative, non-local, aggressive"),
        (&["--policies", "aggressive:x"], "without-features"),
        (&["--relax", "x"], "without-features"),
        (&["--retention", "x"], "lru"),
        (&["--caps", "x"], "10GB"),
        (&["--remote", "x"], "100Mbit/20ms/8"),
        (&["--commands", "x"], "dev build"),
        (&["--check", "nowhere"], "nowhere"),
    ];
    for (args, part) in mistakes {
        let said = simulate(&place, &trace, &[args, &["--dry-run"]].concat());
        let line = said.mistake();
        assert!(line.contains(part), "{args:?}: {line}");
    }
    let out = place.arg("home");
    simulate(&place, &trace, &["--out", &out]).refused("something else");
}
