//! A simulation on one screen or two, for the terminal; the chapters have all of it.
//!
//! Policies are columns wherever they can be, and of commands the first is shown.

use crate::document::{Block, Document, Grid, Section};
use crate::simulation::curves::{curves, is_plain};
use crate::simulation::{RelaxationRow, RetentionRow, SimulationRun};
use crate::text::{UNMEASURED, bytes, limit, percent, seconds};
use crate::words::distinct;

/// Reasons for compiling that are shown.
const REASONS: usize = 10;

/// The tables of a simulation, each as short as it can be.
pub fn brief(run: &SimulationRun) -> Document {
    let parts = [
        ("Reuse between workspaces", reuse(run)),
        ("What the inputs of the key cost", inputs(run)),
        ("Why units are compiled", reasons(run)),
        ("Sharing between commands", commands(run)),
        ("Retention", retention(run)),
        ("Fetching what others have built", fetched(run)),
    ];
    let section = |(title, grid): (&str, Option<Grid>)| {
        let blocks = vec![Block::Grid(grid?)];
        Some(Section { blocks, ..Section::new("brief", title, 1) })
    };
    Document {
        title: format!("Simulation {}", run.info.name),
        lead: vec![super::lead(run)],
        sections: parts.into_iter().filter_map(section).collect(),
    }
}

fn policies(run: &SimulationRun) -> Vec<&str> {
    let names = run.relaxations.iter().map(|row| &row.policy).chain(run.curve.iter().map(|row| &row.policy));
    distinct(names.map(String::as_str).filter(|name| is_plain(name)))
}

