//! The summary as text: lays out what [`super::steps`] and [`mod@super::causes`] found.

use super::{ArmSummary, CauseGroup, Options, Problem, StepSummary, causes, summarise};
use crate::record::Outcome;
use crate::run_folder::RunFolder;
use crate::table::{Align, Table, bytes, count, factor, fit, percent, seconds, wrap};
use std::fmt::Write;

pub(super) fn render(run: &RunFolder, options: &Options) -> String {
    let steps = summarise(run, options);
    let mut out = header(run, options);
    if steps.is_empty() {
        out.push_str("\nno step was recorded\n");
        return out;
    }
    for step in &steps {
        out.push('\n');
        out.push_str(&step_table(step, options));
    }
    let groups = causes(run, options);
    if !groups.is_empty() {
        out.push('\n');
        let line = "top causes of recompiles: compile seconds (as the run's `none` arm took them) of \
                    units missed, refused, stale or stored under another key, per round, all workspaces";
        out.push_str(&wrap(line, options.width, 0));
    }
    for group in &groups {
        out.push('\n');
        out.push_str(&cause_table(group, options));
    }
    out
}

fn header(run: &RunFolder, options: &Options) -> String {
    let info = &run.info;
    let name = if info.name.is_empty() { "run" } else { &info.name };
    let mut first = format!("{name}: corpus {}, profile {}", info.corpus.name, info.profile);
    if !info.complete {
        first.push_str("; INCOMPLETE, so far");
    }
    let read = format!(
        "wall, compiled and rustc: sum over workspaces of the median round; vs {base}: geometric mean over \
         workspaces of wall ÷ wall of {base} in the same round, below 1x is faster; hits: units reused ÷ \
         units of a clean build, by cost: weighed by compile seconds; disk: allocated bytes, store at its \
         largest, build directories summed; {dash}: not measured",
        base = options.baseline,
        dash = crate::table::UNMEASURED,
    );
    wrap(&first, options.width, 2) + &wrap(&read, options.width, 2)
}

fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn step_table(step: &StepSummary, options: &Options) -> String {
    let mut out = wrap(
        &format!(
            "step {} of scenario {}: {} × {}",
            step.step,
            step.scenario,
            plural(step.workspaces, "workspace"),
            plural(step.rounds, "round"),
        ),
        options.width,
        2,
    );
    let against = format!("vs\n{}", fit(&options.baseline, 12));
    let mut table = Table::new(&[
        ("strategy", Align::Flexible),
        ("wall", Align::Right),
        (&against, Align::Right),
        ("hits", Align::Right),
        ("hits\nby cost", Align::Right),
        ("units\ncompiled", Align::Right),
        ("rustc\nruns", Align::Right),
        ("disk:\nstore", Align::Right),
        ("disk:\nbuilds", Align::Right),
        ("", Align::Left),
    ]);
    let mut notes: Vec<String> = Vec::new();
    for arm in &step.arms {
        if arm.workspaces == 0 {
            let why: Vec<String> = arm.problems.iter().map(|it| problem(it, step)).collect();
            table.across(&arm.strategy, &why.join("; "));
            continue;
        }
        let mark = note(arm, step, options).map(|note| {
            notes.push(note);
            format!("[{}]", notes.len())
        });
        table.row([
            arm.strategy.clone(),
            seconds(arm.wall_s),
            factor(arm.against_baseline),
            percent(arm.hit_rate),
            percent(arm.hit_rate_by_cost),
            count(arm.compiled),
            count(arm.rustc_runs),
            bytes(arm.store_bytes),
            bytes(arm.tree_bytes),
            mark.unwrap_or_default(),
        ]);
    }
    out.push_str(&table.render(options.width));
    for (at, note) in notes.iter().enumerate() {
        out.push_str(&wrap(&format!("[{}] {note}", at + 1), options.width, 4));
    }
    out
}

/// What a reader must know before taking an arm's numbers at face value.
fn note(arm: &ArmSummary, step: &StepSummary, options: &Options) -> Option<String> {
    let mut parts: Vec<String> = arm.problems.iter().map(|it| problem(it, step)).collect();
    if arm.workspaces < step.workspaces {
        parts.push(format!("numbers over {} of {} workspaces", arm.workspaces, step.workspaces));
    }
    if arm.paired_workspaces < arm.workspaces && arm.strategy != options.baseline {
        parts.push(format!("ratio over {} of {} workspaces", arm.paired_workspaces, step.workspaces));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn problem(problem: &Problem, step: &StepSummary) -> String {
    let mut text = problem.status.to_string();
    if problem.workspaces.len() < step.workspaces {
        let _ = write!(text, " in {}", problem.workspaces.join(", "));
    }
    if problem.rows < problem.workspaces.len() * step.rounds {
        let _ = write!(text, " ({})", plural(problem.rows, "row"));
    }
    let note = problem.note.trim();
    let note = if note.is_empty() { "no reason recorded" } else { note };
    let _ = write!(text, ": {}", fit(&crate::table::clean(note), 200));
    text
}

fn cause_table(group: &CauseGroup, options: &Options) -> String {
    let mut out = wrap(
        &format!(
            "{} in {}: lost {} in {} units a round",
            siblings(&group.strategies),
            group.step,
            seconds(Some(group.lost_s)),
            count(Some(group.units)),
        ),
        options.width,
        2,
    );
    let mut table = Table::new(&[
        ("lost", Align::Right),
        ("share", Align::Right),
        ("units", Align::Right),
        ("outcome", Align::Left),
        ("reason or rule", Align::Flexible),
        ("because", Align::Flexible),
    ]);
    let share = |lost: f64| percent((group.lost_s > 0.0).then(|| lost / group.lost_s));
    for cause in group.causes.iter().take(options.causes) {
        let reason = match cause.outcome {
            Outcome::Stale | Outcome::Dup if cause.reason.is_empty() => cause.outcome.as_str(),
            _ => &cause.reason,
        };
        table.row([
            seconds(Some(cause.lost_s)),
            share(cause.lost_s),
            count(Some(cause.units)),
            cause.outcome.to_string(),
            reason.into(),
            cause.because.clone(),
        ]);
    }
    let rest = group.causes.get(options.causes..).unwrap_or_default();
    if !rest.is_empty() {
        let lost: f64 = rest.iter().map(|cause| cause.lost_s).sum();
        table.row([
            seconds(Some(lost)),
            share(lost),
            count(Some(rest.iter().map(|cause| cause.units).sum())),
            String::new(),
            format!("{} more", rest.len()),
        ]);
    }
    out.push_str(&table.render(options.width));
    out
}

/// `{hardlink,copy}+aggressive` for names that differ before one common end.
fn siblings(names: &[String]) -> String {
    let split: Option<Vec<(&str, &str)>> = names.iter().map(|name| name.split_once('+')).collect();
    match split.as_deref() {
        Some([(_, key), _, ..]) if split.iter().flatten().all(|(_, other)| other == key) => {
            let links: Vec<&str> = split.iter().flatten().map(|(link, _)| *link).collect();
            format!("{{{}}}+{key}", links.join(","))
        }
        _ => names.join(", "),
    }
}
