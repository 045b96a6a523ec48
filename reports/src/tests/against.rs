//! Two runs side by side, on handmade rows.

use super::rows::{folder, step};
use crate::against::{Changes, changes};
use crate::analysis::{AnalysedRun, Analysis};
use crate::stats::{Random, Verdict};
use records::StepRow;
use records::run_folder::RunFolder;

/// Eight rounds of two workspaces on a machine of some speed.
fn run(name: &str, machine: f64, warm: f64, seed: u64) -> RunFolder {
    let mut noise = Random::new(seed);
    let mut steps = Vec::new();
    for round in 1..=8 {
        for (workspace, size) in [("bat", 60.0), ("ripgrep", 20.0)] {
            for (strategy, factor) in [("none", 1.0), ("hardlink+aggressive", warm), ("copy+aggressive", 0.3)] {
                let wall = size * machine * factor * (0.01 * noise.normal()).exp();
                steps.push(StepRow { run: name.into(), ..step(round, workspace, "warm", strategy, wall) });
            }
        }
    }
    let mut run = folder(&["none", "hardlink+aggressive", "copy+aggressive"], steps, vec![]);
    run.info.name = name.into();
    run.info.corpus.hash = "abc".into();
    run.info.scenario = "gauntlet".into();
    run.info.options.insert("order".into(), "interleaved".into());
    run
}

fn against(new: &RunFolder, old: &RunFolder) -> Result<Changes, String> {
    let (of_new, of_old) = (Analysis::of(new, None), Analysis::of(old, None));
    let (new, old) = (AnalysedRun { folder: new, analysis: &of_new }, AnalysedRun { folder: old, analysis: &of_old });
    changes(new, old).map_err(|error| error.to_string())
}

fn verdict(changes: &Changes, strategy: &str) -> Verdict {
    changes.arms.iter().find(|it| it.strategy == strategy).unwrap().judgement.verdict
}

#[test]
fn a_slower_machine_is_no_change_of_a_strategy() {
    let found = against(&run("new", 1.7, 0.2, 1), &run("old", 1.0, 0.2, 2)).unwrap();
    assert_eq!(verdict(&found, "hardlink+aggressive"), Verdict::NoDifferenceFound);
    assert_eq!(verdict(&found, "copy+aggressive"), Verdict::NoDifferenceFound);
    let bare = found.arms.iter().find(|it| it.strategy == "none").unwrap();
    assert!(bare.bare && bare.judgement.verdict == Verdict::Slower);
    assert!((bare.judgement.ratio.unwrap() - 1.7).abs() < 0.05);
}

#[test]
fn a_strategy_that_got_slower_is_found_and_the_other_is_not() {
    let found = against(&run("new", 1.0, 0.22, 3), &run("old", 1.3, 0.2, 4)).unwrap();
    assert_eq!(verdict(&found, "hardlink+aggressive"), Verdict::Slower);
    assert_eq!(verdict(&found, "copy+aggressive"), Verdict::NoDifferenceFound);
    let other_way = against(&run("new", 1.0, 0.2, 4), &run("old", 1.3, 0.22, 3)).unwrap();
    assert_eq!(verdict(&other_way, "hardlink+aggressive"), Verdict::Faster);
}

#[test]
fn one_round_is_too_few() {
    let (mut new, mut old) = (run("new", 1.0, 0.4, 5), run("old", 1.0, 0.2, 6));
    for run in [&mut new, &mut old] {
        run.steps.retain(|row| row.round == 1);
    }
    let found = against(&new, &old).unwrap();
    assert!(found.arms.iter().all(|it| it.judgement.verdict == Verdict::OneRound));
}

#[test]
fn what_differs_comes_first() {
    let (mut new, old) = (run("new", 1.0, 0.2, 7), run("old", 1.0, 0.2, 8));
    new.info.toolchain.rustc = "rustc 1.97.0-nightly".into();
    new.info.strategies.push("sccache".into());
    let found = against(&new, &old).unwrap();
    let found: Vec<(&str, bool)> = found.differences.iter().map(|it| (it.what.as_str(), it.weighs)).collect();
    assert_eq!(found, [("rustc", true), ("strategies", false)]);
}

/// Nothing is found, and nothing is refused: the next run may be quieter.
#[test]
fn a_run_that_others_disturbed_shows_no_change() {
    let (mut new, old) = (run("new", 1.0, 0.9, 10), run("old", 1.0, 0.2, 9));
    for row in &mut new.steps {
        (row.foreign_cpu_s, row.user_s, row.sys_s) = (Some(1e4), Some(1.0), Some(1.0));
    }
    let found = against(&new, &old).unwrap();
    assert_eq!(found.arms.len(), 3);
    let is_change = |it: &Verdict| matches!(it, Verdict::Faster | Verdict::Slower);
    assert!(!found.arms.iter().any(|it| is_change(&it.judgement.verdict)), "{:?}", found.arms);
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let mut old = run("old", 1.0, 0.2, 9);
    old.info.started = "2026-11-29T00:00:00Z".into();
    let copied = |new: &mut RunFolder| {
        new.info.started.clone_from(&old.info.started);
        new.steps.iter_mut().for_each(|row| row.run = "old".into());
    };
    let refused = |change: &dyn Fn(&mut RunFolder)| {
        let mut new = run("new", 1.0, 0.2, 10);
        change(&mut new);
        against(&new, &old).unwrap_err()
    };
    insta::assert_snapshot!(
        [
            refused(&copied),
            refused(&|new| new.info.corpus.name = "gauntlet".into()),
            refused(&|new| new.info.corpus.hash = "def".into()),
            refused(&|new| new.info.scenario = "edits".into()),
            refused(&|new| new.info.profile = "release".into()),
            refused(&|new| new.steps.retain(|row| row.strategy != "none")),
            refused(&|new| new.steps.iter_mut().for_each(|row| row.step = "edit".into())),
            refused(&|new| new.steps.clear()),
        ]
        .join("\n"),
        @r"
        new cannot be compared with old: they are the same run; give an older one
        new cannot be compared with old: the corpus is gauntlet in one and quick in the other; compare runs of the same
        new cannot be compared with old: the corpus quick changed in between, so they built other sources
        new cannot be compared with old: the scenario is edits in one and gauntlet in the other; compare runs of the same
        new cannot be compared with old: the profile is release in one and dev in the other; compare runs of the same
        new cannot be compared with old: the baseline is hardlink+aggressive in one and none in the other; compare runs of the same
        new cannot be compared with old: they have no step, strategy and workspace in common; compare runs that do
        new cannot be compared with old: one of them has no rows
        "
    );
}
