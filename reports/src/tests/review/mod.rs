//! The design review on handmade runs, in which each question is answered one way, the other way, and not at all.

use std::collections::BTreeSet;

use super::rows::{bad, folder, step, unit, warm};
use super::simulated_run::simulation;
use crate::ablation::AblationRun;
use crate::analysis::{AnalysedRun, Analysis};
use crate::document::{Block, Document, Section};
use crate::formats::{markdown, terminal};
use crate::probes::{ProbeRow, ProbeRun, ProbeVerdict};
use crate::review::{Claim, Evidence, Population, Review, Side, Usage};
use crate::simulation::{Origin, SimulationRun};
use crate::stats::Random;
use records::run_folder::RunFolder;
use records::simulated::AblationRow;
use records::{FileSystemInfo, Outcome, RunInfo, Status, StepRow};

const WORKSPACES: [&str; 3] = ["one", "two", "three"];
const NARROW: &str = "hardlink+conservative";
const WIDE: &str = "hardlink+aggressive";

/// What a row is, beside its wall time in parts of the baseline's.
type Shape<'a> = &'a dyn Fn(&mut StepRow) -> f64;

/// A run of some arms through some steps, in turns, with 1 % of noise.
fn run(scenario: &str, steps: &[&str], arms: &[&str], rounds: u32, shape: Shape<'_>) -> RunFolder {
    let mut random = Random::new(7);
    let (mut rows, mut units) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        for name in steps {
            for (size, workspace) in WORKSPACES.into_iter().enumerate() {
                for arm in ["none"].iter().chain(arms) {
                    let wall = 10.0 * (size + 1) as f64 * (0.01 * random.normal()).exp();
                    let mut row = step(round, workspace, name, arm, wall);
                    row.scenario = scenario.into();
                    row.all_physical_bytes = Some(100 << 20);
                    row.marginal_physical_bytes = Some(50 << 20);
                    if row.link.is_some() {
                        row = warm(row, if *name == "warm" { 1.0 } else { 0.0 }, 0.0, 5, 40 << 20);
                        (row.restored, row.noop_compiled) = (Some(20), Some(0));
                        row.publish_s = (scenario == "gauntlet").then_some(0.02 * wall);
                        row.hit_rate_by_cost = (*name == "warm").then_some(1.0);
                        let refused = arm.contains("conservative");
                        let outcome = if refused { Outcome::Refused } else { Outcome::Hit };
                        units.push(unit(&row, "dep", Outcome::Hit, "", "", 9.0));
                        units.push(unit(&row, "sys", outcome, "below-build-script", "", 0.1));
                        units.push(unit(&row, "derived", outcome, "below-proc-macro", "", 0.1));
                    }
                    row.wall_s = Some(wall * shape(&mut row));
                    rows.push(row);
                }
            }
        }
    }
    let names: Vec<&str> = ["none"].iter().chain(arms).copied().collect();
    let mut run = folder(&names, rows, units);
    run.info.scenario = scenario.into();
    run.info.corpus.workspaces = WORKSPACES.map(str::to_owned).into();
    run.info.options.insert("order".into(), "interleaved".into());
    run.info.file_systems.push(FileSystemInfo { role: "arm".into(), kind: "xfs".into(), device: None });
    run
}

/// The run of 2026-11-28 as its numbers were: a wipe costs next to nothing, the edits after it 4.7 times as much.
fn dear_edits(rounds: u32) -> RunFolder {
    run(
        "gauntlet",
        &["fill", "warm", "edit"],
        &[NARROW, WIDE],
        rounds,
        &|row| match (row.step.as_str(), &*row.strategy) {
            ("warm", WIDE) => 0.009,
            ("edit", WIDE) => 4.7,
            ("warm", NARROW) => 0.6,
            _ => 1.0,
        },
    )
}

