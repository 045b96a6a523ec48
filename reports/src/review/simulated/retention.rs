//! Q10: what stores of limited size compile again, against what no policy can do better.

use super::{known, sims};
use crate::document::Grid;
use crate::review::answer::{Answer, State};
use crate::review::evidence::Evidence;
use crate::review::words::listed;
use crate::simulation::kept::kept;
use crate::table::{limit, percent, seconds};

pub(in crate::review) fn retention(answer: &mut Answer, evidence: &Evidence<'_>) -> State {
    let all = sims(evidence, |run| run.retention.iter().any(|row| row.cap_bytes.is_some()));
    let caption = "Stores of limited size, simulated: seconds compiled over the whole trace of what may be stored, first \
                   builds included; above \
                   bound: more than no policy of that size can avoid; per GB: because of evictions, for each 10^9 bytes \
                   evicted; offline-…: knows the future.";
    let heads = ["run", "key", "policy", "> limit", "> compiled", "> above bound", "> per GB evicted"];
    let mut grid = Grid::new(caption, &heads);
    for sim in &all {
        for kept in kept(sim.run) {
            for row in kept.policies.iter().flat_map(|(_, rows)| rows) {
                let above = (row.bound_s > 0.0).then(|| (row.rebuilt_s / row.bound_s - 1.0).max(0.0));
                grid.row([
                    sim.label(),
                    kept.key.to_owned(),
                    row.policy.clone(),
                    limit(row.cap_bytes),
                    seconds(Some(row.rebuilt_s)),
                    percent(above),
                    seconds(row.rebuilt_s_per_gb),
                ]);
            }
            let place = sim.place();
            match kept.best() {
                Ok(best) => answer.supports(format!(
                    "{place}: under {} the policy {best} is never more than 5% above the fewest seconds, and each other one \
                     is at some size",
                    kept.key
                )),
                Err(near) if near.len() > 1 => answer.supports(format!(
                    "{place}: under {} {} are all within 5% of the fewest seconds at every size",
                    kept.key,
                    listed(&near)
                )),
                Err(_) => {}
            }
            for (name, rows) in kept.online() {
                if let Some(row) = kept.enough(rows) {
                    let size = limit(row.cap_bytes);
                    answer.supports(format!(
                        "{place}: under {} {size} is enough for {name} to compile at most 5% more than without a limit",
                        kept.key
                    ));
                }
            }
        }
    }
    for sim in &all {
        answer.limits(format!(
            "{}: how people use a store: which commands run when, and what is edited between, is an assumption of it",
            sim.label()
        ));
    }
    answer.grid(grid);
    known(answer, &all, false)
}
