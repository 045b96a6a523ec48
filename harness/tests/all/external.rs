//! External strategies through the real harness: a made-up cache with a daemon, the shipped ones
//! that need nothing installed, and the real ones where they are there.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::fake::{compare, fake, fake_args};
use crate::support::processes::{at_work, kill, signal, wait_for};
use crate::support::{CommandOutput, RecordedRun, TestDir, label, skip};
use records::{Outcome, Status, StepRow};
use rustix::process::Signal;

fn place() -> TestDir {
    TestDir::with("eight", &["eight"])
}

fn counts(row: &StepRow) -> [Option<u64>; 5] {
    [row.compiled, row.rustc_runs, row.missed, row.own_hits, row.own_misses]
}

/// Eight units, one of which runs a build script and seven of which call rustc.
#[test]
fn an_external_tool_is_measured_from_outside() {
    let place = place();
    fake(&place, None);
    let (run, said) = compare(&place, "eight", "none,fake", &[]);
    run.all_ok();
    let row = |step| run.step("fake", step, "eight");
    assert_eq!(counts(row("fill")), [Some(8), Some(7), Some(8), Some(0), Some(7)]);
    assert_eq!(counts(row("warm")), [Some(1), Some(0), Some(1), Some(7), Some(0)], "the script ran");
    assert_eq!((row("warm").hit_rate, row("warm").rated_units), (Some(1.0), Some(7)), "a script is in no rate");
    assert!(row("fill").daemon_s > Some(0.0) && run.step("none", "fill", "eight").daemon_s.is_none());
    assert_eq!((row("fill").layout.as_deref(), row("fill").graph_call_s), (Some("new"), None));
    assert_eq!((row("warm").fresh, row("warm").restored), (Some(0), None));
    assert_eq!(counts(row("edit")), [Some(1), Some(1), Some(1), Some(0), Some(1)]);
    assert_eq!(row("edit").integration.as_deref(), Some("external"));
    assert!(row("fill").store_bytes > Some(1 << 20), "with what its daemon keeps in its home: {:?}", row("fill"));
    let missed = run.units("fake", "warm", "eight").into_iter().filter(|unit| unit.outcome == Some(Outcome::Miss));
    assert_eq!(missed.map(label).collect::<Vec<_>>(), ["flagged custom-build run-custom-build"]);
    assert_eq!(run.step("none", "warm", "eight").own_hits, None);
    assert_eq!(run.folder.info.tools["fake"], "fake 7.0");
    let counted = said.stdout.lines().filter(|line| line.starts_with("fake counts 7 hits and 8 misses")).count();
    assert_eq!(counted, 1, "{}", said.stdout);
    assert_eq!(at_work(&place), [""; 0]);
}

#[test]
fn an_external_tool_serves_in_its_own_turns_only() {
    let place = TestDir::with("pair", &["older", "newer"]);
    fake(&place, None);
    let (run, _) = compare(&place, "pair", "none,fake,hardlink+aggressive", &["--rounds", "2"]);
    run.all_ok();
    for row in run.steps() {
        let first = (row.workspace == "older") == (row.round == 1);
        assert_eq!(row.store_position, Some(if first { 1 } else { 2 }), "mirrored in the second round");
    }
    for row in run.steps().iter().filter(|row| row.strategy == "fake" && row.step == "warm") {
        assert_eq!((row.rustc_runs, row.own_hits, row.hit_rate), (Some(0), Some(3), Some(1.0)), "{row:?}");
    }
    assert_eq!(at_work(&place), [""; 0]);
}

#[test]
fn a_port_that_was_taken_is_given_up_for_another() {
    let place = place();
    fake(&place, Some("FAKE_TAKEN"));
    let (run, _) = compare(&place, "eight", "fake", &[]);
    run.all_ok();
}

