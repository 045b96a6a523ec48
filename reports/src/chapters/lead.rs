//! What was run, where, and what came out, in sentences.

use crate::analysis::VerdictStanding;
use crate::analysis::{Analysis, ArmAnalysis, StepAnalysis};
use crate::document::{Block, Cell, Grid, Section};
use crate::probes::{ProbeRun, ProbeVerdict};
use crate::stats::Verdict;
use crate::text::UNMEASURED;
use crate::words::{distinct, estimate, first_line, left_open, listed, plural, ratio_or_dash};
use records::RunInfo;
use records::run_folder::CutOff;

pub(super) fn of_run(run: &Analysis, several: bool) -> Vec<String> {
    let mut lead = vec![what(run, several)];
    lead.extend(shards(&run.info));
    if run.cut != CutOff::default() {
        lead.push("The run was cut off in the middle of a step, which was left out.".into());
    }
    lead.extend(left_out(run));
    if run.standing() == VerdictStanding::Estimates {
        lead.push("One round only: the ratios below are estimates; a second one gives intervals.".into());
    }
    lead.extend(run.steps.iter().flat_map(|step| &step.arms).filter_map(failed_control));
    lead
}

/// Strategies by steps: the ratio to the baseline with its verdict; tinted where there is a difference.
pub(super) fn matrix(run: &Analysis, prefix: &str) -> Option<Section> {
    let steps: Vec<&StepAnalysis> = run.steps.iter().filter(|step| !step.cleans).collect();
    let walls = |step: &&StepAnalysis| step.arms.iter().filter_map(|arm| arm.wall.clone()).collect::<Vec<_>>();
    let names = distinct(steps.iter().flat_map(walls).map(|wall| wall.strategy));
    let several = distinct(steps.iter().map(|step| &step.scenario)).len() > 1;
    let head = |step: &&StepAnalysis| {
        if several { format!(">{}\n{}", step.scenario, step.step) } else { format!(">{}", step.step) }
    };
    let heads: Vec<String> = ["strategy".to_owned()].into_iter().chain(steps.iter().map(head)).collect();
    let caption = format!("Wall time ÷ that of {} in the same round and workspace; below 1x is faster.", run.baseline);
    let mut grid = Grid::new(caption, &heads.iter().map(String::as_str).collect::<Vec<_>>());
    for name in names {
        let cell = |step: &&StepAnalysis| {
            let Some(found) = step.arm(&name).and_then(|arm| arm.wall.as_ref()).map(|wall| &wall.judgement) else {
                return Cell::from(UNMEASURED);
            };
            let shade = match found.verdict {
                Verdict::Faster | Verdict::Slower => Cell::ratio(found.ratio),
                _ => Cell::default(),
            };
            // What is not decided is said by the width of the interval.
            let words = match (found.verdict, &found.interval) {
                (Verdict::NoDifferenceFound, Some(interval)) => left_open(interval),
                (verdict, _) => verdict.to_string(),
            };
            Cell { text: format!("{} {words}", ratio_or_dash(found.ratio)), ..shade }
        };
        grid.row([Cell::from(name.clone())].into_iter().chain(steps.iter().map(cell)));
    }
    let mut section = Section::new(&format!("{prefix}verdicts"), format!("Verdicts of {}", run.info.name), 0);
    section.push(Block::Grid(grid.clone()));
    (!grid.is_empty()).then_some(section)
}

pub(super) fn of_probes(run: &ProbeRun) -> String {
    let count = |verdict: ProbeVerdict, known: bool| {
        run.rows.iter().filter(|row| row.verdict == verdict && row.known.is_empty() != known).count()
    };
    format!(
        "{}: {} run on {}: {}, {} explained as a property of the policy, {} passed.",
        run.info.name,
        plural(distinct(run.rows.iter().map(|row| &row.probe)).len(), "probe"),
        plural(distinct(run.rows.iter().map(|row| &row.strategy)).len(), "strategy"),
        plural(count(ProbeVerdict::Fail, false), "unexplained failure"),
        plural(count(ProbeVerdict::Fail, true), "failure"),
        count(ProbeVerdict::Pass, false),
    )
}

