//! What stores and networks cost: stores of limited size, a store without a limit, fetching.

use super::SimulationView;
use crate::document::{Block, Cell, Grid, Section, Tone, heads};
use crate::simulation::growth::{Gain, StoreGrowth, store_growth};
use crate::simulation::remote::{RemoteByBandwidth, megabits, ratio, remote_by_bandwidth};
use crate::simulation::retention::{RetentionByKey, retention_by_key};
use crate::simulation::{RemoteRow, RetentionRow, SimulationRun};
use crate::text::{UNMEASURED, bytes, limit, percent, seconds};
use crate::words::{gathered, plural};

pub(super) fn retention(view: &SimulationView<'_>) -> Option<Section> {
    let all = retention_by_key(view.run);
    all.first()?;
    let mut section = view.section("retention", "Retention");
    for by_key in &all {
        if by_key.caps().len() > 1 {
            section.say(retention_finding(view, by_key));
        }
        section.push(Block::Grid(retention_table(by_key)));
    }
    Some(section)
}

/// Seconds at the smallest size under the best and the worst policy, and the size that is enough.
fn retention_finding(view: &SimulationView<'_>, by_key: &RetentionByKey<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(cap) = by_key.caps().first() {
        let of = |rows: &[&RetentionRow]| rows.iter().find(|row| row.cap_bytes == Some(*cap)).map(|row| row.rebuilt_s);
        let mut at: Vec<(&str, f64)> = by_key.online().filter_map(|(name, rows)| Some((*name, of(rows)?))).collect();
        at.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some((best, least)), Some((worst, most))) = (at.first(), at.last()) {
            let apart =
                if at.len() > 1 { format!(", and {} under {worst}", seconds(Some(*most))) } else { String::new() };
            parts.push(format!(
                "with {} {best} compiles {}{apart}; no policy can compile less than {}",
                limit(Some(*cap)),
                seconds(Some(*least)),
                seconds(by_key.bound_s(*cap)),
            ));
        }
    }
    parts.extend(enough(by_key).map(|(name, cap)| enough_sentence(by_key.key, name, cap)));
    let unlimited = by_key.unlimited_s().map_or_else(String::new, |least| {
        format!(" Without a limit it is {}, the first build of everything that may be stored.", seconds(Some(least)))
    });
    format!("Key policy {}: {}.{unlimited} {}", by_key.key, parts.join("; "), view.known(""))
}

/// The smallest size at which a policy comes near a store without a limit, and the policy.
fn enough<'a>(by_key: &RetentionByKey<'a>) -> Option<(&'a str, u64)> {
    let enough = by_key.online().filter_map(|(name, rows)| Some((*name, by_key.enough(rows)?.cap_bytes?)));
    enough.min_by_key(|(_, cap)| *cap)
}

fn enough_sentence(key: &str, name: &str, cap: u64) -> String {
    format!("under {key} {} is enough for {name} to compile at most 5% more than without a limit", limit(Some(cap)))
}

/// The size that is enough under each key policy, for the lead.
pub(super) fn lead(run: &SimulationRun) -> Option<String> {
    let sizes = retention_by_key(run);
    let found = gathered(sizes.iter().filter_map(|by_key| Some((enough(by_key)?, by_key.key))));
    let found: Vec<String> =
        found.iter().map(|((name, cap), keys)| enough_sentence(&keys.join(", "), name, *cap)).collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// How far above the fewest seconds that any policy of its size can compile a row is.
pub(crate) fn above_bound(row: &RetentionRow) -> Option<f64> {
    (row.bound_s > 0.0).then(|| (row.rebuilt_s / row.bound_s - 1.0).max(0.0))
}

pub(crate) fn retention_table(by_key: &RetentionByKey<'_>) -> Grid {
    let mut grid = Grid::new(
        format!(
            "Key policy {}: what each policy compiles over the whole trace of what may be stored (units that the key \
             policy refuses are compiled on top and are not in it); above bound: more than no policy of that size can \
             avoid; reused: of the seconds looked up; per GB: seconds compiled because of evictions for each 10^9 bytes \
             evicted; enough: at most 5% more than without a limit; offline-…: knows the future.",
            by_key.key
        ),
        &["policy", "> limit", "> compiled", "> above bound", "> reused", "> evicted", "> per GB evicted", "enough"],
    );
    for (name, rows) in &by_key.policies {
        let least = by_key.enough(rows).and_then(|row| row.cap_bytes);
        for row in rows {
            let enough = match row.cap_bytes {
                None => Cell::default(),
                Some(cap) if least.is_some_and(|least| cap >= least) => Cell::toned("yes", Tone::Good),
                Some(_) => Cell::toned("no", Tone::Quiet),
            };
            let cells = [
                (*name).to_owned(),
                limit(row.cap_bytes),
                seconds(Some(row.rebuilt_s)),
                percent(above_bound(row)),
                percent(Some(row.hit_rate_by_cost)),
                bytes(Some(row.evicted_bytes)),
                seconds(row.rebuilt_s_per_gb),
            ];
            grid.row(cells.into_iter().map(Cell::from).chain([enough]));
        }
    }
    grid
}

pub(super) fn growth(view: &SimulationView<'_>) -> Option<Section> {
    let all = store_growth(view.run);
    all.first()?;
    let mut section = view.section("growth", "Growth");
    if all.iter().any(|growth| growth.rows.len() > 1) {
        section.say(growth_finding(view, &all));
    }
    section.push(Block::Grid(growth_table(&all)));
    Some(section)
}

fn growth_finding(view: &SimulationView<'_>, all: &[StoreGrowth<'_>]) -> String {
    let of_key = |(key, gain): &(&str, Gain)| {
        let local = match gain.bytes > 0.0 && gain.local_bytes != 0.0 {
            true => format!("{} of that", percent(Some(gain.local_bytes / gain.bytes))),
            false => "nothing of that".into(),
        };
        format!("under {key} the store gains {} a day, {local} of path packages", bytes(Some(gain.bytes)))
    };
    let gains: Vec<(&str, Gain)> = all.iter().filter_map(|growth| Some((growth.key, growth.gain()?))).collect();
    let days = gains.iter().map(|(_, gain)| gain.days).max().unwrap_or(0);
    let mut known = view.run.trace.bytes_in_short();
    if !known.is_empty() {
        known.insert_str(0, "; ");
    }
    format!(
        "After the first day, which fills it, {} (mean over {days} days; nothing is ever evicted). n: {}{known}.",
        gains.iter().map(of_key).collect::<Vec<_>>().join("; "),
        plural(view.run.trace.workspaces as usize, "workspace"),
    )
}

