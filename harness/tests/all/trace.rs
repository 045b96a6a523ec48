//! `harness trace collect`: a trace of made-up workspaces, without a network.

use std::collections::BTreeSet;

use crate::support::{CommandOutput, TestDir};
use simulation::trace::{Trace, TracePlan, TraceSource, TraceTask};
use strategies::key::Input;

/// Corpora of `app`, a program on a member with a build script, `alone`, a library, and `broken`, with a lockfile that names
/// nothing of what its manifest depends on.
fn place() -> TestDir {
    let place = TestDir::with("two", &["app", "alone"]);
    place.write("ws/broken/Cargo.toml", "[workspace]\n");
    place.write("ws/broken/src/lib.rs", "");
    place.cargo("broken", &["generate-lockfile"]);
    place.write("ws/broken/Cargo.toml", "[dependencies]\nnowhere = \"1\"\n[workspace]\n");
    place.corpus("one", &["app", "broken"]);
    place
}

fn collect(place: &TestDir, corpora: &str, more: &[&str]) -> CommandOutput {
    let corpora: Vec<String> = corpora.split(',').map(|it| place.arg(&format!("{it}.toml"))).collect();
    let work = place.arg("work");
    let out = place.arg("out/made-up.trace");
    let corpora = corpora.join(",");
    let mut args = vec!["trace", "collect", "--corpus", &corpora, "--work-dir", &work];
    if !more.contains(&"--out") {
        args.extend(["--out", &out]);
    }
    args.extend(more);
    place.run(&args)
}

fn read(place: &TestDir) -> Trace {
    Trace::read(&place.at("out/made-up.trace")).unwrap()
}

/// Package, target and mode of each unit of a plan, and how many it depends on.
fn units<'a>(trace: &'a Trace, plan: &TracePlan) -> BTreeSet<(&'a str, &'a str, &'a str, usize)> {
    let unit = |node| {
        let [package, kind, mode] =
            [Input::PackageName, Input::TargetKind, Input::Mode].map(|input| trace.text(trace.unit(node)[input]));
        (package, kind, mode, trace.edges(node).len())
    };
    plan.nodes.iter().map(|node| unit(*node)).collect()
}

#[test]
fn a_trace_has_what_cargo_would_run() {
    let place = place();
    let said = collect(&place, "one,two", &[]).done();
    let trace = read(&place);

    let names: Vec<&str> = trace.workspaces.iter().map(|it| trace.text(it.name)).collect();
    assert_eq!(names, ["app", "alone"], "app once, though two corpora have it");
    let commands: Vec<String> = trace.plans.iter().take(4).map(|plan| trace.command(plan)).collect();
    assert_eq!(commands, ["dev build", "release build", "dev test", "dev check"]);
    assert_eq!(trace.plans.len(), 8);

    let build = units(&trace, &trace.plans[0]);
    let expected = [
        ("app", "bin", "build", 1),
        ("part", "custom-build", "build", 0),
        ("part", "custom-build", "run-custom-build", 1),
        ("part", "lib", "build", 1),
    ];
    assert_eq!(build, BTreeSet::from(expected));
    assert_eq!(trace.plans[0].roots.len(), 1);
    assert_eq!(trace.text(trace.unit(trace.plans[0].roots[0])[Input::PackageName]), "app");
    let test = trace.plans.iter().find(|plan| plan.task == TraceTask::Test).unwrap();
    assert!(units(&trace, test).contains(&("app", "bin", "test", 1)));
    // A debug build and a check have their build script in common, but no library.
    let check = trace.plans.iter().find(|plan| plan.task == TraceTask::Check).unwrap();
    let common = check.nodes.iter().filter(|node| trace.plans[0].nodes.contains(node)).count();
    assert_eq!(common, 2, "the script's compile and its run");

    for unit in &trace.units {
        assert_eq!(unit.source, TraceSource::Path);
        assert_eq!(trace.text(unit.observed).len(), 64, "a local package has a digest of its sources");
        assert!(trace.text(unit[Input::SourcePath]).starts_with("ws:"), "{}", trace.text(unit[Input::SourcePath]));
        assert!(trace.text(unit[Input::PackageId]).starts_with("path ws:"));
    }
    let edge = trace.edges(trace.plans[0].roots[0])[0];
    assert!(trace.text(edge.label).starts_with("part"), "{}", trace.text(edge.label));

    let about = &trace.about;
    assert!(about.toolchain.starts_with("rustc "), "{}", about.toolchain);
    assert_eq!(about.seconds.as_ref().unwrap().samples, 0);
    assert!(trace.nodes.iter().all(|node| !node.seconds.measured && node.seconds.value > 0.0));
    let [left_out] = about.left_out.as_slice() else { panic!("{:?}", about.left_out) };
    assert_eq!(left_out.workspace, "broken");
    assert!(left_out.why.contains("nowhere") || left_out.why.contains("lock"), "{}", left_out.why);
    assert!(said.stdout.contains("left out: broken: "), "{}", said.stdout);
    assert!(said.stdout.trim_end().lines().last().unwrap().contains("made-up.trace"), "{}", said.stdout);

    // Cargo answers the same a second time.
    let before = std::fs::read(place.at("out/made-up.trace")).unwrap();
    assert_eq!(collect(&place, "one,two", &[]).code, Some(0));
    assert_eq!(std::fs::read(place.at("out/made-up.trace")).unwrap(), before);
    assert!(!place.at("work/arm").exists(), "no working copy is left behind");
    assert!(!place.at("out/made-up.trace.part").exists());
}

