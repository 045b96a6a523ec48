//! Shards made up row by row.

use std::collections::BTreeSet;

use super::*;
use crate::{Outcome, Status, StepRow, UnitRow};
use serde_json::json;

fn step(run: &str, round: u32, workspace: &str, strategy: &str) -> StepRow {
    StepRow {
        run: run.into(),
        round,
        workspace: workspace.into(),
        scenario: "s".into(),
        step: "fill".into(),
        strategy: strategy.into(),
        status: Status::Ok,
        hit_rate: (strategy != "none").then_some(0.5),
        compiled: Some(1),
        units: Some(1),
        ..StepRow::default()
    }
}

fn unit(step: &StepRow, cost: f64) -> UnitRow {
    UnitRow {
        run: step.run.clone(),
        round: step.round,
        workspace: step.workspace.clone(),
        scenario: step.scenario.clone(),
        step: step.step.clone(),
        strategy: step.strategy.clone(),
        package: "p".into(),
        outcome: (step.strategy != "none").then_some(Outcome::Hit),
        cost_s: Some(cost),
        ..UnitRow::default()
    }
}

/// Shard `index` of `of` with these cells, of three rounds of `x` and `y`, each alone.
fn shard(index: u32, of: u32, cells: &[(u32, &str)]) -> RunFolder {
    let name = format!("run-{index}");
    let mut info = RunInfo { complete: true, rounds: 3, seed: 7, scenario: "s".into(), ..RunInfo::new(&name) };
    info.started = format!("2026-11-23T0{index}:00:00Z");
    info.corpus.name = "c".into();
    info.corpus.workspaces = vec!["y".into(), "x".into()];
    info.strategies = vec!["none".into(), "a".into()];
    info.options.insert("alone".into(), true.into());
    info.options.insert("work_dir".into(), format!("/machine-{index}").into());
    info.options.insert("shard".into(), json!({ "part": format!("{index}/{of}"), "machine": format!("m{index}") }));
    let both = |(round, workspace): &(u32, &str)| ["a", "none"].map(|arm| step(&name, *round, workspace, arm));
    let steps: Vec<StepRow> = cells.iter().flat_map(both).collect();
    let units = steps.iter().map(|step| unit(step, f64::from(step.round))).collect();
    RunFolder { info, steps, units, cut: CutOff::default() }
}

fn three() -> Vec<RunFolder> {
    vec![shard(1, 3, &[(1, "y"), (3, "y")]), shard(2, 3, &[(1, "x"), (2, "x")]), shard(3, 3, &[(2, "y"), (3, "x")])]
}

fn refused(folders: Vec<RunFolder>) -> String {
    merge(folders, &Allowed::default(), false).unwrap_err().to_string()
}

#[test]
fn rows_come_in_the_order_of_the_whole_run_whatever_the_order_of_shards() {
    let merged = merge(three(), &Allowed::default(), false).unwrap();
    let cells: Vec<(u32, &str)> = merged.steps.iter().step_by(2).map(|row| (row.round, &*row.workspace)).collect();
    assert_eq!(cells, [(1, "y"), (1, "x"), (2, "y"), (2, "x"), (3, "y"), (3, "x")]);
    assert!(merged.steps.iter().all(|row| row.run == "2026-11-23T010000Z-c-merged"));
    assert!(merged.info.complete && !merged.info.options.contains_key("shard"));
    assert_eq!(merged.info.shards[2].rounds["x"], BTreeSet::from([3]));
    assert_eq!(merged.info.shards[1].machine.as_deref(), Some("m2"));
    let mut turned = three();
    turned.rotate_left(1);
    turned.swap(0, 1);
    assert_eq!(merge(turned, &Allowed::default(), false).unwrap(), merged);
}

#[test]
fn a_unit_has_one_cost_in_all_shards_when_the_merged_run_is_read() {
    let mut merged = merge(three(), &Allowed::default(), false).unwrap();
    assert!(merged.units.iter().all(|row| row.cost_s == Some(f64::from(row.round))), "as recorded");
    crate::costs::fill_costs(&mut merged.steps, &mut merged.units);
    assert!(merged.units.iter().all(|row| row.cost_s == Some(2.0)), "the mean of rounds 1, 2 and 3");
    assert!(merged.steps.iter().all(|row| row.hit_rate_by_cost == row.hit_rate.map(|_| 1.0)));
}

