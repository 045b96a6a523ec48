//! Q16: units that are the same in another Cargo command or profile.

use super::{known, sims};
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::review::words::plural;
use crate::simulation::curves::is_plain;
use crate::table::{bytes, percent, seconds};

pub(in crate::review) fn commands(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = sims(evidence, |run| !run.sharing.is_empty());
    let caption = "What a command finds of one that ran before in the same workspace whose build directory is gone \
                   or is another one, simulated; plain Cargo reuses all of that inside one build directory.";
    let heads =
        ["run", "policy", "ran before", "runs then", "> of units", "> of seconds", "> saved", "> not stored twice"];
    let mut grid = Grid::new(caption, &heads);
    for sim in &all {
        for row in sim.run.sharing.iter().filter(|row| is_plain(&row.policy)) {
            let names = [sim.label(), row.policy.clone(), row.first.clone(), row.then.clone()];
            let shares = [percent(Some(row.hit_rate)), percent(Some(row.hit_rate_by_cost))];
            let saved = [seconds(Some(row.saved_s)), bytes(Some(row.saved_bytes))];
            grid.row(names.into_iter().chain(shares).chain(saved));
        }
        let rows = || sim.run.sharing.iter().filter(|row| is_plain(&row.policy));
        if let Some(most) = rows().rev().max_by(|a, b| a.hit_rate_by_cost.total_cmp(&b.hit_rate_by_cost)) {
            let nothing = rows().filter(|row| row.hit_rate == 0.0).count();
            answer.supports(format!(
                "{}: most is shared by {} after {} under {}: {} of units and {} of compile seconds ({}); nothing in \
                 {nothing} of {}",
                sim.place(),
                most.then,
                most.first,
                most.policy,
                percent(Some(most.hit_rate)),
                percent(Some(most.hit_rate_by_cost)),
                plural(most.workspaces as usize, "workspace"),
                plural(rows().count(), "case"),
            ));
        }
    }
    answer.grid(grid);
    known(answer, &all, false)
}
