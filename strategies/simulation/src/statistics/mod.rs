//! What a trace contains, in numbers: a table of what, and how much; of a sample its three quartiles.
//!
//! Everything but the rows of commands is about one plan of each workspace: its development build, or its first plan
//! where it has none.

mod sample;

use std::collections::{BTreeMap, BTreeSet};

use strategies::key::Input;

use crate::reuse::share;
use crate::trace::{NodeId, Text, Trace, TracePlan, TraceSource, TraceTask, TraceUnit};

pub use sample::SortedSample;

/// What a trace contains, as text.
pub fn describe(trace: &Trace) -> String {
    let rows = rows(trace);
    let width = rows.iter().map(|(_, label, _)| label.chars().count()).max().unwrap_or(0);
    let mut text = format!("{}\n", trace.about.title);
    for part in rows.chunk_by(|a, b| a.0 == b.0) {
        text += &format!("\n{}\n", part[0].0);
        part.iter().for_each(|(_, label, value)| text += &format!("  {label:<width$}  {value}\n"));
    }
    text
}

/// Section, label and value.
type Row = (&'static str, String, String);

fn rows(trace: &Trace) -> Vec<Row> {
    let counts = [
        ("workspaces", trace.workspaces.len() as f64),
        ("plans", trace.plans.len() as f64),
        ("unit builds", trace.unit_builds() as f64),
        ("distinct nodes", trace.nodes.len() as f64),
        ("distinct units", trace.units.len() as f64),
        ("events", trace.events.len() as f64),
    ];
    let mut rows: Vec<Row> = counts.map(|(label, count)| ("trace", label.to_owned(), grouped(count))).into();
    rows.push(("trace", "seconds that were measured".to_owned(), percent(trace.measured_share().unwrap_or_default())));
    rows.extend(commands(trace).into_iter().map(|(label, value)| ("a workspace, quartiles", label, value)));
    let plans = main_plans(trace);
    rows.extend(kinds(trace, &plans).into_iter().map(|(label, value)| ("units of dev builds", label, value)));
    rows.extend(shared(trace, &plans).map(|(label, value)| ("shared by dev builds", label.to_owned(), value)));
    rows
}

/// Units, seconds and bytes of a workspace, command by command, in order of their labels.
fn commands(trace: &Trace) -> Vec<(String, String)> {
    let mut labels: BTreeMap<String, Vec<&TracePlan>> = BTreeMap::new();
    for plan in &trace.plans {
        labels.entry(trace.command(plan)).or_default().push(plan);
    }
    let mut rows = Vec::new();
    for (label, plans) in labels {
        let sum = |of: &dyn Fn(NodeId) -> f64| -> SortedSample {
            plans.iter().map(|plan| plan.nodes.iter().map(|node| of(*node)).sum()).collect()
        };
        let seconds = |value: f64| if value < 10.0 { format!("{value:.1}") } else { grouped(value) };
        rows.push((label.clone(), quartiles(&sum(&|_| 1.0), grouped, "units")));
        rows.push((format!("{label}, time"), quartiles(&sum(&|node| trace.seconds(node)), seconds, "s")));
        let gigabytes = |value: f64| format!("{:.2}", value / 1e9);
        rows.push((format!("{label}, size"), quartiles(&sum(&|node| trace.bytes(node)), gigabytes, "GB")));
    }
    rows
}

/// Shares of units and seconds by kind, and of path packages.
fn kinds(trace: &Trace, plans: &[&TracePlan]) -> Vec<(String, String)> {
    let nodes = || plans.iter().flat_map(|plan| plan.nodes.iter().copied());
    let all_seconds: f64 = nodes().map(|node| trace.seconds(node)).sum();
    let all = nodes().count() as f64;
    let mut rows = Vec::new();
    for name in ["lib", "proc-macro", "script compile", "script run", "bin and test"] {
        let own = || nodes().filter(|node| kind(trace, trace.unit(*node)) == name);
        let seconds = own().map(|node| trace.seconds(node)).sum();
        rows.push((name.to_owned(), percent(share(own().count() as f64, all))));
        rows.push((format!("{name}, of the time"), percent(share(seconds, all_seconds))));
    }
    let local = nodes().filter(|node| is_local(trace, *node)).count() as f64;
    rows.push(("of path packages".to_owned(), percent(share(local, all))));
    rows
}

fn kind(trace: &Trace, unit: &TraceUnit) -> &'static str {
    let has = |kind: &str| trace.text(unit[Input::TargetKind]).split(',').any(|it| it == kind);
    match trace.text(unit[Input::Mode]) {
        "run-custom-build" => "script run",
        "test" => "bin and test",
        _ if has("custom-build") => "script compile",
        _ if has("proc-macro") => "proc-macro",
        _ if ["bin", "test", "bench", "example"].into_iter().any(has) => "bin and test",
        _ => "lib",
    }
}

