//! A run in shards: the rows of the run taken in one go, whatever they are merged in.

use std::path::{Path, PathBuf};

use crate::support::{CommandOutput, TestDir, lasting, lasting_unit, only, step};
use records::UnitRow;
use records::run_folder::RunFolder;
use serde_json::Value;

const STRATEGIES: &str = "none,shared-target,hardlink+aggressive";

/// Where it does not matter what is measured.
const ONE_STEP: [&str; 4] = ["--scenario", "cold", "--strategies", "none,shared-target"];

fn place() -> TestDir {
    TestDir::with("made-up", &["older", "newer"])
}

/// Runs `compare` and names its run folder.
fn compare(place: &TestDir, out: &str, more: &[&str]) -> PathBuf {
    let corpus = place.at("made-up.toml");
    let (work, out) = (place.at("work"), place.at(out));
    let mut args = vec!["compare", "--corpus", corpus.to_str().unwrap(), "--work-dir", work.to_str().unwrap()];
    args.extend(["--out", out.to_str().unwrap(), "--seed", "11"]);
    args.extend(more);
    if !more.contains(&"--strategies") {
        args.extend(["--strategies", STRATEGIES]);
    }
    place.run(&args).done();
    only(&out)
}

fn merge(place: &TestDir, runs: &[&Path], out: &Path, more: &[&str]) -> CommandOutput {
    let mut args = vec!["merge"];
    args.extend(runs.iter().map(|run| run.to_str().unwrap()));
    args.extend(["--out", out.to_str().unwrap()]);
    args.extend(more);
    place.run(&args)
}

/// All but what every run measures anew.
fn lasting_rows(dir: &Path) -> (Vec<Value>, Vec<Value>) {
    let run = RunFolder::read_recorded(dir).unwrap();
    let steps = run.steps.iter().map(|row| lasting(row, "copied_bytes"));
    (steps.collect(), run.units.iter().map(|row| lasting_unit(row, "bytes")).collect())
}

fn same_rows(whole: &Path, merged: &Path) {
    let (whole, merged) = (lasting_rows(whole), lasting_rows(merged));
    assert!(whole.0.len() > 10 && whole.1.len() > 10);
    assert_eq!((whole.0.len(), whole.1.len()), (merged.0.len(), merged.1.len()));
    whole.0.iter().zip(&merged.0).for_each(|(whole, merged)| assert_eq!(whole, merged));
    whole.1.iter().zip(&merged.1).for_each(|(whole, merged)| assert_eq!(whole, merged));
}

#[test]
fn two_shards_merged_are_the_rows_of_the_unsharded_run() {
    let place = place();
    let rounds = ["--rounds", "2"];
    let whole = compare(&place, "whole", &rounds);
    let shard = |part: &str, out: &str| compare(&place, out, &[&rounds[..], &["--shard", part]].concat());
    let (first, second) = (shard("1/2", "first"), shard("2/2", "second"));
    let before = contents(&first);

    let (merged, again) = (place.at("merged"), place.at("again"));
    let said = merge(&place, &[&first, &second], &merged, &[]).done();
    assert!(said.stdout.contains("2 shards, "), "{}", said.stdout);
    same_rows(&whole, &merged);
    assert!(merged.join("report/report.html").is_file());

    // The order of the arguments decides nothing, and what was given is not touched.
    merge(&place, &[&second, &first], &again, &[]).done();
    for file in ["run.json", "steps.csv", "units.csv"] {
        assert_eq!(std::fs::read(merged.join(file)).unwrap(), std::fs::read(again.join(file)).unwrap(), "{file}");
    }
    assert_eq!(contents(&first), before);

    // A shard has its own rounds, and a unit has one cost in both.
    let rounds_of = |dir: &Path| -> Vec<u32> {
        let mut rounds: Vec<u32> = RunFolder::read(dir).unwrap().steps.iter().map(|row| row.round).collect();
        rounds.dedup();
        rounds
    };
    assert_eq!((rounds_of(&first), rounds_of(&second), rounds_of(&merged)), (vec![1], vec![2], vec![1, 2]));
    let run = RunFolder::read(&merged).unwrap();
    assert!(run.info.complete && run.info.part().is_none() && run.info.shards.len() == 2);
    let costs = |strategy: &str| -> Vec<Option<f64>> {
        let is = |row: &&UnitRow| row.strategy == strategy && row.step == "fill";
        run.units.iter().filter(is).map(|row| row.cost_s).collect()
    };
    assert_eq!(costs("shared-target"), costs("hardlink+aggressive"), "one cost for a unit in both rounds");

    refuses(&place, &first, &second, &merged);
    in_a_series(&place, &whole, &first, &merged);
}

fn contents(dir: &Path) -> Vec<Vec<u8>> {
    ["run.json", "steps.csv", "units.csv"].map(|file| std::fs::read(dir.join(file)).unwrap()).to_vec()
}

