//! `compare` on made-up workspaces with one of each kind of unit: what every restoring row
//! must hold, and the records themselves.

use std::collections::BTreeSet;

use crate::support::{RecordedRun, TestDir, label, step};
use records::{Outcome, Status, StepRow};

const LINKS: [&str; 5] = ["hardlink", "reflink", "copy", "symlink", "in-place"];
const POLICIES: [&str; 3] = ["conservative", "non-local", "aggressive"];

/// DESIGN §8, letter by letter.
const STEPS_HEADER: &str = "run,round,position,corpus,workspace,scenario,step,strategy,integration,key,link,store,\
toolchain,profile,status,wall_s,user_s,sys_s,max_rss_bytes,plan_s,restore_s,cargo_s,publish_s,units,fresh,restored,\
compiled,refused,missed,stale,rustc_runs,rustc_s,hit_rate,hit_rate_by_cost,hardlinked,reflinked,copied,symlinked,\
private_files,copied_bytes,store_bytes,store_allocated_bytes,store_physical_bytes,tree_bytes,tree_allocated_bytes,\
tree_physical_bytes,all_physical_bytes,noop_compiled,store_intact,note";
const UNITS_HEADER: &str = "run,round,workspace,scenario,step,strategy,package,version,source,target,kind,mode,platform,\
outcome,reason,because,cost_s,bytes";

const REASONS: &str = "never-seen version features profile platform toolchain rustflags dependency content evicted \
                       displaced damaged";

/// Whether an `ok` row is expected: everything but reflinks where there are none.
fn is_measured(row: &StepRow) -> bool {
    match row.status {
        Status::Unsupported => {
            assert_eq!(row.link.as_deref(), Some("reflink"), "{row:?}");
            assert!(row.note.contains("no reflinks"), "{}", row.note);
            assert_eq!(
                (row.wall_s, row.units, row.store_bytes),
                (None, None, None),
                "nothing measured is empty, not 0"
            );
            false
        }
        Status::Ok => true,
        Status::Failed | Status::Invalid => panic!("{} {} {}: {}", row.strategy, row.step, row.workspace, row.note),
    }
}

/// What holds for every row of every run here.
fn check_rows(run: &RecordedRun) {
    assert!(run.folder.info.complete);
    // Columns may be appended, none renamed or moved.
    for (table, header) in [("steps.csv", STEPS_HEADER), ("units.csv", UNITS_HEADER)] {
        let (text, names) = (run.text(table), header.split(','));
        assert!(text.lines().next().unwrap().split(',').take(names.clone().count()).eq(names), "{table}");
    }
    for row in run.steps() {
        let at = format!("{} {} {}: {}", row.strategy, row.step, row.workspace, row.note);
        let units = run.units(&row.strategy, &row.step, &row.workspace);
        if !is_measured(row) {
            assert!(units.is_empty(), "{at}");
            continue;
        }
        assert_eq!(row.units, Some(units.len() as u64), "{at}");
        assert_eq!(row.noop_compiled, Some(0), "{at}");
        assert_eq!(row.fresh.unwrap() + row.compiled.unwrap(), row.units.unwrap(), "{at}");
        let of = |outcome| units.iter().filter(|unit| unit.outcome == Some(outcome)).count() as u64;
        match row.integration.as_deref() {
            Some("units") => check_cached(row, &at, &of),
            // What the baselines have not done is empty, not 0.
            _ => {
                assert_eq!((row.stale, row.refused, row.hardlinked, row.store_intact), (None, None, None, None), "{at}")
            }
        }
        for unit in units {
            match unit.outcome {
                Some(Outcome::Miss | Outcome::Dup) if !row.strategy.starts_with("shared-target") => {
                    assert!(
                        REASONS.split(' ').any(|reason| reason == unit.reason),
                        "{at} {}: {:?}",
                        label(unit),
                        unit.reason
                    );
                    assert_eq!(unit.reason == "dependency", !unit.because.is_empty(), "{at} {}", label(unit));
                }
                Some(Outcome::Refused) => assert!(!unit.reason.is_empty(), "{at} {}", label(unit)),
                _ => assert_eq!(unit.reason, "", "{at} {}", label(unit)),
            }
        }
    }
}

