//! What a trace contains, in numbers: a table of what, and how much; of a sample its three quartiles.
//!
//! Everything but the rows of commands is about one plan of each workspace: its development build, or its first plan
//! where it has none.

mod packages;
mod sample;

use std::collections::BTreeMap;

use strategies::key::Input;

use crate::trace::{NodeId, Trace, TracePlan, TraceSource, TraceTask, TraceUnit};

pub use sample::SortedSample;

/// Every kind of units, in the order in which they are listed.
const KINDS: [&str; 5] = ["lib", "proc-macro", "script compile", "script run", "bin and test"];

/// What a trace contains, as text.
pub fn describe(trace: &Trace) -> String {
    let rows = rows(trace);
    let width = rows.iter().map(|(_, label, _)| label.chars().count()).max().unwrap_or(0);
    let mut text = format!("{}\n", trace.about.title);
    let mut last = "";
    for (section, label, value) in &rows {
        if *section != last {
            last = section;
            text.push_str(&format!("\n{section}\n"));
        }
        text.push_str(&format!("  {label:<width$}  {value}\n"));
    }
    text
}

/// Section, label and value.
type Row = (&'static str, String, String);

fn rows(trace: &Trace) -> Vec<Row> {
    use NumberForm::{Count, Percent};
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |section, label: &str, value: String| rows.push((section, label.to_owned(), value));
    let section = "trace";
    for (label, count) in [
        ("workspaces", trace.workspaces.len()),
        ("plans", trace.plans.len()),
        ("unit builds", trace.unit_builds() as usize),
        ("distinct nodes", trace.nodes.len()),
        ("distinct units", trace.units.len()),
        ("events", trace.events.len()),
    ] {
        add(section, label, Count("").one(Some(count as f64)));
    }
    add(section, "seconds that were measured", Percent.one(Some(trace.measured_share().unwrap_or_default())));
    commands(trace, &mut |label, value| add("a workspace, quartiles", label, value));
    let plans = main_plans(trace);
    kinds(trace, &plans, &mut |label, value| add("units of dev builds", label, value));
    packages::rows(trace, &plans, &mut add);
    reuse(trace, &plans, &mut |label, value| add("reuse of dev builds", label, value));
    rows
}

/// Units, seconds and bytes of a workspace, command by command, in order of their labels.
fn commands(trace: &Trace, add: &mut dyn FnMut(&str, String)) {
    let mut labels: BTreeMap<String, Vec<&TracePlan>> = BTreeMap::new();
    for plan in &trace.plans {
        labels.entry(trace.command(plan)).or_default().push(plan);
    }
    for (label, plans) in labels {
        let sum = |of: &dyn Fn(NodeId) -> f64| -> SortedSample {
            plans.iter().map(|plan| plan.nodes.iter().map(|node| of(*node)).sum()).collect()
        };
        add(&label, NumberForm::Count("units").quartiles(&sum(&|_| 1.0)));
        add(&format!("{label}, time"), NumberForm::Seconds.quartiles(&sum(&|node| trace.seconds(node))));
        add(&format!("{label}, size"), NumberForm::Gigabytes.quartiles(&sum(&|node| trace.bytes(node))));
    }
}

/// Shares of units and seconds by kind, and of path packages.
fn kinds(trace: &Trace, plans: &[&TracePlan], add: &mut dyn FnMut(&str, String)) {
    let (mut units, mut seconds, mut local) = ([0f64; KINDS.len()], [0f64; KINDS.len()], 0f64);
    for node in plans.iter().flat_map(|plan| &plan.nodes) {
        let at = kind(trace, trace.unit(*node));
        units[at] += 1.0;
        seconds[at] += trace.seconds(*node);
        local += f64::from(u8::from(is_local(trace, *node)));
    }
    let (all_units, all_seconds) = (units.iter().sum(), seconds.iter().sum());
    for (at, kind) in KINDS.into_iter().enumerate() {
        add(kind, NumberForm::Percent.one(Some(share(units[at], all_units))));
        add(&format!("{kind}, of the time"), NumberForm::Percent.one(Some(share(seconds[at], all_seconds))));
    }
    add("of path packages", NumberForm::Percent.one(Some(share(local, all_units))));
}

/// Index of a unit's kind in [`KINDS`].
fn kind(trace: &Trace, unit: &TraceUnit) -> usize {
    let has = |kind: &str| trace.text(unit[Input::TargetKind]).split(',').any(|it| it == kind);
    match trace.text(unit[Input::Mode]) {
        "run-custom-build" => 3,
        "test" => 4,
        _ if has("custom-build") => 2,
        _ if has("proc-macro") => 1,
        _ if ["bin", "test", "bench", "example"].into_iter().any(has) => 4,
        _ => 0,
    }
}

/// What workspaces have in common, over ordered pairs of them. A node is a unit with all that it depends on, so two
/// workspaces share one exactly when no key, however relaxed, could distinguish their units. Units of path packages are
/// never shared.
fn reuse(trace: &Trace, plans: &[&TracePlan], add: &mut dyn FnMut(&str, String)) {
    let foreign = |plan: &&TracePlan| -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = plan.nodes.iter().copied().filter(|node| !is_local(trace, *node)).collect();
        nodes.dedup();
        nodes
    };
    let sets: Vec<Vec<NodeId>> = plans.iter().map(foreign).collect();
    let seconds = |nodes: &[NodeId]| nodes.iter().map(|node| trace.seconds(*node)).sum();
    let totals: Vec<f64> = plans.iter().map(|plan| seconds(&plan.nodes)).collect();
    let (mut by_units, mut by_seconds) = (Vec::new(), Vec::new());
    for left in 0..plans.len() {
        for right in (0..plans.len()).filter(|right| *right != left) {
            let common = common(&sets[left], &sets[right]);
            by_units.push(share(common.len() as f64, plans[left].nodes.len() as f64));
            by_seconds.push(share(seconds(&common), totals[left]));
        }
    }
    let mut owners = vec![0u32; trace.nodes.len()];
    sets.iter().flatten().for_each(|node| owners[node.at()] += 1);
    let shared = sets.iter().flatten().filter(|node| owners[node.at()] > 1).count();
    let all: usize = plans.iter().map(|plan| plan.nodes.len()).sum();
    for (what, rates) in [("units", by_units), ("seconds", by_seconds)] {
        let rates: SortedSample = rates.into_iter().collect();
        add(&format!("{what} another workspace has"), NumberForm::Percent.quartiles(&rates));
        add(&format!("{what} another has, mean"), NumberForm::Percent.one(rates.mean()));
    }
    add("units any other workspace has", NumberForm::Percent.one(Some(share(shared as f64, all as f64))));
}