/// What is no set of shards of one run.
fn refuses(place: &TestDir, first: &Path, second: &Path, merged: &Path) {
    let out = place.at("refused");
    let refused = |runs: &[&Path], more: &[&str], expected: &str| {
        merge(place, runs, &out, more).refused(expected);
        assert!(!out.exists());
    };
    refused(&[first], &[], "shard 2/2 is not there");
    refused(&[first, first], &[], "both hold shard 1/2");
    refused(&[first, merged], &[], "was merged already");
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let dir = place.at(name);
        std::fs::create_dir_all(&dir).unwrap();
        for file in ["steps.csv", "units.csv"] {
            std::fs::copy(second.join(file), dir.join(file)).unwrap();
        }
        let text = std::fs::read_to_string(second.join("run.json")).unwrap();
        let mut info: Value = serde_json::from_str(&text).unwrap();
        change(&mut info);
        std::fs::write(dir.join("run.json"), info.to_string()).unwrap();
        dir
    };
    let host = changed("other-host", &|info| info["host"]["cpu_model"] = "another".into());
    refused(&[first, &host], &[], "--allow hosts");
    let seed = changed("other-seed", &|info| info["seed"] = 12.into());
    refused(&[first, &seed], &["--allow", "hosts"], "--allow seeds");
    let toolchain = changed("other-rustc", &|info| info["toolchain"]["rustc"] = "rustc 1.0.0".into());
    refused(&[first, &toolchain], &[], "--allow toolchains");
    let corpus = changed("other-corpus", &|info| info["corpus"]["hash"] = "beef".into());
    refused(&[first, &corpus], &["--allow", "hosts,toolchains,seeds,tools"], "the corpus hash differs");
    let cut = changed("cut-off", &|info| info["complete"] = false.into());
    refused(&[first, &cut], &["--partial"], "is not complete: finish it first");

    // Where it is allowed, it is merged, and the report says so.
    merge(place, &[first, &host], &out, &["--allow", "hosts"]).done();
    let report = std::fs::read_to_string(out.join("report/report.md")).unwrap();
    assert!(report.contains("2 kinds of machines"), "{report}");
    std::fs::remove_dir_all(&out).unwrap();
    let said = merge(place, &[first], &out, &["--partial"]).done();
    assert!(said.stdout.contains("INCOMPLETE"), "{}", said.stdout);
    place.run(&["compare", "--resume", out.to_str().unwrap()]).refused("was merged from shards");
    std::fs::remove_dir_all(&out).unwrap();
}

/// A merged run is one like any other; a lone shard is none.
fn in_a_series(place: &TestDir, whole: &Path, shard: &Path, merged: &Path) {
    let series = place.at("series");
    let add = |run: &Path| place.run(&["series", "add", run.to_str().unwrap(), "--series", series.to_str().unwrap()]);
    let line =
        |said: CommandOutput| said.done().stdout.lines().next().unwrap().rsplit_once("line ").unwrap().1.to_owned();
    assert_eq!(line(add(whole)), line(add(merged)), "comparable");
    add(shard).refused("is shard 1/2 of a run");
}

#[test]
fn workspaces_alone_are_spread_by_their_seconds_and_come_back_in_order() {
    let place = place();
    let steps = step("fill", "") + &step("warm", "each = [\"wipe\"]");
    let alone = place.scenario("alone", &format!("alone = true\n{steps}"));
    let few = ["--strategies", "none,hardlink+aggressive"];
    let common = [&["--scenario", &alone, "--rounds", "2", "--order", "arm-by-arm"][..], &few].concat();
    let whole = compare(&place, "whole", &common);
    let seconds = ["--shard-seconds", "older=1,newer=3"];
    let parts = ["1/2", "2/2"].map(|part| {
        compare(&place, &format!("part-{}", &part[..1]), &[&common[..], &seconds, &["--shard", part]].concat())
    });
    let cells = |dir: &Path| {
        let steps = RunFolder::read(dir).unwrap().steps;
        let mut cells: Vec<(u32, String)> = steps.into_iter().map(|row| (row.round, row.workspace)).collect();
        cells.dedup();
        cells
    };
    let cell = |round: u32, workspace: &str| (round, workspace.to_owned());
    assert_eq!(cells(&parts[0]), [cell(1, "older"), cell(1, "newer")]);
    assert_eq!(cells(&parts[1]), [cell(2, "older"), cell(2, "newer")]);
    let merged = place.at("merged");
    merge(&place, &[&parts[1], &parts[0]], &merged, &[]).done();
    same_rows(&whole, &merged);
}