/// Runs in which every question has evidence; `other` has it come out on the other side of the bounds.
fn all_runs(other: bool) -> Vec<RunFolder> {
    let pick = move |one: f64, two: f64| if other { two } else { one };
    let arms = [NARROW, WIDE, "reflink+aggressive", "copy+aggressive", "dirs", "dedup"];
    let gauntlet = run("gauntlet", &["fill", "warm", "edit"], &arms, 8, &|row| {
        if row.strategy == "dirs" {
            let mut dirs = warm(row.clone(), 0.0, 0.0, 5, if other { 20 << 20 } else { 60 << 20 });
            (dirs.key, dirs.link, dirs.integration) =
                (Some("aggressive".into()), Some("hardlink".into()), Some("units".into()));
            dirs.store = Some("dirs".into());
            *row = dirs;
        }
        if row.step == "edit" && row.link.is_some() {
            row.marginal_physical_bytes = Some(if other { -1 } else { 60 << 20 });
        }
        if other && row.link.is_some() {
            row.publish_s = row.wall_s.map(|wall| 0.2 * wall);
            row.noop_compiled = Some(1);
        }
        match (row.step.as_str(), &*row.strategy) {
            ("fill", name) if name.contains('+') => pick(1.1, 0.9),
            ("warm", NARROW) => 0.5,
            ("warm", WIDE | "dirs") => pick(0.2, 0.6),
            ("warm", "reflink+aggressive") => pick(0.3, 0.5),
            ("warm", "copy+aggressive") => pick(0.4, 0.5),
            ("edit", WIDE) => pick(4.7, 1.0),
            _ => 1.0,
        }
    });
    let mut gauntlet = gauntlet;
    if other {
        gauntlet.units.iter_mut().filter(|it| it.package != "dep").for_each(|it| it.cost_s = Some(5.0));
    }
    let contention = run("contention", &["same"], &[WIDE], 8, &|row| {
        (row.builds, row.units, row.compiled) = (Some(4), Some(200), Some(if other { 180 } else { 50 }));
        1.0
    });
    let profiles = run("profiles", &["dev", "release", "check"], &[WIDE], 8, &|row| {
        row.hit_rate = row.link.as_ref().map(|_| pick(0.6, 0.01));
        1.0
    });
    let clean = run("clean", &["clean"], &[WIDE], 8, &|row| {
        if row.step == "clean" {
            row.promised_bytes = Some(100 << 20);
            row.marginal_physical_bytes = Some(if other { -(150 << 20) } else { -(40 << 20) });
        }
        1.0
    });
    let worktrees = run("worktrees", &["first", "same-commit"], &[WIDE, "dedup"], 8, &|row| match &*row.strategy {
        WIDE if row.step == "same-commit" => pick(0.3, 1.5),
        _ => 1.0,
    });
    let moved = run("moved", &["same-place", "other-home"], &[WIDE], 8, &|row| {
        row.hit_rate = row.link.as_ref().map(|_| if row.step == "same-place" { 1.0 } else { pick(0.95, 0.3) });
        1.0
    });
    vec![gauntlet, contention, profiles, clean, worktrees, moved]
}

fn simulated(other: bool) -> SimulationRun {
    let mut run = simulation("aggressive");
    if other {
        run.curve.iter_mut().for_each(|row| row.hit_rate_by_cost = 0.9);
        run.relaxations.iter_mut().for_each(|row| row.gained_s = 0.0);
        run.sharing.iter_mut().for_each(|row| row.hit_rate = 0.0);
        run.retention.iter_mut().for_each(|row| row.rebuilt_s *= if row.policy == "lru" { 0.1 } else { 1.0 });
    }
    // What the policies refuse is measured here.
    run.misses.clear();
    run
}

fn probes(verdict: ProbeVerdict, known: &str) -> ProbeRun {
    let row = |family: &str, strategy: &str| ProbeRow {
        family: family.into(),
        probe: format!("{family}-probe"),
        strategy: strategy.into(),
        verdict,
        known: known.into(),
        ..ProbeRow::default()
    };
    let rows = ["stale", "races"].iter().flat_map(|family| [NARROW, WIDE].map(|name| row(family, name))).collect();
    ProbeRun { info: RunInfo::new("p"), rows }
}