#[test]
fn a_claim_to_cache_that_does_not_hold_is_no_measurement() {
    let place = place();
    fake(&place, Some("FAKE_FORGETS"));
    let (run, _) = compare(&place, "eight", "none,fake", &[]);
    let warm = run.step("fake", "warm", "eight");
    assert_eq!(warm.status, Status::Invalid);
    assert!(warm.note.contains("8 units were admitted and none was hit"), "{}", warm.note);
    // Whoever claims nothing may miss everything.
    fs::remove_dir_all(place.at("out")).unwrap();
    place.replace("fake.toml", "about =", "caches = \"nothing\"\nabout =");
    let (run, _) = compare(&place, "eight", "none,fake", &[]);
    run.all_ok();
    assert_eq!(run.step("fake", "warm", "eight").hit_rate, None);
}

#[test]
fn a_compile_outside_the_build_directory_is_no_hit_and_a_daemon_that_dies_makes_the_row_invalid() {
    for (misbehaviour, note) in [
        ("FAKE_STAGES", "7 compiles wrote outside the build directory"),
        ("FAKE_DIES", "its daemon ended: out of luck"),
    ] {
        let place = place();
        fake(&place, Some(misbehaviour));
        let (run, _) = compare(&place, "eight", "none,fake", &[]);
        let fill = run.step("fake", "fill", "eight");
        assert_eq!((fill.status, fill.note.as_str()), (Status::Invalid, note));
    }
}