fn check_cached(row: &StepRow, at: &str, of: &dyn Fn(Outcome) -> u64) {
    assert_eq!((row.stale, row.store_intact), (Some(0), Some(true)), "{at}");
    assert_eq!(of(Outcome::Stale), 0, "{at}");
    assert_eq!(row.restored, Some(of(Outcome::Hit)), "{at}");
    assert_eq!(row.refused, Some(of(Outcome::Refused)), "{at}");
    assert_eq!(row.missed, Some(of(Outcome::Miss) + of(Outcome::Dup)), "{at}");
    assert!(row.graph_call_s > Some(0.0) && row.graph_call_s < row.plan_s, "{at}");
    let counts = [row.hardlinked, row.reflinked, row.copied, row.symlinked].map(Option::unwrap);
    let own = match row.link.as_deref().unwrap() {
        "hardlink" => 0,
        "reflink" => 1,
        "copy" => 2,
        "symlink" | "in-place" => 3,
        other => panic!("{other}"),
    };
    for (mechanism, count) in counts.into_iter().enumerate() {
        // Warm steps of every policy restore something that may be shared.
        assert_eq!(count > 0, mechanism == own && (row.step == "warm" || count > 0), "{at} {counts:?}");
    }
    let phases = [row.plan_s, row.restore_s, row.cargo_s, row.publish_s].map(Option::unwrap).iter().sum::<f64>();
    assert!((row.wall_s.unwrap() - phases).abs() < 1e-3, "{at}");
    assert!(row.store_bytes.unwrap() > 0 && row.tree_bytes.unwrap() > 0, "{at}");
}

/// Every expected row is there once, and no other.
fn check_complete(run: &RecordedRun, strategies: &[String], workspaces: &[&str]) {
    let mut expected = BTreeSet::new();
    for (strategy, step) in strategies.iter().flat_map(|strategy| ["fill", "warm", "edit"].map(|step| (strategy, step)))
    {
        expected.extend(workspaces.iter().map(|workspace| (strategy.as_str(), step, *workspace)));
    }
    let rows = run.steps().iter().map(|row| (row.strategy.as_str(), row.step.as_str(), row.workspace.as_str()));
    assert_eq!(rows.clone().count(), expected.len());
    assert_eq!(rows.collect::<BTreeSet<_>>(), expected);
}

fn names(strategies: &[&str]) -> Vec<String> {
    strategies.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_kind_of_unit_comes_back() {
    let place = TestDir::with("kinds", &["alpha", "beta"]);
    let strategies = "none none~no-incremental shared-target shared-target~wiped hardlink+conservative hardlink+non-local \
                      hardlink+aggressive reflink+aggressive copy+aggressive symlink+aggressive in-place+aggressive \
                      hardlink+aggressive@dirs in-place+aggressive@dirs";
    let strategies: Vec<&str> = strategies.split(' ').collect();
    let run = place.compare("kinds", &["--strategies", &strategies.join(",")]);
    check_rows(&run);
    check_complete(&run, &names(&strategies), &["alpha", "beta"]);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text.matches("a no-op: its build directory was not emptied").count(), 1, "shared-target in warm");

    for row in run.steps().iter().filter(|row| is_measured(row)) {
        let at = format!("{} {} {}", row.strategy, row.step, row.workspace);
        // alpha edits its library, which its program is linked with; beta its program.
        let edited = if row.workspace == "alpha" { 2 } else { 1 };
        if row.step == "edit" {
            assert_eq!(row.compiled, Some(edited), "{at}");
            assert_eq!(row.rustc_runs, Some(edited), "{at}");
        }
        if row.step == "warm" && row.key.as_deref() == Some("aggressive") {
            assert_eq!((row.compiled, row.rustc_runs), (Some(0), Some(0)), "{at}");
            assert_eq!(row.hit_rate, Some(1.0), "{at}");
        }
        if row.strategy == "shared-target~wiped" && row.step == "warm" {
            assert_eq!(row.compiled, run.step("shared-target", "fill", &row.workspace).compiled, "{at}");
        }
        if row.strategy.starts_with("none") {
            assert_eq!((row.hit_rate, row.store_bytes), (None, None), "{at}");
            assert_eq!(row.compiled == row.units, row.step != "edit", "{at}");
        }
    }
    let alpha_units = run.step("none", "fill", "alpha").units;
    assert_eq!((alpha_units, run.step("none", "fill", "beta").units), (Some(12), Some(20)));
    refusals(&run);
    across_workspaces(&run);
}

