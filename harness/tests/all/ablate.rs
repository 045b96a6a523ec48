//! `harness ablate` as a user runs it: rows, verdicts, and what it does not run again.

use std::fs;
use std::time::SystemTime;

use crate::support::TestDir;
use reports::simulation::{AblationRow, read_table};

#[test]
fn every_input_has_a_row_with_replays_probes_and_builds_and_nothing_is_run_twice() {
    let place = TestDir::with("c", &["alpha"]);
    let (corpus, out) = (place.arg("c.toml"), place.at("ablation"));
    let args = ["ablate", "--corpus", &corpus, "--inputs", "tools,profile-directory", "--scenarios", "profiles"];
    let (work, at) = (place.arg("work"), out.display().to_string());
    let trace = place.arg("c.trace");
    place.run(&["trace", "collect", "--corpus", &corpus, "--work-dir", &work, "--out", &trace]).done();
    let args = [&args[..], &["--trace", &trace, "--work-dir", &work, "--out", &at]].concat();
    let dry = place.run(&[&args[..], &["--dry-run"]].concat()).done();
    assert!(dry.stdout.contains("built     profiles   of alpha, without profile-directory"), "{}", dry.stdout);
    assert!(dry.stdout.contains("nothing was run") && !out.exists());

    let unknown = [&args[..], &["--workspaces", "alpha,gamma", "--dry-run"]].concat();
    place.run(&unknown).refused("has no workspace gamma; it has alpha");

    let said = place.run(&args).done();
    let rows: Vec<AblationRow> = read_table(&out).unwrap();
    let row = |input: &str| rows.iter().find(|row| row.input == input).unwrap();
    let (tools, directory) = (row("tools"), row("profile-directory"));
    assert_eq!(tools.strategy, "hardlink+aggressive~without-tools");
    assert_eq!((tools.verdict.as_str(), tools.probes), ("needed", Some(2)), "{tools:?}");
    assert_eq!(tools.wrong, "rustc-wrapper-edited linker-edited", "{tools:?}");
    assert_eq!((tools.built_units, tools.scenarios.as_str()), (None, ""), "no scenario shows it");
    assert_eq!((directory.scenarios.as_str(), directory.failed_steps), ("profiles", Some(0)), "{directory:?}");
    assert!(directory.compared_units > Some(0), "{directory:?}");
    assert_eq!(directory.agreeing_units, directory.compared_units, "{}", said.stderr);
    assert!(said.stdout.contains("units\n"), "{}", said.stdout);

    let written = |path: &str| fs::metadata(out.join(path)).unwrap().modified().unwrap();
    let parts = ["probed/tools/probes.json", "built/profiles/steps.csv", "corpus.trace"];
    let before: Vec<SystemTime> = parts.iter().map(|path| written(path)).collect();
    let again = place.run(&args).done();
    assert_eq!(parts.iter().map(|path| written(path)).collect::<Vec<_>>(), before);
    assert_eq!(again.stdout, said.stdout);
    place.run(&["ablate", "--inputs", "x"]).refused("there are version, toolchain");
    place.run(&["ablate", "--inputs", "flags", "--scenarios", "cold"]).refused("they vary in settings");
    place.run(&["ablate", "--policy", "aggressive~without-flags"]).refused("name a policy without options");
    let fresh = place.arg("fresh");
    let built_nothing =
        ["ablate", "--inputs", "edition", "--scenarios", "none", "--trace", &trace, "--work-dir", &fresh];
    place.run(&built_nothing).done();
}