pub(crate) fn growth_table(all: &[StoreGrowth<'_>]) -> Grid {
    let mut grid = Grid::new(
        "What a store without limits gains a day after the first, in the mean; local: of path packages; late: bytes a day \
         over the last half of the days.",
        &heads(
            "key policy | > days | > builds a day | > entries a day | > local | > bytes a day | \
 > local | > late | > in the end",
        ),
    );
    for growth in all {
        let gain = growth.gain();
        let number = |value: Option<f64>| value.map_or_else(|| UNMEASURED.into(), |value| format!("{value:.1}"));
        let builds: u64 = growth.rows.iter().map(|row| row.builds).sum();
        grid.row([
            growth.key.to_owned(),
            growth.rows.len().to_string(),
            number(Some(builds as f64 / growth.rows.len() as f64)),
            number(gain.map(|gain| gain.entries)),
            number(gain.map(|gain| gain.local_entries)),
            bytes(gain.map(|gain| gain.bytes)),
            bytes(gain.map(|gain| gain.local_bytes)),
            bytes(growth.late().map(|gain| gain.bytes)),
            bytes(Some(growth.last().stored_bytes)),
        ]);
    }
    grid
}

pub(super) fn remote(view: &SimulationView<'_>) -> Option<Section> {
    let groups = remote_by_bandwidth(view.run);
    groups.first()?;
    let mut section = view.section("remote", "Fetching what others have built");
    section.say(
        "An empty machine fetches what other workspaces have built, as far as the key finds it. Transfers and compiles run \
         in parallel as the unit graph allows; nothing was moved over a network.",
    );
    for group in groups.iter().filter(|group| group.iter().any(|by_bandwidth| by_bandwidth.rows.len() > 1)) {
        section.say(remote_finding(view, group));
    }
    section.blocks.extend(groups.iter().map(|group| Block::Grid(remote_table(group))));
    Some(section)
}

/// `dev build, 50 ms latency, 8 transfers and 4 compiles at a time, …`.
fn network(row: &RemoteRow) -> String {
    format!(
        "{}, {} latency, {} transfers and {} compiles at a time, {}",
        row.command,
        latency(row),
        row.transfers,
        row.jobs,
        match row.lookup.as_str() {
            "at-once" => "all keys known at once",
            _ => "keys known level by level",
        }
    )
}

/// `50 ms`.
pub(crate) fn latency(row: &RemoteRow) -> String {
    format!("{} ms", (row.latency_s * 1e6).round() / 1e3)
}

fn remote_finding(view: &SimulationView<'_>, group: &[RemoteByBandwidth<'_>]) -> String {
    let of_policy = |by_bandwidth: &RemoteByBandwidth<'_>| {
        let available = percent(Some(by_bandwidth.setup().available));
        let from = by_bandwidth.break_even(|row| row.fetch_s).words();
        format!("under {} ({available} of units available) {from}", by_bandwidth.policy)
    };
    format!(
        "{}: fetching everything that is available beats compiling {}. n: {} workspaces; {}.",
        network(group[0].setup()),
        group.iter().map(of_policy).collect::<Vec<_>>().join("; "),
        group[0].setup().workspaces,
        view.run.trace.seconds_in_short(),
    )
}

pub(crate) fn remote_table(group: &[RemoteByBandwidth<'_>]) -> Grid {
    let setup = group[0].setup();
    let mut grid = Grid::new(
        format!(
            "{}: seconds until everything is there, sum over workspaces. Compiling all takes {}; chosen: fetching what is \
             worth it; ratio: that ÷ compiling all; many cores: the same ratio on the critical path.",
            network(setup),
            seconds(Some(setup.compile_s)),
        ),
        &heads(
            "policy | > Mbit/s | > available | > worth it | > moved | > fetch all | > chosen | \
 > ratio | > many cores",
        ),
    );
    for (by_bandwidth, row) in
        group.iter().flat_map(|by_bandwidth| by_bandwidth.rows.iter().map(move |row| (by_bandwidth, row)))
    {
        let critical = (row.critical_compile_s > 0.0).then(|| row.critical_choose_s / row.critical_compile_s);
        grid.row([
            by_bandwidth.policy.to_owned(),
            format!("{}", (megabits(row.bits_per_s) * 1e3).round() / 1e3),
            percent(Some(row.available)),
            percent(Some(row.worth_fetching)),
            bytes(Some(row.moved_bytes)),
            seconds(Some(row.fetch_s)),
            seconds(Some(row.choose_s)),
            percent(ratio(row, row.choose_s)),
            percent(critical),
        ]);
    }
    grid
}
