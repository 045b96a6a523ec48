//! What was run, where, and what came out, in sentences.

use std::collections::BTreeSet;

use crate::analysis::VerdictStanding;
use crate::analysis::{Analysis, ArmAnalysis, StepAnalysis};
use crate::probes::{ProbeRun, ProbeVerdict};
use crate::stats::Verdict;
use crate::text::{bytes, percent};
use crate::words::{bounds, distinct, estimate, first_line, left_open, listed, plural, ratio_or_dash};
use records::RunInfo;
use records::run_folder::CutOff;

pub(super) fn of_run(run: &Analysis, several: bool) -> Vec<String> {
    let mut lead = vec![what(run, several), machine(&run.info)];
    lead.extend(shards(&run.info));
    if run.cut != CutOff::default() {
        lead.push("The run was cut off in the middle of a step, which was left out.".into());
    }
    lead.extend(left_out(run));
    if run.standing() == VerdictStanding::Estimates {
        lead.push("One round only: the ratios below are estimates; a second one gives intervals.".into());
    }
    lead.extend(run.steps.iter().filter(|step| !step.cleans).filter_map(|step| step_sentence(run, step)));
    lead
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
    format!(
        "{name}{} of corpus {}, scenario {}, {} compared with {}, profile {}, seed {}; {} of {} count.{incomplete}",
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

fn machine(info: &RunInfo) -> String {
    let host = &info.host;
    let mut parts: Vec<String> = vec![
        first_line(&info.toolchain.rustc).to_owned(),
        host.cores.map(|cores| plural(cores as usize, "core")).unwrap_or_default(),
        host.memory_bytes.map(|size| format!("{} of memory", bytes(Some(size as f64)))).unwrap_or_default(),
        info.file_systems.last().map(|fs| fs.kind.clone()).unwrap_or_default(),
        host.os.clone().unwrap_or_default(),
        if info.started.is_empty() { String::new() } else { format!("begun {}", info.started) },
    ];
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { "Where it was run is not recorded.".into() } else { format!("On {}.", parts.join(", ")) }
}

fn shards(info: &RunInfo) -> Option<String> {
    if let Some(part) = info.part() {
        return Some(format!("This is shard {part} of a run: some of its rounds, to be merged with the others."));
    }
    if info.shards.is_empty() {
        return None;
    }
    let machines: BTreeSet<&str> = info.shards.iter().filter_map(|shard| shard.machine.as_deref()).collect();
    let known = info.shards.iter().all(|shard| shard.machine.is_some());
    let kinds = info.kinds_of_hosts().len();
    let on = match (known, machines.len(), kinds) {
        (_, _, 2..) => format!("on {kinds} kinds of machines"),
        (true, 1, _) => "on one machine".to_owned(),
        (true, several, _) => format!("on {several} machines of one kind"),
        (false, ..) => "on machines of one kind".to_owned(),
    };
    let seeds: BTreeSet<u64> = info.shards.iter().map(|shard| shard.seed).collect();
    let rustcs: BTreeSet<&str> = info.shards.iter().map(|shard| shard.toolchain.rustc.as_str()).collect();
    let tools: BTreeSet<_> = info.shards.iter().map(|shard| &shard.tools).collect();
    let also: Vec<String> = [(seeds.len(), "seeds"), (rustcs.len(), "toolchains"), (tools.len(), "sets of tools")]
        .into_iter()
        .filter(|(count, _)| *count > 1)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let with = if also.is_empty() { String::new() } else { format!(", with {}", also.join(" and ")) };
    let bare = match kinds {
        2.. => " Every ratio is of two builds on one machine; bare times and sizes mix machines, and say little.",
        _ => " Every ratio is of two builds on one machine.",
    };
    Some(format!("Merged from {}, taken {on}{with}.{bare}", plural(info.shards.len(), "shard")))
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

/// `warm, 15 pairs each; faster than none: a 0.014x (0.012x–0.016x; 100.0% of compile seconds reused), …`.
fn step_sentence(run: &Analysis, step: &StepAnalysis) -> Option<String> {
    let arms: Vec<&ArmAnalysis> =
        step.arms.iter().filter(|arm| arm.name() != run.baseline && arm.wall.is_some()).collect();
    let pairs = |arm: &&ArmAnalysis| arm.wall.as_ref().map_or(0, |wall| wall.judgement.pairs);
    let judged: Vec<&ArmAnalysis> = arms.iter().copied().filter(|arm| !arm.is_control() && pairs(arm) > 0).collect();
    let same = judged.first().map(pairs).filter(|first| judged.iter().all(|arm| pairs(arm) == *first));
    let mut parts = Vec::new();
    let order = [
        (Verdict::Faster, format!("faster than {}", run.baseline)),
        (Verdict::Slower, format!("slower than {}", run.baseline)),
        (Verdict::NoDifferenceFound, format!("no difference from {} found", run.baseline)),
        (Verdict::OneRound, "estimates only".to_owned()),
    ];
    for (verdict, words) in order {
        let mut here: Vec<&ArmAnalysis> = judged.iter().copied().filter(|arm| arm.verdict() == Some(verdict)).collect();
        let value = |arm: &ArmAnalysis| arm.wall.as_ref().and_then(|wall| wall.judgement.ratio).unwrap_or(f64::MAX);
        here.sort_by(|a, b| value(a).total_cmp(&value(b)));
        if !here.is_empty() {
            let arms: Vec<String> = here.iter().map(|arm| arm_words(arm, same.is_none())).collect();
            parts.push(format!("{words}: {}", arms.join(", ")));
        }
    }
    parts.extend(arms.iter().filter(|arm| arm.is_control()).filter_map(|arm| control(arm)));
    let of = match same {
        Some(pairs) if judged.len() > 1 => format!(", {} each", plural(pairs, "pair")),
        Some(pairs) => format!(", {}", plural(pairs, "pair")),
        None => String::new(),
    };
    (!parts.is_empty()).then(|| format!("{}{of}; {}.", step.step, parts.join("; ")))
}

/// `a 0.014x (0.012x–0.016x; 15 pairs; 100.0% of compile seconds reused)`.
fn arm_words(arm: &ArmAnalysis, with_pairs: bool) -> String {
    let Some(found) = arm.wall.as_ref().map(|wall| &wall.judgement) else { return arm.name().to_owned() };
    let details = [
        found.interval.map(|it| match found.verdict {
            Verdict::NoDifferenceFound => left_open(&it),
            _ => bounds(Some((it.low, it.high))),
        }),
        with_pairs.then(|| plural(found.pairs, "pair")),
        arm.numbers.hit_rate_by_cost.map(|rate| format!("{} of compile seconds reused", percent(Some(rate)))),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    format!("{} {}{details}", arm.name(), ratio_or_dash(found.ratio))
}

fn control(arm: &ArmAnalysis) -> Option<String> {
    let wall = arm.wall.as_ref()?;
    let out = estimate(&wall.judgement);
    Some(match wall.judgement.verdict {
        Verdict::Faster | Verdict::Slower => {
            format!(
                "CONTROL FAILED: {} repeats {} yet came out at {out}: do not trust this step",
                wall.strategy, wall.baseline
            )
        }
        _ => format!(
            "the control {}, which repeats {}, came out at {out}: that much is noise",
            wall.strategy, wall.baseline
        ),
    })
}
