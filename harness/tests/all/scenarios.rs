//! Every shipped scenario but `contention`, on a made-up workspace of several members, with an uncached and a
//! cached arm: the scenario runs, every row counts, and what must be reused is.

use crate::support::{RecordedRun, TestDir, skip};
#[cfg(feature = "remote")]
use crate::support::{label, only};
#[cfg(feature = "remote")]
use records::UnitRow;
use records::{Outcome, Status, StepRow};

const NONE: &str = "none";
const CACHED: &str = "hardlink+aggressive";

fn run_scenario(scenario: &str, more: &[&str]) -> RecordedRun {
    let place = TestDir::with("c", &["many"]);
    let strategies = format!("{NONE},{CACHED}");
    // Thirty repetitions show nothing here that three do not.
    let shipped = format!("{}/../corpora/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
    place.write("s.toml", &std::fs::read_to_string(shipped).unwrap().replace("times = 30", "times = 3"));
    let path = place.at("s.toml");
    let path = path.to_str().unwrap();
    let args = [&["--scenario", path, "--strategies", &strategies, "--seed", "1"], more].concat();
    let run = place.compare("c", &args);
    let steps = corpora::scenario::Scenario::load(path).unwrap().steps;
    assert_eq!(run.steps().len(), 2 * steps.len(), "a row for every step and arm");
    for row in run.steps() {
        let no_store = row.step.starts_with("collect") && row.strategy == NONE;
        let too_old = row.step.starts_with("content-") && row.note.contains("needs Cargo 1.100.0 and a nightly rustc");
        let expected = if no_store || too_old { Status::Unsupported } else { Status::Ok };
        assert_eq!(row.status, expected, "{} {}: {}", row.step, row.strategy, row.note);
    }
    run
}

fn cached<'r>(run: &'r RecordedRun, step: &str) -> &'r StepRow {
    run.step(CACHED, step, "many")
}

fn compiled(run: &RecordedRun, step: &str) -> (u64, u64) {
    let of = |strategy| run.step(strategy, step, "many").compiled.unwrap();
    (of(NONE), of(CACHED))
}

/// Packages of the units with an outcome.
fn packages(run: &RecordedRun, step: &str, outcome: Outcome) -> Vec<String> {
    let units = run.units(CACHED, step, "many").into_iter().filter(|unit| unit.outcome == Some(outcome));
    units.map(|unit| unit.package.clone()).collect()
}

#[test]
fn cold_never_reuses() {
    let run = run_scenario("cold", &[]);
    assert_eq!(compiled(&run, "cold"), (5, 5));
    assert_eq!(cached(&run, "cold").hit_rate, Some(0.0));
}

#[test]
fn by_time_and_by_content_a_noop_compiles_nothing_and_an_edit_its_unit() {
    let run = run_scenario("fingerprint", &[]);
    let steps = ["noop", "edit"].map(|step| (step, ["mtime", "content"].map(|by| format!("{by}-{step}"))));
    for (step, name) in steps.into_iter().flat_map(|(step, names)| names.map(|name| (step, name))) {
        // No Cargo before 1.100 compares contents, and that is what the row says.
        if name.starts_with("content") && cached(&run, &name).status == Status::Unsupported {
            assert!(cached(&run, &name).note.contains("1.100"), "{}", cached(&run, &name).note);
            continue;
        }
        assert_eq!(compiled(&run, &name), if step == "noop" { (0, 0) } else { (1, 1) }, "{name}");
    }
}

#[test]
fn edits_reach_as_far_as_they_should() {
    let run = run_scenario("edits", &[]);
    for (step, reached) in [
        ("leaf-private-body", 3),
        ("leaf-public-signature", 3),
        ("root-private-body", 1),
        ("root-public-signature", 1),
        ("root-new-file", 1),
    ] {
        assert_eq!(compiled(&run, step), (reached, reached), "{step}");
    }
}