/// The elements of one ascending list that another has, too.
fn common(left: &[NodeId], right: &[NodeId]) -> Vec<NodeId> {
    let mut others = right.iter().copied().peekable();
    let mut has = |node: NodeId| {
        while others.next_if(|it| *it < node).is_some() {}
        others.peek() == Some(&node)
    };
    left.iter().copied().filter(|node| has(*node)).collect()
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

/// A share; 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// How a number is written, with its unit.
#[derive(Debug, Clone, Copy)]
enum NumberForm {
    Count(&'static str),
    Decimal,
    Percent,
    Seconds,
    Gigabytes,
    Days,
}

impl NumberForm {
    fn number(self, value: f64) -> String {
        match self {
            NumberForm::Count(_) | NumberForm::Days => grouped(value),
            NumberForm::Decimal => format!("{value:.2}"),
            NumberForm::Percent => format!("{:.1}", value * 100.0),
            NumberForm::Seconds if value < 10.0 => format!("{value:.1}"),
            NumberForm::Seconds => grouped(value),
            NumberForm::Gigabytes => format!("{:.2}", value / 1e9),
        }
    }

    fn with_unit(self, number: Option<String>) -> String {
        let Some(number) = number else { return "–".to_owned() };
        let unit = match self {
            NumberForm::Count(unit) => unit,
            NumberForm::Decimal => "",
            NumberForm::Percent => "%",
            NumberForm::Seconds => "s",
            NumberForm::Gigabytes => "GB",
            NumberForm::Days => "days",
        };
        format!("{number} {unit}").trim_end().to_owned()
    }

    fn one(self, value: Option<f64>) -> String {
        self.with_unit(value.map(|value| self.number(value)))
    }

    fn quartiles(self, sample: &SortedSample) -> String {
        let values = [0.25, 0.5, 0.75].map(|at| sample.quantile(at).map(|value| self.number(value)));
        self.with_unit(values.into_iter().collect::<Option<Vec<_>>>().map(|values| values.join(" / ")))
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_their_units() {
        assert_eq!(NumberForm::Count("units").one(Some(1_234_567.4)), "1,234,567 units");
        assert_eq!(NumberForm::Count("").one(Some(7.0)), "7");
        assert_eq!(NumberForm::Percent.one(Some(0.1234)), "12.3 %");
        assert_eq!(NumberForm::Gigabytes.one(Some(2.5e9)), "2.50 GB");
        assert_eq!(NumberForm::Seconds.one(Some(1.25)), "1.2 s");
        assert_eq!(NumberForm::Days.one(Some(-3.0)), "-3 days");
        assert_eq!(NumberForm::Decimal.one(None), "–");
        assert_eq!(NumberForm::Decimal.quartiles(&[1.0, 2.0].into_iter().collect()), "1.25 / 1.50 / 1.75");
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
