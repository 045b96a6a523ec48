//! Reports of real runs by the real binary: what `compare` leaves, what `report` makes of
//! several runs, and what it says to folders without one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{CommandOutput, TestDir, only, skip};

/// What a report is made of, but for its plots.
const FILES: [&str; 5] = ["report.html", "report.md", "report.json", "summary-wide.csv", "summary-long.csv"];

/// A directory where `gamma` was compared twice.
fn compared() -> (TestDir, [PathBuf; 2]) {
    let place = TestDir::with("small", &["gamma"]);
    let runs = ["one", "two"].map(|out| {
        let more = ["--strategies", "none,hardlink+aggressive", "--seed", "7"];
        let said = place.run(&place.compare_args_in("small", &place.at("work"), out, &more)).done();
        assert!(said.stdout.contains("report.html"), "{}", said.stdout);
        assert!(!said.stderr.contains("no report"), "{}", said.stderr);
        only(&place.at(out))
    });
    (place, runs)
}

fn report<'a>(place: &TestDir, args: impl IntoIterator<Item = &'a str>) -> CommandOutput {
    let args: Vec<&str> = std::iter::once("report").chain(args).collect();
    place.run(&args)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_comparison_ends_with_its_report_and_two_can_be_compared() {
    let (place, runs) = compared();
    for run in &runs {
        for file in FILES {
            assert!(run.join("report").join(file).metadata().unwrap().len() > 200, "{file}");
        }
    }
    // The same as compare wrote, again.
    let page = fs::read_to_string(runs[0].join("report/report.html")).unwrap();
    report(&place, [text(&runs[0])]).done();
    assert_eq!(fs::read_to_string(runs[0].join("report/report.html")).unwrap(), page);

    let out = place.at("both");
    let args =
        [text(&runs[0]), "--against", text(&runs[1]), "--design-review", "--format", "md,json", "--out", text(&out)];
    let said = report(&place, args).done();
    // Beside other tests every row may be disturbed.
    let expected = ["one round cannot show any change", "nothing could be compared"];
    assert!(expected.iter().any(|it| said.stdout.contains(it)), "{}", said.stdout);
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 100 || line.contains('/') || line.starts_with(' ')));
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["report.json", "report.md"]);
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(out.join("report.json")).unwrap()).unwrap();
    let questions: Vec<&str> =
        json["review"].as_array().unwrap().iter().filter_map(|it| it["title"].as_str()).collect();
    for number in 1..=21 {
        let count = questions.iter().filter(|title| title.starts_with(&format!("Q{number} "))).count();
        assert_eq!(count, 1, "Q{number} in {questions:?}");
    }
    every_command_is_one(&place, &json);
    what_cannot_be_compared_is_refused(&place, &runs[0]);
    a_real_page_is_right_in_a_real_browser(&place, &runs[0]);
}

/// Every command that the review shows is understood by this very program.
fn every_command_is_one(place: &TestDir, json: &serde_json::Value) {
    let commands: Vec<String> = json["review"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|part| part["commands"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()))
        .collect();
    assert!(commands.len() > 5, "{commands:?}");
    // The trace that `harness trace collect` would have written; a dry run writes nothing.
    let census = concat!(env!("CARGO_MANIFEST_DIR"), "/../strategies/simulation/traces/census.trace");
    fs::copy(census, place.at("real.trace")).unwrap();
    for line in commands.iter().flat_map(|it| it.lines()) {
        let words: Vec<String> = line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect();
        assert_eq!(words[0], "harness", "{line}");
        let known = matches!(words[1].as_str(), "compare" | "probe" | "trace" | "simulate" | "ablate");
        assert!(known, "only what can be tried without measuring: {line}");
        let mut args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        args.push("--dry-run");
        let said = place.run(&args);
        assert_eq!(said.code, Some(0), "{line}: {}", said.stderr);
    }
}

