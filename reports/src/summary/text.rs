//! The summary as text: the head, the sections in their order, the causes.

use super::causes::costliest;
use super::own;
use super::step_text::{Disk, step_table};
use super::steps::{distinct, strategies};
use super::verdict_text::verdict_section;
use super::{CauseGroup, Options, StepSummary, Verdicts, causes, summarise};
use crate::table::{Align, Table, count, percent, seconds, wrap};
use records::Outcome;
use records::run_folder::RunFolder;

pub(super) fn render(run: &RunFolder, verdicts: &Verdicts, options: &Options) -> String {
    let steps = summarise(run, options);
    let disk = Disk::of(&steps);
    let mut out = header(run, options, &steps, disk);
    if steps.is_empty() {
        out.push_str("\nno step was recorded\n");
        return out;
    }
    for step in &steps {
        out.push('\n');
        out.push_str(&step_table(step, disk, options));
    }
    out.push_str(&verdict_section(verdicts, options));
    let told = own::lines(run, &strategies(run, &options.baseline));
    for (at, line) in told.iter().enumerate() {
        let why = if at == 0 { format!("{line} ({})", own::WHY) } else { line.clone() };
        out.push_str(if at == 0 { "\n" } else { "" });
        out.push_str(&wrap(&why, options.width, 2));
    }
    let groups = causes(run, options);
    if !groups.is_empty() {
        out.push('\n');
        let line = "top causes of recompiles: compile seconds (as the run's `none` arm took them) of \
                    units missed, refused, stale or stored under another key, per round, all workspaces";
        out.push_str(&wrap(line, options.width, 0));
    }
    let several = distinct(groups.iter().map(|group| &group.scenario)).len() > 1;
    let (shown, rest) = costliest(&groups, options.groups);
    for group in shown {
        out.push('\n');
        out.push_str(&cause_table(group, several, options));
    }
    if !rest.is_empty() {
        let lost: f64 = rest.iter().map(|group| group.lost_s).sum();
        let steps = distinct(rest.iter().map(|group| &*group.step)).join(", ");
        let lists = plural(rest.len(), "more list");
        let line = format!("{lists} in units.csv: lost {} a round in {steps}", seconds(Some(lost)));
        out.push('\n');
        out.push_str(&wrap(&line, options.width, 2));
    }
    out
}

fn header(run: &RunFolder, options: &Options, steps: &[StepSummary], disk: Disk) -> String {
    let info = &run.info;
    let name = if info.name.is_empty() { "run" } else { &info.name };
    let mut first = format!("{name}: corpus {}, profile {}", info.corpus.name, info.profile);
    if !info.complete {
        first.push_str("; INCOMPLETE, so far");
    }
    let freed = "promised: bytes that a step which cleans said it would free, freed: physical bytes that it did; ";
    if let Some(part) = info.part() {
        first.push_str(&format!("; shard {part}, a part of a run"));
    }
    if !info.shards.is_empty() {
        first.push_str(&format!("; merged from {}", plural(info.shards.len(), "shard")));
    }
    let kinds = info.kinds_of_hosts().len();
    if kinds > 1 {
        first.push_str(&format!(" on {kinds} kinds of machines: ratios are of one machine each, bare times are not"));
    }
    let read = format!(
        "wall, compiled and rustc: sum over workspaces of the median round; vs {base}: geometric mean over \
         workspaces of wall ÷ wall of {base} in the same round, below 1x is faster; hits: units reused ÷ \
         units of a clean build, by cost: weighed by compile seconds; disk: {disk}; {freed}{dash}: not measured",
        base = options.baseline,
        disk = disk.legend(info.alone()),
        freed = if steps.iter().any(StepSummary::cleans) { freed } else { "" },
        dash = crate::table::UNMEASURED,
    );
    wrap(&first, options.width, 2) + &wrap(&read, options.width, 2)
}

pub(super) fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn cause_table(group: &CauseGroup, several: bool, options: &Options) -> String {
    let scenario = if several { format!(" of {}", group.scenario) } else { String::new() };
    let mut out = wrap(
        &format!(
            "{} in {}{scenario}: lost {} in {} units a round",
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
            // Somebody else's tool does not say why.
            _ if cause.reason.is_empty() => "not told",
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