fn review(runs: &[RunFolder], probes: &[ProbeRun], simulations: &[SimulationRun]) -> Review {
    let analyses: Vec<Analysis> = runs.iter().map(|run| Analysis::of(run, None)).collect();
    let runs = analyses.iter().zip(runs).map(|(analysis, folder)| AnalysedRun { analysis, folder }).collect();
    let evidence = Evidence {
        runs,
        probes: probes.iter().collect(),
        simulations: simulations.iter().collect(),
        ..Evidence::default()
    };
    Review::of(&evidence, &Usage::default())
}

/// The review in which every question has evidence.
fn whole(other: bool) -> Review {
    let probed = if other { probes(ProbeVerdict::Fail, "KEYS.md") } else { probes(ProbeVerdict::Pass, "") };
    review(&all_runs(other), &[probed], &[simulated(other)])
}

/// For the page.
pub(super) fn whole_review() -> Review {
    whole(false)
}

fn claim<'a>(review: &'a Review, id: &str) -> &'a Claim {
    review.claims.iter().find(|it| it.id == id).unwrap()
}

fn shown(sections: &[Section]) -> String {
    markdown::render(&Document { sections: sections.to_vec(), ..Document::default() })
}

#[test]
fn each_question_is_answered_by_a_number_and_another_number_answers_otherwise() {
    let (open, one, two) = (review(&[], &[], &[]), whole(false), whole(true));
    assert_eq!([&open, &one, &two].map(|it| it.claims.len()), [21, 21, 21]);
    for (at, open) in open.claims.iter().enumerate() {
        let (one, two) = (&one.claims[at], &two.claims[at]);
        assert_eq!(open.id, format!("Q{}", at + 1));
        assert_eq!((open.answer.as_str(), open.effect, open.decided), ("open", None, None));
        assert!(open.missing.as_ref().is_some_and(|it| it.starts_with("harness ")), "{open:?}");
        assert!(one.effect.is_some() && two.effect.is_some(), "{one:?} {two:?}");
        assert_ne!(one.effect, two.effect, "{}", one.id);
        // How users use a store was assumed.
        if one.id == "Q10" {
            assert_eq!((one.population, one.decided), (Some(Population::Assumed), None));
            assert!(one.assumes.len() > 1 && one.missing.is_none(), "no command finds out how people build: {one:?}");
            continue;
        }
        assert!(one.decided.is_some() && two.decided.is_some(), "{one:?} {two:?}");
        assert_ne!((one.decided, &one.answer), (two.decided, &two.answer), "{}", one.id);
        assert!(one.confirms.iter().all(|link| !two.confirms.contains(link)), "{}", one.id);
    }
    for it in one.claims.iter().chain(&two.claims) {
        assert!(it.answer.split_whitespace().count() <= 12, "{}", it.answer);
        assert!(!it.answer.contains('{'), "{}", it.answer);
    }
    assert!(one.claims.iter().chain(&two.claims).any(|it| !it.contradicts.is_empty()));
}

#[test]
fn a_review_is_one_screen_and_few_words() {
    for it in [whole(false), whole(true), review(&[], &[], &[])] {
        let screen = Document { sections: it.sections[..1].to_vec(), ..Document::default() };
        let screen = terminal::render(&screen, 100);
        assert!(screen.lines().count() <= 40 && screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
        let words = |text: &str| text.split_whitespace().filter(|it| it.contains(char::is_alphanumeric)).count();
        let all = shown(&it.sections);
        assert!(words(&all) <= 2500, "{} words", words(&all));
        assert!(!all.contains('{'), "{all}");
        for section in it.sections.iter().filter(|it| it.id.starts_with("review-q")) {
            let text = shown(std::slice::from_ref(section));
            assert!(words(&text) <= 120, "{} words with its question and command: {text}", words(&text));
            for head in ["Answer. ", "Evidence. ", "What would change it. ", "Run this."] {
                assert_eq!(text.matches(head).count(), 1, "{text}");
            }
        }
        let mut seen = BTreeSet::new();
        for text in it.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Text(text) | Block::Note(text) => Some(text),
            _ => None,
        }) {
            let sentences = text.split(". ").filter(|it| words(it) > 3 && *it != "What would change it");
            sentences.for_each(|it| assert!(seen.insert(it.to_owned()), "twice: {it}"));
        }
    }
}