#[test]
fn what_is_missing_twice_or_torn_is_told() {
    let mut folders = three();
    folders.remove(1);
    assert!(refused(folders.clone()).starts_with("shard 2/3 is not there"));
    let partial = merge(folders, &Allowed::default(), true).unwrap();
    assert!(!partial.info.complete && partial.info.name.ends_with("-merged-partial"));
    let mut folders = three();
    folders[1] = shard(2, 3, &[(1, "x"), (3, "y")]);
    assert!(refused(folders).contains("run-1 and run-2 both hold round 3 of y"));
    let mut folders = three();
    folders[1] = shard(2, 3, &[(1, "x")]);
    assert!(refused(folders).starts_with("1 of 6 rounds of workspaces are not there"));
    let mut folders = three();
    folders[1].steps.pop();
    assert!(refused(folders).contains("run-2 has no row of none in step fill of x, round 2"));
    assert!(refused(vec![shard(1, 3, &[(1, "x")]), shard(1, 3, &[(1, "x")])]).contains("both hold shard 1/3"));
    assert!(refused(Vec::new()).starts_with("there is nothing to merge"));
}

#[test]
fn shards_of_other_runs_are_told_by_what_differs() {
    let changed = |change: fn(&mut RunInfo)| {
        let mut folders = three();
        change(&mut folders[2].info);
        refused(folders)
    };
    assert!(changed(|info| info.corpus.hash = "b".into()).contains("the corpus hash differs"));
    assert!(changed(|info| info.rounds = 4).contains("the number of rounds differs (3 and 4)"));
    assert!(changed(|info| drop(info.options.insert("shadow".into(), true.into()))).contains("the option shadow"));
    assert!(changed(|info| drop(info.tools.insert("harness".into(), "9".into()))).contains("version of the harness"));
    assert!(changed(|info| drop(info.options.remove("shard"))).contains("is not a shard"));
    assert!(changed(|info| info.complete = false).contains("is not complete"));
    let files = |text: &str| json!([{ "path": "/anywhere", "text": text }]);
    let mut folders = three();
    for (folder, path) in folders.iter_mut().zip(["/a", "/b", "/c"]) {
        let mut files = files("same");
        files[0]["path"] = path.into();
        folder.info.options.insert("strategy_files".into(), files);
    }
    assert!(merge(folders.clone(), &Allowed::default(), false).is_ok(), "where a file lies is a machine's own");
    folders[0].info.options.insert("strategy_files".into(), files("other"));
    assert!(refused(folders).contains("the option strategy_files"));
}

#[test]
fn what_may_differ_is_refused_until_told_and_then_recorded() {
    let all = Allowed { hosts: true, toolchains: true, seeds: true, tools: true };
    type Case = (&'static str, fn(&mut RunInfo), Allowed);
    let cases: [Case; 4] = [
        ("hosts", |info| info.host.cores = Some(64), Allowed { hosts: true, ..Allowed::default() }),
        (
            "toolchains",
            |info| info.toolchain.rustc = "other".into(),
            Allowed { toolchains: true, ..Allowed::default() },
        ),
        ("seeds", |info| info.seed = 8, Allowed { seeds: true, ..Allowed::default() }),
        (
            "tools",
            |info| drop(info.tools.insert("sccache".into(), "1".into())),
            Allowed { tools: true, ..Allowed::default() },
        ),
    ];
    for (word, change, allowed) in cases {
        let mut folders = three();
        change(&mut folders[1].info);
        assert!(refused(folders.clone()).contains(&format!("--allow {word}")), "{word}");
        assert!(merge(folders.clone(), &allowed, false).is_ok(), "{word}");
        assert!(merge(folders, &all, false).is_ok());
    }
    let mut folders = three();
    folders[0].info.host.cpu_model = Some("Z".into());
    folders[1].info.host.cpu_model = Some("A".into());
    let merged = merge(folders, &all, false).unwrap();
    assert_eq!(merged.info.host.cpu_model.as_deref(), Some("A + Z"));
    assert_eq!(merged.info.kinds_of_hosts().len(), 3);
}
