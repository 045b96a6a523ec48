//! The verdict section, on handmade runs.

use super::rows::{bad, folder, step};
use crate::analysis::{Analysis, StepAnalysis, VerdictStanding};
use crate::formats::terminal;
use crate::stats::{Comparison, FlipUnit, Random, Verdict};
use crate::summary::document;
use records::Status;
use records::run_folder::RunFolder;
use unicode_width::UnicodeWidthStr;

const ARMS: [&str; 6] =
    ["none", "shared-target", "hardlink+conservative", "reflink+conservative", "copy+aggressive", "none-again"];
const WORKSPACES: [(&str, f64); 3] = [("ripgrep", 20.0), ("bat", 60.0), ("hexyl", 9.5)];

/// `rounds` of two steps: shared-target takes half, hardlink about as long and noisily,
/// reflink cannot work, copy fails on bat and is invalid once; the control is as quiet as
/// the baseline.
fn run(rounds: u32) -> RunFolder {
    let mut random = Random::new(42);
    let mut steps = Vec::new();
    for name in ["fill", "warm"] {
        for round in 1..=rounds {
            // The file holds the arms in the order they ran, not as asked for.
            for arm in ARMS.iter().rev() {
                for (workspace, size) in WORKSPACES {
                    let (ratio, noise) = match *arm {
                        "shared-target" => (0.5, 0.02),
                        "hardlink+conservative" => (1.0, 0.05),
                        "copy+aggressive" if name == "warm" => (0.012, 0.02),
                        _ => (1.0, 0.01),
                    };
                    let row = step(round, workspace, name, arm, size * ratio * (noise * random.normal()).exp());
                    steps.push(match *arm {
                        "reflink+conservative" => bad(row, Status::Unsupported, "reflink: ext4\nhas none"),
                        "copy+aggressive" if workspace == "bat" => bad(row, Status::Failed, "error: no\nmore"),
                        "copy+aggressive" if workspace == "hexyl" && round == 2 => {
                            bad(row, Status::Invalid, "store: 1 blob changed")
                        }
                        _ => row,
                    });
                }
            }
        }
    }
    folder(&ARMS, steps, vec![])
}

fn interleaved(mut run: RunFolder) -> RunFolder {
    run.info.options.insert("order".into(), "interleaved".into());
    run
}

fn understood(run: &RunFolder) -> Analysis {
    Analysis::of(run, Some("none"))
}

fn compared(step: &StepAnalysis) -> Vec<&Comparison> {
    step.compared().collect()
}

fn section(run: &RunFolder) -> String {
    let text = terminal::render(&document(&understood(run)), 100);
    for line in text.lines() {
        assert!(line.width() <= 100, "{} columns: {line}", line.width());
    }
    assert!(!text.contains("9999"), "a row that is not ok entered a number");
    let from = text.find("\nverdicts").map_or(text.len(), |at| at + 1);
    let to = text.find("\ntop causes").unwrap_or(text.len());
    text[from..to].to_owned()
}

#[test]
fn verdicts_with_a_control_and_arms_that_drop_out() {
    insta::assert_snapshot!(section(&interleaved(run(8))));
}

