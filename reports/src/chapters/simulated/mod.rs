//! The chapters of a simulation: unit graphs of many workspaces, replayed.
//!
//! Nothing was built for these numbers, so none of them is a wall time, and none can show a wrong hit;
//! each chapter says how well its seconds are known. `reuse` has what keys find, `store` what stores and
//! networks cost, `brief` the same on a screen or two for the terminal.

mod brief;
pub(crate) mod reuse;
pub(crate) mod store;

pub use brief::brief;

use crate::document::{Block, Section};
use crate::simulation::ablation::{ablations, share};
use crate::simulation::curves::{Curve, by_command};
use crate::simulation::{RelaxationRow, SimulationRun};
use crate::text::percent;
use crate::words::plural;

/// One simulation: the subject of its chapters.
struct SimulationView<'a> {
    run: &'a SimulationRun,
    /// Begins the anchors of the chapters.
    anchor: &'a str,
}

impl SimulationView<'_> {
    fn id(&self, chapter: &str) -> String {
        format!("{}-{chapter}", self.anchor)
    }

    fn section(&self, chapter: &str, title: &str) -> Section {
        Section::new(&self.id(chapter), title, 1)
    }

    /// `120 workspaces in 20 orders`.
    fn n(&self) -> String {
        let (workspaces, orders) = (self.run.trace.workspaces as usize, self.run.trace.orders as usize);
        format!("{} in {}", plural(workspaces, "workspace"), plural(orders, "order"))
    }

    /// The number of workspaces and the error of the seconds, for the end of a finding that is made of
    /// seconds; `orders` names the orders that it is a mean over.
    fn known(&self, orders: &str) -> String {
        let workspaces = plural(self.run.trace.workspaces as usize, "workspace");
        format!("n: {workspaces}{orders}; {}.", self.run.trace.seconds_in_short())
    }
}

pub(super) fn sections(run: &SimulationRun, at: usize) -> Vec<Section> {
    let anchor = format!("simulation-{}", at + 1);
    let view = SimulationView { run, anchor: &anchor };
    let parts =
        [reuse::section, reuse::keys, reuse::misses, reuse::commands, store::retention, store::growth, store::remote];
    [head(&view)].into_iter().chain(parts.iter().filter_map(|part| part(&view))).collect()
}

fn head(view: &SimulationView<'_>) -> Section {
    let (run, trace) = (view.run, &view.run.trace);
    let mut section = Section::new(view.anchor, format!("Simulation ({})", run.info.name), 0);
    let origin = match trace.is_real() {
        true => "unit graphs of real workspaces".to_owned(),
        false => {
            let seed = trace.seed.map_or_else(String::new, |seed| format!(", from seed {seed}"));
            format!("MADE UP{seed}: it shows what follows from its assumptions, not what projects do")
        }
    };
    section.say(format!(
        "Replayed: {}, {origin}. {}, {} with a unit graph, {} of which {} are distinct; {}.",
        if trace.title.is_empty() { "a trace without a title" } else { &trace.title },
        plural(trace.workspaces as usize, "workspace"),
        plural(trace.plans as usize, "Cargo command"),
        plural(trace.unit_builds as usize, "unit"),
        trace.nodes,
        plural(trace.orders as usize, "random order"),
    ));
    section.say(
        "Nothing was compiled for this: keys were computed from unit graphs and looked up in a store that is only \
         counted. Reuse by seconds weighs each unit with its compile seconds; those overlap on several cores, so a build \
         gets shorter by less.",
    );
    if let Some(share) = trace.measured_share_of_seconds {
        section.say(format!("{} of all seconds are of units that were measured.", percent(Some(share))));
    }
    let fits = [("compile seconds", &trace.seconds), ("bytes", &trace.bytes)];
    for (what, fit) in fits.into_iter().filter_map(|(what, fit)| Some((what, fit.as_ref()?))) {
        section.push(Block::Note(fit.sentence(what)));
    }
    if !trace.left_out.is_empty() {
        section.push(Block::Note(format!("Not in it: {}.", trace.left_out.join("; "))));
    }
    section
}

/// The conclusions of a simulation.
pub(super) fn lead(run: &SimulationRun) -> String {
    let view = SimulationView { run, anchor: "" };
    let made_up = if run.trace.is_real() { "" } else { ", a GENERATED trace" };
    let mut parts: Vec<String> = by_command(run).iter().take(1).filter_map(|curves| ends(curves, false)).collect();
    parts.extend(most_gained(run).map(|(policy, row)| {
        format!(
            "of what is sound to leave out of a key, {} of {policy} gains most ({} of all seconds)",
            row.relaxation,
            percent(share(row)),
        )
    }));
    parts.extend(store::lead(run));
    let found = if parts.is_empty() { "its tables follow".into() } else { parts.join("; ") };
    format!("{}: {} replayed{made_up}: {found}; {}.", run.info.name, view.n(), run.trace.seconds_in_short())
}

/// `workspace 120 of dev build reuses of its compile seconds 18.2% under conservative, …`, each
/// with the range without the highest and the lowest tenth of workspaces at about that place, if asked for.
fn ends(curves: &[Curve<'_>], range: bool) -> Option<String> {
    let most = curves.iter().map(|curve| curve.last().workspaces).max()?;
    // Ends are comparable after as many workspaces.
    let plain = || curves.iter().filter(|curve| curve.is_plain() && curve.last().workspaces == most);
    let ends: Vec<String> = plain()
        .map(|curve| {
            let end = curve.last();
            let around = match range {
                true => format!(" ({} to {})", percent(Some(end.low)), percent(Some(end.high))),
                false => String::new(),
            };
            format!("{} under {}{around}", percent(Some(end.hit_rate_by_cost)), curve.policy)
        })
        .collect();
    let (ends, command) = (ends.join(", "), curves[0].command);
    (!ends.is_empty()).then(|| format!("workspace {most} of {command} reuses of its compile seconds {ends}"))
}

fn most_gained(run: &SimulationRun) -> Option<(&str, &RelaxationRow)> {
    let all = ablations(run).into_iter().filter_map(|it| Some((it.policy, it.sound().next()?)));
    all.filter(|(_, row)| row.gained_s > 0.0).max_by(|a, b| {
        let value = |row: &RelaxationRow| share(row).unwrap_or(0.0);
        value(a.1).total_cmp(&value(b.1))
    })
}