/// A table with a column of numbers for each name.
fn grid<T: ToString>(caption: String, first: &[&str], names: &[T], last: &[&str]) -> Grid {
    let names: Vec<String> = names.iter().map(|name| format!("> {}", name.to_string())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Grid::new(caption, &[first, &names, last].concat())
}

/// Adds a row: its first cells, then one for each name.
fn row<T>(grid: &mut Grid, first: &[&str], names: &[T], cell: impl Fn(&T) -> String) {
    grid.row(first.iter().map(|text| (*text).to_owned()).chain(names.iter().map(cell)));
}

fn reuse(run: &SimulationRun) -> Option<Grid> {
    let curves = curves(run);
    let command = curves.first()?.command;
    let plain: Vec<_> = curves.iter().filter(|curve| curve.command == command && curve.is_plain()).collect();
    let at: Vec<u32> = plain.first()?.named().iter().map(|row| row.workspaces).collect();
    let caption = format!(
        "Share of its seconds that the n-th workspace ({command}) reuses of those built before it, mean over all \
         orders; units: the same by number, of the last.",
    );
    let mut grid = grid(caption, &["policy \\ n"], &at, &["> units", "> stored"]);
    for curve in plain {
        let rates = at.iter().map(|n| percent(curve.at(*n).map(|row| row.hit_rate_by_cost)));
        let end = [percent(Some(curve.last().hit_rate)), bytes(Some(curve.last().stored_bytes))];
        grid.row([curve.policy.to_owned()].into_iter().chain(rates).chain(end));
    }
    Some(grid)
}

fn inputs(run: &SimulationRun) -> Option<Grid> {
    let command = &run.relaxations.first()?.command;
    let policies = policies(run);
    let here: Vec<&RelaxationRow> = run.relaxations.iter().filter(|row| row.command == *command).collect();
    let of = |policy: &str, name: &str| here.iter().find(|row| row.policy == policy && row.relaxation == name).copied();
    let mut names = distinct(here.iter().map(|row| row.relaxation.as_str()).filter(|name| *name != "none"));
    let last = policies.last()?;
    let gain = |name: &str| of(last, name).map_or(0.0, |row| row.gained_s);
    names.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let caption = format!(
        "Seconds reused on top, as a share of all seconds ({command}, every workspace once in turn), when one input \
         less is in the key. Only what is sound is a proposal.",
    );
    let mut grid = grid(caption, &["relaxation", "is"], &policies, &[]);
    let base = |policy: &&str| percent(of(policy, "none").map(|row| row.hit_rate_by_cost));
    row(&mut grid, &["(reused as it is)", ""], &policies, base);
    for name in names {
        let any = policies.iter().find_map(|policy| of(policy, name))?;
        row(&mut grid, &[name, &any.soundness], &policies, |policy| {
            let share = of(policy, name).filter(|row| row.total_s > 0.0).map(|row| row.gained_s / row.total_s);
            let sign = if share.is_some_and(|share| share >= 0.0) { "+" } else { "" };
            format!("{sign}{}", percent(share))
        });
    }
    Some(grid)
}

fn reasons(run: &SimulationRun) -> Option<Grid> {
    let command = &run.misses.first()?.command;
    let policies = policies(run);
    let here = || run.misses.iter().filter(|row| row.command == *command);
    let of = |policy: &str, reason: &str| here().find(|row| row.policy == policy && row.reason == reason);
    let all = |policy: &str| here().filter(|row| row.policy == policy).map(|row| row.seconds).sum::<f64>();
    let most =
        |reason: &str| policies.iter().filter_map(|it| of(it, reason)).map(|row| row.seconds).fold(0.0, f64::max);
    let mut names = distinct(here().map(|row| row.reason.as_str()));
    names.sort_by(|a, b| most(b).total_cmp(&most(a)));
    let caption = format!("Share of the seconds that are compiled ({command}), by reason or by the rule that refused.");
    let mut grid = grid(caption, &["reason"], &policies, &[]);
    for reason in names.into_iter().take(REASONS) {
        row(&mut grid, &[reason], &policies, |policy| {
            let all = all(policy);
            percent(of(policy, reason).filter(|_| all > 0.0).map(|row| row.seconds / all))
        });
    }
    Some(grid)
}

fn commands(run: &SimulationRun) -> Option<Grid> {
    let policy = *policies(run).last()?;
    let relaxed = format!("{policy}:all");
    let of = |policy: &str| -> Vec<_> {
        let of = run.sharing.iter().filter(|row| row.policy == policy);
        of.map(|row| (row.first.as_str(), row.then.as_str(), row.hit_rate_by_cost)).collect()
    };
    let (plain, relaxed) = (of(policy), of(&relaxed));
    let names = distinct(plain.iter().map(|row| row.0));
    if names.len() < 2 {
        return None;
    }
    let caption = format!(
        "Share of a command's seconds that another one had made, in one workspace whose build directory is \
         gone or is another one: under {policy}, and with all sound relaxations.",
    );
    let mut grid = grid(caption, &["after \\ share of", "key"], &names, &[]);
    // Relaxations that change nothing need no rows.
    let keys = if plain == relaxed { 1 } else { 2 };
    for first in &names {
        for (key, rows) in [("as it is", &plain), ("relaxed", &relaxed)].into_iter().take(keys) {
            let share = |then: &&str| rows.iter().find(|row| row.0 == *first && row.1 == *then).map(|row| row.2);
            if names.iter().any(|then| share(then).is_some()) {
                row(&mut grid, &[first, key], &names, |then| percent(share(then)));
            }
        }
    }
    Some(grid)
}

fn retention(run: &SimulationRun) -> Option<Grid> {
    let key = &run.retention.last()?.key;
    let here: Vec<&RetentionRow> = run.retention.iter().filter(|row| row.key == *key).collect();
    let mut caps: Vec<Option<u64>> = here.iter().map(|row| row.cap_bytes).collect();
    caps.sort_unstable_by_key(|cap| cap.unwrap_or(u64::MAX));
    caps.dedup();
    let names = distinct(here.iter().map(|row| row.policy.as_str()));
    let least = here.iter().map(|row| row.rebuilt_s).fold(f64::INFINITY, f64::min);
    let caption = format!(
        "Seconds compiled over the whole trace of what may be stored, as a multiple of the least in the table ({}), by \
         size limit of the store ({key}). No policy can compile less than the last row; offline-… know the future.",
        seconds(Some(least)),
    );
    let limits: Vec<String> = caps.iter().map(|cap| limit(*cap)).collect();
    let mut grid = grid(caption, &["retention"], &limits, &[]);
    let row_of = |name: &str, cap: Option<u64>| here.iter().find(|row| row.policy == name && row.cap_bytes == cap);
    let times = |seconds: Option<f64>| {
        seconds.filter(|_| least > 0.0).map_or(UNMEASURED.into(), |it| format!("{:.3}x", it / least))
    };
    for name in &names {
        row(&mut grid, &[name], &caps, |cap| times(row_of(name, *cap).map(|row| row.rebuilt_s)));
    }
    let bound = |cap: &Option<u64>| names.first().and_then(|it| row_of(it, *cap)).map(|row| row.bound_s);
    row(&mut grid, &["(bound)"], &caps, |cap| times(bound(cap)));
    Some(grid)
}

fn fetched(run: &SimulationRun) -> Option<Grid> {
    let first = run.remote.first()?;
    let policies = policies(run);
    let here = || run.remote.iter().filter(|row| row.command == first.command && row.lookup == first.lookup);
    let mut links: Vec<(f64, f64)> = here().map(|row| (row.bits_per_s, row.latency_s)).collect();
    links.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    links.dedup();
    let caption = format!(
        "Time on {} cores until everything is there, fetching what is worth it, as a share of compiling all ({}, keys \
         known {}).",
        first.jobs,
        first.command,
        first.lookup.replace('-', " "),
    );
    let mut grid = grid(caption, &["> Mbit/s", "> latency"], &policies, &[]);
    for (bits, latency) in links {
        let link = [format!("{}", bits / 1e6), format!("{} ms", (latency * 1e6).round() / 1e3)];
        row(&mut grid, &[&link[0], &link[1]], &policies, |policy| {
            let row = here().find(|row| row.policy == *policy && row.bits_per_s == bits && row.latency_s == latency);
            percent(row.filter(|row| row.compile_s > 0.0).map(|row| row.choose_s / row.compile_s))
        });
    }
    Some(grid)
}
