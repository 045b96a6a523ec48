//! A simulation on one screen or two: what a reader of the terminal sees. The chapters have all
//! of it.
//!
//! Policies are columns wherever they can be, and of commands the first is shown.

use crate::document::{Block, Document, Grid, Section};
use crate::simulation::curves::{curves, is_plain};
use crate::simulation::{RelaxationRow, RetentionRow, SharingRow, SimulationRun};
use crate::table::{bytes, limit, percent, seconds};

/// Reasons for compiling that are shown.
const REASONS: usize = 10;
/// What is not there.
const NOTHING: &str = "-";

/// The tables of a simulation, each as short as it can be.
pub fn brief(run: &SimulationRun) -> Document {
    let parts = [reuse(run), inputs(run), reasons(run), commands(run), kept(run), fetched(run)];
    let sections = parts.into_iter().flatten().map(|grid| {
        let mut section = Section::new("brief", grid.0, 1);
        section.push(Block::Grid(grid.1));
        section
    });
    Document { title: format!("Simulation {}", run.info.name), lead: super::lead(run), sections: sections.collect() }
}

/// Policies as they are, in order of appearance.
fn policies(run: &SimulationRun) -> Vec<&str> {
    let mut policies: Vec<&str> = Vec::new();
    for name in run.relaxations.iter().map(|row| row.policy.as_str()).chain(run.curve.iter().map(|row| &*row.policy)) {
        if is_plain(name) && !policies.contains(&name) {
            policies.push(name);
        }
    }
    policies
}

/// The widest policy, which the tables that have room for one show.
fn widest(run: &SimulationRun) -> Option<&str> {
    policies(run).last().copied()
}

fn heads<'a>(first: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    first.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

fn numbers<T: std::fmt::Display>(names: &[T]) -> Vec<String> {
    names.iter().map(|name| format!("> {name}")).collect()
}

fn reuse(run: &SimulationRun) -> Option<(String, Grid)> {
    let curves = curves(run);
    let command = curves.first()?.command;
    let plain: Vec<_> = curves.iter().filter(|curve| curve.command == command && curve.is_plain()).collect();
    let named = plain.first()?.named();
    let at: Vec<u32> = named.iter().map(|row| row.workspaces).collect();
    let columns = numbers(&at);
    let caption = format!(
        "Share of its seconds that the n-th workspace ({command}) reuses of those built before it, mean over all \
         orders; units: the same by number, of the last.",
    );
    let mut grid = Grid::new(caption, &[&heads(&["policy \\ n"], &columns)[..], &["> units", "> stored"]].concat());
    for curve in plain {
        let rates = at.iter().map(|n| percent(curve.at(*n).map(|row| row.hit_rate_by_cost)));
        let end = [percent(Some(curve.last().hit_rate)), bytes(Some(curve.last().stored_bytes))];
        grid.row([curve.policy.to_owned()].into_iter().chain(rates).chain(end));
    }
    Some(("Reuse between workspaces".into(), grid))
}

fn inputs(run: &SimulationRun) -> Option<(String, Grid)> {
    let command = &run.relaxations.first()?.command;
    let policies = policies(run);
    let here: Vec<&RelaxationRow> = run.relaxations.iter().filter(|row| row.command == *command).collect();
    let of = |policy: &str, name: &str| here.iter().find(|row| row.policy == policy && row.relaxation == name).copied();
    let share = |row: &RelaxationRow| (row.total_s > 0.0).then(|| row.gained_s / row.total_s);
    let mut names: Vec<&str> = Vec::new();
    for row in &here {
        if row.relaxation != "none" && !names.contains(&row.relaxation.as_str()) {
            names.push(&row.relaxation);
        }
    }
    let last = policies.last()?;
    let gain = |name: &str| of(last, name).map_or(0.0, |row| row.gained_s);
    names.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let columns = numbers(&policies);
    let caption = format!(
        "Seconds reused on top, as a share of all seconds ({command}, every workspace once in turn), when one input \
         less is in the key. Only what is sound is a proposal.",
    );
    let mut grid = Grid::new(caption, &heads(&["relaxation", "is"], &columns));
    let base = policies.iter().map(|policy| percent(of(policy, "none").map(|row| row.hit_rate_by_cost)));
    grid.row(["(reused as it is)".to_owned(), String::new()].into_iter().chain(base));
    for name in names {
        let any = policies.iter().find_map(|policy| of(policy, name))?;
        let cells = policies.iter().map(|policy| match of(policy, name).and_then(share) {
            Some(share) => format!("{}{}", if share >= 0.0 { "+" } else { "" }, percent(Some(share))),
            None => NOTHING.to_owned(),
        });
        grid.row([name.to_owned(), any.soundness.clone()].into_iter().chain(cells));
    }
    Some(("What the inputs of the key cost".into(), grid))
}

fn reasons(run: &SimulationRun) -> Option<(String, Grid)> {
    let command = &run.misses.first()?.command;
    let policies = policies(run);
    let of = |policy: &str, reason: &str| {
        run.misses.iter().find(|row| row.policy == policy && row.command == *command && row.reason == reason)
    };
    let all = |policy: &str| -> f64 {
        run.misses.iter().filter(|row| row.policy == policy && row.command == *command).map(|row| row.seconds).sum()
    };
    let mut names: Vec<&str> = Vec::new();
    for row in run.misses.iter().filter(|row| row.command == *command) {
        if !names.contains(&row.reason.as_str()) {
            names.push(&row.reason);
        }
    }
    let most =
        |reason: &str| policies.iter().filter_map(|it| of(it, reason)).map(|row| row.seconds).fold(0.0, f64::max);
    names.sort_by(|a, b| most(b).total_cmp(&most(a)));
    let columns = numbers(&policies);
    let caption = format!("Share of the seconds that are compiled ({command}), by reason or by the rule that refused.");
    let mut grid = Grid::new(caption, &heads(&["reason"], &columns));
    for reason in names.into_iter().take(REASONS) {
        let share = |policy: &&str| {
            let all = all(policy);
            percent(of(policy, reason).filter(|_| all > 0.0).map(|row| row.seconds / all))
        };
        grid.row([reason.to_owned()].into_iter().chain(policies.iter().map(share)));
    }
    Some(("Why units are compiled".into(), grid))
}

