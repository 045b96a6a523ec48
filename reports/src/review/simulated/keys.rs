//! Q3: keys with one input less, and what that gains.

use super::{known, sims};
use crate::document::{Cell, Grid, Tone};
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::simulation::relaxed::{relaxed, share};
use crate::table::{count, percent, seconds};

pub(in crate::review) fn keys(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all =
        sims(evidence, |run| run.relaxations.iter().any(|row| row.relaxation != crate::simulation::relaxed::NONE));
    let caption = "Reuse gained by keys with one input less, simulated, by seconds gained; whether a hit it gains can be \
                   wrong is by argument.";
    let heads = ["run", "command", "policy", "relaxation", "is", "> gained", "> of all", "> units"];
    let mut grid = Grid::new(caption, &heads);
    for sim in &all {
        for group in relaxed(sim.run) {
            for row in &group.rows {
                let is = match row.soundness.as_str() {
                    "unsound" => Cell::toned("UNSOUND", Tone::Bad),
                    other => Cell::from(other.replace('-', " ")),
                };
                grid.row([
                    Cell::from(sim.label()),
                    Cell::from(group.command),
                    Cell::from(group.policy),
                    Cell::from(row.relaxation.clone()),
                    is,
                    Cell::from(seconds(Some(row.gained_s))),
                    Cell::from(percent(share(row))),
                    Cell::from(count(Some(row.gained_units.round()))),
                ]);
            }
            if let Some(most) = group.sound().next() {
                answer.supports(format!(
                    "{}: of what is sound to leave out of the key of {}, {} gains most with {}: {}, {} of all seconds",
                    sim.place_exact(),
                    group.policy,
                    most.relaxation,
                    group.command,
                    seconds(Some(most.gained_s)),
                    percent(share(most)),
                ));
            }
        }
    }
    answer.grid(grid);
    known(answer, &all, false)
}