/// How popular packages are, and how many units other workspaces have, too. A node is a unit with all that it depends
/// on, so two workspaces share one exactly when no key, however relaxed, could distinguish their units. Path packages are
/// never shared.
fn shared(trace: &Trace, plans: &[&TracePlan]) -> [(&'static str, String); 4] {
    let mut packages: BTreeMap<Text, BTreeSet<u32>> = BTreeMap::new();
    let mut owners: BTreeMap<NodeId, BTreeSet<u32>> = BTreeMap::new();
    let units = || plans.iter().flat_map(|plan| plan.nodes.iter().map(|node| (plan.workspace.0, *node)));
    for (workspace, node) in units().filter(|(_, node)| !is_local(trace, *node)) {
        packages.entry(trace.unit(node)[Input::PackageName]).or_default().insert(workspace);
        owners.entry(node).or_default().insert(workspace);
    }
    let popularity: SortedSample = packages.values().map(|seen| share(seen.len() as f64, plans.len() as f64)).collect();
    let alone = packages.values().filter(|seen| seen.len() == 1).count() as f64;
    let found = units().filter(|(_, node)| owners.get(node).is_some_and(|owners| owners.len() > 1)).count() as f64;
    let parts = |value: f64| format!("{:.1}", value * 100.0);
    [
        ("packages", grouped(packages.len() as f64)),
        ("workspaces with a package", quartiles(&popularity, parts, "%")),
        ("packages in one workspace only", percent(share(alone, packages.len() as f64))),
        ("units another workspace has", percent(share(found, units().count() as f64))),
    ]
}

/// One plan of each workspace that has any, in the order of workspaces: the first development build, or the first plan.
fn main_plans(trace: &Trace) -> Vec<&TracePlan> {
    let mut plans: BTreeMap<u32, &TracePlan> = BTreeMap::new();
    let is_main = |plan: &TracePlan| plan.task == TraceTask::Build && trace.text(plan.profile) == "dev";
    for plan in &trace.plans {
        let first = plans.entry(plan.workspace.0).or_insert(plan);
        if is_main(plan) && !is_main(first) {
            *first = plan;
        }
    }
    plans.into_values().collect()
}

fn is_local(trace: &Trace, node: NodeId) -> bool {
    trace.unit(node).source == TraceSource::Path
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The three quartiles of a sample with their unit.
fn quartiles(sample: &SortedSample, number: impl Fn(f64) -> String, unit: &str) -> String {
    let values = [0.25, 0.5, 0.75].map(|at| sample.quantile(at).map(&number));
    let values = values.into_iter().collect::<Option<Vec<_>>>();
    values.map_or_else(|| "–".to_owned(), |values| format!("{} {unit}", values.join(" / ")))
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_their_units() {
        assert_eq!(
            (grouped(1_234_567.4), grouped(7.0), percent(0.1234)),
            ("1,234,567".into(), "7".into(), "12.3 %".into())
        );
        assert_eq!(
            quartiles(&[1.0, 2.0].into_iter().collect(), |it| format!("{it:.2}"), "GB"),
            "1.25 / 1.50 / 1.75 GB"
        );
        assert_eq!(quartiles(&SortedSample::default(), grouped, "s"), "–");
    }

    #[test]
    fn rows_are_those_of_a_hand_count() {
        let rows = rows(&crate::trace::tests::by_hand());
        let lines: Vec<String> =
            rows.iter().map(|(section, label, value)| format!("{section}: {label}: {value}")).collect();
        let expected = include_str!("by_hand.txt");
        assert_eq!(lines.join("\n"), expected.trim_end());
    }

    #[test]
    fn tables_fit_a_terminal_and_end_no_line_early() {
        let text = describe(&crate::trace::census().unwrap());
        for line in text.lines().skip(1) {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(text.contains(" units\n") && text.contains(" GB\n"), "{text}");
    }
}