#[test]
fn an_edit_that_is_repeated_is_one_row_with_a_median_and_a_tail() {
    let run = run_scenario("edits-loop", &[]);
    assert_eq!(compiled(&run, "warm"), (5, 0));
    assert_eq!((compiled(&run, "edit"), compiled(&run, "edit-again")), ((3, 3), (3, 3)));
    assert_eq!(compiled(&run, "loop"), (9, 9), "three members each time");
    for strategy in [NONE, CACHED] {
        let row = run.step(strategy, "loop", "many");
        assert_eq!((row.repeats, row.builds, row.noop_compiled), (Some(3), Some(1), Some(0)));
        let (wall, p50, p95) = (row.wall_s.unwrap(), row.wall_p50_s.unwrap(), row.wall_p95_s.unwrap());
        assert!(p50 > 0.0 && p50 <= p95 && 2.0 * p50 + p95 > wall && p50 + p95 < wall, "{p50} {p95} of {wall}");
        let (cpu, p50, p95) = (row.user_s.zip(row.sys_s).unwrap(), row.cpu_p50_s.unwrap(), row.cpu_p95_s.unwrap());
        assert!(p50 <= p95 && p50 + p95 <= cpu.0 + cpu.1, "{p50} {p95} of {cpu:?}");
        assert_eq!((run.step(strategy, "edit", "many").repeats, cached(&run, "edit").wall_p50_s), (None, None));
    }
    let table = |head: &str| run.stdout.lines().skip_while(|line| !line.contains(head)).nth(1).unwrap().to_owned();
    assert!(table("step edit, with the restore").contains("warm + edit"), "{}", run.stdout);
    assert!(table("step loop, of one repetition").contains("wall p50"), "{}", run.stdout);
    assert!(!run.stdout.contains("step edit-again, "), "{}", run.stdout);
}

#[test]
fn branches_are_switched_in_one_tree_and_left_alone_in_two() {
    let run = run_scenario("branches", &[]);
    assert_eq!((compiled(&run, "fill"), compiled(&run, "commit")), ((5, 5), (3, 3)));
    let (uncached, with_cache) = compiled(&run, "switch");
    assert_eq!(uncached, 18, "three members at each of six switches");
    assert!(with_cache <= uncached);
    assert_eq!(run.step(NONE, "switch", "many").repeats, Some(6));
    assert_eq!(compiled(&run, "own-tree"), (5, 0), "another tree finds the commit in the store");
    assert_eq!(compiled(&run, "trees"), (0, 0), "nothing changes in a tree that nobody switches");
}

/// A member with a macro is asked for, and yet others are compiled with it.
#[test]
fn what_depends_on_a_member_with_a_macro_is_fresh_after_it_was_stored_and_restored() {
    let place = TestDir::with("c", &["macros"]);
    let run = place.compare("c", &["--strategies", "none,hardlink+aggressive,copy+aggressive"]);
    run.all_ok();
    for strategy in [CACHED, "copy+aggressive"] {
        let row = run.step(strategy, "warm", "macros");
        assert_eq!((row.compiled, row.hit_rate), (Some(0), Some(1.0)), "{strategy}");
    }
}

#[test]
fn worktrees_share_what_is_the_same_and_leave_each_other_alone() {
    let run = run_scenario("worktrees", &[]);
    assert_eq!(compiled(&run, "first"), (5, 5));
    assert_eq!(compiled(&run, "same-commit"), (5, 0));
    assert_eq!(compiled(&run, "diverged"), (5, 3), "a member that everything depends on changed");
    assert_eq!(compiled(&run, "edited"), (5, 1), "only the program changed");
    assert_eq!(compiled(&run, "first-again"), (0, 0));
    let shared = cached(&run, "same-commit").marginal_physical_bytes;
    let own = run.step(NONE, "same-commit", "many").marginal_physical_bytes;
    if let (Some(shared), Some(own)) = (shared, own) {
        assert!(shared < own, "a worktree that shares costs less disk: {shared} against {own}");
    }
}

/// What Cargo itself does with one build directory for several working copies.
#[test]
fn a_shared_build_directory_hands_out_another_worktrees_code_and_is_caught() {
    let place = TestDir::with("c", &["many"]);
    let run = place.compare("c", &["--scenario", "worktrees", "--strategies", "none,shared-target"]);
    let row = |step| run.step("shared-target", step, "many");
    assert_eq!(row("same-commit").status, Status::Ok, "{}", row("same-commit").note);
    assert_eq!(row("first-again").compiled, Some(0));
    assert_eq!(row("first-again").status, Status::Invalid);
    assert!(row("first-again").note.contains("compiled from other sources than those of main"));
}