pub(super) fn scenario(run: &Analysis, steps: &[&StepAnalysis]) -> String {
    let names: Vec<&str> = steps.iter().map(|step| step.step.as_str()).collect();
    let rounds = steps.iter().map(|step| step.rounds).max().unwrap_or(0);
    let alone = if run.info.alone() { ", each workspace alone, from empty directories" } else { "" };
    format!(
        "Steps {}, over {} and {}{alone}. Ratios are wall time ÷ that of {} in the same round and workspace; \
         below 1x is faster.",
        listed(&names),
        plural(steps.iter().map(|step| step.workspaces).max().unwrap_or(0), "workspace"),
        plural(rounds, "round"),
        run.baseline,
    )
}

fn what(run: &Analysis, several: bool) -> String {
    let info = &run.info;
    let name = if several { format!("{}: ", info.name) } else { String::new() };
    let arms = info.strategies.iter().filter(|it| **it != run.baseline).count();
    let incomplete = if info.complete { "" } else { " The run is INCOMPLETE: this is what there is so far." };
    let disturbed: usize =
        run.steps.iter().flat_map(|step| &step.arms).filter_map(|arm| arm.disturbed).map(|(rows, _)| rows).sum();
    let disturbed = match disturbed {
        0 => String::new(),
        rows => format!(", {} of them in no verdict, as others disturbed them", plural(rows, "row")),
    };
    format!(
        "{name}{} of corpus {}, scenario {}, {} compared with {}, profile {}, seed {}; {} of {} count{disturbed}.{incomplete}",
        plural(info.corpus.workspaces.len(), "workspace"),
        info.corpus.name,
        info.scenario,
        plural(arms, "strategy"),
        run.baseline,
        info.profile,
        info.seed,
        run.ok_rows,
        plural(run.rows, "row"),
    )
}

fn shards(info: &RunInfo) -> Option<String> {
    if let Some(part) = info.part() {
        return Some(format!("This is shard {part} of a run: some of its rounds, to be merged with the others."));
    }
    if info.shards.is_empty() {
        return None;
    }
    // Seeds, toolchains and machines of each are in the table of shards.
    let (on, bare) = match info.kinds_of_hosts().len() {
        kinds @ 2.. => (format!("on {kinds} kinds of machines"), "; bare times and sizes mix machines, and say little"),
        _ => ("on machines of one kind".to_owned(), ""),
    };
    let shards = plural(info.shards.len(), "shard");
    Some(format!("Merged from {shards}, taken {on}. Every ratio is of two builds on one machine{bare}."))
}

fn left_out(run: &Analysis) -> Option<String> {
    let out = run.rows - run.ok_rows;
    let problems = run.steps.iter().flat_map(|step| &step.arms).flat_map(|arm| &arm.problems);
    let mut reasons = distinct(problems.map(|problem| format!("{}: {}", problem.status, first_line(&problem.note))));
    let more = reasons.len().saturating_sub(3);
    reasons.truncate(3);
    let more = if more > 0 { format!("; and {more} more reasons") } else { String::new() };
    let do_not = if out == 1 { "does" } else { "do" };
    (out > 0).then(|| format!("{} {do_not} not count: {}{more}.", plural(out, "row"), reasons.join("; ")))
}

fn failed_control(arm: &ArmAnalysis) -> Option<String> {
    let wall = arm.wall.as_ref().filter(|wall| wall.control)?;
    matches!(wall.judgement.verdict, Verdict::Faster | Verdict::Slower).then(|| {
        let (step, out) = (&wall.step, estimate(&wall.judgement));
        format!(
            "CONTROL FAILED in {step}: {} repeats {} yet came out at {out}: do not trust this step.",
            wall.strategy, wall.baseline
        )
    })
}