/// What conservative and non-local refuse, and by which rule.
fn refusals(run: &RecordedRun) {
    let refused = |strategy: &str, workspace: &str| -> BTreeSet<String> {
        let units = run.units(strategy, "warm", workspace);
        let refused = units.iter().filter(|unit| unit.outcome == Some(Outcome::Refused));
        refused.map(|unit| format!("{}: {}", label(unit), unit.reason)).collect()
    };
    let set = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<BTreeSet<_>>();
    let local = [
        "alpha bin build: local-package",
        "alpha lib build: local-package",
        "helper custom-build build: local-package",
        "helper custom-build run-custom-build: local-package",
        "helper lib build: local-package",
    ];
    assert_eq!(refused("hardlink+non-local", "alpha"), set(&local));
    let mut conservative = set(&local);
    conservative.extend(set(&[
        "maker proc-macro build: proc-macro",
        "made lib build: below-proc-macro",
        "scripted custom-build build: build-script",
        "scripted custom-build run-custom-build: build-script",
        "scripted lib build: build-script",
        "on-script lib build: below-build-script",
    ]));
    assert_eq!(refused("hardlink+conservative", "alpha"), conservative);
    let hits = run.units("hardlink+conservative", "warm", "alpha");
    let hits: Vec<_> = hits.iter().filter(|unit| unit.outcome == Some(Outcome::Hit)).map(|unit| label(unit)).collect();
    assert_eq!(hits, ["plain lib build"]);
}

/// In `fill` the second workspace finds what the first has published.
fn across_workspaces(run: &RecordedRun) {
    for strategy in ["hardlink+non-local", "hardlink+aggressive", "copy+aggressive", "in-place+aggressive@dirs"] {
        let hits = |workspace: &str| -> BTreeSet<String> {
            let units = run.units(strategy, "fill", workspace);
            units.into_iter().filter(|unit| unit.outcome == Some(Outcome::Hit)).map(label).collect()
        };
        assert_eq!(hits("alpha"), BTreeSet::new(), "{strategy}: the store starts empty");
        let shared =
            "plain lib build, scripted custom-build build, scripted custom-build run-custom-build, scripted lib build";
        assert_eq!(hits("beta").into_iter().collect::<Vec<_>>().join(", "), shared, "{strategy}");
    }
    let fill = run.step("shared-target", "fill", "beta");
    assert!(fill.fresh.unwrap() > 0, "{fill:?}");
}

#[test]
fn every_strategy_there_is() {
    let place = TestDir::with("matrix", &["gamma"]);
    let run = place.compare("matrix", &["--strategies", "none,shared-target,*+*,*+*@dirs"]);
    check_rows(&run);
    let mut strategies = names(&["none", "shared-target"]);
    for store in ["", "@dirs"] {
        for policy in POLICIES {
            strategies.extend(LINKS.map(|link| format!("{link}+{policy}{store}")));
        }
    }
    check_complete(&run, &strategies, &["gamma"]);
    for row in run.steps().iter().filter(|row| is_measured(row) && row.integration.is_some()) {
        let at = format!("{} {}", row.strategy, row.step);
        let compiled = match (row.step.as_str(), row.key.as_deref().unwrap()) {
            ("fill", _) => 6,
            ("warm", "conservative") => 5,
            ("warm", "non-local") | ("edit", _) => 1,
            ("warm", "aggressive") => 0,
            other => panic!("{other:?}"),
        };
        assert_eq!(row.compiled, Some(compiled), "{at}");
    }
}