#[test]
fn an_action_that_fails_is_a_row_and_the_run_goes_on() {
    let place = TestDir::with("c", &["many"]);
    std::fs::write(place.at("ws/many/src/odd.rs"), [0xff, 0xfe]).unwrap();
    place.replace("c.toml", "src/main.rs", "src/odd.rs");
    let run = place.compare("c", &["--strategies", "none"]);
    let status = |step| run.step(NONE, step, "many").status;
    assert_eq!((status("fill"), status("warm"), status("edit")), (Status::Ok, Status::Ok, Status::Failed));
    let note = &run.step(NONE, "edit", "many").note;
    assert!(note.contains("`edit private-body` before step edit failed") && note.contains("UTF-8"), "{note}");
}

#[test]
fn profiles_and_commands_differ() {
    let run = run_scenario("profiles", &[]);
    let profiles: Vec<&str> =
        ["dev", "release", "test", "check"].map(|step| cached(&run, step).profile.as_str()).to_vec();
    assert_eq!(profiles, ["dev", "release", "dev", "dev"]);
    assert_eq!(compiled(&run, "release"), (5, 5));
    let dev = cached(&run, "dev").marginal_physical_bytes;
    if let Some((dev, release)) = dev.zip(cached(&run, "release").marginal_physical_bytes) {
        assert!(release < dev + (512 << 10), "a release build leaves dev's files shared: {release} after {dev}");
    }
    let (uncached, with_cache) = compiled(&run, "test");
    assert!(uncached > 0 && with_cache <= uncached);
    assert_eq!(compiled(&run, "check-cold"), (5, 0));
    assert_eq!(compiled(&run, "dev-cold"), (5, 0));
    assert_eq!(cached(&run, "check").variant, "check");
}

#[test]
fn host_units_that_are_compiled_alike_have_the_same_bytes() {
    let place = TestDir::with("c", &["alpha"]);
    let run = place.compare("c", &["--scenario", "hosts", "--strategies", &format!("{NONE},{CACHED}")]);
    let row = run.step(CACHED, "release", "alpha");
    assert_eq!((row.status, row.restored), (Status::Ok, Some(0)), "no two profiles share a directory: {}", row.note);
    assert!(row.variant.contains("RELEASE_STRIP=none"), "{}", row.variant);
    let units = run.units(CACHED, "release", "alpha");
    let same: Vec<&str> =
        units.iter().filter(|unit| unit.outcome == Some(Outcome::Dup)).map(|unit| unit.package.as_str()).collect();
    // A build script and its run, a macro, and what it depends on.
    assert!(["helper", "scripted", "maker"].iter().all(|it| same.contains(it)), "{same:?}");
    assert!(!same.contains(&"plain"), "what is optimised differs: {same:?}");
}

#[test]
fn other_flags_features_and_toolchains_find_nothing_of_each_other() {
    let place = TestDir::with("c", &["many"]);
    let without = format!("{CACHED}~without-flags");
    let run = place.compare("c", &["--scenario", "settings", "--strategies", &format!("{NONE},{CACHED},{without}")]);
    for step in ["codegen-flag", "cfg-flag", "lint-flag"] {
        let row = run.step(CACHED, step, "many");
        assert_eq!((row.status, row.compiled, row.restored), (Status::Ok, Some(5), Some(0)), "{step}: {}", row.note);
        let row = run.step(&without, step, "many");
        assert_eq!((row.compiled, row.stale), (Some(5), Some(5)), "Cargo has the last word: {step}");
        assert!(row.variant.contains("RUSTFLAGS="), "{}", row.variant);
    }
    assert_eq!(compiled(&run, "all-features"), (5, 1), "the program has a feature");
    assert_eq!(run.units(CACHED, "all-features", "many").iter().filter(|unit| unit.reason == "features").count(), 1);
    assert_eq!(compiled(&run, "no-features"), (5, 0), "it is not on by itself");
    assert_eq!(compiled(&run, "dev-again"), (5, 0));
    let other = cached(&run, "other-toolchain");
    match other.status {
        Status::Unsupported => skip("a second toolchain in scenario settings", &other.note),
        _ => {
            assert_eq!(
                (other.status, other.compiled, other.restored),
                (Status::Ok, Some(5), Some(0)),
                "{}",
                other.note
            );
            assert_ne!(other.toolchain, cached(&run, "dev").toolchain);
        }
    }
}

