//! The design review and its recommendation, on handmade runs.

mod shown;
mod simulated;
mod unequal;

use super::rows::{bad, folder, step, unit, warm};
use super::simulated_run::simulation;
use crate::analysis::AnalysedRun;
use crate::analysis::Analysis;
use crate::document::{Block, Document, Section};
use crate::formats::markdown;
use crate::probes::{ProbeRow, ProbeRun, ProbeVerdict};
use crate::review::command::SCENARIOS;
use crate::review::{Evidence, Finding, QuestionStanding, recommendation, review, standings};
use crate::stats::Random;
use records::run_folder::RunFolder;
use records::{FileSystemInfo, Outcome, RunInfo, Status};

const WORKSPACES: [&str; 3] = ["one", "two", "three"];
const FAMILIES: [&str; 6] = ["stale", "freshness", "identity", "isolation", "faults", "races"];

/// An arm: its name, its wall in each step as a part of the baseline's, and bytes on disk.
type ArmSpec<'a> = (&'a str, f64, f64, f64, u64);

/// A run of fill, warm and edit, in turns, with 1 % of noise.
fn run(arms: &[ArmSpec<'_>], rounds: u32) -> RunFolder {
    let mut random = Random::new(7);
    let (mut steps, mut units) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        for (at, name) in ["fill", "warm", "edit"].into_iter().enumerate() {
            for (size, workspace) in WORKSPACES.into_iter().enumerate() {
                for arm in [("none", 1.0, 1.0, 1.0, 100)].iter().chain(arms) {
                    let part = [arm.1, arm.2, arm.3][at];
                    let wall = 10.0 * (size + 1) as f64 * part * (0.01 * random.normal()).exp();
                    let mut row = step(round, workspace, name, arm.0, wall);
                    row.all_physical_bytes = Some(arm.4 << 20);
                    if arm.0 != "none" {
                        row = warm(row, if name == "warm" { 1.0 } else { 0.0 }, 0.5, 5, 1 << 20);
                        let outcome = if name == "warm" { Outcome::Hit } else { Outcome::Miss };
                        units.push(unit(&row, "dep", outcome, "features", "", 1.0));
                    }
                    steps.push(row);
                }
            }
        }
    }
    let names: Vec<&str> = ["none"].into_iter().chain(arms.iter().map(|arm| arm.0)).collect();
    let mut run = folder(&names, steps, units);
    run.info.scenario = "gauntlet".into();
    run.info.corpus.workspaces = WORKSPACES.map(str::to_owned).into();
    run.info.options.insert("order".into(), "interleaved".into());
    run.info.file_systems.push(FileSystemInfo { role: "arm".into(), kind: "xfs".into(), device: None });
    run
}

fn probes(strategies: &[&str]) -> ProbeRun {
    let row = |strategy: &&str, family: &str| ProbeRow {
        family: family.into(),
        probe: format!("{family}-probe"),
        strategy: (*strategy).into(),
        verdict: ProbeVerdict::Pass,
        ..ProbeRow::default()
    };
    let rows = strategies.iter().flat_map(|strategy| FAMILIES.map(|family| row(strategy, family))).collect();
    ProbeRun { info: RunInfo::new("p"), rows }
}

fn fail(probes: &mut ProbeRun, strategy: &str, family: &str, known: &str) {
    let row = probes.rows.iter_mut().find(|row| row.strategy == strategy && row.family == family).unwrap();
    (row.verdict, row.known) = (ProbeVerdict::Fail, known.into());
}

