//! What each input of the key costs in reuse.

use super::Scene;
use crate::document::{Block, Cell, Grid, Section, Tone};
use crate::plot::{Bar, Chart, Panel, Plot, Unit};
use crate::simulation::RelaxationRow;
use crate::simulation::relaxed::{Relaxed, is_one_input, relaxed, share};
use crate::table::{bytes, count, percent, seconds};

pub(super) fn section(scene: &Scene<'_>) -> Option<Section> {
    let groups = relaxed(scene.run);
    groups.first()?;
    let mut section = Section::new(&scene.id("keys"), "What the inputs of the key cost", 1);
    let panels: Vec<Panel<Bar>> = groups.iter().filter(|group| !group.rows.is_empty()).map(panel).collect();
    if !panels.is_empty() {
        section.push(Block::Plot(Plot {
            id: scene.id("keys"),
            title: "Seconds reused on top of the policy as it is, with one input less in the key".into(),
            finding: finding(scene, &groups),
            chart: Chart::Bars { unit: Unit::Seconds, series: vec!["gained".into()], stacked: false, panels },
        }));
    }
    section.say(
        "Sound: no hit it gains can be wrong. Unsound: some can, and no simulation sees which. What-if: no key could \
         leave it out; the gain with everything else as it is, so more would be gained if dependencies became alike, too. \
         Stricter: the key gets narrower. This is by argument, in the last column; \
         probes are what tests it.",
    );
    for group in &groups {
        section.push(Block::Grid(table(group)));
    }
    Some(section)
}

fn panel(group: &Relaxed<'_>) -> Panel<Bar> {
    let label = |row: &RelaxationRow| match row.soundness.as_str() {
        "sound" => row.relaxation.clone(),
        other => format!("{} ({})", row.relaxation, other.replace('-', " ")),
    };
    let rows = group.rows.iter().map(|row| Bar { label: label(row), values: vec![Some(row.gained_s)] });
    Panel { title: format!("{}, {}", group.policy, group.command), rows: rows.collect() }
}

/// The sound input and the unsound one that cost most, by the policy for which it is most.
fn finding(scene: &Scene<'_>, groups: &[Relaxed<'_>]) -> String {
    let told = |wanted: &str, words: &str| {
        let rows = groups.iter().flat_map(|group| group.rows.iter().map(move |row| (group, *row)));
        let rows = rows.filter(|(_, row)| row.soundness == wanted && is_one_input(row) && row.gained_s > 0.0);
        let most = rows.max_by(|a, b| share(a.1).unwrap_or(0.0).total_cmp(&share(b.1).unwrap_or(0.0)));
        most.map(|(group, row)| {
            let (gained, part) = (seconds(Some(row.gained_s)), percent(share(row)));
            format!("{words} {} of {} ({gained}, {part} of all seconds)", row.relaxation, group.policy)
        })
    };
    let parts: Vec<String> =
        [told("sound", "of what is sound most is gained by"), told("unsound", "most of what risks wrong hits by")]
            .into_iter()
            .flatten()
            .collect();
    let mut first = if parts.is_empty() { "no relaxation gains a second".into() } else { parts.join("; ") };
    if let Some(head) = first.get(..1) {
        first = head.to_uppercase() + &first[1..];
    }
    format!("{first}. Every workspace built once in turn, mean over orders. {}", scene.known_exact())
}

fn table(group: &Relaxed<'_>) -> Grid {
    let mut grid = Grid::new(
        format!(
            "{}, {}: the policy as it is, then with one input less, by seconds gained over all workspaces.",
            group.policy, group.command
        ),
        &[
            "relaxation",
            "is",
            "> gained",
            "> of all",
            "> units gained",
            "> of seconds",
            "> of units",
            "> stored",
            "why",
        ],
    );
    for row in group.base.iter().chain(&group.rows) {
        let gains = group.base.is_none_or(|base| base != *row);
        let gained = |text: String| Cell::from(if gains { text } else { String::new() });
        grid.row([
            Cell::from(if gains { row.relaxation.clone() } else { "(as it is)".into() }),
            if gains { soundness(&row.soundness) } else { Cell::default() },
            gained(seconds(Some(row.gained_s))),
            gained(percent(share(row))),
            gained(count(Some(row.gained_units.round()))),
            Cell::from(percent(Some(row.hit_rate_by_cost))),
            Cell::from(percent(Some(row.hit_rate))),
            Cell::from(bytes(Some(row.stored_bytes))),
            Cell::from(row.why.clone()),
        ]);
    }
    grid
}

fn soundness(word: &str) -> Cell {
    match word {
        "sound" => Cell::toned(word, Tone::Good),
        "unsound" => Cell::toned("UNSOUND", Tone::Bad),
        "what-if" => Cell::toned("what if", Tone::Quiet),
        other => Cell::from(other),
    }
}