#[test]
fn one_round_is_an_estimate_and_two_are_judged() {
    insta::assert_snapshot!(section(&run(1)), @"
    verdicts: none, the ratios above are mere estimates from one round; a second one gives intervals;
      what none-again differs by from none is noise, for they are the same
    ");
    assert_eq!(understood(&run(1)).standing(), VerdictStanding::Estimates);
    assert_eq!(understood(&run(2)).standing(), VerdictStanding::Judged);
}

#[test]
fn on_a_budget_an_arm_has_fewer_rounds_and_the_note_says_so() {
    let mut run = interleaved(run(8));
    run.steps.retain(|row| row.strategy != "shared-target" || row.round <= 5);
    let text = section(&run);
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    assert!(line("shared-target").contains("  15  ") && line("shared-target").ends_with("faster [1]"));
    assert_eq!(line("[1]"), "[1] left out of 24 pairs: 9 (not run)");
}

#[test]
fn without_a_valid_pair_or_a_second_arm_there_is_nothing_to_judge() {
    let mut broken = run(3);
    broken.steps.iter_mut().filter(|row| row.strategy == "none").for_each(|row| row.status = Status::Failed);
    insta::assert_snapshot!(section(&broken), @"verdicts: none, for no arm has a pair of valid rows with none");
    broken.steps.retain(|row| row.strategy != "none");
    assert_eq!(understood(&broken).standing(), VerdictStanding::NoPair);
    let mut alone = run(8);
    alone.steps.retain(|row| row.strategy == "none");
    assert_eq!(section(&alone), "");
}

#[test]
fn a_control_that_differs_from_itself_is_shouted_about() {
    let mut run = interleaved(run(8));
    let slow = run.steps.iter_mut().filter(|row| row.strategy == "none-again" && row.step == "warm");
    slow.for_each(|row| row.wall_s = row.wall_s.map(|wall| 1.2 * wall));
    let text = section(&run);
    let (fill, warm) = text.split_once("verdicts of step warm").unwrap();
    assert!(fill.contains("control: none-again is none a second time") && !fill.contains("CONTROL FAILED"), "{fill}");
    let said: Vec<&str> = warm.lines().skip_while(|line| !line.starts_with("CONTROL FAILED")).take(2).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    CONTROL FAILED: none-again is none a second time, yet it came out slower at 1.197x [1.188x, 1.206x],
      n=24: the control differs from itself, do not trust the verdicts of this step
    ");
}

#[test]
fn a_control_that_drops_out_says_so_and_leaves_the_arms_alone() {
    let mut run = interleaved(run(8));
    let before = understood(&run);
    for row in run.steps.iter_mut().filter(|row| row.strategy == "none-again") {
        row.status = Status::Failed;
    }
    let after = understood(&run);
    assert_eq!(before.family, after.family);
    for (before, after) in before.steps.iter().zip(&after.steps) {
        assert_eq!(compared(before), compared(after));
        assert_eq!(after.controls().next().unwrap().judgement.verdict, Verdict::Invalid);
        assert_eq!((&after.detectable_as_control, &before.detectable), (&None, &after.detectable));
    }
    assert!(section(&run).contains("it has no valid pair, so that the noise is not known"));
}

#[test]
fn the_order_of_the_schedule_decides_what_is_flipped() {
    assert_eq!(understood(&run(5)).question.rule.block, FlipUnit::Round);
    assert_eq!(understood(&interleaved(run(5))).question.rule.block, FlipUnit::Pair);
}

#[test]
fn what_could_have_been_found_comes_from_the_control_and_from_the_noisiest_open_arm() {
    let judged = understood(&interleaved(run(8)));
    let fill = &judged.steps[0];
    let names: Vec<&str> = fill.compared().map(|it| it.strategy.as_str()).collect();
    assert_eq!(names, &ARMS[1..5]);
    let (control, worst) = (fill.detectable_as_control.as_ref().unwrap(), fill.detectable.as_ref().unwrap());
    assert_eq!((control.strategy.as_str(), worst.strategy.as_str()), ("none-again", "hardlink+conservative"));
    assert_eq!(Some(control.effect), fill.controls().next().unwrap().judgement.detectable);
    assert_eq!(Some(worst.effect), compared(fill)[1].judgement.detectable);
    // A decided arm does not count, however noisy.
    let mut loud = interleaved(run(8));
    for row in loud.steps.iter_mut().filter(|row| row.strategy == "shared-target") {
        let wave = if row.round % 2 == 0 { 1.3 } else { 0.7 };
        row.wall_s = row.wall_s.map(|wall| 0.1 * wave * wall);
    }
    let loud = understood(&loud);
    let arms = compared(&loud.steps[0]);
    assert_eq!(arms[0].judgement.verdict, Verdict::Faster);
    assert!(arms[0].judgement.detectable > arms[1].judgement.detectable);
    let (after, before) = (loud.steps[0].detectable.as_ref().unwrap(), worst);
    // It tells only how the noise is spread over workspaces.
    assert!(after.strategy == before.strategy && (after.effect / before.effect - 1.0).abs() < 0.01, "{after:?}");
}

#[test]
fn odd_and_long_names_break_nothing() {
    let mut run = interleaved(run(8));
    for row in &mut run.steps {
        match row.strategy.as_str() {
            "hardlink+conservative" => row.strategy = "rustc:hardlink+日本語日本語日本語日本語日本語日本語\n[1]".into(),
            "copy+aggressive" => row.note = "a note\twith \"all\" 日本語 that goes on and on ".repeat(20),
            "none" => row.strategy = "a baseline\nwith a long name".into(),
            "none-again" => row.strategy = "a baseline\nwith a long name-again".into(),
            _ => {}
        }
        row.step = format!("{}\t\"日本語\"", row.step);
    }
    for width in [88, 100, 120] {
        let analysis = Analysis::of(&run, Some("a baseline\nwith a long name"));
        let text = terminal::render(&document(&analysis), width);
        for line in text.lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
        }
        assert!(text.contains("\ncontrol: a baseline with a long name-again is a baseline"), "{text}");
        // In a narrow table the words of a verdict go on in the next line.
        let wrapped = text.lines().filter(|line| line.ends_with("  no") || line.contains("  no  ")).count();
        assert_eq!(text.matches("no difference").count() + wrapped, 5, "{text}");
    }
}

#[test]
fn a_step_that_the_baseline_cannot_do_has_one_line_and_no_table() {
    let mut run = interleaved(run(8));
    for row in run.steps.iter_mut().filter(|row| row.step == "warm" && row.strategy == "none") {
        row.status = Status::Unsupported;
    }
    let text = section(&run);
    let end = "\nno verdicts of step warm of scenario gauntlet: none is unsupported in this step\n";
    assert!(text.ends_with(end), "{text}");
    // A step in which it failed, or could do at least one row, is another matter.
    run.steps.iter_mut().find(|row| row.step == "warm" && row.strategy == "none").unwrap().status = Status::Failed;
    assert!(!section(&run).contains("no verdicts"));
}