#[test]
fn a_shard_that_was_cut_off_goes_on_with_its_own_cells() {
    let place = place();
    let dir = compare(&place, "out", &[&ONE_STEP[..], &["--rounds", "3", "--shard", "2/2"]].concat());
    // As if it had been killed before its last step.
    let steps = std::fs::read_to_string(dir.join("steps.csv")).unwrap();
    let cut: String = steps.split_inclusive('\n').take(steps.lines().count() - 1).collect();
    std::fs::write(dir.join("steps.csv"), cut).unwrap();
    let info = std::fs::read_to_string(dir.join("run.json")).unwrap();
    std::fs::write(dir.join("run.json"), info.replace("\"complete\": true", "\"complete\": false")).unwrap();
    place.resume(&[]).done();
    let run = RunFolder::read(&dir).unwrap();
    assert!(run.info.complete);
    assert_eq!(run.steps.len(), steps.lines().count() - 1);
    assert!(run.steps.iter().all(|row| row.round == 3), "rounds 1 and 2 are a pair, and the other shard's");
    let report = std::fs::read_to_string(dir.join("report/report.md")).unwrap();
    assert!(report.contains("This is shard 2/2 of a run"), "{report}");

    let info = std::fs::read_to_string(dir.join("run.json")).unwrap();
    if info.contains("\"machine\"") {
        let at = info.find("\"machine\": \"").unwrap() + "\"machine\": \"".len();
        let elsewhere = format!("{}0000000000000000{}", &info[..at], &info[at + 16..]);
        std::fs::write(dir.join("run.json"), elsewhere).unwrap();
        place.run(&["compare", "--resume", dir.to_str().unwrap()]).refused("begun on another machine");
    } else {
        crate::support::skip("resuming on another machine", "this system does not distinguish machines");
    }
}

#[test]
fn what_cannot_be_split_is_refused_in_a_line() {
    let place = place();
    let refused = |more: &[&str], expected: &str| {
        place.run(&place.compare_args("made-up", more)).refused(expected);
    };
    refused(&["--shard", "1/2", "--seed", "1"], "1 cannot be split into 2 shards");
    let mut unseeded = place.compare_args("made-up", &["--shard", "1/2", "--rounds", "2"]);
    let seed = unseeded.iter().position(|arg| arg == "--seed").unwrap();
    unseeded.drain(seed..seed + 2);
    place.run(&unseeded).refused("--shard needs --seed");
    refused(&["--shard", "1/2", "--budget", "1m", "--seed", "1"], "--budget chooses later rounds");
    refused(&["--shard-seconds", "older=1"], "give --shard I/N too");
    refused(&["--shard", "1/2", "--rounds", "2", "--seed", "1", "--shard-seconds", "nobody=1"], "is called nobody");
    let corpus = place.at("made-up.toml");
    let plan = |more: &[&str]| {
        place.run(&[&["plan", "--corpus", corpus.to_str().unwrap(), "--shards", "2", "--rounds", "2"], more].concat())
    };
    plan(&["--format", "k8s-job"]).refused("--job-image");
    plan(&["--dry-run"]).refused("--dry-run is for harness compare alone");
}

/// The commands of a plan, run by a shell, are the shards; what is predicted from a run adds up.
#[test]
fn the_commands_of_a_plan_are_shards_that_merge() {
    let place = place();
    let corpus = place.at("made-up.toml");
    let whole = compare(&place, "whole", &ONE_STEP);
    let work = place.at("work");
    let plan = |more: &[&str]| {
        let common =
            ["plan", "--corpus", corpus.to_str().unwrap(), "--shards", "2", "--rounds", "2", "--scenario", "cold"];
        let arms = ["--strategies", "none,hardlink+*", "--work-dir", work.to_str().unwrap()];
        place.run(&[&common[..], &arms, more].concat()).done()
    };
    let said = plan(&["--timings", whole.to_str().unwrap(), "--out", "it's $(out)"]);
    assert!(said.stderr.contains("the longest shard 0.0 % above the mean"), "{}", said.stderr);
    assert!(said.stderr.contains("predicted from wall times of the run "), "{}", said.stderr);
    assert_eq!(said.stdout.lines().count(), 2);
    let mut seeds = Vec::new();
    for line in said.stdout.lines() {
        let line = line.replacen("harness", env!("CARGO_BIN_EXE_harness"), 1) + " --dry-run";
        let mut shell = std::process::Command::new("sh");
        let harness = place.harness();
        shell.envs(harness.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(place.at(""));
        let said = CommandOutput::of(shell.args(["-c", &line]).output().unwrap()).done();
        assert!(said.stdout.contains("shard      "), "{}", said.stdout);
        let seed = said.stdout.lines().find_map(|line| line.strip_prefix("seed       "));
        seeds.push(seed.unwrap().to_owned());
    }
    // Drawn once, for all shards.
    assert_eq!(seeds.len(), 2);
    assert_eq!(seeds[0], seeds[1]);
    let planned = std::fs::read_to_string(place.at("options.json")).unwrap();
    assert!(planned.contains(&format!("\"seed\":{}", seeds[0])), "{planned}");
}