fn with<T>(runs: &[RunFolder], probes: &[&ProbeRun], then: impl FnOnce(&Evidence<'_>) -> T) -> T {
    let analyses: Vec<Analysis> = runs.iter().map(|run| Analysis::of(run, None)).collect();
    let runs = analyses.iter().zip(runs).map(|(analysis, folder)| AnalysedRun { analysis, folder }).collect();
    then(&Evidence { runs, probes: probes.to_vec(), simulations: Vec::new() })
}

/// What a rule comes to: its choice, or the command it asks for.
fn found(runs: &[RunFolder], probes: &[&ProbeRun], rule: &str) -> Result<String, String> {
    with(runs, probes, |evidence| {
        let advice = recommendation(evidence).into_iter().find(|it| it.rule == rule).unwrap();
        match advice.finding {
            Finding::Decided { choice, .. } => Ok(choice),
            Finding::Undecided { command, .. } => Err(command.unwrap_or_default()),
        }
    })
}

const NARROW: &str = "hardlink+conservative";
const WIDE: &str = "hardlink+aggressive";
const COPY: &str = "copy+aggressive";

fn policies(narrow: f64, wide: f64) -> RunFolder {
    run(&[(NARROW, 1.0, narrow, 1.0, 100), (WIDE, 1.0, wide, 1.0, 100)], 8)
}

#[test]
fn the_key_policy_follows_the_times_and_the_probes() {
    let mut probed = probes(&[NARROW, WIDE]);
    assert_eq!(found(&[policies(0.6, 0.1)], &[&probed], "key policy"), Ok("aggressive".into()));
    // Other times, another choice; and none where nothing is faster than no cache.
    assert_eq!(found(&[policies(0.1, 0.6)], &[&probed], "key policy"), Ok("conservative".into()));
    assert_eq!(found(&[policies(0.6, 0.6)], &[&probed], "key policy"), Ok("conservative".into()));
    assert_eq!(found(&[policies(1.0, 1.0)], &[&probed], "key policy"), Ok("no cache".into()));
    // An explained failure is a price, an unexplained one the end.
    fail(&mut probed, WIDE, "stale", "KEYS.md");
    assert_eq!(found(&[policies(0.6, 0.1)], &[&probed], "key policy"), Ok("aggressive".into()));
    with(&[policies(0.6, 0.1)], &[&probed], |evidence| {
        assert!(
            format!("{:?}", recommendation(evidence)).contains("fails as known where hardlink+conservative does not")
        );
    });
    fail(&mut probed, WIDE, "stale", "");
    assert_eq!(found(&[policies(0.6, 0.1)], &[&probed], "key policy"), Ok("conservative".into()));
    // Nothing is recommended that no probe was run on.
    let command = found(&[policies(0.6, 0.1)], &[], "key policy").unwrap_err();
    assert!(command.starts_with("harness probe --probes stale,"), "{command}");
    let half = probes(&[NARROW]);
    assert!(found(&[policies(0.6, 0.1)], &[&half], "key policy").is_err());
}

#[test]
fn a_probe_that_does_not_apply_is_no_pass() {
    let mut probed = probes(&[NARROW, WIDE]);
    probed.rows.iter_mut().filter(|row| row.strategy == WIDE).for_each(|row| row.verdict = ProbeVerdict::NotApplicable);
    assert!(found(&[policies(0.6, 0.1)], &[&probed], "key policy").is_err());
}

#[test]
fn what_a_run_shows_against_a_strategy_puts_it_out() {
    let probed = probes(&[NARROW, WIDE]);
    let spoil = |spoil: fn(&mut records::StepRow)| {
        let mut run = policies(0.6, 0.1);
        let row = run.steps.iter_mut().rev().find(|row| row.strategy == WIDE && row.step == "warm").unwrap();
        spoil(row);
        found(&[run], &[&probed], "key policy")
    };
    assert_eq!(spoil(|_| {}), Ok("aggressive".into()));
    assert_eq!(spoil(|row| (row.shadow_same, row.shadow_differs) = (Some(3), Some(1))), Ok("conservative".into()));
    assert_eq!(spoil(|row| row.store_intact = Some(false)), Ok("conservative".into()));
    assert_eq!(spoil(|row| *row = bad(row.clone(), Status::Failed, "no")), Ok("conservative".into()));
    // What the machine cannot do is no fault of the strategy.
    assert_eq!(spoil(|row| *row = bad(row.clone(), Status::Unsupported, "no")), Ok("aggressive".into()));
}

#[test]
fn links_are_chosen_by_time_then_bytes_then_isolation() {
    let links = |hard: f64, copy: f64, hard_bytes, copy_bytes| {
        run(&[(WIDE, 1.0, hard, 1.0, hard_bytes), (COPY, 1.0, copy, 1.0, copy_bytes)], 8)
    };
    let mut probed = probes(&[WIDE, COPY]);
    let choice = |run: RunFolder, probed: &ProbeRun| found(&[run], &[probed], "link mode");
    assert_eq!(choice(links(0.1, 0.3, 200, 100), &probed), Ok("hardlink".into()));
    assert_eq!(choice(links(0.3, 0.1, 200, 100), &probed), Ok("copy".into()));
    assert_eq!(choice(links(0.1, 0.1, 200, 100), &probed), Ok("copy".into()));
    assert_eq!(choice(links(0.1, 0.1, 100, 200), &probed), Ok("hardlink".into()));
    // Nothing distinguishes them, until a known failure of isolation does.
    assert!(choice(links(0.1, 0.1, 100, 100), &probed).is_err());
    fail(&mut probed, WIDE, "isolation", "KEYS.md");
    assert_eq!(choice(links(0.1, 0.1, 100, 100), &probed), Ok("copy".into()));
    fail(&mut probed, COPY, "races", "");
    assert_eq!(choice(links(0.3, 0.1, 200, 100), &probed), Ok("hardlink".into()));
}

#[test]
fn one_round_recommends_nothing_and_names_the_command() {
    let probed = probes(&[NARROW, WIDE, COPY, "hardlink+aggressive@dirs"]);
    let mut random = Random::new(3);
    for _ in 0..4 {
        let mut part = || 0.05 + 0.9 * random.unit();
        let mut arms: Vec<ArmSpec<'_>> = Vec::new();
        for name in [NARROW, WIDE, COPY, "hardlink+aggressive@dirs"] {
            arms.push((name, part(), part(), part(), 100));
        }
        with(&[run(&arms, 1)], &[&probed], |evidence| {
            for advice in recommendation(evidence).iter().filter(|it| it.rule != "safety") {
                match &advice.finding {
                    Finding::Undecided { command: Some(command), .. } => assert!(command.starts_with("harness ")),
                    other => panic!("{} {other:?}", advice.rule),
                }
            }
        });
    }
}

#[test]
fn a_control_that_failed_and_runs_that_disagree_decide_nothing() {
    let probed = probes(&[NARROW, WIDE]);
    let mut failed_control = policies(0.6, 0.1);
    let again: Vec<_> = failed_control.steps.iter().filter(|row| row.strategy == "none").cloned().collect();
    for mut row in again {
        row.strategy = "none-again".into();
        row.wall_s = row.wall_s.map(|wall| wall * 1.3);
        failed_control.steps.push(row);
    }
    assert!(found(&[failed_control], &[&probed], "key policy").is_err());
    assert!(found(&[policies(0.6, 0.1), policies(0.1, 0.6)], &[&probed], "key policy").is_err());
    // A run too short to decide takes nothing from one that does.
    let short = run(&[(NARROW, 1.0, 0.6, 1.0, 100), (WIDE, 1.0, 0.1, 1.0, 100)], 1);
    assert_eq!(found(&[short, policies(0.6, 0.1)], &[&probed], "key policy"), Ok("aggressive".into()));
    // Seconds taken beside a shadow check are not used.
    let mut shadowed = policies(0.6, 0.1);
    shadowed.info.options.insert("shadow".into(), true.into());
    assert!(found(&[shadowed], &[&probed], "key policy").is_err());
}

#[test]
fn a_cache_is_worth_it_by_what_the_first_build_costs() {
    let probed = probes(&[WIDE]);
    let worth = |fill, warm| found(&[run(&[(WIDE, fill, warm, 1.0, 100)], 8)], &[&probed], "worth");
    assert_eq!(worth(1.1, 0.1), Ok("worth it from the first warm build on".into()));
    assert_eq!(worth(0.8, 0.1), Ok("worth it, with the first build already".into()));
    assert_eq!(worth(2.0, 0.6), Ok("worth it after 3 warm builds".into()));
    assert_eq!(worth(1.1, 1.2), Ok("not worth it: warm builds are not found faster".into()));
}

#[test]
fn every_question_is_there_once_and_in_order() {
    for runs in [vec![], vec![policies(0.6, 0.1)]] {
        with(&runs, &[], |evidence| {
            let sections = review(evidence);
            assert_eq!(sections[0].title, "Recommendation");
            for (at, section) in sections.iter().skip(1).enumerate() {
                assert!(section.title.starts_with(&format!("Q{} ", at + 1)), "{}", section.title);
                assert_eq!(section.depth, 0);
            }
            assert_eq!(sections.len(), 22);
            let ids: std::collections::BTreeSet<&String> = sections.iter().map(|it| &it.id).collect();
            assert_eq!(ids.len(), 22);
        });
    }
    with(&[], &[], |evidence| assert!(standings(evidence).iter().all(|it| it.1 == QuestionStanding::Open)));
    // A run and some probes answer some parts of some questions.
    let probed = probes(&[NARROW, WIDE]);
    with(&[policies(0.6, 0.1)], &[&probed], |evidence| {
        assert_eq!(standings(evidence)[0], ("Q1", QuestionStanding::Partly));
        assert!(standings(evidence).iter().any(|it| it.1 == QuestionStanding::Open));
    });
}

/// The whole review of a run, probes with a known and an unexplained failure, and a simulation.
#[test]
fn a_review_of_handmade_runs_is_as_it_was() {
    let arms = [(NARROW, 1.02, 0.6, 1.0, 120), (WIDE, 1.1, 0.1, 4.7, 130), (COPY, 1.1, 0.3, 4.7, 180)];
    let mut probed = probes(&[NARROW, WIDE, COPY]);
    fail(&mut probed, WIDE, "isolation", "KEYS.md");
    fail(&mut probed, COPY, "races", "");
    let simulated = simulation("aggressive");
    with(&[run(&arms, 8)], &[&probed], |evidence| {
        let evidence = Evidence { simulations: vec![&simulated], ..evidence.clone() };
        let document = Document { title: "Design review".into(), lead: vec![], sections: review(&evidence) };
        insta::assert_snapshot!(markdown::render(&document));
    });
}

/// Families and probes that a printed command may name.
const PROBES: [&str; 17] = [
    "*",
    "stale",
    "freshness",
    "identity",
    "isolation",
    "faults",
    "races",
    "cost",
    "macro-*",
    "script-*",
    "*-two-checkouts",
    "killed-while-*",
    "blobs-missing",
    "store-deleted-during-a-build",
    "store-on-another-file-system",
    "very-long-paths",
    "profiles-in-turn",
];

/// The corpora that a printed command may name.
const CORPORA: [&str; 1] = ["gauntlet"];

#[test]
fn commands_name_what_there_is() {
    let probed = probes(&[NARROW]);
    for (runs, probed) in
        [(vec![], vec![]), (vec![policies(0.6, 0.1)], vec![]), (vec![policies(1.0, 0.9)], vec![&probed])]
    {
        let commands = with(&runs, &probed, |evidence| commands(&review(evidence)));
        assert!(commands.len() > 10);
        for command in commands {
            if command.starts_with("harness trace") {
                let two = "harness trace collect --corpus quick,gauntlet,census --out real.trace\n\
                           harness simulate --trace real.trace --out simulated";
                assert_eq!(command, two);
                continue;
            }
            let words: Vec<&str> = command.split(' ').map(|word| word.trim_matches('\'')).collect();
            assert!(matches!(words[..2], ["harness", "compare" | "probe"]), "{command}");
            let after = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
            assert!(after("--scenario").is_none_or(|it| SCENARIOS.contains(&it)), "{command}");
            assert!(after("--corpus").is_none_or(|it| CORPORA.contains(&it)), "{command}");
            let probes = after("--probes").unwrap_or("*");
            assert!(probes.split(',').all(|it| PROBES.contains(&it)), "{command}");
        }
    }
}

fn commands(sections: &[Section]) -> Vec<String> {
    let blocks = sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| if let Block::Command(text) = block { Some(text.clone()) } else { None }).collect()
}
