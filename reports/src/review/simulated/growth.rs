//! Q20: what a store without limits gains a day.

use super::{known, sims};
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::simulation::grown::grown;
use crate::table::bytes;

pub(in crate::review) fn growth(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = sims(evidence, |run| grown(run).iter().any(|grown| grown.gain().is_some()));
    let caption = "What a store without limits gains a day after the first, simulated, in the mean; local: of path packages; \
                   late: over the last half of the days.";
    let heads = [
        "run",
        "key",
        "> days",
        "> entries",
        "> local entries",
        "> bytes",
        "> local bytes",
        "> late, bytes",
        "> at the end",
    ];
    let mut grid = Grid::new(caption, &heads);
    for sim in &all {
        for grown in grown(sim.run) {
            let Some(gain) = grown.gain() else { continue };
            grid.row([
                sim.label(),
                grown.key.to_owned(),
                gain.days.to_string(),
                format!("{:.1}", gain.entries),
                format!("{:.1}", gain.local_entries),
                bytes(Some(gain.bytes)),
                bytes(Some(gain.local_bytes)),
                bytes(grown.late().map(|gain| gain.bytes)),
                bytes(Some(grown.last().stored_bytes)),
            ]);
            answer.supports(format!(
                "{}: under {} a store gains {} and {:.1} entries a day, of these {} and {:.1} of path packages (mean over \
                 {} days)",
                sim.place(),
                grown.key,
                bytes(Some(gain.bytes)),
                gain.entries,
                bytes(Some(gain.local_bytes)),
                gain.local_entries,
                gain.days,
            ));
        }
        answer.limits(format!(
            "{}: edits of real developers: how often what changes is an assumption of it",
            sim.label()
        ));
    }
    answer.grid(grid);
    known(answer, &all, false)
}