#[test]
fn what_a_run_measured_is_not_estimated() {
    let place = TestDir::with("pair", &["older", "newer"]);
    place.compare("pair", &["--strategies", "none,hardlink+aggressive"]);
    let runs = place.arg("out");
    collect(&place, "pair", &["--runs", &runs, "--commands", "dev build,dev check"]).done();
    let trace = read(&place);
    let measured = |plan: &TracePlan| plan.nodes.iter().filter(|node| trace.nodes[node.at()].seconds.measured).count();
    for plan in &trace.plans {
        let expected = if plan.task == TraceTask::Build { plan.nodes.len() } else { 0 };
        assert_eq!(measured(plan), expected, "{}", trace.command(plan));
    }
    let fit = trace.about.seconds.as_ref().unwrap();
    assert_eq!((fit.runs.len(), fit.samples > 0), (1, true), "{fit:?}");
    assert!(fit.model.starts_with("constants by kind"), "{}", fit.model);
    // Both are on another version of `base`: nothing above it can be shared.
    let builds = trace.plans.iter().filter(|plan| plan.task == TraceTask::Build);
    assert_eq!(builds.map(|plan| plan.nodes.len()).sum::<usize>(), 6);
    assert!(trace.nodes.iter().any(|node| node.bytes.measured && node.bytes.value > 100.0));
}

#[test]
fn what_cannot_be_asked_for_ends_in_one_line() {
    let place = place();
    let fails = |said: CommandOutput, expected: &str| {
        let line = said.stderr.trim_end();
        assert_eq!((said.code, line.lines().count()), (Some(2), 1), "{}\n{line}", said.stdout);
        assert!(line.contains(expected), "{line}");
    };
    fails(place.run(&["trace", "collect", "--corpus", "quik", "--out", "x"]), "did you mean \"quick\"?");
    fails(collect(&place, "one", &["--workspaces", "ap"]), "has a workspace ap; there are app, broken");
    fails(collect(&place, "one", &["--workspaces", "broken"]), "no workspace has a unit graph; broken: ");
    fails(collect(&place, "one", &["--runs", "ws"]), "holds no run; name a run folder");
    let folder = place.arg("ws");
    fails(collect(&place, "one", &["--out", &folder]), "it is a directory; choose another --out");
    place.write("file", "");
    let below = place.arg("file/x.trace");
    fails(collect(&place, "one", &["--out", &below]), "choose another --out");
    let said = collect(&place, "one", &["--commands", "dev doc"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("\"dev doc\" is no command"), "{}", said.stderr);
    assert!(!place.at("out/made-up.trace").exists(), "nothing was written");
}

#[test]
fn a_corpus_of_graphs_is_not_built() {
    let place = place();
    place.write(
        "graphs.toml",
        "name = \"graphs\"\nabout = \"made up\"\ngraphs-only = true\n\n[[workspace]]\nname = \"alone\"\nwhy = \"a test\"\n\
         source = { path = \"ws/alone\" }\n",
    );
    let said = place.run(&place.compare_args("graphs", &[]));
    assert_eq!((said.code, said.stderr.lines().count()), (Some(2), 1), "{}", said.stderr);
    assert!(said.stderr.contains("`harness trace collect --corpus "), "{}", said.stderr);
    collect(&place, "graphs", &["--commands", "release build"]).done();
    assert_eq!(read(&place).plans.len(), 1);
}

#[test]
fn a_dry_run_fetches_and_writes_nothing() {
    let place = place();
    let said = collect(&place, "one,two", &["--dry-run"]).done();
    assert!(said.stdout.starts_with("3 workspaces of "), "{}", said.stdout);
    assert!(said.stdout.contains("commands: dev build, release build, dev test, dev check"), "{}", said.stdout);
    assert!(!place.at("work").exists() && !place.at("out").exists());
}