/// Edits build over what was restored. Nothing of that may reach the store: with the original
/// sources back, everything comes out of it again, byte by byte what was put in.
#[test]
fn rebuilds_over_restored_files_leave_the_store_alone() {
    let place = TestDir::with("edited", &["nested", "delta"]);
    let steps = [
        ("fill", "once = [\"empty-store\"]\neach = [\"wipe\"]"),
        ("warm", "each = [\"wipe\"]"),
        ("signature", "each = [{ edit = \"public-signature\" }]"),
        ("file", "each = [{ edit = \"new-file\" }]"),
        ("comment", "each = [{ edit = \"comment\" }]"),
        ("back", "each = [{ edit = \"back\" }, \"wipe\"]"),
    ];
    let scenario = place.scenario("edited-scenario", &steps.map(|(name, more)| step(name, more)).concat());
    let strategies = "none,hardlink+aggressive,symlink+aggressive,in-place+aggressive,in-place+aggressive@dirs";
    let run = place.compare("edited", &["--strategies", strategies, "--scenario", &scenario]);
    check_rows(&run);
    for row in run.steps() {
        let at = format!("{} {} {}: {}", row.strategy, row.step, row.workspace, row.note);
        // The script of delta runs at every change of its package, for every strategy.
        let edited = Some(2);
        match (row.strategy.as_str(), row.step.as_str(), row.workspace.as_str()) {
            (_, "signature" | "file" | "comment", _) => assert_eq!(row.compiled, edited, "{at}"),
            ("none", ..) | (_, "fill", _) => {}
            // Its times are new, so Cargo runs it, and what depends on it.
            (_, "back", "delta") => assert_eq!(row.compiled, Some(2), "{at}"),
            (_, "warm" | "back", _) => assert_eq!((row.compiled, row.restored), (Some(0), row.units), "{at}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_miss_has_its_reason() {
    let names = ["first", "same", "features", "profile", "rustflags", "version"];
    let place = TestDir::with("variants", &names);
    let scenario = place.scenario("fill", &step("fill", "once = [\"empty-store\"]\neach = [\"wipe\"]"));
    let run = place.compare("variants", &["--strategies", "none,hardlink+aggressive", "--scenario", &scenario]);
    let mut reasons = String::new();
    for name in names {
        for unit in run.units("hardlink+aggressive", "fill", name).iter().filter(|unit| unit.source == "registry") {
            let outcome = unit.outcome.map_or("-", Outcome::as_str);
            reasons += format!("{name}: {} {outcome} {} {}", unit.package, unit.reason, unit.because).trim_end();
            reasons.push('\n');
        }
    }
    insta::assert_snapshot!(reasons, @"
    first: base miss never-seen
    first: stacked miss never-seen
    same: base hit
    same: stacked hit
    features: base miss features
    features: stacked miss dependency base
    profile: base miss profile
    profile: stacked miss profile
    rustflags: base miss rustflags
    rustflags: stacked miss rustflags
    version: base miss version
    version: stacked miss dependency base
    ");
    // And the table at the end adds them up.
    let cause = run.stdout.lines().find(|line| line.contains("dependency"));
    let words: Vec<&str> = cause.unwrap_or_else(|| panic!("{}", run.stdout)).split_whitespace().collect();
    assert_eq!(words[words.len() - 4..], ["2", "miss", "dependency", "base"], "{}", run.stdout);
}
