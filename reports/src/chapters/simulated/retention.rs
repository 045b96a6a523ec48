//! What stores of limited size compile again.

use super::{LINES, Scene};
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::plot::{Chart, Line, Plot, Unit};
use crate::simulation::kept::{Kept, is_offline, kept};
use crate::simulation::{RetentionRow, SimulationRun};
use crate::table::{bytes, limit, percent, seconds};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let all = kept(scene.run);
    all.first()?;
    let mut section = Section::new(&scene.id("retention"), "Retention", 1);
    for (at, kept) in all.iter().enumerate() {
        if kept.caps().len() > 1 {
            section.push(Block::Plot(Plot {
                id: scene.plot("retention", at),
                title: format!("Seconds compiled with a store of limited size, key policy {}", kept.key),
                finding: finding(scene, kept),
                chart: Chart::Lines {
                    x: "limit of size, GB".into(),
                    y: "compiled of what may be stored, first builds included".into(),
                    unit: Unit::Seconds,
                    log_x: true,
                    lines: lines(kept),
                },
            }));
        }
        section.push(Block::Grid(table(kept)));
    }
    Some(section)
}

/// The policies that can be built, by what they compile at the smallest size, one that knows
/// the future, and the bound.
fn lines(kept: &Kept<'_>) -> Vec<Line> {
    let limited = |rows: &[&RetentionRow]| -> Vec<(f64, f64)> {
        rows.iter().filter_map(|row| Some((gb(row.cap_bytes?), row.rebuilt_s))).collect()
    };
    let mut lines: Vec<Line> = kept
        .policies
        .iter()
        .map(|(name, rows)| Line { name: (*name).to_owned(), points: limited(rows), band: Vec::new() })
        .filter(|line| !line.points.is_empty())
        .collect();
    let first = |line: &Line| line.points.first().map_or(f64::MAX, |point| point.1);
    lines
        .sort_by(|a, b| (is_offline(&a.name), first(a)).partial_cmp(&(is_offline(&b.name), first(b))).unwrap_or(ORDER));
    let offline = lines.iter().position(|line| is_offline(&line.name)).map(|at| lines.swap_remove(at));
    lines.retain(|line| !is_offline(&line.name));
    lines.truncate(LINES - 1);
    lines.extend(offline);
    let bound = kept.caps().into_iter().filter_map(|cap| Some((gb(cap), kept.bound_s(cap)?)));
    lines.push(Line { name: "no policy can do better".into(), points: bound.collect(), band: Vec::new() });
    lines
}

const ORDER: std::cmp::Ordering = std::cmp::Ordering::Equal;

fn gb(size: u64) -> f64 {
    size as f64 / 1e9
}

/// What the smallest and the largest size cost under the best and the worst policy.
fn finding(scene: &Scene<'_>, kept: &Kept<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(cap) = kept.caps().first() {
        let of = |rows: &[&RetentionRow]| rows.iter().find(|row| row.cap_bytes == Some(*cap)).map(|row| row.rebuilt_s);
        let mut at: Vec<(&str, f64)> = kept.online().filter_map(|(name, rows)| Some((*name, of(rows)?))).collect();
        at.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some((best, least)), Some((worst, most))) = (at.first(), at.last()) {
            let apart =
                if at.len() > 1 { format!(", and {} under {worst}", seconds(Some(*most))) } else { String::new() };
            parts.push(format!(
                "With {} {best} compiles {}{apart}; no policy can compile less than {}",
                limit(Some(*cap)),
                seconds(Some(*least)),
                seconds(kept.bound_s(*cap)),
            ));
        }
    }
    parts.extend(enough(kept).map(|(name, cap)| sentence(kept.key, name, cap)));
    let unlimited = kept.unlimited_s().map_or_else(String::new, |least| {
        format!(" Without a limit it is {}, the first build of everything that may be stored.", seconds(Some(least)))
    });
    format!("{}.{unlimited} {}", parts.join(". "), scene.known_once())
}

/// The smallest size at which a policy comes near a store without a limit, and the policy.
fn enough<'a>(kept: &Kept<'a>) -> Option<(&'a str, u64)> {
    let enough = kept.online().filter_map(|(name, rows)| Some((*name, kept.enough(rows)?.cap_bytes?)));
    enough.min_by_key(|(_, cap)| *cap)
}

fn sentence(key: &str, name: &str, cap: u64) -> String {
    format!("under {key} {} is enough for {name} to compile at most 5% more than without a limit", limit(Some(cap)))
}

/// The same for each key policy, for a reader in a hurry.
pub(super) fn lead(run: &SimulationRun) -> Option<String> {
    let mut told: Vec<(Vec<&str>, (&str, u64))> = Vec::new();
    for kept in kept(run) {
        let Some(found) = enough(&kept) else { continue };
        match told.iter_mut().find(|(_, known)| *known == found) {
            Some((keys, _)) => keys.push(kept.key),
            None => told.push((vec![kept.key], found)),
        }
    }
    let told: Vec<String> = told.iter().map(|(keys, (name, cap))| sentence(&keys.join(", "), name, *cap)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn table(kept: &Kept<'_>) -> Grid {
    let mut grid = Grid::new(
        format!(
            "Key policy {}: what each policy compiles over the whole trace of what may be stored (units that \
             the key policy refuses are compiled on top and are not in it); above bound: more than no policy of that size \
             can avoid; reused: of the seconds looked up; per GB: seconds compiled because of evictions for each 10^9 bytes evicted; enough: at most 5% more \
             than without a limit; offline-…: knows the future.",
            kept.key
        ),
        &["policy", "> limit", "> compiled", "> above bound", "> reused", "> evicted", "> per GB evicted", "enough"],
    );
    for (name, rows) in &kept.policies {
        let enough = |row: &RetentionRow| {
            let least = kept.enough(rows).and_then(|row| row.cap_bytes);
            least.zip(row.cap_bytes).is_some_and(|(least, cap)| cap >= least)
        };
        for row in rows {
            let above = (row.bound_s > 0.0).then(|| row.rebuilt_s / row.bound_s - 1.0);
            grid.row([
                Cell::from(*name),
                Cell::from(limit(row.cap_bytes)),
                Cell::from(seconds(Some(row.rebuilt_s))),
                Cell::from(percent(above.map(|above| above.max(0.0)))),
                Cell::from(percent(Some(row.hit_rate_by_cost))),
                Cell::from(bytes(Some(row.evicted_bytes))),
                Cell::from(seconds(row.rebuilt_s_per_gb)),
                match (row.cap_bytes, enough(row)) {
                    (None, _) => Cell::default(),
                    (_, true) => Cell::toned("yes", Tone::Good),
                    (_, false) => Cell::toned("no", Tone::Quiet),
                },
            ]);
        }
    }
    grid
}