#[test]
fn after_a_comment_a_library_exports_the_same_where_rustc_has_a_session() {
    let run = run_scenario("cutoff", &[]);
    let exports = |step: &str| {
        let units = run.units(CACHED, step, "many").into_iter();
        let edited: Vec<_> = units.filter(|unit| unit.reason == "content").map(|unit| unit.same_exports).collect();
        edited.into_iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(exports("comment"), [true]);
    for step in ["private-body", "plain-comment", "plain-private-body"] {
        assert_eq!(exports(step), [false], "{step}");
    }
    let program = run.units(CACHED, "comment", "many").into_iter().find(|unit| unit.kind == "bin").unwrap();
    assert_eq!(program.same_exports, None);
}

#[test]
fn an_upgrade_rebuilds_what_depends_on_it_and_is_found_again() {
    let run = run_scenario("upgrade", &[]);
    assert_eq!(compiled(&run, "before"), (5, 5));
    assert_eq!(compiled(&run, "upgraded"), (5, 5), "everything here depends on it");
    assert_eq!(compiled(&run, "back").1, 0);
    if let Some(added) = cached(&run, "back").marginal_physical_bytes {
        assert!(added < 128 << 10, "what nobody is going to compile stays shared: {added}");
    }
    assert_eq!(compiled(&run, "upgraded-cold"), (5, 0));
    assert!(packages(&run, "upgraded-cold", Outcome::Hit).contains(&"base".to_owned()));
}

#[test]
fn cleaning_and_collecting_record_promises_beside_what_was_freed() {
    let run = run_scenario("clean", &[]);
    let promised = |step: &str| cached(&run, step).promised_bytes.unwrap();
    let freed = |step: &str| cached(&run, step).marginal_physical_bytes.map(|grown| -grown);
    assert!(promised("clean") > 0 && promised("collect-all") > 0 && promised("clean-last") > 0);
    if let (Some(first), Some(all)) = (freed("clean"), freed("collect-all")) {
        assert!(first < promised("clean") as i64, "the store holds what they share: {first}");
        assert!(all < promised("collect-all") as i64, "the build directory holds what they share: {all}");
        let left = |step: &str| cached(&run, step).all_physical_bytes.unwrap();
        assert!(left("clean-last") < left("warm") / 4, "nothing else holds a file: {}", left("clean-last"));
    }
    assert_eq!(compiled(&run, "warm"), (5, 0));
    assert!(run.step(NONE, "collect-all", "many").note.contains("no store"));
}

#[test]
fn a_moved_workspace_is_found_again() {
    let run = run_scenario("moved", &[]);
    assert_eq!(compiled(&run, "same-place"), (5, 0));
    assert_eq!(compiled(&run, "other-path"), (5, 0));
    assert_eq!(compiled(&run, "other-home"), (5, 0));
    assert_eq!(compiled(&run, "other-both"), (5, 0));
}

#[test]
fn the_shadow_check_compiles_every_hit_and_leaves_no_trace() {
    let run = run_scenario("gauntlet", &["--shadow"]);
    let fill = cached(&run, "fill");
    assert_eq!((fill.shadow_same, fill.shadow_differs, fill.nondeterministic), (Some(0), Some(0), Some(0)));
    let warm = cached(&run, "warm");
    assert_eq!(warm.compiled, Some(0));
    // Members are compiled incrementally, and rustc names the objects in their rlibs anew each time.
    let (same, random) = (warm.shadow_same.unwrap(), warm.nondeterministic.unwrap());
    assert_eq!((same + random, warm.shadow_differs), (5, Some(0)), "{}", warm.note);
    assert!(same >= 3, "{}", warm.note);
    assert_eq!(run.step(NONE, "warm", "many").shadow_same, None);
    assert_eq!(cached(&run, "edit").compiled, Some(1), "the next step goes on in the restored directory");
}

#[test]
fn a_control_is_an_arm_and_a_budget_that_is_spent_ends_the_run() {
    let place = TestDir::with("c", &["many"]);
    let arms = ["--scenario", "cold", "--strategies", "none,copy+aggressive", "--control", "--budget", "1s"];
    let run = place.compare("c", &arms);
    let mut rows: Vec<(u32, &str)> = run.steps().iter().map(|row| (row.round, row.strategy.as_str())).collect();
    rows.sort_unstable();
    assert_eq!(rows, [(1, "copy+aggressive"), (1, "none"), (1, "none-again")], "one round whatever the budget");
    assert!(run.stdout.contains("none-again"), "{}", run.stdout);
}

/// `none` travels without anything; the others fetch what `produce` published.
#[test]
fn a_fresh_machine_waits_for_what_it_fetches_and_every_part_is_counted() {
    if lacks_archiver("delivery by archive") {
        return;
    }
    let place = TestDir::with("c", &["many"]);
    let arms = "none,hardlink+aggressive,copy+non-local@dirs,rust-cache";
    let args = ["--scenario", "ci", "--strategies", arms, "--network", "20ms,100mbit", "--rounds", "1"];
    let run = place.compare("c", &args);
    run.all_ok();
    for row in run.steps() {
        let parts = [
            row.start_s,
            row.deliver_s,
            row.unpack_s,
            row.plan_s,
            row.restore_s,
            row.cargo_s,
            row.publish_s,
            row.pack_s,
            row.upload_s,
        ];
        let sum: f64 = parts.into_iter().flatten().sum();
        let wall = row.wall_s.unwrap();
        assert!((sum / wall - 1.0).abs() < 0.02, "{} {}: {sum} of {wall}", row.strategy, row.step);
    }
    let none = run.step("none", "same-commit", "many");
    assert_eq!((&none.delivery, none.deliver_s, none.down_bytes, none.requests), (&None, None, None, None));
    for (arm, way) in [(CACHED, "archive"), ("copy+non-local@dirs", "archive"), ("rust-cache", "build-dir")] {
        let row = |step| run.step(arm, step, "many");
        let [produce, same, next, upgraded] = ["produce", "same-commit", "next-commit", "upgraded"].map(row);
        assert_eq!((same.delivery.as_deref(), same.network.as_deref()), (Some(way), Some("20ms,100mbit")), "{arm}");
        assert_eq!((produce.deliver_s, produce.requests), (None, Some(1)), "{arm}: one upload");
        assert!(produce.pack_s > Some(0.0) && produce.upload_s > Some(0.02), "{arm}: {produce:?}");
        // A handshake, a lookup and a download: three round trips.
        assert!(same.deliver_s > Some(0.06) && same.unpack_s > Some(0.0), "{arm}: {same:?}");
        assert_eq!((same.requests, same.upload_s), (Some(2), None), "{arm}: what is there is not sent again");
        assert!(same.down_bytes > Some(produce.up_bytes.unwrap() - 200), "{arm}: {produce:?} {same:?}");
        assert_eq!((next.requests, next.upload_s), (Some(2), None), "{arm}: the same lockfile");
        assert_eq!(upgraded.requests, Some(3), "{arm}: another lockfile is sent");
        assert!(same.hit_rate > Some(0.0), "{arm}: {same:?}");
    }
    let row = |step| cached(&run, step);
    assert_eq!((row("same-commit").compiled, row("same-commit").unused_bytes), (Some(0), Some(0)));
    assert!(row("upgraded").unused_bytes > Some(0), "what the upgrade replaced came for nothing");
    assert_eq!(row("next-commit").compiled, run.step("none", "next-commit", "many").compiled.map(|_| 1));
}

#[test]
fn networks_are_for_scenarios_with_machines() {
    let place = TestDir::with("c", &["many"]);
    let refused = |more: &[&str], part| place.run(&place.compare_args("c", more)).refused(part);
    refused(&["--network", "github"], "--network: the scenario gauntlet has no machines");
    refused(&["--delivery", "archive"], "--delivery: the scenario gauntlet has no machines");
    refused(&["--scenario", "ci", "--remote-server", "buildgrid"], "add --delivery remote");
}

fn lacks_archiver(what: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = ["tar", "zstd"].into_iter().find(|program| exec::toolchain::find_in(program, &path).is_none());
    missing.iter().for_each(|program| skip(what, &format!("{program} is not on PATH")));
    missing.is_some()
}

#[test]
fn objects_come_one_by_one_and_like_an_archive_they_are_all_hits() {
    let place = TestDir::with("c", &["many"]);
    let args = ["--scenario", "ci", "--strategies", CACHED, "--delivery", "remote,archive", "--network", "2ms,1gbit"];
    if !cfg!(feature = "remote") {
        let said = place.run(&place.compare_args("c", &args));
        let run = RecordedRun::read(&place.run_folder());
        let remote = run.step("hardlink+aggressive-by-remote", "same-commit", "many");
        assert_eq!(remote.status, Status::Unsupported, "{}", said.stderr);
        assert!(remote.note.contains("--features remote"), "{}", remote.note);
        return;
    }
    if lacks_archiver("delivery by archive beside that by object") {
        return;
    }
    let run = place.compare("c", &args);
    run.all_ok();
    for step in ["same-commit", "next-commit", "upgraded"] {
        let remote = run.step("hardlink+aggressive-by-remote", step, "many");
        let archive = run.step(CACHED, step, "many");
        let outcome = |row: &StepRow| (row.compiled, row.hit_rate, row.missed, row.refused);
        assert_eq!(outcome(remote), outcome(archive), "{step}");
        assert!(remote.down_bytes > Some(0) && remote.requests > Some(0), "{step}: {remote:?}");
        assert_eq!(remote.unused_bytes, Some(0), "{step}: only what is asked for comes");
    }
}

/// `HARNESS_EXTERNAL_TOOLS=DIR`: a work directory in which `harness strategies install buildgrid` was run.
#[cfg(feature = "remote")]
#[test]
fn buildgrid_serves_what_the_server_in_this_process_serves() {
    const ARM: &str = "hardlink+aggressive-by-remote";
    if lacks_archiver("ways of delivery") {
        return;
    }
    let place = TestDir::with("c", &["many"]);
    let by = |server: &str, out: &str| {
        let args = ["--scenario", "ci", "--strategies", CACHED, "--delivery", "remote", "--remote-server", server];
        place.run(&place.compare_args_in("c", &place.at("work"), out, &args));
        RecordedRun::read(&only(&place.at(out)))
    };
    let none = by("buildgrid", "none");
    let row = none.step(ARM, "same-commit", "many");
    assert_eq!(row.status, Status::Unsupported);
    assert!(row.note.contains("`harness strategies install buildgrid`"), "{}", row.note);
    let installed = std::env::var_os("HARNESS_EXTERNAL_TOOLS").map(std::path::PathBuf::from);
    let Some(installed) = installed.filter(|work| runner::delivery::buildgrid::find(work).is_ok()) else {
        return skip("BuildGrid", "HARNESS_EXTERNAL_TOOLS names no work directory with buildgrid installed");
    };
    std::os::unix::fs::symlink(installed.join("tools"), place.at("work/tools")).unwrap();
    let (ours, theirs) = (by("in-process", "ours"), by("buildgrid", "theirs"));
    ours.all_ok();
    theirs.all_ok();
    for step in ["produce", "same-commit", "next-commit", "upgraded"] {
        let units = |run: &RecordedRun| -> Vec<_> {
            let unit = |unit: &&UnitRow| (label(unit), unit.outcome, unit.reason.clone(), unit.bytes);
            run.units(ARM, step, "many").iter().map(unit).collect()
        };
        assert_eq!(units(&ours), units(&theirs), "{step}");
        let whole = |run: &RecordedRun| {
            let row = run.step(ARM, step, "many");
            (row.compiled, row.hit_rate, row.unused_bytes, row.note.clone())
        };
        assert_eq!(whole(&ours), whole(&theirs), "{step}");
    }
    assert!(theirs.step(ARM, "same-commit", "many").down_bytes > Some(0));
}
