//! What keys find: between workspaces, with one input less, between commands; and why units miss.

use super::{SimulationView, ends};
use crate::document::{Block, Cell, Grid, Section, Tone, heads};
use crate::plot::{Chart, HorizontalScale, Plot, PlotInterval, PlotLine, ValueUnit, VerticalScale};
use crate::simulation::ablation::{Ablation, ablations, is_one_input, share};
use crate::simulation::curves::{Curve, by_command, first_class, is_plain};
use crate::simulation::{MissRow, RelaxationRow, SharingRow, SimulationRun};
use crate::text::{bytes, count, percent, seconds};
use crate::words::{capital, distinct, gathered};

/// Curves of a plot: more cannot be distinguished.
const LINES: usize = 6;
/// From as many workspaces on the axis is logarithmic: most happens at its beginning.
const LOG: u32 = 30;
/// Policies that the conclusion on misses names.
const POLICIES: usize = 4;

pub(super) fn section(view: &SimulationView<'_>) -> Option<Section> {
    let groups = by_command(view.run);
    groups.first()?;
    let mut section = view.section("reuse", "Reuse between workspaces");
    for (at, curves) in groups.iter().enumerate() {
        let folded = fold(curves);
        let shown = &folded[..folded.len().min(LINES)];
        let most = curves.iter().map(|curve| curve.last().workspaces).max().unwrap_or(0);
        if most > 1 {
            let x = "workspaces built, this one included".to_owned();
            let x = if most > LOG { HorizontalScale::Log(x) } else { HorizontalScale::Linear(x) };
            let chapter = view.id("reuse");
            section.push(Block::Plot(Plot {
                id: if at == 0 { chapter } else { format!("{chapter}-{}", at + 1) },
                title: format!("What a workspace reuses of those built before it, {}", curves[0].command),
                finding: reuse_finding(view, curves, folded.len() - shown.len()),
                chart: Chart::Lines {
                    x,
                    y: "reused, by compile seconds".into(),
                    scale: VerticalScale::Amount(ValueUnit::Share),
                    lines: shown.iter().map(|(name, curve)| line(name, curve)).collect(),
                },
            }));
        }
        section.push(Block::Grid(reuse_table(&curves[..curves.len().min(LINES)])));
    }
    Some(section)
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

fn reuse_finding(view: &SimulationView<'_>, curves: &[Curve<'_>], hidden: usize) -> String {
    let first = ends(curves, true).unwrap_or_else(|| "Ablation policies alone were replayed".into());
    let rest = if hidden > 0 { format!(" {hidden} more curves are in the rows.") } else { String::new() };
    format!(
        "{}. Lines: mean over orders; bands, and brackets here: at about that place a tenth of workspaces reuse less, a \
         tenth more.{rest} n: {}; {}.",
        capital(&first),
        view.n(),
        view.run.trace.seconds_in_short()
    )
}

pub(crate) fn reuse_table(curves: &[Curve<'_>]) -> Grid {
    let command = curves.first().map_or("", |curve| curve.command);
    let mut grid = Grid::new(
        format!(
            "What the n-th workspace reuses, {command}: mean over orders; at about that place a tenth of workspaces reuse \
             less, a tenth more; stored: by all n together."
        ),
        &["policy", "> n", "> of units", "> of seconds", "> a tenth less", "> a tenth more", "> stored", "> orders"],
    );
    for (curve, row) in curves.iter().flat_map(|curve| curve.named().into_iter().map(move |row| (curve, row))) {
        let [units, cost, low, high] =
            [row.hit_rate, row.hit_rate_by_cost, row.low, row.high].map(|share| percent(Some(share)));
        let (policy, n, orders) = (first_class(curve.policy), row.workspaces.to_string(), row.orders.to_string());
        grid.row([policy, n, units, cost, low, high, bytes(Some(row.stored_bytes)), orders]);
    }
    grid
}

/// What each input of the key costs in reuse.
pub(super) fn keys(view: &SimulationView<'_>) -> Option<Section> {
    let groups = ablations(view.run);
    groups.first()?;
    let mut section = view.section("keys", "What the inputs of the key cost");
    if groups.iter().any(|group| !group.rows.is_empty()) {
        section.say(keys_finding(view, &groups));
    }
    section.say(
        "Sound: no hit it gains can be wrong. Unsound: some can, and no simulation sees which. What-if: no key could \
         leave it out; the gain with everything else as it is, so more would be gained if dependencies became alike, too. \
         Stricter: the key gets narrower. This is by argument, in the last column; probes are what tests it.",
    );
    section.blocks.extend(groups.iter().map(|group| Block::Grid(key_table(group))));
    Some(section)
}

/// The sound input and the unsound one that cost most, by the policy for which it is most.
fn keys_finding(view: &SimulationView<'_>, groups: &[Ablation<'_>]) -> String {
    let most = |soundness: &str| {
        let rows = groups.iter().flat_map(|group| group.rows.iter().map(move |row| (group, *row)));
        let rows = rows.filter(|(_, row)| row.soundness == soundness && is_one_input(row) && row.gained_s > 0.0);
        let (group, row) = rows.max_by(|a, b| share(a.1).unwrap_or(0.0).total_cmp(&share(b.1).unwrap_or(0.0)))?;
        let (gained, part) = (seconds(Some(row.gained_s)), percent(share(row)));
        Some(format!("{} of {} ({gained}, {part} of all seconds)", row.relaxation, group.policy))
    };
    let found = match (most("sound"), most("unsound")) {
        (None, None) => "No relaxation gains a second".into(),
        (Some(sound), None) => format!("Of what is sound most is gained by {sound}"),
        (None, Some(unsound)) => format!("Most of what risks wrong hits is gained by {unsound}"),
        (Some(sound), Some(unsound)) => {
            format!("Of what is sound most is gained by {sound}; most of what risks wrong hits by {unsound}")
        }
    };
    format!("{found}. Every workspace built once in turn, mean over orders. {}", view.known(", all orders"))
}

