//! The tables of a simulation, each as short as it can be: policies are columns wherever they can be. All rows are in
//! the CSV files, and on the page.

use crate::document::Grid;
use crate::simulation::curves::{curves, is_plain};
use crate::simulation::growth::store_growth;
use crate::simulation::{RelaxationRow, RetentionRow, SimulationRun};
use crate::text::{UNMEASURED, bytes, limit, percent, seconds};
use crate::words::distinct;

/// Reasons for compiling that are shown.
const REASONS: usize = 10;

/// Tables of one question: the end of an anchor, a heading, how to read them, and the tables.
pub(super) struct Answer {
    pub id: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    pub grids: Vec<Grid>,
}

/// Every question that has an answer, for at most `most` commands or key policies.
pub(super) fn answers(run: &SimulationRun, most: usize) -> Vec<Answer> {
    let commands = |names: Vec<&str>, of: fn(&SimulationRun, &str) -> Option<Grid>| -> Vec<Grid> {
        distinct(names).into_iter().take(most).filter_map(|name| of(run, name)).collect()
    };
    // Of key policies the widest is last.
    let keys = distinct(run.retention.iter().rev().map(|row| row.key.as_str())).into_iter().take(most);
    let answer = |id, title, text, grids| Answer { id, title, text, grids };
    let all = [
        answer(
            "reuse",
            "Reuse between workspaces",
            "",
            commands(run.curve.iter().map(|row| &*row.command).collect(), reuse),
        ),
        answer(
            "keys",
            "What the inputs of the key cost",
            "Sound: no hit it gains can be wrong. Unsound: some can, and no simulation sees which. What-if: no key could \
             leave it out; the gain with everything else as it is. Stricter: the key gets narrower. This is by argument; \
             probes are what tests it.",
            commands(run.relaxations.iter().map(|row| &*row.command).collect(), inputs),
        ),
        answer(
            "misses",
            "Why units are compiled",
            "The reason of a miss is taken from the nearest entry of the store.",
            commands(run.misses.iter().map(|row| &*row.command).collect(), reasons),
        ),
        answer("commands", "Sharing between commands", "", sharing(run).into_iter().collect()),
        answer("retention", "Retention", "", keys.map(|key| retention(run, key)).collect()),
        answer("growth", "Growth", "", growth(run).into_iter().collect()),
        answer(
            "remote",
            "Fetching what others have built",
            "An empty machine fetches what other workspaces have built, as far as the key finds it. Transfers and compiles \
             run in parallel as the unit graph allows; nothing was moved over a network.",
            fetched(run).into_iter().collect(),
        ),
    ];
    all.into_iter().filter(|answer| !answer.grids.is_empty()).collect()
}

/// Policies as they are, in order of appearance.
fn policies<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
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

fn reuse(run: &SimulationRun, command: &str) -> Option<Grid> {
    let curves = curves(run);
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

fn inputs(run: &SimulationRun, command: &str) -> Option<Grid> {
    let policies = policies(run.relaxations.iter().map(|row| &row.policy));
    let here: Vec<&RelaxationRow> = run.relaxations.iter().filter(|row| row.command == command).collect();
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

fn reasons(run: &SimulationRun, command: &str) -> Option<Grid> {
    let policies = policies(run.misses.iter().map(|row| &row.policy));
    let here = || run.misses.iter().filter(|row| row.command == command);
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

fn sharing(run: &SimulationRun) -> Option<Grid> {
    let policy = *policies(run.sharing.iter().map(|row| &row.policy)).last()?;
    let relaxed = format!("{policy}:all");
    let of = |policy: &str| -> Vec<_> {
        let of = run.sharing.iter().filter(|row| row.policy == policy);
        of.map(|row| (row.first.as_str(), row.then.as_str(), row.hit_rate_by_cost)).collect()
    };
    let (plain, relaxed) = (of(policy), of(&relaxed));
    let names = distinct(plain.iter().flat_map(|row| [row.0, row.1]));
    names.first()?;
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

fn retention(run: &SimulationRun, key: &str) -> Grid {
    let here: Vec<&RetentionRow> = run.retention.iter().filter(|row| row.key == key).collect();
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
    grid
}

fn growth(run: &SimulationRun) -> Option<Grid> {
    let all = store_growth(run);
    all.first()?;
    let heads = ["key policy", "> days", "> entries a day", "> bytes a day", "> of path packages", "> in the end"];
    let mut grid = Grid::new("What a store without limits gains a day after the first, in the mean.", &heads);
    for growth in all {
        let entries = Some(growth.entries).filter(|entries| entries.is_finite());
        grid.row([
            growth.key.to_owned(),
            growth.days.to_string(),
            entries.map_or(UNMEASURED.into(), |entries| format!("{entries:.1}")),
            bytes(Some(growth.bytes)),
            bytes(Some(growth.local_bytes)),
            bytes(Some(growth.stored_bytes)),
        ]);
    }
    Some(grid)
}

fn fetched(run: &SimulationRun) -> Option<Grid> {
    let first = run.remote.first()?;
    let policies = policies(run.remote.iter().map(|row| &row.policy));
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