#[test]
fn what_is_no_run_gets_one_line() {
    let place = TestDir::new();
    let folder = |name: &str, files: &[(&str, &str)]| {
        fs::create_dir_all(place.at(name)).unwrap();
        for (file, text) in files {
            place.write(&format!("{name}/{file}"), text);
        }
        name.to_owned()
    };
    let info = |complete: bool| format!("{{\"schema_version\": 1, \"name\": \"r\", \"complete\": {complete}}}");
    let header = records::StepRow::COLUMNS.join(",") + "\n";
    let units = records::UnitRow::COLUMNS.join(",") + "\n";
    let tables = |name: &str, complete: bool, steps: &str| {
        folder(name, &[("run.json", &info(complete)), ("steps.csv", steps), ("units.csv", &units)])
    };
    let cases = [
        ("nothing".to_owned(), "there is no such folder"),
        (folder("empty", &[]), "it is empty"),
        (folder("foreign", &[("photo.jpg", "x")]), "it has no run.json"),
        (folder("foreign-json", &[("run.json", "[1, 2]")]), "states no schema_version"),
        (folder("newer", &[("run.json", "{\"schema_version\": 99}")]), "update the harness"),
        (folder("cut-info", &[("run.json", "{\"schema_version\": 1, \"na")]), "is no JSON"),
        (folder("no-tables", &[("run.json", &info(false))]), "it has no steps.csv"),
        (tables("no-rows", false, &header), "no step was recorded"),
        (tables("cut-rows", true, &format!("{header}r,1,1,\"quick")), "restore them from a copy"),
        (folder("probes-newer", &[("probes.json", "{\"info\": {\"schema_version\": 99}}")]), "update the harness"),
        (folder("probes-cut", &[("probes.json", "{\"info\": ")]), "is no JSON"),
    ];
    for (name, why) in cases {
        let said = report(&place, [name.as_str()]);
        let line = said.mistake();
        assert!(line.starts_with("error: ") && line.contains(why), "{name}: {line}");
        assert!(!place.at(&name).join("report").exists(), "nothing is written");
    }
}

fn what_cannot_be_compared_is_refused(place: &TestDir, dir: &Path) {
    let run = text(dir);
    report(place, [run, "--against", run]).refused("given twice");
    let copy = place.at("copy");
    fs::create_dir_all(&copy).unwrap();
    for file in ["run.json", "steps.csv", "units.csv"] {
        fs::copy(dir.join(file), copy.join(file)).unwrap();
    }
    report(place, [run, "--against", text(&copy)]).refused("they are the same run");
    place.replace("copy/run.json", "\"gauntlet\"", "\"edits\"");
    place.replace("copy/run.json", "\"started\": \"", "\"started\": \"1");
    report(place, [run, "--against", text(&copy)]).refused("the scenario is gauntlet in one and edits in the other");
    report(place, [run, "--baseline", "nothing"]).refused("it has hardlink+aggressive, none");
    let unwritable = report(place, [run, "--out", "/dev/null/report"]);
    assert_eq!(unwritable.code, Some(2));
    assert!(unwritable.stderr.contains("cannot create /dev/null/report"), "{}", unwritable.stderr);
}

fn a_real_page_is_right_in_a_real_browser(place: &TestDir, run: &Path) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let check = repository.join("ci/browser/run");
    let pictures = std::env::var_os("BROWSER_OUT").map_or_else(|| place.at("pictures"), PathBuf::from);
    let output = Command::new("bash").arg(check).arg(run.join("report/report.html")).arg(&pictures).output().unwrap();
    let said = CommandOutput::of(output);
    match said.code {
        Some(0) => assert!(fs::read_dir(&pictures).unwrap().count() >= 4, "{}", said.stdout),
        Some(77) => skip("the check in a browser", said.stderr.trim()),
        code => panic!("{code:?}\n{}\n{}", said.stdout, said.stderr),
    }
}