pub(crate) fn key_table(group: &Ablation<'_>) -> Grid {
    let mut grid = Grid::new(
        format!(
            "{}, {}: the policy as it is, then with one input less, by seconds gained over all workspaces.",
            group.policy, group.command
        ),
        &heads(
            "relaxation | is | > gained | > of all | > units gained | > of seconds | > of units | \
 > stored | why",
        ),
    );
    let soundness = |word: &str| match word {
        "sound" => Cell::toned(word, Tone::Good),
        "unsound" => Cell::toned("UNSOUND", Tone::Bad),
        "what-if" => Cell::toned("what if", Tone::Quiet),
        other => Cell::from(other),
    };
    let gains = |row: &RelaxationRow| {
        [
            Cell::from(row.relaxation.clone()),
            soundness(&row.soundness),
            seconds(Some(row.gained_s)).into(),
            percent(share(row)).into(),
            count(Some(row.gained_units.round())).into(),
        ]
    };
    let as_it_is = || ["(as it is)", "", "", "", ""].map(Cell::from);
    let rows = group.base.iter().map(|row| (as_it_is(), *row)).chain(group.rows.iter().map(|row| (gains(row), *row)));
    for (cells, row) in rows {
        let [cost, units] = [row.hit_rate_by_cost, row.hit_rate].map(|share| percent(Some(share)));
        let numbers = [cost, units, bytes(Some(row.stored_bytes)), row.why.clone()];
        grid.row(cells.into_iter().chain(numbers.map(Cell::from)));
    }
    grid
}

/// Why units of one policy and command were compiled, the costliest reason first.
pub(crate) struct MissGroup<'a> {
    pub policy: &'a str,
    pub command: &'a str,
    pub rows: Vec<&'a MissRow>,
}

impl MissGroup<'_> {
    pub fn seconds(&self) -> f64 {
        self.rows.iter().map(|row| row.seconds).sum()
    }
}

pub(crate) fn miss_groups(run: &SimulationRun) -> Vec<MissGroup<'_>> {
    let all = gathered(run.misses.iter().map(|row| ((row.policy.as_str(), row.command.as_str()), row)));
    let group = |((policy, command), rows)| MissGroup { policy, command, rows };
    let mut groups: Vec<MissGroup<'_>> = all.into_iter().map(group).collect();
    groups.iter_mut().for_each(|group| group.rows.sort_by(|a, b| b.seconds.total_cmp(&a.seconds)));
    groups
}

pub(super) fn misses(view: &SimulationView<'_>) -> Option<Section> {
    let groups = miss_groups(view.run);
    groups.first()?;
    let plain = groups.iter().any(|group| is_plain(group.policy));
    let named = groups.iter().filter(|group| !plain || is_plain(group.policy)).take(POLICIES);
    let first = |group: &MissGroup<'_>| {
        let (first, all) = (group.rows.first()?, group.seconds());
        let part = percent((all > 0.0).then(|| first.seconds / all));
        Some(format!("under {} most is {} ({}, {part})", group.policy, first.reason, seconds(Some(first.seconds))))
    };
    let found: Vec<String> = named.filter_map(first).collect();
    let mut section = view.section("misses", "Why units are compiled");
    section.say(format!(
        "Of what is compiled, {}. Every workspace built once in turn, mean over orders; the reason of a miss is taken \
         from the nearest entry of the store. {}",
        found.join("; "),
        view.known(", all orders")
    ));
    section.push(Block::Details {
        title: "By policy, command and reason".into(),
        grid: miss_table(&groups, |_| true, usize::MAX),
    });
    Some(section)
}