#[test]
fn reviews_of_handmade_runs_are_as_they_were() {
    insta::assert_snapshot!("answered", shown(&whole(false).sections));
    insta::assert_snapshot!("contradicted", shown(&whole(true).sections));
    insta::assert_snapshot!("open", shown(&review(&[], &[], &[]).sections));
}

#[test]
fn an_ablation_says_which_inputs_are_needed() {
    let row = |input: &str, verdict: &str, replayed_s: f64| AblationRow {
        input: input.into(),
        verdict: verdict.into(),
        replayed_s,
        replayed_of_s: 100.0,
        ..AblationRow::default()
    };
    let of = |free_s: f64| {
        let rows = vec![row("flags", "needed", 50.0), row("edition", "free", free_s), row("flags+edition", "", 90.0)];
        let run = AblationRun { info: RunInfo::new("a"), rows };
        Review::of(&Evidence { ablations: vec![&run], ..Evidence::default() }, &Usage::default())
    };
    let (free, gains) = (of(0.0), of(5.0));
    assert_eq!(claim(&free, "Q3").answer, "all of them: no sound omission gains one per cent");
    assert_eq!(claim(&gains, "Q3").answer, "leave out edition: sound, and it gains 5.0%");
    let text = shown(&gains.sections);
    assert!(text.contains("Without 1 of 2 inputs a probe breaks"), "{text}");
    assert!(text.contains("edition gains most: 5.0%"), "{text}");
    assert!(shown(&free.sections).contains("none gains anything"));
}

#[test]
fn what_came_out_as_before_bounds_early_cutoff_and_shows_what_profiles_could_share() {
    let with_units = |scenario: &str, steps: &[&str], reason: &str| {
        let mut run = run(scenario, steps, &[WIDE], 2, &|row| {
            row.hit_rate = row.link.as_ref().map(|_| 0.0);
            1.0
        });
        let rows: Vec<StepRow> = run.steps.iter().filter(|row| row.link.is_some()).cloned().collect();
        run.units = Vec::new();
        for row in rows {
            run.units.push(unit(&row, "same", Outcome::Dup, reason, "", 1.0));
            run.units.push(unit(&row, "other", Outcome::Miss, reason, "", 3.0));
        }
        run
    };
    let edits = with_units("edits", &["leaf-comment"], "dependency");
    let [profiles, hosts] = ["profiles", "hosts"].map(|scenario| with_units(scenario, &["release"], "profile"));
    let text = shown(&review(&[edits, profiles, hosts], &[], &[simulated(false)]).sections);
    assert!(
        text.contains("Of 6 units compiled again after edits and upgrades because of a dependency, 3 came out"),
        "{text}"
    );
    assert!(text.contains("as before, 25.0% of their seconds"), "{text}");
    assert!(text.contains("compiled as in dev, 3 of its 6 units, 25.0% of its seconds, had the bytes"), "{text}");
    let mut cutoff = with_units("cutoff", &["comment", "plain-comment"], "content");
    cutoff
        .units
        .iter_mut()
        .filter(|it| it.package == "other")
        .for_each(|it| it.same_exports = Some(it.step == "comment"));
    let text = shown(&review(&[cutoff], &[], &[simulated(false)]).sections);
    assert!(
        text.contains("wrote the same rmeta for 3 of 3 edited libraries with incremental sessions, for 0 of 3 without"),
        "{text}"
    );
    let no_edits = with_units("profiles", &["release"], "dependency");
    assert!(!shown(&review(&[no_edits], &[], &[simulated(false)]).sections).contains("came out as before"));
}