fn commands(run: &SimulationRun) -> Option<(String, Grid)> {
    let policy = widest(run)?;
    let relaxed = format!("{policy}:all");
    let mut names: Vec<&str> = Vec::new();
    for row in run.sharing.iter().filter(|row| row.policy == policy) {
        if !names.contains(&row.first.as_str()) {
            names.push(&row.first);
        }
    }
    if names.len() < 2 {
        return None;
    }
    let columns = numbers(&names);
    let caption = format!(
        "Share of a command's seconds that another one had made, in one workspace whose build directory is \
         gone or is another one: under {policy}, and with all sound relaxations.",
    );
    let mut grid = Grid::new(caption, &heads(&["after \\ share of", "key"], &columns));
    let of = |policy: &str| -> Vec<_> {
        let of = run.sharing.iter().filter(|row| row.policy == policy);
        of.map(|row| (&row.first, &row.then, row.hit_rate_by_cost)).collect()
    };
    // Relaxations that change nothing need no rows.
    let keys = if of(policy) == of(&relaxed) { 1 } else { 2 };
    for first in &names {
        for (key, policy) in [("as it is", policy), ("relaxed", &relaxed)].into_iter().take(keys) {
            let share = |then: &&str| {
                let is = |row: &&SharingRow| row.policy == policy && row.first == *first && row.then == **then;
                run.sharing.iter().find(is).map(|row| percent(Some(row.hit_rate_by_cost)))
            };
            let cells: Vec<Option<String>> = names.iter().map(share).collect();
            if cells.iter().any(Option::is_some) {
                let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned()));
                grid.row([(*first).to_owned(), key.to_owned()].into_iter().chain(cells));
            }
        }
    }
    Some(("Sharing between commands".into(), grid))
}

fn kept(run: &SimulationRun) -> Option<(String, Grid)> {
    let key = &run.retention.last()?.key;
    let here: Vec<&RetentionRow> = run.retention.iter().filter(|row| row.key == *key).collect();
    let mut caps: Vec<Option<u64>> = here.iter().map(|row| row.cap_bytes).collect();
    caps.sort_unstable_by_key(|cap| cap.unwrap_or(u64::MAX));
    caps.dedup();
    let mut names: Vec<&str> = here.iter().map(|row| row.policy.as_str()).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let least = here.iter().map(|row| row.rebuilt_s).fold(f64::INFINITY, f64::min);
    let columns: Vec<String> = caps.iter().map(|cap| format!("> {}", limit(*cap))).collect();
    let caption = format!(
        "Seconds compiled over the whole trace of what may be stored, as a multiple of the least in the table ({}), by size limit of the store \
         ({key}). No policy can compile less than the last row; offline-… know the future.",
        seconds(Some(least)),
    );
    let mut grid = Grid::new(caption, &heads(&["retention"], &columns));
    let row_of = |name: &str, cap: Option<u64>| here.iter().find(|row| row.policy == name && row.cap_bytes == cap);
    let times = |seconds: Option<f64>| {
        seconds.filter(|_| least > 0.0).map_or_else(|| NOTHING.to_owned(), |it| format!("{:.3}x", it / least))
    };
    for name in &names {
        let cells = caps.iter().map(|cap| times(row_of(name, *cap).map(|row| row.rebuilt_s)));
        grid.row([(*name).to_owned()].into_iter().chain(cells));
    }
    let bound = caps.iter().map(|cap| times(names.first().and_then(|it| row_of(it, *cap)).map(|row| row.bound_s)));
    grid.row(["(bound)".to_owned()].into_iter().chain(bound));
    Some(("Retention".into(), grid))
}

fn fetched(run: &SimulationRun) -> Option<(String, Grid)> {
    let first = run.remote.first()?;
    let policies = policies(run);
    let here = || run.remote.iter().filter(|row| row.command == first.command && row.lookup == first.lookup);
    let mut links: Vec<(f64, f64)> = here().map(|row| (row.bits_per_s, row.latency_s)).collect();
    links.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    links.dedup();
    let columns = numbers(&policies);
    let caption = format!(
        "Time on {} cores until everything is there, fetching what is worth it, as a share of compiling all ({}, keys \
         known {}).",
        first.jobs,
        first.command,
        first.lookup.replace('-', " "),
    );
    let mut grid = Grid::new(caption, &heads(&["> Mbit/s", "> latency"], &columns));
    for (bits, latency) in links {
        let share = |policy: &&str| {
            let row = here().find(|row| row.policy == **policy && row.bits_per_s == bits && row.latency_s == latency);
            percent(row.filter(|row| row.compile_s > 0.0).map(|row| row.choose_s / row.compile_s))
        };
        let link = [format!("{}", bits / 1e6), format!("{} ms", (latency * 1e6).round() / 1e3)];
        grid.row(link.into_iter().chain(policies.iter().map(share)));
    }
    Some(("Fetching what others have built".into(), grid))
}