/// The rows that are wanted, at most `most` of each policy and command.
pub(crate) fn miss_table(groups: &[MissGroup<'_>], wanted: impl Fn(&MissRow) -> bool, most: usize) -> Grid {
    let mut grid = Grid::new(
        "Units that were compiled when every workspace was built once in turn, mean over orders.",
        &["policy", "command", "reason or rule", "> seconds", "> of these", "> units"],
    );
    for group in groups {
        let all = group.seconds();
        for row in group.rows.iter().filter(|row| wanted(row)).take(most) {
            let names = [first_class(group.policy), group.command.to_owned(), row.reason.clone()];
            let part = percent((all > 0.0).then(|| row.seconds / all));
            grid.row(names.into_iter().chain([seconds(Some(row.seconds)), part, count(Some(row.units.round()))]));
        }
    }
    grid
}

pub(super) fn commands(view: &SimulationView<'_>) -> Option<Section> {
    let rows = &view.run.sharing;
    rows.first()?;
    let mut section = view.section("commands", "Sharing between commands");
    let plain = rows.iter().any(|row| is_plain(&row.policy));
    let named: Vec<&SharingRow> = rows.iter().filter(|row| !plain || is_plain(&row.policy)).collect();
    let most = most_shared(&named).map_or_else(String::new, |row| {
        let rate = percent(Some(row.hit_rate_by_cost));
        format!(
            "Most is found by {} after {} under {}: {rate} of its compile seconds. ",
            row.then, row.first, row.policy
        )
    });
    section.say(format!(
        "{most}Nothing at all is found in {} of {} cases. Plain Cargo reuses all of that inside one build directory: it \
         counts when the build directory is gone or is another one. {}",
        named.iter().filter(|row| row.hit_rate == 0.0).count(),
        named.len(),
        view.known("")
    ));
    let policies = unlike_plain(rows);
    section.blocks.extend(policies.iter().map(|policy| Block::Grid(sharing_matrix(policy, rows))));
    let rows: Vec<&SharingRow> = rows.iter().filter(|row| policies.contains(&row.policy.as_str())).collect();
    section.push(Block::Details { title: "Seconds and bytes".into(), grid: sharing_table(&rows) });
    Some(section)
}

pub(crate) fn most_shared<'a>(rows: &[&'a SharingRow]) -> Option<&'a SharingRow> {
    rows.iter().rev().copied().max_by(|a, b| a.hit_rate_by_cost.total_cmp(&b.hit_rate_by_cost))
}

/// Policies as they are, and ablation ones where they share anything else.
fn unlike_plain(rows: &[SharingRow]) -> Vec<&str> {
    let of = |policy: &str| -> Vec<_> {
        let of = rows.iter().filter(|row| row.policy == policy);
        of.map(|row| (&row.first, &row.then, row.hit_rate_by_cost, row.saved_s, row.saved_bytes)).collect()
    };
    let mut policies = distinct(rows.iter().map(|row| row.policy.as_str()));
    policies.retain(|policy| policy.split_once(':').is_none_or(|(plain, _)| of(policy) != of(plain)));
    policies
}

/// Commands by commands: `-` where the two were not replayed.
fn sharing_matrix(policy: &str, rows: &[SharingRow]) -> Grid {
    let rows: Vec<&SharingRow> = rows.iter().filter(|row| row.policy == policy).collect();
    // The same order both ways.
    let all = distinct(rows.iter().flat_map(|row| [row.first.as_str(), row.then.as_str()]));
    let then: Vec<&str> = all.iter().copied().filter(|name| rows.iter().any(|row| row.then == *name)).collect();
    let numbers: Vec<String> = then.iter().map(|name| format!("> {name}")).collect();
    let heads: Vec<&str> = ["ran before"].into_iter().chain(numbers.iter().map(String::as_str)).collect();
    let caption = format!(
        "{}: share of the compile seconds of the command above that the command on the left had made, for when the build \
         directory is gone or is another one.",
        first_class(policy)
    );
    let mut grid = Grid::new(caption, &heads);
    for first in all.into_iter().filter(|name| rows.iter().any(|row| row.first == *name)) {
        let share = |then: &&str| {
            let row = rows.iter().find(|row| row.first == first && row.then == **then);
            percent(row.map(|row| row.hit_rate_by_cost))
        };
        grid.row([first.to_owned()].into_iter().chain(then.iter().map(share)));
    }
    grid
}

pub(crate) fn sharing_table(rows: &[&SharingRow]) -> Grid {
    let mut grid = Grid::new(
        "The second command in a workspace in which the first ran: all workspaces that have both; the build directory is \
         gone or is another one.",
        &heads(
            "policy | ran before | runs then | > of units | > of seconds | > saved | \
 > not stored twice | > workspaces",
        ),
    );
    for row in rows {
        let [units, cost] = [row.hit_rate, row.hit_rate_by_cost].map(|share| percent(Some(share)));
        grid.row([
            first_class(&row.policy),
            row.first.clone(),
            row.then.clone(),
            units,
            cost,
            seconds(Some(row.saved_s)),
            bytes(Some(row.saved_bytes)),
            row.workspaces.to_string(),
        ]);
    }
    grid
}
