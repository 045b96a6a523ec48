//! The chapters of a simulation: unit graphs of many workspaces, replayed.
//!
//! Nothing was built for these numbers, so none of them is a wall time, and none can show a wrong hit;
//! the head says how well its seconds are known. `tables` has an answer to each question.

mod tables;

use crate::document::{Block, Document, Section};
use crate::plot::{Chart, HorizontalScale, Plot, PlotInterval, PlotLine, ValueUnit, VerticalScale};
use crate::simulation::ablation::{ablations, share};
use crate::simulation::curves::{Curve, by_command, first_class};
use crate::simulation::trace::sentence;
use crate::simulation::{RelaxationRow, SimulationRun, retention};
use crate::text::{limit, percent};
use crate::words::{capital, distinct, gathered, plural};
use tables::{Answer, answers};

/// Curves of a plot: more cannot be distinguished.
const LINES: usize = 6;

/// A simulation on one screen or two, for the terminal: of commands the first, of key policies the widest.
pub fn brief(run: &SimulationRun) -> Document {
    let section = |answer: Answer| Section {
        blocks: answer.grids.into_iter().map(Block::Grid).collect(),
        ..Section::new("brief", answer.title, 1)
    };
    Document {
        title: format!("Simulation {}", run.info.name),
        lead: vec![lead(run)],
        sections: answers(run, 1).into_iter().map(section).collect(),
    }
}

pub(super) fn sections(run: &SimulationRun, at: usize) -> Vec<Section> {
    let anchor = format!("simulation-{}", at + 1);
    let section = |answer: Answer| {
        let id = format!("{anchor}-{}", answer.id);
        let mut section = Section::new(&id, answer.title, 1);
        if answer.id == "reuse" {
            section.blocks.extend(plots(run, &id).into_iter().map(Block::Plot));
        }
        if !answer.text.is_empty() {
            section.say(answer.text);
        }
        section.blocks.extend(answer.grids.into_iter().map(Block::Grid));
        section
    };
    [head(run, &anchor)].into_iter().chain(answers(run, usize::MAX).into_iter().map(section)).collect()
}

fn head(run: &SimulationRun, anchor: &str) -> Section {
    let trace = &run.trace;
    let mut section = Section::new(anchor, format!("Simulation ({})", run.info.name), 0);
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
        section.push(Block::Note(sentence(fit, what)));
    }
    if !trace.left_out.is_empty() {
        section.push(Block::Note(format!("Not in it: {}.", trace.left_out.join("; "))));
    }
    section
}

/// `120 workspaces in 20 orders`.
fn n(run: &SimulationRun) -> String {
    let (workspaces, orders) = (run.trace.workspaces as usize, run.trace.orders as usize);
    format!("{} in {}", plural(workspaces, "workspace"), plural(orders, "order"))
}

/// The conclusions of a simulation.
pub(super) fn lead(run: &SimulationRun) -> String {
    let made_up = if run.trace.is_real() { "" } else { ", a GENERATED trace" };
    let mut parts: Vec<String> = by_command(run).iter().take(1).filter_map(|curves| ends(curves)).collect();
    parts.extend(most_gained(run).map(|(policy, row)| {
        format!(
            "of what is sound to leave out of a key, {} of {policy} gains most ({} of all seconds)",
            row.relaxation,
            percent(share(row)),
        )
    }));
    parts.extend(enough(run));
    let found = if parts.is_empty() { "its tables follow".into() } else { parts.join("; ") };
    format!("{}: {} replayed{made_up}: {found}; {}.", run.info.name, n(run), run.trace.seconds_in_short())
}