/// Of a tool that keeps build directories elsewhere, behind a link: one is emptied with the link, belongs to no commit,
/// and is looked into for units.
#[test]
fn a_tool_may_place_the_build_directory_itself() {
    let place = place();
    fake(&place, None);
    let check = "test -z \\\"$CARGO_TARGET_DIR$CARGO_BUILD_BUILD_DIR\\\"";
    let link = "mkdir -p {work}/managed/{site} && ln -sfn {work}/managed/{site} {workspace-root}/target";
    let own = format!("default-target-dir = true\nbefore = [[\"sh\", \"-c\", \"{check} && {link}\"]]\nabout =");
    place.replace("fake.toml", "about =", &own);
    let (run, said) = compare(&place, "eight", "none,fake", &["--scenario", "branches"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    run.all_ok();
    let of = |strategy, step| run.step(strategy, step, "eight");
    assert_eq!(counts(of("fake", "fill")), [Some(8), Some(7), Some(8), Some(0), Some(7)]);
    assert!(of("fake", "fill").tree_bytes > Some(1 << 20), "{:?}", of("fake", "fill"));
    assert!(of("fake", "switch").compiled < of("none", "switch").compiled, "both commits are in its store");
    assert_eq!((of("fake", "trees").compiled, of("fake", "trees").rustc_runs), (Some(0), Some(0)));
    fs::remove_dir_all(place.at("out")).unwrap();
    let (run, _) = compare(&place, "eight", "none,fake", &[]);
    run.all_ok();
    assert_eq!(counts(run.step("fake", "warm", "eight")), [Some(1), Some(0), Some(1), Some(7), Some(0)], "was wiped");
}

#[test]
fn what_is_missing_is_noted_with_what_to_do() {
    let place = place();
    let said = place.run(&place.compare_args("eight", &["--strategies", "none,sccache"])).done();
    let run = RecordedRun::read(&place.run_folder());
    let row = run.step("sccache", "warm", "eight");
    assert_eq!((row.status, row.wall_s), (Status::Unsupported, None));
    assert!(row.note.contains("`harness strategies install sccache`"), "{}", row.note);
    assert_eq!(said.stderr.lines().filter(|line| line.contains("sccache takes no part")).count(), 1, "{}", said.stderr);
}

#[test]
fn mistakes_are_answered_in_one_line() {
    let place = place();
    let mistake = |more: &[&str]| place.run(&place.compare_args("eight", more)).mistake().to_owned();
    place.write("bad.toml", "name = \"bad\"\nabout = \"x\"\nenv = { A = \"{stor}\" }\n");
    assert!(mistake(&["--strategy-file", "bad.toml"]).contains("{stor} in \"{stor}\" means nothing"));
    place.write("bad.toml", "name = \"sccache\"\nabout = \"x\"\n");
    assert!(mistake(&["--strategy-file", "bad.toml"]).contains("the name sccache is taken"));
    assert!(mistake(&["--strategy-file", "none.toml"]).contains("none.toml"));
    assert!(mistake(&["--set", "sccache.tol=/x"]).contains("has no parameter tol"));
    assert!(mistake(&["--strategies", "sccach"]).contains("nearest: sccache"));
    let said = place.run(&["strategies", "install", "none", "--work-dir", "work"]);
    said.refused("none is nothing to install; there are sccache, kache, kache-pinned, mbx, mbx-pinned, buildgrid");
}

fn start_fake(place: &TestDir) -> std::process::Child {
    let mut command = place.harness();
    command.args(place.compare_args("gated", &["--strategies", "fake"])).args(fake_args(place));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A daemon that left a helper in a session of its own, and a build that waits.
fn gated() -> TestDir {
    let place = TestDir::with("gated", &["gated"]);
    fake(&place, Some("FAKE_DETACHES"));
    place
}

fn waits(place: &TestDir) {
    wait_for("a build", Duration::from_secs(60), || place.at("started").exists());
    let running = at_work(place).join("\n");
    assert!(running.contains("fake serve") && running.contains("sleep 987"), "{running}");
}

#[test]
fn ctrl_c_ends_the_daemon_and_what_detached_itself() {
    let place = gated();
    let child = start_fake(&place);
    waits(&place);
    signal(&child, Signal::INT);
    let said = CommandOutput::of(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    wait_for("the end of every process", Duration::from_secs(5), || at_work(&place).is_empty());
    // A resumed run goes on with the strategy file as it was, whatever became of it.
    place.write("fake.toml", "no longer a strategy");
    place.write("go", "");
    place.resume(&[]).done();
    RecordedRun::read(&place.run_folder()).all_ok();
    assert_eq!(at_work(&place), [""; 0]);
}

#[test]
fn a_killed_harness_takes_the_daemon_and_what_detached_itself_along() {
    let place = gated();
    let child = start_fake(&place);
    waits(&place);
    kill(child, &place);
    assert_eq!(at_work(&place), [""; 0]);
}

/// Those that need nothing installed but tar and zstd.
const OWN: &str = "none,rust-cache,dedup,cargo-z";

#[test]
fn the_shipped_ones_do_what_they_say() {
    if ["tar", "zstd"].iter().any(|tool| exec::toolchain::on_path(tool).is_none()) {
        return skip("the_shipped_ones_do_what_they_say", "no tar or no zstd");
    }
    let place = place();
    let run = place.compare("eight", &["--strategies", OWN]);
    run.all_ok();
    // All that came from packages is fresh: 6 of 8 units.
    let warm = run.step("rust-cache", "warm", "eight");
    assert_eq!((warm.fresh, warm.compiled, warm.rustc_runs, warm.missed), (Some(6), Some(2), Some(2), Some(2)));
    assert!(warm.restore_s > Some(0.0) && warm.publish_s > Some(0.0), "{warm:?}");
    let fill = run.step("rust-cache", "fill", "eight");
    assert_eq!((fill.rustc_runs, fill.hit_rate), (Some(7), Some(0.0)));
    for strategy in ["dedup", "cargo-z"] {
        let warm = run.step(strategy, "warm", "eight");
        assert_eq!((warm.rustc_runs, warm.hit_rate, warm.noop_compiled), (Some(7), None, Some(0)), "{strategy}");
    }
}

#[test]
fn scenarios_with_several_copies_hold_for_them() {
    if ["tar", "zstd", "git"].iter().any(|tool| exec::toolchain::on_path(tool).is_none()) {
        return skip("scenarios_with_several_copies_hold_for_them", "no tar, zstd or git");
    }
    for scenario in ["worktrees", "contention", "moved", "clean"] {
        let place = place();
        fake(&place, None);
        let (run, _) = compare(&place, "eight", &format!("{OWN},fake"), &["--scenario", scenario]);
        for row in run.steps().iter().filter(|row| row.note != "it has no store to collect") {
            assert_eq!(row.status, Status::Ok, "{scenario}: {} {}: {}", row.strategy, row.step, row.note);
        }
        if scenario == "worktrees" {
            let last = |strategy: &str| {
                run.steps().iter().rfind(|row| row.strategy == strategy).unwrap().all_physical_bytes.unwrap_or(0)
            };
            assert!(last("dedup") <= last("none"), "{} {}", last("dedup"), last("none"));
        }
        assert_eq!(at_work(&place), [""; 0], "{scenario}");
    }
}

#[test]
fn another_cargo_is_taken_by_its_path() {
    let place = place();
    let cargo = std::path::Path::new(env!("CARGO")).canonicalize().unwrap();
    let set = format!("cargo-z.cargo={}", cargo.display());
    let run = place.compare("eight", &["--strategies", "cargo-z", "--set", &set, "--set", "cargo-z.flags="]);
    run.all_ok();
    assert!(run.folder.info.tools["cargo-z"].starts_with("cargo 1."), "{:?}", run.folder.info.tools);
    let said = place.run(&place.compare_args("eight", &["--strategies=cargo-z", "--set=cargo-z.cargo=/no/cargo"]));
    assert!(said.stderr.contains("--set cargo-z.cargo"), "{}", said.stderr);
}

/// `HARNESS_EXTERNAL_TOOLS=DIR`: a work directory in which `harness strategies install` was run.
#[test]
fn real_tools_where_they_are() {
    let Some(work) = std::env::var_os("HARNESS_EXTERNAL_TOOLS").map(std::path::PathBuf::from) else {
        let why = "HARNESS_EXTERNAL_TOOLS names no work directory with installed tools";
        return skip("real_tools_where_they_are", why);
    };
    for external in strategies::external::shipped() {
        let Some(install) = &external.description.install else { continue };
        let name = external.name();
        let tool = runner::integration::external::install_dir(&work, install).join("bin");
        if !tool.is_dir() {
            skip(&format!("real_tools_where_they_are: {name}"), &format!("{} is not there", tool.display()));
            continue;
        }
        let place = place();
        let set = format!("{name}.tool={}", tool.display());
        let run = place.compare("eight", &["--strategies", &format!("none,{name}"), "--set", &set]);
        run.all_ok();
        let warm = run.step(name, "warm", "eight");
        assert!(warm.rustc_runs < run.step("none", "warm", "eight").rustc_runs, "{name}: {warm:?}");
        assert!(warm.own_hits > Some(0), "{name} states its hits: {warm:?}");
        assert_eq!(at_work(&place), [""; 0], "{name}");
        for scenario in ["contention", "moved", "worktrees"] {
            fs::remove_dir_all(place.at("out")).unwrap();
            let strategies = format!("none,{name}");
            let run = place.compare("eight", &["--strategies", &strategies, "--set", &set, "--scenario", scenario]);
            for row in run.steps() {
                let at = format!("{name} {scenario} {} {}: {} {}", row.step, row.strategy, row.status, row.note);
                // What a gate finds in somebody else's tool is a finding, and no defect of ours.
                match (row.status, row.strategy.as_str()) {
                    (Status::Ok, _) => {}
                    (Status::Invalid, strategy) if strategy == name => eprintln!("FOUND {at}"),
                    _ => panic!("{at}"),
                }
            }
            assert_eq!(at_work(&place), [""; 0], "{name} {scenario}");
        }
    }
}