#[test]
fn what_was_said_of_reflinks_is_not_judged_by_copies() {
    let with = |other: &'static str| {
        let arms = [WIDE, other];
        let run =
            run("gauntlet", &["fill", "warm"], &arms, 8, &move |row| if row.strategy == other { 2.0 } else { 1.0 });
        let q5 = claim(&review(&[run], &[], &[]), "Q5").clone();
        assert!(q5.decided.is_some(), "{q5:?}");
        q5.confirms.len() + q5.contradicts.len()
    };
    assert_eq!([with("copy+aggressive"), with("reflink+aggressive")], [0, 2]);
}

#[test]
fn no_difference_in_a_wide_interval_decides_nothing() {
    let q5 = |noise: f64| {
        let arms = [WIDE, "reflink+aggressive"];
        let run = run("gauntlet", &["fill", "warm"], &arms, 4, &move |row| match &*row.strategy {
            WIDE => 1.0,
            _ if row.round % 2 == 0 => noise,
            _ => 1.0 / noise,
        });
        claim(&review(&[run], &[], &[]), "Q5").clone()
    };
    assert_eq!(q5(1.0).decided, Some(Side::Within));
    let wide = q5(1.5);
    assert_eq!((wide.answer.as_str(), wide.decided), ("undecided: the interval is too wide", None));
    assert!(wide.missing.is_some());
}

#[test]
fn a_policy_whose_edits_are_dear_comes_with_its_break_even() {
    let found = review(&[dear_edits(8)], &[probes(ProbeVerdict::Pass, "")], &[]);
    let q1 = claim(&found, "Q1");
    assert!(q1.answer.starts_with("aggressive beats conservative below 0.2 edits a wipe"), "{}", q1.answer);
    let screen = terminal::render(&Document { sections: found.sections[..1].to_vec(), ..Document::default() }, 100);
    // Of none it saves 59.5 s a wipe, and loses 222 s an edit.
    assert!(!screen.contains("aggressive saves most"), "{screen}");
    // Who never edits reads so, with the price.
    let never = "[[event]]\nname = \"wipe\"\na_week = 10.0\nsteps = [\"warm\"]\nsource = \"assumed\"";
    let run = dear_edits(8);
    let analysis = Analysis::of(&run, None);
    let evidence = Evidence { runs: vec![AnalysedRun { analysis: &analysis, folder: &run }], ..Evidence::default() };
    let found = Review::of(&evidence, &Usage::parse(never).unwrap());
    let text = shown(&found.sections[..1]).replace('\\', "");
    assert!(
        text.contains("hardlink+aggressive saves most") && text.contains("it pays if you edit less than"),
        "{text}"
    );
    assert!(text.contains("if probes find it safe"), "{text}");
    assert!(shown(&found.sections[1..2]).replace('\\', "").contains("aggressive stays first whatever"), "{text}");
    // With an edit a week it saves 19.8 s a wipe where the other saves 8 s, and loses 74 s an edit.
    let edit = never.replace("wipe", "edit").replace("10.0", "1.0").replace("warm", "edit");
    let usage = Usage::parse(&format!("{never}\n{edit}")).unwrap();
    let text = shown(&Review::of(&evidence, &usage).sections[1..2]);
    assert!(text.contains("edit up to 1.6 a week") && text.contains("wipe from 6.3 a week"), "{text}");
    assert!(Usage::parse("[[event]]\nname = \"x\"\na_week = -1\nsteps = []\nsource = \"\"").is_err());
}

#[test]
fn an_edit_that_is_dear_once_is_paid_once() {
    let steps = ["fill", "warm", "edit", "edit-again"];
    let again = |ratio: f64| {
        run("gauntlet", &steps, &[WIDE], 8, &move |row| match (row.step.as_str(), &*row.strategy) {
            ("warm", WIDE) => 0.1,
            ("edit", WIDE) => 1.5,
            ("edit-again", WIDE) => ratio,
            _ => 1.0,
        })
    };
    let week = |ratio: f64| shown(&review(&[again(ratio)], &[], &[]).sections[..2]).replace('\\', "");
    assert!(week(1.0).contains("aggressive beats no cache however often you edit"), "{}", week(1.0));
    // 54 s are saved, of them 30 s lost at the first edit, and 12 s at each.
    assert!(week(1.2).contains("aggressive beats no cache below 2.0 edits a wipe"), "{}", week(1.2));
}