/// The smallest size at which a policy comes near a store without a limit, under each key policy.
fn enough(run: &SimulationRun) -> Option<String> {
    let keys = distinct(run.retention.iter().map(|row| row.key.as_str()));
    let found = gathered(keys.into_iter().filter_map(|key| Some((retention::enough(run, key)?, key))));
    let sentence = |((name, cap), keys): &((&str, u64), Vec<&str>)| {
        let (keys, cap) = (keys.join(", "), limit(Some(*cap)));
        format!("under {keys} {cap} is enough for {name} to compile at most 5% more than without a limit")
    };
    let found: Vec<String> = found.iter().map(sentence).collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// `workspace 120 of dev build reuses of its compile seconds 18.2% under conservative, …`.
fn ends(curves: &[Curve<'_>]) -> Option<String> {
    let most = curves.iter().map(|curve| curve.last().workspaces).max()?;
    // Ends are comparable after as many workspaces.
    let plain = curves.iter().filter(|curve| curve.is_plain() && curve.last().workspaces == most);
    let end = |curve: &Curve<'_>| format!("{} under {}", percent(Some(curve.last().hit_rate_by_cost)), curve.policy);
    let (ends, command) = (plain.map(end).collect::<Vec<_>>().join(", "), curves[0].command);
    (!ends.is_empty()).then(|| format!("workspace {most} of {command} reuses of its compile seconds {ends}"))
}

fn most_gained(run: &SimulationRun) -> Option<(&str, &RelaxationRow)> {
    let all = ablations(run).into_iter().filter_map(|it| Some((it.policy, it.sound().next()?)));
    all.filter(|(_, row)| row.gained_s > 0.0).max_by(|a, b| {
        let value = |row: &RelaxationRow| share(row).unwrap_or(0.0);
        value(a.1).total_cmp(&value(b.1))
    })
}

/// What the n-th workspace reuses, a plot for each command.
fn plots(run: &SimulationRun, id: &str) -> Vec<Plot> {
    let several = |curves: &Vec<Curve<'_>>| curves.iter().any(|curve| curve.last().workspaces > 1);
    let groups = by_command(run).into_iter().filter(several).enumerate();
    let plot = |(at, curves): (usize, Vec<Curve<'_>>)| {
        let first = ends(&curves).unwrap_or_else(|| "Ablation policies alone were replayed".into());
        Plot {
            id: if at == 0 { id.to_owned() } else { format!("{id}-{}", at + 1) },
            title: format!("What a workspace reuses of those built before it, {}", curves[0].command),
            finding: format!(
                "{}. Lines: mean over orders; bands: at about that place a tenth of workspaces reuse less, a tenth more. \
                 n: {}; {}.",
                capital(&first),
                n(run),
                run.trace.seconds_in_short()
            ),
            chart: Chart::Lines {
                x: HorizontalScale::Counts("workspaces built, this one included".to_owned()),
                y: "reused, by compile seconds".into(),
                scale: VerticalScale::Amount(ValueUnit::Share),
                lines: fold(&curves).iter().take(LINES).map(|(name, curve)| line(name, curve)).collect(),
            },
        }
    };
    groups.map(plot).collect()
}

/// Curves that are equal at every point as one that has all of their names.
fn fold<'a, 'b>(curves: &'b [Curve<'a>]) -> Vec<(String, &'b Curve<'a>)> {
    let points = |curve: &Curve<'_>| -> Vec<_> {
        curve.rows.iter().map(|row| (row.workspaces, row.hit_rate_by_cost, row.low, row.high)).collect()
    };
    let mut folded: Vec<(String, &Curve<'_>)> = Vec::new();
    for curve in curves {
        match folded.iter_mut().find(|(_, known)| points(known) == points(curve)) {
            Some((name, _)) => *name += &format!(", {}", first_class(curve.policy)),
            None => folded.push((first_class(curve.policy), curve)),
        }
    }
    folded
}

fn line(name: &str, curve: &Curve<'_>) -> PlotLine {
    PlotLine {
        name: name.to_owned(),
        points: curve.rows.iter().map(|row| (f64::from(row.workspaces), row.hit_rate_by_cost)).collect(),
        band: curve.rows.iter().map(|row| PlotInterval { low: row.low, high: row.high }).collect(),
        changes: Vec::new(),
    }
}
