//! Why units missed or were refused.

use super::Scene;
use crate::document::{Block, Grid, Section};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::simulation::MissRow;
use crate::simulation::curves::{first_class, is_plain};
use crate::table::{count, percent, seconds};

/// Policies in the plot.
const PANELS: usize = 4;
/// Reasons of a policy in the plot.
const MOST: usize = 10;

/// Why units of one policy and command missed, the costliest reason first.
struct Group<'a> {
    policy: &'a str,
    command: &'a str,
    rows: Vec<&'a MissRow>,
}

impl Group<'_> {
    fn seconds(&self) -> f64 {
        self.rows.iter().map(|row| row.seconds).sum()
    }
}

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in &scene.run.misses {
        match groups.iter_mut().find(|it| it.policy == row.policy && it.command == row.command) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { policy: &row.policy, command: &row.command, rows: vec![row] }),
        }
    }
    groups.iter_mut().for_each(|group| group.rows.sort_by(|a, b| b.seconds.total_cmp(&a.seconds)));
    groups.first()?;
    let mut shown: Vec<&Group<'_>> = groups.iter().filter(|group| is_plain(group.policy)).take(PANELS).collect();
    if shown.is_empty() {
        shown = groups.iter().take(PANELS).collect();
    }
    let mut section = Section::new(&scene.id("misses"), "Why units are compiled", 1);
    section.push(Block::Plot(Plot {
        id: scene.id("misses"),
        title: "Compile seconds not reused, by reason or by the rule that refused".into(),
        finding: finding(scene, &shown),
        chart: Chart::Bars {
            unit: Unit::Seconds,
            series: vec!["compiled".into()],
            stacked: false,
            panels: shown.iter().map(|group| panel(group)).collect(),
        },
    }));
    section.push(Block::Details { title: "By policy, command and reason".into(), grid: table(&groups) });
    Some(section)
}

fn panel(group: &Group<'_>) -> Panel<Bar> {
    let bar = |row: &&MissRow| Bar { label: row.reason.clone(), values: vec![Some(row.seconds)] };
    Panel {
        title: format!("{}, {}", group.policy, group.command),
        rows: group.rows.iter().take(MOST).map(bar).collect(),
    }
}

fn finding(scene: &Scene<'_>, groups: &[&Group<'_>]) -> String {
    let told = |group: &&Group<'_>| {
        let first = group.rows.first()?;
        let all = group.seconds();
        let part = percent((all > 0.0).then(|| first.seconds / all));
        Some(format!("under {} most is {} ({}, {part})", group.policy, first.reason, seconds(Some(first.seconds))))
    };
    let told: Vec<String> = groups.iter().filter_map(told).collect();
    format!(
        "Of what is compiled, {}. Every workspace built once in turn, mean over orders; a miss is told by the nearest entry \
         of the store. {}",
        told.join("; "),
        scene.known_exact()
    )
}

fn table(groups: &[Group<'_>]) -> Grid {
    let mut grid = Grid::new(
        "Units that were compiled when every workspace was built once in turn, mean over orders.",
        &["policy", "command", "reason or rule", "> seconds", "> of these", "> units"],
    );
    for group in groups {
        let all = group.seconds();
        for row in &group.rows {
            grid.row([
                first_class(group.policy),
                group.command.to_owned(),
                row.reason.clone(),
                seconds(Some(row.seconds)),
                percent((all > 0.0).then(|| row.seconds / all)),
                count(Some(row.units.round())),
            ]);
        }
    }
    grid
}