#[test]
fn what_is_not_known_decides_nothing() {
    let answers = |runs: &[RunFolder]| claim(&review(runs, &[], &[]), "Q1").clone();
    // One round has no interval.
    assert_eq!(answers(&[dear_edits(1)]).decided, None);
    assert!(!shown(&review(&[dear_edits(1)], &[], &[]).sections).contains("In the assumed week"));
    assert_eq!(answers(&[dear_edits(8)]).decided, Some(Side::Below));
    // Runs that come out on opposite sides; rows of one run never do.
    let slow = run("gauntlet", &["warm"], &[NARROW, WIDE], 8, &|row| if row.strategy == NARROW { 0.1 } else { 1.2 });
    let both = answers(&[dear_edits(8), slow.clone()]);
    assert_eq!((both.answer.as_str(), both.decided), ("undecided: the runs disagree", None));
    let text = shown(&review(&all_runs(true), &[], &[]).sections);
    assert!(!text.contains("the runs disagree"), "{text}");
    // Seconds beside a shadow check, and a step whose control failed.
    let mut shadowed = dear_edits(8);
    shadowed.info.options.insert("shadow".into(), true.into());
    assert_eq!(answers(&[shadowed]).effect, None);
    let mut controlled = dear_edits(8);
    let again: Vec<_> = controlled.steps.iter().filter(|row| row.strategy == "none").cloned().collect();
    for mut row in again {
        row.strategy = "none-again".into();
        row.wall_s = row.wall_s.map(|wall| wall * 1.3);
        controlled.steps.push(row);
    }
    assert_eq!(answers(&[controlled]).effect, None);
    // Rows that failed are in no number.
    let mut failed = dear_edits(8);
    failed
        .steps
        .iter_mut()
        .filter(|row| row.strategy == WIDE)
        .for_each(|row| *row = bad(row.clone(), Status::Failed, "no"));
    assert!(answers(&[failed]).answer.starts_with("conservative beats no cache"));
    // A trace that was made up.
    let mut made_up = simulation("aggressive");
    made_up.trace.origin = Origin::Generated;
    let found = review(&[], &[], &[made_up]);
    assert!(found.claims.iter().all(|it| it.decided.is_none()), "{:?}", found.claims);
    assert!(found.claims.iter().filter(|it| it.population == Some(Population::Assumed)).count() > 4);
}

#[test]
fn a_failure_that_nothing_explains_puts_a_design_out() {
    let screen = |probed: ProbeRun| shown(&review(&all_runs(true), &[probed], &[]).sections[..1]).replace('\\', "");
    let text = screen(probes(ProbeVerdict::Pass, ""));
    assert!(text.contains("Of 4 probe results 0 fail, each with an explanation"), "{text}");
    let text = screen(probes(ProbeVerdict::Fail, ""));
    assert!(text.contains("Out, whatever they save") && !text.contains(&format!("{WIDE} saves most")), "{text}");
    let found = review(&all_runs(false), &[probes(ProbeVerdict::Fail, "")], &[]);
    assert_eq!(claim(&found, "Q1").answer, "aggressive beats conservative but is out: it builds wrongly");
}

#[test]
fn the_plan_names_every_missing_command_once() {
    let found = review(&[], &[], &[]);
    for claim in &found.claims {
        let command = claim.missing.as_ref().unwrap();
        assert_eq!(found.script.matches(command.trim_end()).count(), 1, "{command}");
        let shown = found.sections.iter().flat_map(|it| &it.blocks);
        let here = shown.filter(|block| matches!(block, Block::Command(it) if it == command.trim_end()));
        assert_eq!(here.count(), 1, "{command}");
    }
    assert!(found.script.starts_with("# step 1, "), "{}", found.script);
    let left = whole(false);
    assert!(!left.script.contains("Q10") && !left.script.contains("Q4"), "{}", left.script);
    assert!(shown(&left.sections[..1]).contains("a record"));
}
