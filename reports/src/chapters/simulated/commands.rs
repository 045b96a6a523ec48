//! What one Cargo command finds of another in the same workspace.

use super::Scene;
use crate::document::{Block, Cell, Grid, Section};
use crate::probes::distinct;
use crate::simulation::SharingRow;
use crate::simulation::curves::{first_class, is_plain};
use crate::table::{bytes, percent, seconds};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let rows = &scene.run.sharing;
    rows.first()?;
    let mut section = Section::new(&scene.id("commands"), "Sharing between commands", 1);
    section.say(finding(scene, rows));
    for policy in shown(rows) {
        let of: Vec<&SharingRow> = rows.iter().filter(|row| row.policy == policy).collect();
        section.push(Block::Grid(matrix(policy, &of)));
    }
    section.push(Block::Details { title: "Seconds and bytes".into(), grid: table(&rows_shown(rows)) });
    Some(section)
}

/// Policies as they are, and relaxed ones where they share anything else.
fn shown(rows: &[SharingRow]) -> Vec<&str> {
    let of = |policy: &str| -> Vec<_> {
        let of = rows.iter().filter(|row| row.policy == policy);
        of.map(|row| (&row.first, &row.then, row.hit_rate_by_cost, row.saved_s, row.saved_bytes)).collect()
    };
    let mut policies = distinct(rows.iter().map(|row| row.policy.as_str()));
    policies.retain(|policy| match policy.split_once(':') {
        None => true,
        Some((plain, _)) => of(policy) != of(plain),
    });
    policies
}

fn finding(scene: &Scene<'_>, rows: &[SharingRow]) -> String {
    // Of equals the first, and a policy as it is before a relaxed one.
    let any = rows.iter().any(|row| is_plain(&row.policy));
    let rows: Vec<&SharingRow> = rows.iter().filter(|row| !any || is_plain(&row.policy)).collect();
    let most = rows.iter().rev().max_by(|a, b| a.hit_rate_by_cost.total_cmp(&b.hit_rate_by_cost));
    let most = most.map_or_else(String::new, |row| {
        format!(
            "Most is found by {} after {} under {}: {} of its compile seconds. ",
            row.then,
            row.first,
            row.policy,
            percent(Some(row.hit_rate_by_cost))
        )
    });
    let nothing = rows.iter().filter(|row| row.hit_rate == 0.0).count();
    format!(
        "{most}Nothing at all is found in {nothing} of {} cases. Plain Cargo reuses all of that inside one build \
         directory: it counts when the build directory is gone or is another one. {}",
        rows.len(),
        scene.known_once()
    )
}

fn rows_shown(rows: &[SharingRow]) -> Vec<&SharingRow> {
    let policies = shown(rows);
    rows.iter().filter(|row| policies.contains(&row.policy.as_str())).collect()
}

/// Commands by commands: `-` where the two were not replayed.
fn matrix(policy: &str, rows: &[&SharingRow]) -> Grid {
    // The same order both ways.
    let all = distinct(rows.iter().flat_map(|row| [row.first.as_str(), row.then.as_str()]));
    let then: Vec<&str> = all.iter().copied().filter(|name| rows.iter().any(|row| row.then == *name)).collect();
    let heads: Vec<String> =
        ["ran before".to_owned()].into_iter().chain(then.iter().map(|name| format!("> {name}"))).collect();
    let mut grid = Grid::new(
        format!(
            "{}: share of the compile seconds of the command above that the command on the left had made, for \
             when the build directory is gone or is another one.",
            first_class(policy)
        ),
        &heads.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for first in all.into_iter().filter(|name| rows.iter().any(|row| row.first == *name)) {
        let share = |then: &&str| {
            let row = rows.iter().find(|row| row.first == first && row.then == **then);
            Cell::from(percent(row.map(|row| row.hit_rate_by_cost)))
        };
        grid.row([Cell::from(first)].into_iter().chain(then.iter().map(share)));
    }
    grid
}

fn table(rows: &[&SharingRow]) -> Grid {
    let mut grid = Grid::new(
        "The second command in a workspace in which the first ran: all workspaces that have both; the \
         build directory is gone or is another one.",
        &[
            "policy",
            "ran before",
            "runs then",
            "> of units",
            "> of seconds",
            "> saved",
            "> not stored twice",
            "> workspaces",
        ],
    );
    for row in rows {
        grid.row([
            first_class(&row.policy),
            row.first.clone(),
            row.then.clone(),
            percent(Some(row.hit_rate)),
            percent(Some(row.hit_rate_by_cost)),
            seconds(Some(row.saved_s)),
            bytes(Some(row.saved_bytes)),
            row.workspaces.to_string(),
        ]);
    }
    grid
}
